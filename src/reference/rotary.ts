/**
 * Rotation of vectors by a rotary table. RoFormer, arXiv 2104.09864, equation 34; partial rotation, both pairings, layouts,
 * packed sequences and packed qkv as flash-attention and transformers have them. Rotation:
 * (x1, x2) -> (fl(fl(x1*c) - fl(x2*s)), fl(fl(x2*c) + fl(x1*s))) in float32; c and s of the channel when it has its own.
 */

import type { Pairing } from '../rotary/spec.ts';
import type { NumberList } from '../runtime/lists.ts';
import { asNumbers, elements, onlyKeys, type ReferenceTensor, type Shaped, shaped, tensor, word } from './result.ts';
import type { ReferenceRotaryTable } from './table.ts';

const APPLY_OPTIONS = [
  'layout',
  'heads',
  'shape',
  'positions',
  'offset',
  'cuSeqlens',
  'inverse',
  'outOfRange',
  'strides',
  'out',
];
const LAYOUTS = ['BSHD', 'BHSD', 'THD', 'BSD', 'TD'] as const;
const fl = Math.fround;

export interface ApplyRotaryOptions {
  /** Default 'BSHD'. */
  readonly layout?: 'BSHD' | 'BHSD' | 'THD' | 'BSD' | 'TD';
  /** Heads of a 'BSD' or 'TD' x, which holds them side by side. */
  readonly heads?: number;
  /** Shape of x when x is a plain Float32Array. */
  readonly shape?: readonly number[];
  /** Absolute positions, [S] or [B*S] flat ([T] for 'THD'). Default 0, 1, 2 ... */
  readonly positions?: NumberList;
  /** Added to the default positions: one number, or one per batch entry or packed sequence. Default 0. */
  readonly offset?: number | NumberList;
  /** 'THD': token indices where packed sequences begin, and T; positions restart at each. */
  readonly cuSeqlens?: NumberList;
  /** Rotate back: sin negated (the transpose; the inverse where the amplitude is 1). Default false. */
  readonly inverse?: boolean;
  /** A position without a row: throw, or leave the vector unrotated. Default 'error'. */
  readonly outOfRange?: 'error' | 'identity';
  /** Distances in elements; channels are contiguous. Default: those of a dense x. */
  readonly strides?: { readonly batch?: number; readonly sequence?: number; readonly head?: number };
  /** Default: x itself. */
  readonly out?: Float32Array | Shaped;
}

/** x rotated in place, or into `out` (same shape and strides). Nothing is written when an argument is wrong. */
export function applyRotary(
  x: Float32Array | Shaped,
  table: ReferenceRotaryTable,
  options: ApplyRotaryOptions = {},
): ReferenceTensor {
  onlyKeys('applyRotary', options, APPLY_OPTIONS);
  const { shape: whole, data } = shaped('x', x, options.shape);
  const { shape, layout } = apart(whole, word('layout', options.layout ?? 'BSHD', LAYOUTS), options.heads);
  if (shape.length !== layout.length) throw new RangeError(`shape: expected ${layout}, got [${shape}]`);
  const size = (letter: string): number => shape[layout.indexOf(letter)] ?? 1;
  const [batch, sequence, heads, headDim] = [size('B'), layout === 'THD' ? size('T') : size('S'), size('H'), size('D')];
  const dense = (letter: string): number => elements(shape.slice(layout.indexOf(letter) + 1));
  const strides = {
    batch: options.strides?.batch ?? elements(shape.slice(1)),
    sequence: options.strides?.sequence ?? dense(layout === 'THD' ? 'T' : 'S'),
    head: options.strides?.head ?? dense('H'),
  };
  const reach =
    elements(shape) === 0
      ? 0
      : (batch - 1) * strides.batch + (sequence - 1) * strides.sequence + (heads - 1) * strides.head + headDim;
  if (data.length < reach || (options.strides === undefined && data.length !== elements(shape))) {
    throw new RangeError(`x: ${data.length} elements do not hold [${shape}]`);
  }
  const target =
    options.out === undefined ? data : options.out instanceof Float32Array ? options.out : options.out.data;
  if (target.length < reach) throw new RangeError(`out: ${target.length} elements do not hold [${shape}]`);
  const { rotaryOffset, rotaryDim } = table;
  if (rotaryOffset + rotaryDim > headDim) {
    throw new RangeError(
      `x: headDim ${headDim} is too small for rotaryOffset ${rotaryOffset} + rotaryDim ${rotaryDim}`,
    );
  }
  if (options.outOfRange === 'identity' && table.outputPairing !== table.pairing) {
    throw new RangeError("outOfRange: 'identity' does not go with another outputPairing");
  }
  const rows = tableRows(table, batch, sequence, layout, options);

  for (let b = 0; b < batch; b++) {
    for (let s = 0; s < sequence; s++) {
      for (let h = 0; h < heads; h++) {
        const at = b * strides.batch + s * strides.sequence + h * strides.head;
        const vector = data.slice(at, at + headDim);
        rotate(vector, target, at, table, rows[b * sequence + s], options.inverse === true);
      }
    }
  }
  return tensor(whole, target);
}

