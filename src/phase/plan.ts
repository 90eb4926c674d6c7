/**
 * From a ladder of frequencies to cos and sin in memory: splits work into what the scratch arena holds and calls the phase
 * kernels. What a plan contains and why its values depend on nothing but (position, frequency): assembly/phase.ts.
 */
import { COS_ONLY, COS_SIN_PAIRS, SIN_AND_COS, SIN_COS_PAIRS, SIN_ONLY } from '../runtime/codes.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Ladder, ladderOf } from './ladder.ts';

/** Which positions: count consecutive ones from `start`, or a list. */
export type Rows = { readonly start: number; readonly count: number } | { readonly positions: Float64Array };

/** Where a row's values go; pointers and stride in bytes. */
export interface Target {
  /** 'split': sines to `first`, cosines to `second`. The others use `first` alone. */
  readonly store: 'split' | 'sin-cos' | 'cos-sin' | 'sin' | 'cos';
  readonly first: number;
  readonly second?: number;
  readonly stride: number;
}

const MODE = {
  split: SIN_AND_COS,
  'sin-cos': SIN_COS_PAIRS,
  'cos-sin': COS_SIN_PAIRS,
  sin: SIN_ONLY,
  cos: COS_ONLY,
} as const;
/** Floats a frequency takes up in a row. */
const WIDTH = { split: 1, 'sin-cos': 2, 'cos-sin': 2, sin: 1, cos: 1 } as const;

/** The arena begins with a block of positions; the plan, or the float32 frequencies, follow. */
const POSITION_BLOCK = 2048;
const POSITION_BYTES = 8 * POSITION_BLOCK;
const PLAN_BYTES_PER_FREQUENCY = 880;
/** Share of the arena that plans and frequency lists may take; the rest is the caller's for the rows themselves. */
const ARENA_SHARE = 1 / 2;
/** Largest frequency in radians per position; beyond it whole turns no longer fit their word. */
const MAX_FREQUENCY = 2 ** 40;

/** 2^256 / (2 pi). */
const INVERSE_TURN = 0x28be60db9391054a7f09d5f47d4d377036d8a5664f10e4107f9458eaf7aef158n;

export interface Turns {
  readonly theta: Float64Array;
  readonly whole: BigUint64Array;
  readonly high: BigUint64Array;
  readonly low: BigUint64Array;
}

const turnsOf = new WeakMap<Ladder, Turns>();

/** Frequencies in turns per position: a whole part and a 128-bit fraction, of the magnitude. */
export function turns(ladder: Ladder): Turns {
  let known = turnsOf.get(ladder);
  if (known) return known;
  const n = ladder.count;
  checkFrequencies(ladder);
  known = { theta: ladder.hi, whole: new BigUint64Array(n), high: new BigUint64Array(n), low: new BigUint64Array(n) };
  for (let i = 0; i < n; i++) {
    // to 200 fractional bits; float64 values this small are integers after the scaling, or rounded at 2^-201
    const fixed = BigInt(Math.round(ladder.hi[i] * 2 ** 200)) + BigInt(Math.round(ladder.lo[i] * 2 ** 200));
    const tau = ((fixed < 0n ? -fixed : fixed) * INVERSE_TURN) >> 328n;
    known.whole[i] = tau >> 128n;
    known.high[i] = tau >> 64n;
    known.low[i] = tau;
  }
  turnsOf.set(ladder, known);
  return known;
}

/**
 * Fails where a frequency is too high to be counted in turns: asked before a call reserves its memory.
 * @throws ERR_OPTION
 */
export function checkFrequencies(ladder: Ladder): void {
  // what was counted in turns before was checked before
  if (turnsOf.has(ladder)) return;
  const { hi } = ladder;
  for (let i = 0; i < hi.length; i++) {
    if (Math.abs(hi[i]) <= MAX_FREQUENCY) continue;
    throw new PosencError(
      'ERR_OPTION',
      `frequency ${i}: expected at most 2^40 radians per position, got ${hi[i]}; lower the scale or the base`,
    );
  }
}

/** What the arena holds after a plan was put there. */
class PlanInArena {
  readonly ladder: Ladder;
  readonly from: number;
  readonly count: number;

  constructor(ladder: Ladder, from: number, count: number) {
    this.ladder = ladder;
    this.from = from;
    this.count = count;
  }
}

/** Puts the plan of frequencies [from, from + count) into the arena, unless it is there. */
function loadPlan(engine: Engine, ladder: Ladder, from: number, count: number): { pointer: number; padded: number } {
  const padded = (count + 3) & ~3;
  const held = engine.scratchHolds;
  if (held instanceof PlanInArena && held.ladder === ladder && held.from === from && held.count === count) {
    return { pointer: engine.scratch(held) + POSITION_BYTES, padded };
  }
  const pointer = engine.scratch(new PlanInArena(ladder, from, count)) + POSITION_BYTES;
  const { theta, whole, high, low } = turns(ladder);
  const at = pointer >>> 3;
  engine.f64.fill(0, at, at + 4 * padded);
  engine.f64.set(theta.subarray(from, from + count), at);
  engine.u64.set(whole.subarray(from, from + count), at + padded);
  engine.u64.set(high.subarray(from, from + count), at + 2 * padded);
  engine.u64.set(low.subarray(from, from + count), at + 3 * padded);
  engine.kernels.phasePlan(pointer, padded, engine.coefficients);
  return { pointer, padded };
}

