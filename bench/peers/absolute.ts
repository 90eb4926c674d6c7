/**
 * What a careful programmer writes instead: direct loops over typed arrays, one function a kernel of the absolute wing. No
 * allocation inside, constants hoisted; results agree with the package's to float32 rounding.
 */

/** [cos | sin] rows of time steps (guided-diffusion, DiT, Stable Diffusion). */
export function timestepEmbedding(
  out: Float32Array,
  steps: Float32Array,
  dim: number,
  frequencies: Float64Array,
): void {
  const half = dim >> 1;
  for (let t = 0; t < steps.length; t++) {
    const row = t * dim;
    for (let k = 0; k < half; k++) {
      const angle = steps[t] * frequencies[k];
      out[row + k] = Math.cos(angle);
      out[row + half + k] = Math.sin(angle);
    }
  }
}

/** base^(-k / denominator), for timestepEmbedding and sincos2d. */
export function frequencies(count: number, denominator: number, base = 10000): Float64Array {
  return Float64Array.from({ length: count }, (_, k) => base ** (-k / denominator));
}

/** MAE's table of a grid, without CLS. */
export function sincos2d(out: Float32Array, height: number, width: number, dim: number, theta: Float64Array): void {
  const quarter = dim >> 2;
  for (let y = 0, row = 0; y < height; y++) {
    for (let x = 0; x < width; x++, row += dim) {
      for (let k = 0; k < quarter; k++) {
        out[row + k] = Math.sin(x * theta[k]);
        out[row + quarter + k] = Math.cos(x * theta[k]);
        out[row + 2 * quarter + k] = Math.sin(y * theta[k]);
        out[row + 3 * quarter + k] = Math.cos(y * theta[k]);
      }
    }
  }
}

/** A tile of SD3's table: coordinates are indices of the reference grid times `step`. */
export function sincosTile(
  out: Float32Array,
  [height, width]: readonly [number, number],
  [top, left]: readonly [number, number],
  step: number,
  dim: number,
  theta: Float64Array,
): void {
  const quarter = dim >> 2;
  for (let y = 0, row = 0; y < height; y++) {
    const v = (top + y) * step;
    for (let x = 0; x < width; x++, row += dim) {
      const u = (left + x) * step;
      for (let k = 0; k < quarter; k++) {
        out[row + k] = Math.sin(u * theta[k]);
        out[row + quarter + k] = Math.cos(u * theta[k]);
        out[row + 2 * quarter + k] = Math.sin(v * theta[k]);
        out[row + 3 * quarter + k] = Math.cos(v * theta[k]);
      }
    }
  }
}

/** The Perceiver's [coordinates | sines | cosines] of a square grid. */
export function perceiver(out: Float32Array, side: number, bands: number): void {
  const width = 2 * (1 + 2 * bands);
  const place = (i: number) => (2 * i) / (side - 1) - 1;
  for (let y = 0, row = 0; y < side; y++) {
    for (let x = 0; x < side; x++, row += width) {
      out[row] = place(y);
      out[row + 1] = place(x);
      for (let a = 0; a < 2; a++) {
        for (let k = 0; k < bands; k++) {
          const angle = Math.PI * (1 + (k * (side / 2 - 1)) / (bands - 1)) * place(a === 0 ? y : x);
          out[row + 2 + a * bands + k] = Math.sin(angle);
          out[row + 2 + (2 + a) * bands + k] = Math.cos(angle);
        }
      }
    }
  }
}

/** Zipformer's compact relative positions. */
export function compactRelative(out: Float32Array, length: number, dim: number): void {
  const c = Math.sqrt(dim);
  for (let x = 1 - length, row = 0; x < length; x++, row += dim) {
    const grown = c * Math.sign(x) * (Math.log(Math.abs(x) + c) - Math.log(c));
    const phi = Math.atan((grown * 2 * Math.PI) / dim);
    for (let k = 0; k < dim / 2; k++) {
      out[row + 2 * k] = Math.cos((k + 1) * phi);
      out[row + 2 * k + 1] = Math.sin((k + 1) * phi);
    }
    out[row + dim - 1] = 1;
  }
}

