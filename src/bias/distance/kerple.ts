/**
 * KERPLE: a kernel of the distance with learned parameters per head, logarithmic or a power. Chi et al., arXiv 2205.09921;
 * clamps and the weight kernel as the authors' code (`ParallelKerpleLog`, `ParallelKerplePower`).
 */
import { finite, oneOf, take } from '../../runtime/arguments.ts';
import { headCount } from '../../runtime/block.ts';
import { KERPLE_LOG, KERPLE_POWER, KERPLE_WEIGHT } from '../../runtime/codes.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import { type Call, gate } from '../../runtime/gate.ts';
import type { NumberList } from '../../runtime/lists.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { type Encoding, encodingOf, type Filler, TOEPLITZ_OPTIONS, type ToeplitzOptions } from './encoding.ts';
import { toeplitz } from './toeplitz.ts';

export interface KerpleOptions extends ToeplitzOptions {
  /** 'log' -p ln(1 + a D), 'power' -a D^p, with D = max(query - key, 0). Default 'log'. */
  readonly kind?: 'log' | 'power';
  /** Per head, clamped to at least eps and, for powers, at most 2. 'power': 1 when left out. */
  readonly p?: NumberList;
  /** Per head, clamped to at least eps. 'power': 1 when left out. */
  readonly a?: NumberList;
  /** The weight kernel exp(-weightA D^weightP), clamped like p and a; needs addTo, which it multiplies before the bias is added. */
  readonly weightP?: NumberList;
  /** The factor of the weight kernel, per head: see `weightP`. 1 when left out. */
  readonly weightA?: NumberList;
  /** 'weight': the matrix of the weight kernel, which multiplies scores; addTo multiplies them. Default 'bias'. */
  readonly part?: 'bias' | 'weight';
  /** Default 0.01. */
  readonly eps?: number;
}

/** assembly/kerple.ts */
const FORM = { log: KERPLE_LOG, power: KERPLE_POWER, weight: KERPLE_WEIGHT } as const;

const OPTIONS = [...TOEPLITZ_OPTIONS, 'kind', 'p', 'a', 'weightP', 'weightA', 'part', 'eps'] as const;

/**
 * The bias matrix; keys after the query get 0 unless they are masked.
 * Logarithms and powers in float64, each value rounded once.
 * @param given the learned numbers a head, the kind of kernel, and lengths or positions
 * @returns float32 [heads, queryLength, keyLength], or what `diagonal`, `rows`, batches, packed sequences and `addTo` make of
 * it
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Chi et al., KERPLE, arXiv 2205.09921, section 4
 * @example
 * console.log(kerple({ p: [1], a: [1], queryLength: 1, keyLength: 3 }).data); // Float32Array(3) [ -1.0986123085021973, -0.6931471824645996, 0 ]
 */
export function kerple(given: KerpleOptions): Tensor {
  const o = take('kerple', given, OPTIONS);
  const kind = oneOf('kind', o.kind, ['log', 'power'], 'log');
  const part = oneOf('part', o.part, ['bias', 'weight'], 'bias');
  const eps = Math.fround(finite('eps', o.eps, { above: 0, max: 2 }, 0.01));
  const weighted = o.weightP !== undefined || o.weightA !== undefined;
  if (kind === 'log') {
    for (const name of ['p', 'a'] as const) {
      if (o[name] !== undefined || part === 'weight') continue;
      throw new PosencError('ERR_OPTION', `${name}: kind 'log' needs it, one number per head`);
    }
    if (weighted) throw new PosencError('ERR_OPTION', "weightP: the weight kernel belongs to kind 'power'");
  }
  const call = gate('kerple', o.engine);
  const weight = weighted ? encoding(parameters(call, o, 'weightP', 'weightA', eps, 2), FORM.weight) : undefined;
  if (part === 'weight') {
    if (weight === undefined) throw new PosencError('ERR_OPTION', "part: 'weight' needs weightP or weightA");
    for (const name of ['causal', 'window', 'maskValue', 'keyLeftPad', 'cuSeqlens'] as const) {
      if (o[name] === undefined || o[name] === false) continue;
      throw new PosencError('ERR_OPTION', `${name}: a mask is added to scores, not multiplied; mask the bias`);
    }
    return toeplitz(call, weight, o);
  }
  const bias = encoding(parameters(call, o, 'p', 'a', eps, kind === 'log' ? Number.POSITIVE_INFINITY : 2), FORM[kind]);
  if (weight === undefined) return toeplitz(call, bias, o);
  if (o.addTo === undefined) {
    throw new PosencError(
      'ERR_OPTION',
      "weightP: the weight kernel multiplies scores: give addTo, or ask for its matrix with part: 'weight'",
    );
  }
  if (weight.heads !== bias.heads) {
    throw new PosencError('ERR_SHAPE', `weightP: expected ${bias.heads} numbers as in p and a, got ${weight.heads}`);
  }
  return toeplitz(call, encodingOf(bias.heads, bias.bind, { factor: weight }), o);
}

/** (a, p) of each head, clamped. */
function parameters(
  call: Call,
  o: KerpleOptions,
  pName: 'p' | 'weightP',
  aName: 'a' | 'weightA',
  eps: number,
  most: number,
): Float64Array {
  const p = o[pName] === undefined ? undefined : call.numbers(pName, o[pName]).data;
  const a = o[aName] === undefined ? undefined : call.numbers(aName, o[aName], p?.length).data;
  if (p === undefined && a === undefined) {
    throw new PosencError('ERR_OPTION', `${pName}: give ${pName}, ${aName} or both`);
  }
  const heads = headCount(p === undefined ? aName : pName, (p ?? a)!.length);
  const pairs = new Float64Array(2 * heads);
  for (let h = 0; h < heads; h++) {
    pairs[2 * h] = a === undefined ? 1 : Math.max(Math.fround(a[h]), eps);
    pairs[2 * h + 1] = p === undefined ? 1 : Math.min(Math.max(Math.fround(p[h]), eps), most);
  }
  return pairs;
}

function encoding(pairs: Float64Array, form: number): Encoding {
  const bind = (engine: Engine) => kerpleFiller(engine, pairs, form);
  return encodingOf(pairs.length / 2, bind, { multiply: form === FORM.weight });
}

function kerpleFiller(engine: Engine, pairs: Float64Array, form: number): Filler {
  let pointer = 0;
  return {
    scratchBytes: 8 * pairs.length,
    directRows: 1,
    rows: undefined,
    diagonal: undefined,
    load(at) {
      pointer = at;
      engine.f64.set(pairs, at >>> 3);
    },
    fill(to, { first, count, list }) {
      // biome-ignore format: grouped as the kernel declares it
      engine.kernels.kerpleRows(
        to.pointer, to.stride, to.heads, pointer + 16 * to.head, form, first, count, list, engine.coefficients);
    },
  };
}
