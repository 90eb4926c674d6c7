/**
 * Golden-gate frequencies for rotary embeddings in several dimensions: one direction for every pair of every head, spread
 * evenly over the sphere by a low-discrepancy sequence, with magnitudes in geometric progression (Xiong, "On n-dimensional rotary
 * positional embeddings", jerryxio.ng/posts/nd-rope; Falcon-Perception). mixedAxialTable makes tables of them.
 *   n = 1 + head F + pair,   z_j = frac(n phi^-j),   v_j = erfinv(2 z_j - 1), normalized,   phi^(P+1) = phi + 1.
 */
import { div, from, pow } from '../phase/dd.ts';
import { finite, integer, size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { gate } from '../runtime/gate.ts';
import type { EngineOption, OutOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';

export interface GoldenGateOptions extends OutOption, EngineOption {
  /** Heads; each has directions of its own. */
  readonly heads: number;
  /** Pairs of a head: half its rotated channels. */
  readonly pairs: number;
  /** Coordinates of a token. Default 2. */
  readonly axes?: number;
  /** Length of the slowest pair's frequency, radians per unit, from 1e-30 to 1e30. Falcon-Perception: 1. */
  readonly minFrequency: number;
  /** Of the fastest, radians per unit. Falcon-Perception: 20. */
  readonly maxFrequency: number;
  /** Share of the pairs, the first ones, that are not rotated. Default 0. */
  readonly zeroFraction?: number;
}

/** What float32 holds; double-double arithmetic breaks down at ratios above 1e300. */
const FREQUENCIES = { min: 1e-30, max: 1e30 };

/** More directions than any model has: each costs some microseconds. */
const MAX_DIRECTIONS = 2 ** 18;

/**
 * The frequencies of every axis, head and pair, for mixedAxialTable.
 * Computed in float64, rounded once.
 * @param given axes, `heads`, `pairs`, the least and greatest frequency
 * @returns float32 [axes, heads, pairs], radians per unit of a coordinate
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Xiong, On n-dimensional rotary positional embeddings, jerryxio.ng/posts/nd-rope
 * @example
 * const frequencies = goldenGateFrequencies({ heads: 16, pairs: 32, minFrequency: 1, maxFrequency: 20 });
 */
export function goldenGateFrequencies(given: GoldenGateOptions): Tensor {
  const o = take('goldenGateFrequencies', given, [
    'heads',
    'pairs',
    'axes',
    'minFrequency',
    'maxFrequency',
    'zeroFraction',
    'out',
    'engine',
  ]);
  const heads = size('heads', o.heads, 1, MAX_DIRECTIONS);
  const pairs = size('pairs', o.pairs, 1, MAX_DIRECTIONS);
  const axes = integer('axes', o.axes, 1, 8, 2);
  size('heads * pairs', heads * pairs, 1, MAX_DIRECTIONS);
  const shortest = finite('minFrequency', o.minFrequency, FREQUENCIES);
  const longest = finite('maxFrequency', o.maxFrequency, FREQUENCIES);
  if (longest < shortest) {
    throw new PosencError('ERR_OPTION', `maxFrequency: ${longest} is below minFrequency ${shortest}`);
  }
  const zeros = roundHalfEven(finite('zeroFraction', o.zeroFraction, { min: 0, max: 1 }, 0) * pairs);
  const lengths = magnitudes(shortest, longest, pairs, zeros);
  const call = gate('goldenGateFrequencies', o.engine);
  const output = call.output('out', o.out, [axes, heads, pairs]);
  return call.run((engine) => {
    const view = engine.view('float32', output.pointer, output.length);
    const steps = stepsOf(axes);
    const direction = new Float64Array(axes);
    for (let n = 0; n < heads * pairs; n++) {
      let square = 0;
      for (let j = 0; j < axes; j++) {
        const place = (n + 1) * steps[j];
        direction[j] = inverseErf(2 * (place - Math.floor(place)) - 1);
        square += direction[j] * direction[j];
      }
      const length = lengths[n % pairs] / Math.sqrt(square);
      for (let j = 0; j < axes; j++) view[j * heads * pairs + n] = direction[j] * length;
    }
    return output.tensor;
  });
}

/** phi^-1 .. phi^-P: phi by ten steps from 2, as the published code stops there. */
function stepsOf(axes: number): number[] {
  let phi = 2;
  for (let i = 0; i < 10; i++) phi = pow(from(1 + phi), div(from(1), from(axes + 1))).hi;
  return Array.from({ length: axes }, (_, j) => pow(from(phi), from(-(j + 1))).hi);
}

function magnitudes(shortest: number, longest: number, pairs: number, zeros: number): Float64Array {
  const growth = div(from(longest), from(shortest));
  const last = pairs - zeros - 1;
  return Float64Array.from({ length: pairs }, (_, i) => {
    if (i < zeros) return 0;
    return last === 0 ? shortest : shortest * pow(growth, div(from(i - zeros), from(last))).hi;
  });
}

const INVERSE_SQRT_PI = 0.5641895835477563;

/**
 * The x with erf(x) = y, |y| < 1, by Newton's method from 0, which climbs to it: erf and its slope from their series at 0,
 * built from + - * / alone. Within 1e-12 for the |x| < 4 that float64 fractions lead to here.
 */
function inverseErf(y: number): number {
  const target = Math.abs(y);
  let x = 0;
  for (let i = 0; i < 64; i++) {
    const square = x * x;
    let [term, sum, slope] = [1, 0, 0];
    for (let n = 0; n < 120; n++) {
      slope += term;
      sum += term / (2 * n + 1);
      term *= -square / (n + 1);
      if (n > square && Math.abs(term) < 1e-18) break;
    }
    const step = (target - 2 * INVERSE_SQRT_PI * x * sum) / (2 * INVERSE_SQRT_PI * slope);
    x += step;
    if (!(step > 1e-15 * x)) break;
  }
  return y < 0 ? -x : x;
}

function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
