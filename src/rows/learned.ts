/**
 * Learned position tables: out[t] = table[id(t)] * factor. The encoding is the rule that makes the ids: consecutive (BERT,
 * GPT-2, ViT, ConvS2S), from masks or padded tokens (OPT, RoBERTa: positionIds), from the start of each sequence
 * (x-transformers), and DETR's two tables for columns and rows.
 */
import { boolean, finite, integer, oneOf, size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Call, type Floats, gate, type Place } from '../runtime/gate.ts';
import type { NumberList } from '../runtime/lists.ts';
import type { EngineOption, OutOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { consecutiveIds, forIdBlocks, outside, type RowIds, rowIds } from './ids.ts';

export interface LearnedPositionsOptions extends OutOption, EngineOption {
  /** Row of every token, any shape: a list, or what positionIds returns (OPT: masked -1, rowOffset 2; RoBERTa: inputIds). */
  readonly ids?: NumberList;
  /** Consecutive rows instead of `ids`. */
  readonly length?: number;
  /** First row: the length of the cache. With `length`. Default 0. */
  readonly offset?: number;
  /** First token of each sequence, [B]: rows max(t - sequenceStart, 0), t = offset ... (x-transformers). With `length`. */
  readonly sequenceStart?: NumberList;
  /** What an id beyond the table is: an error, or a zero row (tensor2tensor). Default 'error'. */
  readonly beyond?: 'error' | 'zero';
  /** Multiplied into every value; 'inverse-sqrt-dim': dim^-1/2 (x-transformers). Default 1. */
  readonly scale?: number | 'inverse-sqrt-dim';
  /** Rows divided by their length, then `scale` (x-transformers l2norm_embed). Default false. */
  readonly l2Normalize?: boolean;
  /** Shape of the table, [rows, dim]; needed for a plain Float32Array. */
  readonly shape?: readonly number[];
}

const OPTIONS = [
  'ids',
  'length',
  'offset',
  'sequenceStart',
  'beyond',
  'scale',
  'l2Normalize',
  'shape',
  'out',
  'engine',
] as const;

/** torch.nn.functional.normalize divides by at least this. */
const L2_EPSILON = 1e-12;

/**
 * Rows of a learned table.
 * Rows are copied; with a factor each number is rounded once.
 * @param table float32 [rows, dim]
 * @param given `ids`, or `length` and `offset`; what lies beyond the table; a factor
 * @returns float32 [...ids' shape, dim]; with `length` [length, dim], with `sequenceStart` [B, length, dim]
 * @throws ERR_POSITION for an id outside the table; ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Devlin et al., BERT, arXiv 1810.04805; Gehring et al., arXiv 1705.03122
 * @example
 * const table = Tensor.from([1, 2, 3, 4, 5, 6], [3, 2]);
 * console.log(learnedPositions(table, { ids: [2, 0] }).data); // Float32Array(4) [ 5, 6, 1, 2 ]
 */
export function learnedPositions(table: Floats, given: LearnedPositionsOptions): Tensor {
  const o = take('learnedPositions', given, OPTIONS);
  const beyond = oneOf('beyond', o.beyond, ['error', 'zero'], 'error');
  const l2 = boolean('l2Normalize', o.l2Normalize, false);
  const call = gate('learnedPositions', o.engine);
  const source = call.input('table', table, o.shape);
  const [rows, dim] = tableSizes(source);
  const scale =
    o.scale === 'inverse-sqrt-dim' ? 1 / Math.sqrt(dim) : finite('scale', o.scale as number | undefined, {}, 1);
  const { ids, shape } = idsOf(call, o, rows, beyond);
  const result = call.output('out', o.out, [...shape, dim]);
  return call.run((engine) => {
    const { kernels } = engine;
    forIdBlocks(engine, ids, (first, count, pointer) => {
      const to = result.pointer + 4 * dim * first;
      kernels.lookupRows(to, 4 * dim, source.pointer, rows, dim, pointer, count, l2 ? 1 : scale);
      if (l2) kernels.normalizeRows(to, count, dim, L2_EPSILON, scale);
    });
    return result.tensor;
  });
}

/** @internal [rows, dim], neither of them 0. */
export function tableSizes({ option, shape }: Place): readonly [number, number] {
  if (shape.length !== 2 || shape[0] < 1 || shape[1] < 1) {
    throw new PosencError('ERR_SHAPE', `${option}: expected [rows, dim], neither of them 0, got [${shape.join(', ')}]`);
  }
  return [shape[0], shape[1]];
}

function idsOf(call: Call, o: LearnedPositionsOptions, rows: number, beyond: 'error' | 'zero'): RowIds {
  if ((o.ids === undefined) === (o.length === undefined)) {
    throw new PosencError('ERR_OPTION', "learnedPositions: give either 'ids' or 'length'");
  }
  if (o.length === undefined) {
    if (o.offset !== undefined || o.sequenceStart !== undefined) {
      throw new PosencError('ERR_OPTION', 'offset: belongs to length, as sequenceStart does; ids say it all');
    }
    return rowIds(call, 'ids', o.ids, rows, beyond);
  }
  const length = size('length', o.length, 0);
  const offset = integer('offset', o.offset, 0, 2 ** 31 - 1, 0);
  if (o.sequenceStart === undefined) return consecutiveIds(length, offset, rows, beyond);
  const starts = call.integers('sequenceStart', o.sequenceStart, 0, 2 ** 31 - 1).data;
  const furthest = starts.reduce((most, start) => Math.max(most, offset + length - 1 - start), 0);
  if (length > 0 && furthest >= rows && beyond === 'error') throw outside('offset + length - 1', furthest, rows);
  size('sequenceStart', starts.length * length, 0, 2 ** 28);
  const ids = new Int32Array(starts.length * length);
  for (let b = 0; b < starts.length; b++) {
    for (let t = 0; t < length; t++) {
      const id = Math.max(offset + t - starts[b], 0);
      ids[b * length + t] = id < rows ? id : -1;
    }
  }
  return { ids, shape: [starts.length, length] };
}

export interface LearnedPositions2dOptions extends OutOption, EngineOption {
  /** Rows of the grid. */
  readonly height: number;
  /** Columns of the grid. */
  readonly width: number;
  /** Shape of the table of columns, [rows, dim]; needed for a plain Float32Array. */
  readonly columnShape?: readonly number[];
  /** Shape of the table of rows, likewise. */
  readonly rowShape?: readonly number[];
}

/**
 * DETR's learned table of an image: channels [columns[x] | rows[y]], channels first (PositionEmbeddingLearned).
 * Rows are copied.
 * @param columns float32 [most columns, dim]
 * @param rows float32 [most rows, dim]
 * @param given height and width of the image
 * @returns float32 [column dim + row dim, height, width]
 * @throws ERR_POSITION when the image is larger than the tables; ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Carion et al., DETR, arXiv 2005.12872; PositionEmbeddingLearned
 * @example
 * const table = Tensor.zeros([50, 4]);
 * console.log(learnedPositions2d(table, table, { height: 3, width: 5 }).shape); // [ 8, 3, 5 ]
 */
export function learnedPositions2d(columns: Floats, rows: Floats, given: LearnedPositions2dOptions): Tensor {
  const o = take('learnedPositions2d', given, ['height', 'width', 'columnShape', 'rowShape', 'out', 'engine']);
  const height = size('height', o.height, 0, 2 ** 24);
  const width = size('width', o.width, 0, 2 ** 24);
  const call = gate('learnedPositions2d', o.engine);
  const c = call.input('columns', columns, o.columnShape, 'float32', 'columnShape');
  const r = call.input('rows', rows, o.rowShape, 'float32', 'rowShape');
  const [columnRows, columnDim] = tableSizes(c);
  const [rowRows, rowDim] = tableSizes(r);
  if (width > columnRows || height > rowRows) {
    throw new PosencError(
      'ERR_POSITION',
      `learnedPositions2d: ${height} x ${width} cells, the tables have ${rowRows} rows and ${columnRows} columns`,
    );
  }
  const result = call.output('out', o.out, [columnDim + rowDim, height, width]);
  return call.run(({ kernels }) => {
    if (result.length === 0) return result.tensor;
    const plane = 4 * height * width;
    const line = 4 * width;
    kernels.transposeRows(result.pointer, plane, c.pointer, 4 * columnDim, width, columnDim, 1);
    for (let channel = 0; channel < columnDim; channel++) {
      const at = result.pointer + channel * plane;
      kernels.copyRows(at + line, line, at, 0, height - 1, width, height);
    }
    kernels.transposeRows(result.pointer + columnDim * plane, plane, r.pointer, 4 * rowDim, height, rowDim, width);
    return result.tensor;
  });
}
