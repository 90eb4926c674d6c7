// Position x frequency = phase; phase -> cos and sin. Serves sinusoidal, timestep, Fourier, rotary tables, relative R.
//
// Exact precision. A value is a pure function of (position, frequency): an integer position p = 512 s + 32 j + r is
//   seed(512 s) (x) C[j] (x) B[r],   C[j] = (32 j + 15.5) theta,   B[r] = (r - 15.5) theta,
// (x) being the addition of angles in float64, rounded to float32 once at the end; a fractional position is seeded by
// itself, and so is position 0, which is exactly (0, amplitude). Nothing depends on where a call starts or how long it is.
//
// A plan holds, for np frequencies (count padded to a multiple of 4; g = np / 2 groups of two lanes):
//   theta f64[np] | whole, high, low u64[np] each | B [32][g](sin, cos) | C [16][g](sin, cos) | S [g] | A [g] | S [3][g]
// The first four are filled by the caller, the tables by phasePlan. 880 bytes per frequency.
import { COS_ONLY, COS_SIN_PAIRS, SIN_AND_COS, SIN_COS_PAIRS } from "../src/runtime/codes";
import { sincos } from "./math/sincos";

/** Fills a row of (sin, cos) lanes at position p, multiplied by the amplitude. */
export function seedRow(plan: usize, np: usize, p: f64, amplitude: f64, dst: usize, constants: usize): void {
  if (p == 0) {
    zeroRow(plan, np, p, amplitude, dst);
    return;
  }
  const magnitude = abs<f64>(p);
  const floor = Math.floor(magnitude);
  const n = i64x2.splat(<i64>floor);
  const f = i64x2.splat(<i64>(<u64>((magnitude - floor) * 18446744073709551616.0)));
  const pv = f64x2.splat(p);
  const a = f64x2.splat(amplitude);
  const column = np << 3;
  const end = plan + column;
  while (plan < end) {
    const whole = plan + column;
    const high = whole + column;
    sincos(pv, n, f, v128.load(plan), v128.load(whole), v128.load(high), v128.load(high + column), constants, dst);
    v128.store(dst, f64x2.mul(v128.load(dst), a));
    v128.store(dst, f64x2.mul(v128.load(dst, 16), a), 16);
    plan += 16;
    dst += 32;
  }
}

/** seedRow at position 0, where nothing has to be computed: a product with the frequency gives the sine the sign that it has. */
function zeroRow(plan: usize, np: usize, p: f64, amplitude: f64, dst: usize): void {
  const pv = f64x2.splat(p);
  const a = f64x2.splat(amplitude);
  for (const end = plan + (np << 3); plan < end; plan += 16, dst += 32) {
    v128.store(dst, f64x2.mul(f64x2.mul(pv, v128.load(plan)), a));
    v128.store(dst, a, 16);
  }
}

/** dst = a (x) b over a row of lanes: addition of angles. */
export function addAngles(dst: usize, a: usize, b: usize, rowBytes: usize): void {
  const end = a + rowBytes;
  while (a < end) {
    const sa = v128.load(a);
    const ca = v128.load(a, 16);
    const sb = v128.load(b);
    const cb = v128.load(b, 16);
    v128.store(dst, f64x2.add(f64x2.mul(sa, cb), f64x2.mul(ca, sb)));
    v128.store(dst, f64x2.sub(f64x2.mul(ca, cb), f64x2.mul(sa, sb)), 16);
    a += 32;
    b += 32;
    dst += 32;
  }
}

// @ts-ignore: decorator
@inline
function storeFloats(out: usize, value: v128, floats: usize): void {
  if (floats == 2) v128.store64_lane(out, value, 0);
  else v128.store32_lane(out, value, 0);
}

/** Stores one or two frequencies, in the lower lanes of s and c, as the mode says. */
// @ts-ignore: decorator
@inline
function storeLanes(s: v128, c: v128, lanes: usize, out0: usize, out1: usize, mode: i32): void {
  if (mode == SIN_COS_PAIRS || mode == COS_SIN_PAIRS) {
    const pairs = mode == SIN_COS_PAIRS ? v128.shuffle<f32>(s, c, 0, 4, 1, 5) : v128.shuffle<f32>(c, s, 0, 4, 1, 5);
    if (lanes == 2) v128.store(out0, pairs);
    else v128.store64_lane(out0, pairs, 0);
  } else {
    storeFloats(out0, mode == COS_ONLY ? c : s, lanes);
    if (mode == SIN_AND_COS) storeFloats(out1, c, lanes);
  }
}

