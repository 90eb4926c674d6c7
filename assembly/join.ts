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
 * A multiple of 64 bytes of one row, or of two rows `next` bytes apart that are joined with the same positions: three loads and
 * two stores for a vector of each, where two separate rows need four loads.
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
    // All loads come before the stores. Rows a multiple of 4096 bytes apart have equal low address bits, and a load that
    // follows a store with the same low bits waits for it (4K aliasing).
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

// A function per mode: where the three calls stand in one function, Binaryen merges them into one loop that compares the mode at
// every vector.
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

/**
 * out = x joined with p, rows x width floats each; row t of x meets row t mod period of p. mode: JOIN_ADD x + p, JOIN_MULTIPLY
 * x p, JOIN_MULTIPLY_PLUS_ONE x (1 + p). out may be x.
 */
export function joinRows(out: usize, x: usize, p: usize, rows: usize, width: usize, period: usize, mode: i32): void {
  // a whole period is contiguous in x, p and out: it is done as one long row
  const run = period * width;
  // 1, computed from a parameter: V8 builds a literal anew in every pass, a computed value stays in a register
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