/** Calls `run(offset, count, positions pointer or 0, start)` for blocks of rows. */
function forBlocks(
  engine: Engine,
  rows: Rows,
  run: (row: number, count: number, positions: number, start: number) => void,
): void {
  if (!('positions' in rows) && Number.isInteger(rows.start)) {
    if (rows.count > 0) run(0, rows.count, 0, rows.start);
    return;
  }
  const total = 'positions' in rows ? rows.positions.length : rows.count;
  const pointer = engine.scratch(engine.scratchHolds);
  for (let row = 0; row < total; row += POSITION_BLOCK) {
    const count = Math.min(POSITION_BLOCK, total - row);
    const block = engine.f64.subarray(pointer >>> 3, (pointer >>> 3) + count);
    if ('positions' in rows) block.set(rows.positions.subarray(row, row + count));
    else for (let i = 0; i < count; i++) block[i] = rows.start + row + i;
    run(row, count, pointer, 0);
  }
}

/** amplitude * sin and cos of position * frequency for frequencies [from, from + count), each rounded once. */
export function exactRows(
  engine: Engine,
  ladder: Ladder,
  rows: Rows,
  amplitude: number,
  target: Target,
  from = 0,
  count = ladder.count,
): void {
  const { kernels, coefficients } = engine;
  const room = Math.floor((engine.scratchBytes * ARENA_SHARE - POSITION_BYTES) / PLAN_BYTES_PER_FREQUENCY) & ~3;
  const mode = MODE[target.store];
  for (let done = 0; done < count; done += room) {
    const n = Math.min(room, count - done);
    const plan = loadPlan(engine, ladder, from + done, n);
    const first = target.first + 4 * WIDTH[target.store] * done;
    const second = (target.second ?? 0) + 4 * done;
    forBlocks(engine, rows, (row, height, positions, start) => {
      const a = first + row * target.stride;
      const b = second + row * target.stride;
      if (positions) {
        kernels.phaseAt(
          plan.pointer,
          plan.padded,
          n,
          positions,
          height,
          amplitude,
          mode,
          a,
          b,
          target.stride,
          coefficients,
        );
      } else {
        kernels.phaseRows(
          plan.pointer,
          plan.padded,
          n,
          start,
          height,
          amplitude,
          mode,
          a,
          b,
          target.stride,
          coefficients,
        );
      }
    });
  }
}

/**
 * The float32 arithmetic of PyTorch: fl32(fl32(position * scale) * frequency), sin and cos of that number, times the float32
 * amplitude. A memo knows arrays of frequencies by identity: do not write into them afterwards.
 */
export function torchRows(
  engine: Engine,
  frequencies: Float32Array,
  rows: Rows,
  scale: number,
  amplitude: number,
  target: Target,
): void {
  const { kernels, coefficients } = engine;
  const ladder = singleLadder(frequencies);
  const bytes = engine.scratchBytes * ARENA_SHARE - POSITION_BYTES - TORCH_SCRATCH;
  const room = Math.floor(bytes / (PLAN_BYTES_PER_FREQUENCY + 4)) & ~3;
  const mode = MODE[target.store];
  for (let done = 0; done < frequencies.length; done += room) {
    const n = Math.min(room, frequencies.length - done);
    const { pointer, padded } = loadPlan(engine, ladder, done, n);
    const list = (pointer + PLAN_BYTES_PER_FREQUENCY * padded) >>> 2;
    engine.f32.fill(0, list + n, list + padded);
    engine.f32.set(n === frequencies.length ? frequencies : frequencies.subarray(done, done + n), list);
    const first = target.first + 4 * WIDTH[target.store] * done;
    const second = (target.second ?? 0) + 4 * done;
    forBlocks(engine, rows, (row, height, positions, start) => {
      const a = first + row * target.stride;
      const b = second + row * target.stride;
      // biome-ignore format: one call, grouped as the kernel declares it
      kernels.torchRows(pointer, padded, n, positions, start, height, scale, amplitude, mode, a, b, target.stride, coefficients);
    });
  }
}

const laddersOf = new WeakMap<Float32Array, Ladder>();

/** The ladder of float32 frequencies; a memo knows their array by identity: do not write into it afterwards. */
export function singleLadder(frequencies: Float32Array): Ladder {
  let ladder = laddersOf.get(frequencies);
  if (!ladder) {
    ladder = ladderOf(frequencies);
    laddersOf.set(frequencies, ladder);
  }
  return ladder;
}

/**
 * As torchRows where the scale multiplies the finished angle: sin and cos of fl32(angleScale * fl32(position * frequency)).
 * The products are made here, a row at a time; the kernel takes them as frequencies of position 1.
 */
export function torchScaledRows(
  engine: Engine,
  frequencies: Float32Array,
  rows: Rows,
  angleScale: number,
  amplitude: number,
  target: Target,
): void {
  const { kernels, coefficients } = engine;
  const room = Math.floor((engine.scratchBytes * ARENA_SHARE - TORCH_SCRATCH) / 4) & ~3;
  const mode = MODE[target.store];
  const total = 'positions' in rows ? rows.positions.length : rows.count;
  const scratch = engine.scratch();
  const list = scratch + TORCH_SCRATCH;
  for (let done = 0; done < frequencies.length; done += room) {
    const n = Math.min(room, frequencies.length - done);
    const angles = engine.f32.subarray(list >>> 2, (list >>> 2) + n);
    const first = target.first + 4 * WIDTH[target.store] * done;
    const second = (target.second ?? 0) + 4 * done;
    for (let t = 0; t < total; t++) {
      const position = Math.fround('positions' in rows ? rows.positions[t] : rows.start + t);
      for (let i = 0; i < n; i++) angles[i] = position * frequencies[done + i];
      const [a, b] = [first + t * target.stride, second + t * target.stride];
      // biome-ignore format: one call, grouped as the kernel declares it
      kernels.sincosTorch(list, n, angleScale, amplitude, mode, a, b, scratch, coefficients);
    }
  }
}
/** The kernel keeps two lanes of angles behind the frequencies. */
const TORCH_SCRATCH = 32;
