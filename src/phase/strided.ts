/**
 * Phases whose cos and sin do not lie in rows: each frequency of each position goes to its own place. Positions are taken as
 * float64; values equal those of the tables (assembly/math/sincos.ts, rounded once).
 */

import type { Engine } from '../runtime/engine.ts';
import type { Ladder } from './ladder.ts';
import { turns } from './plan.ts';

export interface StridedTarget {
  readonly sin: number;
  readonly cos: number;
  /** Bytes from one position to the next, and from one frequency to the next. */
  readonly rowStride: number;
  readonly columnStride: number;
}

/** Bytes kept for the kernel's own two lanes. */
const LANES = 32;
const BYTES_PER_FREQUENCY = 32;

/**
 * sin and cos of positions[i] x frequency. `step` > 1: every step-th position of the list, from `first`.
 */
export function stridedPhases(
  engine: Engine,
  ladder: Ladder,
  positions: Float64Array | Float32Array,
  target: StridedTarget,
  first = 0,
  step = 1,
): void {
  const scratch = engine.scratch();
  const half = engine.scratchBytes >> 1;
  const most = Math.floor((half - LANES) / BYTES_PER_FREQUENCY) & ~1;
  const block = Math.floor(half / 8 / step) * step;
  for (let from = 0; from < ladder.count; from += most) {
    const count = Math.min(most, ladder.count - from);
    const plan = scratch + LANES;
    const padded = loadFrequencies(engine, plan, ladder, from, count);
    const list = scratch + half;
    for (let done = 0; done < positions.length; done += block) {
      const part = positions.subarray(done, done + block);
      engine.f64.set(part, list >>> 3);
      const row = done / step;
      const shift = row * target.rowStride + from * target.columnStride;
      // biome-ignore format: one call, grouped as the kernel declares it
      engine.kernels.phaseStrided(
        plan, padded, count, list + 8 * first, 8 * step, Math.floor(part.length / step), target.sin + shift,
        target.cos + shift, target.rowStride, target.columnStride, scratch, engine.coefficients,
      );
    }
  }
}

/** Frequencies as the kernels read them: theta, whole turns, 128 bits of their fraction. Returns their padded number. */
export function loadFrequencies(engine: Engine, pointer: number, ladder: Ladder, from: number, count: number): number {
  const padded = (count + 1) & ~1;
  const { theta, whole, high, low } = turns(ladder);
  const at = pointer >>> 3;
  engine.f64.fill(0, at, at + 4 * padded);
  engine.f64.set(theta.subarray(from, from + count), at);
  engine.u64.set(whole.subarray(from, from + count), at + padded);
  engine.u64.set(high.subarray(from, from + count), at + 2 * padded);
  engine.u64.set(low.subarray(from, from + count), at + 3 * padded);
  return padded;
}
