/** What the reference biases share: lengths, positions, rows and masks; every cell is computed by itself. */
import type { Positions } from '../runtime/lists.ts';
import { asNumbers, finiteNumber, integerAtLeast, output, type ReferenceTensor, type Shaped } from './result.ts';

export interface BiasOptions {
  readonly keyLength?: number;
  /** Default keyLength. */
  readonly queryLength?: number;
  /** Absolute position of the first query. Default keyLength - queryLength. */
  readonly queryOffset?: number;
  readonly queryPositions?: Positions;
  readonly keyPositions?: Positions;
  /** Valid queries and keys of each batch entry, and the padding in front of its keys: the result gets a leading [B]. */
  readonly queryLengths?: ArrayLike<number>;
  readonly keyLengths?: ArrayLike<number>;
  readonly keyLeftPad?: ArrayLike<number>;
  /** Only the rows [from, to) of the queries. */
  readonly rows?: readonly [number, number];
  /** Keys after the query get maskValue. Default false. */
  readonly causal?: boolean;
  /** [left, right]: only i - left <= j <= i + right stays; -1 is unlimited. */
  readonly window?: readonly [number, number];
  /** Default -Infinity. */
  readonly maskValue?: number;
  readonly out?: Float32Array | Shaped;
}

export const BIAS_OPTIONS = [
  'keyLength',
  'queryLength',
  'queryOffset',
  'queryPositions',
  'keyPositions',
  'queryLengths',
  'keyLengths',
  'keyLeftPad',
  'rows',
  'causal',
  'window',
  'maskValue',
  'out',
];

/** A cell: positions of query and key, and row and column of the matrix. */
export interface Cell {
  readonly head: number;
  readonly i: number;
  readonly j: number;
  readonly row: number;
  readonly column: number;
}

/** [heads, q, k], or [B, heads, q, k], of `value` in the cells that no mask takes. */
export function biasMatrix(options: BiasOptions, heads: number, value: (cell: Cell) => number): ReferenceTensor {
  const keys = options.keyPositions && asNumbers('keyPositions', options.keyPositions);
  const queries = options.queryPositions && asNumbers('queryPositions', options.queryPositions);
  const keyLength = integerAtLeast('keyLength', options.keyLength ?? keys?.length ?? options.queryLength, 0);
  const queryLength = integerAtLeast('queryLength', options.queryLength ?? queries?.length ?? keyLength, 0);
  const [from, to] = options.rows ?? [0, queryLength];
  const [left, right] = options.window ?? [-1, -1];
  const maskValue = options.maskValue ?? Number.NEGATIVE_INFINITY;
  const offset = finiteNumber('queryOffset', options.queryOffset ?? keyLength - queryLength);
  const perBatch = options.queryLengths ?? options.keyLengths ?? options.keyLeftPad;
  const batch = perBatch === undefined ? 1 : perBatch.length;
  const shape = [heads, to - from, keyLength];
  const result = output(perBatch === undefined ? shape : [batch, ...shape], options.out);
  let at = 0;
  for (let b = 0; b < batch; b++) {
    const pad = options.keyLeftPad?.[b] ?? 0;
    const validKeys = options.keyLengths?.[b] ?? keyLength - pad;
    const first = perBatch === undefined ? offset : validKeys - (options.queryLengths?.[b] ?? queryLength);
    for (let head = 0; head < heads; head++) {
      for (let row = from; row < to; row++) {
        for (let column = 0; column < keyLength; column++) {
          const i = queries?.[row] ?? first + row;
          const j = keys?.[column] ?? column - pad;
          const masked =
            column < pad ||
            (options.causal === true && j > i) ||
            (left >= 0 && j < i - left) ||
            (right >= 0 && j > i + right);
          result.data[at++] = masked ? maskValue : value({ head, i, j, row, column });
        }
      }
    }
  }
  return result;
}
