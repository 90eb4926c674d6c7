/**
 * Rotary tables: cos and sin of position x frequency, [n, rotaryDim / 2] each. RoFormer, arXiv 2104.09864.
 */

import type { Rows } from '../phase/plan.ts';
import { type RowOptions, rowsOf } from '../phase/positions.ts';
import { integer, oneOf, size, take } from '../runtime/arguments.ts';
import { disposable } from '../runtime/dispose.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { type Call, gate, type Place } from '../runtime/gate.ts';
import type { EngineOption, PairOutOption } from '../runtime/options.ts';
import { Tensor } from '../runtime/tensor.ts';
import { checkSource, countOf, fillTable, part, rowWidth, type TableDtype, type TableSource } from './fill.ts';
import { type RotaryInput, specOf } from './form.ts';
import { contextOf, frequenciesAt, type RotaryFrequencies, ruleOf, sameFrequencies } from './frequencies.ts';
import type { LooseSpec, Pairing, RotarySpec } from './spec.ts';

export type { TableDtype } from './fill.ts';

/** What a table knows of itself. */
export interface TableParts<D extends TableDtype = 'float32'> {
  readonly cos: Tensor<D>;
  readonly sin: Tensor<D>;
  readonly start: number | undefined;
  readonly length: number;
  readonly headDim?: number;
  readonly rotaryDim: number;
  readonly rotaryOffset: number;
  readonly pairing: Pairing;
  readonly outputPairing: Pairing;
  readonly partnerAngles?: boolean;
  readonly batches?: number;
  readonly heads?: number;
  /** Blocks that cos and sin are views of. */
  readonly blocks?: readonly Tensor<D>[];
  readonly growth?: Growth;
}

/** What a table of consecutive rows needs to grow. */
interface Growth {
  /** Rows the blocks hold. */
  readonly capacity: number;
  readonly source: TableSource;
  /** Whether a length asks for other frequencies, when they depend on it and the call did not fix it. */
  readonly changes?: (length: number) => boolean;
}

/**
 * cos and sin for applyRotary, and what it needs to know about them.
 * @example
 * const table = rotaryTable({ headDim: 64 }, { length: 8, capacity: 64 });
 * table.extend(16);
 * console.log(table.cos.shape, table instanceof RotaryTable); // [ 16, 32 ] true
 */
export class RotaryTable<D extends TableDtype = 'float32'> {
  /** [n, rotaryDim / 2]; with partnerAngles [n, rotaryDim]; before that [batches] and [heads] where rows are not shared. */
  readonly cos: Tensor<D>;
  /** Likewise. */
  readonly sin: Tensor<D>;
  /** What cos and sin are stored in. */
  readonly dtype: D;
  /** Position of row 0; undefined when the rows follow a list of positions (row t then belongs to token t). */
  readonly start: number | undefined;
  /** Number of rows. */
  readonly length: number;
  /** Channels of the heads it rotates; undefined: heads of any width that hold the rotated channels. */
  readonly headDim: number | undefined;
  /** Rotated channels of a head. */
  readonly rotaryDim: number;
  /** First rotated channel of a head. */
  readonly rotaryOffset: number;
  /** How channels pair. */
  readonly pairing: Pairing;
  /** How they pair afterwards. */
  readonly outputPairing: Pairing;
  /**
   * The two channels of a pair have angles of their own: a row holds the rotaryDim / 2 values of the first channels, then
   * those of the second ones. Not a rotation any more. Default false.
   */
  readonly partnerAngles: boolean;
  /** Every batch has rows of its own: cos is [batches, (heads,) n, width]. */
  readonly batches: number | undefined;
  /** Every head has rows of its own: cos is [(batches,) heads, n, width]. */
  readonly heads: number | undefined;
  /** @internal */
  readonly blocks: readonly Tensor<D>[] | undefined;
  #growth: Growth | undefined;

  /** @internal */
  constructor(parts: TableParts<D>) {
    this.cos = parts.cos;
    this.sin = parts.sin;
    this.dtype = parts.cos.dtype;
    this.start = parts.start;
    this.length = parts.length;
    this.headDim = parts.headDim;
    this.rotaryDim = parts.rotaryDim;
    this.rotaryOffset = parts.rotaryOffset;
    this.pairing = parts.pairing;
    this.outputPairing = parts.outputPairing;
    this.partnerAngles = parts.partnerAngles ?? false;
    this.batches = parts.batches;
    this.heads = parts.heads;
    this.blocks = parts.blocks;
    this.#growth = parts.growth;
  }

