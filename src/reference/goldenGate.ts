/** Golden-gate frequencies, pair by pair (jerryxio.ng/posts/nd-rope): erfinv by bisection of erf. */
import { erf, pow } from './math.ts';
import { type ReferenceTensor, tensor } from './result.ts';

export interface GoldenGateOptions {
  readonly heads: number;
  readonly pairs: number;
  readonly axes?: number;
  readonly minFrequency: number;
  readonly maxFrequency: number;
  readonly zeroFraction?: number;
}

/** [axes, heads, pairs]. */
export function goldenGateFrequencies(options: GoldenGateOptions): ReferenceTensor {
  const { heads, pairs, axes = 2, minFrequency, maxFrequency, zeroFraction = 0 } = options;
  let phi = 2;
  for (let i = 0; i < 10; i++) phi = pow(1 + phi, 1 / (axes + 1));
  const share = zeroFraction * pairs;
  const zeros = share % 1 === 0.5 ? 2 * Math.round(share / 2) : Math.round(share);
  const result = tensor([axes, heads, pairs]);
  for (let n = 0; n < heads * pairs; n++) {
    const pair = n % pairs;
    const direction = Array.from({ length: axes }, (_, j) => inverseErf(2 * (((n + 1) / pow(phi, j + 1)) % 1) - 1));
    const norm = Math.sqrt(direction.reduce((sum, v) => sum + v * v, 0));
    const at = pairs - zeros > 1 ? (pair - zeros) / (pairs - zeros - 1) : 0;
    const length = pair < zeros ? 0 : minFrequency * pow(maxFrequency / minFrequency, at);
    direction.forEach((v, j) => {
      result.data[j * heads * pairs + n] = (v / norm) * length;
    });
  }
  return result;
}

function inverseErf(y: number): number {
  let [low, high] = [-6, 6];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (erf(middle) < y) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
