/**
 * Learned position tables: out[t] = table[id(t)] * factor. The encoding is the rule that makes the ids: consecutive (BERT,
 * GPT-2, ViT, ConvS2S), from masks or padded tokens (OPT, RoBERTa: positionIds), from the start of each sequence
 * (x-transformers), and DETR's two tables for columns and rows.
 */
import { boolean, finite, integer, oneOf, options, size } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { checkOut, checkOverlap, chooseEngine, operand, output, shapeOf } from '../runtime/operands.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { forIdBlocks, type RowIds, rowIds } from './ids.ts';

export interface LearnedPositionsOptions {
  /** Row of every token, any shape: a list, or what positionIds returns (OPT: masked -1, rowOffset 2; RoBERTa: inputIds). */
  readonly ids?: RowIds;
  /** Consecutive rows instead of `ids`. */
  readonly length?: number;
  /** First row: the length of the cache. With `length`. Default 0. */
  readonly offset?: number;
  /** First token of each sequence, [B]: rows max(t - sequenceStart, 0), t = offset ... (x-transformers). With `length`. */
  readonly sequenceStart?: ArrayLike<number>;
  /** What an id beyond the table is: an error, or a zero row (tensor2tensor). Default 'error'. */
  readonly beyond?: 'error' | 'zero';
  /** Multiplied into every value; 'inverse-sqrt-dim': dim^-1/2 (x-transformers). Default 1. */
  readonly scale?: number | 'inverse-sqrt-dim';
  /** Rows divided by their length, then `scale` (x-transformers l2norm_embed). Default false. */
  readonly l2Normalize?: boolean;
  /** Shape of the table, [rows, dim]; needed for a plain Float32Array. */
  readonly shape?: readonly number[];
  readonly out?: Tensor | Float32Array;
  readonly engine?: Engine;
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
 * @returns float32 [...ids' shape, dim]; with `length` [length, dim], with `sequenceStart` [B, length, dim]
 * @throws ERR_POSITION for an id outside the table; ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function learnedPositions(table: Tensor | Float32Array, given: LearnedPositionsOptions): Tensor {
  const o = options('learnedPositions', given, OPTIONS);
  const beyond = oneOf('beyond', o.beyond, ['error', 'zero'], 'error');
  const l2 = boolean('l2Normalize', o.l2Normalize, false);
  const engine = chooseEngine(o.engine, table, o.out);
  const shape = tableShape('table', table, o.shape);
  const [rows, dim] = shape;
  const scale =
    o.scale === 'inverse-sqrt-dim' ? 1 / Math.sqrt(dim) : finite('scale', o.scale as number | undefined, {}, 1);
  const { ids, shape: idShape } = rowIds(engine, 'ids', source(o), rows, beyond);
  const outShape = [...idShape, dim];
  checkOut(engine, o.out, outShape);
  checkOverlap('table', 'out', table, o.out, false);
  const result = output(engine, o.out, outShape);
  if (result.length === 0) return result;
  const staged = operand('table', engine, table);
  try {
    const { kernels } = engine;
    forIdBlocks(engine, ids, (first, count, pointer) => {
      const to = result.byteOffset + 4 * dim * first;
      kernels.lookupRows(to, 4 * dim, staged.pointer, rows, dim, pointer, count, l2 ? 1 : scale);
      if (l2) kernels.normalizeRows(to, count, dim, L2_EPSILON, scale);
    });
  } finally {
    staged.finish();
  }
  return result;
}

/** @internal [rows, dim], neither of them 0. */
export function tableShape(
  option: string,
  table: Tensor | Float32Array,
  shape: readonly number[] | undefined,
): readonly [number, number] {
  const sizes = shapeOf(option, table, shape);
  if (sizes.length !== 2 || sizes[0] < 1 || sizes[1] < 1) {
    throw new PosencError('ERR_SHAPE', `${option}: expected [rows, dim], neither of them 0, got [${sizes.join(', ')}]`);
  }
  return [sizes[0], sizes[1]];
}

function source(o: LearnedPositionsOptions): RowIds {
  if ((o.ids === undefined) === (o.length === undefined)) {
    throw new PosencError('ERR_OPTION', "learnedPositions: give either 'ids' or 'length'");
  }
  if (o.length === undefined) {
    if (o.offset !== undefined || o.sequenceStart !== undefined) {
      throw new PosencError('ERR_OPTION', 'offset: belongs to length, as sequenceStart does; ids say it all');
    }
    return o.ids as RowIds;
  }
  const length = size('length', o.length, 0);
  const offset = integer('offset', o.offset, 0, 2 ** 31 - 1, 0);
  if (o.sequenceStart === undefined) return Int32Array.from({ length }, (_, t) => offset + t);
  const starts = o.sequenceStart;
  if (starts === null || typeof starts !== 'object' || typeof starts.length !== 'number') {
    throw new PosencError('ERR_OPTION', `sequenceStart: expected one number a sequence, got ${show(starts)}`);
  }
  const data = new Int32Array(starts.length * length);
  for (let b = 0; b < starts.length; b++) {
    const start = integer(`sequenceStart[${b}]`, starts[b], 0, 2 ** 31 - 1);
    for (let t = 0; t < length; t++) data[b * length + t] = Math.max(offset + t - start, 0);
  }
  return { data, shape: [starts.length, length] };
}

export interface LearnedPositions2dOptions {
  readonly height: number;
  readonly width: number;
  /** Shape of both tables, [rows, dim]; needed for plain Float32Arrays. */
  readonly columnShape?: readonly number[];
  readonly rowShape?: readonly number[];
  readonly out?: Tensor | Float32Array;
  readonly engine?: Engine;
}

/**
 * DETR's learned table of an image: channels [columns[x] | rows[y]], channels first (PositionEmbeddingLearned).
 * @returns float32 [column dim + row dim, height, width]
 * @throws ERR_POSITION when the image is larger than the tables; ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function learnedPositions2d(
  columns: Tensor | Float32Array,
  rows: Tensor | Float32Array,
  given: LearnedPositions2dOptions,
): Tensor {
  const o = options('learnedPositions2d', given, ['height', 'width', 'columnShape', 'rowShape', 'out', 'engine']);
  const height = size('height', o.height, 0, 2 ** 24);
  const width = size('width', o.width, 0, 2 ** 24);
  const engine = chooseEngine(o.engine, columns, rows, o.out);
  const [columnRows, columnDim] = tableShape('columns', columns, o.columnShape);
  const [rowRows, rowDim] = tableShape('rows', rows, o.rowShape);
  if (width > columnRows || height > rowRows) {
    throw new PosencError(
      'ERR_POSITION',
      `learnedPositions2d: ${height} x ${width} cells, the tables have ${rowRows} rows and ${columnRows} columns`,
    );
  }
  const shape = [columnDim + rowDim, height, width];
  checkOut(engine, o.out, shape);
  checkOverlap('columns', 'out', columns, o.out, false);
  checkOverlap('rows', 'out', rows, o.out, false);
  const result = output(engine, o.out, shape);
  if (result.length === 0) return result;
  const c = operand('columns', engine, columns);
  try {
    const r = operand('rows', engine, rows);
    try {
      const { kernels } = engine;
      const plane = 4 * height * width;
      const line = 4 * width;
      kernels.transposeRows(result.byteOffset, plane, c.pointer, 4 * columnDim, width, columnDim, 1);
      for (let channel = 0; channel < columnDim; channel++) {
        const at = result.byteOffset + channel * plane;
        kernels.copyRows(at + line, line, at, 0, height - 1, width, height);
      }
      kernels.transposeRows(result.byteOffset + columnDim * plane, plane, r.pointer, 4 * rowDim, height, rowDim, width);
    } finally {
      r.finish();
    }
  } finally {
    c.finish();
  }
  return result;
}
