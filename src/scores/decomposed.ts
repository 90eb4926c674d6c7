/**
 * Decomposed relative positions of two grids: SAM, ViTDet (Li et al., arXiv 2203.16527) and MViTv2 (Li et al., 2112.01526). For a
 * query (y, x) and a key (v, u)
 *   scores = scale q . k + q . Rh[index of y and v] + q . Rw[index of x and u],
 * the added terms with the query as it is, without the scale. Each query is multiplied with the rows of both tables once; the
 * products are then added row by row and column by column.
 */
import { size, take } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Call, gate, type Place } from '../runtime/gate.ts';
import type { Tensor } from '../runtime/tensor.ts';
import {
  expectShape,
  keysOf,
  queriesOf,
  SCORE_OPTIONS,
  type ScoreOptions,
  type Shaped,
  scaleOf,
  scores,
  shaped,
  source,
} from './content.ts';
import { type Frame, fromRow, type Source } from './relative.ts';

export interface DecomposedRelativeScoreOptions
  extends Pick<ScoreOptions, 'rows' | 'mask' | 'maskValue' | 'scale' | 'content' | 'addTo' | 'out' | 'engine'> {
  /** [height, width] of the grid of queries. */
  readonly querySize: readonly [number, number];
  /** The same of the keys. Default: querySize. */
  readonly keySize?: readonly [number, number];
  /** Tokens in front of both grids that have no position (MViTv2's class token: 1). Default 0. */
  readonly prefixTokens?: number;
}

const OPTIONS = [
  ...SCORE_OPTIONS.filter((key) => !['queryOffset', 'causal', 'window', 'cuSeqlens', 'cuSeqlensK'].includes(key)),
  'querySize',
  'keySize',
  'prefixTokens',
] as const;

/** Cells along an axis: its table and the products of one query with it fit the smallest arena. */
const MAX_SIDE = 2048;
/** Queries that are multiplied at a time. */
const OWN = 32;

/** One axis. An index is the whole part of query x queryStep - key x keyStep + origin, in float32. */
interface Axis {
  readonly queries: number;
  readonly keys: number;
  readonly queryStep: number;
  readonly keyStep: number;
  readonly origin: number;
  /** The table as given, and the rows it is resized to, which are all that the axis reads. */
  readonly table: Place;
  readonly rows: number;
  /** Memory for the resized table; undefined where the table has the rows already. */
  readonly resized: Place | undefined;
}

/**
 * Scores of the tokens of two grids, row-major. q [B, H, prefix + query cells, d], k [B, H, prefix + key cells, d]; relPosH
 * [rows, d] and relPosW [rows, d], shared by the heads, with 2 max(query side, key side) - 1 rows. Tables of other sizes are
 * resized to that linearly, as SAM and ViTDet do (MViTv2 has none). scale: default 1 / sqrt(d), on q . k alone.
 * float32 products summed in a fixed order: a cell is the same bit for bit whatever rows are asked for.
 * @param q [B, H, prefix + query cells, d]
 * @param k [B, H, prefix + key cells, d]
 * @param relPosH [rows, d]
 * @param relPosW [rows, d]
 * @param given the grids, prefix tokens, scale, rows
 * @returns float32 [B, H, queries, keys], or the rows asked for
 * @throws ERR_SHAPE, ERR_OPTION, ERR_OUT_OF_MEMORY
 * @see Li et al., ViTDet, arXiv 2203.16527; MViTv2, arXiv 2112.01526
 * @example
 * const q = Tensor.zeros([1, 2, 4, 8]);
 * const k = Tensor.zeros([1, 2, 4, 8]);
 * const table = Tensor.zeros([3, 8]);
 * console.log(decomposedRelativeScores(q, k, table, table, { querySize: [2, 2] }).shape); // [ 1, 2, 4, 4 ]
 */
export function decomposedRelativeScores(
  q: Shaped,
  k: Shaped,
  relPosH: Shaped,
  relPosW: Shaped,
  given: DecomposedRelativeScoreOptions,
): Tensor {
  const o = take('decomposedRelativeScores', given, OPTIONS);
  const call = gate('decomposedRelativeScores', o.engine);
  const queries = queriesOf(call, 'q', q);
  const { batch, heads, queryLength, dim } = queries;
  const keys = keysOf(call, 'k', k, queries);
  const keyLength = keys.shape[2];
  const prefix = size('prefixTokens', o.prefixTokens, 0, queryLength, 0);
  const querySize = gridOf(call, 'querySize', o.querySize, 'q', queryLength, prefix);
  const keySize =
    o.keySize === undefined && keyLength === queryLength
      ? querySize
      : gridOf(call, 'keySize', o.keySize ?? o.querySize, 'k', keyLength, prefix);
  const height = axisOf(call, 'relPosH', relPosH, querySize[0], keySize[0], dim);
  const width = axisOf(call, 'relPosW', relPosW, querySize[1], keySize[1], dim);
  const scale = scaleOf(o, dim);
  const sizes = { batch, heads, queryLength, keyLength, queryOffset: 0 };
  return scores(call, o, sizes, { q: queries.place, k: keys, dim, scale }, ({ frame, first }) => {
    resizeTable(frame.engine, height, dim);
    resizeTable(frame.engine, width, dim);
    addPositions(frame, fromRow(source(queries.place), first), first, prefix, height, width, dim);
  });
}

