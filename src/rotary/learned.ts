/**
 * Rotary tables of learned numbers: frequencies per axis and head (RoPE-Mixed, arXiv 2403.13298; timm get_mixed_freqs), and
 * angles that a network computed itself (rotary-embedding-torch apply_learned_rotations).
 */
import { laneTable } from '../phase/lanes.ts';
import { torchRows } from '../phase/plan.ts';
import { integer, oneOf, options } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import { numbers } from '../runtime/lists.ts';
import { checkOut, chooseEngine, output, shapeOf } from '../runtime/operands.ts';
import { Tensor } from '../runtime/tensor.ts';
import { type AxialRows, coordinatesOf } from './axialGrid.ts';
import type { Pairing, Precision } from './spec.ts';
import { RotaryTable } from './table.ts';

interface TableOut {
  /** Existing tensors or views to write into. */
  readonly out?: { readonly cos: Tensor | Float32Array; readonly sin: Tensor | Float32Array };
  readonly engine?: Engine;
}

export interface MixedAxialOptions extends AxialRows, TableOut {
  /** [axes, heads, pairs]; needed for a plain Float32Array. */
  readonly shape?: readonly number[];
  /** Which side of the grid each axis of the frequencies counts along (timm 'xy': [1, 0]). Default [0, 1 ...]: row first. */
  readonly gridOrder?: readonly number[];
  /** Default 'interleaved'. */
  readonly pairing?: Pairing;
  /** First rotated channel. Default 0. */
  readonly rotaryOffset?: number;
  /** 'exact': products and sum in float64. 'torch': in float32. Default 'exact'. */
  readonly precision?: Exclude<Precision, 'ggml'>;
}

/**
 * A table whose angles are the sum over the axes of coordinate x learned frequency, for every head its own.
 * @param frequencies [axes, heads, pairs] in radians per cell
 * @returns cos and sin [heads, tokens, pairs], row-aligned
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 */
export function mixedAxialTable(frequencies: Tensor | Float32Array, given: MixedAxialOptions): RotaryTable {
  const o = options('mixedAxialTable', given, [
    'shape',
    'grid',
    'positions',
    'referenceGrid',
    'prefixTokens',
    'suffixTokens',
    'repeat',
    'gridOrder',
    'pairing',
    'rotaryOffset',
    'precision',
    'out',
    'engine',
  ]);
  const [axes, heads, pairs] = sizes('frequencies', frequencies, o.shape, 3, '[axes, heads, pairs]');
  const single = oneOf('precision', o.precision, ['exact', 'torch'], 'exact') === 'torch';
  const gridOrder =
    o.gridOrder === undefined
      ? Array.from({ length: axes }, (_, i) => i)
      : Array.from(numbers('gridOrder', o.gridOrder, axes));
  if (gridOrder.some((_, i) => !gridOrder.includes(i))) {
    throw new PosencError(
      'ERR_OPTION',
      `gridOrder: expected each of 0 to ${axes - 1} once, got [${gridOrder.join(', ')}]`,
    );
  }
  const list = checkedNumbers('frequencies', frequencies);
  const coordinates = coordinatesOf('mixedAxialTable', o, {
    axes,
    coordinates: 'index',
    gridOrder,
    gridOffset: 0,
    single,
  });
  const tokens = coordinates.length / axes;
  const frame = frameOf(o);
  const engine = chooseEngine(o.engine, frequencies, o.out?.cos, o.out?.sin);
  const { cos, sin } = tensors(engine, o.out, [heads, tokens, pairs]);
  for (let head = 0; head < heads; head++) {
    const own = new Float64Array(axes * pairs);
    for (let axis = 0; axis < axes; axis++) {
      const from = (axis * heads + head) * pairs;
      for (let i = 0; i < pairs; i++) own[axis * pairs + i] = list[from + i];
    }
    const skip = 4 * head * tokens * pairs;
    const target = { sin: sin.byteOffset + skip, cos: cos.byteOffset + skip, stride: 4 * pairs };
    laneTable(engine, { kind: 'sum', axes, frequencies: own, count: pairs, single }, coordinates, tokens, target);
  }
  return new RotaryTable({ ...frame, cos, sin, start: undefined, length: tokens, rotaryDim: 2 * pairs, heads });
}

