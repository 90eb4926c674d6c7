// A row joins a vector: position rows added to, multiplied into, or set beside the rows of x.
// x is rows x width, contiguous at x; row t of the positions is p + (t mod period) x width. Sizes in floats, strides in bytes.
import { JOIN_ADD, JOIN_MULTIPLY, JOIN_MULTIPLY_PLUS_ONE } from "../src/runtime/codes";

// @ts-ignore: decorator
@inline
function join(a: v128, b: v128, one: v128, mode: i32): v128 {
  if (mode == JOIN_ADD) return f32x4.add(a, b);
  if (mode == JOIN_MULTIPLY) return f32x4.mul(a, b);
  return f32x4.mul(a, f32x4.add(b, one));
}

/**
 * A multiple of 64 bytes of one row, or of two that share the positions, `next` bytes apart: three loads and two stores where
 * two rows by themselves take four and two.
 */
// @ts-ignore: decorator
@inline
function joinWide(out: usize, x: usize, q: usize, bytes: usize, next: usize, one: v128, mode: i32): void {
  const end = x + bytes;
  if (next == 0) {
    for (; x < end; x += 64, q += 64, out += 64) {
      v128.store(out, join(v128.load(x), v128.load(q), one, mode));
      v128.store(out, join(v128.load(x, 16), v128.load(q, 16), one, mode), 16);
      v128.store(out, join(v128.load(x, 32), v128.load(q, 32), one, mode), 32);
      v128.store(out, join(v128.load(x, 48), v128.load(q, 48), one, mode), 48);
    }
    return;
  }
  for (let y = x + next, o = out + next; x < end; x += 64, q += 64, out += 64, y += 64, o += 64) {
    const p0 = v128.load(q), p1 = v128.load(q, 16), p2 = v128.load(q, 32), p3 = v128.load(q, 48);
    // all loads before the stores: rows a power of two apart look like one another to the store buffer
    const x0 = join(v128.load(x), p0, one, mode), x1 = join(v128.load(x, 16), p1, one, mode);
    const x2 = join(v128.load(x, 32), p2, one, mode), x3 = join(v128.load(x, 48), p3, one, mode);
    const y0 = join(v128.load(y), p0, one, mode), y1 = join(v128.load(y, 16), p1, one, mode);
    const y2 = join(v128.load(y, 32), p2, one, mode), y3 = join(v128.load(y, 48), p3, one, mode);
    v128.store(out, x0);
    v128.store(out, x1, 16);
    v128.store(out, x2, 32);
    v128.store(out, x3, 48);
    v128.store(o, y0);
    v128.store(o, y1, 16);
    v128.store(o, y2, 32);
    v128.store(o, y3, 48);
  }
}

// A function each: side by side in one, the optimiser makes them one loop that asks for the mode at every vector.
function addWide(out: usize, x: usize, q: usize, bytes: usize, next: usize, one: v128): void {
  joinWide(out, x, q, bytes, next, one, JOIN_ADD);
}

function multiplyWide(out: usize, x: usize, q: usize, bytes: usize, next: usize, one: v128): void {
  joinWide(out, x, q, bytes, next, one, JOIN_MULTIPLY);
}

function multiplyPlusOneWide(out: usize, x: usize, q: usize, bytes: usize, next: usize, one: v128): void {
  joinWide(out, x, q, bytes, next, one, JOIN_MULTIPLY_PLUS_ONE);
}

/** n < 16 floats. */
function joinRest(out: usize, x: usize, q: usize, n: usize, one: v128, mode: i32): void {
  for (; n >= 4; n -= 4, x += 16, q += 16, out += 16) v128.store(out, join(v128.load(x), v128.load(q), one, mode));
  for (; n; n--, x += 4, q += 4, out += 4) {
    v128.store32_lane(out, join(v128.load32_zero(x), v128.load32_zero(q), one, mode), 0);
  }
}

/** out = x joined with p. */
export function joinRows(out: usize, x: usize, p: usize, rows: usize, width: usize, period: usize, mode: i32): void {
  // whole periods are contiguous on both sides: one long run each
  const run = period * width;
  // 1, made so that it stays in a register
  const one = f32x4.convert_i32x4_s(i32x4.splat(min<i32>(<i32>period, 1)));
  for (let left = rows * width; left > 0; ) {
    const n = min(run, left);
    const next = left >= 2 * run ? run << 2 : 0;
    const wide = (n >> 4) << 6;
    if (mode == JOIN_ADD) addWide(out, x, p, wide, next, one);
    else if (mode == JOIN_MULTIPLY) multiplyWide(out, x, p, wide, next, one);
    else multiplyPlusOneWide(out, x, p, wide, next, one);
    joinRest(out + wide, x + wide, p + wide, n & 15, one, mode);
    if (next) joinRest(out + wide + next, x + wide + next, p + wide, n & 15, one, mode);
    left -= next ? 2 * n : n;
    x += next + (n << 2);
    out += next + (n << 2);
  }
}

/** Copies rows of `width` floats; row t comes from x + (t mod period) x xStride and goes to out + t x outStride. */
export function copyRows(
  out: usize, outStride: usize, x: usize, xStride: usize, rows: usize, width: usize, period: usize,
): void {
  let from = x;
  for (let t: usize = 0, phase: usize = 0; t < rows; t++, out += outStride) {
    let a = from;
    let o = out;
    const end = a + ((width >> 2) << 4);
    while (a < end) {
      v128.store(o, v128.load(a));
      a += 16;
      o += 16;
    }
    for (let rest = width & 3; rest; rest--, a += 4, o += 4) store<f32>(o, load<f32>(a));
    if (++phase == period) {
      phase = 0;
      from = x;
    } else {
      from += xStride;
    }
  }
}