/** [height, width] of a grid behind `prefix` tokens. @throws ERR_SHAPE */
function gridOf(
  call: Call,
  option: string,
  given: unknown,
  name: string,
  length: number,
  prefix: number,
): readonly [number, number] {
  const { data } = call.numbers(option, given, 2);
  const height = size(`${option}[0]`, data[0], 1, MAX_SIDE);
  const width = size(`${option}[1]`, data[1], 1, MAX_SIDE);
  if (prefix + height * width === length) return [height, width];
  const words = prefix === 0 ? `${height} x ${width}` : `${prefix} + ${height} x ${width}`;
  throw new PosencError('ERR_SHAPE', `${option}: expected the ${length} tokens of ${name}, got ${words}`);
}

function axisOf(call: Call, option: string, given: Shaped, queries: number, keys: number, dim: number): Axis {
  const table = shaped(call, option, given);
  expectShape(option, table.shape, ['rows', dim]);
  if (table.shape[0] < 1) throw new PosencError('ERR_SHAPE', `${option}: expected at least one row, got 0`);
  const rows = 2 * Math.max(queries, keys) - 1;
  const keyStep = Math.max(queries / keys, 1);
  return {
    queries,
    keys,
    queryStep: Math.max(keys / queries, 1),
    keyStep,
    origin: (keys - 1) * keyStep,
    table,
    rows,
    resized: table.shape[0] === rows ? undefined : call.work(4 * rows * dim),
  };
}

/** Rows of a resized table that are made at a time. */
const PART = 512;

/**
 * Linear resizing with the rule of torch's interpolate(mode: 'linear', align_corners: false), in float32: row t lies at
 * (t + 1/2) n / rows - 1/2 of the n rows that are there.
 */
function resizeTable(engine: Engine, { table, rows, resized }: Axis, dim: number): void {
  if (resized === undefined) return;
  const n = table.shape[0];
  const step = Math.fround(n / rows);
  const taps = engine.scratch();
  const one = taps + 16 * PART;
  const line = one + 16;
  const bytes = 4 * dim;
  const { f32, i32, kernels } = engine;
  i32.set([0, 1], one >>> 2);
  f32[(one >>> 2) + 2] = 1;
  for (let from = 0; from < rows; from += PART) {
    const count = Math.min(PART, rows - from);
    for (let t = 0; t < count; t++) {
      const place = Math.fround(Math.fround(step * Math.fround(from + t + 0.5)) - 0.5);
      const at = Math.max(0, place);
      const low = Math.min(n - 1, Math.floor(at));
      const weight = low === n - 1 ? 0 : Math.fround(at - low);
      const word = (taps >>> 2) + 4 * t;
      i32[word] = low;
      i32[word + 1] = low === n - 1 ? 1 : 2;
      f32[word + 2] = Math.fround(1 - weight);
      f32[word + 3] = weight;
    }
    // biome-ignore format: grouped as the kernel declares it
    kernels.resizeGrid(
      resized.pointer + from * bytes, bytes, bytes, count, 1, table.pointer, bytes, bytes, 1, dim, taps, 2, one, 1, line);
  }
}

/** scores += the two terms, in the rows and columns behind the prefix. */
function addPositions(
  frame: Frame,
  x: Source,
  first: number,
  prefix: number,
  height: Axis,
  width: Axis,
  dim: number,
): void {
  const { engine, out, batch, heads, rows, pitch, matrix } = frame;
  const { kernels } = engine;
  const room = (engine.scratchBytes >>> 2) - width.keys;
  const own = Math.max(1, Math.min(OWN, Math.floor(room / (height.rows + width.rows))));
  const [strideH, strideW] = [4 * height.rows, 4 * width.rows];
  const temp = engine.scratch();
  const a = temp + 4 * width.keys;
  const b = a + own * strideH;
  const tableH = (height.resized ?? height.table).pointer;
  const tableW = (width.resized ?? width.table).pointer;
  const bytes = 4 * dim;
  const skip = Math.max(0, prefix - first);
  for (let m = 0; m < batch * heads; m++) {
    const query = x.pointer + Math.floor(m / heads) * x.batch + (m % heads) * x.head;
    for (let r = skip; r < rows; r += own) {
      const n = Math.min(own, rows - r);
      const at = query + r * x.row;
      kernels.productTransposed(a, at, tableH, n, height.rows, dim, x.row, bytes, strideH, 1);
      kernels.productTransposed(b, at, tableW, n, width.rows, dim, x.row, bytes, strideW, 1);
      // biome-ignore format: grouped as the kernel declares it
      kernels.decomposedAdd(
        out + m * matrix + 4 * (r * pitch + prefix), 4 * pitch, a, strideH, b, strideW, n, first + r - prefix, width.queries,
        height.keys, width.keys, height.queryStep, height.keyStep, height.origin, width.queryStep, width.keyStep,
        width.origin, temp);
    }
  }
}
