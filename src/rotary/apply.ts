/**
 * Applies a rotary table to q or k, in place or into `out`. RoFormer, arXiv 2104.09864 eq. 34; layouts and position rules
 * of transformers, flash-attention, vLLM and ONNX Runtime: docs/rotary.md.
 */
import {
  boolean,
  exclusive,
  finite,
  integer,
  oneOf,
  options,
  type Positions,
  positions,
} from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { checkOut, checkOverlap, chooseEngine, operand, output, shapeOf } from '../runtime/operands.ts';
import { Tensor } from '../runtime/tensor.ts';
import { RotaryTable } from './table.ts';

export interface ApplyRotaryOptions {
  /** B batch, S sequence, T packed tokens, H heads, D channels of a head. Default 'BSHD'. */
  readonly layout?: 'BSHD' | 'BHSD' | 'THD';
  /** Sizes in the order of the layout: needed for a plain Float32Array. */
  readonly shape?: readonly number[];
  /** Elements between neighbours along batch, sequence (or token) and head. Default: contiguous. In place only. */
  readonly strides?: { readonly batch?: number; readonly sequence?: number; readonly head?: number };
  /** Absolute positions, [S] or [B, S] flattened (THD: [T]). Default 0, 1, 2 ... in every batch. */
  readonly positions?: Positions;
  /** Added to the positions; one number, or one per batch (per packed sequence with cuSeqlens). Default 0. */
  readonly offset?: number | ArrayLike<number>;
  /** THD: start of every packed sequence and the end of the last, [n + 1]; positions restart at each. */
  readonly cuSeqlens?: ArrayLike<number>;
  /** Rotates back (transposed rotation). With an attention factor other than 1 this is not the inverse. Default false. */
  readonly inverse?: boolean;
  /** What a position outside the table does: 'error', or 'identity' (left unrotated, as flash-attention does). Default 'error'. */
  readonly outOfRange?: 'error' | 'identity';
  /** Where the result goes. Default: x itself. */
  readonly out?: Tensor | Float32Array;
  readonly engine?: Engine;
}

const OPTIONS = [
  'layout',
  'shape',
  'strides',
  'positions',
  'offset',
  'cuSeqlens',
  'inverse',
  'outOfRange',
  'out',
  'engine',
] as const;

/**
 * Rotates the vectors of x.
 * @param x q or k, in the layout's shape; a plain Float32Array outside the engine's memory is copied in and back
 * @returns x, or out
 * @throws ERR_SHAPE, ERR_OPTION, ERR_POSITION (names the index, the position and the table's range), ERR_DISPOSED
 */
