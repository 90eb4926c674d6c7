/**
 * Values of expensive biases by distance, kept between calls: a step of decoding needs one more distance than the last, and
 * every layer and row block the same ones. They are a pure function of parameters and distance, so any engine may use them.
 */
import type { Engine } from '../../runtime/engine.ts';
import type { Distances, Filler, Target } from './toeplitz.ts';

interface Known {
  readonly key: readonly number[];
  /** Values [heads, size] for the distances from `low` on. */
  values: Float32Array;
  low: number;
  size: number;
  /**
   * What was asked for last, and from the second time on those values by themselves, [heads, count]: layers that share the
   * parameters ask for the same row one after the other, and one long copy is a fifth faster than one of every head.
   */
  first: number;
  count: number;
  block: Float32Array | undefined;
}

/** The latest last. Floats of one bias, 16 MiB, and of all of them, 128 MiB. */
const known: Known[] = [];
const LIMIT = 1 << 22;
const TOTAL = 1 << 25;
/** What the smallest counts for: at most 256 are remembered. */
const LEAST = 1 << 17;
/** Distances computed at a time, and what coverage is rounded to. */
const STEP = 256;

function find(key: readonly number[]): Known {
  let at = known.length - 1;
  while (at >= 0 && !equal(known[at].key, key)) at--;
  if (at === known.length - 1 && at >= 0) return known[at];
  const entry = at < 0 ? empty(key) : known.splice(at, 1)[0];
  known.push(entry);
  if (at < 0) forget();
  return entry;
}

function empty(key: readonly number[]): Known {
  return { key, values: new Float32Array(0), low: 0, size: 0, first: 0, count: 0, block: undefined };
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Forgets the oldest until the rest fits; the latest stays. */
function forget(): void {
  let floats = 0;
  let from = known.length;
  // a block at most doubles the values; the least bounds how many there are to look through
  while (from > 0 && (floats += Math.max(LEAST, 2 * known[from - 1].values.length)) <= TOTAL) from--;
  known.splice(0, from);
}

/** Values of distances from `first` on, heads from `head` on; rows start `stride` floats apart in `out`. */
function copyRows(
  out: Float32Array,
  at: number,
  stride: number,
  { values, low, size }: Known,
  head: number,
  heads: number,
  first: number,
  count: number,
): void {
  for (let h = 0; h < heads; h++) {
    const from = (head + h) * size + first - low;
    out.set(values.subarray(from, from + count), at + h * stride);
  }
}

function rowsOf(entry: Known, heads: number): Float32Array {
  const rows = new Float32Array(heads * entry.count);
  copyRows(rows, 0, entry.count, entry, 0, heads, entry.first, entry.count);
  return rows;
}

/** The same values from memory; `key` holds everything they depend on besides the distance. */
export function remembered(engine: Engine, filler: Filler, heads: number, key: readonly number[]): Filler {
  const own = (filler.scratchBytes + 15) & ~15;
  let arena = 0;
  let loaded = false;
  let entry: Known | undefined;

  const compute = (to: Target, distances: Distances): void => {
    if (!loaded) filler.load(arena);
    loaded = true;
    filler.fill(to, distances);
  };

  /** Computes the distances that are missing between those known and [first, first + count). */
  const cover = (known: Known, first: number, count: number): boolean => {
    if (known.size > 0 && first >= known.low && first + count <= known.low + known.size) return true;
    const buffer = arena + own;
    const low = Math.floor((known.size > 0 ? Math.min(known.low, first) : first) / STEP) * STEP;
    const end = Math.max(known.size > 0 ? known.low + known.size : first, first + count);
    const size = Math.ceil((end - low) / STEP) * STEP;
    // far from what is known, or the first few of a long way
    if (size * heads > LIMIT || size > 4 * (known.size + count + STEP)) return false;
    const values = new Float32Array(heads * size);
    for (let h = 0; known.size > 0 && h < heads; h++) {
      values.set(known.values.subarray(h * known.size, (h + 1) * known.size), h * size + known.low - low);
    }
    for (let d = low; d < low + size; d += STEP) {
      if (known.size > 0 && d >= known.low && d < known.low + known.size) continue;
      for (let head = 0; head < heads; head += 16) {
        const n = Math.min(16, heads - head);
        compute({ pointer: buffer, stride: 4 * STEP, head, heads: n }, { first: d, count: STEP, list: 0 });
        for (let h = 0; h < n; h++) {
          const from = (buffer >>> 2) + h * STEP;
          values.set(engine.f32.subarray(from, from + STEP), (head + h) * size + d - low);
        }
      }
    }
    Object.assign(known, { values, low, size });
    forget();
    return true;
  };

  return {
    scratchBytes: own + 4 * STEP * Math.min(heads, 16),
    directRows: filler.directRows,
    load(pointer) {
      arena = pointer;
      entry = find(key);
    },
    fill(to, distances) {
      const { first, count, list } = distances;
      if (list || !entry || !cover(entry, first, count)) {
        compute(to, distances);
        return;
      }
      const whole = to.heads === heads && to.stride === 4 * count;
      if (whole && entry.first === first && entry.count === count) {
        engine.f32.set((entry.block ??= rowsOf(entry, heads)), to.pointer >>> 2);
        return;
      }
      if (whole) Object.assign(entry, { first, count, block: undefined });
      copyRows(engine.f32, to.pointer >>> 2, to.stride >>> 2, entry, to.head, to.heads, first, count);
    },
  };
}
