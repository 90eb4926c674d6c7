/**
 * Recursive position encodings: each row from the one before. p_(k+1) = f(p_k) (Su, kexue.fm/archives/8130), with f a perceptron
 * of two layers, and the GRU over a time grid that FLOATER (Liu et al., arXiv 2003.09229) compares itself with. For any other f
 * fill a Tensor row by row. A table is continued from its last row, or from the `state` a GRU left behind.
 */
import { boolean, finite, integer, options, size } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
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

export interface RecursivePositionsOptions {
  /** Number of rows, the initial one included. */
  readonly length: number;
  /** [hidden, dim] and [hidden]: the first layer, PyTorch's orientation. */
  readonly w1: Numbers;
  readonly b1: Numbers;
  /** [dim, hidden] and [dim]: the second layer. */
  readonly w2: Numbers;
  readonly b2: Numbers;
  /** p_(k+1) = p_k + f(p_k). Default false. */
  readonly residual?: boolean;
  readonly out?: Numbers;
  readonly engine?: Engine;
}

/**
 * Rows p_0, f(p_0), f(f(p_0)) ... of f(p) = W2 tanh(W1 p + b1) + b2.
 * @param initial p_0, [dim]; the last row of a table continues it
 * @returns float32 [length, dim], row 0 = initial
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function recursivePositions(initial: Numbers, given: RecursivePositionsOptions): Tensor {
  const o = options('recursivePositions', given, ['length', 'w1', 'b1', 'w2', 'b2', 'residual', 'out', 'engine']);
  const length = size('length', o.length, 1);
  const residual = boolean('residual', o.residual, false);
  const engine = chooseEngine(o.engine, initial, o.w1, o.b1, o.w2, o.b2, o.out);
  const dim = size('initial', lengthOf('initial', initial), 1);
  const hidden = size('b1', lengthOf('b1', o.b1), 1);
  checkShapeOf('w1', o.w1, [hidden, dim]);
  checkShapeOf('w2', o.w2, [dim, hidden]);
  checkShapeOf('b2', o.b2, [dim]);
  needScratch(engine, 4 * hidden);
  checkOut(engine, o.out, [length, dim]);
  const inputs = [
    ['initial', initial],
    ['w1', o.w1],
    ['b1', o.b1],
    ['w2', o.w2],
    ['b2', o.b2],
  ] as const;
  for (const [name, x] of inputs) checkOverlap(name, 'out', x, o.out, name === 'initial');
  const table = output(engine, o.out, [length, dim]);
  return withOperands(engine, inputs, (p0, w1, b1, w2, b2) => {
    const { kernels } = engine;
    const to = table.byteOffset;
    kernels.copyRows(to, 4 * dim, p0, 4 * dim, 1, dim, 1);
    const { coefficients } = engine;
    kernels.recurrentMlp(to, w1, b1, w2, b2, dim, hidden, length - 1, residual ? 1 : 0, engine.scratch(), coefficients);
    return table;
  });
}

export interface GruLayer {
  /** [3 dim, inputs]; the first layer has one input, the time. Gates in PyTorch's order r, z, n. */
  readonly weightIh: Numbers;
  /** [3 dim, dim]. */
  readonly weightHh: Numbers;
  /** [3 dim]. */
  readonly biasIh: Numbers;
  /** [3 dim]. */
  readonly biasHh: Numbers;
}

export interface GruPositionsOptions {
  /** Number of rows. */
  readonly length: number;
  readonly layers: readonly GruLayer[];
  /** Time of row k is (offset + k) dt. Default 0.01. */
  readonly dt?: number;
  /** Index of the first row: where a continued table stands. Default 0. */
  readonly offset?: number;
  /** Receives the hidden state after the last row, [layers, states, dim]; may be the initial Tensor itself. */
  readonly state?: Tensor;
  readonly out?: Numbers;
  readonly engine?: Engine;
}