/** [..., heads * D] as [..., heads, D]. */
function apart(
  shape: readonly number[],
  layout: (typeof LAYOUTS)[number],
  heads: number | undefined,
): { shape: readonly number[]; layout: 'BSHD' | 'BHSD' | 'THD' } {
  if (layout !== 'BSD' && layout !== 'TD') return { shape, layout };
  const width = shape[shape.length - 1];
  if (heads === undefined || shape.length !== layout.length || width % heads !== 0) {
    throw new RangeError(`heads: ${heads} do not divide [${shape}] in layout ${layout}`);
  }
  return { shape: [...shape.slice(0, -1), heads, width / heads], layout: layout === 'BSD' ? 'BSHD' : 'THD' };
}

/** q and k of a packed [..., queryHeads + 2 keyHeads, D], in place; the values are left alone. */
export function applyRotaryQKV(
  qkv: Float32Array | Shaped,
  table: ReferenceRotaryTable,
  options: Omit<ApplyRotaryOptions, 'strides' | 'out' | 'heads'> & {
    readonly queryHeads: number;
    readonly keyHeads?: number;
  },
): ReferenceTensor {
  const { queryHeads, keyHeads = queryHeads, ...rest } = options;
  const { shape, data } = shaped('qkv', qkv, options.shape);
  const heads = queryHeads + 2 * keyHeads;
  const dim = shape[shape.length - 1];
  if (shape[shape.length - 2] !== heads) throw new RangeError(`shape: expected ${heads} heads, got [${shape}]`);
  const sequence = shape[shape.length - 3];
  applyRotary(data, table, {
    ...rest,
    shape: [...shape.slice(0, -2), queryHeads + keyHeads, dim],
    strides: { batch: sequence * heads * dim, sequence: heads * dim, head: dim },
  });
  return tensor(shape, data);
}

/** One vector: passthrough channels copied, pairs rotated; row -1 leaves the values as they are. */
function rotate(
  vector: Float32Array,
  target: Float32Array,
  at: number,
  table: ReferenceRotaryTable,
  row: number,
  inverse: boolean,
): void {
  const { rotaryOffset, rotaryDim, partnerAngles } = table;
  const pairing = inverse ? table.outputPairing : table.pairing;
  const outputPairing = inverse ? table.pairing : table.outputPairing;
  const pairs = rotaryDim / 2;
  const width = partnerAngles ? rotaryDim : pairs;
  target.set(vector, at);
  for (let k = 0; k < pairs; k++) {
    const [from1, from2] = channels(pairing, k, pairs);
    const [to1, to2] = channels(outputPairing, k, pairs);
    let x1 = vector[rotaryOffset + from1];
    let x2 = vector[rotaryOffset + from2];
    if (row >= 0) {
      const at1 = row * width + k;
      const at2 = partnerAngles ? at1 + pairs : at1;
      const [c1, s1] = [table.cos.data[at1], table.sin.data[at1]];
      const [c2, s2] = [table.cos.data[at2], table.sin.data[at2]];
      // the inverse is the transpose: with angles of its own each channel sends what it received
      [x1, x2] = inverse
        ? [fl(fl(x1 * c1) + fl(x2 * s2)), fl(fl(x2 * c2) - fl(x1 * s1))]
        : [fl(fl(x1 * c1) - fl(x2 * s1)), fl(fl(x2 * c2) + fl(x1 * s2))];
    }
    target[at + rotaryOffset + to1] = x1;
    target[at + rotaryOffset + to2] = x2;
  }
}