/** Whether each of n int32 ids is one of 0 .. rows - 1. */
export function idsWithin(ids: usize, n: usize, rows: i32): i32 {
  let four = i32x4.splat(0);
  for (; n >= 4; n -= 4, ids += 16) four = i32x4.max_u(four, v128.load(ids));
  let largest = max<u32>(
    max<u32>(i32x4.extract_lane(four, 0), i32x4.extract_lane(four, 1)),
    max<u32>(i32x4.extract_lane(four, 2), i32x4.extract_lane(four, 3)),
  );
  for (; n; n--, ids += 4) largest = max(largest, load<u32>(ids));
  return largest < <u32>rows ? 1 : 0;
}

/** out[t] = factor x table[ids[t]]; the row of an id outside 0 .. tableRows - 1 is zero. Strides in bytes. */
export function lookupRows(
  out: usize, outStride: usize, table: usize, tableRows: i32, width: usize, ids: usize, n: usize, factor: f32,
): void {
  const bytes = width << 2;
  while (n) {
    const id = load<i32>(ids);
    let run: usize = 1;
    if (<u32>id >= <u32>tableRows) memory.fill(out, 0, bytes);
    else {
      // rows that follow each other on both sides are one long row
      if (outStride == bytes) {
        const most = min(n, <usize>(tableRows - id));
        const four = i32x4.add(i32x4.splat(id), i32x4(0, 1, 2, 3));
        while (run + 4 <= most && i32x4.all_true(i32x4.eq(v128.load(ids + (run << 2)), i32x4.add(four, i32x4.splat(<i32>run))))) run += 4;
        while (run < most && load<i32>(ids + (run << 2)) == id + <i32>run) run++;
      }
      scaleRun(out, table + <usize>id * bytes, run * width, factor);
    }
    n -= run;
    ids += run << 2;
    out += run * outStride;
  }
}

/** out = factor x a, n floats. */
function scaleRun(out: usize, a: usize, n: usize, factor: f32): void {
  const scale = f32x4.splat(factor);
  for (const end = a + ((n >> 5) << 7); a < end; a += 128, out += 128) {
    v128.store(out, f32x4.mul(v128.load(a), scale));
    v128.store(out, f32x4.mul(v128.load(a, 16), scale), 16);
    v128.store(out, f32x4.mul(v128.load(a, 32), scale), 32);
    v128.store(out, f32x4.mul(v128.load(a, 48), scale), 48);
    v128.store(out, f32x4.mul(v128.load(a, 64), scale), 64);
    v128.store(out, f32x4.mul(v128.load(a, 80), scale), 80);
    v128.store(out, f32x4.mul(v128.load(a, 96), scale), 96);
    v128.store(out, f32x4.mul(v128.load(a, 112), scale), 112);
  }
  for (const end = a + (((n & 31) >> 2) << 4); a < end; a += 16, out += 16) v128.store(out, f32x4.mul(v128.load(a), scale));
  for (let rest = n & 3; rest; rest--, a += 4, out += 4) store<f32>(out, load<f32>(a) * factor);
}

/** Every row times factor / max(its length, epsilon), in place. */
export function normalizeRows(x: usize, rows: usize, width: usize, epsilon: f64, factor: f64): void {
  for (; rows; rows--) {
    const end = x + (width << 2);
    let sum: f64 = 0;
    for (let a = x; a < end; a += 4) {
      const v = <f64>load<f32>(a);
      sum += v * v;
    }
    const scale = factor / max<f64>(Math.sqrt(sum), epsilon);
    for (; x < end; x += 4) store<f32>(x, <f32>(<f64>load<f32>(x) * scale));
  }
}

/**
 * Hierarchical decomposition: row s = i n + j is p_j + ratio (p_i - p_0), ratio = alpha / (1 - alpha); which is
 * alpha u_i + (1 - alpha) u_j for u_k = (p_k - alpha p_0) / (1 - alpha), and p_s itself for s < n.
 */
export function hierarchicalRows(
  out: usize, table: usize, n: i32, width: usize, positions: usize, rows: usize, ratio: f32,
): void {
  const scale = f32x4.splat(ratio);
  const bytes = width << 2;
  for (; rows; rows--, positions += 4) {
    const s = load<i32>(positions);
    let zero = table;
    let high = table + <usize>(s / n) * bytes;
    let low = table + <usize>(s % n) * bytes;
    const end = low + ((width >> 2) << 4);
    while (low < end) {
      const step = f32x4.mul(scale, f32x4.sub(v128.load(high), v128.load(zero)));
      v128.store(out, f32x4.add(v128.load(low), step));
      low += 16;
      high += 16;
      zero += 16;
      out += 16;
    }
    for (let rest = width & 3; rest; rest--, low += 4, high += 4, zero += 4, out += 4) {
      store<f32>(out, load<f32>(low) + ratio * (load<f32>(high) - load<f32>(zero)));
    }
  }
}

/** Columns become planes: out[c x planeStride + r x repeat ...] holds `repeat` copies of x[r][c]. */
export function transposeRows(
  out: usize, planeStride: usize, x: usize, xStride: usize, rows: usize, width: usize, repeat: usize,
): void {
  for (let c: usize = 0; c < width; c++, out += planeStride, x += 4) {
    let a = x;
    let o = out;
    for (let r: usize = 0; r < rows; r++, a += xStride) {
      const value = load<f32>(a);
      for (let t: usize = 0; t < repeat; t++, o += 4) store<f32>(o, value);
    }
  }
}
