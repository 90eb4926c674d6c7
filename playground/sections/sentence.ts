/** The first screen: one sentence, three gestures, every encoding. What the strips say is computed from the library's scores. */
import { h } from '../dom.ts';
import { shareButtons } from '../panels/share.ts';
import { type Row, Strips } from '../panels/strips.ts';
import { address, get, put } from '../state.ts';
import { strips } from '../strips/index.ts';
import {
  alike,
  GESTURES,
  type Gesture,
  type Place,
  type Strip,
  slideVerdict,
  stretchVerdict,
  swapVerdict,
  TRAINED,
  type Verdict,
  weights,
  worded,
} from '../strips/strip.ts';
import { grouped, T, type Text, tr } from '../text.ts';
import { Workspace } from '../view.ts';
import type { Shown } from './section.ts';
import { stripsPicture } from './stripsPicture.ts';
import { type Found, summary } from './summary.ts';

const DEFAULT = T('the dog bites the old man', '那只 狗 咬了 那个 老人');
const MOST_WORDS = 12;
const FARTHEST = 60;
const LONGEST = 96;
const BASES = [1, 10, 100, 1000, 10000, 100000, 1000000];

const NAMES: Readonly<Record<Gesture, { name: Text; what: Text }>> = {
  swap: {
    name: T('Swap', '交换'),
    what: T(
      'Two words change places; here each word has a vector of its own. Dashed: the old bars, carried along with their words.',
      '两个词互换位置；这里每个词有自己的向量。虚线：原来的柱子，跟着各自的词移动。',
    ),
  },
  slide: {
    name: T('Slide', '平移'),
    what: T(
      'The whole sentence moves further into a text; here all words are alike, so position alone counts. Dashed: at the beginning.',
      '整句话往后移；这里所有词都一样，只有位置起作用。虚线：在开头时。',
    ),
  },
  stretch: {
    name: T('Stretch', '拉长'),
    what: T(
      `The text grows past the ${TRAINED} words of training, and its last word looks back. Shaded: never seen. Dashed: at the trained length.`,
      `文本超过训练时的 ${TRAINED} 个词，由最后一个词往回看。阴影：从未见过。虚线：训练长度时。`,
    ),
  },
};

/** Words of a text: by blanks; Chinese without blanks by its words, where the browser knows them. */
function split(text: string): string[] {
  const chinese = /[\u4e00-\u9fff]/.test(text) && !/\S\s+\S/.test(text);
  const words =
    chinese && 'Segmenter' in Intl
      ? [...new Intl.Segmenter('zh', { granularity: 'word' }).segment(text)]
          .filter(({ isWordLike }) => isWordLike)
          .map(({ segment }) => segment)
      : (text.match(chinese ? /[\u4e00-\u9fff]|[\p{L}\p{N}'’]+/gu : /[\p{L}\p{N}'’-]+/gu) ?? []);
  return words.slice(0, MOST_WORDS);
}

/** What was found with each gesture; it outlives a change of language and of the page. */
const found: Found = new Map();

export const sentencePage = {
  title: T('One sentence, three gestures, every encoding', '一句话，三个动作，所有位置编码'),
  render(main: HTMLElement): Shown {
    return new SentencePage(main);
  },
};

