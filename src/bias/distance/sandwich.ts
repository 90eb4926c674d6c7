/**
 * Sandwich: the inner product of two sinusoidal position vectors, divided by a number per head. Chi et al., arXiv 2212.10356,
 * appendix E; the variant of NVIDIA NeMo (`SandwichRelativePositionEmbedding`).
 */
import { type Ladder, ladder } from '../../phase/ladder.ts';
import { checkFrequencies, turns } from '../../phase/plan.ts';
import { finite, integer, oneOf, take } from '../../runtime/arguments.ts';
import { type Block, headCount } from '../../runtime/block.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import { gate } from '../../runtime/gate.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { encodingOf, type Filler, TOEPLITZ_OPTIONS, type ToeplitzOptions } from './encoding.ts';
import { toeplitz } from './toeplitz.ts';

export interface SandwichOptions extends ToeplitzOptions {
  /** Heads; each has its own slope. */
  readonly heads: number;
  /** Width of the position vectors, even; not the width of a head. Default 128. */
  readonly dim?: number;
  /** Default 10000. */
  readonly base?: number;
  /**
   * 'paper': sum over k = 0 .. dim/2 - 1. 'nemo': k = 1 .. dim/2, less dim/2, so that distance 0 gives 0. 'nemo-causal':
   * besides, every key column after the number of the query row (not its position) counts as distance 0. Default 'paper'.
   */
  readonly form?: 'paper' | 'nemo' | 'nemo-causal';
}

/** Frequencies share the arena with the diagonal. */
const MAX_DIM = 1024;
/** Distances summed at a time. */
const BLOCK = 512;

const OPTIONS = [...TOEPLITZ_OPTIONS, 'heads', 'dim', 'base', 'form'] as const;

/**
 * bias[h, i, j] = (sum_k cos((i - j) base^(-2k/dim)) - s) / (8 (h + 1) / heads), the sum in float64, rounded once.
 * @param given heads, `dim` of the sinusoids (default 128), the form, lengths or positions
 * @returns float32 [heads, queryLength, keyLength], or what `diagonal`, `rows`, batches, packed sequences and `addTo` make of
 * it
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Chi et al., Sandwich, arXiv 2212.10356
 * @example
 * console.log(sandwich({ heads: 2, queryLength: 1, keyLength: 2 }).shape); // [ 2, 1, 2 ]
 */
export function sandwich(given: SandwichOptions): Tensor {
  const o = take('sandwich', given, OPTIONS);
  const heads = headCount('heads', o.heads);
  const dim = integer('dim', o.dim, 2, MAX_DIM, 128);
  if (dim % 2 !== 0) throw new PosencError('ERR_OPTION', `dim: expected an even number, got ${dim}`);
  const base = finite('base', o.base, { above: 0 }, 10000);
  const form = oneOf('form', o.form, ['paper', 'nemo', 'nemo-causal'], 'paper');
  const skip = form === 'paper' ? 0 : 1;
  const frequencies = ladder({ base, count: dim / 2 + skip, denominator: dim / 2 });
  checkFrequencies(frequencies);
  const consecutiveOnly = form === 'nemo-causal';
  const call = gate('sandwich', o.engine);
  const bind = (engine: Engine, { queryOffset }: Block) => {
    // column > row of the whole matrix, as a distance
    const limit = consecutiveOnly ? -queryOffset : Number.POSITIVE_INFINITY;
    return sandwichFiller(engine, heads, frequencies, skip, limit);
  };
  return toeplitz(call, encodingOf(heads, bind, { consecutiveOnly }), o);
}

/** `skip`: frequencies at the front that are left out. */
function sandwichFiller(engine: Engine, heads: number, frequencies: Ladder, skip: number, limit: number): Filler {
  const count = frequencies.count - skip;
  const padded = (count + 1) & ~1;
  let [plan, divisors, sums] = [0, 0, 0];
  return {
    scratchBytes: 32 * padded + 8 * ((heads + 1) & ~1) + 8 * BLOCK + 32,
    directRows: 1,
    rows: undefined,
    diagonal: undefined,
    load(at) {
      plan = at;
      divisors = at + 32 * padded;
      sums = divisors + 8 * ((heads + 1) & ~1);
      const { f64, u64 } = engine;
      const { theta, whole, high, low } = turns(frequencies);
      f64.fill(0, at >>> 3, divisors >>> 3);
      f64.set(theta.subarray(skip), at >>> 3);
      for (const [column, words] of [whole, high, low].entries()) {
        u64.set(words.subarray(skip), (at >>> 3) + (column + 1) * padded);
      }
      for (let h = 0; h < heads; h++) f64[(divisors >>> 3) + h] = (8 * (h + 1)) / heads;
    },
    fill(to, distances) {
      const { kernels, coefficients } = engine;
      const subtract = skip ? count : 0;
      for (let t = 0; t < distances.count; t += BLOCK) {
        const n = Math.min(BLOCK, distances.count - t);
        const list = distances.list ? distances.list + 8 * t : 0;
        const temp = sums + 8 * BLOCK;
        // biome-ignore format: grouped as the kernel declares it
        kernels.cosineSums(
          sums, plan, padded, count, subtract, limit, distances.first + t, n, list, temp, coefficients);
        kernels.divideRows(to.pointer + 4 * t, to.stride, to.heads, sums, divisors + 8 * to.head, n);
      }
    },
  };
}
