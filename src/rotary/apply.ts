/**
 * Applies a rotary table to q or k, in place or into `out`. RoFormer, arXiv 2104.09864 eq. 34; layouts and position rules
 * of transformers, flash-attention, vLLM and ONNX Runtime: docs/rotary.md.
 */
import { boolean, oneOf, take } from '../runtime/arguments.ts';
import { INVERSE, LOAD_INTERLEAVED, STORE_INTERLEAVED } from '../runtime/codes.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { type Call, type Floats, gate, type Out, type Place } from '../runtime/gate.ts';
import type { Kernels } from '../runtime/kernels.ts';
import type { EngineOption } from '../runtime/options.ts';
import { type Geometry, type GeometryOptions, geometryOf, LAYOUTS, type Layout } from './geometry.ts';
import { checkHead, placeTable, RotaryTable, type TableDtype, widen } from './table.ts';
import { type Indices, rowIndices, type TokenOptions } from './tokens.ts';

export interface ApplyRotaryOptions extends GeometryOptions, TokenOptions, EngineOption {
  /** Rotates back (transposed rotation). With an attention factor other than 1 this is not the inverse. Default false. */
  readonly inverse?: boolean;
  /** What a position outside the table does: 'error', or 'identity' (left unrotated, as flash-attention does). Default 'error'. */
  readonly outOfRange?: 'error' | 'identity';
  /** Where the result goes. Default: x itself. */
  readonly out?: Out;
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
 * Two float32 products and one sum a number, in a fixed order: the same bits in every layout and on every runtime.
 * @param x q or k, in the layout's shape; an array outside the engine's memory is copied in and back
 * @param table from rotaryTable, axialTable, xposTable, rotaryTableFrom ...
 * @param given layout, positions or offset, and `out` where x must stay
 * @returns x, or out
 * @throws ERR_SHAPE, ERR_OPTION, ERR_POSITION (names the index, the position and the table's range), ERR_DISPOSED
 * @see Su et al., RoFormer, arXiv 2104.09864, eq. 34
 * @example
 * const table = rotaryTable({ headDim: 64 }, { length: 128 });
 * const q = applyRotary(Tensor.zeros([1, 16, 4, 64]), table, { offset: 100 });
 * console.log(q.shape); // [ 1, 16, 4, 64 ]
 */
export function applyRotary<T extends Floats>(
  x: T,
  table: RotaryTable<TableDtype>,
  given: ApplyRotaryOptions & { readonly out?: undefined },
): T;
export function applyRotary<O extends Out>(
  x: Floats,
  table: RotaryTable<TableDtype>,
  given: ApplyRotaryOptions & { readonly out: O },
): O;
export function applyRotary<T extends Floats>(x: T, table: RotaryTable<TableDtype>): T;
export function applyRotary(x: Floats, table: RotaryTable<TableDtype>, given: ApplyRotaryOptions = {}): Floats {
  const o = take('applyRotary', given, OPTIONS);
  const call = gate('applyRotary', o.engine);
  const layout = oneOf('layout', o.layout, LAYOUTS, 'BSHD');
  const source = o.out === undefined ? call.change('x', x) : call.flat('x', x);
  const rotation = rotationCall(call, source, table, layout, o);
  const { batch, sequence, heads, channels } = rotation.geometry;
  if (o.out === undefined) {
    call.run((engine) => rotate(engine, rotation, source.pointer, source.pointer));
    return x;
  }
  if (o.strides) throw new PosencError('ERR_OPTION', 'strides: only for rotating in place; leave out `out`');
  const count = batch * sequence * heads * channels;
  const target = call.output('out', o.out, [batch, sequence, heads, channels], 'float32', source);
  // an x outside the memory is copied to where it is rotated
  call.into(source, target);
  call.run((engine) => {
    const whole = table.rotaryDim === channels && !rotation.indices?.includesIdentity;
    if (target.pointer !== source.pointer && !whole && count > 0) {
      engine.kernels.copyRows(target.pointer, 0, source.pointer, 0, 1, count, 1);
    }
    rotate(engine, rotation, source.pointer, target.pointer);
  });
  return o.out;
}

/** @internal A rotation that nothing is wrong with. */
export interface RotationCall {
  readonly table: RotaryTable<TableDtype>;
  readonly geometry: Geometry;
  readonly indices: Indices | undefined;
  readonly inverse: boolean;
}

/** @internal Checks everything that a rotation of x needs. @throws as applyRotary */
export function rotationCall(
  call: Call,
  x: Place,
  table: RotaryTable<TableDtype>,
  layout: Layout,
  o: Omit<ApplyRotaryOptions, 'out' | 'engine'>,
): RotationCall {
  if (!(table instanceof RotaryTable)) {
    throw new PosencError(
      'ERR_OPTION',
      `table: expected what rotaryTable or rotaryTableFrom returns, got ${show(table)}`,
    );
  }
  placeTable(call, 'table', table);
  const inverse = boolean('inverse', o.inverse, false);
  const outOfRange = oneOf('outOfRange', o.outOfRange, ['error', 'identity'], 'error');
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
      `outOfRange: 'identity' leaves channels where they are, but this table takes pairing '${table.pairing}' to '${table.outputPairing}'; build a longer table`,
    );
  }
  checkHead(x.option, channels, table);
  checkRowsFor('batches', table.batches, batch);
  checkRowsFor('heads', table.heads, heads);
  return { table, geometry, indices: rowIndices(call, table, batch, sequence, layout, outOfRange, o), inverse };
}

