/**
 * Rotary tables: cos and sin of position x frequency, [n, rotaryDim / 2] each. RoFormer, arXiv 2104.09864.
 */
/// <reference lib="esnext.disposable" preserve="true" />
import { exactRows, type Rows, torchRows } from '../phase/plan.ts';
import { type RowOptions, rowsOf } from '../phase/rows.ts';
import { finite, integer, MAX_POSITION, oneOf, options } from '../runtime/arguments.ts';
import { disposable } from '../runtime/dispose.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import { checkOut, chooseEngine, output, shapeOf } from '../runtime/operands.ts';
import { Tensor } from '../runtime/tensor.ts';
import { type RotaryFrequencies, rotaryFrequencies } from './frequencies.ts';
import type { Pairing, RotarySpec } from './spec.ts';

/** cos and sin for applyRotary, and what it needs to know about them. */
export class RotaryTable {
  /** [n, rotaryDim / 2] */
  readonly cos: Tensor;
  readonly sin: Tensor;
  /** Position of row 0; undefined when the rows follow a list of positions (row t then belongs to token t). */
  readonly start: number | undefined;
  /** Number of rows. */
  readonly length: number;
  readonly rotaryDim: number;
  /** First rotated channel of a head. */
  readonly rotaryOffset: number;
  readonly pairing: Pairing;
  readonly outputPairing: Pairing;

  /** @internal */
  constructor(parts: Omit<RotaryTable, 'dispose' | typeof Symbol.dispose>) {
    this.cos = parts.cos;
    this.sin = parts.sin;
    this.start = parts.start;
    this.length = parts.length;
    this.rotaryDim = parts.rotaryDim;
    this.rotaryOffset = parts.rotaryOffset;
    this.pairing = parts.pairing;
    this.outputPairing = parts.outputPairing;
  }

  /** Gives cos and sin back; idempotent. */
  dispose(): void {
    this.cos.dispose();
    this.sin.dispose();
  }

  declare [Symbol.dispose]: () => void;

  static {
    disposable(RotaryTable.prototype);
  }
}

export interface RotaryTableOptions extends RowOptions {
  /**
   * Sequence length the length-dependent rules (dynamic, longrope) choose by. Default: the largest position + 1.
   */
  readonly context?: number;
  /** Existing tensors or views to write into, [n, rotaryDim / 2] each. */
  readonly out?: { readonly cos: Tensor | Float32Array; readonly sin: Tensor | Float32Array };
  readonly engine?: Engine;
}

/**
 * The table of a rotary specification for `length` consecutive positions from `offset`, or for `positions`.
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 */
export function rotaryTable(spec: RotarySpec, given: RotaryTableOptions): RotaryTable {
  const o = options('rotaryTable', given, ['length', 'positions', 'offset', 'context', 'out', 'engine']);
  const { rows, count } = rowsOf('rotaryTable', o);
  const context = integer('context', o.context, 1, MAX_POSITION, Math.max(1, Math.floor(lastPosition(rows)) + 1));
  const frequencies = rotaryFrequencies(spec, { length: context });
  if (frequencies.precision === 'ggml' || frequencies.streams) {
    throw new PosencError(
      'ERR_OPTION',
      `precision: rotaryTable takes 'exact' and 'torch', got '${frequencies.precision}'`,
    );
  }
  const out = o.out === undefined ? undefined : options('out', o.out, ['cos', 'sin']);
  const engine = chooseEngine(o.engine, out?.cos, out?.sin);
  const shape = [count, frequencies.pairs];
  if (out) {
    checkOut(engine, out.cos, shape);
    checkOut(engine, out.sin, shape);
  }
  const cos = output(engine, out?.cos, shape);
  let sin: Tensor;
  try {
    sin = output(engine, out?.sin, shape);
  } catch (error) {
    if (!out) cos.dispose();
    throw error;
  }
  if (count > 0) fill(engine, frequencies, rows, cos, sin);
  return new RotaryTable({
    cos,
    sin,
    start: 'positions' in rows ? undefined : rows.start,
    length: count,
    rotaryDim: frequencies.rotaryDim,
    rotaryOffset: frequencies.rotaryOffset,
    pairing: frequencies.pairing,
    outputPairing: frequencies.outputPairing,
  });
}

