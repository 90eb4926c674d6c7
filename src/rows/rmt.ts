/**
 * Recurrent Memory Transformer: how a long sequence is cut into segments, and how memory rows join and leave each of them.
 * Bulatov et al., arXiv 2207.06881 and 2304.11062; booydar/recurrent-memory-transformer. A decoder's segment is
 * [memory | segment | memory]; an encoder's [CLS][memory][SEP] segment [SEP][PAD ...] with the memory in its own rows.
 */
import { integer, oneOf, size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Floats, gate, type Place } from '../runtime/gate.ts';
import { integerList, MAX_MADE, type MaskList, maskList, type NumberList } from '../runtime/lists.ts';
import type { EngineOption, OutOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';

export interface RmtSegment {
  /** First token; -1 for an empty segment in front. */
  readonly start: number;
  /** Tokens of the segment. */
  readonly length: number;
}

export interface RmtSegmentsOptions {
  /** Tokens of the sequence. */
  readonly length: number;
  /** Tokens of a segment, without the memory. */
  readonly segmentSize: number;
  /**
   * 'left': cut from the start, short one last (the decoder wrapper's default); 'right': from the end, short one first (the
   * encoder's); 'center': ceil(length / segmentSize) equal chunks, the last one shorter. No default: the wrappers disagree.
   */
  readonly alignment: 'left' | 'right' | 'center';
  /**
   * The encoder's plan: the sequence is cut off after segmentSize * maxSegments tokens, and empty segments in front make up
   * the number. Default: every token, no empty segments.
   */
  readonly maxSegments?: number;
}

/** More segments than any run has: a list of them is refused before it is made. */
const MAX_SEGMENTS = 2 ** 20;

/**
 * The segments of a sequence.
 * Integers.
 * @param given `length`, `segmentSize`, where the short segment goes
 * @returns start and end of each
 * @throws ERR_OPTION, ERR_SHAPE
 * @see Bulatov et al., RMT, arXiv 2304.11062; booydar/recurrent-memory-transformer
 * @example
 * console.log(rmtSegments({ length: 10, segmentSize: 4, alignment: 'left' }).length); // 3
 */
export function rmtSegments(given: RmtSegmentsOptions): RmtSegment[] {
  const o = take('rmtSegments', given, ['length', 'segmentSize', 'alignment', 'maxSegments']);
  const full = size('length', o.length, 0);
  const step = integer('segmentSize', o.segmentSize, 1, 2 ** 31 - 1);
  const alignment = oneOf('alignment', o.alignment, ['left', 'right', 'center']);
  const most = o.maxSegments === undefined ? undefined : integer('maxSegments', o.maxSegments, 1, MAX_SEGMENTS);
  const length = most === undefined ? full : Math.min(full, step * most);
  size('length / segmentSize', Math.ceil(length / step), 0, MAX_SEGMENTS);
  const segments: RmtSegment[] = [];
  // torch.chunk: chunks of equal ceiled size, of which there may be fewer than asked for
  const chunk = alignment === 'center' && length > 0 ? Math.ceil(length / Math.ceil(length / step)) : step;
  const short = alignment === 'right' ? length % step : 0;
  if (short > 0) segments.push({ start: 0, length: short });
  for (let start = short; start < length; start += chunk) {
    segments.push({ start, length: Math.min(chunk, length - start) });
  }
  if (most === undefined) return segments;
  const empty = Array.from({ length: most - segments.length }, () => ({ start: -1, length: 0 }));
  return [...empty, ...segments];
}

export interface RmtInputOptions extends OutOption, EngineOption {
  /** Shape of the segment, [B, S, D] or [S, D]; needed for a plain Float32Array. */
  readonly shape?: readonly number[];
  /** Shape of the memory, [m, D] (the learned one, repeated over the batch) or [B, m, D]. */
  readonly memoryShape?: readonly number[];
}

/**
 * A decoder's input [memory | segment | memory]: the rows in front are read, those behind are written. Positions of the base
 * model run over all of it (rmtPositionIds), its causal mask stays as it is.
 * Rows are copied.
 * @param segment embeddings [B, S, D], or [S, D] alone
 * @param memory [m, D] or [B, m, D]
 * @param given `shape` of plain arrays, `out`
 * @returns float32 [B, m + S + m, D], or [m + S + m, D]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Bulatov et al., RMT, arXiv 2207.06881, section 3
 * @example
 * console.log(rmtInput(Tensor.zeros([1, 4, 8]), Tensor.zeros([2, 8])).shape); // [ 1, 8, 8 ]
 */
export function rmtInput(segment: Floats, memory: Floats, given: RmtInputOptions = {}): Tensor {
  const o = take('rmtInput', given, ['shape', 'memoryShape', 'out', 'engine']);
  const call = gate('rmtInput', o.engine);
  const tokens = call.input('segment', segment, o.shape);
  const state = call.input('memory', memory, o.memoryShape, 'float32', 'memoryShape');
  const [batch, length, dim] = hidden(tokens);
  const m = memoryRows(state, batch, dim);
  const total = length + 2 * m.rows;
  const joined = call.output('out', o.out, withRows(tokens, total));
  return call.run(({ kernels }) => {
    const row = 4 * dim;
    for (let b = 0; b < batch; b++) {
      const to = joined.pointer + b * total * row;
      const from = state.pointer + (m.shared ? 0 : b * m.rows * row);
      kernels.copyRows(to, row, from, row, m.rows, dim, m.rows);
      kernels.copyRows(to + m.rows * row, row, tokens.pointer + b * length * row, row, length, dim, length);
      kernels.copyRows(to + (m.rows + length) * row, row, from, row, m.rows, dim, m.rows);
    }
    return joined.tensor;
  });
}

export interface RmtOutputOptions extends EngineOption {
  /** Memory rows at each end. */
  readonly memoryTokens: number;
  /** Shape of the hidden states, [B, m + S + m, D] or [m + S + m, D]; needed for a plain Float32Array. */
  readonly shape?: readonly number[];
}

/**
 * What a decoder's segment leaves: the new memory (its last rows) and the states of the segment itself. Logits are cut the
 * same way.
 * Rows are copied.
 * @param states last hidden states [B, m + S + m, D], or [m + S + m, D] alone
 * @param given `memoryTokens`
 * @returns memory [B, m, D], hidden [B, S, D]; without B where the states have none
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Bulatov et al., RMT, arXiv 2207.06881, section 3
 * @example
 * const { memory, hidden } = rmtOutput(Tensor.zeros([1, 8, 4]), { memoryTokens: 2 });
 * console.log(memory.shape, hidden.shape); // [ 1, 2, 4 ] [ 1, 4, 4 ]
 */
export function rmtOutput(states: Floats, given: RmtOutputOptions): { memory: Tensor; hidden: Tensor } {
  const o = take('rmtOutput', given, ['memoryTokens', 'shape', 'engine']);
  const m = size('memoryTokens', o.memoryTokens, 0);
  const call = gate('rmtOutput', o.engine);
  const source = call.input('states', states, o.shape);
  const [batch, total, dim] = hidden(source);
  if (total < 2 * m) {
    throw new PosencError('ERR_SHAPE', `memoryTokens: ${m} at each end of ${total} rows`);
  }
  const n = total - 2 * m;
  const memory = call.output('memory', undefined, withRows(source, m));
  const inner = call.output('hidden', undefined, withRows(source, n));
  return call.run(({ kernels }) => {
    const row = 4 * dim;
    for (let b = 0; b < batch; b++) {
      const at = source.pointer + b * total * row;
      kernels.copyRows(memory.pointer + b * m * row, row, at + (total - m) * row, row, m, dim, m);
      kernels.copyRows(inner.pointer + b * n * row, row, at + m * row, row, n, dim, n);
    }
    return { memory: memory.tensor, hidden: inner.tensor };
  });
}

/**
 * Positions of a decoder's segment: 0 .. 2 memoryTokens + length - 1 over memory and tokens alike.
 * Integers.
 * @param given `memoryTokens` and the `length` of the segment
 * @returns the positions, int32
 * @throws ERR_OPTION
 * @see Bulatov et al., RMT, arXiv 2207.06881, section 3
 * @example
 * console.log(rmtPositionIds({ memoryTokens: 1, length: 2 })); // Int32Array(4) [ 0, 1, 2, 3 ]
 */
export function rmtPositionIds(given: { readonly memoryTokens: number; readonly length: number }): Int32Array {
  const o = take('rmtPositionIds', given, ['memoryTokens', 'length']);
  const total = 2 * size('memoryTokens', o.memoryTokens, 0, MAX_MADE) + size('length', o.length, 0, MAX_MADE);
  const ids = new Int32Array(total);
  for (let i = 0; i < total; i++) ids[i] = i;
  return ids;
}

/**
 * An attention mask [B, S] with ones for the memory at both ends: [B, m + S + m].
 * Integers.
 * @param mask [B, S], 1 keeps
 * @param given `memoryTokens`
 * @returns the mask with the memory: `data` of `shape` [B, m + S + m]
 * @throws ERR_OPTION, ERR_SHAPE
 * @see Bulatov et al., RMT, arXiv 2207.06881, section 3
 * @example
 * console.log(rmtMask([[1, 1, 0]], { memoryTokens: 1 })); // { shape: [ 1, 5 ], data: Int32Array(5) [ 1, 1, 1, 0, 1 ] }
 */
export function rmtMask(
  mask: MaskList,
  given: { readonly memoryTokens: number },
): { shape: readonly number[]; data: Int32Array } {
  const m = size('memoryTokens', take('rmtMask', given, ['memoryTokens']).memoryTokens, 0, MAX_MADE);
  const { data, shape } = maskList('mask', mask);
  if (shape.length !== 2) {
    throw new PosencError('ERR_SHAPE', `mask: expected [B, S], got [${shape.join(', ')}]`);
  }
  const [batch, length] = shape;
  const total = length + 2 * m;
  size('mask with memory', batch * total, 0, 4 * MAX_MADE);
  const padded = new Int32Array(batch * total).fill(1);
  for (let b = 0; b < batch; b++) padded.set(data.subarray(b * length, (b + 1) * length), b * total + m);
  return { shape: [batch, total], data: padded };
}

export interface RmtEncoderIdsOptions {
  /** Ids of the memory tokens. */
  readonly memoryIds: NumberList;
  /** Id of CLS; leave it out where the tokenizer has none. */
  readonly clsId?: number;
  /** Id of SEP; leave it out where the tokenizer has none. */
  readonly sepId?: number;
  /** Id of the padding. */
  readonly padId: number;
  /** Length of the padded input. */
  readonly inputSize: number;
}

/**
 * An encoder's input ids [CLS][memory][SEP] segment [SEP][PAD ...], its attention mask, and where the memory rows are: write
 * the memory there with rmtWriteMemory, read it with rmtReadMemory.
 * Integers.
 * @param segment token ids of one segment
 * @param given ids of CLS, SEP, padding and memory tokens, and the input size
 * @returns `ids` and `mask` (input_ids and attention_mask) [inputSize], and `memoryStart`
 * @throws ERR_OPTION, ERR_SHAPE when the segment does not fit
 * @see Bulatov et al., RMT, arXiv 2304.11062
 * @example
 * const { memoryStart } = rmtEncoderIds([7, 8], { memoryIds: [1, 2], clsId: 101, sepId: 102, padId: 0, inputSize: 8 });
 * console.log(memoryStart); // 1
 */
export function rmtEncoderIds(
  segment: NumberList,
  given: RmtEncoderIdsOptions,
): { ids: Int32Array; mask: Int32Array; memoryStart: number } {
  const o = take('rmtEncoderIds', given, ['memoryIds', 'clsId', 'sepId', 'padId', 'inputSize']);
  const inputSize = size('inputSize', o.inputSize, 0, MAX_MADE);
  const one = (name: string, id: number | undefined) => (id === undefined ? [] : [integer(name, id, 0, 2 ** 31 - 1)]);
  const cls = one('clsId', o.clsId);
  const sep = one('sepId', o.sepId);
  const memory = integerList('memoryIds', o.memoryIds, 0, 2 ** 31 - 1).data;
  const words = integerList('segment', segment, 0, 2 ** 31 - 1).data;
  const parts = [cls, memory, sep, words, sep];
  const tokens = parts.reduce((sum, part) => sum + part.length, 0);
  if (tokens > inputSize) {
    throw new PosencError(
      'ERR_SHAPE',
      `segment: ${words.length} tokens with memory and special tokens are ${tokens}, inputSize is ${inputSize}`,
    );
  }
  const ids = new Int32Array(inputSize).fill(integer('padId', o.padId, 0, 2 ** 31 - 1));
  let at = 0;
  for (const part of parts) {
    ids.set(part, at);
    at += part.length;
  }
  return { ids, mask: new Int32Array(inputSize).fill(1, 0, tokens), memoryStart: cls.length };
}

export interface RmtMemoryOptions {
  /** First memory row: 1 behind CLS, else 0 (rmtEncoderIds says). */
  readonly memoryStart: number;
}

/**
 * Writes the memory into its rows of an encoder's embeddings, in place.
 * Rows are copied.
 * @param embeddings a Tensor [B, S, D] or [S, D]
 * @param memory [m, D] or [B, m, D]
 * @param given `memoryStart`
 * @returns the embeddings, in their shape
 * @throws ERR_OPTION, ERR_SHAPE
 * @see Bulatov et al., RMT, arXiv 2304.11062
 * @example
 * const embeddings = Tensor.zeros([1, 8, 4]);
 * rmtWriteMemory(embeddings, Tensor.from(new Float32Array(8).fill(1), [2, 4]), { memoryStart: 1 });
 * console.log(embeddings.data.slice(3, 6)); // Float32Array(3) [ 0, 1, 1 ]
 */
export function rmtWriteMemory(embeddings: Tensor, memory: Floats, given: RmtMemoryOptions): Tensor {
  const start = size('memoryStart', take('rmtWriteMemory', given, ['memoryStart']).memoryStart, 0);
  const call = gate('rmtWriteMemory');
  const target = call.change('embeddings', embeddings, undefined, true);
  const source = call.input('memory', memory);
  const [batch, length, dim] = hidden(target);
  const m = memoryRows(source, batch, dim);
  if (start + m.rows > length) {
    throw new PosencError('ERR_SHAPE', `memoryStart: rows ${start} to ${start + m.rows - 1} of ${length}`);
  }
  return call.run(({ kernels }) => {
    const row = 4 * dim;
    for (let b = 0; b < batch; b++) {
      const to = target.pointer + (b * length + start) * row;
      const from = source.pointer + (m.shared ? 0 : b * m.rows * row);
      kernels.copyRows(to, row, from, row, m.rows, dim, m.rows);
    }
    return target.tensor;
  });
}

/**
 * The memory rows of an encoder's last hidden states.
 * Rows are copied.
 * @param states [B, S, D] or [S, D]
 * @param given `memoryStart` and `memoryTokens`
 * @returns float32 [B, memoryTokens, D], or [memoryTokens, D]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Bulatov et al., RMT, arXiv 2304.11062
 * @example
 * console.log(rmtReadMemory(Tensor.zeros([1, 8, 4]), { memoryStart: 1, memoryTokens: 2 }).shape); // [ 1, 2, 4 ]
 */
export function rmtReadMemory(states: Floats, given: RmtMemoryOptions & { readonly memoryTokens: number }): Tensor {
  const o = take('rmtReadMemory', given, ['memoryStart', 'memoryTokens']);
  const start = size('memoryStart', o.memoryStart, 0);
  const m = size('memoryTokens', o.memoryTokens, 0);
  const call = gate('rmtReadMemory');
  const source = call.input('states', states);
  const [batch, length, dim] = hidden(source);
  if (start + m > length) {
    throw new PosencError('ERR_SHAPE', `memoryStart: rows ${start} to ${start + m - 1} of ${length}`);
  }
  const memory = call.output('out', undefined, withRows(source, m));
  return call.run(({ kernels }) => {
    const row = 4 * dim;
    for (let b = 0; b < batch; b++) {
      const from = source.pointer + (b * length + start) * row;
      kernels.copyRows(memory.pointer + b * m * row, row, from, row, m, dim, m);
    }
    return memory.tensor;
  });
}

/** Batch, rows and channels; a sequence alone is a batch of one. */
function hidden({ option, shape }: Place): readonly [number, number, number] {
  if ((shape.length === 3 || shape.length === 2) && shape[shape.length - 1] > 0) {
    return [shape.length === 3 ? shape[0] : 1, shape[shape.length - 2], shape[shape.length - 1]];
  }
  throw new PosencError('ERR_SHAPE', `${option}: expected [B, S, D] or [S, D], got [${shape.join(', ')}]`);
}

/** The shape of hidden states with another number of rows. */
function withRows({ shape }: Place, rows: number): readonly number[] {
  return [...shape.slice(0, -2), rows, shape[shape.length - 1]];
}

function memoryRows({ shape }: Place, batch: number, dim: number): { rows: number; shared: boolean } {
  const shared = shape.length === 2;
  const rows = shape[shape.length - 2];
  if ((shared || (shape.length === 3 && shape[0] === batch)) && shape[shape.length - 1] === dim)
    return { rows, shared };
  throw new PosencError(
    'ERR_SHAPE',
    `memory: expected [m, ${dim}] or [${batch}, m, ${dim}], got [${shape.join(', ')}]`,
  );
}
