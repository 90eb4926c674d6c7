/**
 * Rotary position embedding: the table of cosines and sines, and the rotation of vectors by it. RoFormer,
 * arXiv 2104.09864, equation 34; partial rotation, both pairings, layouts and packed sequences as flash-attention and
 * transformers have them. Rotation: (x1, x2) -> (fl(fl(x1*c) - fl(x2*s)), fl(fl(x2*c) + fl(x1*s))) in float32.
 */

import type { Pairing, RotarySpec } from '../rotary/spec.ts';
import type { Positions } from '../runtime/arguments.ts';
import { attentionFactor, exactFrequencies, rotaryDims, torchFrequencies } from './frequencies.ts';
import { quarterTurnRate, sincos, sincosAt } from './math.ts';
import {
  asNumbers,
  elements,
  integerAtLeast,
  onlyKeys,
  type PositionOptions,
  positionList,
  type ReferenceTensor,
  type Shaped,
  shaped,
  tensor,
  word,
} from './result.ts';

const TABLE_OPTIONS = ['dtype', 'context', 'length', 'positions', 'offset'];
const TABLE_FROM_OPTIONS = ['cos', 'sin', 'shape', 'pairing', 'outputPairing', 'rotaryOffset', 'start'];
const APPLY_OPTIONS = [
  'layout',
  'shape',
  'positions',
  'offset',
  'cuSeqlens',
  'inverse',
  'outOfRange',
  'strides',
  'out',
];
const PAIRINGS = ['half', 'interleaved'] as const;
const fl = Math.fround;

export interface ReferenceRotaryTable {
  /** [n, pairs] */
  readonly cos: ReferenceTensor;
  /** [n, pairs] */
  readonly sin: ReferenceTensor;
  /** Position of the first row. */
  readonly start: number;
  readonly length: number;
  readonly rotaryDim: number;
  readonly rotaryOffset: number;
  readonly pairing: Pairing;
  readonly outputPairing: Pairing;
  /** Built from `positions`: token t uses row t. */
  readonly rowAligned: boolean;
}

export interface RotaryTableOptions extends PositionOptions {
  readonly dtype?: 'float32';
  /** Length served, for rules that depend on it (dynamic, dynamic-yarn, longrope). Default: the last position + 1. */
  readonly context?: number;
}

/** The table of a spec for consecutive or given positions, float32 [n, pairs] each. Throws RangeError naming the option. */
export function rotaryTable(spec: RotarySpec, options: RotaryTableOptions): ReferenceRotaryTable {
  onlyKeys('rotaryTable', options, TABLE_OPTIONS);
  const precision = word('precision', spec.precision ?? 'exact', ['exact', 'torch', 'ggml']);
  if (precision === 'ggml') throw new RangeError("precision: the reference has 'exact' and 'torch', not 'ggml'");
  if (spec.mropeSection !== undefined) throw new RangeError('mropeSection: the reference has no position streams');
  if ((options.dtype ?? 'float32') !== 'float32') throw new RangeError(`dtype: expected float32, got ${options.dtype}`);
  const pairing = word('pairing', spec.pairing ?? 'half', PAIRINGS);
  const outputPairing = word('outputPairing', spec.outputPairing ?? pairing, PAIRINGS);
  const sign = spec.rotationSign ?? 1;
  if (sign !== 1 && sign !== -1) throw new RangeError(`rotationSign: expected 1 or -1, got ${sign}`);
  const { pairs } = rotaryDims(spec);
  const rotaryOffset = integerAtLeast('rotaryOffset', spec.rotaryOffset ?? 0, 0);
  if (rotaryOffset + 2 * pairs > spec.headDim) {
    throw new RangeError(`rotaryOffset: ${rotaryOffset} + ${2 * pairs} channels exceed headDim ${spec.headDim}`);
  }
  const positions = positionList(options);
  const context = options.context ?? positions.reduce((last, p) => Math.max(last, p + 1), 0);
  const amplitude = attentionFactor(spec, context);
  const cos = tensor([positions.length, pairs]);
  const sin = tensor([positions.length, pairs]);
  if (precision === 'exact') {
    const rates = exactFrequencies(spec, context).map(quarterTurnRate);
    positions.forEach((position, row) => {
      for (let k = 0; k < pairs; k++) {
        const pair = sincosAt(position, rates[k]);
        cos.data[row * pairs + k] = amplitude * pair.cos;
        sin.data[row * pairs + k] = sign * amplitude * pair.sin;
      }
    });
  } else {
    const frequencies = torchFrequencies(spec, context);
    positions.forEach((position, row) => {
      for (let k = 0; k < pairs; k++) {
        const pair = sincos(fl(fl(position) * frequencies[k]));
        cos.data[row * pairs + k] = fl(pair.cos) * fl(amplitude);
        sin.data[row * pairs + k] = sign * fl(pair.sin) * fl(amplitude);
      }
    });
  }
  const rowAligned = options.positions !== undefined;
  const start = rowAligned ? 0 : (options.offset ?? 0);
  const length = positions.length;
  return { cos, sin, start, length, rotaryDim: 2 * pairs, rotaryOffset, pairing, outputPairing, rowAligned };
}

