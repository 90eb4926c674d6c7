/** FIRE, Li et al. 2024 (arXiv 2310.04418): a network of the normalised logarithmic distance. */
import { BIAS_OPTIONS, type BiasOptions, biasMatrix } from './bias.ts';
import { log } from './math.ts';
import { type Layer, network, outputsOf } from './mlp.ts';
import { onlyKeys, type ReferenceTensor } from './result.ts';

export interface FireOptions extends BiasOptions {
  readonly layers: readonly Layer[];
  /** Default 0.1. */
  readonly c?: number;
  /** Default 512. */
  readonly initL?: number;
  /** Default 1. */
  readonly lMultiplier?: number;
  /** Default 1e-6. */
  readonly eps?: number;
}

export function fire(options: FireOptions): ReferenceTensor {
  onlyKeys('fire', options, [...BIAS_OPTIONS, 'layers', 'c', 'initL', 'lMultiplier', 'eps']);
  const { layers, initL = 512, lMultiplier = 1, eps = 1e-6 } = options;
  const c = Math.fround(options.c ?? 0.1);
  const threshold = Math.abs(Math.fround(Math.fround(lMultiplier) * Math.fround(initL)));
  const memo = new Map<string, number[]>();
  return biasMatrix(options, outputsOf(layers, 1), ({ head, i, j }) => {
    const key = `${i} ${j}`;
    let values = memo.get(key);
    if (values === undefined) {
      const x = log(Math.abs(c * (i - j)) + 1) / (log(Math.abs(c * Math.max(i, threshold)) + 1) + eps);
      values = network(layers, [x], 'relu');
      memo.set(key, values);
    }
    return values[head];
  });
}
