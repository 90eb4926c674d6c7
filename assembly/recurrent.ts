// Encodings that produce row after row: p_(k+1) = f(p_k), the GRU, and the flows of FLOATER. Strictly sequential; the
// dense algebra of one row is linear() of dense.ts. Sizes in elements, strides in bytes.
import { EULER, EXPM1, FLOW_LINEAR, IDENTITY, MIDPOINT, RELU, RK4_THREE_EIGHTHS, SIGMOID, TANH } from "../src/runtime/codes";
import { linear } from "./dense";
import { mapUnary, unary32x4 } from "./math/unary";

/** out = x + c k over n floats. */
function addScaled(out: usize, x: usize, k: usize, c: f32, n: usize): void {
  const factor = f32x4.splat(c);
  const end = x + ((n >> 2) << 4);
  for (; x < end; x += 16, k += 16, out += 16) {
    v128.store(out, f32x4.add(v128.load(x), f32x4.mul(factor, v128.load(k))));
  }
  for (let rest = n & 3; rest; rest--, x += 4, k += 4, out += 4) store<f32>(out, load<f32>(x) + c * load<f32>(k));
}

/**
 * Rows 1 .. steps of p_(k+1) = W2 tanh(W1 p_k + b1) + b2, plus p_k when residual; row 0 stands at out. hidden values at tmp.
 */
export function recurrentMlp(
  out: usize, w1: usize, b1: usize, w2: usize, b2: usize, dim: usize, hidden: usize, steps: usize, residual: i32,
  tmp: usize, constants: usize,
): void {
  const bytes = dim << 2;
  for (; steps; steps--, out += bytes) {
    linear(tmp, out, w1, b1, 1, dim, hidden, bytes, hidden << 2, TANH, constants);
    linear(out + bytes, tmp, w2, b2, 1, hidden, dim, hidden << 2, bytes, IDENTITY, constants);
    if (residual) addScaled(out + bytes, out + bytes, out, 1.0, dim);
  }
}

/**
 * One GRU layer over `steps` inputs for `rows` independent states (PyTorch's gates r, z, n):
 *   r, z = sigmoid(Wi x + bi + Wh h + bh),  n = tanh(Wi x + bi + r (Wh h + bh)),  h' = (1 - z) n + z h.
 * x of step t at x + t xStep, its rows xStride apart; h' to out + t outStep, rows contiguous; the state before the first step
 * at h. out may be x. tmp: 6 rows dim floats.
 */
export function gruLayer(
  out: usize, outStep: usize, x: usize, xStep: usize, xStride: usize, inputs: usize, h: usize,
  wi: usize, wh: usize, bi: usize, bh: usize, steps: usize, rows: usize, dim: usize, tmp: usize, constants: usize,
): void {
  const bytes = dim << 2;
  const gates: usize = 3 * bytes;
  const hiddenGates = tmp + rows * gates;
  for (; steps; steps--, x += xStep, out += outStep) {
    linear(tmp, x, wi, bi, rows, inputs, 3 * dim, xStride, gates, IDENTITY, constants);
    linear(hiddenGates, h, wh, bh, rows, dim, 3 * dim, bytes, gates, IDENTITY, constants);
    let a = tmp;
    let b = hiddenGates;
    let o = out;
    for (let i: usize = 0; i < rows; i++, a += gates, b += gates) {
      addScaled(a, a, b, 1.0, 2 * dim);
      mapUnary(a, a, 2 * dim, SIGMOID, constants);
      const n = a + 2 * bytes;
      for (let c: usize = 0; c < bytes; c += 4) {
        store<f32>(n + c, load<f32>(n + c) + load<f32>(a + c) * load<f32>(b + c + 2 * bytes));
      }
      mapUnary(n, n, dim, TANH, constants);
      for (let c: usize = 0; c < bytes; c += 4, o += 4, h += 4) {
        const z = load<f32>(a + bytes + c);
        store<f32>(o, (1 - z) * load<f32>(n + c) + z * load<f32>(h));
      }
    }
    h = out;
  }
}

// A flow dp/dt = h(p, t) is a record of i32: what its weights are and how large.
//   0 kind (FLOW_LINEAR, FLOW_CONVOLUTIONAL)   4 w1   8 b1   12 w2   16 b2   20 rows (linear) or components (convolutional)
//   24 layers (convolutional)   28 dim   32 hidden (linear)

