/**
 * wav2vec 2.0's convolutional positions: a grouped 1-D convolution over time with weight normalisation for each tap, one
 * sample dropped when the kernel is even, then GELU (erf). Baevski et al., arXiv 2006.11477; HF Wav2Vec2PositionalConvEmbedding.
 * The caller adds the result to x and normalises.
 */

import { integer, oneOf, size, take } from '../runtime/arguments.ts';
import { GELU } from '../runtime/codes.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Floats, gate } from '../runtime/gate.ts';
import type { EngineOption, OutOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';

export interface WeightNormOptions extends OutOption, EngineOption {
  /** Shape of v, [out, in, taps]; needed for a plain Float32Array. */
  readonly shape?: readonly number[];
}

/**
 * The weights of a convolution from their normalised form, weight_norm with dim = 2: w[:, :, t] = g[t] v[:, :, t] / |v[:, :, t]|.
 * Compute it once and pass it to convPositional.
 * Norms are summed in float64, each weight is rounded once.
 * @param v [out, in, taps]
 * @param g [taps] or [1, 1, taps]
 * @param given `shape` of v where it is a plain array
 * @returns float32 [out, in, taps]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Salimans and Kingma, arXiv 1602.07868; torch.nn.utils.weight_norm(dim=2)
 * @example
 * const v = Tensor.from([3, 1, 4, 1], [2, 1, 2]);
 * console.log(weightNorm(v, Tensor.from([1, 1], [2])).data); // Float32Array(4) [ 0.6000000238418579, 0.7071067690849304, 0.800000011920929, 0.7071067690849304 ]
 */
export function weightNorm(v: Floats, g: Floats, given: WeightNormOptions = {}): Tensor {
  const o = take('weightNorm', given, ['shape', 'out', 'engine']);
  const call = gate('weightNorm', o.engine);
  const from = call.input('v', v, o.shape);
  const { shape } = from;
  if (shape.length !== 3 || shape.some((n) => n < 1)) {
    throw new PosencError('ERR_SHAPE', `v: expected [out, in, taps], got [${shape.join(', ')}]`);
  }
  const taps = shape[2];
  const scale = call.flat('g', g);
  if (scale.length !== taps) {
    throw new PosencError('ERR_SHAPE', `g: expected ${taps} numbers, one a tap, got ${scale.length}`);
  }
  const result = call.output('out', o.out, shape, 'float32', from);
  if (8 * taps > call.engine.scratchBytes) {
    throw new PosencError('ERR_SHAPE', `v: ${taps} taps do not fit the scratch arena; createEngine({ scratchBytes })`);
  }
  return call.run((engine) => {
    const rows = shape[0] * shape[1];
    engine.kernels.normalizeTaps(result.pointer, from.pointer, scale.pointer, rows, taps, engine.scratch());
    return result.tensor;
  });
}

export interface ConvPositionalOptions extends OutOption, EngineOption {
  /** [C, C / groups, taps]; see weightNorm. */
  readonly weight: Floats;
  /** Shape of the weight; needed for a plain Float32Array. */
  readonly weightShape?: readonly number[];
  /** [C]. Default: none. */
  readonly bias?: Floats;
  /** Default 1. wav2vec 2.0: 16. */
  readonly groups?: number;
  /** Zeros on either side; must be floor(taps / 2), with which the length is kept. Default that. */
  readonly padding?: number;
  /** Default 'gelu' (by erf). */
  readonly activation?: 'gelu' | 'none';
  /** Shape of x, [B, L, C] or [L, C]; needed for a plain Float32Array. */
  readonly shape?: readonly number[];
}

/** Floats that the kernel may read behind a row. */
const SLACK = 8;

/**
 * The positions that a grouped convolution over time gives its input: GELU(conv(x)). Add the result to x and normalise.
 * Sums run in a fixed order; GELU is rounded once from float64.
 * @param x [B, L, C] float32: frames or tokens
 * @param given the `weight` [C, C / groups, taps] (weightNorm makes it), `bias` [C], `groups`
 * @returns float32 [B, L, C], or [L, C] as x
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Baevski et al., wav2vec 2.0, arXiv 2006.11477; transformers Wav2Vec2PositionalConvEmbedding
 * @example
 * const x = Tensor.from([1, 2, 3, 4], [1, 4, 1]);
 * const weight = Tensor.from([0, 1, 0], [1, 1, 3]);
 * console.log(convPositional(x, { weight, groups: 1 }).data); // Float32Array(4) [ 0.8413447737693787, 1.9544997215270996, 2.995950222015381, 3.999873399734497 ]
 */
export function convPositional(x: Floats, given: ConvPositionalOptions): Tensor {
  const o = take('convPositional', given, [
    'weight',
    'weightShape',
    'bias',
    'groups',
    'padding',
    'activation',
    'shape',
    'out',
    'engine',
  ]);
  const groups = integer('groups', o.groups, 1, 2 ** 20, 1);
  const activation = oneOf('activation', o.activation, ['gelu', 'none'], 'gelu');
  const call = gate('convPositional', o.engine);
  const tokens = call.input('x', x, o.shape);
  // one sequence may come without its batch, and goes without it
  const shape = tokens.shape.length === 2 ? [1, ...tokens.shape] : tokens.shape;
  if (shape.length !== 3 || shape[2] < 1) {
    throw new PosencError('ERR_SHAPE', `x: expected [B, L, C] or [L, C], got [${tokens.shape.join(', ')}]`);
  }
  const [batch, length, channels] = shape;
  if (channels % groups !== 0) throw new PosencError('ERR_OPTION', `groups: ${groups} do not divide ${channels}`);
  const width = channels / groups;
  const filter = call.input('weight', o.weight, o.weightShape, 'float32', 'weightShape');
  const weightShape = filter.shape;
  const taps = size('weight taps', weightShape[2], 1, 65536);
  if (weightShape.length !== 3 || weightShape[0] !== channels || weightShape[1] !== width) {
    throw new PosencError(
      'ERR_SHAPE',
      `weight: expected [${channels}, ${width}, taps], got [${weightShape.join(', ')}]`,
    );
  }
  const offsets = o.bias === undefined ? undefined : call.sized('bias', o.bias, [channels]);
  const padding = Math.floor(taps / 2);
  if (o.padding !== undefined && o.padding !== padding) {
    throw new PosencError('ERR_OPTION', `padding: ${taps} taps keep the length with ${padding} only, got ${o.padding}`);
  }
  const result = call.output('out', o.out, tokens.shape);
  // a tile: some positions, padding included, of as many channels of a group as the arena holds
  const floats = call.engine.scratchBytes >>> 2;
  const tile = Math.min(length, Math.max(8, Math.floor(floats / Math.min(width, 64)) - taps - SLACK) & ~7);
  const row = tile + taps - 1 + SLACK;
  const inputs = Math.min(width, Math.floor(floats / row));
  if (length > 0 && inputs < 1) {
    throw new PosencError(
      'ERR_SHAPE',
      `weight: ${taps} taps do not fit the scratch arena; createEngine({ scratchBytes })`,
    );
  }
  return call.run((engine) => {
    const from = tokens.pointer;
    const weight = filter.pointer;
    const bias = offsets?.pointer ?? 0;
    const { kernels, coefficients } = engine;
    const scratch = engine.scratch();
    const stride = 4 * channels;
    for (let b = 0; b < batch; b++) {
      for (let l = 0; l < length; l += tile) {
        const n = Math.min(tile, length - l);
        const first = Math.max(0, l - padding);
        const last = Math.min(length, l + n + taps - 1 - padding);
        for (let g = 0; g < groups; g++) {
          for (let c = 0; c < width; c += inputs) {
            const count = Math.min(inputs, width - c);
            const channel = g * width + c;
            engine.f32.fill(0, scratch >>> 2, (scratch >>> 2) + count * row);
            const at = scratch + 4 * (first - l + padding);
            const source = from + (b * length + first) * stride + 4 * channel;
            kernels.transposeRows(at, 4 * row, source, stride, Math.max(0, last - first), count, 1);
            // biome-ignore format: one call, grouped as the kernel declares it
            kernels.groupedConv1d(
              result.pointer + (b * length + l) * stride + 4 * g * width, stride, scratch, 4 * row,
              weight + 4 * taps * (g * width * width + c), 4 * taps * width, c === 0 && bias ? bias + 4 * g * width : 0,
              count, width, taps, n, c === 0 ? 0 : 1,
            );
          }
        }
      }
    }
    if (activation === 'gelu') {
      kernels.mapUnary(result.pointer, result.pointer, result.length, GELU, coefficients);
    }
    return result.tensor;
  });
}
