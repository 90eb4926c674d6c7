/**
 * A strip is one encoding on one sentence: how strongly a word looks at every word. The scores are the library's own; what is said
 * about them (knows order or not, relative or absolute, what happens past training) is read off these numbers.
 */
import { hybridScores, type Tensor } from '../library.ts';
import { show, T, type Text } from '../text.ts';
import { direction, wordVector } from '../trained.ts';
import type { Workspace } from '../view.ts';

/** Channels of a head. */
export const DIM = 64;
/** Words of the longest text that training showed. */
export const TRAINED = 24;
/** The vector that all words share where only position counts. */
const SHARED = direction(DIM, 3, 0.62);

/** Which words, where, and who looks. */
export interface Place {
  /** What the words are, as keys: [count, DIM]. */
  readonly content: Float32Array;
  /** What they ask for, as queries. Default: content. */
  readonly asks?: Float32Array;
  readonly count: number;
  readonly query: number;
  /** Position of the first word. */
  readonly offset: number;
  /** The base of rotating encodings. */
  readonly base: number;
}

export interface Strip {
  readonly id: string;
  /** The view that its name leads to. */
  readonly view?: string;
  readonly title: Text;
  /** A decoder's encoding: words after the picked one are not seen. */
  readonly causal?: boolean;
  /** Gestures whose first screen shows it. */
  readonly first?: readonly Gesture[];
  /** Scores of the picked word for every word, before the softmax; undefined where the encoding has no row for a position. */
  scores(place: Place, work: Workspace): Float64Array | undefined;
  /** Radians per position of every pair, in training and for a text of this length. */
  speeds?(place: Place): { readonly trained: ArrayLike<number>; readonly used: ArrayLike<number> };
  /** Numbers that training must find: fixed ones are none. */
  readonly learned: number;
}
export type Gesture = 'swap' | 'slide' | 'stretch';
export const GESTURES: readonly Gesture[] = ['swap', 'slide', 'stretch'];

/** All words alike: what differs is position alone. */
export function alike(count: number): Float32Array {
  const content = new Float32Array(count * DIM);
  for (let i = 0; i < count; i++) content.set(SHARED, i * DIM);
  return content;
}

/** Every word is, and asks for, something of its own; the same word twice is the same twice. */
export function worded(words: readonly string[]): { content: Float32Array; asks: Float32Array } {
  const side = (name: string) => {
    const vectors = alike(words.length);
    words.forEach((word, i) => {
      const own = wordVector(name + word, DIM);
      for (let c = 0; c < DIM; c++) vectors[i * DIM + c] += 0.75 * own[c];
    });
    return vectors;
  };
  return { content: side('is '), asks: side('asks ') };
}

/** Queries and keys [1, 1, count, DIM] of the words. */
export function queriesAndKeys(place: Place, work: Workspace): [Tensor, Tensor] {
  const shape = [1, 1, place.count, DIM];
  const [q, k] = [work.out(`q${place.count}`, shape), work.out(`k${place.count}`, shape)];
  q.data.set(place.asks ?? place.content);
  k.data.set(place.content);
  return [q, k];
}

export const rowOf = (place: Place) => ({ rows: [place.query, place.query + 1] as const, queryOffset: 0 });

/** Scores of the row of the picked word, with a bias of that row [1, 1, count] where there is one. */
export function plainScores(
  place: Place,
  work: Workspace,
  q: Tensor,
  k: Tensor,
  bias: Tensor | null = null,
): Float64Array {
  return Float64Array.from(work.take(hybridScores(q, k, bias, rowOf(place))).data);
}

/** Positions of the words. */
export const positionsOf = ({ offset, count }: Place): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => offset + i);

/** Shares of attention; what is masked gets none. */
export function softmax(scores: Float64Array): Float64Array {
  const most = scores.reduce((max, x) => Math.max(max, x), Number.NEGATIVE_INFINITY);
  const powers = scores.map((x) => Math.exp(x - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / sum);
}

export function weights(strip: Strip, place: Place, work: Workspace): Float64Array | undefined {
  const scores = strip.scores(place, work);
  if (!scores || scores.some(Number.isNaN)) return undefined;
  if (strip.causal) scores.fill(Number.NEGATIVE_INFINITY, place.query + 1);
  return softmax(scores);
}

/** A finding: what kind, and the words for it with the number that it rests on. */
export interface Verdict {
  readonly kind: 'good' | 'warn' | 'bad' | 'plain';
  /** For the summary: one word. */
  readonly short: Text;
  readonly text: Text;
}

const percent = (share: number) => `${share > 0 && share < 0.001 ? '<0.1' : show(100 * share, 2)}%`;
/** Differences below this are rounding of float32, not position. */
const EQUAL = 2e-5;

const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);
const flat = (w: Float64Array, seen: number): boolean => w.slice(0, seen).every((x) => Math.abs(x - w[0]) < EQUAL);

