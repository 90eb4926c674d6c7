/**
 * Keys that are cached already rotated, re-rotated in place: to other positions (`shiftKeys`, the context shift of llama.cpp and
 * StreamingLLM), to another table (`retable`: the LongRoPE switch, a changed dynamic base, another precision), or back to no
 * position at all (`unrotate`). RoFormer, arXiv 2104.09864: rotations by a and by b are one rotation by a + b.
 *
 * Angles are combined in float64 and every number is rounded once, so nothing but that rounding is left of it: a shift is
 * as exact on the hundredth time as on the first.
 */

import { type LaneWriter, laneWriter, type Phases, type Room, tooWide } from '../phase/lanes.ts';
import { checkFrequencies } from '../phase/plan.ts';
import { integer, oneOf, take } from '../runtime/arguments.ts';
import { LOAD_INTERLEAVED, STORE_INTERLEAVED } from '../runtime/codes.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { type Call, type Floats, gate, type Place } from '../runtime/gate.ts';
import type { NumberList } from '../runtime/lists.ts';
import type { ApplyRotaryOptions } from './apply.ts';
import { type RotaryInput, specOf } from './form.ts';
import { frequenciesAt, type RotaryFrequencies } from './frequencies.ts';
import { type Geometry, geometryOf, LAYOUTS } from './geometry.ts';
import { ggmlAngles } from './ggml.ts';
import type { Pairing } from './spec.ts';
import { checkHead, placeTable, RotaryTable, type TableDtype, widen } from './table.ts';
import { type Indices, rowIndices } from './tokens.ts';

export type ShiftKeysOptions = Pick<ApplyRotaryOptions, 'layout' | 'heads' | 'shape' | 'strides' | 'engine'> & {
  /** Sequence length by which length-dependent rules (dynamic, longrope) chose the frequencies of the cached keys. */
  readonly context?: number;
};

export type RetableOptions = Pick<
  ApplyRotaryOptions,
  'layout' | 'heads' | 'shape' | 'strides' | 'positions' | 'offset' | 'cuSeqlens' | 'engine'
>;

/**
 * Moves cached keys by `delta` positions, in place: a key rotated for position p becomes the key rotated for p + delta. The
 * magnitude is 1, whatever the attention factor: the cached key carries it already. Valid while the frequencies are those the
 * keys were rotated with; across a change of them use `retable`.
 * Angles are combined in float64, every number is rounded once: a hundred shifts leave 2^-21.9 of a pair's length, rms.
 * @param k cached keys; a plain Float32Array outside the engine's memory is copied in and back
 * @param delta new position minus old one: one number, or one per token ([S], [B, S] flattened, THD [T])
 * @param model the specification the keys were rotated with, or the model's form (with position streams: all of them move by delta)
 * @param given layout, `context` where the frequencies depend on it
 * @returns k
 * @throws ERR_SHAPE, ERR_OPTION, ERR_POSITION, ERR_DISPOSED
 * @see Xiao et al., StreamingLLM, arXiv 2309.17453; llama.cpp, context shift
 * @example
 * const keys = Tensor.zeros([16, 2, 64]); // rotated for positions 8 to 23, now for 0 to 15
 * console.log(shiftKeys(keys, -8, { headDim: 64 }, { layout: 'THD' }).shape); // [ 16, 2, 64 ]
 */
