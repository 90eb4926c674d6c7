/**
 * Cosines and sines in float64, for what is combined before it is rounded: sums over axes, decayed rotations, re-rotations of cached
 * keys. Lanes live in the scratch arena, a block of rows at a time: assembly/lanes.ts says how a row looks.
 */
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import type { Call } from '../runtime/gate.ts';
import type { Ladder } from './ladder.ts';
import { turns } from './plan.ts';

/** Where angles come from. */
export type Phases =
  /** Position x frequency in fixed point. */
  | { readonly kind: 'ladder'; readonly ladder: Ladder }
  /** The sum over the axes of coordinate x frequency; `single`: in float32 arithmetic. */
  | {
      readonly kind: 'sum';
      readonly axes: number;
      /** [axes][count] */
      readonly frequencies: ArrayLike<number>;
      readonly count: number;
      readonly single: boolean;
    }
  /** Angles of a row as `write` puts them into `out`. */
  | {
      readonly kind: 'angles';
      readonly count: number;
      readonly write: (position: number, out: Float64Array) => void;
    };

/** A piece of the arena. */
export interface Room {
  readonly pointer: number;
  readonly bytes: number;
}

/** Writes lanes of any rows of coordinates into its room. */
export interface LaneWriter {
  /** Pairs of a row, padded. */
  readonly padded: number;
  readonly rowBytes: number;
  /** Rows that fit. */
  readonly capacity: number;
  /** Pointer of the lanes; every call writes to the same place. */
  readonly pointer: number;
  /** Lanes of n rows from row `first` of coordinates ([rows][axes]). */
  write(coordinates: Float64Array, first: number, n: number): void;
  /** The angles alone, float64 radians [n][padded]: their pointer. Not for ladders, whose angles are never formed. */
  angles(coordinates: Float64Array, first: number, n: number): number;
}

const padded = (count: number) => (count + 3) & ~3;

function pairsOf(phases: Phases): number {
  return phases.kind === 'ladder' ? phases.ladder.count : phases.count;
}

/** Fails when not one row of lanes fits the arena: asked before a call reserves its memory. @throws ERR_SHAPE */
export function checkRoom(call: Call, phases: Phases): void {
  const { engine } = call;
  const count = pairsOf(phases);
  if (engine.scratchBytes < fixedBytes(phases, padded(count)) + 16 * padded(count) + 8 * axesOf(phases)) {
    throw tooWide(engine, count);
  }
}

const axesOf = (phases: Phases) => (phases.kind === 'sum' ? phases.axes : 1);

/** Bytes of what stays in the room beside the rows. */
function fixedBytes(phases: Phases, np: number): number {
  return phases.kind === 'ladder' ? 32 * np : phases.kind === 'sum' ? 8 * phases.axes * np : 0;
}

/** A writer for pairs [from, from + count) of the phases. */
export function laneWriter(engine: Engine, phases: Phases, from: number, count: number, room: Room): LaneWriter {
  const np = padded(count);
  const axes = axesOf(phases);
  const fixed = fixedBytes(phases, np);
  const rowBytes = 16 * np;
  const capacity = Math.floor((room.bytes - fixed) / (rowBytes + 8 * axes));
  if (capacity < 1) throw tooWide(engine, count);
  const start = room.pointer + fixed;
  const pointer = start + 8 * ((axes * capacity + 1) & ~1);
  // float64 angles wait in the upper half of the rows they are spread over
  const anglesOf = (n: number) => pointer + (n * rowBytes) / 2;
  load(engine, phases, from, count, np, room.pointer);
  const angles = (coordinates: Float64Array, first: number, n: number): number => {
    const at = anglesOf(n);
    if (phases.kind === 'angles') {
      for (let t = 0; t < n; t++) {
        const row = (at >>> 3) + t * np;
        phases.write(coordinates[first + t], engine.f64.subarray(row, row + np));
      }
    } else if (phases.kind === 'sum') {
      engine.f64.set(coordinates.subarray(first * axes, (first + n) * axes), start >>> 3);
      engine.kernels.axisAngles(room.pointer, axes, np, start, n, phases.single, at);
    } else throw new Error('a ladder has no angles');
    return at;
  };
  return {
    padded: np,
    rowBytes,
    capacity,
    pointer,
    angles,
    write(coordinates, first, n) {
      const { kernels, coefficients } = engine;
      if (phases.kind === 'ladder') {
        engine.f64.set(coordinates.subarray(first, first + n), start >>> 3);
        kernels.seedLanes(room.pointer, np, start, n, pointer, coefficients);
      } else kernels.angleLanes(angles(coordinates, first, n), n * np, pointer, coefficients);
    },
  };
}

