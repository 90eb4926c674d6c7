/**
 * TUPE: positions attend to each other through projections of their own, apart from content, plus T5's relative bias, with
 * the CLS token untied. Ke et al., arXiv 2006.15595; reset order and scale of guolinke/TUPE.
 */
import { type BucketRuns, bucketRuns, loadRuns } from '../phase/buckets.ts';
import { finite, integer, oneOf, size, take } from '../runtime/arguments.ts';
import { headCount, rowRange } from '../runtime/block.ts';
import { ADD, IDENTITY, JOIN_ADD, REPLACE } from '../runtime/codes.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Call, type Floats, gate, type Place } from '../runtime/gate.ts';
import type { EngineOption, OutOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';

/** A projection of positions, or its normalisation. */
export interface TupeProjection {
  /** [dim, dim] as PyTorch keeps it; of a normalisation [dim]. */
  readonly weight: Floats;
  /** [dim]. */
  readonly bias: Floats;
}

export interface TupeBucketOptions {
  /** Tokens, CLS first. */
  readonly length: number;
  /** Default 32. */
  readonly numBuckets?: number;
  /** Default 128. */
  readonly maxDistance?: number;
}

export interface TupeOptions extends TupeBucketOptions, OutOption, EngineOption {
  /** Heads. */
  readonly heads: number;
  /** Shape [at least length + 1, dim]: row 0 stands for CLS towards the others, token t is row t + 1. */
  readonly positions: Floats;
  /** Columns of `positions`; needed for a plain array. */
  readonly dim?: number;
  /** Layer normalisation of the positions: weight and bias [dim]. */
  readonly norm: TupeProjection;
  /** Projection of the positions to queries. */
  readonly query: TupeProjection;
  /** Projection of the positions to keys. */
  readonly key: TupeProjection;
  /** TUPE-R: [numBuckets + 1, heads], the last row for the others towards CLS. Without it TUPE-A. */
  readonly relativeTable?: Floats;
  /** 'absolute' or 'relative' alone. Default 'sum'. */
  readonly part?: 'sum' | 'absolute' | 'relative';
  /** Products are divided by sqrt(scaleFactor dim / heads). Default 2, as the content term then is too. */
  readonly scaleFactor?: number;
  /** Of the layer normalisation. Default 1e-5. */
  readonly eps?: number;
  /** Only the query rows [from, to). */
  readonly rows?: readonly [number, number];
}

const OPTIONS = [
  'length',
  'numBuckets',
  'maxDistance',
  'heads',
  'positions',
  'dim',
  'norm',
  'query',
  'key',
  'relativeTable',
  'part',
  'scaleFactor',
  'eps',
  'rows',
  'out',
  'engine',
] as const;
const MAX_DIM = 2048;

/**
 * The row of relativeTable for every pair: T5's bidirectional bucket, numBuckets towards CLS, numBuckets / 2 from it.
 * Integers.
 * @param given `length`, numBuckets, maxDistance
 * @returns int32 [length, length]
 * @throws ERR_OPTION, ERR_SHAPE
 * @see Ke et al., TUPE, arXiv 2006.15595; Raffel et al., T5, arXiv 1910.10683
 * @example
 * console.log(tupeBuckets({ length: 3 }).data); // Int32Array(9) [ 16, 16, 16, 32, 0, 17, 32, 1, 0 ]
 */
export function tupeBuckets(given: TupeBucketOptions & OutOption<'int32'> & EngineOption): Tensor<'int32'> {
  const o = take('tupeBuckets', given, ['length', 'numBuckets', 'maxDistance', 'out', 'engine']);
  const n = size('length', o.length, 0);
  const numBuckets = bucketCount(o.numBuckets);
  const runs = bucketRuns({ numBuckets, maxDistance: o.maxDistance, bidirectional: true });
  const call = gate('tupeBuckets', o.engine);
  const buckets = call.output('out', o.out, [n, n], 'int32');
  return call.run((engine) => {
    if (n > 0) {
      const { pointer } = buckets;
      addBuckets(engine, pointer, runs, { from: 0, to: n, length: n }, undefined);
      const words = engine.scratch();
      engine.i32.set([numBuckets / 2, numBuckets / 2, numBuckets], words >>> 2);
      engine.kernels.classRows(pointer, 0, 4 * n, words, words + 4, words + 8, 1, n - 1, 0, n, REPLACE);
    }
    return buckets.tensor as unknown as Tensor<'int32'>;
  });
}

/** From CLS half of the buckets is used, a number that T5 leaves free. */
function bucketCount(given: unknown): number {
  const count = integer('numBuckets', given, 4, 2048, 32);
  if (count % 2 === 0) return count;
  throw new PosencError('ERR_OPTION', `numBuckets: expected an even number, got ${count}`);
}

/**
 * The bias of every layer: P = norm(positions), P Wq (P Wk)^T / sqrt(scaleFactor headDim) between tokens; all pairs towards
 * CLS take the number of row 1 with itself, all pairs from CLS that of row 0; plus the relative bias.
 * float32 products summed in a fixed order: a cell is the same bit for bit whatever rows are asked for.
 * @param given length, heads, the table of positions, norm and projections, the relative table
 * @returns float32 [heads, length, length], or the rows asked for
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Ke et al., TUPE, arXiv 2006.15595
 * @example
 * const unit = { weight: Tensor.from([1, 0, 0, 1], [2, 2]), bias: Tensor.zeros([2]) };
 * const norm = { weight: Tensor.from([1, 1], [2]), bias: Tensor.zeros([2]) };
 * const positions = Tensor.from([1, 0, 0, 1, 1, 1, 0, 0], [4, 2]);
 * console.log(tupe({ length: 3, heads: 1, positions, norm, query: unit, key: unit }).shape); // [ 1, 3, 3 ]
 */
export function tupe(given: TupeOptions): Tensor {
  const o = take('tupe', given, OPTIONS);
  const length = size('length', o.length, 0, 2 ** 20);
  const heads = headCount('heads', o.heads);
  const call = gate('tupe', o.engine);
  const positions = call.flat('positions', o.positions);
  const dim = dimOf(positions, o.dim);
  if (dim % heads !== 0) throw new PosencError('ERR_SHAPE', `heads: ${heads} do not divide dim ${dim}`);
  const stored = positions.length / dim;
  if (stored < length + 1) {
    throw new PosencError(
      'ERR_SHAPE',
      `positions: ${length} tokens need ${length + 1} rows, row 0 being CLS towards the others, got ${stored}`,
    );
  }
  const part = oneOf('part', o.part, ['sum', 'absolute', 'relative'], 'sum');
  const numBuckets = bucketCount(o.numBuckets);
  const scale = 1 / Math.sqrt((finite('scaleFactor', o.scaleFactor, { above: 0 }, 2) * dim) / heads);
  const eps = finite('eps', o.eps, { min: 0 }, 1e-5);
  const norm = projection(call, 'norm', o.norm, dim, dim);
  const query = projection(call, 'query', o.query, dim * dim, dim);
  const key = projection(call, 'key', o.key, dim * dim, dim);
  const table = o.relativeTable === undefined ? undefined : call.flat('relativeTable', o.relativeTable);
  if (table !== undefined && table.length !== (numBuckets + 1) * heads) {
    throw new PosencError(
      'ERR_SHAPE',
      `relativeTable: expected [${numBuckets + 1}, ${heads}], got ${table.length} numbers`,
    );
  }
  if (table === undefined && part === 'relative') {
    throw new PosencError('ERR_OPTION', "part: 'relative' needs relativeTable");
  }
  const relative = part === 'absolute' ? undefined : table;
  const runs = bucketRuns({ numBuckets, maxDistance: o.maxDistance, bidirectional: true });
  const [from, to] = rowRange(call, o.rows, length);
  const bias = call.output('out', o.out, [heads, to - from, length]);
  return call.run((engine) => {
    const p = { positions, norm, query, key, dim, heads, scale, eps, length, from, to };
    if (bias.length === 0) return bias.tensor;
    if (part === 'relative') engine.kernels.fillRows(bias.pointer, 0, 1, bias.length, 0);
    else writeProducts(engine, bias.pointer, p);
    if (relative !== undefined) addBuckets(engine, bias.pointer, runs, p, { pointer: relative.pointer, heads });
    writeClass(engine, bias.pointer, p, part !== 'relative', relative, numBuckets);
    return bias.tensor;
  });
}

/** The columns of `positions`. */
function dimOf(positions: Place, given: unknown): number {
  const { shape, length } = positions;
  if (given === undefined) {
    if (shape.length === 2) return size('positions', shape[1], 1, MAX_DIM);
    throw new PosencError(
      'ERR_SHAPE',
      shape.length === 1
        ? 'dim: a plain Float32Array of positions needs it'
        : `positions: expected [rows, dim], got [${shape.join(', ')}]`,
    );
  }
  const dim = size('dim', given, 1, MAX_DIM);
  if (length % dim === 0) return dim;
  throw new PosencError('ERR_SHAPE', `dim: ${dim} does not divide the ${length} numbers of positions`);
}

interface Projection {
  readonly weight: Place;
  readonly bias: Place;
}

function projection(call: Call, name: string, given: unknown, weights: number, biases: number): Projection {
  const { weight, bias } = take<TupeProjection>(name, given as TupeProjection, ['weight', 'bias']);
  const check = (option: string, array: unknown, expected: number) => {
    const place = call.flat(option, array);
    if (place.length === expected) return place;
    throw new PosencError('ERR_SHAPE', `${option}: expected ${expected} numbers, got ${place.length}`);
  };
  return { weight: check(`${name}.weight`, weight, weights), bias: check(`${name}.bias`, bias, biases) };
}

/** Rows [from, to) of all pairs of tokens. */
interface Rows {
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** Rows of a diagonal that are expanded at a time. */
const TALL = 256;

/** T5's buckets of every pair: their numbers in a table [buckets, heads] are added, or without one they are written. */
function addBuckets(
  engine: Engine,
  out: number,
  runs: BucketRuns,
  { from, to, length }: Rows,
  table: { readonly pointer: number; readonly heads: number } | undefined,
): void {
  const { kernels } = engine;
  const n = runs.length;
  const starts = engine.scratch();
  loadRuns(engine.i32, starts >>> 2, runs);
  const diagonal = starts + Math.ceil((8 * n) / 16) * 16;
  const room = (starts + engine.scratchBytes - diagonal) >>> 2;
  const height = Math.min(to - from, TALL);
  const breadth = Math.min(length, room - height + 1);
  const stride = 4 * (table?.heads ?? 0);
  const rowStride = 4 * length;
  const mode = table === undefined ? REPLACE : ADD;
  for (let h = 0; h < (table?.heads ?? 1); h++) {
    const entry = table === undefined ? 0 : table.pointer + 4 * h;
    for (let row = from; row < to; row += height) {
      const tall = Math.min(height, to - row);
      for (let column = 0; column < length; column += breadth) {
        const wide = Math.min(breadth, length - column);
        const first = column - (row + tall - 1);
        // biome-ignore format: grouped as the kernel declares it
        kernels.bucketRows(
          diagonal, 0, 1, starts, starts + 4 * n, n, entry, stride, 1, first, tall + wide - 1, 0);
        const at = out + (h * (to - from) + row - from) * rowStride + 4 * column;
        kernels.expandRows(at, 0, rowStride, diagonal + 4 * (tall - 1), 0, 1, 4, tall, wide, mode);
      }
    }
  }
}

interface Parameters extends Rows {
  readonly positions: Place;
  readonly norm: Projection;
  readonly query: Projection;
  readonly key: Projection;
  readonly dim: number;
  readonly heads: number;
  readonly scale: number;
  readonly eps: number;
}

/** Table rows [row, row + n) normalised, in `normal`, then projected, in `to`. */
function project(
  engine: Engine,
  { positions, norm, dim, eps }: Parameters,
  row: number,
  n: number,
  normal: number,
  to: number,
  { weight, bias }: Projection,
): void {
  const bytes = 4 * dim;
  const { kernels, coefficients } = engine;
  kernels.layerNormRows(normal, positions.pointer + row * bytes, norm.weight.pointer, norm.bias.pointer, n, dim, eps);
  kernels.linear(to, normal, weight.pointer, bias.pointer, n, dim, dim, bytes, bytes, IDENTITY, coefficients);
}

/** Rows [from, to) of every pair of tokens: as many queries as the arena holds against all keys, a few at a time. */
function writeProducts(engine: Engine, out: number, p: Parameters): void {
  const { from, to } = p;
  const bytes = 4 * p.dim;
  const rows = Math.floor(engine.scratchBytes / bytes);
  const few = Math.min(16, Math.max(1, rows >>> 3));
  const many = rows - 2 * few;
  const normal = engine.scratch();
  const keys = normal + few * bytes;
  const queries = keys + few * bytes;
  const rowStride = 4 * p.length;
  const headStride = rowStride * (to - from);
  const width = p.dim / p.heads;
  for (let row = from; row < to; row += many) {
    const height = Math.min(many, to - row);
    for (let r = 0; r < height; r += few) {
      project(engine, p, row + r + 1, Math.min(few, height - r), normal, queries + r * bytes, p.query);
    }
    for (let column = 0; column < p.length; column += few) {
      const n = Math.min(few, p.length - column);
      project(engine, p, column + 1, n, normal, keys, p.key);
      for (let h = 0; h < p.heads; h++) {
        const at = out + h * headStride + (row - from) * rowStride + 4 * column;
        const [a, b] = [queries + 4 * h * width, keys + 4 * h * width];
        engine.kernels.productTransposed(at, a, b, height, n, width, bytes, bytes, rowStride, p.scale);
      }
    }
  }
}

/** The row and the column of CLS: one number a head each, written over whatever is there. */
function writeClass(
  engine: Engine,
  out: number,
  p: Parameters,
  absolute: boolean,
  relative: Place | undefined,
  numBuckets: number,
): void {
  const { kernels } = engine;
  const { from, to } = p;
  const bytes = 4 * p.dim;
  const fromClass = engine.scratch();
  const towards = fromClass + 4 * p.heads;
  const normal = Math.ceil((towards + 4 * p.heads) / 16) * 16;
  const [query, key] = [normal + bytes, normal + 2 * bytes];
  const width = p.dim / p.heads;
  for (const [row, place] of [
    [0, fromClass],
    [1, towards],
  ]) {
    kernels.fillRows(place, 0, 1, p.heads, 0);
    if (absolute) {
      project(engine, p, row, 1, normal, query, p.query);
      project(engine, p, row, 1, normal, key, p.key);
      for (let h = 0; h < p.heads; h++) {
        const [a, b] = [query + 4 * h * width, key + 4 * h * width];
        kernels.productTransposed(place + 4 * h, a, b, 1, 1, width, bytes, bytes, 4, p.scale);
      }
    }
    if (relative) {
      const entry = relative.pointer + 4 * p.heads * (row === 0 ? numBuckets / 2 : numBuckets);
      kernels.joinRows(place, place, entry, 1, p.heads, 1, JOIN_ADD);
    }
  }
  const rowStride = 4 * p.length;
  const [rows, headStride] = [to - from, rowStride * (to - from)];
  // biome-ignore format: grouped as the kernel declares it
  kernels.classRows(
    out, headStride, rowStride, fromClass, fromClass, towards, p.heads, p.length - 1, from, rows, REPLACE);
}
