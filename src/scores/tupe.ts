/**
 * TUPE: positions attend to each other through projections of their own, apart from content, plus T5's relative bias, with
 * the CLS token untied. Ke et al., arXiv 2006.15595; reset order and scale of guolinke/TUPE.
 */

import { t5Bias, t5Buckets } from '../bias/distance/t5.ts';
import { headCount } from '../bias/distance/toeplitz.ts';
import { finite, integer, oneOf, options, size } from '../runtime/arguments.ts';
import { IDENTITY, JOIN_ADD, REPLACE } from '../runtime/codes.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import { numbers } from '../runtime/lists.ts';
import {
  checkOut,
  checkOverlap,
  engineOf,
  lengthOf,
  type Operand,
  operand,
  output,
  shapeOf,
} from '../runtime/operands.ts';
import { Tensor } from '../runtime/tensor.ts';

type Array = Tensor | Float32Array;

/** A projection of positions: weight [dim, dim] as PyTorch keeps it, bias [dim]. */
export interface TupeProjection {
  readonly weight: Array;
  readonly bias: Array;
}

export interface TupeBucketOptions {
  /** Tokens, CLS first. */
  readonly length: number;
  /** Default 32. */
  readonly numBuckets?: number;
  /** Default 128. */
  readonly maxDistance?: number;
}