/** @param carried the shares before the swap, each moved along with its word */
export function swapVerdict(now: Float64Array | undefined, carried: Float64Array | undefined): Verdict {
  if (!now || !carried) return noRow;
  const change = apart(now, carried);
  return change < EQUAL
    ? {
        kind: 'bad',
        short: T('no order', '不知顺序'),
        text: T('same bars, only moved: does not know order', '柱子只是跟着词移动：不知道顺序'),
      }
    : {
        kind: 'good',
        short: T('knows order', '知道顺序'),
        text: T(`knows order: up to ${percent(change)} moved`, `知道顺序：最多变了 ${percent(change)}`),
      };
}

const noRow: Verdict = {
  kind: 'bad',
  short: T('no row', '没有这一行'),
  text: T('no row: cannot go there', '没有这一行：去不了'),
};

/** @param before the shares of the sentence at position 0 */
export function slideVerdict(now: Float64Array | undefined, before: Float64Array | undefined, causal: number): Verdict {
  if (!now || !before) return noRow;
  if (flat(now, causal))
    return {
      kind: 'bad',
      short: T('neither', '都不知道'),
      text: T('all alike: knows no position', '全都一样：不知位置'),
    };
  const change = apart(now, before);
  return change < EQUAL
    ? { kind: 'good', short: T('relative', '相对'), text: T('keeps still: relative', '保持不动：相对') }
    : {
        kind: 'warn',
        short: T('absolute', '绝对'),
        text: T(`moved ${percent(change)}: absolute`, `变了 ${percent(change)}：绝对`),
      };
}

/**
 * What a longer text brings that training never showed: rows that do not exist, angles, or scores out of the range of the trained
 * distances.
 */
export function stretchVerdict(strip: Strip, place: Place, work: Workspace): Verdict {
  const { count } = place;
  const now = strip.scores(place, work);
  if (!now || now.some(Number.isNaN)) {
    return {
      kind: 'bad',
      short: T('no row', '没有这一行'),
      text: T(`no row beyond ${TRAINED}: cannot go there`, `超过 ${TRAINED} 没有行：去不了`),
    };
  }
  const share = softmax(now)
    .slice(0, Math.max(0, count - TRAINED))
    .reduce((a, b) => a + b, 0);
  const beyond = T(`${percent(share)} beyond the line`, `线外占 ${percent(share)}`);
  const speeds = strip.speeds?.(place);
  if (speeds) {
    const { trained, used } = speeds;
    let fresh = 0;
    let slowed = 0;
    let farthest = 1;
    for (let k = 0; k < used.length; k++) {
      const seen = TRAINED * trained[k];
      if (seen < 2 * Math.PI && count * used[k] > seen * (1 + 1e-6)) {
        fresh++;
        farthest = Math.max(farthest, (count * used[k]) / seen);
      }
      if (used[k] < trained[k] * (1 - 1e-6)) slowed++;
    }
    const all = used.length;
    return fresh > 0
      ? {
          kind: 'bad',
          short: T('new angles', '陌生角度'),
          text: T(
            `${fresh} of ${all} pairs meet new angles, up to ×${show(farthest, 2)}`,
            `${all} 组中 ${fresh} 组遇到陌生角度，最多 ×${show(farthest, 2)}`,
          ),
        }
      : {
          kind: 'good',
          short: T('holds', '能用'),
          text: T(`no new angle; ${slowed} of ${all} pairs slowed`, `没有陌生角度；${all} 组中 ${slowed} 组放慢`),
        };
  }
  if (flat(softmax(now), count))
    return {
      kind: 'plain',
      short: T('no change', '无变化'),
      text: T(`looks at everything alike; ${beyond.en}`, `对一切一视同仁；${beyond.zh}`),
    };
  const known = now.slice(Math.max(0, count - TRAINED));
  const [low, high] = [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))];
  const strange = now.slice(0, Math.max(0, count - TRAINED)).filter((x) => x < low - 1e-5 || x > high + 1e-5).length;
  if (strange === 0)
    return {
      kind: 'good',
      short: T('holds', '能用'),
      text: T(`meets nothing new; ${beyond.en}`, `没有陌生的值；${beyond.zh}`),
    };
  return share < 0.05
    ? { kind: 'good', short: T('fades', '淡出'), text: T(`far words fade: ${beyond.en}`, `远处淡出：${beyond.zh}`) }
    : {
        kind: 'warn',
        short: T('new scores', '陌生分数'),
        text: T(`${strange} scores never seen; ${beyond.en}`, `${strange} 个陌生分数；${beyond.zh}`),
      };
}
