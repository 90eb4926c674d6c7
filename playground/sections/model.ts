/** Your model: its own configuration in words, and on one axis of wavelengths. What is typed is kept as it was typed. */
import deepseek from '../../examples/configs/deepseek-v3.json' with { type: 'json' };
import gemma from '../../examples/configs/gemma-3-27b.json' with { type: 'json' };
import gptOss from '../../examples/configs/gpt-oss-20b.json' with { type: 'json' };
import llama from '../../examples/configs/llama-3.1-8b.json' with { type: 'json' };
import mpt from '../../examples/configs/mpt-7b.json' with { type: 'json' };
import phi from '../../examples/configs/phi-3.5-mini.json' with { type: 'json' };
import qwen from '../../examples/configs/qwen2.5-7b-yarn.json' with { type: 'json' };
import t5 from '../../examples/configs/t5-base.json' with { type: 'json' };
import {
  type Explanation,
  type Extension,
  explain,
  explainForm,
  extend,
  extendForm,
  fromGGUF,
  fromHF,
  toHF,
} from '../../src/models/index.ts';
import { h } from '../dom.ts';
import { type GGUFHeader, readGGUF } from '../gguf.ts';
import { Curves } from '../panels/curves.ts';
import { viewOf } from '../route.ts';
import { address, get, put } from '../state.ts';
import { grouped, T, type Text, tr } from '../text.ts';
import { familyWords, ROPE_VIEWS, type Side, viewsOf } from './families.ts';
import { inWords } from './messages.ts';
import { comparison, factsOf, tableWords, wavelengthPanel } from './modelWords.ts';
import type { Shown } from './section.ts';

const EXAMPLES: Record<string, { title: string; config: unknown }> = {
  'llama-3.1-8b': { title: 'Llama 3.1 8B', config: llama },
  'qwen2.5-7b-yarn': { title: 'Qwen2.5 7B (YaRN)', config: qwen },
  'gemma-3-27b': { title: 'Gemma 3 27B', config: gemma },
  'deepseek-v3': { title: 'DeepSeek-V3', config: deepseek },
  'gpt-oss-20b': { title: 'gpt-oss 20B', config: gptOss },
  'phi-3.5-mini': { title: 'Phi-3.5 mini', config: phi },
  'mpt-7b': { title: 'MPT 7B', config: mpt },
  't5-base': { title: 'T5 base', config: t5 },
};
const CONTEXTS = [2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576];
/** Addresses longer than this are refused by some places they are pasted into. */
const MAX_ADDRESS = 6000;

type Loaded =
  | { readonly kind: 'config'; readonly text: string; readonly example?: string }
  | { readonly kind: 'gguf'; readonly name: string; readonly header: GGUFHeader };

/**
 * The last thing given by the reader, as it was given: a change of language or of the page does not touch it. The address holds the
 * keys that were read of it, when it could be read.
 */
let kept: { readonly loaded: Loaded; readonly reduced?: string } | undefined;

function fromAddress(): Loaded {
  const config = get('config');
  if (kept && get('model') === undefined && (config === undefined || kept.reduced === config)) return kept.loaded;
  if (config !== undefined) return { kind: 'config', text: config };
  const example = EXAMPLES[get('model') ?? ''] ? (get('model') as string) : 'llama-3.1-8b';
  return { kind: 'config', text: JSON.stringify(EXAMPLES[example].config, null, 2), example };
}

