/**
 * Cached keys re-rotated to other positions or another table: a rotation by a, then one by b, is one by a + b. RoFormer,
 * arXiv 2104.09864. Angles are combined in float64 and every number is rounded once.
 */
import type { Pairing, RotarySpec } from '../rotary/spec.ts';
import type { Positions } from '../runtime/lists.ts';
import { exactFrequencies, rotaryDims, torchFrequencies } from './frequencies.ts';
import { quarterTurnRate, type SinCos, sincos, sincosAt } from './math.ts';
import { asNumbers, elements, onlyKeys, type ReferenceTensor, type Shaped, shaped, tensor } from './result.ts';
import { type ApplyRotaryOptions, applyRotary } from './rotary.ts';
import { type ReferenceRotaryTable, rotaryTableFrom } from './table.ts';

export type ShiftKeysOptions = Pick<ApplyRotaryOptions, 'layout' | 'shape'> & { readonly context?: number };
export type RetableOptions = Pick<ApplyRotaryOptions, 'layout' | 'shape' | 'positions' | 'offset' | 'cuSeqlens'>;

const fl = Math.fround;

/** Keys rotated for positions p become keys rotated for p + delta, in place. Not for precision 'ggml'. */
export function shiftKeys(
  k: Float32Array | Shaped,
  delta: number | Positions,
  spec: RotarySpec,
  options: ShiftKeysOptions = {},
): ReferenceTensor {
  onlyKeys('shiftKeys', options, ['layout', 'shape', 'context']);
  const { shape, data } = shaped('k', k, options.shape);
  const context = options.context ?? 1;
  const { pairs } = rotaryDims(spec);
  const sign = spec.rotationSign ?? 1;
  const pairing = spec.outputPairing ?? spec.pairing ?? 'half';
  const rates = exactFrequencies(spec, context).map(quarterTurnRate);
  const float32 = torchFrequencies(spec, context);
  const angles = (by: number): SinCos[] =>
    Array.from({ length: pairs }, (_, i) =>
      spec.precision === 'torch' ? sincos(fl(fl(by) * float32[i])) : sincosAt(by, rates[i]),
    );
  const deltas = typeof delta === 'number' ? [delta] : asNumbers('delta', delta);
  const lead = spec.rotaryOffset ?? 0;
  forVectors(shape, options.layout ?? 'BSHD', (at, token) => {
    reRotate(data, at + lead, angles(sign * deltas[token % deltas.length]), pairing, pairing);
  });
  return tensor(shape, data);
}

/** Keys rotated by `from` become keys rotated by `to`, in place. */
export function retable(
  k: Float32Array | Shaped,
  from: ReferenceRotaryTable,
  to: ReferenceRotaryTable,
  options: RetableOptions = {},
): ReferenceTensor {
  return exchange(k, from, to, options);
}

/** What applyRotary made of x becomes x again, in place, whatever the amplitude. */
export function unrotate(
  x: Float32Array | Shaped,
  table: ReferenceRotaryTable,
  options: RetableOptions = {},
): ReferenceTensor {
  return exchange(x, table, undefined, options);
}

function exchange(
  k: Float32Array | Shaped,
  from: ReferenceRotaryTable,
  to: ReferenceRotaryTable | undefined,
  options: RetableOptions,
): ReferenceTensor {
  const { shape, data } = shaped('k', k, options.shape);
  const layout = options.layout ?? 'BSHD';
  const pairs = from.rotaryDim / 2;
  const own = rowNumbers(from, shape, layout, options);
  const other = to && rowNumbers(to, shape, layout, options);
  forVectors(shape, layout, (at, token) => {
    const row: SinCos[] = Array.from({ length: pairs }, (_, i) => {
      const f = own[token] * pairs + i;
      const c = from.cos.data[f];
      const s = from.sin.data[f];
      const square = c * c + s * s;
      const g = other ? other[token] * pairs + i : 0;
      const tc = to ? to.cos.data[g] : 1;
      const ts = to ? to.sin.data[g] : 0;
      return { cos: (tc * c + ts * s) / square, sin: (ts * c - tc * s) / square };
    });
    reRotate(data, at + from.rotaryOffset, row, from.outputPairing, to ? to.outputPairing : from.pairing);
  });
  return tensor(shape, data);
}

/** The table row of every token: found by rotating unit vectors by a table that holds row numbers. */
function rowNumbers(
  table: ReferenceRotaryTable,
  shape: readonly number[],
  layout: string,
  options: RetableOptions,
): number[] {
  const numbers = Float32Array.from({ length: table.length }, (_, row) => row);
  const numbered = {
    ...rotaryTableFrom({
      cos: numbers,
      sin: new Float32Array(table.length),
      shape: [table.length, 1],
      pairing: 'half',
    }),
    start: table.start,
    rowAligned: table.rowAligned,
  };
  const [batch, tokens] = layout === 'THD' ? [1, shape[0]] : [shape[0], shape[layout === 'BSHD' ? 1 : 2]];
  const probe = new Float32Array(2 * batch * tokens).fill(1);
  const probeShape =
    layout === 'THD' ? [tokens, 1, 2] : layout === 'BSHD' ? [batch, tokens, 1, 2] : [batch, 1, tokens, 2];
  const { positions, offset, cuSeqlens } = options;
  const given = Object.fromEntries(Object.entries({ positions, offset, cuSeqlens }).filter(([, v]) => v !== undefined));
  const out = applyRotary(probe, numbered, { layout: options.layout ?? 'BSHD', shape: probeShape, ...given });
  return Array.from({ length: batch * tokens }, (_, t) => out.data[2 * t]);
}

/** Calls `body(start of the vector, token of [B, S])` for every vector. */
function forVectors(shape: readonly number[], layout: string, body: (at: number, token: number) => void): void {
  const dim = shape[shape.length - 1];
  const [, a, b] = layout === 'THD' ? [1, shape[0], shape[1]] : shape;
  const vectors = elements(shape) / dim;
  for (let v = 0; v < vectors; v++) {
    const inner = v % b;
    const middle = Math.floor(v / b) % a;
    const outer = Math.floor(v / (a * b));
    body(v * dim, layout === 'BHSD' ? outer * b + inner : outer * a + middle);
  }
}

function reRotate(data: Float32Array, at: number, angles: readonly SinCos[], load: Pairing, store: Pairing): void {
  const pairs = angles.length;
  const place = (pairing: Pairing, i: number) => (pairing === 'half' ? [i, i + pairs] : [2 * i, 2 * i + 1]);
  const vector = data.slice(at, at + 2 * pairs);
  angles.forEach(({ sin, cos }, i) => {
    const [a, b] = place(load, i).map((c) => vector[c]);
    const [p, q] = place(store, i);
    data[at + p] = a * cos - b * sin;
    data[at + q] = b * cos + a * sin;
  });
}
