/**
 * Float32 frequencies as public code makes them, base^(-k / denominator) with every step rounded to float32, and PyTorch's
 * exponential (SLEEF's expf, arXiv 2001.09258): its fused multiply-adds done in integers and rounded once.
 */
import { BITS, div, exp, fixed, lnOf, mul, toNumber } from './fixed.ts';

const f32 = Math.fround;

/** The float32 frequencies k = 0 .. count-1 of a route: docs/absolute.md. Throws RangeError for an unknown route. */
export function routeFrequencies(
  route: string,
  { base, count, denominator }: { base: number; count: number; denominator: number },
): number[] {
  const lnBase = toNumber(lnOf(base));
  const list = (value: (k: number) => number) => Array.from({ length: count }, (_, k) => value(k));
  switch (route) {
    case 'exp': {
      const step = f32(-lnBase / denominator);
      return list((k) => torchExp(f32(step * k)));
    }
    case 'exp-ratio':
      return list((k) => torchExp(f32(f32(f32(-lnBase) * k) / f32(denominator))));
    case 'exp-float32': {
      const step = f32(f32(lnBase) / f32(denominator));
      return list((k) => torchExp(f32(-step * k)));
    }
    case 'pow':
      return list((k) => f32(1 / powerOf(f32(base), f32(k / f32(denominator)))));
    case 'pow10': {
      const digits = -toNumber(div(lnOf(base), lnOf(10)));
      return list((k) => powerOf(10, f32(f32(digits * k) / f32(denominator))));
    }
    default:
      throw new RangeError(`frequencies: unknown route ${route}`);
  }
}

/** x^y, rounded to float32. */
function powerOf(x: number, y: number): number {
  return rounded(exp(mul(fixed(y), lnOf(x))));
}

const TERMS = [1.98527618e-4, 1.39304355e-3, 8.33336078e-3, 4.16664854e-2, 0.166666672, 0.5].map(f32);

function torchExp(x: number): number {
  if (x < -104) return 0;
  const scaled = f32(x * f32(Math.LOG2E));
  let q = Math.round(scaled);
  if (q - scaled === 0.5 && q % 2 !== 0) q--;
  const s = fused(q, f32(-1.428606765330187e-6), fused(q, f32(-0.693145751953125), x));
  const poly = TERMS.reduce((u, term) => fused(u, s, term));
  return f32(f32(1 + fused(f32(s * s), poly, s)) * 2 ** q);
}

/** a b + c, rounded once to float32. */
function fused(a: number, b: number, c: number): number {
  return rounded(mul(fixed(a), fixed(b)) + fixed(c));
}

/** The float32 nearest to a fixed-point number, ties to even; not for subnormal results. */
function rounded(x: bigint): number {
  const magnitude = x < 0n ? -x : x;
  const drop = magnitude.toString(2).length - 24;
  if (drop <= 0) return toNumber(x);
  const unit = 1n << BigInt(drop);
  let kept = magnitude / unit;
  const rest = 2n * (magnitude % unit);
  if (rest > unit || (rest === unit && kept % 2n === 1n)) kept += 1n;
  return (x < 0n ? -1 : 1) * Number(kept) * 2 ** (drop - BITS);
}
