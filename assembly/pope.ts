// PoPE, arXiv 2509.10534: a magnitude of its own per channel, softplus(x), at an angle that is position x frequency. Not a
// rotation: the result is twice as wide.
import { SOFTPLUS } from "../src/runtime/codes";
import { unary64x2 } from "./math/unary";

/**
 * n0 x n1 x n2 vectors of width channels to [softplus(x) cos | softplus(x) sin], 2 x width channels. Strides in bytes: x* and
 * out* of the vectors, t* of the table (cos and sin, width floats a row).
 */
export function polar(
  out: usize, x: usize, cos: usize, sin: usize, width: usize, n0: usize, n1: usize, n2: usize,
  x0: usize, x1: usize, x2: usize, out0: usize, out1: usize, out2: usize, t0: usize, t1: usize, t2: usize, constants: usize,
): void {
  for (let a: usize = 0; a < n0; a++) {
    for (let b: usize = 0; b < n1; b++) {
      for (let c: usize = 0; c < n2; c++) {
        const t = a * t0 + b * t1 + c * t2;
        polarRow(out + a * out0 + b * out1 + c * out2, x + a * x0 + b * x1 + c * x2, cos + t, sin + t, width, constants);
      }
    }
  }
}

function polarRow(out: usize, x: usize, cos: usize, sin: usize, width: usize, constants: usize): void {
  const half = width << 2;
  for (let rest = <isize>width; rest > 0; rest -= 2, x += 8, cos += 8, sin += 8, out += 8) {
    const two = rest > 1;
    const m = unary64x2(f64x2.promote_low_f32x4(two ? v128.load64_zero(x) : v128.load32_zero(x)), SOFTPLUS, constants);
    const magnitude = f32x4.demote_f64x2_zero(m);
    const re = f32x4.mul(magnitude, two ? v128.load64_zero(cos) : v128.load32_zero(cos));
    const im = f32x4.mul(magnitude, two ? v128.load64_zero(sin) : v128.load32_zero(sin));
    if (two) {
      v128.store64_lane(out, re, 0);
      v128.store64_lane(out + half, im, 0);
    } else {
      v128.store32_lane(out, re, 0);
      v128.store32_lane(out + half, im, 0);
    }
  }
}
