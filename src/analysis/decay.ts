/**
 * Decay curves, for plots and teaching: how inner products fall with distance.
 *   sinusoidal: p_i . p_j = sum_k cos((i - j) theta_k), an even function of the distance (Vaswani et al., arXiv 1706.03762);
 *   rotary: Su's bound B(s) = 2/d sum_(j=1..d/2) |sum_(k<j) exp(i s theta_k)|, RoFormer (arXiv 2104.09864) section 3.4.3:
 *   a score at distance s is at most B(s) times the largest step between neighbouring pairs of q and k. theta_k = base^(-2k/d).
 */

import { ladder, MAX_COLUMNS } from '../phase/ladder.ts';
import { checkFrequencies } from '../phase/plan.ts';
import { rowsOf } from '../phase/positions.ts';
import { loadFrequencies } from '../phase/strided.ts';
import { finite, size, take } from '../runtime/arguments.ts';
import { MEAN_MODULUS, SUM_OF_COSINES } from '../runtime/codes.ts';
import { PosencError } from '../runtime/errors.ts';
import { gate } from '../runtime/gate.ts';
import type { NumberList } from '../runtime/lists.ts';
import type { EngineOption, OutOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';

export interface DecayOptions extends OutOption<'float64'>, EngineOption {
  /** Head or model width d; even. The usual plots take 128. */
  readonly dim: number;
  /** Default 10000. 1: every frequency is 1 and nothing decays. */
  readonly base?: number;
  /** Distances, of any sign. Or give `length`. */
  readonly distances?: NumberList;
  /** Number of distances, from 0. */
  readonly length?: number;
}

/**
 * The inner product of two sinusoidal rows at each distance.
 * Sums in float64.
 * @param given `dim` columns, `base`, and `length` or `distances`
 * @returns float64 [distances]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Vaswani et al., arXiv 1706.03762, section 3.5; Yan et al., TENER, arXiv 1911.04474
 * @example
 * console.log(sinusoidalGram({ dim: 8, distances: [0] }).data[0]); // 4
 */
export function sinusoidalGram(given: DecayOptions): Tensor<'float64'> {
  return sums('sinusoidalGram', given, SUM_OF_COSINES);
}

/**
 * Su's bound on the decay of rotary scores at each distance; (d/2 + 1) / 2 at distance 0.
 * Sums in float64.
 * @param given `dim` channels, `base`, and `length` or `distances`
 * @returns float64 [distances]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Su et al., RoFormer, arXiv 2104.09864, section 3.4.3
 * @example
 * console.log(ropeDecayBound({ dim: 128, base: 500000, length: 2 }).data); // Float64Array(2) [ 32.5, 31.646851731542515 ]
 */
export function ropeDecayBound(given: DecayOptions): Tensor<'float64'> {
  return sums('ropeDecayBound', given, MEAN_MODULUS);
}

/** Bytes kept for the kernel's own two lanes. */
const LANES = 64;

function sums(name: string, given: DecayOptions, mode: number): Tensor<'float64'> {
  const o = take(name, given, ['dim', 'base', 'distances', 'length', 'out', 'engine']);
  const dim = size('dim', o.dim, 2, MAX_COLUMNS);
  if (dim % 2 !== 0) throw new PosencError('ERR_OPTION', `dim: expected an even number, got ${dim}`);
  const base = finite('base', o.base, { above: 0 }, 10000);
  const call = gate(name, o.engine);
  const { rows, count } = rowsOf(call, { length: o.length, positions: o.distances });
  const frequencies = ladder({ base, count: dim / 2, denominator: dim / 2 });
  checkFrequencies(frequencies);
  const curve = call.output('out', o.out, [count], 'float64');
  const plan = 32 * (dim / 2 + 1);
  const block = Math.floor((call.engine.scratchBytes - LANES - plan) / 8);
  if (block < 1) {
    throw new PosencError('ERR_SHAPE', `dim: ${dim} does not fit the scratch arena; createEngine({ scratchBytes })`);
  }
  return call.run((engine) => {
    const scratch = engine.scratch();
    const padded = loadFrequencies(engine, scratch + LANES, frequencies, 0, dim / 2);
    const list = scratch + LANES + plan;
    for (let first = 0; first < count; first += block) {
      const n = Math.min(block, count - first);
      const view = engine.view('float64', list, n);
      if ('positions' in rows) view.set(rows.positions.subarray(first, first + n));
      else for (let i = 0; i < n; i++) view[i] = rows.start + first + i;
      // biome-ignore format: one call, grouped as the kernel declares it
      engine.kernels.phaseSums(
        scratch + LANES, padded, dim / 2, list, n, curve.pointer + 8 * first, mode, scratch, engine.coefficients,
      );
    }
    return curve.tensor as unknown as Tensor<'float64'>;
  });
}