  /** Numbers in a row of cos. */
  get width(): number {
    return this.partnerAngles ? this.rotaryDim : this.rotaryDim / 2;
  }

  /** Rows that fit without moving the table. */
  get capacity(): number {
    return this.#growth?.capacity ?? this.length;
  }

  /**
   * Makes the table `length` rows long, computing only the new ones; they have the bits of a table made that long at once.
   * Up to `capacity` rows nothing is allocated; beyond it the table moves to blocks twice as large, and views of the old
   * ones are the caller's to refresh. A length the table has already is no work; it never shrinks.
   * @throws ERR_OPTION for a table from `positions`, `out` or foreign caches, and when a length-dependent rule (dynamic,
   * dynamic-yarn, longrope) would change its frequencies; ERR_OUT_OF_MEMORY
   */
  extend(length: number): this {
    size('length', length, 0);
    this.cos.assertUsable();
    this.sin.assertUsable();
    if (length <= this.length) return this;
    const growth = this.#growth;
    if (!growth) {
      throw new PosencError(
        'ERR_OPTION',
        'extend: only a table that rotaryTable made of consecutive positions, in blocks of its own, can grow',
      );
    }
    const { source } = growth;
    if (growth.changes?.(Math.max(1, Math.floor(this.start! + length - 1) + 1))) {
      throw new PosencError(
        'ERR_OPTION',
        `extend: at ${length} rows the frequencies of this rule change, and every row with them; make a new table, or fix the length with rotaryTable's 'context'`,
      );
    }
    const call = gate('extend');
    placeTable(call, 'table', this);
    const capacity = length > growth.capacity ? Math.max(length, 2 * growth.capacity) : growth.capacity;
    const larger =
      capacity > growth.capacity ? outPair(call, undefined, [capacity, this.width], this.dtype) : undefined;
    call.run((engine) => {
      if (larger) this.#move(engine, larger, capacity);
      const made = this.length;
      const [cosBlock, sinBlock] = this.blocks!;
      const skip = made * this.width * (this.dtype === 'float32' ? 4 : 2);
      const target = { cos: cosBlock.byteOffset + skip, sin: sinBlock.byteOffset + skip, dtype: this.dtype };
      fillTable(engine, source, [{ start: this.start! + made, count: length - made }], target);
      this.#show(length);
    });
    return this;
  }

  /** The rows so far go to larger blocks, which belong where the old ones belonged: to the same scope, or to none. */
  #move(engine: Engine, larger: TablePair, capacity: number): void {
    const { cos, sin, dtype } = this;
    const blocks = [larger.cos.tensor, larger.sin.tensor] as unknown as [Tensor<D>, Tensor<D>];
    engine.view(dtype, blocks[0].byteOffset, cos.length).set(engine.view(dtype, cos.byteOffset, cos.length) as never);
    engine.view(dtype, blocks[1].byteOffset, sin.length).set(engine.view(dtype, sin.byteOffset, sin.length) as never);
    for (const [i, old] of this.blocks!.entries()) {
      blocks[i].belongWhere(old);
      old.dispose();
    }
    (this as { blocks: unknown }).blocks = blocks;
    this.#growth = { ...this.#growth!, capacity };
  }

  /** cos and sin become views of the first rows of their blocks. */
  #show(length: number): void {
    const shape = [length, this.width];
    const view = (block: Tensor<D>) => new Tensor(block.engine, shape, this.dtype, block.byteOffset, block);
    const [cos, sin] = this.blocks!;
    Object.assign(this as object, { cos: view(cos), sin: view(sin), length });
  }

  /** Gives cos and sin back; idempotent. */
  dispose(): void {
    this.cos.dispose();
    this.sin.dispose();
    for (const block of this.blocks ?? []) block.dispose();
  }

  declare [Symbol.dispose]: () => void;

  static {
    disposable(RotaryTable.prototype);
  }
}

export type RotaryTableOptions<D extends TableDtype = 'float32'> = RowOptions &
  PairOutOption<D> &
  EngineOption & {
    /**
     * Sequence length the length-dependent rules (dynamic, longrope) choose by. Default: the largest position + 1.
     */
    readonly context?: number;
    /** Rows to reserve for extend(). Default: `length`. */
    readonly capacity?: number;
    /** 16-bit tables are rounded from float32, as references do that keep them in the model's dtype. Default 'float32'. */
    readonly dtype?: D;
  };

const OPTIONS = ['length', 'positions', 'offset', 'context', 'capacity', 'dtype', 'out', 'engine'] as const;