export const modelPage = {
  title: T('Your model', '你的模型'),
  render(main: HTMLElement): Shown {
    let loaded = fromAddress();
    let curves: Curves[] = [];
    const result = h('div', { class: 'result' });
    // the whole report at every keystroke would be too much to hear: only how it went is said
    const outcome = h('p', { class: 'away', role: 'status' });
    const area = h('textarea', {
      id: 'config',
      spellcheck: 'false',
      autocomplete: 'off',
      translate: 'no',
      input: () => load({ kind: 'config', text: area.value }),
    });
    const contexts = h('select', {
      id: 'context',
      change: () => {
        put({ context: contexts.value || undefined });
        show();
      },
    });
    contexts.append(h('option', { value: '' }, tr(T('what the model says', '以模型为准'))));
    for (const context of CONTEXTS)
      contexts.append(h('option', { value: context, selected: get('context') === String(context) }, grouped(context)));

    const load = (next: Loaded) => {
      loaded = next;
      const example = next.kind === 'config' ? next.example : undefined;
      put({ model: example, config: undefined });
      kept = example ? undefined : { loaded: next };
      if (next.kind === 'gguf') area.value = '';
      else if (example) area.value = next.text;
      show();
    };
    const show = () => {
      const context = get('context') === undefined ? undefined : Number(get('context'));
      try {
        const explanation = read(loaded, context);
        const made = report(explanation, context, context === undefined ? undefined : further(loaded, context));
        curves = made.curves;
        result.replaceChildren(...made.parts);
        outcome.textContent = tr(T(`Read: ${explanation.form.modelType}`, `已读取：${explanation.form.modelType}`));
        // a pasted configuration goes into the address as the keys that were read
        if (loaded.kind === 'config' && !loaded.example) {
          const text = JSON.stringify(toHF(explanation.form));
          const reduced = text.length <= MAX_ADDRESS ? text : undefined;
          put({ config: reduced });
          kept = { loaded, reduced };
        }
      } catch (error) {
        refuse(error as Error);
      }
    };
    const refuse = (error: Error) => {
      const { text, english } = inWords(error.message);
      curves = [];
      outcome.textContent = '';
      result.replaceChildren(
        h(
          'div',
          { class: 'error', role: 'alert' },
          h('strong', {}, tr(T('This cannot be read.', '无法读取。'))),
          h('p', english ? { lang: 'en', translate: 'no' } : {}, text),
        ),
      );
    };
    const take = async (file: File) => {
      try {
        if (/\.gguf$/i.test(file.name)) load({ kind: 'gguf', name: file.name, header: await readGGUF(file) });
        else {
          area.value = await file.text();
          load({ kind: 'config', text: area.value });
        }
      } catch (error) {
        refuse(error as Error);
      }
    };
    const picker = h('input', {
      type: 'file',
      id: 'file',
      class: 'away',
      tabindex: -1,
      'aria-label': tr(T('A config.json or .gguf file', 'config.json 或 .gguf 文件')),
      accept: '.json,.gguf',
      change: () => picker.files?.[0] && void take(picker.files[0]),
    });
    const drop = h(
      'div',
      {
        class: 'drop',
        dragover: (event) => {
          event.preventDefault();
          drop.classList.add('over');
        },
        dragleave: () => drop.classList.remove('over'),
        drop: (event) => {
          event.preventDefault();
          drop.classList.remove('over');
          const file = (event as DragEvent).dataTransfer?.files[0];
          if (file) void take(file);
        },
      },
      h(
        'div',
        { class: 'row' },
        h('span', {}, tr(T('Examples:', '示例：'))),
        ...Object.entries(EXAMPLES).map(([id, { title, config }]) =>
          h(
            'button',
            {
              type: 'button',
              class: 'quiet',
              id: `example-${id}`,
              translate: 'no',
              click: () => load({ kind: 'config', text: JSON.stringify(config, null, 2), example: id }),
            },
            title,
          ),
        ),
      ),
      h(
        'div',
        { class: 'row' },
        h(
          'label',
          { for: 'config' },
          tr(T('Paste a config.json, or drop a file here:', '粘贴 config.json，或把文件拖到这里：')),
        ),
      ),
      area,
      h(
        'div',
        { class: 'row' },
        h('button', { type: 'button', id: 'open', click: () => picker.click() }, tr(T('Open a file …', '打开文件…'))),
        h(
          'span',
          {},
          tr(T('config.json or .gguf; of a .gguf only the header is read', 'config.json 或 .gguf；.gguf 只读取文件头')),
        ),
        picker,
      ),
      h('div', { class: 'row' }, h('label', { for: 'context' }, tr(T('Context wanted', '所需上下文长度'))), contexts),
    );
    main.append(
      h('h2', {}, tr(modelPage.title)),
      h(
        'p',
        { class: 'lead' },
        tr(
          T(
            'What does a model do with positions, and how far can it go? Give it the file the model came with. It stays in this page.',
            '一个模型如何处理位置？能走多远？把模型自带的配置文件放进来。文件不会离开本页面。',
          ),
        ),
      ),
      drop,
      outcome,
      result,
    );
    if (loaded.kind === 'config') area.value = loaded.text;
    show();
    return {
      repaint: () => {
        for (const one of curves) one.repaint();
      },
      dispose: () => {},
    };
  },
};