export function applyRotary<T extends Tensor | Float32Array>(
  x: T,
  table: RotaryTable,
  given: ApplyRotaryOptions & { readonly out?: undefined },
): T;
export function applyRotary<O extends Tensor | Float32Array>(
  x: Tensor | Float32Array,
  table: RotaryTable,
  given: ApplyRotaryOptions & { readonly out: O },
): O;
export function applyRotary<T extends Tensor>(x: T, table: RotaryTable): T;
export function applyRotary(
  x: Tensor | Float32Array,
  table: RotaryTable,
  given: ApplyRotaryOptions = {},
): Tensor | Float32Array {
  const o = options('applyRotary', given, OPTIONS);
  if (!(table instanceof RotaryTable)) {
    throw new PosencError(
      'ERR_OPTION',
      `table: expected what rotaryTable or rotaryTableFrom returns, got ${show(table)}`,
    );
  }
  const layout = oneOf('layout', o.layout, ['BSHD', 'BHSD', 'THD'], 'BSHD');
  const inverse = boolean('inverse', o.inverse, false);
  const outOfRange = oneOf('outOfRange', o.outOfRange, ['error', 'identity'], 'error');
  const engine = chooseEngine(o.engine, x, table.cos, table.sin, o.out);
  const geometry = geometryOf(x, layout, o);
  const { batch, sequence, heads, channels } = geometry;
  if (table.rotaryDim > MAX_ROTARY_DIM) {
    throw new PosencError('ERR_SHAPE', `table: rotates ${table.rotaryDim} channels; at most ${MAX_ROTARY_DIM}`);
  }
  if (table.rotaryOffset + table.rotaryDim > channels) {
    throw new PosencError(
      'ERR_SHAPE',
      `table: rotates channels ${table.rotaryOffset} to ${table.rotaryOffset + table.rotaryDim}, but x has ${channels} per head`,
    );
  }
  for (const [name, own, got] of [
    ['batches', table.batches, batch],
    ['heads', table.heads, heads],
  ] as const) {
    if (own !== undefined && own !== got) {
      throw new PosencError('ERR_SHAPE', `table: has rows for ${own} ${name}, but x has ${got}`);
    }
  }
  const indices = rowIndices(table, batch, sequence, layout, outOfRange, o);
  if (o.out !== undefined) {
    if (o.strides) throw new PosencError('ERR_OPTION', 'strides: only for rotating in place; leave out `out`');
    checkOut(engine, o.out, [batch, sequence, heads, channels]);
    for (const [name, part] of [
      ['table.cos', table.cos],
      ['table.sin', table.sin],
    ] as const)
      checkOverlap(name, 'out', part, o.out, false);
    checkOverlap('x', 'out', x, o.out);
  }
  for (const [name, part] of [
    ['table.cos', table.cos],
    ['table.sin', table.sin],
  ] as const)
    checkOverlap(name, 'x', part, x, false);
  if (batch * sequence * heads === 0) return o.out ?? x;

  const target = o.out === undefined ? undefined : output(engine, o.out, [batch, sequence, heads, channels]);
  const foreign = target !== undefined && !(x instanceof Tensor) && x.buffer !== engine.memory.buffer;
  // a foreign x with an `out` needs no staging block: it is copied to where it is rotated
  if (foreign) target.data.set(x as Float32Array);
  const source = foreign ? operand('out', engine, target) : operand('x', engine, x, target === undefined);
  try {
    const to = target?.byteOffset ?? source.pointer;
    const whole = table.rotaryDim === channels && !indices?.includesIdentity;
    if (to !== source.pointer && !whole) {
      engine.kernels.copyRows(to, 0, source.pointer, 0, 1, batch * sequence * heads * channels, 1);
    }
    rotateRows(engine, table, geometry, source.pointer, to, indices, inverse);
  } finally {
    source.finish();
  }
  return o.out ?? x;
}

export interface Geometry {
  readonly layout: 'BSHD' | 'BHSD' | 'THD';
  readonly batch: number;
  readonly sequence: number;
  readonly heads: number;
  readonly channels: number;
  /** Elements from one batch, token and head to the next. */
  readonly strides: { readonly batch: number; readonly sequence: number; readonly head: number };
}

export function geometryOf(x: unknown, layout: 'BSHD' | 'BHSD' | 'THD', o: ApplyRotaryOptions): Geometry {
  const axes = layout.length;
  let shape: readonly number[];
  if (o.strides === undefined) shape = shapeOf('x', x, o.shape);
  else {
    if (o.shape === undefined) throw new PosencError('ERR_SHAPE', 'shape: needed beside strides');
    shape = Array.from(o.shape, (n, i) => integer(`shape[${i}]`, n, 0, 2 ** 31 - 1));
  }
  if (shape.length !== axes) {
    throw new PosencError('ERR_SHAPE', `shape: layout '${layout}' has ${axes} sizes, got [${shape.join(', ')}]`);
  }
  const [batch, sequence, heads, channels] =
    layout === 'THD' ? [1, ...shape] : layout === 'BSHD' ? shape : [shape[0], shape[2], shape[1], shape[3]];
  if (channels === 0) throw new PosencError('ERR_SHAPE', 'shape: a head needs at least one channel');
  const dense =
    layout === 'BHSD'
      ? { batch: heads * sequence * channels, sequence: channels, head: sequence * channels }
      : { batch: sequence * heads * channels, sequence: heads * channels, head: channels };
  if (o.strides === undefined) return { layout, batch, sequence, heads, channels, strides: dense };
  const given = options('strides', o.strides, ['batch', 'sequence', 'head']);
  const stride = (name: 'batch' | 'sequence' | 'head') =>
    integer(`strides.${name}`, given[name], 0, 2 ** 29, dense[name]);
  const strides = { batch: stride('batch'), sequence: stride('sequence'), head: stride('head') };
  checkStrides(x, { batch, sequence, heads, channels }, strides);
  return { layout, batch, sequence, heads, channels, strides };
}

