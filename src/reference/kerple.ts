/** KERPLE, Chi et al. 2022 (arXiv 2205.09921): logarithmic and power kernels of the distance, parameters clamped per head. */
import { BIAS_OPTIONS, type BiasOptions, biasMatrix } from './bias.ts';
import { exp, log, pow } from './math.ts';
import { onlyKeys, type ReferenceTensor } from './result.ts';

export interface KerpleOptions extends BiasOptions {
  /** Default 'log'. */
  readonly kind?: 'log' | 'power';
  readonly p?: ArrayLike<number>;
  readonly a?: ArrayLike<number>;
  readonly weightP?: ArrayLike<number>;
  readonly weightA?: ArrayLike<number>;
  /** Default 'bias'. */
  readonly part?: 'bias' | 'weight';
  /** Default 0.01. */
  readonly eps?: number;
}

/** log -p ln(1 + a D), power -a D^p, weight exp(-weightA D^weightP); D = max(i - j, 0). */
export function kerple(options: KerpleOptions): ReferenceTensor {
  onlyKeys('kerple', options, [...BIAS_OPTIONS, 'kind', 'p', 'a', 'weightP', 'weightA', 'part', 'eps']);
  const { kind = 'log', part = 'bias', eps = 0.01 } = options;
  const [p, a] = part === 'bias' ? [options.p, options.a] : [options.weightP, options.weightA];
  const least = Math.fround(eps);
  const most = kind === 'log' ? Number.POSITIVE_INFINITY : 2;
  return biasMatrix(options, (p ?? a)!.length, ({ head, i, j }) => {
    const distance = Math.max(i - j, 0);
    const ph = p === undefined ? 1 : Math.min(Math.max(Math.fround(p[head]), least), most);
    const ah = a === undefined ? 1 : Math.max(Math.fround(a[head]), least);
    if (kind === 'log') return 0 - ph * log(1 + ah * distance);
    const power = ah * pow(distance, ph);
    return part === 'weight' ? exp(-power) : 0 - power;
  });
}
