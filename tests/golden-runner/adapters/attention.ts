/** Attention around the library, computed plainly: softmax, P V, matrix products. Nothing here knows a position. */
import type { Golden, GoldenRecord, Output } from '../types.ts';
import { input, product } from './shared.ts';

/** A golden array as the API takes one. */
export interface Shaped {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

export function shaped(record: GoldenRecord, name: string): Shaped {
  return asShaped(input(record, name));
}

export function asShaped({ data, shape }: Golden | Output): Shaped {
  return { data: Float32Array.from(data), shape: [...shape] };
}

/** Softmax over the last dimension, in float64. */
export function softmax({ data, shape }: Output): Output {
  const width = shape[shape.length - 1];
  const out = new Float64Array(data.length);
  for (let row = 0; row < data.length; row += width) {
    let top = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < width; j++) top = Math.max(top, data[row + j]);
    let sum = 0;
    for (let j = 0; j < width; j++) sum += out[row + j] = Math.exp(data[row + j] - top);
    for (let j = 0; j < width; j++) out[row + j] /= sum;
  }
  return { shape, data: out };
}

/** [..., m, n] times [..., n, d]. */
export function times(a: Output, b: Output): Output {
  const [m, n] = a.shape.slice(-2);
  const d = b.shape[b.shape.length - 1];
  const lead = a.shape.slice(0, -2);
  const out = new Float64Array(product(lead) * m * d);
  for (let x = 0; x < product(lead); x++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        const p = a.data[(x * m + i) * n + j];
        for (let c = 0; c < d; c++) out[(x * m + i) * d + c] += p * b.data[(x * n + j) * d + c];
      }
    }
  }
  return { shape: [...lead, m, d], data: out };
}

/** (q + bias) rᵀ without any shift: q [B, H, q, d], bias [H, d], r [H, n, d]. */
export function unshifted(q: Output, bias: Output, r: Output): Output {
  const [batch, heads, rows, dim] = q.shape;
  const count = r.shape[1];
  const out = new Float64Array(batch * heads * rows * count);
  for (let x = 0; x < out.length; x++) {
    const row = Math.floor(x / count);
    const h = Math.floor(row / rows) % heads;
    for (let c = 0; c < dim; c++) {
      out[x] += (q.data[row * dim + c] + bias.data[h * dim + c]) * r.data[(h * count + (x % count)) * dim + c];
    }
  }
  return { shape: [batch, heads, rows, count], data: out };
}

/** Rows of a table [n, d] picked by an index [a, b]: [a, b, d]. */
export function pick(table: Output, index: Output): Output {
  const width = table.shape[1];
  const data = Array.from(index.data, (row) => Array.from({ length: width }, (_, c) => table.data[row * width + c]));
  return { shape: [...index.shape, width], data: data.flat() };
}