export interface RotaryTableFromAnglesOptions extends TableOut {
  /** [n, r]; needed for a plain Float32Array. */
  readonly shape?: readonly number[];
  /** Every angle times each of these: n rows of r x freqRanges.length angles. Default [1]. */
  readonly freqRanges?: ArrayLike<number>;
  /** Default 'interleaved'. */
  readonly pairing?: Pairing;
  /** First rotated channel (lucidrains start_index). Default 0. */
  readonly rotaryOffset?: number;
}

/**
 * A table of angles that come from elsewhere: the float32 product angle x range, its cosine and sine rounded once.
 * @param angles [n, r] radians, one row a token
 * @returns cos and sin [n, r x freqRanges.length], row-aligned
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function rotaryTableFromAngles(
  angles: Tensor | Float32Array,
  given: RotaryTableFromAnglesOptions = {},
): RotaryTable {
  const o = options('rotaryTableFromAngles', given, [
    'shape',
    'freqRanges',
    'pairing',
    'rotaryOffset',
    'out',
    'engine',
  ]);
  const [n, r] = sizes('angles', angles, o.shape, 2, '[n, r]');
  const ranges =
    o.freqRanges === undefined ? new Float32Array([1]) : Float32Array.from(numbers('freqRanges', o.freqRanges));
  if (ranges.length === 0) throw new PosencError('ERR_SHAPE', 'freqRanges: expected at least one number, got none');
  const positions = Float64Array.from(checkedNumbers('angles', angles));
  const frame = frameOf(o);
  const engine = chooseEngine(o.engine, angles, o.out?.cos, o.out?.sin);
  const pairs = r * ranges.length;
  const { cos, sin } = tensors(engine, o.out, [n, pairs]);
  // an angle is a position, a range its frequency
  torchRows(engine, ranges, { positions }, 1, 1, {
    store: 'split',
    first: sin.byteOffset,
    second: cos.byteOffset,
    stride: 4 * ranges.length,
  });
  return new RotaryTable({ ...frame, cos, sin, start: undefined, length: n, rotaryDim: 2 * pairs });
}

function sizes(option: string, x: unknown, shape: unknown, rank: number, names: string): readonly number[] {
  const found = shapeOf(option, x, shape);
  if (found.length !== rank) {
    throw new PosencError('ERR_SHAPE', `shape: expected ${names}, got [${found.join(', ')}]`);
  }
  if (found.slice(rank === 3 ? 0 : 1).includes(0)) {
    throw new PosencError('ERR_SHAPE', `shape: expected at least one of each in ${names}, got [${found.join(', ')}]`);
  }
  return found;
}

function checkedNumbers(option: string, x: Tensor | Float32Array): Float32Array {
  const list = x instanceof Tensor ? x.data : x;
  const wrong = list.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new PosencError('ERR_OPTION', `${option}[${wrong}]: expected a finite number, got ${list[wrong]}`);
  return list;
}

function frameOf(o: { readonly pairing?: Pairing; readonly rotaryOffset?: number }) {
  const pairing = oneOf('pairing', o.pairing, ['half', 'interleaved'], 'interleaved');
  return { pairing, outputPairing: pairing, rotaryOffset: integer('rotaryOffset', o.rotaryOffset, 0, 2 ** 24, 0) };
}

function tensors(engine: Engine, given: TableOut['out'], shape: readonly number[]): { cos: Tensor; sin: Tensor } {
  const out = given === undefined ? undefined : options('out', given, ['cos', 'sin']);
  if (out) {
    checkOut(engine, out.cos, shape);
    checkOut(engine, out.sin, shape);
  }
  const cos = output(engine, out?.cos, shape);
  try {
    return { cos, sin: output(engine, out?.sin, shape) };
  } catch (error) {
    if (!out) cos.dispose();
    throw error;
  }
}
