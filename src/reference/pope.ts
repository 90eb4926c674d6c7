/** PoPE: [softplus(x) cos | softplus(x) sin] of position x ropeTheta^(-j / d) plus a bias of the keys. arXiv 2509.10534. */
import { exp, log, pow, sincos } from './math.ts';
import { type PositionOptions, positionList, type ReferenceTensor, type Shaped, shaped, tensor } from './result.ts';

export interface PopeOptions extends PositionOptions {
  /** Default 'BSHD'. */
  readonly layout?: 'BSHD' | 'BHSD';
  readonly shape?: readonly number[];
  /** Default 10000. */
  readonly ropeTheta?: number;
  /** [heads, d] flat, clamped to [-2 pi, 0]. */
  readonly bias?: ArrayLike<number>;
}

/** Table and application in one: x [.., d] -> [.., 2 d]. */
export function pope(x: Float32Array | Shaped, options: PopeOptions): ReferenceTensor {
  const { layout = 'BSHD', shape: given, ropeTheta = 10000, bias, ...rows } = options;
  const { shape, data } = shaped('x', x, given);
  const dim = shape[3];
  const positions = positionList(rows);
  const out = tensor([...shape.slice(0, 3), 2 * dim]);
  for (let i = 0; i < data.length; i++) {
    const j = i % dim;
    const inner = Math.floor(i / dim) % shape[2];
    const outer = Math.floor(i / (dim * shape[2])) % shape[1];
    const [token, head] = layout === 'BSHD' ? [outer, inner] : [inner, outer];
    const least = Math.fround(-2 * Math.PI);
    const shift = bias === undefined ? 0 : Math.max(least, Math.min(0, Math.fround(bias[head * dim + j])));
    const { cos, sin } = sincos(positions[token] * pow(ropeTheta, -j / dim) + shift);
    const value = data[i];
    const softplus = Math.fround(value > 30 ? value : log(1 + exp(value)));
    const at = Math.floor(i / dim) * 2 * dim + j;
    out.data[at] = softplus * Math.fround(cos);
    out.data[at + dim] = softplus * Math.fround(sin);
  }
  return out;
}