// @ts-ignore: decorator
@inline
function field(flow: usize, at: usize): usize {
  return <usize>load<u32>(flow + at);
}

/** Linear -> ReLU -> Linear, time as the last input of both; rows independent. tmp: rows (dim + hidden + 2) floats. */
function linearFlow(out: usize, y: usize, t: f32, flow: usize, tmp: usize, constants: usize): void {
  const rows = field(flow, 20);
  const dim = field(flow, 28);
  const hidden = field(flow, 32);
  const bytes = dim << 2;
  const stride = bytes + 4;
  const hiddenStride = (hidden << 2) + 4;
  const second = tmp + rows * stride;
  let a = tmp;
  let b = second;
  for (let r: usize = 0; r < rows; r++, a += stride, b += hiddenStride, y += bytes) {
    memory.copy(a, y, bytes);
    store<f32>(a + bytes, t);
  }
  linear(second, tmp, field(flow, 4), field(flow, 8), rows, dim + 1, hidden, stride, hiddenStride, RELU, constants);
  for (let r: usize = 0, at = second + (hidden << 2); r < rows; r++, at += hiddenStride) store<f32>(at, t);
  linear(out, second, field(flow, 12), field(flow, 16), rows, hidden + 1, dim, hiddenStride, bytes, IDENTITY, constants);
}

/**
 * Conv1d(5, stride 2, padding 2) -> SELU -> ConvTranspose1d(5, stride 2, padding 2, output padding 1) along the width, the
 * layers being channels, time one channel more in both. Even and odd columns are kept apart, so that strides vanish.
 * Writes up to 16 bytes beyond out. tmp: (4 layers + 3) rows of dim / 2 rounded up to 4, + 8 floats.
 */
function convFlow(out: usize, y: usize, t: f32, flow: usize, alpha: f32, gain: f32, tmp: usize, constants: usize): void {
  const layers = field(flow, 24);
  const dim = field(flow, 28);
  const n = dim >> 1;
  const row = ((((n + 3) & ~3) + 8) << 2);
  const channels = layers + 1;
  const even = tmp;
  const odd = even + channels * row;
  const middle = odd + channels * row;
  const total: usize = (2 * channels + 2 * layers + 1) * row;
  const a4 = f32x4.splat(alpha);
  const g4 = f32x4.splat(gain);
  const zero = i64x2.splat(0);
  for (let component = field(flow, 20); component; component--) {
    memory.fill(tmp, 0, total);
    for (let c: usize = 0; c < channels; c++) {
      for (let j: usize = 0; j < n; j++) {
        const at = c * row + 16 + (j << 2);
        store<f32>(even + at, c < layers ? load<f32>(y + (j << 3)) : t);
        store<f32>(odd + at, c < layers ? load<f32>(y + (j << 3), 4) : t);
      }
      if (c < layers) y += dim << 2;
    }
    let w = field(flow, 4);
    let z = middle + 16;
    for (let o: usize = 0; o < 2 * layers; o++, z += row) {
      const bias = v128.load32_splat(field(flow, 8) + (o << 2));
      for (let j: usize = 0; j < n; j += 4) {
        let sum = bias;
        let p = w;
        let e = even + 16 + (j << 2);
        let d = odd + 16 + (j << 2);
        for (let c: usize = 0; c < channels; c++, p += 20, e += row, d += row) {
          sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(p), v128.load(e - 4)));
          sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(p, 4), v128.load(d - 4)));
          sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(p, 8), v128.load(e)));
          sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(p, 12), v128.load(d)));
          sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(p, 16), v128.load(e + 4)));
        }
        const below = unary32x4(f32x4.pmin(sum, zero), EXPM1, constants);
        v128.store(z + (j << 2), f32x4.mul(g4, f32x4.add(f32x4.pmax(sum, zero), f32x4.mul(a4, below))));
      }
      // beyond the row there is padding
      memory.fill(z + (n << 2), 0, 16);
      w += 20 * channels;
    }
    for (let j: usize = 0; j < n; j++) store<f32>(z + (j << 2), t);
    for (let l: usize = 0; l < layers; l++, out += dim << 2) {
      const bias = v128.load32_splat(field(flow, 16) + (l << 2));
      for (let j: usize = 0; j < n; j += 4) {
        let e = bias;
        let d = bias;
        let p = field(flow, 12) + 20 * l;
        let s = middle + 16 + (j << 2);
        for (let c: usize = 0; c <= 2 * layers; c++, p += 20 * layers, s += row) {
          const after = v128.load(s + 4);
          const here = v128.load(s);
          e = f32x4.add(e, f32x4.mul(v128.load32_splat(p), after));
          d = f32x4.add(d, f32x4.mul(v128.load32_splat(p, 4), after));
          e = f32x4.add(e, f32x4.mul(v128.load32_splat(p, 8), here));
          d = f32x4.add(d, f32x4.mul(v128.load32_splat(p, 12), here));
          e = f32x4.add(e, f32x4.mul(v128.load32_splat(p, 16), v128.load(s - 4)));
        }
        // the last vector may pass the row's end: the next row, or the slack, takes it
        v128.store(out + (j << 3), v128.shuffle<f32>(e, d, 0, 4, 1, 5));
        if (j + 2 < n) v128.store(out + (j << 3), v128.shuffle<f32>(e, d, 2, 6, 3, 7), 16);
      }
    }
  }
}

