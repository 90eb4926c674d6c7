/**
 * KERPLE: a kernel of the distance with learned parameters per head, logarithmic or a power. Chi et al., arXiv 2205.09921;
 * clamps and the weight kernel as the authors' code (`ParallelKerpleLog`, `ParallelKerplePower`).
 */
import { finite, oneOf, options } from '../../runtime/arguments.ts';
import { KERPLE_LOG, KERPLE_POWER, KERPLE_WEIGHT } from '../../runtime/codes.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import { numbers } from '../../runtime/lists.ts';
import type { Tensor } from '../../runtime/tensor.ts';
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

/** assembly/kerple.ts */
const FORM = { log: KERPLE_LOG, power: KERPLE_POWER, weight: KERPLE_WEIGHT } as const;

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
  const weights = weighted ? parameters('weightP', o.weightP, 'weightA', o.weightA, FORM.weight, eps, 2) : undefined;
  if (part === 'weight') return toeplitz(encoding(weights!), o);
  const most = kind === 'log' ? Number.POSITIVE_INFINITY : 2;
  const bias = encoding(parameters('p', o.p, 'a', o.a, FORM[kind], eps, most));
  if (weights === undefined) return toeplitz(bias, o);
  if (o.addTo === undefined) {
    throw new PosencError(
      'ERR_OPTION',
      "weightP: the weight kernel multiplies scores: give addTo, or ask for its matrix with part: 'weight'",
    );
  }
  const weight = encoding(weights);
  if (weight.heads !== bias.heads) {
    throw new PosencError('ERR_SHAPE', `weightP: expected ${bias.heads} numbers as in p and a, got ${weight.heads}`);
  }
  const product = toeplitz(weight, { ...o, causal: undefined, window: undefined });
  if (product !== o.addTo && !(o.addTo instanceof Float32Array && product.byteOffset === o.addTo.byteOffset))
    product.dispose();
  return toeplitz(bias, o);
}

/** The family, the form, and (a, p) of each head, clamped: all that the values depend on besides the distance. */
function parameters(
  pName: string,
  p: ArrayLike<number> | undefined,
  aName: string,
  a: ArrayLike<number> | undefined,
  form: number,
  eps: number,
  most: number,
): number[] {
  const given = p ?? a;
  if (given === undefined) throw new PosencError('ERR_OPTION', `${pName}: give ${pName}, ${aName} or both`);
  numbers(p === undefined ? aName : pName, given);
  const heads = headCount(p === undefined ? aName : pName, given.length);
  if (p !== undefined && a !== undefined) numbers(aName, a, heads);
  const key = new Array<number>(PREFIX + 2 * heads);
  key[0] = FAMILY;
  key[1] = form;
  for (let h = 0; h < heads; h++) {
    key[PREFIX + 2 * h] = a === undefined ? 1 : Math.max(Math.fround(a[h]), eps);
    key[PREFIX + 2 * h + 1] = p === undefined ? 1 : Math.min(Math.max(Math.fround(p[h]), eps), most);
  }
  return key;
}

/** What sets its keys apart from those of other biases that are remembered, and what stands before the parameters. */
const FAMILY = 1;
const PREFIX = 2;

function encoding(key: readonly number[]): Encoding {
  const heads = (key.length - PREFIX) / 2;
  const bind = (engine: Engine) => remembered(engine, kerpleFiller(engine, key), heads, key);
  return { name: 'kerple', heads, multiply: key[1] === FORM.weight, bind };
}

function kerpleFiller(engine: Engine, key: readonly number[]): Filler {
  let pointer = 0;
  return {
    scratchBytes: 8 * key.length,
    directRows: 1,
    load(at) {
      pointer = at + 8 * PREFIX;
      engine.f64.set(key, at >>> 3);
    },
    fill(to, { first, count, list }) {
      // biome-ignore format: grouped as the kernel declares it
      engine.kernels.kerpleRows(
        to.pointer, to.stride, to.heads, pointer + 16 * to.head, key[1], first, count, list, engine.coefficients);
    },
  };
}