export function shiftKeys<T extends Floats>(
  k: T,
  delta: number | NumberList,
  model: RotaryInput,
  given: ShiftKeysOptions = {},
): T {
  const o = take('shiftKeys', given, ['layout', 'heads', 'shape', 'strides', 'context', 'engine']);
  const layout = oneOf('layout', o.layout, LAYOUTS, 'BSHD');
  const context = o.context === undefined ? undefined : integer('context', o.context, 1, 2 ** 53);
  const call = gate('shiftKeys', o.engine);
  const deltas = call.positions('delta', typeof delta === 'number' ? [delta] : delta).data;
  const frequencies = frequenciesAt(specOf('shiftKeys', model), context);
  checkFrequencies(frequencies.ladder);
  const keys = call.change('k', k);
  const geometry = geometryOf(keys, layout, o);
  const { batch, sequence } = geometry;
  checkHead('k', geometry.channels, frequencies);
  if (typeof delta !== 'number' && deltas.length !== sequence && deltas.length !== batch * sequence) {
    throw new PosencError(
      'ERR_SHAPE',
      `delta: expected one number, ${sequence} (shared by the batch) or ${batch * sequence}, got ${deltas.length}`,
    );
  }
  if (frequencies.rotationSign === -1) for (let i = 0; i < deltas.length; i++) deltas[i] = -deltas[i];
  const shared = typeof delta === 'number';
  const perBatch = !shared && batch > 1 && deltas.length === batch * sequence;
  reRotate(call, keys, geometry, frequencies, {
    load: frequencies.outputPairing,
    store: frequencies.outputPairing,
    perBatch,
    lanes: (engine, room, held) => {
      if (shared) {
        const { pointer, rowBytes } = rowOfLanes(engine, frequencies, deltas, room, held);
        return () => ({ tokens: sequence, pointer, rowBytes, step: 0, rows: 0 });
      }
      const indexBytes = 4 * Math.min(sequence + (sequence & 1), INDEX_BLOCK);
      const rest = { pointer: room.pointer + indexBytes, bytes: room.bytes - indexBytes };
      const writer = laneWriter(engine, phasesOf(frequencies), 0, frequencies.pairs, rest);
      const { pointer, rowBytes } = writer;
      const distinct = new Float64Array(Math.min(writer.capacity, INDEX_BLOCK));
      const rows = new Int32Array(indexBytes / 4);
      return (b, token) => {
        // neighbours that move alike share a row of lanes
        const at = (perBatch ? b * sequence : 0) + token;
        let tokens = 0;
        let made = 0;
        for (; tokens < Math.min(rows.length, sequence - token); tokens++) {
          if (made === 0 || distinct[made - 1] !== deltas[at + tokens]) {
            if (made === distinct.length) break;
            distinct[made++] = deltas[at + tokens];
          }
          rows[tokens] = made - 1;
        }
        writer.write(distinct, 0, made);
        engine.i32.set(rows.subarray(0, tokens), room.pointer >>> 2);
        return { tokens, pointer, rowBytes, step: 0, rows: room.pointer };
      };
    },
  });
  return k;
}

/**
 * Keys rotated by table `from` become keys rotated by table `to`, in place and in one pass: every key is re-rotated by the
 * difference of its two angles and scaled by the ratio of the two amplitudes. Both tables are indexed by the same positions.
 * Angles are combined in float64, every number is rounded once.
 * @param k cached keys; a plain Float32Array outside the engine's memory is copied in and back
 * @param from the table the keys were rotated with
 * @param to the table they shall look rotated with
 * @param given layout, positions
 * @returns k
 * @throws ERR_SHAPE, ERR_OPTION, ERR_POSITION, ERR_DISPOSED
 * @see Su et al., RoFormer, arXiv 2104.09864; transformers Phi3LongRoPE
 * @example
 * const from = rotaryTable({ headDim: 64 }, { length: 16 });
 * const to = rotaryTable({ headDim: 64, ropeType: 'linear', factor: 2 }, { length: 16 });
 * console.log(retable(Tensor.zeros([16, 2, 64]), from, to, { layout: 'THD' }).shape); // [ 16, 2, 64 ]
 */
export function retable<T extends Floats>(
  k: T,
  from: RotaryTable<TableDtype>,
  to: RotaryTable<TableDtype>,
  given: RetableOptions = {},
): T {
  return exchange('retable', k, { from, to }, given);
}

/**
 * The true inverse of applyRotary, in place: divides by the square of the amplitude, so that what applyRotary made of x becomes
 * x again whatever the attention factor (applyRotary with `inverse: true` is the transpose, the gradient's rotation).
 * Angles in float64, every number is rounded once.
 * @param x vectors rotated by `table`
 * @param table the table they were rotated with
 * @param given layout, positions
 * @returns x
 * @throws ERR_SHAPE, ERR_OPTION, ERR_POSITION, ERR_DISPOSED
 * @see Su et al., RoFormer, arXiv 2104.09864, eq. 34
 * @example
 * const table = rotaryTable({ headDim: 4 }, { length: 2 });
 * const x = applyRotary(Tensor.from([1, 2, 3, 4], [1, 1, 4]), table, { layout: 'THD', offset: 1 });
 * console.log(unrotate(x, table, { layout: 'THD', positions: [1] }).data); // Float32Array(4) [ 1, 2, 3, 4 ]
 */
export function unrotate<T extends Floats>(x: T, table: RotaryTable<TableDtype>, given: RetableOptions = {}): T {
  return exchange('unrotate', x, { from: table }, given);
}