class SentencePage implements Shown {
  #work = new Workspace();
  #strips = new Strips();
  #words: string[];
  #gesture: Gesture;
  #query: number;
  #slide: number;
  #length: number;
  #base: number;
  /** Places of the two words that change places. */
  #pair: [number, number];
  #swapped: boolean;
  #all: boolean;
  #frame = 0;
  #tokens = h('div', {
    class: 'tokens',
    role: 'group',
    'aria-label': tr(T('Words: press one to let it look', '词：按一个，让它来看')),
  });
  #gestures: HTMLElement;
  #controls = h('div', { class: 'gesture', role: 'group', 'aria-label': tr(T('The gesture', '动作')) });
  #what = h('p', { class: 'what', id: 'gesture-what' });
  #summary = h('div', { class: 'block' });
  #more: HTMLButtonElement;

  constructor(main: HTMLElement) {
    const whole = (key: string, fallback: number, least: number, most: number) => {
      const value = Number(get(key) ?? Number.NaN);
      return Number.isInteger(value) && value >= least && value <= most ? value : fallback;
    };
    this.#words = split(get('text') ?? tr(DEFAULT));
    if (this.#words.length < 2) this.#words = split(tr(DEFAULT));
    const n = this.#words.length;
    const gesture = get('gesture') as Gesture;
    this.#gesture = GESTURES.includes(gesture) ? gesture : 'swap';
    this.#query = whole('word', Math.min(2, n - 1), 0, n - 1);
    this.#slide = whole('slide', 0, 0, FARTHEST);
    this.#length = whole('length', TRAINED, 2, LONGEST);
    this.#base = BASES.includes(Number(get('base'))) ? Number(get('base')) : 10000;
    const [a, b] = (get('swap') ?? '').split('.').map(Number);
    this.#swapped = Number.isInteger(a) && Number.isInteger(b) && a !== b && a >= 0 && b >= 0 && a < n && b < n;
    this.#pair = this.#swapped ? [a, b] : [Math.min(1, n - 1), n - 1];
    this.#all = get('all') === '1';
    this.#gestures = h('div', { class: 'gestures', role: 'group', 'aria-label': tr(T('Three gestures', '三个动作')) });
    for (const own of GESTURES)
      this.#gestures.append(
        h(
          'button',
          { type: 'button', id: `gesture-${own}`, class: 'tab', click: () => this.#choose(own) },
          tr(NAMES[own].name),
        ),
      );
    this.#more = h('button', { type: 'button', class: 'quiet', id: 'all', click: () => this.#toggleAll() });
    const edit = h('input', {
      id: 'text',
      type: 'text',
      maxlength: 120,
      value: get('text') ?? tr(DEFAULT),
      'aria-label': tr(T('Your sentence', '你的句子')),
      input: () => this.#edit(edit.value),
    });
    main.classList.add('sentence');
    main.append(
      h('h2', {}, tr(sentencePage.title)),
      h(
        'p',
        { class: 'lead' },
        tr(
          T(
            'How does a transformer know where a word is? Press a word: each strip shows how strongly it looks at every other, under one encoding.',
            'Transformer 怎样知道词在哪里？按一个词：每一条显示在一种编码下，它对其他词关注多少。',
          ),
        ),
      ),
      h(
        'div',
        { class: 'stage' },
        h('div', { class: 'play' }, this.#gestures, this.#controls),
        this.#what,
        h(
          'div',
          { class: 'sentence-row' },
          h('label', { for: 'text' }, tr(T('Sentence', '句子'))),
          this.#tokens,
          h('span', { class: 'verdict-head' }, tr(T('computed', '计算得出'))),
        ),
        this.#strips.element,
      ),
      this.#strips.readout,
      h(
        'div',
        { class: 'row' },
        this.#more,
        shareButtons(
          () => tr(sentencePage.title),
          () => stripsPicture(this.#strips.element, this.#tokens),
        ),
        h('span', { class: 'own' }, h('label', { for: 'text' }, tr(T('Your own sentence:', '换成你的句子：'))), edit),
      ),
      this.#summary,
    );
    this.#build();
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    this.#work.dispose();
  }

  repaint(): void {}

  #choose(gesture: Gesture): void {
    this.#gesture = gesture;
    put({ gesture: gesture === 'swap' ? undefined : gesture });
    this.#build();
  }

  #toggleAll(): void {
    this.#all = !this.#all;
    put({ all: this.#all ? '1' : undefined });
    this.#draw();
  }

  #edit(text: string): void {
    const words = split(text);
    if (words.length < 2) return;
    put({ text: text === tr(DEFAULT) ? undefined : text, swap: undefined, word: undefined });
    this.#words = words;
    this.#query = Math.min(2, words.length - 1);
    this.#pair = [Math.min(1, words.length - 1), words.length - 1];
    this.#swapped = false;
    this.#build();
  }

  #later(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  /** The controls of the gesture; then the strips. */
  #build(): void {
    for (const own of GESTURES)
      this.#gestures.querySelector(`#gesture-${own}`)?.setAttribute('aria-pressed', String(own === this.#gesture));
    this.#what.textContent = tr(NAMES[this.#gesture].what);
    this.#controls.replaceChildren(...this.#gestureControls());
    this.#draw();
  }

  #range(
    id: string,
    label: Text,
    value: number,
    most: number,
    least: number,
    said: (value: number) => Text,
    set: (value: number) => void,
  ): HTMLElement {
    const output = h('output', { for: id, 'aria-live': 'off' }, tr(said(value)));
    const input = h('input', {
      type: 'range',
      id,
      min: least,
      max: most,
      value,
      'aria-valuetext': tr(said(value)),
      input: () => {
        const to = Number(input.value);
        output.textContent = tr(said(to));
        input.setAttribute('aria-valuetext', tr(said(to)));
        set(to);
        this.#later();
      },
    });
    return h('span', { class: 'slide' }, h('label', { for: id }, tr(label)), input, output);
  }

  #gestureControls(): HTMLElement[] {
    if (this.#gesture === 'slide') {
      return [
        this.#range(
          'slide',
          T('begins at', '起始位置'),
          this.#slide,
          FARTHEST,
          0,
          (to) => T(`position ${to}`, `第 ${to} 位`),
          (to) => {
            this.#slide = to;
            put({ slide: to ? String(to) : undefined });
          },
        ),
      ];
    }
    if (this.#gesture === 'stretch') {
      return [
        this.#range(
          'stretch',
          T('length', '长度'),
          this.#length,
          LONGEST,
          2,
          (to) => T(`${to} words`, `${to} 个词`),
          (to) => {
            this.#length = to;
            put({ length: to === TRAINED ? undefined : String(to) });
          },
        ),
        this.#range(
          'base',
          T('base', 'base'),
          BASES.indexOf(this.#base),
          BASES.length - 1,
          0,
          (to) => T(grouped(BASES[to]), grouped(BASES[to])),
          (to) => {
            this.#base = BASES[to];
            put({ base: this.#base === 10000 ? undefined : String(this.#base) });
          },
        ),
      ];
    }
    const select = (which: 0 | 1) => {
      const one = h('select', {
        id: `swap-${which}`,
        'aria-label': tr(which === 0 ? T('First word', '第一个词') : T('Second word', '第二个词')),
        change: () => {
          this.#pair[which] = Number(one.value);
          this.#swap(false);
        },
      });
      this.#words.forEach((word, i) => {
        one.append(h('option', { value: i, selected: i === this.#pair[which] }, `${i + 1} ${word}`));
      });
      return one;
    };
    return [
      select(0),
      h('span', { 'aria-hidden': 'true' }, '⇄'),
      select(1),
      h(
        'button',
        { type: 'button', id: 'do-swap', click: () => this.#swap(!this.#swapped) },
        this.#swapped ? tr(T('Swap back', '换回来')) : tr(T('Swap them', '交换')),
      ),
    ];
  }

  #swap(to: boolean): void {
    const [a, b] = this.#pair;
    this.#swapped = to && a !== b;
    put({ swap: this.#swapped ? `${a}.${b}` : undefined });
    const focused = document.activeElement?.id;
    this.#build();
    if (focused) document.getElementById(focused)?.focus();
  }

  /** Words as they stand now, and who looks. */
  #scene(): { words: string[]; query: number; order: number[] } {
    const order = this.#words.map((_, i) => i);
    const [a, b] = this.#pair;
    if (this.#gesture === 'swap' && this.#swapped) [order[a], order[b]] = [order[b], order[a]];
    if (this.#gesture === 'stretch') {
      const words = Array.from({ length: this.#length }, (_, i) => this.#words[i % this.#words.length]);
      return { words, query: words.length - 1, order };
    }
    return { words: order.map((i) => this.#words[i]), query: order.indexOf(this.#query), order };
  }

  /** Shares now and before, and the verdict once the gesture has been made. */
  #strip(strip: Strip): { now?: Float64Array; before?: Float64Array; verdict?: Verdict } {
    const { words, query, order } = this.#scene();
    const work = this.#work;
    const place = (
      content: Float32Array | Pick<Place, 'content' | 'asks'>,
      count: number,
      looking: number,
      offset = 0,
    ): Place => ({
      ...(content instanceof Float32Array ? { content } : content),
      count,
      query: looking,
      offset,
      base: this.#base,
    });
    if (this.#gesture === 'swap') {
      const old = weights(strip, place(worded(this.#words), words.length, this.#query), work);
      if (!this.#swapped) return { now: old };
      const now = weights(strip, place(worded(words), words.length, query), work);
      const before = old && Float64Array.from(order, (i) => old[i]);
      return { now, before, verdict: swapVerdict(now, before) };
    }
    if (this.#gesture === 'slide') {
      const still = alike(words.length);
      const before = weights(strip, place(still, words.length, query), work);
      if (this.#slide === 0) return { now: before };
      const now = weights(strip, place(still, words.length, query, this.#slide), work);
      return { now, before, verdict: slideVerdict(now, before, strip.causal ? query + 1 : words.length) };
    }
    const long = place(alike(words.length), words.length, query);
    const now = weights(strip, long, work);
    if (words.length <= TRAINED) return { now };
    const trained = weights(strip, place(alike(TRAINED), TRAINED, TRAINED - 1), work);
    const before = new Float64Array(words.length).fill(Number.NaN);
    if (trained) before.set(trained, words.length - TRAINED);
    return { now, before, verdict: stretchVerdict(strip, long, work) };
  }

  #draw(): void {
    this.#work.next();
    const { words, query } = this.#scene();
    const long = this.#gesture === 'stretch';
    const shown = strips.filter(({ first }) => this.#all || first?.includes(this.#gesture));
    const rows = strips.flatMap((strip): Row[] => {
      const visible = shown.includes(strip);
      // every strip is judged, so that the table below is whole; only those in sight are drawn
      const { now, before, verdict } = this.#strip(strip);
      if (verdict) found.set(`${strip.id} ${this.#gesture}`, verdict);
      return visible ? [{ id: strip.id, name: nameOf(strip), verdict: said(verdict), now, before }] : [];
    });
    this.#strips.update({ words, query, rows, trainedFrom: long ? words.length - TRAINED : undefined });
    this.#more.textContent = this.#all
      ? tr(T('Show fewer', '收起'))
      : tr(T(`Show all ${strips.length} encodings`, `显示全部 ${strips.length} 种编码`));
    this.#drawWords(words, query);
    this.#summary.replaceChildren(...summary(strips, found));
  }

  #drawWords(words: readonly string[], query: number): void {
    const focused = document.activeElement?.id;
    const long = this.#gesture === 'stretch';
    this.#tokens.classList.toggle('long', long);
    const [a, b] = this.#pair;
    const offset = this.#gesture === 'slide' ? this.#slide : 0;
    if (long) {
      const trained = Math.min(words.length, TRAINED);
      this.#tokens.replaceChildren(
        h(
          'span',
          { class: 'unseen', style: `flex:${words.length - trained}` },
          words.length > TRAINED
            ? tr(T(`${words.length - trained} words never seen`, `${words.length - trained} 个没见过的词`))
            : '',
        ),
        h(
          'span',
          { class: 'seen', style: `flex:${trained}` },
          tr(T(`${trained} words, as in training`, `${trained} 个词，与训练时一样`)),
        ),
      );
      return;
    }
    this.#tokens.replaceChildren(
      ...words.map((word, i) => {
        const moved = this.#gesture === 'swap' && this.#swapped && (i === a || i === b);
        return h(
          'button',
          {
            type: 'button',
            id: `token-${i}`,
            class: `token${moved ? ' moved' : ''}`,
            'aria-pressed': String(i === query),
            click: () => {
              this.#query = this.#gesture === 'swap' && this.#swapped && moved ? (i === a ? b : a) : i;
              put({ word: String(this.#query) });
              this.#draw();
            },
          },
          h('small', {}, String(i + offset)),
          word,
        );
      }),
    );
    if (focused?.startsWith('token-')) document.getElementById(focused)?.focus();
  }
}

/** Said of every strip whose encoding learns numbers: nobody trained these. A phone has no room for the first word. */
const MADE_UP = [T('weights ', '权重为'), T('made up', '虚构')] as const;
const madeUp = () => h('small', { class: 'made-up' }, h('span', { class: 'roomy' }, tr(MADE_UP[0])), tr(MADE_UP[1]));

function nameOf({ view, title, learned }: Strip): HTMLElement {
  const name = view === undefined ? h('span') : h('a', { href: address(view), 'data-page': view, tabindex: -1 });
  name.append(tr(title));
  return h('span', { class: 'strip-name' }, name, learned > 0 && madeUp());
}

const said = (verdict: Verdict | undefined): HTMLElement =>
  h('span', { class: `verdict ${verdict?.kind ?? 'none'}` }, verdict ? tr(verdict.text) : '');
