/**
 * What the content-relative scores share, cell by cell: row blocks, masks, addition onto given scores. Every cell is computed
 * in float64 from its formula and rounded once.
 */
import type { Shaped as EngineArray, ScoreOptions, ValueOptions } from '../scores/content.ts';
import { integerAtLeast, type ReferenceTensor, type Shaped, tensor } from './result.ts';

/** 0 and 1 for every cell. */
interface Cells {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

type EngineOption = 'engine' | 'out' | 'addTo' | 'cuSeqlens' | 'cuSeqlensK';

/** The options without what belongs to an engine, arrays as the reference takes them. */
export type Plain<T> = {
  readonly [K in keyof T as Exclude<K, EngineOption>]: K extends 'mask' | 'segMat'
    ? Cells | undefined
    : [T[K]] extends [EngineArray | undefined]
      ? Shaped | undefined
      : T[K];
} & { readonly addTo?: Float32Array };

export const SCORE_KEYS = [
  'queryOffset',
  'rows',
  'causal',
  'window',
  'mask',
  'maskValue',
  'scale',
  'content',
  'addTo',
] as const;
export const VALUE_KEYS = ['queryOffset', 'rows', 'content', 'addTo'] as const;

/** Element [.., i, c] of an array whose leading dimensions may be missing or 1. */
export function element(x: Shaped, ...at: readonly number[]): number {
  const { shape, data } = x;
  let offset = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    const n = at[at.length - shape.length + axis];
    offset = offset * shape[axis] + (shape[axis] === 1 ? 0 : n);
  }
  return data[offset];
}

/** Sum over c of (x[b, h, i, c] + bias[h, c]) y[b, h, j, c]. */
export function dot(
  x: Shaped,
  i: number,
  y: Shaped,
  j: number,
  b: number,
  h: number,
  bias?: Shaped,
  width: number = x.shape[x.shape.length - 1],
): number {
  let sum = 0;
  for (let c = 0; c < width; c++) {
    sum += (element(x, b, h, i, c) + (bias ? element(bias, h, c) : 0)) * element(y, b, h, j, c);
  }
  return sum;
}

interface Layout {
  readonly batch: number;
  readonly heads: number;
  readonly queryLength: number;
  readonly keyLength: number;
  readonly queryOffset: number;
}

export function layoutOf(q: Shaped, keyLength: number, queryOffset?: number): Layout {
  const [batch, heads, queryLength] = q.shape;
  return { batch, heads, queryLength, keyLength, queryOffset: queryOffset ?? keyLength - queryLength };
}

function rowRange(rows: readonly [number, number] | undefined, queryLength: number): readonly [number, number] {
  if (rows === undefined) return [0, queryLength];
  integerAtLeast('rows[0]', rows[0], 0);
  integerAtLeast('rows[1]', rows[1], rows[0]);
  if (rows[1] > queryLength) throw new RangeError(`rows: ${queryLength} queries, got ${rows.join(' to ')}`);
  return rows;
}

/** scores[b, h, i, j] = cell(b, h, i, j), i counted from 0 whatever `rows`; masked cells get maskValue. */
export function scoreCells(
  layout: Layout,
  o: Plain<ScoreOptions>,
  own: { readonly causal?: boolean; readonly left?: number },
  cell: (b: number, h: number, i: number, j: number) => number,
): ReferenceTensor {
  const { batch, heads, queryLength, keyLength, queryOffset } = layout;
  const [from, to] = rowRange(o.rows, queryLength);
  const unlimited = (n: number | undefined) => (n === undefined || n === -1 ? Number.POSITIVE_INFINITY : n);
  const left = Math.min(unlimited(o.window?.[0]), own.left ?? Number.POSITIVE_INFINITY);
  const right = (o.causal ?? own.causal) ? 0 : unlimited(o.window?.[1]);
  const scores = tensor([batch, heads, to - from, keyLength]);
  let n = 0;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = from; i < to; i++) {
        const position = queryOffset + i;
        for (let j = 0; j < keyLength; j++, n++) {
          const masked = j < position - left || j > position + right || (o.mask && !kept(o.mask, b, h, i, j));
          scores.data[n] = masked ? (o.maskValue ?? Number.NEGATIVE_INFINITY) : (o.addTo?.[n] ?? 0) + cell(b, h, i, j);
        }
      }
    }
  }
  return scores;
}

function kept({ data, shape }: Cells, b: number, h: number, i: number, j: number): boolean {
  const at = shape.length === 2 ? [b, j] : shape.length === 3 ? [b, i, j] : [b, h, i, j];
  return element({ data: data as Float32Array, shape }, ...at) !== 0;
}

/** out[b, h, i, c] = sum over j of P[b, h, i, j] (v[b, h, j, c] + relative(b, h, i, j, c)). */
export function valueCells(
  probabilities: Shaped,
  v: Shaped | null,
  dim: number,
  o: Plain<ValueOptions>,
  relative: (b: number, h: number, distance: number, c: number) => number,
): ReferenceTensor {
  const [batch, heads, queryLength, keyLength] = probabilities.shape;
  const queryOffset = o.queryOffset ?? keyLength - queryLength;
  const [from, to] = rowRange(o.rows, queryLength);
  const out = tensor([batch, heads, to - from, dim]);
  let n = 0;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = from; i < to; i++) {
        for (let c = 0; c < dim; c++, n++) {
          let sum = o.addTo?.[n] ?? 0;
          for (let j = 0; j < keyLength; j++) {
            const value = o.content === false ? 0 : element(v!, b, h, j, c);
            sum += element(probabilities, b, h, i, j) * (value + relative(b, h, j - queryOffset - i, c));
          }
          out.data[n] = sum;
        }
      }
    }
  }
  return out;
}
