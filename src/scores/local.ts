/**
 * The local relative scores of the audio encoders of Gemma 3n and Gemma 4, transformers modeling_gemma3n.py
 * (Gemma3nAudioAttention): a query sees left - 1 keys before it, itself, and `right` keys after it,
 *   scores_ij = q_i . k_j + q_i . r[left - 1 - (i - j)],   then cap tanh(scores / cap),   then the mask.
 * As one matrix, or in chunks of queries with the keys that they can see, which never makes the cells that nobody sees.
 */
import { amend, boolean, finite, size, take } from '../runtime/arguments.ts';
import { refuse } from '../runtime/block.ts';
import { REPLACE, TANH } from '../runtime/codes.ts';
import { destinationOf } from '../runtime/destination.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { type Call, gate, type Place } from '../runtime/gate.ts';
import type { Tensor } from '../runtime/tensor.ts';
import {
  expectShape,
  keysOf,
  MAX_LENGTH,
  type Queries,
  queriesOf,
  SCORE_OPTIONS,
  type ScoreOptions,
  type Shaped,
  scores,
  shaped,
  source,
} from './content.ts';
import {
  type DistanceIndex,
  type Frame,
  fromRow,
  maskBandOf,
  maskOutside,
  productTerm,
  relativeTerm,
} from './relative.ts';

export interface LocalRelativeScoreOptions extends Omit<ScoreOptions, 'queryOffset' | 'causal' | 'window'> {
  /** Keys up to the query that it sees, itself included: the published context_left. */
  readonly contextLeft: number;
  /** Keys after the query that it sees. Default 0. */
  readonly contextRight?: number;
  /** Default: no cap. Gemma: 50. */
  readonly softcap?: number;
  /** Queries in a chunk: the result is [B, H, chunks, chunkSize, chunkSize + contextLeft - 1 + contextRight]. Default: one matrix. */
  readonly chunkSize?: number;
  /** Only the chunks [from, to). */
  readonly chunks?: readonly [number, number];
}

const OPTIONS = [
  ...SCORE_OPTIONS.filter((key) => key !== 'queryOffset' && key !== 'causal' && key !== 'window'),
  'contextLeft',
  'contextRight',
  'softcap',
  'chunkSize',
  'chunks',
] as const;

interface Parts {
  readonly queries: Queries;
  readonly keys: Place;
  readonly table: Place;
  readonly index: DistanceIndex;
  readonly scale: number;
  readonly left: number;
  readonly right: number;
  /** 0: none. */
  readonly cap: number;
}

/**
 * Scores of queries that are scaled already (scale: default 1). q [B, H, Lq, d], k [B, H, K, d], the queries being the last of
 * K positions; r: the projected table [H, contextLeft + contextRight, d] for the positions (query minus key) contextLeft - 1,
 * ..., -contextRight.
 *
 * With chunkSize W: chunk c has the queries c W, ..., c W + W - 1 and the keys from c W - (contextLeft - 1) on; keys outside the
 * sequence are masked, and rows of queries after its end are scores of zeros. As many queries as keys.
 * float32 products summed in a fixed order: a cell is the same bit for bit whatever rows are asked for.
 * @param q [B, H, Lq, d], scaled already
 * @param k [B, H, K, d]
 * @param r [H, contextLeft + contextRight, d]
 * @param given how far a query sees, softcap, chunks, rows
 * @returns float32 [B, H, Lq, K], or the rows asked for; or chunks
 * @throws ERR_SHAPE, ERR_OPTION, ERR_OUT_OF_MEMORY
 * @see transformers modeling_gemma3n, Gemma3nAudioAttention; Google USM, arXiv 2303.01037
 * @example
 * const q = Tensor.zeros([1, 2, 4, 8]);
 * const k = Tensor.zeros([1, 2, 4, 8]);
 * console.log(localRelativeScores(q, k, Tensor.zeros([2, 3, 8]), { contextLeft: 3, contextRight: 0 }).shape); // [ 1, 2, 4, 4 ]
 */
export function localRelativeScores(q: Shaped, k: Shaped, r: Shaped, given: LocalRelativeScoreOptions): Tensor {
  const o = take('localRelativeScores', given, OPTIONS);
  const contextLeft = size('contextLeft', o.contextLeft, 1, MAX_LENGTH);
  const right = size('contextRight', o.contextRight, 0, MAX_LENGTH, 0);
  const cap = o.softcap === undefined ? 0 : finite('softcap', o.softcap, { above: 0 });
  const scale = finite('scale', o.scale, {}, 1);
  const call = gate('localRelativeScores', o.engine);
  const queries = queriesOf(call, 'q', q);
  const { batch, heads, queryLength, dim } = queries;
  const keys = keysOf(call, 'k', k, queries);
  const keyLength = keys.shape[2];
  const table = shaped(call, 'r', r);
  const count = contextLeft + right;
  expectShape('r', table.shape, [heads, count, dim]);
  const left = contextLeft - 1;
  const index: DistanceIndex = { count, centre: left, edges: 'zero' };
  const parts = { queries, keys, table, index, scale, left, right, cap };
  if (o.chunkSize !== undefined) return chunked(call, o, parts);
  if (o.chunks !== undefined) throw new PosencError('ERR_OPTION', 'chunks: only with chunkSize; give rows');
  if (keyLength < queryLength) {
    throw new PosencError('ERR_SHAPE', `k: expected at least the ${queryLength} keys of the queries, got ${keyLength}`);
  }
  const sizes = { batch, heads, queryLength, keyLength, queryOffset: keyLength - queryLength };
  const content = { q: queries.place, k: keys, dim, scale };
  const windowed = amend(o, { window: [left, right] as const });
  return scores(call, windowed, sizes, content, ({ frame, first }) => {
    relativeTerm(frame, 'query', fromRow(source(queries.place), first), undefined, source(table), dim, index, scale);
    if (cap > 0) capRows(frame, cap);
  });
}

