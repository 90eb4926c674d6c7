/** Rows of tables, and rows made from rows: learned, hierarchical, recursive, GRU, FLOATER; in float64, rounded at the end. */
import { exp, tanh } from './math.ts';
import { elements, type ReferenceTensor, type Shaped, tensor } from './result.ts';

/** Rows `ids` of a table, times `scale`, after division by their length when `l2Normalize`. */
export function learnedPositions(
  table: Shaped,
  options: { ids: ArrayLike<number>; scale?: number; l2Normalize?: boolean; beyond?: 'error' | 'zero' },
): ReferenceTensor {
  const [rows, dim] = table.shape;
  const { ids, scale = 1, l2Normalize = false, beyond = 'error' } = options;
  const result = tensor([ids.length, dim]);
  for (let t = 0; t < ids.length; t++) {
    if (ids[t] < 0 || (ids[t] >= rows && beyond === 'error')) throw new RangeError(`ids[${t}]: no row ${ids[t]}`);
    if (ids[t] >= rows) continue;
    const row = table.data.subarray(ids[t] * dim, (ids[t] + 1) * dim);
    const length = l2Normalize ? Math.max(Math.sqrt(row.reduce((sum, v) => sum + v * v, 0)), 1e-12) : 1;
    for (let c = 0; c < dim; c++) result.data[t * dim + c] = (row[c] / length) * scale;
  }
  return result;
}

/** alpha u_(s div n) + (1 - alpha) u_(s mod n), u_k = (p_k - alpha p_0) / (1 - alpha). */
export function hierarchicalPositions(
  table: Shaped,
  options: { positions: ArrayLike<number>; alpha?: number },
): ReferenceTensor {
  const [n, dim] = table.shape;
  const { positions, alpha = 0.4 } = options;
  const u = (k: number, c: number) => (table.data[k * dim + c] - alpha * table.data[c]) / (1 - alpha);
  const result = tensor([positions.length, dim]);
  for (let t = 0; t < positions.length; t++) {
    for (let c = 0; c < dim; c++) {
      result.data[t * dim + c] = alpha * u(Math.floor(positions[t] / n), c) + (1 - alpha) * u(positions[t] % n, c);
    }
  }
  return result;
}

/** y = W x + b, W [out, in] row-major. */
function affine(w: Float32Array, b: Float32Array, x: readonly number[]): number[] {
  return Array.from(b, (bias, o) => x.reduce((sum, v, i) => sum + w[o * x.length + i] * v, bias));
}

export interface Layers {
  readonly w1: Float32Array;
  readonly b1: Float32Array;
  readonly w2: Float32Array;
  readonly b2: Float32Array;
}

/** [length, dim]: p_(k+1) = W2 tanh(W1 p_k + b1) + b2 (+ p_k). */
export function recursivePositions(
  initial: Float32Array,
  options: Layers & { length: number; residual?: boolean },
): ReferenceTensor {
  const { length, w1, b1, w2, b2, residual = false } = options;
  const rows = [Array.from(initial)];
  while (rows.length < length) {
    const p = rows[rows.length - 1];
    const f = affine(w2, b2, affine(w1, b1, p).map(tanh));
    rows.push(residual ? f.map((v, i) => v + p[i]) : f);
  }
  return tensor([length, initial.length], Float32Array.from(rows.flat()));
}

const sigmoid = (x: number) => 1 / (1 + exp(-x));

/** [length, states, dim]: PyTorch's GRU over the times (offset + k) dt. */
export function gruPositions(
  hidden: Shaped,
  options: {
    length: number;
    layers: readonly {
      weightIh: Float32Array;
      weightHh: Float32Array;
      biasIh: Float32Array;
      biasHh: Float32Array;
    }[];
    dt?: number;
    offset?: number;
  },
): ReferenceTensor {
  const { length, layers, dt = 0.01, offset = 0 } = options;
  const [, states, dim] = hidden.shape;
  const table = tensor([length, states, dim]);
  for (let s = 0; s < states; s++) {
    const h = layers.map((_, l) =>
      Array.from(hidden.data.subarray((l * states + s) * dim, (l * states + s + 1) * dim)),
    );
    for (let t = 0; t < length; t++) {
      let x = [Math.fround((offset + t) * dt)];
      layers.forEach((layer, l) => {
        const a = affine(layer.weightIh, layer.biasIh, x);
        const b = affine(layer.weightHh, layer.biasHh, h[l]);
        h[l] = h[l].map((old, i) => {
          const r = sigmoid(a[i] + b[i]);
          const z = sigmoid(a[dim + i] + b[dim + i]);
          const n = tanh(a[2 * dim + i] + r * b[2 * dim + i]);
          return (1 - z) * n + z * old;
        });
        x = h[l];
      });
      table.data.set(x, (t * states + s) * dim);
    }
  }
  return table;
}