export interface TupeOptions extends TupeBucketOptions {
  readonly heads: number;
  /** [at least length + 1, dim]: row 0 stands for CLS towards the others, token t is row t + 1. */
  readonly positions: Array;
  /** Columns of `positions`; needed for a plain array. */
  readonly dim?: number;
  /** Layer normalisation of the positions: weight and bias [dim]. */
  readonly norm: TupeProjection;
  readonly query: TupeProjection;
  readonly key: TupeProjection;
  /** TUPE-R: [numBuckets + 1, heads], the last row for the others towards CLS. Without it TUPE-A. */
  readonly relativeTable?: Array;
  /** 'absolute' or 'relative' alone. Default 'sum'. */
  readonly part?: 'sum' | 'absolute' | 'relative';
  /** Products are divided by sqrt(scaleFactor dim / heads). Default 2, as the content term then is too. */
  readonly scaleFactor?: number;
  /** Of the layer normalisation. Default 1e-5. */
  readonly eps?: number;
  /** Only the query rows [from, to). */
  readonly rows?: readonly [number, number];
  readonly out?: Array;
  readonly engine?: Engine;
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
 * @returns int32 [length, length]
 * @throws ERR_OPTION, ERR_SHAPE
 */
export function tupeBuckets(
  given: TupeBucketOptions & { readonly out?: Tensor<'int32'>; readonly engine?: Engine },
): Tensor<'int32'> {
  const { length, ...o } = options('tupeBuckets', given, ['length', 'numBuckets', 'maxDistance', 'out', 'engine']);
  const n = size('length', length, 0);
  const numBuckets = bucketCount(o.numBuckets);
  const buckets = t5Buckets({ ...o, keyLength: n, queryOffset: 0 });
  const { engine } = buckets;
  const words = engine.scratch();
  engine.i32.set([numBuckets / 2, numBuckets / 2, numBuckets], words >>> 2);
  if (n > 0) {
    // biome-ignore format: grouped as the kernel declares it
    engine.kernels.classRows(buckets.byteOffset, 0, 4 * n, words, words + 4, words + 8, 1, n - 1, 0, n, REPLACE);
  }
  return buckets;
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
 * @returns float32 [heads, length, length], or the rows asked for
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function tupe(given: TupeOptions): Tensor {
  const o = options('tupe', given, OPTIONS);
  const length = size('length', o.length, 0, 2 ** 20);
  const heads = headCount('heads', o.heads);
  const dim = dimOf(o.positions, o.dim);
  if (dim % heads !== 0) throw new PosencError('ERR_SHAPE', `heads: ${heads} do not divide dim ${dim}`);
  const stored = lengthOf('positions', o.positions) / dim;
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
  const tables: [string, Array][] = [['positions', o.positions]];
  for (const name of ['norm', 'query', 'key'] as const) {
    const { weight, bias } = options(name, o[name], ['weight', 'bias']);
    tables.push([`${name}.weight`, weight], [`${name}.bias`, bias]);
    const sizes = [name === 'norm' ? dim : dim * dim, dim];
    for (const [i, [option, array]] of tables.slice(-2).entries()) {
      const got = lengthOf(option, array);
      if (got !== sizes[i]) throw new PosencError('ERR_SHAPE', `${option}: expected ${sizes[i]} numbers, got ${got}`);
    }
  }
  if (o.relativeTable !== undefined) {
    tables.push(['relativeTable', o.relativeTable]);
    const got = lengthOf('relativeTable', o.relativeTable);
    if (got !== (numBuckets + 1) * heads) {
      throw new PosencError('ERR_SHAPE', `relativeTable: expected [${numBuckets + 1}, ${heads}], got ${got} numbers`);
    }
  } else if (part === 'relative') throw new PosencError('ERR_OPTION', "part: 'relative' needs relativeTable");
  const relative = o.relativeTable !== undefined && part !== 'absolute';
  // rejects what T5 rejects before anything is written
  if (relative) t5Buckets({ numBuckets, maxDistance: o.maxDistance, keyLength: 0, engine: o.engine });
  const [from, to] = rowRange(o.rows, length);
  const engine = engineOf(o.engine, [...tables.map(([, table]) => table), o.out]);
  const shape = [heads, to - from, length];
  checkOut(engine, o.out, shape);
  for (const [name, table] of tables) checkOverlap(name, 'out', table, o.out, false);
  const bias = output(engine, o.out, shape);
  if (bias.length === 0) return bias;
  const staged: Operand[] = [];
  try {
    for (const [name, table] of tables) staged.push(operand(name, engine, table));
    const [positions, normWeight, normBias, qw, qb, kw, kb, table] = staged.map(({ pointer }) => pointer);
    const p = { positions, normWeight, normBias, qw, qb, kw, kb, dim, heads, scale, eps, length };
    if (part === 'relative') engine.kernels.fillRows(bias.byteOffset, 0, 1, bias.length, 0);
    else writeProducts(engine, bias.byteOffset, p, from, to);
    if (relative) {
      const rows = new Tensor(engine, [numBuckets, heads], 'float32', table);
      const lengths = { queryLength: length, keyLength: length, rows: [from, to] } as const;
      t5Bias(rows, { numBuckets, maxDistance: o.maxDistance, ...lengths, addTo: bias });
    }
    writeClass(engine, bias.byteOffset, p, from, to, part !== 'relative', relative ? [table, numBuckets] : undefined);
  } finally {
    for (const table of staged) table.finish();
  }
  return bias;
}

function dimOf(positions: Array, given: unknown): number {
  if (given === undefined && positions instanceof Float32Array) {
    throw new PosencError('ERR_SHAPE', 'dim: a plain Float32Array of positions needs it');
  }
  if (given === undefined) {
    const shape = shapeOf('positions', positions, undefined);
    if (shape.length !== 2)
      throw new PosencError('ERR_SHAPE', `positions: expected [rows, dim], got [${shape.join(', ')}]`);
    return size('positions', shape[1], 1, MAX_DIM);
  }
  const dim = size('dim', given, 1, MAX_DIM);
  if (lengthOf('positions', positions) % dim !== 0) {
    throw new PosencError(
      'ERR_SHAPE',
      `dim: ${dim} does not divide the ${lengthOf('positions', positions)} numbers of positions`,
    );
  }
  return dim;
}

function rowRange(given: TupeOptions['rows'], length: number): readonly [number, number] {
  if (given === undefined) return [0, length];
  const list = numbers('rows', given, 2);
  const from = integer('rows[0]', list[0], 0, length);
  return [from, integer('rows[1]', list[1], from, length)];
}

interface Parameters {
  readonly positions: number;
  readonly normWeight: number;
  readonly normBias: number;
  readonly qw: number;
  readonly qb: number;
  readonly kw: number;
  readonly kb: number;
  readonly dim: number;
  readonly heads: number;
  readonly scale: number;
  readonly eps: number;
  readonly length: number;
}

/** Table rows [row, row + n) normalised, in `normal`, then projected, in `to`. */
function project(
  engine: Engine,
  p: Parameters,
  row: number,
  n: number,
  normal: number,
  to: number,
  w: number,
  b: number,
): void {
  const bytes = 4 * p.dim;
  engine.kernels.layerNormRows(normal, p.positions + row * bytes, p.normWeight, p.normBias, n, p.dim, p.eps);
  engine.kernels.linear(to, normal, w, b, n, p.dim, p.dim, bytes, bytes, IDENTITY, engine.coefficients);
}

/** Rows [from, to) of every pair of tokens: as many queries as the arena holds against all keys, a few at a time. */
function writeProducts(engine: Engine, out: number, p: Parameters, from: number, to: number): void {
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
      project(engine, p, row + r + 1, Math.min(few, height - r), normal, queries + r * bytes, p.qw, p.qb);
    }
    for (let column = 0; column < p.length; column += few) {
      const n = Math.min(few, p.length - column);
      project(engine, p, column + 1, n, normal, keys, p.kw, p.kb);
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
  from: number,
  to: number,
  absolute: boolean,
  relative: readonly [number, number] | undefined,
): void {
  const { kernels } = engine;
  const bytes = 4 * p.dim;
  const fromClass = engine.scratch();
  const towards = fromClass + 4 * p.heads;
  const normal = (towards + 4 * p.heads + 15) & ~15;
  const [query, key] = [normal + bytes, normal + 2 * bytes];
  const width = p.dim / p.heads;
  for (const [row, place] of [
    [0, fromClass],
    [1, towards],
  ]) {
    kernels.fillRows(place, 0, 1, p.heads, 0);
    if (absolute) {
      project(engine, p, row, 1, normal, query, p.qw, p.qb);
      project(engine, p, row, 1, normal, key, p.kw, p.kb);
      for (let h = 0; h < p.heads; h++) {
        const [a, b] = [query + 4 * h * width, key + 4 * h * width];
        kernels.productTransposed(place + 4 * h, a, b, 1, 1, width, bytes, bytes, 4, p.scale);
      }
    }
    if (relative) {
      const [table, buckets] = relative;
      const entry = table + 4 * p.heads * (row === 0 ? buckets / 2 : buckets);
      kernels.joinRows(place, place, entry, 1, p.heads, 1, JOIN_ADD);
    }
  }
  const rowStride = 4 * p.length;
  const [rows, headStride] = [to - from, rowStride * (to - from)];
  // biome-ignore format: grouped as the kernel declares it
  kernels.classRows(
    out, headStride, rowStride, fromClass, fromClass, towards, p.heads, p.length - 1, from, rows, REPLACE);
}