function exchange<T extends Floats>(
  name: string,
  k: T,
  { from, to }: { readonly from: RotaryTable<TableDtype>; readonly to?: RotaryTable<TableDtype> },
  given: RetableOptions,
): T {
  const o = take(name, given, ['layout', 'heads', 'shape', 'strides', 'positions', 'offset', 'cuSeqlens', 'engine']);
  const layout = oneOf('layout', o.layout, LAYOUTS, 'BSHD');
  // a missing `to` is wrong where there should be one; only unrotate has none
  const tables: readonly (readonly [string, RotaryTable<TableDtype>])[] =
    to === undefined && name === 'unrotate'
      ? [['table', from]]
      : [
          ['from', from],
          ['to', to!],
        ];
  for (const [option, table] of tables) checkTable(option, table);
  const call = gate(name, o.engine);
  const keys = call.change(name === 'unrotate' ? 'x' : 'k', k);
  for (const [option, table] of tables) placeTable(call, option, table);
  const geometry = geometryOf(keys, layout, o);
  const { batch, sequence } = geometry;
  for (const [option, table] of tables) {
    checkHead(keys.option, geometry.channels, table);
    if (table.batches !== undefined && table.batches !== batch) {
      throw new PosencError('ERR_SHAPE', `${option}: has rows for ${table.batches} batches, but x has ${batch}`);
    }
  }
  if (to) checkPair(from, to);
  const indices = {
    from: rowIndices(call, from, batch, sequence, layout, 'error', o),
    to: to && rowIndices(call, to, batch, sequence, layout, 'error', o),
  };
  const perBatch =
    [from, to].some((t) => t?.batches !== undefined) || [indices.from, indices.to].some((i) => i?.perBatch);
  const pairs = from.rotaryDim / 2;
  const padded = (pairs + 3) & ~3;
  reRotate(
    call,
    keys,
    geometry,
    { rotaryOffset: from.rotaryOffset, pairs },
    {
      load: from.outputPairing,
      store: to ? to.outputPairing : from.pairing,
      perBatch,
      lanes: (engine, room) => {
        const rowBytes = 16 * padded;
        // 16-bit rows are widened on their way: cos and sin of each such table
        const wide = 8 * pairs * [from, to].filter((table) => table && table.dtype !== 'float32').length;
        const bytes = Math.min(room.bytes, Math.max(LANE_BYTES, 2 * (rowBytes + wide)));
        const capacity = Math.floor((bytes - 16) / (rowBytes + wide + 8));
        const stage = room.pointer + 8 * capacity;
        const pointer = 16 * Math.ceil((stage + wide * capacity) / 16);
        return (b, token) => {
          const tokens = Math.min(capacity, sequence - token);
          /** cos, sin and row indices of a table for the kernel. */
          const tableRows = (
            table: RotaryTable<TableDtype> | undefined,
            own: Indices | undefined,
            slot: number,
            at: number,
          ) => {
            if (!table) return [0, 0, 0];
            const indices = room.pointer + 4 * capacity * slot;
            const staged = table.dtype !== 'float32';
            const base = table.batches ? b * table.length : 0;
            for (let t = 0; t < tokens && (own || staged); t++) {
              engine.i32[(indices >>> 2) + t] =
                base + (own ? own.rows[(own.perBatch ? b * sequence : 0) + token + t] : token + t);
            }
            if (staged) {
              widen(engine, table, at, at + 4 * pairs * tokens, indices, tokens);
              return [at, at + 4 * pairs * tokens, 0];
            }
            const skip = own ? 0 : 4 * pairs * (base + token);
            return [table.cos.byteOffset + skip, table.sin.byteOffset + skip, own ? indices : 0];
          };
          const [fromCos, fromSin, fromRows] = tableRows(from, indices.from, 0, stage);
          const second = stage + (from.dtype === 'float32' ? 0 : 8 * pairs * capacity);
          const [toCos, toSin, toRows] = tableRows(to, indices.to, 1, second);
          // biome-ignore format: grouped as the kernel declares it
          engine.kernels.reRotateLanes(
          fromCos, fromSin, fromRows, 4 * pairs, toCos, toSin, toRows, 4 * pairs,
          padded, pairs, tokens, pointer, engine.coefficients);
          return { tokens, pointer, rowBytes, step: rowBytes, rows: 0 };
        };
      },
    },
  );
  return k;
}

/** What the arena holds after a shift by one number: the same shift of the next layer's keys finds its lanes there. */
class LanesInArena {
  readonly frequencies: RotaryFrequencies;
  readonly delta: number;
  readonly pointer: number;
  readonly rowBytes: number;

  constructor(frequencies: RotaryFrequencies, delta: number, { pointer, rowBytes }: LaneWriter) {
    this.frequencies = frequencies;
    this.delta = delta;
    this.pointer = pointer;
    this.rowBytes = rowBytes;
  }
}

/** Lanes of a shift by deltas[0], written into the room unless the arena holds them. */
function rowOfLanes(
  engine: Engine,
  frequencies: RotaryFrequencies,
  deltas: Float64Array,
  room: Room,
  held: unknown,
): LanesInArena {
  let lanes: LanesInArena;
  if (held instanceof LanesInArena && held.frequencies === frequencies && Object.is(held.delta, deltas[0]))
    lanes = held;
  else {
    const writer = laneWriter(engine, phasesOf(frequencies), 0, frequencies.pairs, room);
    writer.write(deltas, 0, 1);
    lanes = new LanesInArena(frequencies, deltas[0], writer);
  }
  engine.scratch(lanes);
  return lanes;
}