function read(loaded: Loaded, context: number | undefined): Explanation {
  if (loaded.kind === 'gguf') {
    const { metadata, tensors } = loaded.header;
    return explainForm(fromGGUF(metadata, { tensors, context }), { context });
  }
  const config = JSON.parse(loaded.text);
  const explanation = explain(config, { context });
  return context === undefined ? explanation : { ...explanation, form: fromHF(config, { context }) };
}

const block = (title: Text, ...inside: (HTMLElement | false)[]) =>
  h('section', { class: 'block' }, h('h3', {}, tr(title)), ...inside);
const items = (lines: readonly Text[]) => h('ul', { class: 'said' }, ...lines.map((line) => h('li', {}, tr(line))));

/** A sentence of the library as an item of a list. */
function said(...sentences: readonly string[]): HTMLElement {
  const words = sentences.map(inWords);
  const stop = words.some(({ english }) => english) ? ['. ', '.'] : ['。', '。'];
  const text = words.map(({ text: own }) => own[0].toUpperCase() + own.slice(1)).join(stop[0]) + stop[1];
  return h('li', words.some(({ english }) => english) ? { lang: 'en', translate: 'no' } : {}, text);
}

/** The view of the playground that shows an encoding. */
function leadTo(id: string | undefined): HTMLElement | false {
  const view = id !== undefined && viewOf(id);
  if (!view) return false;
  return h(
    'p',
    { class: 'what' },
    h(
      'a',
      { href: address(view.id), 'data-page': view.id },
      tr(T(`See how it works: ${view.title.en}`, `看它如何工作：${view.title.zh}`)),
    ),
  );
}

/** A side or tower of a model that is not rotary. */
const sideBlock = (title: Text, side: Side): HTMLElement =>
  block(
    title,
    items(familyWords(side)),
    side.note !== undefined && h('ul', { class: 'said' }, said(side.note)),
    ...viewsOf(side).map(leadTo),
  );

/** What reaching a context means for the model: nothing, changed keys, or that no published rule does it. */
function further(loaded: Loaded, context: number): Extension {
  if (loaded.kind === 'config') return extend(JSON.parse(loaded.text), { context });
  const { metadata, tensors } = loaded.header;
  return extendForm(fromGGUF(metadata, { tensors }), { context });
}

const OUTCOMES: Readonly<Record<Extension['outcome'], Text>> = {
  covered: T('Nothing to change.', '无需改动。'),
  rescaled: T('Change these keys:', '改动这些键：'),
  unsupported: T('No change of the file does it.', '改动文件做不到。'),
};

function advice({ outcome, reason, changes, tables }: Extension, context: number): HTMLElement {
  const length = (n: number) => grouped(n);
  const kept = changes ?? (tables && Object.fromEntries(Object.entries(tables)));
  return block(
    T(`To reach ${length(context)} positions`, `要达到 ${length(context)} 个位置`),
    h('p', { class: `what ${outcome === 'unsupported' ? 'warn' : 'good'}`, id: 'advice' }, tr(OUTCOMES[outcome])),
    kept !== undefined &&
      h('pre', { class: 'code', tabindex: 0 }, h('code', { translate: 'no' }, JSON.stringify(kept, null, 2))),
    h('ul', { class: 'said' }, said(reason)),
  );
}

