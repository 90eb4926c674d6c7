/**
 * A bias network over distances: x-transformers' `DynamicPositionBias`, one row of the network per distinct distance, signed
 * and optionally logarithmic (SwinV2's continuous position bias in one dimension, Liu et al., arXiv 2111.09883).
 */

import { boolean, oneOf, take } from '../../runtime/arguments.ts';
import { headCount } from '../../runtime/block.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import { gate } from '../../runtime/gate.ts';
import { UNARY } from '../../runtime/operations.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { bufferBytes, checkLayers, type Layer, type NetworkLayer, run } from '../mlp.ts';
import { encodingOf, type Filler, TOEPLITZ_OPTIONS, type ToeplitzOptions } from './encoding.ts';
import { toeplitz } from './toeplitz.ts';

export interface DynamicBiasOptions extends ToeplitzOptions {
  /** Linear layers from 1 input to `heads` outputs, float32. */
  readonly layers: readonly Layer[];
  /** Between the layers. Default 'silu'. */
  readonly activation?: 'silu' | 'relu' | 'gelu' | 'tanh';
  /** Input sign(d) ln(|d| + 1) instead of d = query - key. Default false. */
  readonly logDistance?: boolean;
}

const OPTIONS = [...TOEPLITZ_OPTIONS, 'layers', 'activation', 'logDistance'] as const;

/**
 * bias[h, i, j] = network(i - j)[h].
 * The network is float32, its sums in a fixed order; activations are rounded once.
 * @param given the layers of the network, { weight [out, in], bias [out] } each, and lengths or positions
 * @returns float32 [heads, queryLength, keyLength], or what `diagonal`, `rows`, batches, packed sequences and `addTo` make of
 * it
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see x-transformers DynamicPositionBias; Liu et al., arXiv 2111.09883
 * @example
 * const layers = [{ weight: Tensor.from([1, -1], [2, 1]), bias: Tensor.from([0, 0], [2]) }];
 * console.log(dynamicBias({ layers, queryLength: 2, keyLength: 2 }).data); // Float32Array(8) [ 0, -1, 1, 0, 0, 1, -1, 0 ]
 */
export function dynamicBias(given: DynamicBiasOptions): Tensor {
  const o = take('dynamicBias', given, OPTIONS);
  const call = gate('dynamicBias', o.engine);
  const layers = checkLayers(call, 'layers', o.layers, 1);
  const activation = UNARY[oneOf('activation', o.activation, ['silu', 'relu', 'gelu', 'tanh'], 'silu')];
  const logDistance = boolean('logDistance', o.logDistance, false);
  const heads = headCount('layers', layers[layers.length - 1].outputs);
  if (bufferBytes(layers, 1) > MAX_BUFFER) {
    throw new PosencError('ERR_SHAPE', `layers: expected at most ${MAX_BUFFER / 4} features`);
  }
  const bind = (engine: Engine) => networkFiller(engine, layers, activation, logDistance);
  return toeplitz(call, encodingOf(heads, bind), o);
}

const MAX_BUFFER = 1 << 14;

function networkFiller(
  engine: Engine,
  layers: readonly NetworkLayer[],
  activation: number,
  logDistance: boolean,
): Filler {
  // rows at a time: two buffers of them take at most an eighth of the arena, at least one row each
  const rows = Math.max(1, Math.min(256, Math.floor(engine.scratchBytes / 16 / bufferBytes(layers, 1))));
  const bytes = bufferBytes(layers, rows);
  let buffer = 0;
  return {
    scratchBytes: 2 * bytes,
    directRows: 1,
    rows: undefined,
    diagonal: undefined,
    load(at) {
      buffer = at;
    },
    fill(to, distances) {
      const { kernels, coefficients } = engine;
      for (let t = 0; t < distances.count; t += rows) {
        const n = Math.min(rows, distances.count - t);
        const list = distances.list ? distances.list + 8 * t : 0;
        kernels.signedDistances(buffer, logDistance ? 1 : 0, distances.first + t, n, list, coefficients);
        const result = run(engine, layers, n, activation, buffer, buffer + bytes, to.head, to.heads);
        kernels.transposeEntries(to.pointer + 4 * t, to.stride, result, 4 * to.heads, 4, to.heads, n);
      }
    },
  };
}
