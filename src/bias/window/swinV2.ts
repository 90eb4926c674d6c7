/**
 * SwinV2's continuous position bias: a small network over the logarithmic differences of rows and columns instead of a
 * table. Liu et al., arXiv 2111.09883; mode 'cr' as timm's `RelPosMlp`.
 */

import { addNumber, div, divNumber, from, LN2, ln, mulNumber } from '../../phase/dd.ts';
import { ddToFloat32 } from '../../phase/float32.ts';
import { oneOf, size, take } from '../../runtime/arguments.ts';
import { headCount } from '../../runtime/block.ts';
import { RELU, SIGMOID } from '../../runtime/codes.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import { type Call, gate } from '../../runtime/gate.ts';
import type { EngineOption, OutOption } from '../../runtime/options.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { bufferBytes, checkLayers, type Layer, type NetworkLayer, run } from '../mlp.ts';
import { GRID_OPTIONS, type GridOptions, type GridTable, gridBias, type WindowSize, windowSize } from './grid.ts';

export interface SwinV2CoordinateOptions {
  /** [height, width] in tokens. */
  readonly windowSize: WindowSize;
  /** Window the network was trained with; differences are divided by its sides less 1. 0 or left out: windowSize. */
  readonly pretrainedWindowSize?: WindowSize;
  /** 'swin': x = 8 d / (side - 1), sign(x) log2(|x| + 1) / 3. 'cr': sign(d) ln(|d| + 1). Default 'swin'. */
  readonly mode?: 'swin' | 'cr';
}

export interface SwinV2BiasOptions extends SwinV2CoordinateOptions, GridOptions {
  /** Linear layers with ReLU in between, 2 inputs (rows, columns) to `heads` outputs. */
  readonly layers: readonly Layer[];
}

const COORDINATE_OPTIONS = ['windowSize', 'pretrainedWindowSize', 'mode'] as const;
/** 'swin' ends in 16 sigmoid(x). */
const GAIN = 16;
const MAX_BUFFER = 1 << 14;

/**
 * What the network is fed, for the differences query minus key from the most negative on.
 * Logarithms in double-double, rounded once.
 * @param given the window, that of pretraining, the mode
 * @returns float32 [2 height - 1, 2 width - 1, 2]
 * @throws ERR_OPTION, ERR_SHAPE
 * @see Liu et al., Swin V2, arXiv 2111.09883, eq. 4
 * @example
 * console.log(swinV2Coordinates({ windowSize: [2, 2] }).shape); // [ 3, 3, 2 ]
 */
export function swinV2Coordinates(given: SwinV2CoordinateOptions & OutOption & EngineOption): Tensor {
  const o = take('swinV2Coordinates', given, [...COORDINATE_OPTIONS, 'out', 'engine']);
  const call = gate('swinV2Coordinates', o.engine);
  const window = windowSize(call, 'windowSize', o.windowSize);
  const [ys, xs] = axes(call, o, window);
  const table = call.output('out', o.out, [ys.length, xs.length, 2]);
  return call.run((engine) => {
    const arena = engine.scratch();
    const second = arena + 4 * ys.length;
    engine.f32.set(ys, arena >>> 2);
    engine.f32.set(xs, second >>> 2);
    engine.kernels.gridCoordinates(table.pointer, arena, second, xs.length, 0, ys.length * xs.length);
    return table.tensor;
  });
}

/**
 * The bias of every pair of tokens in a window: the network's value at their difference, in mode 'swin' 16 sigmoid of it.
 * Coordinates are rounded once, the network is float32 in a fixed order.
 * @param given the layers of the network, the window, the mode
 * @returns float32 [heads, tokens, tokens], or the rows asked for
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Liu et al., Swin V2, arXiv 2111.09883, section 3.3
 * @example
 * const layers = [
 *   { weight: Tensor.from([1, 0, 0, 1], [2, 2]), bias: Tensor.from([0, 0], [2]) },
 *   { weight: Tensor.from([1, 1], [1, 2]) },
 * ];
 * console.log(swinV2Bias({ layers, windowSize: [2, 2] }).shape); // [ 1, 4, 4 ]
 */
