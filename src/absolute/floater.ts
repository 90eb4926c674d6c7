/**
 * FLOATER: positions as the trajectory of a learned differential equation, dp/dt = h(p, t). Liu et al., ICML 2020, arXiv
 * 2003.09229. Row i is p(i dt), integrated with fixed steps. "rk4" of torchdiffeq, which the released code uses, is the 3/8
 * rule, not the classical one. The released models integrate biases of the q, k and v projections: [components, layers, d].
 */

import { finite, integer, oneOf, options, size } from '../runtime/arguments.ts';
import {
  EULER,
  FLOW_CONVOLUTIONAL,
  FLOW_LINEAR,
  MIDPOINT,
  RK4_CLASSICAL,
  RK4_THREE_EIGHTHS,
} from '../runtime/codes.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import {
  checkOut,
  checkOverlap,
  checkShapeOf,
  chooseEngine,
  lengthOf,
  output,
  withOperands,
} from '../runtime/operands.ts';
import { Tensor } from '../runtime/tensor.ts';

type Numbers = Tensor | Float32Array;

/** The right-hand side h(p, t); time is the last input of both layers. */
export interface Flow {
  /**
   * 'linear' (flow_func_linear): W2 [relu(W1 [p, t] + b1), t] + b2, w1 [hidden, d + 1], w2 [d, hidden + 1].
   * 'conv' (flow_func): Conv1d(5, stride 2) -> SELU -> ConvTranspose1d(5, stride 2) along d, layers as channels, w1
   * [2 layers, layers + 1, 5], w2 [2 layers + 1, layers, 5]; d even.
   */
  readonly kind: 'linear' | 'conv';
  readonly w1: Numbers;
  readonly b1: Numbers;
  readonly w2: Numbers;
  readonly b2: Numbers;
}

export interface FloaterPositionsOptions {
  /** Number of rows, the initial one included. */
  readonly length: number;
  readonly flow: Flow;
  /** Time between rows. Default 0.01. */
  readonly dt?: number;
  /** Integration steps between rows. Default 5. */
  readonly substeps?: number;
  /** Default 'rk4-3/8'. */
  readonly method?: 'euler' | 'midpoint' | 'rk4-3/8' | 'rk4-classic';
  /** Index of the initial row: t = offset dt. To continue a table, its last row and that row's index. Default 0. */
  readonly offset?: number;
  readonly out?: Numbers;
  readonly engine?: Engine;
}

const METHODS = ['euler', 'midpoint', 'rk4-3/8', 'rk4-classic'] as const;
const METHOD_CODES = {
  euler: EULER,
  midpoint: MIDPOINT,
  'rk4-3/8': RK4_THREE_EIGHTHS,
  'rk4-classic': RK4_CLASSICAL,
} as const;
/** Klambauer et al., arXiv 1706.02515. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/**
 * The rows p(offset dt), p((offset + 1) dt), ...
 * @param initial p at the first row, a Tensor [components, layers, d]
 * @returns float32 [length, components, layers, d], row 0 = initial
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function floaterPositions(initial: Tensor, given: FloaterPositionsOptions): Tensor {
  const o = options('floaterPositions', given, [
    'length',
    'flow',
    'dt',
    'substeps',
    'method',
    'offset',
    'out',
    'engine',
  ]);
  const length = size('length', o.length, 1, 2 ** 24);
  const dt = finite('dt', o.dt, {}, 0.01);
  const substeps = integer('substeps', o.substeps, 1, 2 ** 20, 5);
  const method = METHOD_CODES[oneOf('method', o.method, METHODS, 'rk4-3/8')];
  const offset = integer('offset', o.offset, 0, 2 ** 31 - 1, 0);
  const flow = options('flow', o.flow, ['kind', 'w1', 'b1', 'w2', 'b2']);
  const kind = oneOf('flow.kind', flow.kind, ['linear', 'conv']);
  if (!(initial instanceof Tensor) || initial.shape.length !== 3 || initial.length === 0) {
    throw new PosencError('ERR_SHAPE', 'initial: expected a Tensor [components, layers, d]');
  }
  const engine = chooseEngine(o.engine, initial, flow.w1, flow.b1, flow.w2, flow.b2, o.out);
  const [components, layers, dim] = initial.shape;
  const { hidden, own } = kind === 'linear' ? linear(flow, components * layers, dim) : conv(flow, layers, dim);
  const shape = [length, components, layers, dim];
  const tmp = FLOW_BYTES + 6 * (4 * initial.length + 32) + own;
  if (tmp > engine.scratchBytes) {
    throw new PosencError(
      'ERR_SHAPE',
      `initial: a step needs ${tmp} bytes of scratch, this engine has ${engine.scratchBytes}; createEngine({ scratchBytes })`,
    );
  }
  checkOut(engine, o.out, shape);
  const inputs = [
    ['initial', initial],
    ['flow.w1', flow.w1],
    ['flow.b1', flow.b1],
    ['flow.w2', flow.w2],
    ['flow.b2', flow.b2],
  ] as const;
  for (const [name, x] of inputs) checkOverlap(name, 'out', x, o.out, name === 'initial');
  const table = output(engine, o.out, shape);
  return withOperands(engine, inputs, (p0, w1, b1, w2, b2) => {
    const scratch = engine.scratch();
    const rows = kind === 'linear' ? components * layers : components;
    engine.i32.set(
      [kind === 'linear' ? FLOW_LINEAR : FLOW_CONVOLUTIONAL, w1, b1, w2, b2, rows, layers, dim, hidden],
      scratch >>> 2,
    );
    const n = initial.length;
    engine.kernels.copyRows(table.byteOffset, 4 * n, p0, 4 * n, 1, n, 1);
    // biome-ignore format: one call, grouped as the kernel declares it
    engine.kernels.integrateFlow(
      scratch, table.byteOffset, n, length, substeps, offset, dt, method, SELU_ALPHA, SELU_SCALE, scratch + FLOW_BYTES,
      engine.coefficients,
    );
    return table;
  });
}

/** Room of the record that describes a flow. */
const FLOW_BYTES = 64;

function linear(flow: Flow, rows: number, dim: number): { hidden: number; own: number } {
  const hidden = size('flow.b1', lengthOf('flow.b1', flow.b1), 1);
  checkShapeOf('flow.w1', flow.w1, [hidden, dim + 1]);
  checkShapeOf('flow.w2', flow.w2, [dim, hidden + 1]);
  checkShapeOf('flow.b2', flow.b2, [dim]);
  return { hidden, own: 4 * rows * (dim + hidden + 2) };
}

function conv(flow: Flow, layers: number, dim: number): { hidden: number; own: number } {
  if (dim % 2 !== 0) {
    throw new PosencError(
      'ERR_SHAPE',
      `initial: the convolutional flow halves and doubles d, which must be even: ${dim}`,
    );
  }
  checkShapeOf('flow.w1', flow.w1, [2 * layers, layers + 1, 5]);
  checkShapeOf('flow.b1', flow.b1, [2 * layers]);
  checkShapeOf('flow.w2', flow.w2, [2 * layers + 1, layers, 5]);
  checkShapeOf('flow.b2', flow.b2, [layers]);
  const row = ((dim / 2 + 3) & ~3) + 8;
  return { hidden: 0, own: 4 * row * (4 * layers + 3) };
}
