/** Decompositions of a score, decay curves, permutation equivariance. */
import { type Adapter, type Context, type GoldenRecord, type Output, type Outputs, Unsupported } from '../types.ts';
import { defined, floats, input, number, required } from './shared.ts';

/** Plain a [n, k] times b [k, m]. */
function matmul(a: ArrayLike<number>, b: ArrayLike<number>, n: number, k: number, m: number): Float64Array {
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < k; c++) for (let j = 0; j < m; j++) out[i * m + j] += a[i * k + c] * b[c * m + j];
  }
  return out;
}

function fourTerms(record: GoldenRecord, { api }: Context): Outputs {
  if (record.params.row_vectors !== true) throw new Unsupported("parameter 'row_vectors': only true");
  const [x, p, wq, wk] = ['x', 'p', 'w_q', 'w_k'].map((name) => floats(record, name));
  return api.fourTermDecomposition({ x, p, wq, wk, shape: input(record, 'x').shape });
}

function taylor(record: GoldenRecord, { api }: Context): Outputs {
  const list = (name: string) => Array.from(input(record, name).data);
  const terms = api.taylorDecomposition({
    pm: list('p_m'),
    pn: list('p_n'),
    gradientM: list('grad_m'),
    gradientN: list('grad_n'),
    hessianMM: list('hess_mm'),
    hessianNN: list('hess_nn'),
    hessianMN: list('hess_mn'),
    f: list('f0')[0],
  });
  const scalar = (value: number): Output => ({ shape: [1], data: [value] });
  return {
    first_m: scalar(terms.firstM),
    first_n: scalar(terms.firstN),
    second_m: scalar(terms.secondM),
    second_n: scalar(terms.secondN),
    mixed: scalar(terms.mixed),
  };
}

/** [x | p] W and x W_top + p W_bottom; the concatenation is the library's. */
function concatProjection(record: GoldenRecord, { api }: Context): Outputs {
  const [x, p, w] = ['x', 'p', 'w'].map((name) => input(record, name));
  const [n, d] = x.shape;
  const [inputs, m] = w.shape;
  const joined = api.merge(floats(record, 'x'), floats(record, 'p'), {
    mode: 'concat',
    shape: x.shape,
    positionShape: p.shape,
  });
  const top = matmul(x.data, w.data, n, d, m);
  const bottom = matmul(p.data, w.data.subarray(d * m), n, inputs - d, m);
  return {
    out: { shape: [n, m], data: matmul(joined.data, w.data, n, inputs, m) },
    out_sum_of_parts: { shape: [n, m], data: top.map((value, i) => value + bottom[i]) },
  };
}

function curves(record: GoldenRecord, { api }: Context): Outputs {
  const dim = required(record.params, 'd');
  const distances = input(record, 'distance').data;
  const outputs: Outputs = {};
  for (const base of record.params.bases as readonly number[]) {
    outputs[`upper_bound_base_${base}`] = api.ropeDecayBound({ dim, base, distances });
    outputs[`sinusoidal_inner_base_${base}`] = api.sinusoidalGram({ dim, base, distances });
  }
  return outputs;
}

/** One row of the Gram matrix, and the inner products at distance 1. */
function gram(record: GoldenRecord, { api }: Context): Outputs {
  const dim = required(record.params, 'd_model');
  const row = required(record.params, 'row');
  const base = number(record.params, 'base');
  const curve = (distances: number[]) => api.sinusoidalGram(defined({ dim, base, distances }));
  const columns = record.outputs.gram_row.shape[0];
  const outputs: Outputs = { gram_row: curve(Array.from({ length: columns }, (_, j) => j - row)) };
  const diagonal = record.outputs.gram_diag;
  if (diagonal !== undefined) outputs.gram_diag = curve(new Array(diagonal.shape[0]).fill(1));
  return outputs;
}

/** Softmax attention of one head in plain numbers. */
function attention(x: ArrayLike<number>, n: number, d: number, record: GoldenRecord): Float64Array {
  const [q, k, v] = ['w_q', 'w_k', 'w_v'].map((name) => {
    const w = input(record, name);
    return { data: matmul(x, w.data, n, d, w.shape[1]), width: w.shape[1] };
  });
  const weights = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) {
      let score = 0;
      for (let c = 0; c < q.width; c++) score += q.data[i * q.width + c] * k.data[j * q.width + c];
      weights[i * n + j] = Math.exp(score / Math.sqrt(q.width));
      sum += weights[i * n + j];
    }
    for (let j = 0; j < n; j++) weights[i * n + j] /= sum;
  }
  return matmul(weights, v.data, n, n, v.width);
}

function permutation(record: GoldenRecord, { api }: Context): Outputs {
  const { data, shape } = input(record, 'x');
  const [n, d] = shape;
  const x = api.Tensor.from(data, shape);
  const shuffled = api.permuteRows(x, record.params.perm);
  const positions = api.sinusoidal({ length: n, dim: d });
  const placed = api.merge(shuffled, positions, { mode: 'add' });
  const run = (tensor: Output): Output => {
    const result = attention(tensor.data, n, d, record);
    return { shape: [n, result.length / n], data: result };
  };
  return { att_x: run(x), att_px: run(shuffled), att_px_plus_pe: run(placed) };
}

export const analysis: Adapter[] = [
  {
    when: { system: ['decomposition'], variant: [undefined] },
    params: ['row_vectors'],
    inputs: ['x', 'p', 'w_q', 'w_k'],
    run: fourTerms,
  },
  {
    when: { system: ['decomposition'], variant: ['taylor'] },
    params: ['m', 'n'],
    // f_exact is what the expansion approximates
    inputs: ['p_m', 'p_n', 'grad_m', 'grad_n', 'hess_mm', 'hess_nn', 'hess_mn', 'f0', 'f_exact'],
    run: taylor,
  },
  {
    when: { system: ['decomposition'], variant: ['concat-projection'] },
    params: [],
    inputs: ['x', 'p', 'w'],
    run: concatProjection,
  },
  { when: { system: ['decay'], variant: [undefined] }, params: ['d', 'bases'], inputs: ['distance'], run: curves },
  { when: { system: ['decay'], variant: ['sinusoidal'] }, params: ['d_model', 'row', 'base'], inputs: [], run: gram },
  { when: { system: ['permutation'] }, params: ['perm'], inputs: ['x', 'w_q', 'w_k', 'w_v'], run: permutation },
];
