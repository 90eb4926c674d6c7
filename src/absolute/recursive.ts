/**
 * Recursive position encodings: each row from the one before. p_(k+1) = f(p_k) (Su, kexue.fm/archives/8130), with f a perceptron
 * of two layers, and the GRU over a time grid that FLOATER (Liu et al., arXiv 2003.09229) compares itself with. For any other f
 * fill a Tensor row by row. A table is continued from its last row, or from the `state` a GRU left behind.
 */
import { boolean, finite, integer, size, take } from '../runtime/arguments.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { type Call, type Floats, gate, type Out } from '../runtime/gate.ts';
import type { EngineOption, OutOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';

export interface RecursivePositionsOptions extends OutOption, EngineOption {
  /** Number of rows, the initial one included. */
  readonly length: number;
  /** Shape [hidden, dim], weights of the first layer, PyTorch's orientation. */
  readonly w1: Floats;
  /** Shape [hidden], bias of the first layer. */
  readonly b1: Floats;
  /** Shape [dim, hidden], weights of the second layer. */
  readonly w2: Floats;
  /** Shape [dim], bias of the second layer. */
  readonly b2: Floats;
  /** p_(k+1) = p_k + f(p_k). Default false. */
  readonly residual?: boolean;
}

/**
 * Rows p_0, f(p_0), f(f(p_0)) ... of f(p) = W2 tanh(W1 p + b1) + b2.
 * Products are float32 in a fixed order, tanh is rounded once.
 * @param initial p_0, [dim]; the last row of a table continues it
 * @param given the two layers w1, b1, w2, b2 and `length` rows
 * @returns float32 [length, dim], row 0 = initial
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Su, kexue.fm/archives/8130
 * @example
 * const identity = Tensor.from([1, 0, 0, 1], [2, 2]);
 * const b = Tensor.zeros([2]);
 * const rows = recursivePositions(Tensor.from([1, 0], [2]), { length: 3, w1: identity, b1: b, w2: identity, b2: b });
 * console.log(rows.shape); // [ 3, 2 ]
 */
export function recursivePositions(initial: Floats, given: RecursivePositionsOptions): Tensor {
  const o = take('recursivePositions', given, ['length', 'w1', 'b1', 'w2', 'b2', 'residual', 'out', 'engine']);
  const length = size('length', o.length, 1);
  const residual = boolean('residual', o.residual, false);
  const call = gate('recursivePositions', o.engine);
  const p0 = call.flat('initial', initial);
  const dim = size('initial', p0.length, 1);
  const b1 = call.flat('b1', o.b1);
  const hidden = size('b1', b1.length, 1);
  const w1 = call.sized('w1', o.w1, [hidden, dim]);
  const w2 = call.sized('w2', o.w2, [dim, hidden]);
  const b2 = call.sized('b2', o.b2, [dim]);
  const table = call.output('out', o.out, [length, dim]);
  needScratch(call, 4 * hidden);
  return call.run((engine) => {
    const { kernels, coefficients } = engine;
    const to = table.pointer;
    kernels.copyRows(to, 4 * dim, p0.pointer, 4 * dim, 1, dim, 1);
    // biome-ignore format: one call, grouped as the kernel declares it
    kernels.recurrentMlp(
      to, w1.pointer, b1.pointer, w2.pointer, b2.pointer, dim, hidden, length - 1, residual ? 1 : 0, engine.scratch(),
      coefficients,
    );
    return table.tensor;
  });
}

export interface GruLayer {
  /** [3 dim, inputs]; the first layer has one input, the time. Gates in PyTorch's order r, z, n. */
  readonly weightIh: Floats;
  /** [3 dim, dim]. */
  readonly weightHh: Floats;
  /** [3 dim]. */
  readonly biasIh: Floats;
  /** [3 dim]. */
  readonly biasHh: Floats;
}

export interface GruPositionsOptions extends OutOption, EngineOption {
  /** Number of rows. */
  readonly length: number;
  /** The layers of nn.GRU, the one next to the input first. */
  readonly layers: readonly GruLayer[];
  /** Time of row k is (offset + k) dt, in the network's own unit. Default 0.01. */
  readonly dt?: number;
  /** Index of the first row: where a continued table stands. Default 0. */
  readonly offset?: number;
  /** Receives the hidden state after the last row, [layers, states, dim]; may be the initial state itself. */
  readonly state?: Out;
}

/**
 * FLOATER's recurrent baseline: nn.GRU(1, dim, layers) over the times k dt; row k is the state after consuming its time, the
 * initial state is no row.
 * Products are float32 in a fixed order, the gates are rounded once from float64.
 * @param hidden the initial state [layers, states, dim]: a Tensor or { data, shape }
 * @param given the weights of each of its `layers`, `length` rows, `dt`
 * @returns float32 [length, states, dim]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Liu et al., FLOATER, arXiv 2003.09229; torch.nn.GRU
 * @example
 * const hidden = Tensor.zeros([1, 1, 2]);
 * const layer = { weightIh: new Float32Array(6), weightHh: new Float32Array(12), biasIh: new Float32Array(6), biasHh: new Float32Array(6) };
 * console.log(gruPositions(hidden, { length: 3, layers: [layer] }).shape); // [ 3, 1, 2 ]
 */
export function gruPositions(hidden: Floats, given: GruPositionsOptions): Tensor {
  const o = take('gruPositions', given, ['length', 'layers', 'dt', 'offset', 'state', 'out', 'engine']);
  const length = size('length', o.length, 0, 2 ** 24);
  const dt = finite('dt', o.dt, {}, 0.01);
  const offset = integer('offset', o.offset, 0, 2 ** 31 - 1, 0);
  if (!Array.isArray(o.layers) || o.layers.length === 0) {
    throw new PosencError('ERR_OPTION', `layers: expected one or more GRU layers, got ${show(o.layers)}`);
  }
  const call = gate('gruPositions', o.engine);
  const start = call.input('hidden', hidden);
  if (start.shape.length !== 3 || start.length === 0) {
    throw new PosencError('ERR_SHAPE', `hidden: expected [layers, states, dim], got [${start.shape.join(', ')}]`);
  }
  const [count, states, dim] = start.shape;
  if (count !== o.layers.length) {
    throw new PosencError('ERR_SHAPE', `hidden: ${count} initial states for ${o.layers.length} layers`);
  }
  const layers = Array.from(o.layers, (layer, l) => {
    const given = take(`layers[${l}]`, layer, ['weightIh', 'weightHh', 'biasIh', 'biasHh']);
    const inputs = l === 0 ? 1 : dim;
    return {
      inputs,
      weightIh: call.sized(`layers[${l}].weightIh`, given.weightIh, [3 * dim, inputs]),
      weightHh: call.sized(`layers[${l}].weightHh`, given.weightHh, [3 * dim, dim]),
      biasIh: call.sized(`layers[${l}].biasIh`, given.biasIh, [3 * dim]),
      biasHh: call.sized(`layers[${l}].biasHh`, given.biasHh, [3 * dim]),
    };
  });
  const state =
    o.state === undefined ? undefined : call.output('state', o.state, [count, states, dim], 'float32', start);
  const table = call.output('out', o.out, [length, states, dim]);
  needScratch(call, 4 * TIMES + 24 * dim);
  return call.run((engine) => {
    const { kernels, coefficients } = engine;
    const scratch = engine.scratch();
    const row = 4 * states * dim;
    // the times of a block of rows, then the gates of a block of states
    const times = Math.min(length, TIMES);
    const room = Math.floor((engine.scratchBytes - 4 * TIMES) / (24 * dim));
    layers.forEach(({ inputs, weightIh, weightHh, biasIh, biasHh }, l) => {
      for (let first = 0; first < states; first += room) {
        const n = Math.min(room, states - first);
        const at = table.pointer + 4 * dim * first;
        let h = start.pointer + 4 * dim * (l * states + first);
        for (let t = 0; t < length; t += times) {
          const steps = Math.min(times, length - t);
          const out = at + t * row;
          if (l === 0) for (let i = 0; i < steps; i++) engine.f32[(scratch >>> 2) + i] = (offset + t + i) * dt;
          const [x, xStep, xStride] = l === 0 ? [scratch, 4, 0] : [out, row, 4 * dim];
          // biome-ignore format: one call, grouped as the kernel declares it
          kernels.gruLayer(
            out, row, x, xStep, xStride, inputs, h, weightIh.pointer, weightHh.pointer, biasIh.pointer, biasHh.pointer,
            steps, n, dim, scratch + 4 * TIMES, coefficients,
          );
          h = out + (steps - 1) * row;
        }
      }
      // the next layer overwrites the rows of this one
      if (state !== undefined) {
        const last = length > 0 ? table.pointer + (length - 1) * row : start.pointer + l * row;
        kernels.copyRows(state.pointer + l * row, row, last, row, 1, states * dim, 1);
      }
    });
    return table.tensor;
  });
}

/** Rows whose times are in the arena at once. */
const TIMES = 2048;

function needScratch(call: Call, bytes: number): void {
  const { scratchBytes } = call.engine;
  if (bytes <= scratchBytes) return;
  throw new PosencError(
    'ERR_SHAPE',
    `a step needs ${bytes} bytes of scratch, this engine has ${scratchBytes}; createEngine({ scratchBytes })`,
  );
}