/**
 * One row of count frequencies: a (x) b, rounded and stored.
 * mode SIN_AND_COS: sines to out0, cosines to out1; else all to out0, as its name says.
 */
// @ts-ignore: decorator
@inline
function emitRow(a: usize, b: usize, count: usize, out0: usize, out1: usize, mode: i32): void {
  const end = a + ((count >> 2) << 6);
  while (a < end) {
    let sa = v128.load(a);
    let ca = v128.load(a, 16);
    let sb = v128.load(b);
    let cb = v128.load(b, 16);
    const s0 = f32x4.demote_f64x2_zero(f64x2.add(f64x2.mul(sa, cb), f64x2.mul(ca, sb)));
    const c0 = f32x4.demote_f64x2_zero(f64x2.sub(f64x2.mul(ca, cb), f64x2.mul(sa, sb)));
    sa = v128.load(a, 32);
    ca = v128.load(a, 48);
    sb = v128.load(b, 32);
    cb = v128.load(b, 48);
    const s1 = f32x4.demote_f64x2_zero(f64x2.add(f64x2.mul(sa, cb), f64x2.mul(ca, sb)));
    const c1 = f32x4.demote_f64x2_zero(f64x2.sub(f64x2.mul(ca, cb), f64x2.mul(sa, sb)));
    if (mode == SIN_COS_PAIRS) {
      v128.store(out0, v128.shuffle<f32>(s0, c0, 0, 4, 1, 5));
      v128.store(out0, v128.shuffle<f32>(s1, c1, 0, 4, 1, 5), 16);
      out0 += 32;
    } else if (mode == COS_SIN_PAIRS) {
      v128.store(out0, v128.shuffle<f32>(c0, s0, 0, 4, 1, 5));
      v128.store(out0, v128.shuffle<f32>(c1, s1, 0, 4, 1, 5), 16);
      out0 += 32;
    } else {
      v128.store(out0, mode == COS_ONLY ? v128.shuffle<f32>(c0, c1, 0, 1, 4, 5) : v128.shuffle<f32>(s0, s1, 0, 1, 4, 5));
      out0 += 16;
      if (mode == SIN_AND_COS) {
        v128.store(out1, v128.shuffle<f32>(c0, c1, 0, 1, 4, 5));
        out1 += 16;
      }
    }
    a += 64;
    b += 64;
  }
  if (count & 3) emitRest(a, b, count & 3, out0, out1, mode);
}

/** The last one to three frequencies of a row. */
function emitRest(a: usize, b: usize, count: usize, out0: usize, out1: usize, mode: i32): void {
  for (let rest = <isize>count; rest > 0; rest -= 2) {
    const lanes = <usize>min<isize>(rest, 2);
    const sa = v128.load(a);
    const ca = v128.load(a, 16);
    const sb = v128.load(b);
    const cb = v128.load(b, 16);
    storeLanes(
      f32x4.demote_f64x2_zero(f64x2.add(f64x2.mul(sa, cb), f64x2.mul(ca, sb))),
      f32x4.demote_f64x2_zero(f64x2.sub(f64x2.mul(ca, cb), f64x2.mul(sa, sb))),
      lanes, out0, out1, mode,
    );
    a += 32;
    b += 32;
    out0 += mode == SIN_COS_PAIRS || mode == COS_SIN_PAIRS ? 16 : 8;
    out1 += 8;
  }
}

/**
 * Two rows whose B differ in the sign of the angle alone, sharing their products: row r of a block to out0 (out1), row 31 - r
 * to mirror0 (mirror1). The bits are those of emitRow.
 */