/** NeRF: [x | sin(2^k x) | cos(2^k x) ...]. */
export function nerfEncoding(out: Float32Array, x: Float32Array, dims: number, bands: number): void {
  const width = dims * (2 * bands + 1);
  for (let row = 0, from = 0; from < x.length; row += width, from += dims) {
    for (let d = 0; d < dims; d++) out[row + d] = x[from + d];
    for (let k = 0, at = row + dims, f = 1; k < bands; k++, at += 2 * dims, f *= 2) {
      for (let d = 0; d < dims; d++) {
        out[at + d] = Math.sin(f * x[from + d]);
        out[at + dims + d] = Math.cos(f * x[from + d]);
      }
    }
  }
}

export function gatherRows(out: Float32Array, table: Float32Array, ids: Int32Array, dim: number): void {
  for (let t = 0; t < ids.length; t++) {
    const from = ids[t] * dim;
    const to = t * dim;
    for (let c = 0; c < dim; c++) out[to + c] = table[from + c];
  }
}

export function hierarchicalRows(
  out: Float32Array,
  table: Float32Array,
  n: number,
  dim: number,
  count: number,
  alpha: number,
): void {
  const ratio = alpha / (1 - alpha);
  for (let s = 0; s < count; s++) {
    const high = Math.floor(s / n) * dim;
    const low = (s % n) * dim;
    for (let c = 0; c < dim; c++) out[s * dim + c] = table[low + c] + ratio * (table[high + c] - table[c]);
  }
}

/** Bicubic, a = -0.75, corners not aligned: sixteen taps a cell, as the formula is written. */
export function resizeBicubic(
  out: Float32Array,
  table: Float32Array,
  from: readonly [number, number],
  to: readonly [number, number],
  dim: number,
): void {
  const [h, w] = from;
  const [height, width] = to;
  const rows = bicubicTaps(h, height);
  const columns = bicubicTaps(w, width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = (y * width + x) * dim;
      for (let c = 0; c < dim; c++) {
        let sum = 0;
        for (let a = 0; a < 4; a++) {
          const line = rows.index[4 * y + a] * w;
          const weight = rows.weight[4 * y + a];
          for (let b = 0; b < 4; b++) {
            sum += weight * columns.weight[4 * x + b] * table[(line + columns.index[4 * x + b]) * dim + c];
          }
        }
        out[cell + c] = sum;
      }
    }
  }
}

function bicubicTaps(n: number, m: number): { index: Int32Array; weight: Float64Array } {
  const index = new Int32Array(4 * m);
  const weight = new Float64Array(4 * m);
  const a = -0.75;
  for (let o = 0; o < m; o++) {
    const src = ((o + 0.5) * n) / m - 0.5;
    const first = Math.floor(src) - 1;
    for (let t = 0; t < 4; t++) {
      const d = Math.abs(src - first - t);
      index[4 * o + t] = Math.min(Math.max(first + t, 0), n - 1);
      weight[4 * o + t] = d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
    }
  }
  return { index, weight };
}

/** PEG: depthwise 3 x 3 with residual over tokens [batch, h w, channels], weight [channels, 3, 3]. */
export function peg(
  out: Float32Array,
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array,
  batch: number,
  height: number,
  width: number,
  channels: number,
): void {
  for (let b = 0; b < batch; b++) {
    for (let y = 0; y < height; y++) {
      for (let c = 0; c < width; c++) {
        const cell = ((b * height + y) * width + c) * channels;
        for (let channel = 0; channel < channels; channel++) {
          let sum = bias[channel] + x[cell + channel];
          for (let dy = -1; dy <= 1; dy++) {
            if (y + dy < 0 || y + dy >= height) continue;
            for (let dx = -1; dx <= 1; dx++) {
              if (c + dx < 0 || c + dx >= width) continue;
              sum += weight[channel * 9 + 3 * dy + dx + 4] * x[cell + (dy * width + dx) * channels + channel];
            }
          }
          out[cell + channel] = sum;
        }
      }
    }
  }
}