/** Vectors must not overlap (in place they would be rotated twice) and must lie inside x. */
function checkStrides(
  x: unknown,
  { batch, sequence, heads, channels }: { batch: number; sequence: number; heads: number; channels: number },
  strides: Geometry['strides'],
): void {
  if (batch * sequence * heads === 0) return;
  const axes = [
    { n: batch, stride: strides.batch, name: 'batch' },
    { n: sequence, stride: strides.sequence, name: 'sequence' },
    { n: heads, stride: strides.head, name: 'head' },
  ].filter(({ n }) => n > 1);
  axes.sort((a, b) => a.stride - b.stride);
  let extent = channels;
  for (const { n, stride, name } of axes) {
    if (stride < extent) {
      throw new PosencError(
        'ERR_SHAPE',
        `strides.${name}: ${stride} makes vectors overlap; at least ${extent} is needed`,
      );
    }
    extent += (n - 1) * stride;
  }
  const length = (x as { length: number }).length;
  if (extent > length) {
    throw new PosencError('ERR_SHAPE', `strides: the vectors reach ${extent} numbers, but x has ${length}`);
  }
}

export interface Indices {
  readonly rows: Int32Array;
  /** Rows per batch; 0 when every batch uses the same ones. */
  readonly perBatch: number;
  readonly includesIdentity: boolean;
}

/** The table row of every token; undefined when token s simply uses row s. */
export function rowIndices(
  table: RotaryTable,
  batch: number,
  sequence: number,
  layout: string,
  outOfRange: 'error' | 'identity',
  o: ApplyRotaryOptions,
): Indices | undefined {
  exclusive('applyRotary', 'positions', 'cuSeqlens', o);
  if (table.start === undefined) return rowAligned(table, batch, sequence, o);
  const starts = o.cuSeqlens === undefined ? undefined : sequenceStarts(o.cuSeqlens, layout, sequence);
  const offsets = offsetsOf(o.offset, starts ? starts.length - 1 : batch);
  const given = o.positions === undefined ? undefined : positions('positions', o.positions);
  if (given && given.length !== sequence && given.length !== batch * sequence) {
    throw new PosencError(
      'ERR_SHAPE',
      `positions: expected ${sequence} (shared by the batch) or ${batch * sequence}, got ${given.length}`,
    );
  }
  if (!given && !starts && offsets.length === 1 && table.start === offsets[0]) {
    if (sequence <= table.length) return undefined;
  }
  const perBatch =
    (given && given.length === batch * sequence && batch > 1) || (offsets.length > 1 && !starts) ? sequence : 0;
  const rows = new Int32Array(perBatch ? batch * sequence : sequence);
  let includesIdentity = false;
  const put = (index: number, position: number) => {
    const row = position - table.start!;
    if (row >= 0 && row < table.length && Number.isInteger(row)) rows[index] = row;
    else if (outOfRange === 'identity') {
      rows[index] = -1;
      includesIdentity = true;
    } else {
      throw new PosencError(
        'ERR_POSITION',
        `positions: token ${index} is at ${position}, but the table of ${table.length} rows holds ${table.start} to ${table.start! + table.length - 1}; build a longer table, or pass outOfRange: 'identity'`,
      );
    }
  };
  if (starts) {
    for (let n = 0; n + 1 < starts.length; n++) {
      const offset = offsets.length > 1 ? offsets[n] : offsets[0];
      for (let t = starts[n]; t < starts[n + 1]; t++) put(t, t - starts[n] + offset);
    }
  } else {
    for (let i = 0; i < rows.length; i++) {
      const b = Math.floor(i / sequence);
      const s = i - b * sequence;
      const position = given ? given[given.length === rows.length ? i : s] : s;
      put(i, position + (offsets.length > 1 ? offsets[b] : offsets[0]));
    }
  }
  return { rows, perBatch, includesIdentity };
}

/** A table built from positions: token t of [B, S] or [S] uses row t. */
function rowAligned(table: RotaryTable, batch: number, sequence: number, o: ApplyRotaryOptions): Indices | undefined {
  for (const name of ['positions', 'offset', 'cuSeqlens'] as const) {
    if (o[name] !== undefined) {
      throw new PosencError(
        'ERR_OPTION',
        `${name}: the table was built from positions, one row per token; leave it out`,
      );
    }
  }
  if (table.length === sequence) return undefined;
  if (table.length === batch * sequence) {
    return {
      rows: Int32Array.from({ length: batch * sequence }, (_, i) => i),
      perBatch: sequence,
      includesIdentity: false,
    };
  }
  throw new PosencError(
    'ERR_SHAPE',
    `table: its ${table.length} rows follow positions, but x has ${sequence} tokens${batch > 1 ? ` in ${batch} batches` : ''}`,
  );
}