/** x = cap tanh(x / cap) in the cells of the band; whatever lies outside will be masked. */
function capRows(frame: Frame, cap: number): void {
  const { out, batch, heads, rows, columns, pitch, matrix, query } = frame;
  const { left, right } = frame.band!;
  const { kernels, coefficients } = frame.engine;
  for (let m = 0; m < batch * heads; m++) {
    for (let r = 0; r < rows; r++) {
      const from = Math.max(0, query + r - left);
      const to = Math.min(columns, query + r + right + 1);
      const n = to - from;
      if (n <= 0) continue;
      const at = out + m * matrix + 4 * (r * pitch + from);
      kernels.scaleFloats(at, n, 1 / cap);
      kernels.mapUnary(at, at, n, TANH, coefficients);
      kernels.scaleFloats(at, n, cap);
    }
  }
}

function chunked(call: Call, o: LocalRelativeScoreOptions, parts: Parts): Tensor {
  refuse(o, 'chunkSize', ['rows', 'mask', 'cuSeqlens', 'cuSeqlensK']);
  const { queries, keys, left, right } = parts;
  const { batch, heads, queryLength: length } = queries;
  if (keys.shape[2] !== length) {
    throw new PosencError('ERR_SHAPE', `k: chunks need as many keys as queries, ${length}, got ${keys.shape[2]}`);
  }
  const width = size('chunkSize', o.chunkSize, 1, MAX_LENGTH);
  const maskValue = o.maskValue ?? Number.NEGATIVE_INFINITY;
  if (typeof maskValue !== 'number' || Number.isNaN(maskValue)) {
    throw new PosencError('ERR_OPTION', `maskValue: expected a number, got ${show(maskValue)}`);
  }
  const withContent = boolean('content', o.content, true);
  const count = Math.ceil(length / width);
  const [from, to] = chunkRange(call, o.chunks, count);
  const across = width + left + right;
  const { place, mode } = destinationOf(call, o, [batch, heads, to - from, width, across]);
  return call.run((engine) => {
    if (place.length === 0) return place.tensor;
    const chunk = { out: 0, width, across, matrix: 4 * (to - from) * width * across, first: 0 };
    const add = mode !== REPLACE;
    for (let c = from; c < to; c++) {
      chunk.out = place.pointer + 4 * (c - from) * width * across;
      chunk.first = c * width;
      writeChunk(engine, parts, chunk, add, withContent, maskValue);
    }
    return place.tensor;
  });
}

/** A chunk in the first matrix [batch, heads]: `width` queries from number `first` on, `across` keys. */
interface Chunk {
  readonly out: number;
  readonly width: number;
  readonly across: number;
  /** Bytes from a matrix to the next. */
  readonly matrix: number;
  readonly first: number;
}

/** Chunks [from, to) of `count`. */
function chunkRange(call: Call, given: unknown, count: number): readonly [number, number] {
  if (given === undefined) return [0, count];
  const { data } = call.numbers('chunks', given, 2);
  const from = size('chunks[0]', data[0], 0, count);
  return [from, size('chunks[1]', data[1], from, count)];
}

/** The cells of a chunk whose keys are in the sequence, from column `start` on, in `rows` of its rows. */
function frameOf(engine: Engine, parts: Parts, chunk: Chunk, start: number, rows: number): Frame {
  const { left, right, queries } = parts;
  return {
    engine,
    out: chunk.out + 4 * start,
    batch: queries.batch,
    heads: queries.heads,
    rows,
    columns: Math.min(chunk.across, queries.queryLength - (chunk.first - left)) - start,
    pitch: chunk.across,
    matrix: chunk.matrix,
    query: left - start,
    band: { left, right },
  };
}

function writeChunk(
  engine: Engine,
  parts: Parts,
  chunk: Chunk,
  add: boolean,
  withContent: boolean,
  maskValue: number,
): void {
  const { queries, keys, table, index, scale, left, cap } = parts;
  const { first, width, across, matrix, out } = chunk;
  const start = Math.max(0, left - first);
  const valid = Math.min(width, queries.queryLength - first);
  const own = frameOf(engine, parts, chunk, start, valid);
  const count = queries.batch * queries.heads;
  // queries after the end are zeros, and so are their scores; without content all rows are only added to
  const skip = withContent ? valid : 0;
  for (let m = 0; m < count && !add && skip < width; m++) {
    engine.kernels.fillRows(out + m * matrix + 4 * skip * across, 4 * across, width - skip, across, 0);
  }
  const x = fromRow(source(queries.place), first);
  if (withContent) {
    productTerm(own, x, undefined, fromRow(source(keys), first - left + start), queries.dim, scale, add);
  }
  relativeTerm(own, 'query', x, undefined, source(table), queries.dim, index, scale);
  const all = valid === width ? own : frameOf(engine, parts, chunk, start, width);
  if (cap > 0) capRows(all, cap);
  maskBandOf(all, own.band!, maskValue);
  maskOutside(all, start, maskValue);
}
