/**
 * Float32 frequencies as public code makes them: base^(-k / denominator), every step rounded to float32 where the code rounds.
 * The routes and who takes which: docs/absolute.md. The exponential is PyTorch's own: its CPU code calls SLEEF's expf with
 * an error below one ulp (Shibata and Petrogalli, arXiv 2001.09258), which differs from the correctly rounded one at about
 * every tenth frequency, so the same fused operations are done here, in float64.
 */

import { div, exp, from, LN10, ln, mulNumber, powerOfTwo, twoSum } from './dd.ts';
import { ddToFloat32, roundToFloat32, torchLadder } from './float32.ts';
import { memo } from './memo.ts';

export const ROUTES = ['exp', 'exp-ratio', 'exp-float32', 'pow', 'pow10'] as const;

/** fl is rounding to float32, ln and the division by it are float64 where nothing else is said. */
export type FrequencyRoute =
  /** fl(exp(fl(fl(-ln base / denominator) k))): Whisper, fairseq, NeMo, ESPnet, the PyTorch tutorial, F5-TTS. */
  | 'exp'
  /** fl(exp(fl(fl(fl(-ln base) k) / denominator))): diffusers, guided-diffusion, DiT. */
  | 'exp-ratio'
  /** fl(exp(fl(-c k))), c = fl(fl(ln base) / denominator): tensor2tensor and its relatives in TensorFlow. */
  | 'exp-float32'
  /** fl(1 / fl(base^fl(k / denominator))): Transformer-XL, rotary code. */
  | 'pow'
  /** fl(10^fl(fl(-log10(base) k) / denominator)): DiffWave. */
  | 'pow10';

const f32 = Math.fround;

const lists = memo<Float32Array>(64);

/** The frequencies k = 0 .. count-1. Shared by a memo: do not write into them. base > 0, denominator > 0. */
export function routeFrequencies(options: {
  route: FrequencyRoute;
  base: number;
  count: number;
  denominator: number;
  /** Multiplied into every frequency, in float32. Default 1. */
  scale?: number;
}): Float32Array {
  const { route, base, count, denominator, scale = 1 } = options;
  return lists.get(`${route} ${base} ${count} ${denominator} ${scale}`, () => {
    const made = oneRoute(route, base, count, denominator);
    return scale === 1 ? made : made.map((frequency) => frequency * f32(scale));
  });
}

function oneRoute(route: FrequencyRoute, base: number, count: number, denominator: number): Float32Array {
  const lnBase = ln(from(base));
  const list = (value: (k: number) => number) => Float32Array.from({ length: count }, (_, k) => value(k));
  switch (route) {
    case 'exp': {
      const step = f32(-lnBase.hi / denominator);
      return list((k) => torchExp(f32(step * k)));
    }
    case 'exp-ratio': {
      const whole = f32(-lnBase.hi);
      return list((k) => torchExp(f32(f32(whole * k) / f32(denominator))));
    }
    case 'exp-float32': {
      const step = f32(f32(lnBase.hi) / f32(denominator));
      return list((k) => torchExp(f32(-step * k)));
    }
    case 'pow':
      return torchLadder({ base, count, denominator: 2 * denominator });
    case 'pow10': {
      const digits = -div(lnBase, LN10).hi;
      return list((k) => ddToFloat32(exp(mulNumber(LN10, f32(f32(digits * k) / f32(denominator))))));
    }
  }
}

/** ln 2 in two float32 numbers, the first with zeros at its end: whole multiples of it are exact. */
const LN2_HIGH = f32(-0.693145751953125);
const LN2_LOW = f32(-1.428606765330187e-6);
const INVERSE_LN2 = f32(Math.LOG2E);
/** Coefficients of (e^s - 1 - s) / s^2 for |s| <= ln(2) / 2, highest first. */
const TERMS = [0.00019852762, 0.0013930436, 0.008333361, 0.041666485, 0.16666667, 0.5].map(f32);

/** torch.exp of a float32 number, bit for bit. */
export function torchExp(x: number): number {
  if (x < -104) return 0;
  if (x > 104) return Number.POSITIVE_INFINITY;
  const q = roundHalfEven(f32(x * INVERSE_LN2));
  const s = fused(q, LN2_LOW, fused(q, LN2_HIGH, x));
  let u = TERMS[0];
  for (let i = 1; i < TERMS.length; i++) u = fused(u, s, TERMS[i]);
  return f32(f32(1 + fused(f32(s * s), u, s)) * powerOfTwo(q));
}

/** a b + c of float32 numbers, rounded once: the product is exact in float64, the sum with its error is rounded at the end. */
function fused(a: number, b: number, c: number): number {
  const { hi, lo } = twoSum(a * b, c);
  return roundToFloat32(hi, lo);
}

function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
