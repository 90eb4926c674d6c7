/**
 * Values of expensive biases by distance, kept between calls: a step of decoding needs one more distance than the last, and
 * every layer and row block the same ones. They are a pure function of parameters and distance, so any engine may use them.
 */
import type { Engine } from '../runtime/engine.ts';
import type { Filler } from './toeplitz.ts';

interface Known {
  readonly key: Float64Array;
  /** Values [heads, size] for the distances from `low` on. */
  values: Float32Array;
  low: number;
  size: number;
}

/** Biases remembered, the latest last, and floats of one of them: 16 MiB. */
const MOST = 8;
const LIMIT = 1 << 22;
/** Distances computed at a time, and what coverage is rounded to. */
const STEP = 256;
const known: Known[] = [];

function find(key: Float64Array): Known {
  const at = known.findIndex((entry) => entry.key.length === key.length && entry.key.every((x, i) => x === key[i]));
  const entry = at < 0 ? { key, values: new Float32Array(0), low: 0, size: 0 } : known.splice(at, 1)[0];
  known.push(entry);
  if (known.length > MOST) known.shift();
  return entry;
}

/** The same values from memory; `key` holds everything they depend on besides the distance. */
export function remembered(engine: Engine, filler: Filler, heads: number, key: Float64Array): Filler {
  const own = (filler.scratchBytes + 15) & ~15;
  let buffer = 0;
  let entry: Known | undefined;

  /** Computes the distances that are missing between those known and [first, first + count). */
  const cover = (known: Known, first: number, count: number): boolean => {
    if (known.size > 0 && first >= known.low && first + count <= known.low + known.size) return true;
    const low = Math.floor((known.size > 0 ? Math.min(known.low, first) : first) / STEP) * STEP;
    const end = Math.max(known.size > 0 ? known.low + known.size : first, first + count);
    const size = Math.ceil((end - low) / STEP) * STEP;
    if (size * heads > LIMIT || size > 4 * (known.size + count) + STEP) return false;
    const values = new Float32Array(heads * size);
    for (let h = 0; known.size > 0 && h < heads; h++) {
      values.set(known.values.subarray(h * known.size, (h + 1) * known.size), h * size + known.low - low);
    }
    for (let d = low; d < low + size; d += STEP) {
      if (known.size > 0 && d >= known.low && d < known.low + known.size) continue;
      for (let head = 0; head < heads; head += 16) {
        const n = Math.min(16, heads - head);
        filler.fill({ pointer: buffer, stride: 4 * STEP, head, heads: n }, { first: d, count: STEP, list: 0 });
        for (let h = 0; h < n; h++) {
          const from = (buffer >>> 2) + h * STEP;
          values.set(engine.f32.subarray(from, from + STEP), (head + h) * size + d - low);
        }
      }
    }
    Object.assign(known, { values, low, size });
    return true;
  };

  return {
    scratchBytes: own + 4 * STEP * Math.min(heads, 16),
    directRows: filler.directRows,
    load(pointer) {
      filler.load(pointer);
      buffer = pointer + own;
      entry = find(key);
    },
    fill(to, distances) {
      const { first, count, list } = distances;
      if (list || !entry || !cover(entry, first, count)) {
        filler.fill(to, distances);
        return;
      }
      const { values, low, size } = entry;
      for (let h = 0; h < to.heads; h++) {
        const from = (to.head + h) * size + first - low;
        engine.f32.set(values.subarray(from, from + count), (to.pointer + h * to.stride) >>> 2);
      }
    },
  };
}
