/**
 * Rotary tables of learned numbers: frequencies per axis and head (RoPE-Mixed, arXiv 2403.13298; timm get_mixed_freqs), and
 * angles that a network computed itself (rotary-embedding-torch apply_learned_rotations).
 */

import { ladderOf } from '../phase/ladder.ts';
import { laneTable } from '../phase/lanes.ts';
import { checkFrequencies, torchRows } from '../phase/plan.ts';
import { integer, oneOf, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Floats, gate, type Place } from '../runtime/gate.ts';
import { type NumberList, showList } from '../runtime/lists.ts';
import type { EngineOption, PairOutOption } from '../runtime/options.ts';
import { type AxialRows, coordinatesOf } from './axialGrid.ts';
import type { Pairing, Precision } from './spec.ts';
import { outPair, RotaryTable } from './table.ts';

interface TableOut extends PairOutOption, EngineOption {}

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
 * cos and sin are correctly rounded in precision 'exact' (the default); 'torch' is the float32 arithmetic checkpoints were
 * trained with.
 * @param frequencies [axes, heads, pairs] in radians per cell
 * @param given a `grid` or `positions`, pairing, precision
 * @returns cos and sin [heads, tokens, pairs], row-aligned
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Heo et al., RoPE-Mixed, arXiv 2403.13298; timm get_mixed_freqs
 * @example
 * const frequencies = goldenGateFrequencies({ heads: 2, pairs: 4, minFrequency: 1, maxFrequency: 20 });
 * console.log(mixedAxialTable(frequencies, { grid: [3, 3] }).cos.shape); // [ 2, 9, 4 ]
 */
export function mixedAxialTable(frequencies: Floats, given: MixedAxialOptions): RotaryTable {
  const o = take('mixedAxialTable', given, [
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
  const call = gate('mixedAxialTable', o.engine);
  const source = call.input('frequencies', frequencies, o.shape);
  const [axes, heads, pairs] = sizes(source, 3, '[axes, heads, pairs]');
  const single = oneOf('precision', o.precision, ['exact', 'torch'], 'exact') === 'torch';
  const gridOrder =
    o.gridOrder === undefined
      ? Array.from({ length: axes }, (_, i) => i)
      : Array.from(call.numbers('gridOrder', o.gridOrder, axes).data);
  if (gridOrder.some((_, i) => !gridOrder.includes(i))) {
    throw new PosencError(
      'ERR_OPTION',
      `gridOrder: expected each of 0 to ${axes - 1} once, got ${showList(gridOrder)}`,
    );
  }
  const list = checkedNumbers(source);
  const coordinates = coordinatesOf(call, o, {
    axes,
    coordinates: 'index',
    gridOrder,
    gridOffset: 0,
    single,
  });
  const tokens = coordinates.length / axes;
  const frame = frameOf(o);
  const { cos, sin } = outPair(call, o.out, [heads, tokens, pairs]);
  return call.run((engine) => {
    for (let head = 0; head < heads; head++) {
      const own = new Float64Array(axes * pairs);
      for (let axis = 0; axis < axes; axis++) {
        const from = (axis * heads + head) * pairs;
        for (let i = 0; i < pairs; i++) own[axis * pairs + i] = list[from + i];
      }
      const skip = 4 * head * tokens * pairs;
      const target = { sin: sin.pointer + skip, cos: cos.pointer + skip, stride: 4 * pairs };
      laneTable(engine, { kind: 'sum', axes, frequencies: own, count: pairs, single }, coordinates, tokens, target);
    }
    const parts = { ...frame, cos: cos.tensor, sin: sin.tensor, start: undefined, length: tokens };
    return new RotaryTable({ ...parts, rotaryDim: 2 * pairs, heads });
  });
}

export interface RotaryTableFromAnglesOptions extends TableOut {
  /** [n, r]; needed for a plain Float32Array. */
  readonly shape?: readonly number[];
  /** Every angle times each of these: n rows of r x freqRanges.length angles. Default [1]. */
  readonly freqRanges?: NumberList;
  /** Default 'interleaved'. */
  readonly pairing?: Pairing;
  /** First rotated channel (lucidrains start_index). Default 0. */
  readonly rotaryOffset?: number;
}

/**
 * A table of angles that come from elsewhere: the float32 product angle x range, its cosine and sine rounded once.
 * @param angles [n, r] radians, one row a token
 * @param given `freqRanges`, pairing, `rotaryOffset`
 * @returns cos and sin [n, r x freqRanges.length], row-aligned
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see lucidrains/rotary-embedding-torch apply_learned_rotations
 * @example
 * const table = rotaryTableFromAngles(Tensor.from([0, Math.PI / 2], [1, 2]));
 * console.log(table.sin.data); // Float32Array(2) [ 0, 1 ]
 */
export function rotaryTableFromAngles(angles: Floats, given: RotaryTableFromAnglesOptions = {}): RotaryTable {
  const o = take('rotaryTableFromAngles', given, ['shape', 'freqRanges', 'pairing', 'rotaryOffset', 'out', 'engine']);
  const call = gate('rotaryTableFromAngles', o.engine);
  const source = call.input('angles', angles, o.shape);
  const [n, r] = sizes(source, 2, '[n, r]');
  const ranges =
    o.freqRanges === undefined ? Float32Array.of(1) : Float32Array.from(call.numbers('freqRanges', o.freqRanges).data);
  if (ranges.length === 0) throw new PosencError('ERR_SHAPE', 'freqRanges: expected at least one number, got none');
  const pairs = r * ranges.length;
  const { cos, sin } = outPair(call, o.out, [n, pairs]);
  checkFrequencies(ladderOf(ranges));
  const positions = checkedNumbers(source);
  const frame = frameOf(o);
  return call.run((engine) => {
    // an angle is a position, a range its frequency
    const target = { store: 'split', first: sin.pointer, second: cos.pointer, stride: 4 * ranges.length } as const;
    torchRows(engine, ranges, { positions }, 1, 1, target);
    const parts = { ...frame, cos: cos.tensor, sin: sin.tensor, start: undefined, length: n };
    return new RotaryTable({ ...parts, rotaryDim: 2 * pairs });
  });
}

function sizes({ shape }: Place, rank: number, names: string): readonly number[] {
  if (shape.length !== rank) {
    throw new PosencError('ERR_SHAPE', `shape: expected ${names}, got [${shape.join(', ')}]`);
  }
  if (shape.slice(rank === 3 ? 0 : 1).includes(0)) {
    throw new PosencError('ERR_SHAPE', `shape: expected at least one of each in ${names}, got [${shape.join(', ')}]`);
  }
  return shape;
}

/** The numbers of an input, finite, in a copy that growth cannot reach. */
function checkedNumbers({ option, values }: Place): Float64Array {
  const list = Float64Array.from(values);
  const wrong = list.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return list;
  throw new PosencError('ERR_OPTION', `${option}[${wrong}]: expected a finite number, got ${list[wrong]}`);
}

function frameOf(o: { readonly pairing?: Pairing; readonly rotaryOffset?: number }) {
  const pairing = oneOf('pairing', o.pairing, ['half', 'interleaved'], 'interleaved');
  return { pairing, outputPairing: pairing, rotaryOffset: integer('rotaryOffset', o.rotaryOffset, 0, 2 ** 24, 0) };
}
