/** A table over distances clipped at both ends (Phi-4-multimodal), with a last row for pairs of different groups (AlphaFold). */
import { BIAS_OPTIONS, type BiasOptions, biasMatrix } from './bias.ts';
import { headsLast } from './naive.ts';
import { onlyKeys, type ReferenceTensor, type Shaped, shaped } from './result.ts';

export interface ClippedRelativeBiasOptions extends BiasOptions {
  readonly direction?: 'key-query' | 'query-key';
  readonly centre?: number;
  readonly symmetric?: boolean;
  readonly queryGroups?: ArrayLike<number>;
  readonly keyGroups?: ArrayLike<number>;
  readonly layout?: 'hqk' | 'qkh';
  /** [rows, heads]; needed for a plain array. */
  readonly shape?: readonly number[];
}

const KEYS = ['direction', 'centre', 'symmetric', 'queryGroups', 'keyGroups', 'layout', 'shape'];

export function clippedRelativeBias(
  table: Float32Array | Shaped,
  options: ClippedRelativeBiasOptions,
): ReferenceTensor {
  onlyKeys('clippedRelativeBias', options, [...BIAS_OPTIONS, ...KEYS]);
  const { data, shape } = shaped('table', table, options.shape);
  const [rows, heads] = shape;
  const { queryGroups, keyGroups = queryGroups } = options;
  const near = queryGroups === undefined ? rows : rows - 1;
  const centre = options.centre ?? Math.floor(near / 2);
  const bias = biasMatrix(options, heads, ({ head, i, j, row, column }) => {
    const other = queryGroups !== undefined && queryGroups[row] !== keyGroups![column];
    const distance = options.direction === 'query-key' ? i - j : j - i;
    if (!other && options.symmetric && j - i <= -near) {
      throw new RangeError(`table: ${near} rows do not reach distance ${j - i}`);
    }
    const place = options.symmetric ? Math.abs(distance) : distance + centre;
    return data[(other ? rows - 1 : Math.min(near - 1, Math.max(0, place))) * heads + head];
  });
  return options.layout === 'qkh' ? headsLast(bias) : bias;
}
