/**
 * FLOATER: positions as the trajectory of a learned differential equation, dp/dt = h(p, t). Liu et al., ICML 2020, arXiv
 * 2003.09229. Row i is p(i dt), integrated with fixed steps. "rk4" of torchdiffeq, which the released code uses, is the 3/8
 * rule, not the classical one. The released models integrate biases of the q, k and v projections: [components, layers, d].
 */

import { finite, integer, oneOf, size, take } from '../runtime/arguments.ts';
import {
  EULER,
  FLOW_CONVOLUTIONAL,
  FLOW_LINEAR,
  MIDPOINT,
  RK4_CLASSICAL,
  RK4_THREE_EIGHTHS,
} from '../runtime/codes.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Call, type Floats, gate, type Place } from '../runtime/gate.ts';
import type { EngineOption, OutOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';

/** The right-hand side h(p, t); time is the last input of both layers. */
export interface Flow {
  /**
   * 'linear' (flow_func_linear): W2 [relu(W1 [p, t] + b1), t] + b2, w1 [hidden, d + 1], w2 [d, hidden + 1].
   * 'conv' (flow_func): Conv1d(5, stride 2) -> SELU -> ConvTranspose1d(5, stride 2) along d, layers as channels, w1
   * [2 layers, layers + 1, 5], w2 [2 layers + 1, layers, 5]; d even.
   */
  readonly kind: 'linear' | 'conv';
  /** Weights of the first layer, in the shape that `kind` says. */
  readonly w1: Floats;
  /** Its bias: [hidden], or [2 layers]. */
  readonly b1: Floats;
  /** Weights of the second layer. */
  readonly w2: Floats;
  /** Its bias: [d], or [layers]. */
  readonly b2: Floats;
}

export interface FloaterPositionsOptions extends OutOption, EngineOption {
  /** Number of rows, the initial one included. */
  readonly length: number;
  /** The learned function h(p, t) that is integrated. */
  readonly flow: Flow;
  /** Time between rows, in the flow's own unit. Default 0.01. */
  readonly dt?: number;
  /** Integration steps between rows. Default 5. */
  readonly substeps?: number;
  /** Default 'rk4-3/8'. */
  readonly method?: 'euler' | 'midpoint' | 'rk4-3/8' | 'rk4-classic';
  /** Index of the initial row: t = offset dt. To continue a table, its last row and that row's index. Default 0. */
  readonly offset?: number;
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
 * Solver steps are float32 in a fixed order, as the code it follows; tanh is rounded once.
 * @param initial p at the first row, [components, layers, d]: a Tensor or { data, shape }
 * @param given the `flow` h(p, t), `length` rows, `dt`, the `method` and its `substeps`
 * @returns float32 [length, components, layers, d], row 0 = initial
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Liu et al., FLOATER, arXiv 2003.09229, section 3; torchdiffeq
 * @example
 * const initial = Tensor.from([1, 0], [1, 1, 2]);
 * const flow = {
 *   kind: 'linear' as const,
 *   w1: new Float32Array(6), // [hidden 2, d + 1]
 *   b1: new Float32Array(2),
 *   w2: new Float32Array(6), // [d, hidden + 1]
 *   b2: Float32Array.of(1, 0), // dp/dt
 * };
 * console.log(floaterPositions(initial, { length: 3, dt: 0.5, flow }).data); // Float32Array(6) [ 1, 0, 1.5000001192092896, 0, 2.000000238418579, 0 ]
 */
export function floaterPositions(initial: Floats, given: FloaterPositionsOptions): Tensor {
  const o = take('floaterPositions', given, ['length', 'flow', 'dt', 'substeps', 'method', 'offset', 'out', 'engine']);
  const length = size('length', o.length, 1, 2 ** 24);
  const dt = finite('dt', o.dt, {}, 0.01);
  const substeps = integer('substeps', o.substeps, 1, 2 ** 20, 5);
  const method = METHOD_CODES[oneOf('method', o.method, METHODS, 'rk4-3/8')];
  const offset = integer('offset', o.offset, 0, 2 ** 31 - 1, 0);
  const flow = take('flow', o.flow, ['kind', 'w1', 'b1', 'w2', 'b2']);
  const kind = oneOf('flow.kind', flow.kind, ['linear', 'conv']);
  const call = gate('floaterPositions', o.engine);
  const p0 = call.input('initial', initial);
  if (p0.shape.length !== 3 || p0.length === 0) {
    throw new PosencError('ERR_SHAPE', `initial: expected [components, layers, d], got [${p0.shape.join(', ')}]`);
  }
  const [components, layers, dim] = p0.shape;
  const placed = kind === 'linear' ? linear(call, flow, components * layers, dim) : conv(call, flow, layers, dim);
  const { w1, b1, w2, b2, hidden, own } = placed;
  const table = call.output('out', o.out, [length, components, layers, dim]);
  const n = p0.length;
  const tmp = FLOW_BYTES + 6 * (4 * n + 32) + own;
  const { scratchBytes } = call.engine;
  if (tmp > scratchBytes) {
    throw new PosencError(
      'ERR_SHAPE',
      `initial: a step needs ${tmp} bytes of scratch, this engine has ${scratchBytes}; createEngine({ scratchBytes })`,
    );
  }
  return call.run((engine) => {
    const scratch = engine.scratch();
    const rows = kind === 'linear' ? components * layers : components;
    const code = kind === 'linear' ? FLOW_LINEAR : FLOW_CONVOLUTIONAL;
    const record = [code, w1.pointer, b1.pointer, w2.pointer, b2.pointer, rows, layers, dim, hidden];
    engine.i32.set(record, scratch >>> 2);
    engine.kernels.copyRows(table.pointer, 4 * n, p0.pointer, 4 * n, 1, n, 1);
    // biome-ignore format: one call, grouped as the kernel declares it
    engine.kernels.integrateFlow(
      scratch, table.pointer, n, length, substeps, offset, dt, method, SELU_ALPHA, SELU_SCALE, scratch + FLOW_BYTES,
      engine.coefficients,
    );
    return table.tensor;
  });
}

/** Room of the record that describes a flow. */
const FLOW_BYTES = 64;

interface PlacedFlow {
  readonly w1: Place;
  readonly b1: Place;
  readonly w2: Place;
  readonly b2: Place;
  readonly hidden: number;
  /** Bytes of the arena that a step needs for itself. */
  readonly own: number;
}

function linear(call: Call, flow: Flow, rows: number, dim: number): PlacedFlow {
  const b1 = call.flat('flow.b1', flow.b1);
  const hidden = size('flow.b1', b1.length, 1);
  return {
    w1: call.sized('flow.w1', flow.w1, [hidden, dim + 1]),
    b1,
    w2: call.sized('flow.w2', flow.w2, [dim, hidden + 1]),
    b2: call.sized('flow.b2', flow.b2, [dim]),
    hidden,
    own: 4 * rows * (dim + hidden + 2),
  };
}

function conv(call: Call, flow: Flow, layers: number, dim: number): PlacedFlow {
  if (dim % 2 !== 0) {
    throw new PosencError(
      'ERR_SHAPE',
      `initial: the convolutional flow halves and doubles d, which must be even: ${dim}`,
    );
  }
  const row = ((dim / 2 + 3) & ~3) + 8;
  return {
    w1: call.sized('flow.w1', flow.w1, [2 * layers, layers + 1, 5]),
    b1: call.sized('flow.b1', flow.b1, [2 * layers]),
    w2: call.sized('flow.w2', flow.w2, [2 * layers + 1, layers, 5]),
    b2: call.sized('flow.b2', flow.b2, [layers]),
    hidden: 0,
    own: 4 * row * (4 * layers + 3),
  };
}