/** One layer y = W x + b into y; the last input may be a scalar beside x (FLOATER's time). */
function affine(
  y: Float32Array,
  w: Float32Array,
  b: Float32Array,
  x: Float32Array,
  from: number,
  inputs: number,
  time?: number,
): void {
  const stride = time === undefined ? inputs : inputs + 1;
  for (let o = 0; o < b.length; o++) {
    let sum = b[o];
    const row = o * stride;
    for (let i = 0; i < inputs; i++) sum += w[row + i] * x[from + i];
    if (time !== undefined) sum += w[row + inputs] * time;
    y[o] = sum;
  }
}

/** FLOATER, linear flow of one row, 3/8 rule; out [count, dim], its first row given. */
export function floater(
  out: Float32Array,
  dim: number,
  count: number,
  flow: { w1: Float32Array; b1: Float32Array; w2: Float32Array; b2: Float32Array },
  dt: number,
  substeps: number,
): void {
  const [k1, k2, k3, k4, y, z] = Array.from({ length: 6 }, () => new Float32Array(dim));
  const middle = new Float32Array(flow.b1.length);
  const s = dt / substeps;
  const h = (to: Float32Array, p: Float32Array, t: number) => {
    affine(middle, flow.w1, flow.b1, p, 0, dim, t);
    for (let i = 0; i < middle.length; i++) if (middle[i] < 0) middle[i] = 0;
    affine(to, flow.w2, flow.b2, middle, 0, middle.length, t);
  };
  y.set(out.subarray(0, dim));
  for (let row = 1; row < count; row++) {
    for (let j = 0; j < substeps; j++) {
      const t = (row - 1) * dt + j * s;
      h(k1, y, t);
      for (let i = 0; i < dim; i++) z[i] = y[i] + (s * k1[i]) / 3;
      h(k2, z, t + s / 3);
      for (let i = 0; i < dim; i++) z[i] = y[i] + s * (k2[i] - k1[i] / 3);
      h(k3, z, t + (2 * s) / 3);
      for (let i = 0; i < dim; i++) z[i] = y[i] + s * (k1[i] - k2[i] + k3[i]);
      h(k4, z, t + s);
      for (let i = 0; i < dim; i++) y[i] += (s * (k1[i] + 3 * (k2[i] + k3[i]) + k4[i])) / 8;
    }
    out.set(y, row * dim);
  }
}

/** One GRU layer over the times k dt; out [count, dim], hidden [dim] is changed. */
export function gru(
  out: Float32Array,
  dim: number,
  count: number,
  layer: { weightIh: Float32Array; weightHh: Float32Array; biasIh: Float32Array; biasHh: Float32Array },
  hidden: Float32Array,
  dt: number,
): void {
  const a = new Float32Array(3 * dim);
  const b = new Float32Array(3 * dim);
  const time = new Float32Array(1);
  for (let t = 0; t < count; t++) {
    time[0] = t * dt;
    affine(a, layer.weightIh, layer.biasIh, time, 0, 1);
    affine(b, layer.weightHh, layer.biasHh, hidden, 0, dim);
    for (let i = 0; i < dim; i++) {
      const r = 1 / (1 + Math.exp(-(a[i] + b[i])));
      const z = 1 / (1 + Math.exp(-(a[dim + i] + b[dim + i])));
      const n = Math.tanh(a[2 * dim + i] + r * b[2 * dim + i]);
      hidden[i] = (1 - z) * n + z * hidden[i];
    }
    out.set(hidden, t * dim);
  }
}

/** Grouped 1-D convolution of wav2vec 2.0 without its activation: x [length, channels], weight [channels, width, taps]. */
export function convPositional(
  out: Float32Array,
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array,
  length: number,
  channels: number,
  groups: number,
  taps: number,
): void {
  const width = channels / groups;
  const padding = taps >> 1;
  for (let l = 0; l < length; l++) {
    const first = Math.max(0, padding - l);
    const last = Math.min(taps, length - l + padding);
    for (let o = 0; o < channels; o++) {
      const group = Math.floor(o / width) * width;
      let sum = bias[o];
      for (let c = 0; c < width; c++) {
        const w = (o * width + c) * taps;
        for (let t = first; t < last; t++) sum += weight[w + t] * x[(l + t - padding) * channels + group + c];
      }
      out[l * channels + o] = sum;
    }
  }
}
