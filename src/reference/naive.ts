/** The plain relative bias: table[j - i + maxPosition - 1, h]. */
import { BIAS_OPTIONS, type BiasOptions, biasMatrix } from './bias.ts';
import { onlyKeys, type ReferenceTensor, type Shaped, shaped, tensor } from './result.ts';

export interface NaiveRelativeBiasOptions extends BiasOptions {
  /** 'qkh': heads last. Default 'hqk'. */
  readonly layout?: 'hqk' | 'qkh';
  /** [2 maxPosition - 1, heads]; needed for a plain array. */
  readonly shape?: readonly number[];
}

export function naiveRelativeBias(table: Float32Array | Shaped, options: NaiveRelativeBiasOptions): ReferenceTensor {
  onlyKeys('naiveRelativeBias', options, [...BIAS_OPTIONS, 'layout', 'shape']);
  const { data, shape } = shaped('table', table, options.shape);
  const [rows, heads] = shape;
  const bias = biasMatrix(options, heads, ({ head, i, j }) => {
    const row = j - i + (rows - 1) / 2;
    if (row < 0 || row >= rows) throw new RangeError(`table: ${rows} rows do not reach distance ${j - i}`);
    return data[row * heads + head];
  });
  return options.layout === 'qkh' ? headsLast(bias) : bias;
}

/** [..., heads, q, k] as [..., q, k, heads]. */
export function headsLast(bias: ReferenceTensor): ReferenceTensor {
  const batch = bias.shape.slice(0, -3);
  const [heads, q, k] = bias.shape.slice(-3);
  const last = tensor([...batch, q, k, heads]);
  for (let cell = 0; cell < bias.data.length; cell++) {
    const [b, rest] = [Math.floor(cell / (heads * q * k)), cell % (heads * q * k)];
    last.data[(b * q * k + (rest % (q * k))) * heads + Math.floor(rest / (q * k))] = bias.data[cell];
  }
  return last;
}