export function swinV2Bias(given: SwinV2BiasOptions): Tensor {
  const o = take('swinV2Bias', given, [...GRID_OPTIONS, ...COORDINATE_OPTIONS, 'layers']);
  const call = gate('swinV2Bias', o.engine);
  const window = windowSize(call, 'windowSize', o.windowSize);
  const [ys, xs] = axes(call, o, window);
  const layers = checkLayers(call, 'layers', o.layers, 2);
  const heads = headCount('layers', layers[layers.length - 1].outputs);
  if (bufferBytes(layers, 1) > MAX_BUFFER) {
    throw new PosencError('ERR_SHAPE', `layers: expected at most ${MAX_BUFFER / 4} features`);
  }
  // the table is ordered by key minus query
  const reversed = [ys.reverse(), xs.reverse()] as const;
  const sigmoid = o.mode !== 'cr';
  const bind = (engine: Engine) => networkTable(engine, layers, reversed, sigmoid);
  return gridBias(call, { heads, window, bind }, o);
}

function networkTable(
  engine: Engine,
  layers: readonly NetworkLayer[],
  [ys, xs]: readonly [Float32Array, Float32Array],
  sigmoid: boolean,
): GridTable {
  const rows = Math.max(1, Math.min(256, Math.floor(engine.scratchBytes / 16 / bufferBytes(layers, 1))));
  const bytes = bufferBytes(layers, rows);
  let [buffer, y, x] = [0, 0, 0];
  return {
    scratchBytes: (2 * bytes + 4 * (ys.length + xs.length) + 15) & ~15,
    prepare(pointer) {
      buffer = pointer;
      y = pointer + 2 * bytes;
      x = y + 4 * ys.length;
      engine.f32.set(ys, y >>> 2);
      engine.f32.set(xs, x >>> 2);
    },
    load(to, head, heads, first, count) {
      const { kernels, coefficients } = engine;
      for (let t = 0; t < count; t += rows) {
        const n = Math.min(rows, count - t);
        kernels.gridCoordinates(buffer, y, x, xs.length, first + t, n);
        const result = run(engine, layers, n, RELU, buffer, buffer + bytes, head, heads);
        kernels.transposeEntries(to + 4 * t, 4 * count, result, 4 * heads, 4, heads, n);
      }
      if (!sigmoid) return;
      kernels.mapUnary(to, to, heads * count, SIGMOID, coefficients);
      kernels.scaleFloats(to, heads * count, GAIN);
    },
  };
}

/** Coordinates of the rows and of the columns, ascending; logarithms in double-double, rounded once. */
function axes(call: Call, o: SwinV2CoordinateOptions, window: WindowSize): [Float32Array, Float32Array] {
  const mode = oneOf('mode', o.mode, ['swin', 'cr'], 'swin');
  const given = o.pretrainedWindowSize;
  const list = given === undefined ? [0, 0] : call.numbers('pretrainedWindowSize', given, 2).data;
  const pretrained = [0, 1].map((axis) => size(`pretrainedWindowSize[${axis}]`, list[axis], 0, 2 ** 16));
  const axis = (a: 0 | 1) => {
    const side = pretrained[a] > 0 ? pretrained[a] : window[a];
    const values = Array.from({ length: window[a] }, (_, d) => {
      if (d === 0 || mode === 'cr') return ddToFloat32(ln(from(1 + d)));
      if (side === 1) {
        throw new PosencError(
          'ERR_OPTION',
          `pretrainedWindowSize[${a}]: 1 leaves nothing to divide the differences of a window of ${window[a]} by`,
        );
      }
      const x = divNumber(mulNumber(from(8), d), side - 1);
      return ddToFloat32(divNumber(div(ln(addNumber(x, 1)), LN2), 3));
    });
    return Float32Array.from([
      ...values
        .slice(1)
        .reverse()
        .map((v) => -v),
      ...values,
    ]);
  };
  return [axis(0), axis(1)];
}
