/**
 * One decode step after another: the rotation of the newest token's q and k, prepared once. A step is a range check and one
 * kernel call with fixed pointers; it allocates nothing.
 */
import { boolean, oneOf, take } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { gate, type Place } from '../runtime/gate.ts';
import { type NumberList, positionList } from '../runtime/lists.ts';
import type { EngineOption } from '../runtime/options.ts';
import * as field from '../runtime/rotateCall.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { callRotation, type Rotate } from './apply.ts';
import { geometryOf } from './geometry.ts';
import { checkHead, placeTable, RotaryTable, rowOf, type TableDtype, widen } from './table.ts';

export interface PrepareDecodeOptions extends EngineOption {
  /** Queries of one step, rotated in place: [B, 1, H, D] or [T, H, D], every token at the step's position. */
  readonly q?: Tensor | Float32Array;
  /** Keys of one step, likewise. At least one of the two. */
  readonly k?: Tensor | Float32Array;
  /** Shape of q; needed for a plain array on the engine's memory. */
  readonly qShape?: readonly number[];
  /** Shape of k, likewise. */
  readonly kShape?: readonly number[];
  /** The table; it may extend() while it is used. */
  readonly table: RotaryTable<TableDtype>;
  /** Default 'BSHD'. */
  readonly layout?: 'BSHD' | 'BHSD' | 'THD';
  /** Rotate back. Default false. */
  readonly inverse?: boolean;
}

const OPTIONS = ['q', 'k', 'qShape', 'kShape', 'table', 'layout', 'inverse', 'engine'] as const;
const CALL_WORDS = field.CALL_BYTES / 4;

/**
 * What prepareDecode returns.
 * @example
 * const q = Tensor.zeros([1, 1, 4, 64]);
 * const decode = prepareDecode({ q, table: rotaryTable({ headDim: 64 }, { length: 8 }) });
 * decode.step(7); // q stands at position 7 now
 * console.log(decode instanceof RotaryDecode); // true
 */
export class RotaryDecode {
  /** The table that steps are rotated by. */
  readonly table: RotaryTable<TableDtype>;
  #engine: Engine;
  #first: Tensor | undefined;
  #second: Tensor | undefined;
  #rotateStep: (prepared: number, calls: number, row: number) => void;
  #write: (cos: number, sin: number, rows: number) => void;
  /** @internal The block of the prepared calls: public, so that scope() finds it. */
  readonly prepared: Tensor<'int32'>;
  #pointer: number;
  #count: number;
  #tokens: number;
  #rows: number;
  #stage: number;
  #cos = -1;

