/** Zipformer's compact relative positions (icefall CompactRelPositionalEncoding), row by row. */
import { div, fixed, lnOf, mul, ONE, pi, sqrt, toNumber } from './fixed.ts';
import { sincos } from './math.ts';
import { type ReferenceTensor, tensor } from './result.ts';

export interface CompactRelativeTableOptions {
  readonly dim: number;
  readonly length?: number;
  readonly distances?: ArrayLike<number>;
  readonly lengthFactor?: number;
}

/** [rows, dim]: cos k phi, sin k phi for k = 1 .. dim / 2, the last column 1. */
export function compactRelativeTable(options: CompactRelativeTableOptions): ReferenceTensor {
  const { dim, length = 0, lengthFactor = 1 } = options;
  const distances = Array.from(
    options.distances ?? Array.from({ length: Math.max(0, 2 * length - 1) }, (_, i) => i - (length - 1)),
  );
  const rows = distances.flatMap((distance) => {
    const phi = angle(distance, dim, lengthFactor);
    const row = Array.from({ length: dim / 2 }, (_, i) => sincos((i + 1) * phi)).flatMap(({ sin, cos }) => [cos, sin]);
    row[dim - 1] = 1;
    return row;
  });
  return tensor([distances.length, dim], Float32Array.from(rows));
}

function angle(distance: number, dim: number, lengthFactor: number): number {
  if (distance === 0) return 0;
  const c = sqrt(fixed(dim));
  const sum = toNumber(fixed(Math.abs(distance)) + c);
  // the rounding of the sum is a relative 1e-16 of its argument
  const grown = mul(c, lnOf(sum) - lnOf(toNumber(c)));
  const x = div(mul(grown, 2n * pi()), mul(fixed(lengthFactor), fixed(dim)));
  const phi = toNumber(arctangent(x));
  return distance < 0 ? -phi : phi;
}

/** For x >= 0: arguments halved until the series is short. */
function arctangent(x: bigint): bigint {
  if (x > ONE) return pi() / 2n - arctangent(div(ONE, x));
  let small = x;
  for (let i = 0; i < 8; i++) small = div(small, ONE + sqrt(ONE + mul(small, small)));
  const square = mul(small, small);
  let [term, sum] = [small, 0n];
  for (let n = 1n; term !== 0n; n += 2n) {
    sum += n % 4n === 1n ? term / n : -(term / n);
    term = mul(term, square);
  }
  return sum << 8n;
}
