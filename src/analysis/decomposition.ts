/**
 * What an attention score with added positions consists of. Four terms (Transformer-XL, arXiv 1901.02860, section 3.3), with row
 * vectors and A = Wq Wk^T:  (x + p) A (x + p)^T = x A x^T + x A p^T + p A x^T + p A p^T.
 * Taylor's view (Su, kexue.fm/archives/8231): f(x + p) ~ f + p_m.g_m + p_n.g_n + 1/2 p_m.H_mm p_m + 1/2 p_n.H_nn p_n + p_m.H_mn p_n;
 * only the last term can depend on the distance.
 */
import { finite, options } from '../runtime/arguments.ts';
import { JOIN_ADD } from '../runtime/codes.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import { numbers } from '../runtime/lists.ts';
import { checkShapeOf, chooseEngine, lengthOf, shapeOf, withOperands } from '../runtime/operands.ts';
import { Tensor } from '../runtime/tensor.ts';

type Numbers = Tensor | Float32Array;

export interface FourTermOptions {
  /** Content [n, d]; a plain array needs `shape`. */
  readonly x: Numbers;
  /** Positions [n, d]. */
  readonly p: Numbers;
  /** [d, h], row vectors: q = (x + p) Wq. */
  readonly wq: Numbers;
  readonly wk: Numbers;
  /** Shape of x and p. */
  readonly shape?: readonly number[];
  /** Multiplied into every term, such as h^-1/2. Default 1. */
  readonly scale?: number;
  readonly engine?: Engine;
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
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function fourTermDecomposition(given: FourTermOptions): FourTerms {
  const o = options('fourTermDecomposition', given, ['x', 'p', 'wq', 'wk', 'shape', 'scale', 'engine']);
  const engine = chooseEngine(o.engine, o.x, o.p, o.wq, o.wk);
  const shape = shapeOf('x', o.x, o.shape);
  if (shape.length !== 2 || shape[0] < 1 || shape[1] < 1) {
    throw new PosencError('ERR_SHAPE', `x: expected [n, d], got [${shape.join(', ')}]`);
  }
  const [n, d] = shape;
  checkShapeOf('p', o.p, shape);
  const width = Math.ceil(lengthOf('wq', o.wq) / d);
  checkShapeOf('wq', o.wq, [d, width]);
  checkShapeOf('wk', o.wk, [d, width]);
  const scale = finite('scale', o.scale, {}, 1);
  const names = ['xx', 'xp', 'px', 'pp', 'total'] as const;
  const made: Tensor[] = [];
  const make = (sizes: readonly number[]) => {
    const tensor = new Tensor(engine, sizes, 'float32');
    made.push(tensor);
    return tensor;
  };
  try {
    const projected = [0, 1, 2, 3].map(() => make([n, width]));
    const terms = names.map(() => make([n, n]));
    const inputs = [
      ['x', o.x],
      ['p', o.p],
      ['wq', o.wq],
      ['wk', o.wk],
    ] as const;
    withOperands(engine, inputs, (x, p, wq, wk) => {
      const { kernels } = engine;
      const [xq, pq, xk, pk] = projected.map((tensor) => tensor.byteOffset);
      const project = (to: number, from: number, w: number) =>
        kernels.product(to, from, w, n, width, d, 4 * d, 4 * width, 4 * width, 0);
      project(xq, x, wq);
      project(pq, p, wq);
      project(xk, x, wk);
      project(pk, p, wk);
      const total = terms[4].byteOffset;
      const pairs = [xq, xk, xq, pk, pq, xk, pq, pk];
      for (let term = 0; term < 4; term++) {
        const to = terms[term].byteOffset;
        const [a, b] = [pairs[2 * term], pairs[2 * term + 1]];
        kernels.productTransposed(to, a, b, n, n, width, 4 * width, 4 * width, 4 * n, scale);
        if (term === 0) kernels.copyRows(total, 4 * n, to, 4 * n, n, n, n);
        else kernels.joinRows(total, total, to, n, n, n, JOIN_ADD);
      }
    });
    for (const tensor of projected) tensor.dispose();
    const [xx, xp, px, pp, total] = terms;
    return { xx, xp, px, pp, total };
  } catch (error) {
    for (const tensor of made) tensor.dispose();
    throw error;
  }
}

export interface TaylorOptions {
  /** Positions of the query and of the key. */
  readonly pm: ArrayLike<number>;
  readonly pn: ArrayLike<number>;
  /** Gradient of the score with respect to each input, at the contents. */
  readonly gradientM: ArrayLike<number>;
  readonly gradientN: ArrayLike<number>;
  /** Blocks of the Hessian, row-major. Default 0, as for the bilinear score. */
  readonly hessianMM?: ArrayLike<number>;
  readonly hessianNN?: ArrayLike<number>;
  readonly hessianMN: ArrayLike<number>;
  /** The score of the contents alone. Default 0. */
  readonly f?: number;
}

export interface TaylorTerms {
  /** The score of the contents alone. */
  readonly zeroth: number;
  readonly firstM: number;
  readonly firstN: number;
  /** With the factor 1/2. */
  readonly secondM: number;
  readonly secondN: number;
  /** The one term in which both positions meet. */
  readonly mixed: number;
  /** The sum of the six. */
  readonly total: number;
}

/** The six numbers of the second-order expansion around the contents. @throws ERR_OPTION, ERR_SHAPE */
export function taylorDecomposition(given: TaylorOptions): TaylorTerms {
  const o = options('taylorDecomposition', given, [
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
  const block = (name: string, h: ArrayLike<number>, a: ArrayLike<number>, b: ArrayLike<number>) =>
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