  /** @internal */
  constructor(
    table: RotaryTable<TableDtype>,
    prepared: Tensor<'int32'>,
    operands: readonly Place[],
    tokens: number,
    write: (prepared: number, cos: number, sin: number, rows: number, temp: number) => void,
  ) {
    const { engine } = prepared;
    this.table = table;
    this.#engine = engine;
    [this.#first, this.#second] = operands.map(({ given }) => given as unknown as Tensor | undefined);
    this.#rotateStep = engine.kernels.rotateStep;
    this.#count = operands.length;
    this.#tokens = tokens;
    this.prepared = prepared;
    this.#pointer = prepared.byteOffset;
    this.#rows = this.#pointer + field.CALL_BYTES * this.#count;
    const temp = 32 * Math.ceil((this.#rows + 4 * tokens) / 32);
    this.#stage = table.dtype === 'float32' ? 0 : temp + 4 * table.rotaryDim;
    this.#write = (cos, sin, rows) => write(this.#pointer, cos, sin, rows, temp);
  }

  /**
   * Rotates q and k for absolute `position`; or each token for its own, [B] positions.
   * @throws ERR_POSITION outside the table, ERR_DISPOSED
   */
  step(position: number | NumberList): void {
    const { table } = this;
    const { cos } = table;
    this.prepared.assertUsable();
    cos.assertUsable();
    this.#first?.assertUsable();
    this.#second?.assertUsable();
    if (this.#cos !== cos.byteOffset) this.#prepare();
    if (typeof position !== 'number') {
      this.#stepEach(positionList('position', position).data);
      return;
    }
    let row = position - table.start!;
    if (!(row >= 0 && row < table.length) || row !== Math.floor(row)) row = rowOf(table, position, 0);
    if (this.#stage !== 0) {
      this.#engine.i32[this.#rows >>> 2] = row;
      this.#widen(1);
      row = 0;
    }
    this.#rotateStep(this.#pointer, this.#count, row);
  }

  #stepEach(positions: Float64Array): void {
    const { table } = this;
    if (positions.length !== this.#tokens) {
      throw new PosencError(
        'ERR_SHAPE',
        `position: expected one, or ${this.#tokens} (one per token), got ${positions.length}`,
      );
    }
    for (let t = 0; t < positions.length; t++) rowOf(table, positions[t], t);
    const { i32 } = this.#engine;
    const at = this.#rows >>> 2;
    for (let t = 0; t < positions.length; t++) i32[at + t] = positions[t] - table.start!;
    if (this.#stage !== 0) {
      this.#widen(positions.length);
      for (let t = 0; t < positions.length; t++) i32[at + t] = t;
    }
    this.#engine.kernels.rotateStep(this.#pointer, this.#count, -1);
  }

  #widen(tokens: number): void {
    const sin = this.#stage + 4 * this.table.width * this.#tokens;
    widen(this.#engine, this.table, this.#stage, sin, this.#rows, tokens);
  }

  /** Writes the calls; again when the table has moved to larger blocks. */
  #prepare(): void {
    const { table } = this;
    this.#cos = table.cos.byteOffset;
    const cos = this.#stage || table.cos.byteOffset;
    const sin = this.#stage ? this.#stage + 4 * table.width * this.#tokens : table.sin.byteOffset;
    this.#write(cos, sin, this.#rows);
  }

  /** Gives the prepared block back; q, k and the table stay. Idempotent. */
  dispose(): void {
    this.prepared.dispose();
  }
}

/**
 * Prepares the rotation of one token after another: `const decode = prepareDecode({ q, k, table }); decode.step(position)`.
 * q and k stay where they are; write the next token's vectors into them before each step. The table may extend() meanwhile.
 * The same bits as applyRotary.
 * @param given q and k where they lie, [B, 1, H, D], the `table`, the layout
 * @returns a RotaryDecode: call its step(position)
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Su et al., RoFormer, arXiv 2104.09864, eq. 34
 * @example
 * const [q, k] = [Tensor.zeros([1, 1, 32, 128]), Tensor.zeros([1, 1, 8, 128])];
 * const decode = prepareDecode({ q, k, table: rotaryTable({ headDim: 128 }, { length: 64 }) });
 * decode.step(12);
 * console.log(q.shape); // [ 1, 1, 32, 128 ]
 */
export function prepareDecode(given: PrepareDecodeOptions): RotaryDecode {
  const o = take('prepareDecode', given, OPTIONS);
  const { table } = o;
  if (!(table instanceof RotaryTable) || table.start === undefined || table.batches || table.heads) {
    throw new PosencError(
      'ERR_OPTION',
      `table: expected a table of consecutive positions, shared by heads and batches, got ${show(table)}`,
    );
  }
  const layout = oneOf('layout', o.layout, ['BSHD', 'BHSD', 'THD'], 'BSHD');
  const inverse = boolean('inverse', o.inverse, false);
  const named = [
    ['q', o.q, o.qShape],
    ['k', o.k, o.kShape],
  ] as const;
  const used = named.filter(([, x]) => x !== undefined);
  if (used.length === 0) throw new PosencError('ERR_OPTION', 'prepareDecode: give q, k or both');
  const call = gate('prepareDecode', o.engine);
  placeTable(call, 'table', table);
  const calls = used.map(([name, x, shape]) => {
    const place = call.change(name, x);
    const geometry = geometryOf(place, layout, { shape });
    if (layout !== 'THD' && geometry.sequence !== 1) {
      throw new PosencError(
        'ERR_SHAPE',
        `${name}: a decode step has one token, got a sequence of ${geometry.sequence}`,
      );
    }
    checkHead(name, geometry.channels, table);
    return { place, geometry };
  });
  const { memory } = call.engine;
  for (const { place } of calls) {
    // they are rotated where they lie, step after step: a copy would help nobody
    if (place.given !== undefined || place.view?.buffer === memory.buffer) continue;
    throw new PosencError(
      'ERR_OPTION',
      `${place.option}: expected a float32 Tensor or a Float32Array on the engine's memory, got ${show(place.array)}`,
    );
  }
  const tokensOf = ({ geometry }: (typeof calls)[number]) => geometry.batch * geometry.sequence;
  const tokens = tokensOf(calls[0]);
  if (tokensOf(calls[calls.length - 1]) !== tokens) {
    throw new PosencError('ERR_SHAPE', `k: has ${tokensOf(calls[1])} tokens, but q has ${tokens}`);
  }
  // the calls, a row index per token, what the kernel works in, and widened rows of a 16-bit table
  const staged = table.dtype === 'float32' ? 0 : 2 * table.width * tokens;
  const words = CALL_WORDS * calls.length + tokens + table.rotaryDim + 16 + staged;
  const prepared = call.output('prepared', undefined, [words], 'int32');
  return call.run((engine) => {
    const block = prepared.tensor as unknown as Tensor<'int32'>;
    const places = calls.map(({ place }) => place);
    const write = (at: number, cos: number, sin: number, rows: number, temp: number) => {
      for (const [i, { place, geometry }] of calls.entries()) {
        const { batch, sequence } = geometry;
        const rowsPerBatch = layout === 'THD' ? 0 : 4;
        const { pointer } = place;
        const call = { x: pointer, out: pointer, batches: batch, tokens: sequence, rows, rowsPerBatch, cos, sin };
        const rotation = { table, geometry, inverse, temp };
        callRotation(writeCall(engine.i32, at + i * field.CALL_BYTES), rotation, call);
      }
    };
    return new RotaryDecode(table, block, places, tokens, write);
  });
}

/** What takes the parameters of `rotate` and writes them as the record at `prepared` that rotateStep reads. */
function writeCall(i32: Int32Array, prepared: number): Rotate<void> {
  // biome-ignore format: grouped as the kernel declares it
  return (
    out, x, cos, sin, partner, rows, pairs, rowBytes, mode, temp, n0, n1, n2, x0, x1, x2, out0, out1, out2, t0, t1, t2,
    i0, i1, i2,
  ) => {
    const put = (offset: number, value: number) => {
      i32[(prepared + offset) >>> 2] = value;
    };
    put(field.CALL_OUT, out);
    put(field.CALL_X, x);
    put(field.CALL_COS, cos);
    put(field.CALL_SIN, sin);
    put(field.CALL_PARTNER, partner);
    put(field.CALL_ROWS, rows);
    put(field.CALL_PAIRS, pairs);
    put(field.CALL_ROW_BYTES, rowBytes);
    put(field.CALL_MODE, mode);
    put(field.CALL_TEMP, temp);
    put(field.CALL_N0, n0);
    put(field.CALL_N1, n1);
    put(field.CALL_N2, n2);
    put(field.CALL_X0, x0);
    put(field.CALL_X1, x1);
    put(field.CALL_X2, x2);
    put(field.CALL_OUT0, out0);
    put(field.CALL_OUT1, out1);
    put(field.CALL_OUT2, out2);
    put(field.CALL_T0, t0);
    put(field.CALL_T1, t1);
    put(field.CALL_T2, t2);
    put(field.CALL_I0, i0);
    put(field.CALL_I1, i1);
    put(field.CALL_I2, i2);
  };
}
