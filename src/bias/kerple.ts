/**
 * KERPLE: a kernel of the distance with learned parameters per head, logarithmic or a power. Chi et al., arXiv 2205.09921;
 * clamps and the weight kernel as the authors' code (`ParallelKerpleLog`, `ParallelKerplePower`).
 */
import { finite, numbers, oneOf, options } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { remembered } from './remembered.ts';
import { type Encoding, type Filler, headCount, TOEPLITZ_OPTIONS, type ToeplitzOptions, toeplitz } from './toeplitz.ts';

export interface KerpleOptions extends ToeplitzOptions {
  /** 'log' -p ln(1 + a D), 'power' -a D^p, with D = max(query - key, 0). Default 'log'. */
  readonly kind?: 'log' | 'power';
  /** Per head, clamped to at least eps and, for powers, at most 2. 'power': 1 when left out. */
  readonly p?: ArrayLike<number>;
  /** Per head, clamped to at least eps. 'power': 1 when left out. */
  readonly a?: ArrayLike<number>;
  /** The weight kernel exp(-weightA D^weightP), clamped like p and a; needs addTo, which it multiplies before the bias is added. */
  readonly weightP?: ArrayLike<number>;
  readonly weightA?: ArrayLike<number>;
  /** 'weight': the matrix of the weight kernel, which multiplies scores. Default 'bias'. */
  readonly part?: 'bias' | 'weight';
  /** Default 0.01. */
  readonly eps?: number;
}

/** assembly/distance.ts */
const FORM = { log: 0, power: 1, weight: 2 } as const;

const OPTIONS = [...TOEPLITZ_OPTIONS, 'kind', 'p', 'a', 'weightP', 'weightA', 'part', 'eps'] as const;

/**
 * The bias matrix; keys after the query get 0 unless they are masked.
 * @returns float32 [heads, queryLength, keyLength], or what `diagonal`, `rows`, batches and `addTo` make of it
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 */
export function kerple(given: KerpleOptions): Tensor {
  const o = options('kerple', given, OPTIONS);
  const kind = oneOf('kind', o.kind, ['log', 'power'], 'log');
  const part = oneOf('part', o.part, ['bias', 'weight'], 'bias');
  const eps = Math.fround(finite('eps', o.eps, { above: 0, max: 2 }, 0.01));
  const weighted = o.weightP !== undefined || o.weightA !== undefined;
  if (kind === 'log') {
    if (o.p === undefined && part === 'bias')
      throw new PosencError('ERR_OPTION', "p: kind 'log' needs it, one number per head");
    if (o.a === undefined && part === 'bias')
      throw new PosencError('ERR_OPTION', "a: kind 'log' needs it, one number per head");
    if (weighted) throw new PosencError('ERR_OPTION', "weightP: the weight kernel belongs to kind 'power'");
  }
  if (part === 'weight') {
    if (!weighted) throw new PosencError('ERR_OPTION', "part: 'weight' needs weightP or weightA");
    if (o.causal || o.window !== undefined) {
      throw new PosencError(
        'ERR_OPTION',
        `${o.causal ? 'causal' : 'window'}: a mask is added to scores, not multiplied; mask the bias`,
      );
    }
  }
  const weights = weighted ? parameters('weightP', o.weightP, 'weightA', o.weightA, eps, 2) : undefined;
  const encoding = (values: Float64Array, form: number): Encoding => ({
    name: 'kerple',
    heads: values.length / 2,
    multiply: form === FORM.weight,
    bind: (engine) =>
      remembered(engine, kerpleFiller(engine, values, form), values.length / 2, Float64Array.of(1, form, ...values)),
  });
  if (part === 'weight') return toeplitz(encoding(weights!, FORM.weight), o);
  const bias = encoding(parameters('p', o.p, 'a', o.a, eps, kind === 'log' ? Number.POSITIVE_INFINITY : 2), FORM[kind]);
  if (weights === undefined) return toeplitz(bias, o);
  if (o.addTo === undefined) {
    throw new PosencError(
      'ERR_OPTION',
      "weightP: the weight kernel multiplies scores: give addTo, or ask for its matrix with part: 'weight'",
    );
  }
  if (weights.length !== 2 * bias.heads) {
    throw new PosencError(
      'ERR_SHAPE',
      `weightP: expected ${bias.heads} numbers as in p and a, got ${weights.length / 2}`,
    );
  }
  const product = toeplitz(encoding(weights, FORM.weight), { ...o, causal: undefined, window: undefined });
  if (product !== o.addTo && !(o.addTo instanceof Float32Array && product.byteOffset === o.addTo.byteOffset))
    product.dispose();
  return toeplitz(bias, o);
}

/** (a, p) of each head, clamped. */
function parameters(
  pName: string,
  p: ArrayLike<number> | undefined,
  aName: string,
  a: ArrayLike<number> | undefined,
  eps: number,
  most: number,
): Float64Array {
  const given = p ?? a;
  if (given === undefined) throw new PosencError('ERR_OPTION', `${pName}: give ${pName}, ${aName} or both`);
  const heads = headCount(p === undefined ? aName : pName, numbers(p === undefined ? aName : pName, given).length);
  const list = (name: string, values: ArrayLike<number> | undefined) =>
    values === undefined ? undefined : numbers(name, values, heads);
  const [ps, as] = [list(pName, p), list(aName, a)];
  const values = new Float64Array(2 * heads);
  for (let h = 0; h < heads; h++) {
    values[2 * h] = as === undefined ? 1 : Math.max(Math.fround(as[h]), eps);
    values[2 * h + 1] = ps === undefined ? 1 : Math.min(Math.max(Math.fround(ps[h]), eps), most);
  }
  return values;
}

function kerpleFiller(engine: Engine, values: Float64Array, form: number): Filler {
  let pointer = 0;
  return {
    scratchBytes: 8 * values.length,
    directRows: 1,
    load(at) {
      pointer = at;
      engine.f64.set(values, at >>> 3);
    },
    fill(to, { first, count, list }) {
      // biome-ignore format: grouped as the kernel declares it
      engine.kernels.kerpleRows(
        to.pointer, to.stride, to.heads, pointer + 16 * to.head, form, first, count, list, engine.coefficients);
    },
  };
}