export interface RotaryTableFromOptions {
  /** [n, pairs] */
  readonly cos: Float32Array | Shaped;
  readonly sin: Float32Array | Shaped;
  /** Shape of plain arrays, [n, pairs]. */
  readonly shape?: readonly number[];
  readonly pairing: Pairing;
  readonly outputPairing?: Pairing;
  /** Default 0. */
  readonly rotaryOffset?: number;
  /** Position of the first row. Default 0. */
  readonly start?: number;
}

/** A table whose cosines and sines come from elsewhere; amplitudes and signs are taken as they are. */
export function rotaryTableFrom(options: RotaryTableFromOptions): ReferenceRotaryTable {
  onlyKeys('rotaryTableFrom', options, TABLE_FROM_OPTIONS);
  const cos = shaped('cos', options.cos, options.shape);
  const sin = shaped('sin', options.sin, options.shape);
  const [length, pairs] = cos.shape;
  if (cos.shape.length !== 2 || cos.data.length !== length * pairs || sin.data.length !== length * pairs) {
    throw new RangeError(`cos, sin: expected two tables [n, pairs], got [${cos.shape}] and [${sin.shape}]`);
  }
  const pairing = word('pairing', options.pairing ?? 'half', PAIRINGS);
  return {
    cos: tensor([length, pairs], cos.data),
    sin: tensor([length, pairs], sin.data),
    start: options.start ?? 0,
    length,
    rotaryDim: 2 * pairs,
    rotaryOffset: integerAtLeast('rotaryOffset', options.rotaryOffset ?? 0, 0),
    pairing,
    outputPairing: word('outputPairing', options.outputPairing ?? pairing, PAIRINGS),
    rowAligned: false,
  };
}

export interface ApplyRotaryOptions {
  /** Default 'BSHD'. */
  readonly layout?: 'BSHD' | 'BHSD' | 'THD';
  /** Shape of x when x is a plain Float32Array. */
  readonly shape?: readonly number[];
  /** Absolute positions, [S] or [B*S] flat ([T] for 'THD'). Default 0, 1, 2 ... */
  readonly positions?: Positions;
  /** Added to the default positions: one number, or one per batch entry or packed sequence. Default 0. */
  readonly offset?: number | ArrayLike<number>;
  /** 'THD': token indices where packed sequences begin, and T; positions restart at each. */
  readonly cuSeqlens?: ArrayLike<number>;
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
  const { shape, data } = shaped('x', x, options.shape);
  const layout = word('layout', options.layout ?? 'BSHD', ['BSHD', 'BHSD', 'THD']);
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
  return tensor(shape, target);
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
  const { rotaryOffset, rotaryDim, pairing, outputPairing } = table;
  const pairs = rotaryDim / 2;
  target.set(vector, at);
  for (let k = 0; k < pairs; k++) {
    // back from the output's pairing to the input's
    const [from1, from2] = channels(inverse ? outputPairing : pairing, k, pairs);
    const [to1, to2] = channels(inverse ? pairing : outputPairing, k, pairs);
    let x1 = vector[rotaryOffset + from1];
    let x2 = vector[rotaryOffset + from2];
    if (row >= 0) {
      const c = table.cos.data[row * pairs + k];
      const s = inverse ? -table.sin.data[row * pairs + k] : table.sin.data[row * pairs + k];
      [x1, x2] = [fl(fl(x1 * c) - fl(x2 * s)), fl(fl(x2 * c) + fl(x1 * s))];
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
    if (options.outOfRange === 'identity' && table.pairing === table.outputPairing) return -1;
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
      : Array.from(options.cuSeqlens);
  const segments = starts.length - 1;
  if (starts[0] !== 0 || starts[segments] !== tokens || starts.some((t, i) => i > 0 && !(t >= starts[i - 1]))) {
    throw new RangeError(`cuSeqlens: expected token indices rising from 0 to ${tokens}, got ${starts}`);
  }
  const offset = options.offset ?? 0;
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