function sequenceStarts(cuSeqlens: ArrayLike<number>, layout: string, tokens: number): Float64Array {
  if (layout !== 'THD') throw new PosencError('ERR_OPTION', `cuSeqlens: for layout 'THD', got '${layout}'`);
  const starts = positions('cuSeqlens', Array.isArray(cuSeqlens) ? cuSeqlens : cuSeqlens);
  const ordered = starts.every(
    (start, i) => Number.isInteger(start) && (i === 0 ? start === 0 : start >= starts[i - 1]),
  );
  if (starts.length < 1 || !ordered || starts[starts.length - 1] !== tokens) {
    throw new PosencError(
      'ERR_SHAPE',
      `cuSeqlens: expected 0, then ascending ends, the last ${tokens}; got [${starts.join(', ')}]`,
    );
  }
  return starts;
}

function offsetsOf(offset: ApplyRotaryOptions['offset'], count: number): ArrayLike<number> {
  if (offset === undefined) return [0];
  if (typeof offset === 'number') return [finite('offset', offset)];
  const list = positions('offset', offset);
  if (list.length !== count) {
    throw new PosencError(
      'ERR_SHAPE',
      `offset: expected one number, or ${count} (one per sequence), got ${list.length}`,
    );
  }
  return list;
}

/** A vector whose pairing changes in place passes through the scratch arena. */
const MAX_ROTARY_DIM = 8192;

/** Row indices are handed to the kernel in blocks of the scratch arena. */
const INDEX_BLOCK = 4096;

function rotateRows(
  engine: Engine,
  table: RotaryTable,
  { layout, batch, sequence, heads, strides }: Geometry,
  from: number,
  to: number,
  indices: Indices | undefined,
  inverse: boolean,
): void {
  const pairs = table.rotaryDim / 2;
  const rowBytes = 4 * table.width;
  const partner = table.partnerAngles ? 4 * pairs : 0;
  const headBytes = table.heads === undefined ? 0 : table.length * rowBytes;
  const batchBytes = table.batches === undefined ? 0 : (table.heads ?? 1) * table.length * rowBytes;
  const load = inverse ? table.outputPairing : table.pairing;
  const store = inverse ? table.pairing : table.outputPairing;
  const mode = (load === 'interleaved' ? 1 : 0) | (store === 'interleaved' ? 2 : 0) | (inverse ? 4 : 0);
  const lead = 4 * table.rotaryOffset;
  const cos = table.cos.byteOffset;
  const sin = table.sin.byteOffset;
  const b = 4 * strides.batch;
  const s = 4 * strides.sequence;
  const h = 4 * strides.head;
  // heads outermost only where each head's tokens are contiguous
  const byHead = layout === 'BHSD';
  const scratch = engine.scratch();
  const indexBytes = 4 * Math.min(INDEX_BLOCK, Math.floor(engine.scratchBytes / 8));
  const temp = load !== store && from === to ? scratch + indexBytes : 0;
  const run = (batches: number, tokens: number, skip: number, batch: number, rows: number) => {
    const out = to + lead + skip;
    const x = from + lead + skip;
    const c = cos + batch * batchBytes;
    const d = sin + batch * batchBytes;
    // biome-ignore format: grouped as the kernel declares it
    if (byHead) engine.kernels.rotate(
      out, x, c, d, partner, rows, pairs, rowBytes, mode, temp,
      batches, heads, tokens, b, h, s, b, h, s, batchBytes, headBytes, rows ? 0 : rowBytes, 0, 0, 4);
    else engine.kernels.rotate(
      out, x, c, d, partner, rows, pairs, rowBytes, mode, temp,
      batches, tokens, heads, b, s, h, b, s, h, batchBytes, rows ? 0 : rowBytes, headBytes, 0, 4, 0);
  };
  if (!indices) {
    run(batch, sequence, 0, 0, 0);
    return;
  }
  const block = indexBytes / 4;
  const batches = indices.perBatch ? batch : 1;
  for (let n = 0; n < batches; n++) {
    for (let at = 0; at < sequence; at += block) {
      const tokens = Math.min(block, sequence - at);
      const first = n * indices.perBatch + at;
      engine.i32.set(indices.rows.subarray(first, first + tokens), scratch >>> 2);
      run(indices.perBatch ? 1 : batch, tokens, n * b + at * s, n, scratch);
    }
  }
}
