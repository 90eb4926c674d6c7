/**
 * What an attention score with added positions consists of. Four terms (Transformer-XL, arXiv 1901.02860, section 3.3), with row
 * vectors and A = Wq Wk^T:  (x + p) A (x + p)^T = x A x^T + x A p^T + p A x^T + p A p^T.
 * Taylor's view (Su, kexue.fm/archives/8231): f(x + p) ~ f + p_m.g_m + p_n.g_n + 1/2 p_m.H_mm p_m + 1/2 p_n.H_nn p_n + p_m.H_mn p_n;
 * only the last term can depend on the distance.
 */
import { finite, take } from '../runtime/arguments.ts';
import { JOIN_ADD } from '../runtime/codes.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Floats, gate } from '../runtime/gate.ts';
import { type NumberList, numbers } from '../runtime/lists.ts';
import type { EngineOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';

export interface FourTermOptions extends EngineOption {
  /** Content [n, d]; a plain array needs `shape`. */
  readonly x: Floats;
  /** Positions [n, d]. */
  readonly p: Floats;
  /** [d, h], row vectors: q = (x + p) Wq. */
  readonly wq: Floats;
  /** Shape [d, h], k = (x + p) Wk. */
  readonly wk: Floats;
  /** Shape of x and p. */
  readonly shape?: readonly number[];
  /** Multiplied into every term, such as h^-1/2. Default 1. */
  readonly scale?: number;
}

/** The addends of the score of row m (query) and row n (key), each [n, n]. */
export interface FourTerms {
  /** Content to content. */
  readonly xx: Tensor;
  /** Content (query) to position (key). */
  readonly xp: Tensor;
  /** Position to content. */
  readonly px: Tensor;
  /** Position to position. */
  readonly pp: Tensor;
  /** Their sum. */
  readonly total: Tensor;
}

/**
 * The four terms of the scores. What became of them: TUPE keeps xx and pp, T5 xx and a scalar, DeBERTa all but pp, Transformer-XL
 * replaces p of the key by R and p of the query by u and v.
 * float32 products summed in a fixed order, bit for bit the same everywhere.
 * @param given x and p [n, d], wq and wk [d, d]
 * @returns xx, xp, px, pp and their total, float32 [n, n] each
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Ke et al., TUPE, arXiv 2006.15595
 * @example
 * const unit = Tensor.from([1, 0, 0, 1], [2, 2]);
 * const { xx, total } = fourTermDecomposition({ x: unit, p: unit, wq: unit, wk: unit });
 * console.log(xx.data, total.data); // Float32Array(4) [ 1, 0, 0, 1 ] Float32Array(4) [ 4, 0, 0, 4 ]
 */
export function fourTermDecomposition(given: FourTermOptions): FourTerms {
  const o = take('fourTermDecomposition', given, ['x', 'p', 'wq', 'wk', 'shape', 'scale', 'engine']);
  const call = gate('fourTermDecomposition', o.engine);
  const x = call.input('x', o.x, o.shape);
  const { shape } = x;
  if (shape.length !== 2 || shape[0] < 1 || shape[1] < 1) {
    throw new PosencError('ERR_SHAPE', `x: expected [n, d], got [${shape.join(', ')}]`);
  }
  const [n, d] = shape;
  const p = call.sized('p', o.p, shape);
  const wq = call.flat('wq', o.wq);
  const width = wq.length / d;
  if (!Number.isInteger(width) || width < 1 || (wq.shape.length > 1 && wq.shape[0] !== d)) {
    throw new PosencError('ERR_SHAPE', `wq: expected [${d}, h], got [${wq.shape.join(', ')}]`);
  }
  const wk = call.sized('wk', o.wk, [d, width]);
  const scale = finite('scale', o.scale, {}, 1);
  const projected = call.work(4 * 4 * n * width);
  const names = ['xx', 'xp', 'px', 'pp', 'total'] as const;
  const terms = names.map((name) => call.output(name, undefined, [n, n]));
  return call.run(({ kernels }) => {
    const [xq, pq, xk, pk] = [0, 1, 2, 3].map((i) => projected.pointer + 4 * i * n * width);
    const project = (to: number, from: number, w: number) =>
      kernels.product(to, from, w, n, width, d, 4 * d, 4 * width, 4 * width, 0);
    project(xq, x.pointer, wq.pointer);
    project(pq, p.pointer, wq.pointer);
    project(xk, x.pointer, wk.pointer);
    project(pk, p.pointer, wk.pointer);
    const total = terms[4].pointer;
    const pairs = [xq, xk, xq, pk, pq, xk, pq, pk];
    for (let term = 0; term < 4; term++) {
      const to = terms[term].pointer;
      const [a, b] = [pairs[2 * term], pairs[2 * term + 1]];
      kernels.productTransposed(to, a, b, n, n, width, 4 * width, 4 * width, 4 * n, scale);
      if (term === 0) kernels.copyRows(total, 4 * n, to, 4 * n, n, n, n);
      else kernels.joinRows(total, total, to, n, n, n, JOIN_ADD);
    }
    const [xx, xp, px, pp, sum] = terms;
    return { xx: xx.tensor, xp: xp.tensor, px: px.tensor, pp: pp.tensor, total: sum.tensor };
  });
}

export interface TaylorOptions {
  /** Position vector of the query. */
  readonly pm: NumberList;
  /** Position vector of the key. */
  readonly pn: NumberList;
  /** Gradient of the score with respect to the query's input, at the contents. */
  readonly gradientM: NumberList;
  /** Gradient with respect to the key's input. */
  readonly gradientN: NumberList;
  /** Block of the Hessian for the query twice, row-major. Default 0, as for the bilinear score. */
  readonly hessianMM?: NumberList;
  /** Block of the Hessian for the key twice. Default 0. */
  readonly hessianNN?: NumberList;
  /** Block of the Hessian for query and key. */
  readonly hessianMN: NumberList;
  /** The score of the contents alone. Default 0. */
  readonly f?: number;
}

export interface TaylorTerms {
  /** The score of the contents alone. */
  readonly zeroth: number;
  /** The query's position against the gradient. */
  readonly firstM: number;
  /** The key's position against the gradient. */
  readonly firstN: number;
  /** With the factor 1/2. */
  readonly secondM: number;
  /** With the factor 1/2. */
  readonly secondN: number;
  /** The one term in which both positions meet. */
  readonly mixed: number;
  /** The sum of the six. */
  readonly total: number;
}

/**
 * The six numbers of the second-order expansion of a score around the contents.
 * Sums in float64.
 * @param given positions pm, pn, and the gradients and Hessian blocks of the score at them, [d] and [d, d]
 * @returns the six terms and their total, float64
 * @throws ERR_OPTION, ERR_SHAPE
 * @see Su, kexue.fm/archives/8130
 * @example
 * const terms = taylorDecomposition({ pm: [1, 0], pn: [0, 1], gradientM: [1, 1], gradientN: [1, 1], hessianMN: [1, 0, 0, 1] });
 * console.log(Object.keys(terms).length); // 7
 */
export function taylorDecomposition(given: TaylorOptions): TaylorTerms {
  const o = take('taylorDecomposition', given, [
    'pm',
    'pn',
    'gradientM',
    'gradientN',
    'hessianMM',
    'hessianNN',
    'hessianMN',
    'f',
  ]);
  const pm = numbers('pm', o.pm);
  const pn = numbers('pn', o.pn);
  const zeroth = finite('f', o.f, {}, 0);
  const firstM = dot(pm, numbers('gradientM', o.gradientM, pm.length));
  const firstN = dot(pn, numbers('gradientN', o.gradientN, pn.length));
  const block = (name: string, h: NumberList, a: ArrayLike<number>, b: ArrayLike<number>) =>
    form(numbers(name, h, a.length * b.length), a, b);
  const secondM = o.hessianMM === undefined ? 0 : block('hessianMM', o.hessianMM, pm, pm) / 2;
  const secondN = o.hessianNN === undefined ? 0 : block('hessianNN', o.hessianNN, pn, pn) / 2;
  const mixed = block('hessianMN', o.hessianMN, pm, pn);
  const total = zeroth + firstM + firstN + secondM + secondN + mixed;
  return { zeroth, firstM, firstN, secondM, secondN, mixed, total };
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** a . H b, H row-major. */
function form(h: ArrayLike<number>, a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b.length; j++) sum += a[i] * h[i * b.length + j] * b[j];
  }
  return sum;
}
