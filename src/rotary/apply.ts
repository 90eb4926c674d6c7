/**
 * Applies a rotary table to q or k, in place or into `out`. RoFormer, arXiv 2104.09864 eq. 34; layouts and position rules
 * of transformers, flash-attention, vLLM and ONNX Runtime: docs/rotary.md.
 */
import { boolean, integer, oneOf, options } from '../runtime/arguments.ts';
import { INVERSE, LOAD_INTERLEAVED, STORE_INTERLEAVED } from '../runtime/codes.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import type { Kernels } from '../runtime/kernels.ts';
import type { Positions } from '../runtime/lists.ts';
import { checkOut, checkOverlap, chooseEngine, operand, output, shapeOf } from '../runtime/operands.ts';
import { Tensor } from '../runtime/tensor.ts';
import { checkHead, RotaryTable, type TableDtype } from './table.ts';
import { widen } from './tableLayouts.ts';
import { type Indices, rowIndices } from './tokens.ts';

export interface ApplyRotaryOptions {
  /**
   * B batch, S sequence, T packed tokens, H heads, D channels of a head; 'BSD' and 'TD' hold the heads side by side in one
   * axis of heads * D and need `heads`. Default 'BSHD'.
   */
  readonly layout?: 'BSHD' | 'BHSD' | 'THD' | 'BSD' | 'TD';
  /** Heads of a 'BSD' or 'TD' x. */
  readonly heads?: number;
  /** Sizes in the order of the layout: needed for a plain Float32Array. */
  readonly shape?: readonly number[];
  /** Elements between neighbours along batch, sequence (or token) and head. Default: contiguous. In place only. */
  readonly strides?: { readonly batch?: number; readonly sequence?: number; readonly head?: number };
  /** Absolute positions, [S] or [B, S] flattened (THD: [T]). Default 0, 1, 2 ... in every batch. */
  readonly positions?: Positions;
  /** Position of the first token; one number, or one per batch (per packed sequence with cuSeqlens). Default 0. */
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
  'heads',
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
  table: RotaryTable<TableDtype>,
  given: ApplyRotaryOptions & { readonly out?: undefined },
): T;
export function applyRotary<O extends Tensor | Float32Array>(
  x: Tensor | Float32Array,
  table: RotaryTable<TableDtype>,
  given: ApplyRotaryOptions & { readonly out: O },
): O;
export function applyRotary<T extends Tensor>(x: T, table: RotaryTable<TableDtype>): T;
export function applyRotary(
  x: Tensor | Float32Array,
  table: RotaryTable<TableDtype>,
  given: ApplyRotaryOptions = {},
): Tensor | Float32Array {
  const o = options('applyRotary', given, OPTIONS);
  if (!(table instanceof RotaryTable)) {
    throw new PosencError(
      'ERR_OPTION',
      `table: expected what rotaryTable or rotaryTableFrom returns, got ${show(table)}`,
    );
  }
  const layout = oneOf('layout', o.layout, ['BSHD', 'BHSD', 'THD', 'BSD', 'TD'], 'BSHD');
  const inverse = boolean('inverse', o.inverse, false);
  const outOfRange = oneOf('outOfRange', o.outOfRange, ['error', 'identity'], 'error');
  const engine = chooseEngine(o.engine, x, table.cos, table.sin, o.out);
  const geometry = geometryOf(x, layout, o);
  const { batch, sequence, heads, channels } = geometry;
  const limit = table.dtype === 'float32' ? MAX_ROTARY_DIM : MAX_ROTARY_DIM / 2;
  if (table.rotaryDim > limit) {
    throw new PosencError(
      'ERR_SHAPE',
      `table: rotates ${table.rotaryDim} channels; at most ${limit} in ${table.dtype}`,
    );
  }
  if (outOfRange === 'identity' && table.outputPairing !== table.pairing) {
    throw new PosencError(
      'ERR_OPTION',
      `outOfRange: 'identity' leaves channels where they are, but this table turns pairing '${table.pairing}' into '${table.outputPairing}'; build a longer table`,
    );
  }
  checkHead('x', channels, table);
  checkRowsFor('batches', table.batches, batch);
  checkRowsFor('heads', table.heads, heads);
  const indices = rowIndices(table, batch, sequence, layout, outOfRange, o);
  if (o.out !== undefined) {
    if (o.strides) throw new PosencError('ERR_OPTION', 'strides: only for rotating in place; leave out `out`');
    checkOut(engine, o.out, [batch, sequence, heads, channels]);
    checkOverlap('table.cos', 'out', table.cos, o.out, false);
    checkOverlap('table.sin', 'out', table.sin, o.out, false);
    checkOverlap('x', 'out', x, o.out);
  }
  checkOverlap('table.cos', 'x', table.cos, x, false);
  checkOverlap('table.sin', 'x', table.sin, x, false);
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

function checkRowsFor(name: string, own: number | undefined, got: number): void {
  if (own === undefined || own === got) return;
  throw new PosencError('ERR_SHAPE', `table: has rows for ${own} ${name}, but x has ${got}`);
}

type Layout = NonNullable<ApplyRotaryOptions['layout']>;

/** @internal */
export interface Geometry {
  readonly layout: Layout;
  readonly batch: number;
  readonly sequence: number;
  readonly heads: number;
  readonly channels: number;
  /** Elements from one batch, token and head to the next. */
  readonly strides: { readonly batch: number; readonly sequence: number; readonly head: number };
}

/** @internal */
export function geometryOf(
  x: unknown,
  layout: Layout,
  o: Pick<ApplyRotaryOptions, 'shape' | 'strides' | 'heads'>,
): Geometry {
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
  const byHead = layout === 'BHSD';
  const token = layout === 'THD' || layout === 'TD' ? 0 : byHead ? 2 : 1;
  const batch = layout === 'THD' || layout === 'TD' ? 1 : shape[0];
  const sequence = shape[token];
  let heads = shape[byHead ? 1 : token + 1];
  let channels = shape[axes - 1];
  if (layout === 'BSD' || layout === 'TD') [heads, channels] = apart(channels, layout, o.heads);
  else if (o.heads !== undefined) {
    throw new PosencError('ERR_OPTION', `heads: for layouts 'BSD' and 'TD'; layout '${layout}' has them in its shape`);
  }
  if (channels === 0) throw new PosencError('ERR_SHAPE', 'shape: a head needs at least one channel');
  const dense = byHead
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

/** Heads and channels of a head, from heads * D side by side. */
function apart(width: number, layout: Layout, given: unknown): [heads: number, channels: number] {
  if (given === undefined) {
    throw new PosencError('ERR_OPTION', `heads: layout '${layout}' needs it, to cut ${width} channels into heads`);
  }
  const heads = integer('heads', given, 0, 2 ** 24);
  const channels = heads === 0 ? 1 : width / heads;
  if (!Number.isInteger(channels) || heads * channels !== width) {
    throw new PosencError('ERR_SHAPE', `heads: ${width} channels do not divide into ${heads} heads`);
  }
  return [heads, channels];
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

/** A vector whose pairing changes in place passes through the scratch arena. */
const MAX_ROTARY_DIM = 8192;

/** Row indices are handed to the kernel in blocks of the scratch arena. */
const INDEX_BLOCK = 4096;

function rotateRows(
  engine: Engine,
  table: RotaryTable<TableDtype>,
  geometry: Geometry,
  from: number,
  to: number,
  indices: Indices | undefined,
  inverse: boolean,
): void {
  const { batch, sequence, strides } = geometry;
  const { rotate } = engine.kernels;
  const scratch = engine.scratch();
  const block = Math.min(INDEX_BLOCK, Math.floor(engine.scratchBytes / 16));
  const staged = table.dtype !== 'float32';
  const temp = scratch + 4 * block;
  const rotation = { table, geometry, inverse, temp };
  if (!indices && !staged) {
    callRotation(rotate, rotation, { x: from, out: to, batches: batch, tokens: sequence });
    return;
  }
  // rows of a 16-bit table are widened behind the indices and what the kernel works in
  const rowBytes = 4 * table.width;
  const stage = temp + 4 * table.rotaryDim;
  const room = engine.scratchBytes - (stage - scratch);
  const tokensAtOnce = staged ? Math.min(block, Math.floor(room / (2 * rowBytes))) : block;
  const perBatch = indices?.perBatch ?? 0;
  for (let n = 0; n < (perBatch ? batch : 1); n++) {
    for (let at = 0; at < sequence; at += tokensAtOnce) {
      const tokens = Math.min(tokensAtOnce, sequence - at);
      const skip = 4 * (n * strides.batch + at * strides.sequence);
      const some = indices?.rows.subarray(n * perBatch + at, n * perBatch + at + tokens);
      const row = scratch >>> 2;
      if (some) engine.i32.set(some, row);
      else for (let t = 0; t < tokens; t++) engine.i32[row + t] = at + t;
      const rows = { x: from + skip, out: to + skip, batches: perBatch ? 1 : batch, tokens, batch: n, rows: scratch };
      if (!staged) {
        callRotation(rotate, rotation, rows);
        continue;
      }
      widen(engine, table, stage, stage + tokens * rowBytes, scratch, tokens);
      // the widened row of token t is row t; what was left out stays so
      for (let t = 0; t < tokens; t++) if (engine.i32[row + t] >= 0) engine.i32[row + t] = t;
      callRotation(rotate, rotation, { ...rows, cos: stage, sin: stage + tokens * rowBytes });
    }
  }
}

/** What all calls of one rotation have in common. */
interface Rotation {
  readonly table: RotaryTable<TableDtype>;
  readonly geometry: Geometry;
  readonly inverse: boolean;
  /** Pointer of room for one vector. */
  readonly temp: number;
}

/** One call of the kernel: pointers of the first vector, its counts, and where the rows come from. */
interface Call {
  readonly x: number;
  readonly out: number;
  readonly batches: number;
  readonly tokens: number;
  /** First batch, for tables with rows per batch. Default 0. */
  readonly batch?: number;
  /** Pointer of int32 row indices, one a token. Default: row t. */
  readonly rows?: number;
  /** Bytes between the indices of two batches. Default 0: the same for all. */
  readonly rowsPerBatch?: number;
  readonly cos?: number;
  readonly sin?: number;
}

/** @internal The kernel `rotate`, or what takes its parameters. */
export type Rotate<R> = (...parameters: Parameters<Kernels['rotate']>) => R;

/**
 * @internal Calls the kernel `rotate`, or what takes its arguments. Not `rotate(...list)`: spreading 25 arguments costs about as
 * much as rotating one token.
 */
export function callRotation<R>(rotate: Rotate<R>, rotation: Rotation, call: Call): R {
  const { table, geometry, inverse, temp } = rotation;
  const { heads, strides } = geometry;
  const { x, out, batches, tokens, batch = 0, rows = 0, rowsPerBatch = 0 } = call;
  const pairs = table.rotaryDim / 2;
  const rowBytes = 4 * table.width;
  const partner = table.partnerAngles ? 4 * pairs : 0;
  const headBytes = table.heads === undefined ? 0 : table.length * rowBytes;
  const batchBytes = table.batches === undefined ? 0 : (table.heads ?? 1) * table.length * rowBytes;
  const load = inverse ? table.outputPairing : table.pairing;
  const store = inverse ? table.pairing : table.outputPairing;
  const mode =
    (load === 'interleaved' ? LOAD_INTERLEAVED : 0) |
    (store === 'interleaved' ? STORE_INTERLEAVED : 0) |
    (inverse ? INVERSE : 0);
  const to = out + 4 * table.rotaryOffset;
  const from = x + 4 * table.rotaryOffset;
  const c = call.cos ?? table.cos.byteOffset + batch * batchBytes;
  const d = call.sin ?? table.sin.byteOffset + batch * batchBytes;
  const b = 4 * strides.batch;
  const s = 4 * strides.sequence;
  const h = 4 * strides.head;
  const byRow = rows ? 0 : rowBytes;
  const index = rows ? 4 : 0;
  // tokens innermost only where they are contiguous: the heads of a token share its row
  // biome-ignore format: grouped as the kernel declares it
  return geometry.layout === 'BHSD' && tokens > 1
    ? rotate(to, from, c, d, partner, rows, pairs, rowBytes, mode, temp, batches, heads, tokens,
        b, h, s, b, h, s, batchBytes, headBytes, byRow, rowsPerBatch, 0, index)
    : rotate(to, from, c, d, partner, rows, pairs, rowBytes, mode, temp, batches, tokens, heads,
        b, s, h, b, s, h, batchBytes, byRow, headBytes, rowsPerBatch, index, 0);
}