function phasesOf(frequencies: RotaryFrequencies): Phases {
  const { precision, pairs, ladder, float32, ggml } = frequencies;
  if (precision === 'torch') return { kind: 'sum', axes: 1, frequencies: float32!, count: pairs, single: true };
  if (precision === 'ggml') {
    const angles = new Float32Array(pairs);
    return { kind: 'angles', count: pairs, write: (position, out) => out.set(ggmlAngles(position, ggml!, angles)) };
  }
  return { kind: 'ladder', ladder };
}

function checkTable(option: string, table: unknown): void {
  if (!(table instanceof RotaryTable)) {
    throw new PosencError(
      'ERR_OPTION',
      `${option}: expected what rotaryTable or rotaryTableFrom returns, got ${show(table)}`,
    );
  }
  if (table.partnerAngles || table.heads !== undefined) {
    throw new PosencError(
      'ERR_OPTION',
      `${option}: its ${table.heads === undefined ? 'pairs have two angles' : 'heads have rows of their own'}; keys are re-rotated by tables with one angle a pair, shared by the heads`,
    );
  }
}

function checkPair(from: RotaryTable<TableDtype>, to: RotaryTable<TableDtype>): void {
  for (const name of ['rotaryDim', 'rotaryOffset', 'pairing'] as const) {
    if (from[name] !== to[name]) {
      throw new PosencError('ERR_OPTION', `to: its ${name} must be that of 'from', ${from[name]}; got ${to[name]}`);
    }
  }
}

/** Lanes of the next tokens of a batch. */
interface Block {
  readonly tokens: number;
  readonly pointer: number;
  readonly rowBytes: number;
  /** Bytes from the lanes of a token to those of the next. */
  readonly step: number;
  /** Row indices of the tokens, or 0. */
  readonly rows: number;
}

interface ReRotation {
  /** Pairing before and after. */
  readonly load: Pairing;
  readonly store: Pairing;
  /** Every batch has lanes of its own. */
  readonly perBatch: boolean;
  /** What writes the lanes into the room, from a token of a batch on. held: what the arena held before the call. */
  readonly lanes: (engine: Engine, room: Room, held: unknown) => (batch: number, token: number) => Block;
}

/** Lanes made at a time: they stay in the cache until they are used. */
const LANE_BYTES = 1 << 16;

/** Tokens whose row indices are handed to the kernel at a time. */
const INDEX_BLOCK = 2048;

/** Keys of fewer bytes are re-rotated in the cache of the processor. */
const NEAR_BYTES = 1 << 22;

/** Turns every key by its lanes. The arena holds one vector (when the pairing changes), then lanes of a block of tokens. */
function reRotate(
  call: Call,
  keys: Place,
  { layout, batch, sequence, heads, strides }: Geometry,
  { rotaryOffset, pairs }: { readonly rotaryOffset: number; readonly pairs: number },
  how: ReRotation,
): void {
  const tempBytes = how.load === how.store ? 0 : 8 * pairs;
  // indices, plan, and lanes of one token
  if (tempBytes + 4 * INDEX_BLOCK + 64 * (pairs + 4) > call.engine.scratchBytes) throw tooWide(call.engine, pairs);
  call.run((engine) => {
    if (batch * sequence * heads === 0) return;
    const held = engine.scratchHolds;
    const temp = engine.scratch();
    const next = how.lanes(engine, { pointer: temp + tempBytes, bytes: engine.scratchBytes - tempBytes }, held);
    const x = keys.pointer + 4 * rotaryOffset;
    const b = 4 * strides.batch;
    const s = 4 * strides.sequence;
    const h = 4 * strides.head;
    const mode =
      (how.load === 'interleaved' ? LOAD_INTERLEAVED : 0) | (how.store === 'interleaved' ? STORE_INTERLEAVED : 0);
    const near = 8 * pairs * batch * sequence * heads < NEAR_BYTES ? 1 : 0;
    const batches = how.perBatch ? 1 : batch;
    for (let n = 0; n < batch; n += batches) {
      for (let token = 0; token < sequence; ) {
        const { tokens, pointer, rowBytes, step, rows } = next(n, token);
        const at = x + n * b + token * s;
        // biome-ignore format: grouped as the kernel declares it
        if (layout === 'BHSD') engine.kernels.reRotate(
          at, pointer, rows, pairs, rowBytes, mode, near, temp,
          batches, heads, tokens, b, h, s, 0, 0, step, 0, 0, 4);
        else engine.kernels.reRotate(
          at, pointer, rows, pairs, rowBytes, mode, near, temp,
          batches, tokens, heads, b, s, h, 0, step, 0, 0, 4, 0);
        token += tokens;
      }
    }
  });
}