/**
 * The table of a rotary specification for `length` consecutive positions from `offset`, or for `positions`. With
 * mropeSection `positions` holds the streams one after another, [3, n] or [4, n] flat (transformers' position_ids [3, B, S]);
 * `length` gives all streams the same positions (text).
 * cos and sin are correctly rounded in precision 'exact' (the default); 'torch' is the float32 arithmetic checkpoints were
 * trained with.
 * @param model a specification, or what fromHF and fromGGUF return
 * @param given `length` and `offset`, or `positions`; dtype, capacity, context
 * @returns cos and sin [n, rotaryDim / 2]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Su et al., RoFormer, arXiv 2104.09864, section 3.2.2
 * @example
 * const table = rotaryTable({ headDim: 128, ropeTheta: 500000 }, { length: 4096 });
 * console.log(table.cos.shape, table.cos.data[64]); // [ 4096, 64 ] 0.5403022766113281
 */
export function rotaryTable<D extends TableDtype = 'float32'>(
  model: RotaryInput,
  given: RotaryTableOptions<D>,
): RotaryTable<D> {
  const o = take('rotaryTable', given, OPTIONS);
  const spec: LooseSpec & RotarySpec = specOf('rotaryTable', model);
  const call = gate('rotaryTable', o.engine);
  const { rows } = rowsOf(call, o);
  // the largest context is one below the largest position; no rule tells the two apart
  const last = Math.floor(lastPosition(rows));
  const context = contextOf(spec, o.context, Math.min(Math.max(1, last + 1), Number.MAX_SAFE_INTEGER));
  const source = frequenciesAt(spec, context);
  const growing =
    ruleOf(source.ropeType).dependsOnLength !== undefined && (o.context === undefined || spec.context !== undefined);
  const changes = growing ? (length: number) => !sameFrequencies(spec, context, Math.max(context, length)) : undefined;
  return makeTable(call, source, splitStreams(rows, source.streamCount), o, changes);
}

/** @internal What a table says besides its numbers. */
export type TableFrame = Pick<RotaryFrequencies, 'rotaryDim' | 'rotaryOffset' | 'pairing' | 'outputPairing'> &
  Partial<Pick<RotaryFrequencies, 'headDim'>>;

/** @internal Checks, allocates and fills. `streams`: rows, one list per position stream or one for all. */
export function makeTable<D extends TableDtype>(
  call: Call,
  source: TableSource & TableFrame,
  streams: readonly Rows[],
  o: Pick<RotaryTableOptions<D>, 'capacity' | 'dtype' | 'out'>,
  changes?: Growth['changes'],
): RotaryTable<D> {
  const dtype = oneOf('dtype', o.dtype, ['float32', 'float16', 'bfloat16'], 'float32') as D;
  checkSource(source, dtype);
  const count = countOf(streams[0]);
  const consecutive = !('positions' in streams[0]);
  if (o.capacity !== undefined && (o.out !== undefined || !consecutive)) {
    throw new PosencError('ERR_OPTION', "capacity: for a table of consecutive positions ('length') without 'out'");
  }
  const capacity = integer('capacity', o.capacity, count, 2 ** 31 - 1, count);
  const width = rowWidth(source);
  const { cos, sin } = outPair(call, o.out, [o.out === undefined ? capacity : count, width], dtype);
  return call.run((engine) => {
    fillTable(engine, source, streams, { cos: cos.pointer, sin: sin.pointer, dtype });
    const blocks = [cos.tensor, sin.tensor] as unknown as [Tensor<D>, Tensor<D>];
    const view = (block: Tensor<D>) =>
      capacity === count ? block : new Tensor(engine, [count, width], dtype, block.byteOffset, block);
    return new RotaryTable<D>({
      cos: view(blocks[0]),
      sin: view(blocks[1]),
      start: 'positions' in streams[0] ? undefined : streams[0].start,
      length: count,
      headDim: source.headDim,
      rotaryDim: source.rotaryDim,
      rotaryOffset: source.rotaryOffset,
      pairing: source.pairing,
      outputPairing: source.outputPairing,
      partnerAngles: source.partnerAngles,
      blocks: o.out === undefined && consecutive ? blocks : undefined,
      growth: o.out === undefined && consecutive ? { capacity, source, changes } : undefined,
    });
  });
}

/** @internal cos and sin of a table that a call makes. */
export interface TablePair {
  readonly cos: Place;
  readonly sin: Place;
}

