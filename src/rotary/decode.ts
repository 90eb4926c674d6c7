/**
 * One decode step after another: the rotation of the newest token's q and k, prepared once. A step is a range check and one
 * kernel call with fixed pointers; it allocates nothing.
 */
import { boolean, oneOf, options } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { checkOverlap, chooseEngine, shapeOf } from '../runtime/operands.ts';
import * as field from '../runtime/rotateCall.ts';
import { Tensor } from '../runtime/tensor.ts';
import { callRotation, geometryOf, type Rotate } from './apply.ts';
import { checkHead, RotaryTable, type TableDtype } from './table.ts';
import { rowOf, widen } from './tableLayouts.ts';

export interface PrepareDecodeOptions {
  /** Queries of one step, rotated in place: [B, 1, H, D] or [T, H, D], every token at the step's position. */
  readonly q?: Tensor | Float32Array;
  /** Keys of one step, likewise. At least one of the two. */
  readonly k?: Tensor | Float32Array;
  /** Shapes, for plain arrays on the engine's memory. */
  readonly qShape?: readonly number[];
  readonly kShape?: readonly number[];
  readonly table: RotaryTable<TableDtype>;
  /** Default 'BSHD'. */
  readonly layout?: 'BSHD' | 'BHSD' | 'THD';
  readonly inverse?: boolean;
  readonly engine?: Engine;
}

const OPTIONS = ['q', 'k', 'qShape', 'kShape', 'table', 'layout', 'inverse', 'engine'] as const;
const CALL_WORDS = field.CALL_BYTES / 4;

/** What prepareDecode returns. */
export class RotaryDecode {
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
    engine: Engine,
    table: RotaryTable<TableDtype>,
    operands: readonly (Tensor | Float32Array)[],
    tokens: number,
    write: (prepared: number, cos: number, sin: number, rows: number, temp: number) => void,
  ) {
    this.table = table;
    this.#engine = engine;
    const [first, second] = operands;
    this.#first = first instanceof Tensor ? first : undefined;
    this.#second = second instanceof Tensor ? second : undefined;
    this.#rotateStep = engine.kernels.rotateStep;
    this.#count = operands.length;
    this.#tokens = tokens;
    // the calls, a row index per token, what the kernel works in, and widened rows of a 16-bit table
    const staged = table.dtype === 'float32' ? 0 : 2 * table.width * tokens;
    this.prepared = new Tensor(engine, [CALL_WORDS * this.#count + tokens + table.rotaryDim + 16 + staged], 'int32');
    this.#pointer = this.prepared.byteOffset;
    this.#rows = this.#pointer + field.CALL_BYTES * this.#count;
    const temp = (this.#rows + 4 * tokens + 31) & ~31;
    this.#stage = staged ? temp + 4 * table.rotaryDim : 0;
    this.#write = (cos, sin, rows) => write(this.#pointer, cos, sin, rows, temp);
  }

  /**
   * Rotates q and k for absolute `position`; or each token for its own, [B] positions.
   * @throws ERR_POSITION outside the table, ERR_DISPOSED
   */
  step(position: number | ArrayLike<number>): void {
    const { table } = this;
    const { cos } = table;
    if (this.#cos !== cos.byteOffset) this.#prepare();
    this.prepared.assertUsable();
    cos.assertUsable();
    this.#first?.assertUsable();
    this.#second?.assertUsable();
    if (typeof position !== 'number') {
      this.#stepEach(position);
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

  #stepEach(positions: ArrayLike<number>): void {
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
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function prepareDecode(given: PrepareDecodeOptions): RotaryDecode {
  const o = options('prepareDecode', given, OPTIONS);
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
  const engine = chooseEngine(o.engine, o.q, o.k, table.cos);
  const used = named.filter(([, x]) => x !== undefined);
  if (used.length === 0) throw new PosencError('ERR_OPTION', 'prepareDecode: give q, k or both');
  const calls = used.map(([name, x, shape]) => {
    if (
      x instanceof Float32Array ? x.buffer !== engine.memory.buffer : !(x instanceof Tensor) || x.dtype !== 'float32'
    ) {
      throw new PosencError(
        'ERR_OPTION',
        `${name}: expected a float32 Tensor or a Float32Array on the engine's memory, got ${show(x)}`,
      );
    }
    const geometry = geometryOf(x, layout, { shape: shapeOf(name, x, shape) });
    if (layout !== 'THD' && geometry.sequence !== 1) {
      throw new PosencError(
        'ERR_SHAPE',
        `${name}: a decode step has one token, got a sequence of ${geometry.sequence}`,
      );
    }
    checkHead(name, geometry.channels, table);
    checkOverlap('table.cos', name, table.cos, x, false);
    checkOverlap('table.sin', name, table.sin, x, false);
    return { x: x!, geometry };
  });
  const tokensOf = ({ geometry }: (typeof calls)[number]) => geometry.batch * geometry.sequence;
  const tokens = tokensOf(calls[0]);
  if (tokensOf(calls[calls.length - 1]) !== tokens) {
    throw new PosencError('ERR_SHAPE', `k: has ${tokensOf(calls[1])} tokens, but q has ${tokens}`);
  }
  if (calls.length === 2) checkOverlap('q', 'k', o.q, o.k, false);
  return new RotaryDecode(
    engine,
    table,
    calls.map(({ x }) => x),
    tokens,
    (prepared, cos, sin, rows, temp) => {
      for (const [i, { x, geometry }] of calls.entries()) {
        const { batch, sequence } = geometry;
        const rowsPerBatch = layout === 'THD' ? 0 : 4;
        callRotation(
          writeCall(engine.i32, prepared + i * field.CALL_BYTES),
          { table, geometry, inverse, temp },
          {
            x: x.byteOffset,
            out: x.byteOffset,
            batches: batch,
            tokens: sequence,
            rows,
            rowsPerBatch,
            cos,
            sin,
          },
        );
      }
    },
  );
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