function report(
  explanation: Explanation,
  context: number | undefined,
  extension: Extension | undefined,
): { parts: HTMLElement[]; curves: Curves[] } {
  const { form } = explanation;
  const facts = h('dl', { class: 'facts' });
  for (const [name, value] of factsOf(form, explanation))
    facts.append(h('div', {}, h('dt', {}, tr(name)), h('dd', {}, tr(value))));
  const parts: HTMLElement[] = [facts];
  const curves: Curves[] = [];
  for (const [label, layer] of Object.entries(form.layerTypes ?? {})) {
    const table = explanation.tables.find((t) => t.label === label);
    const title = label === 'default' ? T('In words', '文字说明') : T(`Layers of type ${label}`, `${label} 类型的层`);
    const view = layer.mropeSection ? 'mrope' : ROPE_VIEWS[layer.ropeType];
    parts.push(block(title, items(tableWords(layer, table, context)), leadTo(view)));
  }
  if (!form.layerTypes) {
    const sides = [
      [T('In words', '文字说明'), form.encoder && form.decoder ? undefined : form],
      [T('Encoder', '编码器'), form.encoder],
      [T('Decoder', '解码器'), form.decoder],
    ] as const;
    for (const [title, side] of sides) {
      if (!side) continue;
      parts.push(sideBlock(title, side));
    }
  }
  // what the rotation of the text leaves out
  const towers = [
    [T('Vision tower', '视觉塔'), form.visionEncoder],
    [T('Audio tower', '音频塔'), form.audioEncoder],
  ] as const;
  for (const [title, side] of towers) if (side) parts.push(sideBlock(title, side));
  if (form.vision || form.axial)
    parts.push(
      block(
        T('Vision tower', '视觉塔'),
        items([
          T(
            'Pairs of channels turn with the row and the column of a patch.',
            '一部分组随图块的行转动，另一部分随列转动。',
          ),
        ]),
        leadTo('axial'),
      ),
    );
  if (form.queryScale)
    parts.push(
      block(
        T('Layers without rotation', '不旋转的层'),
        items([
          T('Their queries are multiplied by a number that grows with the position.', '其查询乘以一个随位置增大的数。'),
        ]),
        leadTo('query-temperature'),
      ),
    );
  if (extension && context !== undefined) parts.push(advice(extension, context));
  // what is said of the wanted length stands above already
  const warnings = explanation.warnings.filter(({ message }) => !extension || !/positions are asked for/.test(message));
  if (warnings.length > 0) {
    const list = warnings.map(({ message, fix }) => (fix ? said(message, fix) : said(message)));
    parts.push(block(T('Take care', '请注意'), h('ul', { class: 'said', id: 'warnings' }, ...list)));
  }
  if (form.assumed.length > 0) {
    const list = form.assumed.map(({ key, value, because }) => {
      const { text, english } = inWords(because);
      return h(
        'li',
        {},
        h('code', { translate: 'no' }, `${key} = ${JSON.stringify(value)}`),
        ' (',
        h('span', english ? { lang: 'en' } : {}, text),
        ')',
      );
    });
    parts.push(block(T('Not in the file, and assumed', '文件中没有、按默认推定'), h('ul', { class: 'said' }, ...list)));
  }
  if (form.layerTypes) {
    const { panel, table } = comparison(form, context);
    curves.push(new Curves(wavelengthPanel(form, context)), new Curves(panel));
    parts.push(
      block(
        T('Wavelengths, and the other scalings on this model', '波长，以及其他缩放方式用在此模型上'),
        h(
          'p',
          { class: 'what' },
          tr(
            T(
              'A pair whose wavelength is longer than the trained context never completed a turn in training: beyond that context its angles are new to the model. Scalings move such pairs up, so that the longer text stays within the angles that were seen.',
              '波长超过训练长度的组在训练中从未转满一圈：超出训练长度后，它的角度对模型来说是陌生的。各种缩放把这些组上移，使更长的文本仍落在见过的角度之内。',
            ),
          ),
        ),
        h('div', { class: 'figures' }, ...curves.map(({ element }) => element)),
        table,
      ),
    );
  }
  return { parts, curves };
}
