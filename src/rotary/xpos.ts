/**
 * xPos: rotary tables whose pairs decay with distance. Queries are scaled by zeta^((t - center) / scaleBase), keys by its
 * inverse, so that a score is scaled by zeta^(distance / scaleBase) and does not depend on the center as long as both sides
 * share it. A Length-Extrapolatable Transformer, arXiv 2212.10554. For causal models only.
 */
import { addNumber, divNumber, from, ln } from '../phase/dd.ts';
import { type Decay, laneTable, type Phases } from '../phase/lanes.ts';
import { checkFrequencies } from '../phase/plan.ts';
import { type RowOptions, rowsOf } from '../phase/positions.ts';
import { finite, integer, oneOf, size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { gate } from '../runtime/gate.ts';
import { MAX_MADE, MAX_POSITION } from '../runtime/lists.ts';
import type { EngineOption, PairOutOption } from '../runtime/options.ts';
import { contextOf, frequenciesAt } from './frequencies.ts';
import type { RotarySpec } from './spec.ts';
import { outPair, RotaryTable } from './table.ts';

export type XposOptions = RowOptions &
  PairOutOption &
  EngineOption & {
    /** Whose table: queries are multiplied by the decay, keys divided by it. */
    readonly side: 'query' | 'key';
    /** The position whose factor is 1. The references choose it by length: xposCenter. */
    readonly center: number;
    /** Default 512. */
    readonly scaleBase?: number;
    /** The number added to 2i: zeta_i = (2i + gamma d) / ((1 + gamma) d). Default 0.4. */
    readonly gamma?: number;
    /** Sequence length the length-dependent rules choose by. Default: the largest position + 1. */
    readonly context?: number;
  };

const OPTIONS = [
  'length',
  'positions',
  'offset',
  'side',
  'center',
  'scaleBase',
  'gamma',
  'context',
  'out',
  'engine',
] as const;

/**
 * The table of one side, for applyRotary. Exact precision: cos x decay and sin x decay are rounded once; 'torch': cosine, sine
 * and decay are rounded to float32, then their products.
 * @param spec the rotary specification
 * @param given the `side`, the `center`, `length` or `positions`, scaleBase (default 512)
 * @returns cos and sin [n, rotaryDim / 2]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Sun et al., xPos, arXiv 2212.10554
 * @example
 * console.log(xposTable({ headDim: 64 }, { length: 16, side: 'query', center: 8 }).cos.shape); // [ 16, 32 ]
 */
export function xposTable(spec: RotarySpec, given: XposOptions): RotaryTable {
  const o = take('xposTable', given, OPTIONS);
  const call = gate('xposTable', o.engine);
  const { rows, count } = rowsOf(call, o);
  size('length', count, 0, MAX_MADE);
  const side = oneOf('side', o.side, ['query', 'key']);
  const center = finite('center', o.center, { min: -MAX_POSITION, max: MAX_POSITION });
  const scaleBase = finite('scaleBase', o.scaleBase, { above: 0 }, 512);
  const gamma = finite('gamma', o.gamma, { above: 0 }, 0.4);
  const positions = 'positions' in rows ? rows.positions : new Float64Array(count);
  let last = 0;
  for (let t = 0; t < count; t++) {
    if ('start' in rows) positions[t] = rows.start + t;
    last = Math.max(last, positions[t]);
  }
  const context = contextOf(spec, o.context, Math.floor(last) + 1);
  const frequencies = frequenciesAt(spec, context);
  const { precision, pairs, attentionFactor, rotationSign, ladder, float32 } = frequencies;
  if (precision === 'ggml' || frequencies.streams || attentionFactor !== 1) {
    throw new PosencError(
      'ERR_OPTION',
      "xposTable: takes precision 'exact' or 'torch', no position streams and an attention factor of 1",
    );
  }
  const single = precision === 'torch';
  const sign = side === 'query' ? 1 : -1;
  const rates = ratesOf(pairs, gamma, single ? 1 : scaleBase);
  const exponents = new Float64Array(count);
  for (let t = 0; t < count; t++) {
    const distance = positions[t] - center;
    exponents[t] = sign * (single ? Math.fround(distance / scaleBase) : distance);
    // rates are negative and the first is the steepest
    if (exponents[t] * rates[0] <= MAX_EXPONENT) continue;
    throw new PosencError(
      'ERR_POSITION',
      `xposTable: at position ${positions[t]} the ${side} factor leaves float32; choose a center nearer than ${center}, or a scaleBase above ${scaleBase}`,
    );
  }
  const decay: Decay = { exponents, rates, single };
  checkFrequencies(ladder);
  const { cos, sin } = outPair(call, o.out, [count, pairs]);
  const phases: Phases = single
    ? { kind: 'sum', axes: 1, frequencies: float32!, count: pairs, single }
    : { kind: 'ladder', ladder };
  const signed = rotationSign === -1 ? positions.map((p) => -p) : positions;
  return call.run((engine) => {
    laneTable(engine, phases, signed, count, { sin: sin.pointer, cos: cos.pointer, stride: 4 * pairs }, decay);
    return new RotaryTable({
      cos: cos.tensor,
      sin: sin.tensor,
      start: 'positions' in rows ? undefined : rows.start,
      length: count,
      headDim: frequencies.headDim,
      rotaryDim: frequencies.rotaryDim,
      rotaryOffset: frequencies.rotaryOffset,
      pairing: frequencies.pairing,
      outputPairing: frequencies.outputPairing,
    });
  });
}

/** ln of the largest float32, less a little. */
const MAX_EXPONENT = 88.7;

/** ln zeta_i / scaleBase, rounded once. */
function ratesOf(pairs: number, gamma: number, scaleBase: number): Float64Array {
  const d = 2 * pairs;
  return Float64Array.from({ length: pairs }, (_, i) => {
    const zeta = divNumber(divNumber(addNumber(from(gamma * d), 2 * i), 1 + gamma), d);
    return divNumber(ln(zeta), scaleBase).hi;
  });
}

/** How the references choose the center from a length. */
const CENTERS = {
  /** torchscale XPOS: ceil(length / 2), length counting the cached keys (offset); angles are not centred. */
  torchscale: (length: number): number => Math.ceil(length / 2),
  /** rotary-embedding-torch: floor(length / 2); rotate_queries_with_cached_keys takes each side's own length. */
  'rotary-embedding-torch': (length: number): number => Math.floor(length / 2),
  /** x-transformers: floor(length / 2), length being the largest position + 1. */
  'x-transformers': (length: number): number => Math.floor(length / 2),
  /** flash-attention: floor(length / 2) of the cached length: tables change when the cache grows. */
  'flash-attention': (length: number): number => Math.floor(length / 2),
} as const;

export type XposConvention = keyof typeof CENTERS;

/**
 * The center of a reference for a length: pass it to both sides to reproduce its numbers, or choose one center for good, so
 * that cached keys stay valid.
 * Exact integers or halves.
 * @param convention whose code
 * @param given `length` of the sequence
 * @returns the center, a number
 * @throws ERR_OPTION
 * @see Sun et al., arXiv 2212.10554; torchscale, rotary-embedding-torch, x-transformers, flash-attention
 * @example
 * console.log(xposCenter('torchscale', { length: 512 })); // 256
 */
export function xposCenter(convention: XposConvention, given: { readonly length: number }): number {
  const name = oneOf('convention', convention, Object.keys(CENTERS) as XposConvention[]);
  const o = take('xposCenter', given, ['length']);
  return CENTERS[name](integer('length', o.length, 0, MAX_POSITION));
}

export interface XposCachedOptions extends EngineOption {
  /** New queries: the last ones of the keys. */
  readonly queryLength: number;
  /** Keys, the cached ones included. */
  readonly keyLength: number;
  /**
   * One center for both sides, or 'rotary-embedding-torch': half of each side's own length, which multiplies every score by
   * zeta^((floor(keyLength / 2) - floor(queryLength / 2)) / scaleBase).
   */
  readonly center: number | 'rotary-embedding-torch';
  /** Default 512. */
  readonly scaleBase?: number;
  /** Default 0.4. */
  readonly gamma?: number;
  /** Default: keyLength. */
  readonly context?: number;
}

/**
 * Both tables of a decoding step with xPos: queries keyLength - queryLength .. keyLength - 1 against keys 0 .. keyLength - 1
 * (rotary-embedding-torch rotate_queries_with_cached_keys, which rotates the unrotated cached keys anew at every step).
 * cos x decay and sin x decay are rounded once.
 * @param spec the rotary specification
 * @param given how many queries and keys, the center
 * @returns query [queryLength, rotaryDim / 2], key [keyLength, rotaryDim / 2], for applyRotary: token t takes row t
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Sun et al., xPos, arXiv 2212.10554; lucidrains/rotary-embedding-torch
 * @example
 * const { query, key } = xposCachedTables({ headDim: 64 }, { queryLength: 1, keyLength: 16, center: 8 });
 * console.log(query.cos.shape, key.cos.shape); // [ 1, 32 ] [ 16, 32 ]
 */
export function xposCachedTables(
  spec: RotarySpec,
  given: XposCachedOptions,
): { readonly query: RotaryTable; readonly key: RotaryTable } {
  const o = take('xposCachedTables', given, [
    'queryLength',
    'keyLength',
    'center',
    'scaleBase',
    'gamma',
    'context',
    'engine',
  ]);
  const keyLength = size('keyLength', o.keyLength, 0, MAX_MADE);
  const queryLength = size('queryLength', o.queryLength, 0, keyLength);
  const { center, scaleBase, gamma, engine } = o;
  if (typeof center === 'string') oneOf('center', center, ['rotary-embedding-torch']);
  const centerOf = (length: number) =>
    typeof center === 'string' ? xposCenter('rotary-embedding-torch', { length }) : center;
  const common = { scaleBase, gamma, engine, context: o.context ?? Math.max(1, keyLength) };
  const key = xposTable(spec, { ...common, length: keyLength, side: 'key', center: centerOf(keyLength) });
  try {
    // a list of positions makes a table whose row t is for token t
    const positions = new Float64Array(queryLength);
    for (let i = 0; i < queryLength; i++) positions[i] = keyLength - queryLength + i;
    return { query: xposTable(spec, { ...common, positions, side: 'query', center: centerOf(queryLength) }), key };
  } catch (error) {
    key.dispose();
    throw error;
  }
}