type State = readonly number[];

/** h(p, t) of FLOATER's flow_func_linear, for a state [rows, d]. */
export function linearFlow({ w1, b1, w2, b2 }: Layers, dim: number): (p: State, t: number) => number[] {
  return (p, t) => {
    const rows: number[] = [];
    for (let r = 0; r < p.length; r += dim) {
      const middle = affine(w1, b1, [...p.slice(r, r + dim), t]).map((v) => Math.max(v, 0));
      rows.push(...affine(w2, b2, [...middle, t]));
    }
    return rows;
  };
}

/** h(p, t) of FLOATER's flow_func, for a state [components, layers, d]. */
export function convFlow({ w1, b1, w2, b2 }: Layers, layers: number, dim: number): (p: State, t: number) => number[] {
  const half = dim / 2;
  const selu = (x: number) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (exp(x) - 1));
  return (p, t) => {
    const rows: number[] = [];
    for (let first = 0; first < p.length; first += layers * dim) {
      const x = (c: number, i: number) => (i < 0 || i >= dim ? 0 : c < layers ? p[first + c * dim + i] : t);
      const middle = Array.from({ length: 2 * layers }, (_, o) =>
        Array.from({ length: half }, (_, j) => {
          let sum = b1[o];
          for (let c = 0; c <= layers; c++) {
            for (let k = 0; k < 5; k++) sum += w1[(o * (layers + 1) + c) * 5 + k] * x(c, 2 * j + k - 2);
          }
          return selu(sum);
        }),
      );
      middle.push(new Array<number>(half).fill(t));
      for (let l = 0; l < layers; l++) {
        const line = new Array<number>(dim).fill(b2[l]);
        middle.forEach((row, c) => {
          row.forEach((value, j) => {
            for (let k = 0; k < 5; k++) {
              const i = 2 * j + k - 2;
              if (i >= 0 && i < dim) line[i] += value * w2[(c * layers + l) * 5 + k];
            }
          });
        });
        rows.push(...line);
      }
    }
    return rows;
  };
}

/** [length, ...initial]: a flow sampled every dt, `substeps` fixed steps between the samples. */
export function floaterPositions(
  initial: Shaped,
  options: {
    length: number;
    flow: (p: State, t: number) => number[];
    dt?: number;
    substeps?: number;
    method?: 'euler' | 'midpoint' | 'rk4-3/8' | 'rk4-classic';
    offset?: number;
  },
): ReferenceTensor {
  const { length, flow: h, dt = 0.01, substeps = 5, method = 'rk4-3/8', offset = 0 } = options;
  const s = dt / substeps;
  const plus = (y: State, ...terms: (readonly [number, State])[]) =>
    y.map((v, i) => terms.reduce((sum, [c, k]) => sum + c * k[i], v));
  const step = (y: State, t: number): number[] => {
    const k1 = h(y, t);
    if (method === 'euler') return plus(y, [s, k1]);
    if (method === 'midpoint') return plus(y, [s, h(plus(y, [s / 2, k1]), t + s / 2)]);
    if (method === 'rk4-classic') {
      const k2 = h(plus(y, [s / 2, k1]), t + s / 2);
      const k3 = h(plus(y, [s / 2, k2]), t + s / 2);
      const k4 = h(plus(y, [s, k3]), t + s);
      return plus(y, [s / 6, k1], [s / 3, k2], [s / 3, k3], [s / 6, k4]);
    }
    const k2 = h(plus(y, [s / 3, k1]), t + s / 3);
    const k3 = h(plus(y, [s, k2], [-s / 3, k1]), t + (2 * s) / 3);
    const k4 = h(plus(y, [s, k1], [-s, k2], [s, k3]), t + s);
    return plus(y, [s / 8, k1], [(3 * s) / 8, k2], [(3 * s) / 8, k3], [s / 8, k4]);
  };
  let y: State = Array.from(initial.data);
  const table = tensor([length, ...initial.shape]);
  for (let row = 0; row < length; row++) {
    table.data.set(y, row * elements(initial.shape));
    for (let j = 0; j < substeps; j++) y = step(y, (offset + row) * dt + j * s);
  }
  return table;
}