/** @internal Rotates the vectors at `from` into `to`, which may be the same. */
export function rotate(engine: Engine, vectors: RotationCall, from: number, to: number): void {
  const { batch, sequence, heads } = vectors.geometry;
  if (batch * sequence * heads > 0) rotateRows(engine, vectors, from, to);
}

function checkRowsFor(name: string, own: number | undefined, got: number): void {
  if (own === undefined || own === got) return;
  throw new PosencError('ERR_SHAPE', `table: has rows for ${own} ${name}, but x has ${got}`);
}

/** A vector whose pairing changes in place passes through the scratch arena. */
const MAX_ROTARY_DIM = 8192;

/** Row indices are handed to the kernel in blocks of the scratch arena. */
const INDEX_BLOCK = 4096;

function rotateRows(engine: Engine, vectors: RotationCall, from: number, to: number): void {
  const { table, geometry, indices, inverse } = vectors;
  const { batch, sequence, strides } = geometry;
  const kernel = engine.kernels.rotate;
  const scratch = engine.scratch();
  const block = Math.min(INDEX_BLOCK, Math.floor(engine.scratchBytes / 16));
  const staged = table.dtype !== 'float32';
  const temp = scratch + 4 * block;
  const rotation = { table, geometry, inverse, temp };
  if (!indices && !staged) {
    callRotation(kernel, rotation, { x: from, out: to, batches: batch, tokens: sequence });
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
      const row = scratch >>> 2;
      const { i32 } = engine;
      // one by one: a subarray costs more than the few rows of a step of decoding
      if (indices) for (let t = 0; t < tokens; t++) i32[row + t] = indices.rows[n * perBatch + at + t];
      else for (let t = 0; t < tokens; t++) i32[row + t] = at + t;
      const rows = { x: from + skip, out: to + skip, batches: perBatch ? 1 : batch, tokens, batch: n, rows: scratch };
      if (!staged) {
        callRotation(kernel, rotation, rows);
        continue;
      }
      widen(engine, table, stage, stage + tokens * rowBytes, scratch, tokens);
      // the widened row of token t is row t; what was left out stays so
      for (let t = 0; t < tokens; t++) if (engine.i32[row + t] >= 0) engine.i32[row + t] = t;
      callRotation(kernel, rotation, { ...rows, cos: stage, sin: stage + tokens * rowBytes });
    }
  }
}

/** What all calls of one rotation have in common. */
interface KernelRotation {
  readonly table: RotaryTable<TableDtype>;
  readonly geometry: Geometry;
  readonly inverse: boolean;
  /** Pointer of room for one vector. */
  readonly temp: number;
}

/** One call of the kernel: pointers of the first vector, its counts, and where the rows come from. */
interface KernelCall {
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
export function callRotation<R>(rotate: Rotate<R>, rotation: KernelRotation, call: KernelCall): R {
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