function fill(engine: Engine, frequencies: RotaryFrequencies, rows: Rows, cos: Tensor, sin: Tensor): void {
  const target = {
    store: 'split',
    first: sin.byteOffset,
    second: cos.byteOffset,
    stride: 4 * frequencies.pairs,
  } as const;
  if (frequencies.precision === 'exact') {
    exactRows(engine, frequencies.ladder, rows, frequencies.attentionFactor, target);
  } else {
    torchRows(engine, frequencies.float32!, rows, 1, frequencies.attentionFactor, target);
  }
  if (frequencies.rotationSign === -1) {
    // sin of the negated angle; -1 times a number is exact
    const scratch = engine.scratch();
    engine.f32[scratch >>> 2] = -1;
    engine.kernels.multiplyRows(sin.byteOffset, sin.byteOffset, scratch, sin.length, 1, 1);
  }
}

function lastPosition(rows: Rows): number {
  if (!('positions' in rows)) return rows.start + rows.count - 1;
  let last = 0;
  for (const p of rows.positions) if (p > last) last = p;
  return last;
}

/**
 * A table from caches made elsewhere (ONNX cos_cache / sin_cache, flash-attention, gpt-oss): cos and sin [n, rotaryDim / 2].
 * Tensors are used as they are and stay the caller's in name: dispose() of the table disposes them.
 * @throws ERR_OPTION, ERR_SHAPE
 */
export function rotaryTableFrom(given: {
  readonly cos: Tensor | Float32Array;
  readonly sin: Tensor | Float32Array;
  /** [n, rotaryDim / 2]; needed for plain arrays. */
  readonly shape?: readonly number[];
  /** Default 'half'. */
  readonly pairing?: Pairing;
  /** Default: `pairing`. */
  readonly outputPairing?: Pairing;
  /** Default 0. */
  readonly rotaryOffset?: number;
  /** Position of row 0. Default 0. */
  readonly start?: number;
  readonly engine?: Engine;
}): RotaryTable {
  const o = options('rotaryTableFrom', given, [
    'cos',
    'sin',
    'shape',
    'pairing',
    'outputPairing',
    'rotaryOffset',
    'start',
    'engine',
  ]);
  const shape = shapeOf('cos', o.cos, o.shape);
  if (shape.length !== 2) {
    throw new PosencError('ERR_SHAPE', `shape: expected [n, rotaryDim / 2], got [${shape.join(', ')}]`);
  }
  const sinShape = shapeOf('sin', o.sin, o.shape);
  if (sinShape.length !== 2 || sinShape[0] !== shape[0] || sinShape[1] !== shape[1]) {
    throw new PosencError(
      'ERR_SHAPE',
      `sin: expected the shape of cos, [${shape.join(', ')}], got [${sinShape.join(', ')}]`,
    );
  }
  if (shape[1] === 0) throw new PosencError('ERR_SHAPE', 'cos: expected at least one pair, got a width of 0');
  const pairing = oneOf('pairing', o.pairing, ['half', 'interleaved'], 'half');
  const outputPairing = oneOf('outputPairing', o.outputPairing, ['half', 'interleaved'], pairing);
  const rotaryOffset = integer('rotaryOffset', o.rotaryOffset, 0, 2 ** 24, 0);
  const start = finite('start', o.start, {}, 0);
  const engine = chooseEngine(o.engine, o.cos, o.sin);
  const own = (x: Tensor | Float32Array) =>
    x instanceof Tensor
      ? x
      : x.buffer === engine.memory.buffer
        ? output(engine, x, shape)
        : Tensor.from(x, shape, { engine });
  const cos = own(o.cos);
  return new RotaryTable({
    cos,
    sin: own(o.sin),
    start,
    length: shape[0],
    rotaryDim: 2 * shape[1],
    rotaryOffset,
    pairing,
    outputPairing,
  });
}
