/**
 * Conditional positions of CPVT: a depthwise 3 x 3 convolution over the grid of tokens, zero padding 1. Chu et al., arXiv
 * 2102.10882, released as PosCNN (Twins). What tells a border cell from an inner one is the padding alone (Islam et al., arXiv
 * 2001.08248). CLS tokens bypass it: do not pass them.
 */
import { boolean, integer, size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Floats, gate } from '../runtime/gate.ts';
import type { EngineOption, OutOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';

export interface PegOptions extends OutOption, EngineOption {
  /** [C, 1, 3, 3]. */
  readonly weight: Floats;
  /** [C]. Default: none. */
  readonly bias?: Floats;
  /** Rows of the grid of tokens. */
  readonly height: number;
  /** Columns of the grid; tokens are row-major. */
  readonly width: number;
  /** Step of the convolution. Default 1. */
  readonly stride?: number;
  /** Plus the tokens themselves. Default: with stride 1, as released. */
  readonly residual?: boolean;
  /** Shape of x, [B, H W, C] or [H W, C]; needed for a plain Float32Array. */
  readonly shape?: readonly number[];
}

/** Bytes of the packed weights of four channels. */
const PACK_BYTES = 160;

/**
 * Tokens with their conditional position.
 * Nine products and the residual are summed in a fixed float32 order, bit for bit the same everywhere.
 * @param x tokens [B, H W, C] float32, without CLS
 * @param given `height` and `width` of the grid, the `weight` [C, 1, 3, 3], `bias` [C], `stride` (default 1)
 * @returns float32 [B, ceil(H / stride) ceil(W / stride), C], or without B as x
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Chu et al., CPVT, arXiv 2102.10882
 * @example
 * const x = Tensor.from([1, 2, 3, 4], [1, 4, 1]);
 * const weight = Tensor.from([0, 0, 0, 0, 1, 0, 0, 0, 0], [1, 1, 3, 3]);
 * console.log(peg(x, { height: 2, width: 2, weight }).data); // Float32Array(4) [ 2, 4, 6, 8 ]
 */
export function peg(x: Floats, given: PegOptions): Tensor {
  const o = take('peg', given, ['weight', 'bias', 'height', 'width', 'stride', 'residual', 'shape', 'out', 'engine']);
  const height = size('height', o.height, 1, 2 ** 24);
  const width = size('width', o.width, 1, 2 ** 24);
  const stride = integer('stride', o.stride, 1, 1024, 1);
  const residual = boolean('residual', o.residual, stride === 1);
  if (residual && stride !== 1) {
    throw new PosencError('ERR_OPTION', `residual: a stride of ${stride} leaves other cells than the tokens have`);
  }
  const call = gate('peg', o.engine);
  const tokens = call.input('x', x, o.shape);
  // one image may come without its batch, and goes without it
  const alone = tokens.shape.length === 2;
  const shape = alone ? [1, ...tokens.shape] : tokens.shape;
  if (shape.length !== 3 || shape[1] !== height * width || shape[2] < 1) {
    throw new PosencError(
      'ERR_SHAPE',
      `x: expected [B, ${height * width}, C] or [${height * width}, C] for a grid of ${height} x ${width}, got [${tokens.shape.join(', ')}]`,
    );
  }
  const [batch, , channels] = shape;
  const weight = call.sized('weight', o.weight, [channels, 1, 3, 3]);
  const bias = o.bias === undefined ? undefined : call.sized('bias', o.bias, [channels]);
  const outCells = Math.ceil(height / stride) * Math.ceil(width / stride);
  const outShape = alone ? [outCells, channels] : [batch, outCells, channels];
  const result = call.output('out', o.out, outShape);
  return call.run((engine) => {
    const { kernels } = engine;
    const pack = engine.scratch();
    const most = 4 * Math.floor(engine.scratchBytes / PACK_BYTES);
    const row = 4 * channels;
    for (let c = 0; c < channels; c += most) {
      const n = Math.min(most, channels - c);
      kernels.packDepthwise(pack, weight.pointer + 36 * c, bias === undefined ? 0 : bias.pointer + 4 * c, n);
      const to = result.pointer + 4 * c;
      // biome-ignore format: one call, grouped as the kernel declares it
      kernels.depthwise3x3(
        to, row, tokens.pointer + 4 * c, row, pack, batch, height, width, n, stride, residual ? 1 : 0,
      );
    }
    return result.tensor;
  });
}
