/**
 * The slopes of ALiBi, one per head: powers of 2^(-alibiBiasMax / heads), each rounded once to float32. Press et al.,
 * arXiv 2108.12409; orders of the public implementations where heads is not a power of two: docs/bias.md.
 */

import { divNumber, exp, from, LN2, mul } from '../../phase/dd.ts';
import { ddToFloat32 } from '../../phase/float32.ts';
import { exp2Estimate } from '../../phase/logarithm.ts';
import { finite, oneOf, size, take } from '../../runtime/arguments.ts';
import { type Call, gate } from '../../runtime/gate.ts';
import type { NumberList } from '../../runtime/lists.ts';
import type { EngineOption } from '../../runtime/options.ts';
import type { Tensor } from '../../runtime/tensor.ts';

export interface AlibiSlopeOptions {
  /** Heads that get a slope each. */
  readonly heads: number;
  /** How slopes are chosen when heads is not a power of two (all agree when it is), or the slopes themselves. Default 'press'. */
  readonly slopes?: 'press' | 'mpt' | 'geometric' | NumberList;
  /** Exponent of the smallest slope, 2^-alibiBiasMax. Default 8. */
  readonly alibiBiasMax?: number;
}

export const SLOPE_OPTIONS = ['heads', 'slopes', 'alibiBiasMax'] as const;
/** Heads, and heads of the output. */
export const MOST_HEADS = 65536;

/**
 * The slopes of ALiBi, each 2^(-exponent) rounded once to float32.
 * @param given the number of heads, and the order of slopes where it is no power of two
 * @returns float32 [heads]
 * @throws ERR_OPTION, ERR_SHAPE
 * @see Press et al., ALiBi, arXiv 2108.12409, section 3
 * @example
 * console.log(alibiSlopes({ heads: 4 }).data); // Float32Array(4) [ 0.25, 0.0625, 0.015625, 0.00390625 ]
 */
export function alibiSlopes(given: AlibiSlopeOptions & EngineOption): Tensor {
  const o = take('alibiSlopes', given, [...SLOPE_OPTIONS, 'engine']);
  const call = gate('alibiSlopes', o.engine);
  const slopes = slopesOf(call, o);
  const output = call.output('out', undefined, [slopes.length]);
  return call.run((engine) => {
    engine.f32.set(slopes, output.pointer >>> 2);
    return output.tensor;
  });
}

/** @internal @throws ERR_OPTION, ERR_SHAPE */
export function slopesOf(
  call: Call,
  o: AlibiSlopeOptions,
  heads = size('heads', o.heads, 1, MOST_HEADS),
): readonly number[] {
  if (o.slopes !== undefined && typeof o.slopes !== 'string') {
    return Array.from(call.numbers('slopes', o.slopes, heads).data, Math.fround);
  }
  const order = oneOf('slopes', o.slopes, ['press', 'mpt', 'geometric'], 'press');
  const largest = finite('alibiBiasMax', o.alibiBiasMax, { above: 0, max: 1024 }, 8);
  if (order === 'geometric') return powersOfHalf(largest, heads);
  // the smallest power of two that is at least heads
  const above = heads === 1 ? 1 : 1 << (32 - Math.clz32(heads - 1));
  const all = powersOfHalf(largest, above);
  if (above === heads) return all;
  // MPT states it as [1::2] then [0::2] of the next power of two, Press as the slopes of the power below, which are [1::2],
  // then [0::2]: the same numbers
  const slopes = new Array<number>(heads);
  const odd = above >>> 1;
  for (let h = 0; h < heads; h++) slopes[h] = all[h < odd ? 2 * h + 1 : 2 * (h - odd)];
  return slopes;
}

/**
 * 2^(-largest (h + 1) / n) for h = 0 .. n - 1, each rounded once. A power made of products in float64 is off by a known share,
 * so it nearly always tells the float32 number; where two are in reach the exact power decides.
 */
function powersOfHalf(largest: number, n: number): number[] {
  const powers = new Array<number>(n);
  // the estimate is off by 2^-49, its exponent by 2^-53 of at most 1024
  const base = largest / n < 1000 ? exp2Estimate(-largest / n) : 0;
  const share = 2 ** -48 + (largest / n) * 2 ** -52;
  let product = 1;
  for (let h = 0; h < n; h++) {
    product *= base;
    const error = product * (h + 1) * share;
    const below = Math.fround(product - error);
    powers[h] = below === Math.fround(product + error) ? below : exactPower(largest * (h + 1), n);
  }
  return powers;
}

/** 2^(-x / n) */
function exactPower(x: number, n: number): number {
  return ddToFloat32(exp(mul(LN2, divNumber(from(-x), n))));
}
