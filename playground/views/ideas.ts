/** The figures that carry the ideas, made from what a view computes: dials from speeds, rulers from a row of a bias, paths from rows. */
import { hybridScores, type Tensor } from '../library.ts';
import { grouped, T, type Text } from '../text.ts';
import type { Workspace } from '../view.ts';
import {
  type Dial,
  type DialsPanel,
  type PathPanel,
  type RulerPanel,
  type Series,
  slider,
  type TermKey,
  type TermsPanel,
  type Toggle,
  toggle,
} from '../view.ts';
import { wordsOf } from './words.ts';

/** Where the first of two words stands, and how far behind it the other. */
export const PLACE = slider('place', T('First word at', '第一个词的位置'), 3, 0, 200);
export const APART = slider('apart', T('Distance of the second', '第二个词相隔'), 5, 1, 60);

/** Eight pairs from the fastest to the slowest. */
const some = (pairs: number): number[] => {
  const count = Math.min(8, pairs);
  return Array.from({ length: count }, (_, i) => Math.round((i * (pairs - 1)) / Math.max(1, count - 1)));
};

export function twoWords(
  label: Text,
  speeds: ArrayLike<number>,
  [a, b]: readonly [number, number],
  seen?: { readonly trained: number },
): DialsPanel {
  return {
    kind: 'dials',
    label,
    drag: [PLACE.key, APART.key],
    words: [
      T(`word at ${grouped(a)}`, `位置 ${grouped(a)} 的词`),
      T(`word at ${grouped(b)}`, `位置 ${grouped(b)} 的词`),
    ],
    dials: some(speeds.length).map(
      (k): Dial => ({
        name: T(`pair ${k}`, `第 ${k} 组`),
        a: a * speeds[k],
        b: b * speeds[k],
        speed: speeds[k],
        ...(seen ? { seen: seen.trained * speeds[k], asked: Math.max(a, b) * speeds[k] } : {}),
      }),
    ),
  };
}

/** A far word under a rule, beside where it would stand without; shaded what training showed to the pair. */
export function stretched(
  label: Text,
  used: ArrayLike<number>,
  plain: ArrayLike<number>,
  far: number,
  trained: number,
): DialsPanel {
  return {
    kind: 'dials',
    label,
    words: [T('with this rule', '按此规则'), T('plain RoPE', '原始 RoPE')],
    dials: some(used.length).map(
      (k): Dial => ({
        name: T(`pair ${k}`, `第 ${k} 组`),
        a: far * used[k],
        b: far * plain[k],
        seen: trained * plain[k],
      }),
    ),
  };
}

/** The row of the last query of a bias [heads, n, n], by distance back from it. */
export function ruler(
  label: Text,
  data: ArrayLike<number>,
  n: number,
  head: number,
  more: Partial<RulerPanel> = {},
): RulerPanel {
  const last = (head * n + n - 1) * n;
  return {
    kind: 'ruler',
    label,
    from: 0,
    values: Float64Array.from({ length: n }, (_, d) => data[last + n - 1 - d]),
    unit: T('added to the score', '加到分数上的数'),
    ...more,
  };
}

/** Shares of attention of scores that are all alike but for a bias. */
export function shares(values: ArrayLike<number>): Float64Array {
  const list = Float64Array.from(values);
  const most = list.reduce((a, b) => Math.max(a, b));
  const powers = list.map((x) => Math.exp(x - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / sum);
}

/** Attention of the last of n alike words under a bias, and without any. */
export function attention(values: ArrayLike<number>): Series[] {
  const n = values.length;
  const x = Float64Array.from({ length: n }, (_, d) => d);
  return [
    { name: T('with the bias', '有偏置'), x, y: shares(values), as: 'steps' },
    { name: T('without', '无偏置'), x, y: new Float64Array(n).fill(1 / n), dashed: true },
  ];
}

/** Two channels of rows [n, dim] as a way, a bead at every row. */
export function way(
  label: Text,
  name: Text,
  rows: ArrayLike<number>,
  n: number,
  dim: number,
  [a, b]: readonly [number, number],
  more: PathPanel['ways'] = [],
): PathPanel {
  const column = (c: number) => Float64Array.from({ length: n }, (_, i) => rows[i * dim + c]);
  const [x, y] = [column(a), column(b)];
  return {
    kind: 'path',
    label,
    ways: [{ name, x, y }, ...more],
    beads: Array.from({ length: Math.min(n, 49) }, (_, i) => ({ at: i, x: x[i], y: y[i] })),
    axes: [T(`channel ${a}`, `第 ${a} 维`), T(`channel ${b}`, `第 ${b} 维`)],
  };
}

const TERM_NAMES: Readonly<Record<TermKey, Text>> = {
  cc: T('content to content', '内容对内容'),
  cp: T('content to position', '内容对位置'),
  pc: T('position to content', '位置对内容'),
  pp: T('position to position', '位置对位置'),
};
export const termToggles = (keys: readonly TermKey[], off: readonly TermKey[] = []): Toggle[] =>
  keys.map((key) => toggle(key, TERM_NAMES[key], !off.includes(key)));

/** The grid of an encoding that has these terms, each scaled as in its score; the sum is of those switched on. */
export function termsOf(
  label: Text,
  params: Readonly<Record<string, unknown>>,
  cols: number,
  given: Readonly<Partial<Record<TermKey, { readonly name: string; readonly data: ArrayLike<number> }>>>,
): TermsPanel {
  const [{ data: first }] = Object.values(given);
  const size = first.length;
  const total = new Float64Array(size);
  const terms = Object.fromEntries(
    (['cc', 'cp', 'pc', 'pp'] as const).map((key) => {
      const term = given[key];
      const on = term !== undefined && params[key] !== false;
      if (on) for (let i = 0; i < size; i++) total[i] += Number.isFinite(term.data[i]) ? term.data[i] : 0;
      return [key, { name: term?.name ?? '', on, data: term?.data }];
    }),
  ) as TermsPanel['terms'];
  const words = wordsOf(cols);
  return { kind: 'terms', label, rows: words.slice(cols - size / cols), cols: words, terms, total };
}

/** q · k / sqrt(d), as every score begins. */
export const products = (work: Workspace, q: Tensor, k: Tensor, scale?: number): Float32Array =>
  work.take(hybridScores(q, k, null, scale === undefined ? {} : { scale })).data;