// @ts-ignore: decorator
@inline
function emitMirrored(
  a: usize, b: usize, count: usize, out0: usize, out1: usize, mirror0: usize, mirror1: usize, mode: i32,
): void {
  const end = a + ((count >> 2) << 6);
  while (a < end) {
    let sa = v128.load(a);
    let ca = v128.load(a, 16);
    let sb = v128.load(b);
    let cb = v128.load(b, 16);
    let u = f64x2.mul(sa, cb);
    let v = f64x2.mul(ca, sb);
    let w = f64x2.mul(ca, cb);
    let z = f64x2.mul(sa, sb);
    const s0 = f32x4.demote_f64x2_zero(f64x2.add(u, v));
    const c0 = f32x4.demote_f64x2_zero(f64x2.sub(w, z));
    const t0 = f32x4.demote_f64x2_zero(f64x2.sub(u, v));
    const d0 = f32x4.demote_f64x2_zero(f64x2.add(w, z));
    sa = v128.load(a, 32);
    ca = v128.load(a, 48);
    sb = v128.load(b, 32);
    cb = v128.load(b, 48);
    u = f64x2.mul(sa, cb);
    v = f64x2.mul(ca, sb);
    w = f64x2.mul(ca, cb);
    z = f64x2.mul(sa, sb);
    const s1 = f32x4.demote_f64x2_zero(f64x2.add(u, v));
    const c1 = f32x4.demote_f64x2_zero(f64x2.sub(w, z));
    const t1 = f32x4.demote_f64x2_zero(f64x2.sub(u, v));
    const d1 = f32x4.demote_f64x2_zero(f64x2.add(w, z));
    if (mode == SIN_AND_COS) {
      v128.store(out0, v128.shuffle<f32>(s0, s1, 0, 1, 4, 5));
      v128.store(out1, v128.shuffle<f32>(c0, c1, 0, 1, 4, 5));
      v128.store(mirror0, v128.shuffle<f32>(t0, t1, 0, 1, 4, 5));
      v128.store(mirror1, v128.shuffle<f32>(d0, d1, 0, 1, 4, 5));
      out0 += 16;
      out1 += 16;
      mirror0 += 16;
      mirror1 += 16;
    } else {
      v128.store(out0, v128.shuffle<f32>(s0, c0, 0, 4, 1, 5));
      v128.store(out0, v128.shuffle<f32>(s1, c1, 0, 4, 1, 5), 16);
      v128.store(mirror0, v128.shuffle<f32>(t0, d0, 0, 4, 1, 5));
      v128.store(mirror0, v128.shuffle<f32>(t1, d1, 0, 4, 1, 5), 16);
      out0 += 32;
      mirror0 += 32;
    }
    a += 64;
    b += 64;
  }
}

/** A whole block of 32 rows, both rows of a mirrored pair at once; count is a multiple of 4, mode SIN_AND_COS or SIN_COS_PAIRS. */
function emitBlock(
  a: usize, b: usize, rowBytes: usize, count: usize, out0: usize, out1: usize, stride: usize, mode: i32,
): void {
  b += rowBytes << 4;
  let up = stride << 4;
  let down = up - stride;
  for (let r = 0; r < 16; r++, b += rowBytes, up += stride, down -= stride) {
    if (mode == SIN_AND_COS) emitMirrored(a, b, count, out0 + up, out1 + up, out0 + down, out1 + down, SIN_AND_COS);
    else emitMirrored(a, b, count, out0 + up, 0, out0 + down, 0, SIN_COS_PAIRS);
  }
}

/** Outputs of at most this many bytes are written in mirrored order: pairs of rows from the middle of a block outwards. */
const MIRROR_BYTES: usize = 1 << 22;

function emitRows(
  a: usize, b: usize, rowBytes: usize, rows: usize, count: usize, out0: usize, out1: usize, stride: usize, mode: i32,
): void {
  // one loop over rows per mode, so that the mode is a constant inside it
  if (mode == SIN_AND_COS) {
    for (; rows; rows--, b += rowBytes, out0 += stride, out1 += stride) emitRow(a, b, count, out0, out1, SIN_AND_COS);
  } else if (mode == SIN_COS_PAIRS) {
    for (; rows; rows--, b += rowBytes, out0 += stride) emitRow(a, b, count, out0, out1, SIN_COS_PAIRS);
  } else {
    for (; rows; rows--, b += rowBytes, out0 += stride) emitRow(a, b, count, out0, out1, mode);
  }
}

/** Builds the tables B and C of a plan whose np frequencies are filled in: 880 bytes a frequency, laid out as the file says. */
export function phasePlan(plan: usize, np: usize, constants: usize): void {
  const rowBytes = np << 4;
  let dst = plan + (np << 5);
  for (let r = 0; r < 32; r++, dst += rowBytes) seedRow(plan, np, <f64>r - 15.5, 1.0, dst, constants);
  for (let j = 0; j < 16; j++, dst += rowBytes) seedRow(plan, np, <f64>(j << 5) + 15.5, 1.0, dst, constants);
}

/**
 * Rows of consecutive integer positions start .. start + n - 1, times the amplitude, for count of the plan's np frequencies.
 * mode: SIN_AND_COS sines to out0 and cosines to out1; else all to out0, as its name says. stride: bytes between rows.
 * Precondition: |position| <= 2^53, plan built.
 */