function load(engine: Engine, phases: Phases, from: number, count: number, np: number, pointer: number): void {
  const at = pointer >>> 3;
  if (phases.kind === 'ladder') {
    const { theta, whole, high, low } = turns(phases.ladder);
    engine.f64.fill(0, at, at + 4 * np);
    engine.f64.set(theta.subarray(from, from + count), at);
    engine.u64.set(whole.subarray(from, from + count), at + np);
    engine.u64.set(high.subarray(from, from + count), at + 2 * np);
    engine.u64.set(low.subarray(from, from + count), at + 3 * np);
  } else if (phases.kind === 'sum') {
    engine.f64.fill(0, at, at + phases.axes * np);
    for (let axis = 0; axis < phases.axes; axis++) {
      for (let i = 0; i < count; i++) {
        engine.f64[at + axis * np + i] = phases.frequencies[axis * phases.count + from + i];
      }
    }
  }
}

export function tooWide(engine: Engine, pairs: number): PosencError {
  return new PosencError(
    'ERR_SHAPE',
    `rotaryDim: ${2 * pairs} channels do not fit the scratch arena of ${engine.scratchBytes} bytes; make an engine with createEngine({ scratchBytes })`,
  );
}

/** cos and sin of every row times e^(exponent x rate), rounded once. */
export interface Decay {
  /** One number a row. */
  readonly exponents: Float64Array;
  /** One number a pair. */
  readonly rates: Float64Array;
  /** Cosine, sine and factor are rounded to float32 before the product is. */
  readonly single: boolean;
}

/** Pairs worked on at a time: the smallest arena holds several rows of them. */
const PAIRS = 256;

/** Fills float32 tables of n rows; pointers and stride in bytes. */
export function laneTable(
  engine: Engine,
  phases: Phases,
  coordinates: Float64Array,
  n: number,
  target: { readonly sin: number; readonly cos: number; readonly stride: number },
  decay?: Decay,
): void {
  const total = pairsOf(phases);
  for (let from = 0; from < total; from += PAIRS) {
    const count = Math.min(PAIRS, total - from);
    const pointer = engine.scratch();
    const rates = pointer;
    const rateBytes = 8 * padded(count);
    // exponents of a block of rows take an eighth of what is left at most: 8 bytes beside 16 a pair
    const exponents = rates + rateBytes;
    const exponentBytes = decay ? Math.floor((engine.scratchBytes - rateBytes) / 64) * 8 : 0;
    const room = {
      pointer: exponents + exponentBytes,
      bytes: engine.scratchBytes - rateBytes - exponentBytes,
    };
    const writer = laneWriter(engine, phases, from, count, room);
    if (decay) {
      engine.f64.fill(0, rates >>> 3, (rates + rateBytes) >>> 3);
      engine.f64.set(decay.rates.subarray(from, from + count), rates >>> 3);
    }
    const block = decay ? Math.min(writer.capacity, exponentBytes / 8) : writer.capacity;
    for (let row = 0; row < n; row += block) {
      const height = Math.min(block, n - row);
      writer.write(coordinates, row, height);
      if (decay) engine.f64.set(decay.exponents.subarray(row, row + height), exponents >>> 3);
      engine.kernels.lanesToTable(
        writer.pointer,
        writer.padded,
        count,
        height,
        decay ? exponents : 0,
        rates,
        decay?.single ?? false,
        target.sin + row * target.stride + 4 * from,
        target.cos + row * target.stride + 4 * from,
        target.stride,
        engine.coefficients,
      );
    }
  }
}