function channels(pairing: Pairing, k: number, pairs: number): [number, number] {
  return pairing === 'half' ? [k, k + pairs] : [2 * k, 2 * k + 1];
}

/** The table row of every token, batch by batch; -1 where a position lies outside and that is allowed. */
function tableRows(
  table: ReferenceRotaryTable,
  batch: number,
  sequence: number,
  layout: string,
  options: ApplyRotaryOptions,
): number[] {
  const tokens = batch * sequence;
  if (table.rowAligned) {
    if (options.positions !== undefined || options.offset !== undefined || options.cuSeqlens !== undefined) {
      throw new RangeError('positions: the table was built from positions; token t uses its row t');
    }
    if (table.length !== sequence && table.length !== tokens) {
      throw new RangeError(`table: ${table.length} rows for ${batch} x ${sequence} tokens`);
    }
    return Array.from({ length: tokens }, (_, t) => t % table.length);
  }
  return tokenPositions(batch, sequence, layout, options).map((position) => {
    const row = position - table.start;
    if (Number.isInteger(row) && row >= 0 && row < table.length) return row;
    if (options.outOfRange === 'identity') return -1;
    throw new RangeError(`positions: ${position} has no row in a table of ${table.length} rows from ${table.start}`);
  });
}

function tokenPositions(batch: number, sequence: number, layout: string, options: ApplyRotaryOptions): number[] {
  const tokens = batch * sequence;
  if (options.positions !== undefined) {
    if (options.offset !== undefined || options.cuSeqlens !== undefined) {
      throw new RangeError('positions: give either positions, or offset and cuSeqlens');
    }
    const given = asNumbers('positions', options.positions);
    if (given.length !== sequence && given.length !== tokens) {
      throw new RangeError(`positions: expected ${sequence} or ${tokens}, got ${given.length}`);
    }
    return Array.from({ length: tokens }, (_, t) => given[t % given.length]);
  }
  if (options.cuSeqlens !== undefined && layout !== 'THD') throw new RangeError("cuSeqlens: needs layout 'THD'");
  const starts =
    options.cuSeqlens === undefined
      ? Array.from({ length: batch + 1 }, (_, b) => b * sequence)
      : asNumbers('cuSeqlens', options.cuSeqlens);
  const segments = starts.length - 1;
  if (starts[0] !== 0 || starts[segments] !== tokens || starts.some((t, i) => i > 0 && !(t >= starts[i - 1]))) {
    throw new RangeError(`cuSeqlens: expected token indices rising from 0 to ${tokens}, got ${starts}`);
  }
  const given = options.offset ?? 0;
  const offset = typeof given === 'number' ? given : asNumbers('offset', given);
  if (typeof offset !== 'number' && offset.length !== segments) {
    throw new RangeError(`offset: expected ${segments} numbers, got ${offset.length}`);
  }
  const result: number[] = [];
  for (let segment = 0; segment < segments; segment++) {
    const first = typeof offset === 'number' ? offset : offset[segment];
    for (let t = starts[segment]; t < starts[segment + 1]; t++) result.push(first + t - starts[segment]);
  }
  return result;
}