function derivative(out: usize, y: usize, t: f64, flow: usize, alpha: f32, gain: f32, tmp: usize, constants: usize): void {
  if (<i32>field(flow, 0) == FLOW_LINEAR) linearFlow(out, y, <f32>t, flow, tmp, constants);
  else convFlow(out, y, <f32>t, flow, alpha, gain, tmp, constants);
}

/**
 * Rows 1 .. count - 1 of a flow sampled at t = (start + row) dt, integrated with `substeps` fixed steps between rows; row 0
 * stands at out. method: EULER, MIDPOINT, RK4_THREE_EIGHTHS (torchdiffeq's "rk4") or RK4_CLASSICAL.
 * alpha, gain: SELU's. tmp: 6 (size + 8) floats and the flow's own.
 */
export function integrateFlow(
  flow: usize, out: usize, size: usize, count: usize, substeps: usize, start: f64, dt: f64, method: i32,
  alpha: f32, gain: f32, tmp: usize, constants: usize,
): void {
  const bytes = size << 2;
  const block = bytes + 32;
  const k1 = tmp;
  const k2 = k1 + block;
  const k3 = k2 + block;
  const k4 = k3 + block;
  const y = k4 + block;
  const z = y + block;
  const own = z + block;
  const s = dt / <f64>substeps;
  const h = <f32>s;
  memory.copy(y, out, bytes);
  for (let row: usize = 1; row < count; row++) {
    for (let j: usize = 0; j < substeps; j++) {
      const t = ((start + <f64>(row - 1)) * <f64>substeps + <f64>j) * s;
      derivative(k1, y, t, flow, alpha, gain, own, constants);
      if (method == EULER) {
        addScaled(y, y, k1, h, size);
        continue;
      }
      if (method == MIDPOINT) {
        addScaled(z, y, k1, <f32>(s / 2), size);
        derivative(k2, z, t + s / 2, flow, alpha, gain, own, constants);
        addScaled(y, y, k2, h, size);
        continue;
      }
      if (method == RK4_THREE_EIGHTHS) {
        addScaled(z, y, k1, <f32>(s / 3), size);
        derivative(k2, z, t + s / 3, flow, alpha, gain, own, constants);
        addScaled(z, y, k2, h, size);
        addScaled(z, z, k1, <f32>(-s / 3), size);
        derivative(k3, z, t + (2 * s) / 3, flow, alpha, gain, own, constants);
        addScaled(z, y, k1, h, size);
        addScaled(z, z, k2, -h, size);
        addScaled(z, z, k3, h, size);
      } else {
        addScaled(z, y, k1, <f32>(s / 2), size);
        derivative(k2, z, t + s / 2, flow, alpha, gain, own, constants);
        addScaled(z, y, k2, <f32>(s / 2), size);
        derivative(k3, z, t + s / 2, flow, alpha, gain, own, constants);
        addScaled(z, y, k3, h, size);
      }
      derivative(k4, z, t + s, flow, alpha, gain, own, constants);
      const outer = <f32>(s / (method == RK4_THREE_EIGHTHS ? 8.0 : 6.0));
      const inner = <f32>(s * (method == RK4_THREE_EIGHTHS ? 0.375 : 1.0 / 3.0));
      addScaled(k1, k1, k4, 1.0, size);
      addScaled(k2, k2, k3, 1.0, size);
      addScaled(y, y, k1, outer, size);
      addScaled(y, y, k2, inner, size);
    }
    memory.copy(out + row * bytes, y, bytes);
  }
}