export function phaseRows(
  plan: usize, np: usize, count: usize, start: f64, n: usize, amplitude: f64, mode: i32,
  out0: usize, out1: usize, stride: usize, constants: usize,
): void {
  const rowBytes = np << 4;
  const tableB = plan + (np << 5);
  const tableC = tableB + (rowBytes << 5);
  const seed = tableC + (rowBytes << 4);
  const block = seed + rowBytes;
  // Mirrored order writes half of each block in descending rows, which hardware prefetch does not follow: it is used where the
  // output fits the cache, or rows are so long that prefetch works inside each.
  const mirrored = (count & 3) == 0 && mode <= SIN_COS_PAIRS && (n * stride <= MIRROR_BYTES || stride >= 4096);
  let p = <i64>start;
  let held: i64 = i64.MIN_VALUE;
  while (n > 0) {
    if (p == 0) {
      seedRow(plan, np, 0.0, amplitude, block, constants);
      emitSeed(block, count, out0, out1, mode);
      p = 1;
      n--;
      out0 += stride;
      out1 += stride;
      continue;
    }
    const base = p >> 9;
    if (base != held) {
      seedRow(plan, np, <f64>(base << 9), amplitude, seed, constants);
      held = base;
    }
    addAngles(block, seed, tableC + <usize>((p >> 5) & 15) * rowBytes, rowBytes);
    const r = <usize>(p & 31);
    const rows = min<usize>(32 - r, n);
    if (rows == 32 && mirrored) emitBlock(block, tableB, rowBytes, count, out0, out1, stride, mode);
    else emitRows(block, tableB + r * rowBytes, rowBytes, rows, count, out0, out1, stride, mode);
    p += rows;
    n -= rows;
    out0 += rows * stride;
    out1 += rows * stride;
  }
}

/** Rows of arbitrary positions, float64 at `positions`: integers as phaseRows does them, fractions seeded themselves. */
export function phaseAt(
  plan: usize, np: usize, count: usize, positions: usize, n: usize, amplitude: f64, mode: i32,
  out0: usize, out1: usize, stride: usize, constants: usize,
): void {
  const rowBytes = np << 4;
  const tableB = plan + (np << 5);
  const tableC = tableB + (rowBytes << 5);
  const seed = tableC + (rowBytes << 4);
  const block = seed + rowBytes;
  // Seeds of four spans of 512 positions are kept: diffusion steps come in any order and return to the same spans.
  let held0: i64 = i64.MIN_VALUE;
  let held1 = held0;
  let held2 = held0;
  let held3 = held0;
  let heldBlock: i64 = i64.MIN_VALUE;
  for (; n; n--, positions += 8, out0 += stride, out1 += stride) {
    const position = load<f64>(positions);
    const p = <i64>position;
    if (<f64>p != position || p == 0) {
      seedRow(plan, np, position, amplitude, block, constants);
      heldBlock = i64.MIN_VALUE;
      emitSeed(block, count, out0, out1, mode);
      continue;
    }
    if (p >> 5 != heldBlock) {
      heldBlock = p >> 5;
      const base = p >> 9;
      const slot = base & 3;
      const row = slot == 0 ? seed : block + <usize>slot * rowBytes;
      if ((slot == 0 ? held0 : slot == 1 ? held1 : slot == 2 ? held2 : held3) != base) {
        if (slot == 0) held0 = base;
        else if (slot == 1) held1 = base;
        else if (slot == 2) held2 = base;
        else held3 = base;
        seedRow(plan, np, <f64>(base << 9), amplitude, row, constants);
      }
      addAngles(block, row, tableC + <usize>(heldBlock & 15) * rowBytes, rowBytes);
    }
    emitRows(block, tableB + <usize>(p & 31) * rowBytes, rowBytes, 1, count, out0, out1, stride, mode);
  }
}

/** Stores a row of lanes as they are. */
function emitSeed(a: usize, count: usize, out0: usize, out1: usize, mode: i32): void {
  for (let rest = <isize>count; rest > 0; rest -= 2) {
    const s = f32x4.demote_f64x2_zero(v128.load(a));
    const c = f32x4.demote_f64x2_zero(v128.load(a, 16));
    storeLanes(s, c, <usize>min<isize>(rest, 2), out0, out1, mode);
    a += 32;
    out0 += mode == SIN_COS_PAIRS || mode == COS_SIN_PAIRS ? 16 : 8;
    out1 += 8;
  }
}