/**
 * FLOATER's recurrent baseline: nn.GRU(1, dim, layers) over the times k dt; row k is the state after consuming its time, the
 * initial state is no row.
 * @param hidden the initial state [layers, states, dim]; a Tensor, so that its shape is known
 * @returns float32 [length, states, dim]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function gruPositions(hidden: Tensor, given: GruPositionsOptions): Tensor {
  const o = options('gruPositions', given, ['length', 'layers', 'dt', 'offset', 'state', 'out', 'engine']);
  const length = size('length', o.length, 0, 2 ** 24);
  const dt = finite('dt', o.dt, {}, 0.01);
  const offset = integer('offset', o.offset, 0, 2 ** 31 - 1, 0);
  if (!Array.isArray(o.layers) || o.layers.length === 0) {
    throw new PosencError('ERR_OPTION', `layers: expected one or more GRU layers, got ${show(o.layers)}`);
  }
  if (!(hidden instanceof Tensor) || hidden.shape.length !== 3 || hidden.length === 0) {
    throw new PosencError('ERR_SHAPE', 'hidden: expected a Tensor [layers, states, dim]');
  }
  const [count, states, dim] = hidden.shape;
  if (count !== o.layers.length) {
    throw new PosencError('ERR_SHAPE', `hidden: ${count} initial states for ${o.layers.length} layers`);
  }
  const layers = o.layers.map((layer, l) => {
    const checked = options(`layers[${l}]`, layer, ['weightIh', 'weightHh', 'biasIh', 'biasHh']);
    const inputs = l === 0 ? 1 : dim;
    checkShapeOf(`layers[${l}].weightIh`, checked.weightIh, [3 * dim, inputs]);
    checkShapeOf(`layers[${l}].weightHh`, checked.weightHh, [3 * dim, dim]);
    checkShapeOf(`layers[${l}].biasIh`, checked.biasIh, [3 * dim]);
    checkShapeOf(`layers[${l}].biasHh`, checked.biasHh, [3 * dim]);
    return { inputs, ...checked };
  });
  const weights = layers.flatMap((layer) => [layer.weightIh, layer.weightHh, layer.biasIh, layer.biasHh]);
  const engine = chooseEngine(o.engine, hidden, ...weights, o.state, o.out);
  if (o.state !== undefined) checkShapeOf('state', o.state, [count, states, dim]);
  const shape = [length, states, dim];
  checkOut(engine, o.out, shape);
  for (const x of [hidden, ...weights]) checkOverlap('an input', 'out', x, o.out, false);
  // the times of a block of rows, then the gates of a block of states
  const times = Math.min(length, 2048);
  const room = Math.floor((engine.scratchBytes - 4 * 2048) / (24 * dim));
  needScratch(engine, 4 * 2048 + 24 * dim);
  const table = output(engine, o.out, shape);
  const row = 4 * states * dim;
  withOperands(engine, [['hidden', hidden], ...weights.map((x) => ['layers', x] as const)], (h0, ...pointers) => {
    const { kernels, coefficients } = engine;
    const scratch = engine.scratch();
    layers.forEach(({ inputs }, l) => {
      const [wi, wh, bi, bh] = pointers.slice(4 * l, 4 * l + 4);
      for (let first = 0; first < states; first += room) {
        const n = Math.min(room, states - first);
        const at = table.byteOffset + 4 * dim * first;
        let h = h0 + 4 * dim * (l * states + first);
        for (let t = 0; t < length; t += times) {
          const steps = Math.min(times, length - t);
          const out = at + t * row;
          if (l === 0) for (let i = 0; i < steps; i++) engine.f32[(scratch >>> 2) + i] = (offset + t + i) * dt;
          const [x, xStep, xStride] = l === 0 ? [scratch, 4, 0] : [out, row, 4 * dim];
          // biome-ignore format: one call, grouped as the kernel declares it
          kernels.gruLayer(
            out, row, x, xStep, xStride, inputs, h, wi, wh, bi, bh, steps, n, dim, scratch + 4 * 2048, coefficients,
          );
          h = out + (steps - 1) * row;
        }
      }
      // the next layer overwrites the rows of this one
      if (o.state !== undefined) {
        const last = length > 0 ? table.byteOffset + (length - 1) * row : h0 + l * row;
        kernels.copyRows(o.state.byteOffset + l * row, row, last, row, 1, states * dim, 1);
      }
    });
  });
  return table;
}

function needScratch(engine: Engine, bytes: number): void {
  if (bytes <= engine.scratchBytes) return;
  throw new PosencError(
    'ERR_SHAPE',
    `a step needs ${bytes} bytes of scratch, this engine has ${engine.scratchBytes}; createEngine({ scratchBytes })`,
  );
}
