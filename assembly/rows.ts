// A row joins a vector: position rows added to, multiplied into, or set beside the rows of x.
// x is rows x width, contiguous at x; row t of the positions is p + (t mod period) x width. Sizes in floats, strides in bytes.

// @ts-ignore: decorator
@inline
function joinRows(out: usize, x: usize, p: usize, rows: usize, width: usize, period: usize, mode: i32): void {
  // whole periods are contiguous on both sides: one long run each
  const run = period * width;
  let left = rows * width;
  const one = f32x4.splat(1.0);
  while (left > 0) {
    const n = min(run, left);
    let q = p;
    const end = x + ((n >> 2) << 4);
    while (x < end) {
      const a = v128.load(x);
      const b = v128.load(q);
      if (mode == 0) v128.store(out, f32x4.add(a, b));
      else if (mode == 1) v128.store(out, f32x4.mul(a, b));
      else v128.store(out, f32x4.mul(a, f32x4.add(b, one)));
      x += 16;
      q += 16;
      out += 16;
    }
    for (let rest = n & 3; rest; rest--, x += 4, q += 4, out += 4) {
      const a = load<f32>(x);
      const b = load<f32>(q);
      if (mode == 0) store<f32>(out, a + b);
      else if (mode == 1) store<f32>(out, a * b);
      else store<f32>(out, a * (b + 1.0));
    }
    left -= n;
  }
}

/** out = x + p. */
export function addRows(out: usize, x: usize, p: usize, rows: usize, width: usize, period: usize): void {
  joinRows(out, x, p, rows, width, period, 0);
}

/** out = x * p. */
export function multiplyRows(out: usize, x: usize, p: usize, rows: usize, width: usize, period: usize): void {
  joinRows(out, x, p, rows, width, period, 1);
}

/** out = x * (1 + p). */
export function multiplyPlusOneRows(out: usize, x: usize, p: usize, rows: usize, width: usize, period: usize): void {
  joinRows(out, x, p, rows, width, period, 2);
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