/** @internal Where cos and sin go: `out`, or new Tensors. @throws ERR_OPTION, ERR_SHAPE */
export function outPair(call: Call, out: unknown, shape: readonly number[], dtype: TableDtype = 'float32'): TablePair {
  const given = out === undefined ? undefined : take('out', out as { cos: unknown; sin: unknown }, ['cos', 'sin']);
  for (const name of ['cos', 'sin'] as const) {
    if (given !== undefined && given[name] === undefined) {
      throw new PosencError('ERR_OPTION', `out.${name}: expected a Tensor or a view for it beside the other`);
    }
  }
  return {
    cos: call.output('out.cos', given?.cos, shape, dtype),
    sin: call.output('out.sin', given?.sin, shape, dtype),
  };
}

/** @internal Makes a table an input of the call. @throws ERR_DISPOSED */
export function placeTable(call: Call, option: string, table: RotaryTable<TableDtype>): TablePair {
  return {
    cos: call.flat(`${option}.cos`, table.cos, table.dtype),
    sin: call.flat(`${option}.sin`, table.sin, table.dtype),
  };
}

/** @internal The row of an absolute position. @throws ERR_POSITION */
export function rowOf(
  table: RotaryTable<TableDtype>,
  position: number,
  index: number,
  fix = 'build a longer table',
): number {
  const row = position - table.start!;
  if (row >= 0 && row < table.length && Number.isInteger(row)) return row;
  const between = Number.isFinite(row) && !Number.isInteger(row);
  const other = between
    ? 'for positions between rows make the table of { positions }'
    : 'make it begin there: { offset }';
  const need = between || row < 0 ? other : fix;
  throw new PosencError(
    'ERR_POSITION',
    `positions: token ${index} is at ${show(position)}, but the table of ${table.length} rows holds ${table.start} to ${table.start! + table.length - 1}; ${need}`,
  );
}

/** @internal Rows of a 16-bit table as float32 rows at cos and sin; `rows`: int32 list or 0. */
export function widen(
  engine: Engine,
  table: RotaryTable<TableDtype>,
  cos: number,
  sin: number,
  rows: number,
  n: number,
): void {
  const { widenFloat16, widenBfloat16 } = engine.kernels;
  for (const [to, from] of [
    [cos, table.cos.byteOffset],
    [sin, table.sin.byteOffset],
  ]) {
    if (table.dtype === 'float16') widenFloat16(to, from, rows, n, table.width, 2 ** 112, 2 ** 16);
    else widenBfloat16(to, from, rows, n, table.width);
  }
}

/** @internal Positions of several streams, one after another, as one list each; consecutive rows serve all streams. */
export function splitStreams(rows: Rows, streams: number): readonly Rows[] {
  if (streams === 1 || !('positions' in rows)) return [rows];
  const total = rows.positions.length;
  if (total % streams !== 0) {
    throw new PosencError(
      'ERR_SHAPE',
      `positions: expected ${streams} streams of equal length one after another, got ${total} numbers`,
    );
  }
  const count = total / streams;
  return Array.from({ length: streams }, (_, stream) => part(rows, stream * count, count));
}

/** @internal Fails when heads of `channels` are not those that the table, or the specification, rotates. */
export function checkHead(
  name: string,
  channels: number,
  {
    headDim,
    rotaryDim,
    rotaryOffset,
  }: Partial<Pick<RotaryTable, 'headDim'>> & Pick<RotaryTable, 'rotaryDim' | 'rotaryOffset'>,
): void {
  const end = rotaryOffset + rotaryDim;
  if (channels === (headDim ?? channels) && end <= channels) return;
  const alone =
    rotaryOffset > 0 && channels === rotaryDim
      ? `; for the rotated channels alone (DeepSeek's k_pe) make a table of { ...spec, headDim: ${rotaryDim}, rotaryOffset: 0 }`
      : '';
  if (end > channels) {
    throw new PosencError(
      'ERR_SHAPE',
      `${name}: has ${channels} channels per head, but channels ${rotaryOffset} to ${end} are rotated${alone}`,
    );
  }
  throw new PosencError(
    'ERR_SHAPE',
    `${name}: has ${channels} channels per head, but headDim is ${headDim}${alone}; make a table with headDim: ${channels} and its rotaryOffset, or without headDim (heads of any width)`,
  );
}

function lastPosition(rows: Rows): number {
  if (!('positions' in rows)) return rows.start + rows.count - 1;
  const { positions } = rows;
  let last = 0;
  for (let i = 0; i < positions.length; i++) if (positions[i] > last) last = positions[i];
  return last;
}
