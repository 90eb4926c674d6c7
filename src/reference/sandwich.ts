/** Sandwich, Chi et al. 2023 (arXiv 2212.10356, appendix E), and the variant of NVIDIA NeMo. */
import { BIAS_OPTIONS, type BiasOptions, biasMatrix } from './bias.ts';
import { pow, sincos } from './math.ts';
import { integerAtLeast, onlyKeys, type ReferenceTensor } from './result.ts';

export interface SandwichOptions extends BiasOptions {
  readonly heads: number;
  /** Default 128. */
  readonly dim?: number;
  /** Default 10000. */
  readonly base?: number;
  /** Default 'paper'. */
  readonly form?: 'paper' | 'nemo' | 'nemo-causal';
}

/** sum_k cos((i - j) base^(-2k/dim)) / (8 (h + 1) / heads); NeMo: k from 1, less dim/2. */
export function sandwich(options: SandwichOptions): ReferenceTensor {
  onlyKeys('sandwich', options, [...BIAS_OPTIONS, 'heads', 'dim', 'base', 'form']);
  const { dim = 128, base = 10000, form = 'paper' } = options;
  const heads = integerAtLeast('heads', options.heads, 1);
  const first = form === 'paper' ? 0 : 1;
  const sums = new Map<number, number>();
  const sum = (distance: number): number => {
    const known = sums.get(distance);
    if (known !== undefined) return known;
    let total = 0;
    for (let k = first; k < first + dim / 2; k++) total += sincos(distance * pow(base, (-2 * k) / dim)).cos;
    sums.set(distance, total);
    return total;
  };
  return biasMatrix(options, heads, ({ head, i, j, row, column }) => {
    const distance = form === 'nemo-causal' && column > row ? 0 : Math.abs(i - j);
    return (sum(distance) - (form === 'paper' ? 0 : dim / 2)) / ((8 * (head + 1)) / heads);
  });
}
