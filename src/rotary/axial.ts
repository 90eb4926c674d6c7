/**
 * Axial rotary tables: the pairs of a head are divided among the axes of an image or a video, each with its own frequencies
 * and coordinate. RoFormer, arXiv 2104.09864; the models and their differences: axialPresets.ts, docs/rotary-vision.md.
 */

import {
  add,
  addNumber,
  type DD,
  div,
  divNumber,
  exp,
  from,
  LN2,
  ln,
  mul,
  mulNumber,
  PI,
  sub,
  TWO_PI,
} from '../phase/dd.ts';
import { ddToFloat32, reciprocals, torchPowers } from '../phase/float32.ts';
import { type Ladder, ladderFrom, ladderOf, powers } from '../phase/ladder.ts';
import { checkRoom, laneWriter, type Phases } from '../phase/lanes.ts';
import { memo } from '../phase/memo.ts';
import { boolean, exclusive, finite, integer, oneOf, size, take } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { gate, type Out } from '../runtime/gate.ts';
import { numbers } from '../runtime/lists.ts';
import type { EngineOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { type AxialRows, coordinatesOf, linspace } from './axialGrid.ts';
import { AXIAL_PRESETS, type AxialCoordinates, type AxialFrequencies, type AxialSpec } from './axialPresets.ts';
import type { Pairing } from './spec.ts';
import { makeTable, RotaryTable, type RotaryTableOptions, type TableDtype } from './table.ts';

export type { AxialRows } from './axialGrid.ts';

export interface AxialTableOptions<D extends TableDtype = 'float32'>
  extends AxialRows,
    Pick<RotaryTableOptions<D>, 'dtype' | 'out' | 'engine'> {
  /** The axis whose block this table rotates: for pairingBlocks 'axis', where every axis has a table of its own. */
  readonly axis?: number;
}

export interface AxialAnglesOptions extends AxialRows, EngineOption {
  /** Existing tensor or view to write into, [tokens, pairs]. */
  readonly out?: Out;
}

const SPEC = [
  'preset',
  'headDim',
  'axes',
  'axisDim',
  'axesDim',
  'rotaryOffset',
  'ropeTheta',
  'frequencies',
  'maxFreq',
  'invFreq',
  'coordinateScale',
  'coordinates',
  'axisOrder',
  'gridOrder',
  'gridOffset',
  'order',
  'pairing',
  'pairingBlocks',
  'tiled',
  'precision',
] as const;
const ROWS = ['grid', 'positions', 'referenceGrid', 'prefixTokens', 'suffixTokens', 'repeat'] as const;

/** One column of a table: its frequency by index in the list of all axes, and the coordinate it is multiplied with. */
interface Column {
  readonly frequency: number;
  readonly coordinate: number;
}

interface Axial {
  readonly headDim: number;
  readonly axes: number;
  readonly pairs: number;
  /** Pairs of every axis. */
  readonly widths: readonly number[];
  readonly rotaryOffset: number;
  readonly pairing: Pairing;
  readonly axisBlocks: boolean;
  readonly tiled: boolean;
  readonly single: boolean;
  readonly coordinates: AxialCoordinates;
  readonly gridOrder: readonly number[];
  readonly gridOffset: number | readonly number[];
  readonly coordinateScale: number;
  /** All axes, axis after axis; the coordinate scale is in the ladder, not in float32. */
  readonly ladder: Ladder;
  readonly float32?: Float32Array;
  readonly columns: readonly Column[];
}

/**
 * The table of a grid of patches, or of given coordinates, row-aligned: token t uses row t.
 * cos and sin are correctly rounded in precision 'exact' (the default); 'torch' is the float32 arithmetic checkpoints were
 * trained with.
 * @param spec a preset with headDim, or every rule by itself
 * @param given a `grid`, or `positions` [n, axes]; tokens without a place; dtype
 * @returns cos and sin [tokens, pairs], tokens = prefixTokens + repeat x cells + suffixTokens; with `tiled` the two channels of
 * a pair have their own columns (partnerAngles)
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Su et al., RoFormer, arXiv 2104.09864; Heo et al., arXiv 2403.13298; the code each preset is named after
 * @example
 * const table = axialTable({ preset: 'dinov3', headDim: 64 }, { grid: [14, 14], prefixTokens: 5 });
 * console.log(table.cos.shape); // [ 201, 32 ]
 */
export function axialTable<D extends TableDtype = 'float32'>(
  spec: AxialSpec,
  given: AxialTableOptions<D>,
): RotaryTable<D> {
  const o = take('axialTable', given, [...ROWS, 'axis', 'dtype', 'out', 'engine']);
  const axial = resolve(spec);
  const call = gate('axialTable', o.engine);
  const coordinates = coordinatesOf(call, o, axial);
  const { columns, lead } = blockOf(axial, o.axis);
  const streams = Uint8Array.from(columns, (column) => column.coordinate);
  const used = [...new Set(streams)];
  const source = {
    precision: axial.single ? ('torch' as const) : ('exact' as const),
    pairs: columns.length,
    ladder: chosen(axial, columns),
    ...(axial.single && { float32: Float32Array.from(columns, ({ frequency }) => axial.float32![frequency]) }),
    attentionFactor: 1,
    rotationSign: 1 as const,
    positionScale: axial.coordinateScale,
    positionDivisor: 1,
    ...(used.length > 1 && { streams }),
    partnerAngles: false,
    headDim: axial.headDim,
    rotaryDim: 2 * columns.length,
    rotaryOffset: axial.rotaryOffset + lead,
    pairing: axial.pairing,
    outputPairing: axial.pairing,
  };
  const rows = (axis: number) => ({ positions: everyNth(coordinates, axis, axial.axes) });
  const lists = used.length > 1 ? Array.from({ length: axial.axes }, (_, axis) => rows(axis)) : [rows(used[0])];
  const table = makeTable(call, source, lists, o);
  // the columns of a tiled table are channels: the first ones of all pairs, then the second ones
  return axial.tiled ? new RotaryTable<D>({ ...table, rotaryDim: columns.length, partnerAngles: true }) : table;
}

/**
 * The angles themselves, in radians, float32: what lucidrains' and EfficientLoFTR's code passes around as `freqs`.
 * Each angle is computed in double-double and rounded once; in precision torch as the code does.
 * @param spec a preset with headDim, or every rule by itself
 * @param given a `grid`, or `positions` [n, axes]
 * @returns [tokens, pairs]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Su et al., RoFormer, arXiv 2104.09864; lucidrains/rotary-embedding-torch get_axial_freqs
 * @example
 * console.log(axialAngles({ preset: 'dinov3', headDim: 64 }, { grid: [2, 2] }).shape); // [ 4, 32 ]
 */
export function axialAngles(spec: AxialSpec, given: AxialAnglesOptions): Tensor {
  const o = take('axialAngles', given, [...ROWS, 'out', 'engine']);
  const axial = resolve(spec);
  if (axial.tiled) throw new PosencError('ERR_OPTION', 'tiled: has two angles a pair; take axialTable');
  const call = gate('axialAngles', o.engine);
  const coordinates = coordinatesOf(call, o, axial);
  const { axes, columns } = axial;
  const tokens = coordinates.length / axes;
  const count = columns.length;
  const out = call.output('out', o.out, [tokens, count]);
  const frequencies = new Float64Array(axes * count);
  const list = axial.float32 ?? axial.ladder.hi;
  columns.forEach(({ frequency, coordinate }, i) => {
    frequencies[coordinate * count + i] = list[frequency];
  });
  let scaled = coordinates;
  if (axial.single && axial.coordinateScale !== 1) {
    const by = Math.fround(axial.coordinateScale);
    scaled = coordinates.map((c) => Math.fround(Math.fround(c) * by));
  }
  const phases = { kind: 'sum', axes, frequencies, count, single: axial.single } as const;
  checkRoom(call, phases);
  return call.run((engine) => {
    writeAngles(engine, phases, scaled, tokens, out.pointer);
    return out.tensor;
  });
}

function writeAngles(
  engine: Engine,
  phases: Extract<Phases, { kind: 'sum' }>,
  coordinates: Float64Array,
  tokens: number,
  out: number,
): void {
  const room = { pointer: engine.scratch(), bytes: engine.scratchBytes };
  const writer = laneWriter(engine, phases, 0, phases.count, room);
  for (let token = 0; token < tokens; token += writer.capacity) {
    const n = Math.min(writer.capacity, tokens - token);
    const angles = writer.angles(coordinates, token, n);
    const target = out + 4 * token * phases.count;
    engine.kernels.narrowAngles(angles, writer.padded, phases.count, n, target, 4 * phases.count);
  }
}

/** Every option checked, every default resolved. */
function resolve(given: AxialSpec): Axial {
  const own = take('axial specification', given, SPEC);
  const preset = own.preset === undefined ? undefined : oneOf('preset', own.preset, Object.keys(AXIAL_PRESETS) as []);
  exclusive('axial specification', 'invFreq', 'frequencies', own);
  exclusive('axial specification', 'axisDim', 'axesDim', own);
  const defined = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const spec: AxialSpec =
    preset === undefined ? own : { ...AXIAL_PRESETS[preset as 'pixtral'], ...(defined as object as AxialSpec) };

  const headDim = size('headDim', spec.headDim, 1, 65536);
  const widths = widthsOf(own.axisDim === undefined ? spec : { ...spec, axesDim: own.axesDim }, headDim);
  const axes = widths.length;
  const pairs = widths.reduce((sum, n) => sum + n, 0);
  const rotaryOffset = size('rotaryOffset', spec.rotaryOffset, 0, headDim, 0);
  if (pairs === 0 || rotaryOffset + 2 * pairs > headDim) {
    throw new PosencError(
      'ERR_SHAPE',
      `headDim: ${headDim} channels do not hold axes of ${widths.map((n) => 2 * n).join(', ')} from channel ${rotaryOffset}`,
    );
  }
  const precision = oneOf('precision', spec.precision, ['exact', 'torch'], 'exact');
  const pairing = oneOf('pairing', spec.pairing, ['half', 'interleaved'], 'interleaved');
  const axisBlocks = oneOf('pairingBlocks', spec.pairingBlocks, ['head', 'axis'], 'head') === 'axis';
  const tiled = boolean('tiled', spec.tiled, false);
  const order = oneOf('order', spec.order, ['blocks', 'alternating'], 'blocks');
  if (axisBlocks && (pairing !== 'half' || order !== 'blocks')) {
    throw new PosencError('ERR_OPTION', "pairingBlocks: 'axis' says how 'half' pairing of 'blocks' goes; leave it out");
  }
  if (tiled && (pairing !== 'interleaved' || order !== 'blocks')) {
    throw new PosencError('ERR_OPTION', "tiled: for 'interleaved' pairing of 'blocks'");
  }
  if ((order === 'alternating' || spec.frequencies === 'split') && widths.some((n) => n !== widths[0])) {
    throw new PosencError(
      'ERR_OPTION',
      `axesDim: ${order === 'alternating' ? "order 'alternating'" : "frequencies 'split'"} deals pairs out in turn, so axes are equally wide; got ${widths.map((n) => 2 * n).join(', ')}`,
    );
  }
  const axisOrder = permutation('axisOrder', spec.axisOrder, axes);
  const coordinateScale = finite('coordinateScale', spec.coordinateScale, { min: -1e6, max: 1e6 }, 1);
  return {
    headDim,
    axes,
    pairs,
    widths,
    rotaryOffset,
    pairing,
    axisBlocks,
    tiled,
    single: precision === 'torch',
    coordinates: oneOf('coordinates', spec.coordinates, ['index', 'centered', 'unit'], 'index'),
    gridOrder: permutation('gridOrder', spec.gridOrder, axes),
    gridOffset: spec.gridOffset ?? 0,
    coordinateScale,
    ...frequenciesOf(spec, widths, coordinateScale, precision === 'torch'),
    columns: columnsOf(widths, axisOrder, order, tiled),
  };
}

/** Pairs of every axis: from the widths of all, or as many for each. */
function widthsOf(spec: AxialSpec, headDim: number): readonly number[] {
  const { axesDim } = spec;
  if (axesDim === undefined) {
    const axes = integer('axes', spec.axes, 1, 8, 2);
    // three axes leave channels over by themselves (MiniMax-M3, V-JEPA 2); code with two has widths that divide
    if (spec.axisDim === undefined && axes === 2 && headDim % 4 !== 0) {
      throw new PosencError(
        'ERR_SHAPE',
        `headDim: ${headDim} channels are no two axes of whole pairs; give a multiple of 4, or axisDim, the channels of an axis`,
      );
    }
    const axisDim = size('axisDim', spec.axisDim, 2, 65536, 2 * Math.floor(Math.floor(headDim / axes) / 2));
    if (axisDim % 2 !== 0) throw new PosencError('ERR_SHAPE', `axisDim: expected an even number, got ${axisDim}`);
    return new Array<number>(axes).fill(axisDim / 2);
  }
  let list: readonly number[];
  if (axesDim === 'sixths') {
    const space = 2 * Math.floor(headDim / 6);
    list = [headDim - 2 * space, space, space];
  } else if (axesDim === 'eighths') list = [headDim / 4, (3 * headDim) / 8, (3 * headDim) / 8];
  else if (typeof axesDim === 'string') {
    throw new PosencError('ERR_OPTION', `axesDim: expected widths, 'sixths' or 'eighths', got ${show(axesDim)}`);
  } else list = Array.from(numbers('axesDim', axesDim));
  if (list.length < 1 || list.length > 8 || (spec.axes !== undefined && spec.axes !== list.length)) {
    throw new PosencError('ERR_SHAPE', `axesDim: expected ${spec.axes ?? '1 to 8'} widths, got ${list.length}`);
  }
  return list.map((width, axis) => {
    if (Number.isInteger(width) && width >= 2 && width <= 65536 && width % 2 === 0) return width / 2;
    throw new PosencError('ERR_SHAPE', `axesDim[${axis}]: expected an even number of channels, got ${width}`);
  });
}

/** Where the frequencies of every axis begin in a list of all of them. */
function startsOf(widths: readonly number[]): readonly number[] {
  let sum = 0;
  return widths.map((n) => {
    sum += n;
    return sum - n;
  });
}

function permutation(option: string, value: unknown, axes: number): readonly number[] {
  const list =
    value === undefined ? Array.from({ length: axes }, (_, i) => i) : Array.from(numbers(option, value, axes));
  if (list.some((_, i) => !list.includes(i))) {
    throw new PosencError('ERR_OPTION', `${option}: expected each of 0 to ${axes - 1} once, got [${list.join(', ')}]`);
  }
  return list;
}

/** Frequency and coordinate of every pair; of every channel, first ones before second ones, when tiled. */
function columnsOf(
  widths: readonly number[],
  axisOrder: readonly number[],
  order: 'blocks' | 'alternating',
  tiled: boolean,
): Column[] {
  const starts = startsOf(widths);
  const column = (axis: number, j: number) => ({ frequency: starts[axis] + j, coordinate: axisOrder[axis] });
  if (order === 'alternating') {
    const axes = widths.length;
    return Array.from({ length: axes * widths[0] }, (_, i) => column(i % axes, Math.floor(i / axes)));
  }
  if (!tiled) return everyAxis(widths, column);
  // channel c of an axis has frequency c mod n: pair i has 2i mod n and 2i + 1 mod n
  const half = (second: number) => everyAxis(widths, (axis, j) => column(axis, (2 * j + second) % widths[axis]));
  return [...half(0), ...half(1)];
}

/** The columns a table holds, and how many channels lie before them. */
function blockOf(axial: Axial, given: unknown): { readonly columns: readonly Column[]; readonly lead: number } {
  if (!axial.axisBlocks) {
    if (given !== undefined) {
      throw new PosencError('ERR_OPTION', "axis: only for pairingBlocks 'axis'; this table rotates all axes at once");
    }
    return { columns: axial.columns, lead: 0 };
  }
  if (given === undefined) {
    throw new PosencError(
      'ERR_OPTION',
      `axis: every axis pairs its own channels, so each has a table of its own; give axis 0 to ${axial.axes - 1} and rotate by all of them`,
    );
  }
  const axis = integer('axis', given, 0, axial.axes - 1);
  const start = startsOf(axial.widths)[axis];
  return { columns: axial.columns.slice(start, start + axial.widths[axis]), lead: 2 * start };
}

function chosen(axial: Axial, columns: readonly Column[]): Ladder {
  const { ladder } = axial;
  const list = columns.map(({ frequency }) => frequency);
  if (list.length === ladder.count && list.every((f, i) => f === i)) return ladder;
  return ladderFrom(`${ladder.key} at ${list.join(' ')}`, () =>
    list.map((f): DD => ({ hi: ladder.hi[f], lo: ladder.lo[f] })),
  );
}

function everyNth(values: Float64Array, from: number, step: number): Float64Array {
  return Float64Array.from({ length: values.length / step }, (_, i) => values[i * step + from]);
}

const float32Lists = memo<Float32Array>(64);

/** Frequencies of all axes, axis after axis: exact ones times the coordinate scale, float32 ones without it. */
function frequenciesOf(
  spec: AxialSpec,
  widths: readonly number[],
  coordinateScale: number,
  single: boolean,
): Pick<Axial, 'ladder' | 'float32'> {
  const rule = oneOf(
    'frequencies',
    spec.frequencies,
    ['language', 'split', 'pixel', 'pixel-exponential', 'constant'],
    'language',
  );
  const theta = finite('ropeTheta', spec.ropeTheta, { above: 0 }, 10000);
  const maxFreq = finite('maxFreq', spec.maxFreq, { above: 0 }, 10);
  if (spec.maxFreq !== undefined && spec.invFreq === undefined && !rule.startsWith('pixel')) {
    throw new PosencError('ERR_OPTION', `maxFreq: has no effect with frequencies '${rule}'`);
  }
  const key = `axial ${rule} ${rule.startsWith('pixel') ? maxFreq : theta} ${widths.join(' ')}`;
  let exact: Ladder;
  let float32: (() => Float32Array) | undefined;
  if (spec.invFreq !== undefined) {
    const list = numbers('invFreq', spec.invFreq);
    const pairs = widths.reduce((sum, n) => sum + n, 0);
    const shared = widths.every((n) => n === widths[0]) ? widths[0] : pairs;
    if (list.length !== shared && list.length !== pairs) {
      const either = shared === pairs ? `${pairs} numbers` : `${shared} numbers, or ${pairs}`;
      throw new PosencError('ERR_SHAPE', `invFreq: expected ${either}, got ${list.length}`);
    }
    const all = Array.from({ length: pairs }, (_, i) => list[i % list.length]);
    exact = ladderOf(all);
    float32 = () => Float32Array.from(all);
  } else {
    exact = ladderFrom(key, () => exactRule(rule, theta, maxFreq, widths));
    float32 = () => float32Lists.get(key, () => torchRule(rule, theta, maxFreq, widths));
  }
  if (single) return { ladder: exact, float32: float32() };
  if (coordinateScale === 1) return { ladder: exact };
  const scale = coordinateScale === 2 * Math.PI ? TWO_PI : from(coordinateScale);
  return {
    ladder: ladderFrom(`${exact.key} times ${coordinateScale}`, () =>
      Array.from(exact.hi, (hi, i) => mul({ hi, lo: exact.lo[i] }, scale)),
    ),
  };
}

/** `list(a, j)` for every axis a and every j of its pairs. */
function everyAxis<T>(widths: readonly number[], list: (axis: number, j: number) => T): T[] {
  return widths.flatMap((n, axis) => Array.from({ length: n }, (_, j) => list(axis, j)));
}

function exactRule(rule: AxialFrequencies, theta: number, maxFreq: number, widths: readonly number[]): DD[] {
  const even = (low: DD, high: DD, axis: number, j: number) =>
    widths[axis] === 1 ? low : add(low, divNumber(mulNumber(sub(high, low), j), widths[axis] - 1));
  switch (rule) {
    case 'language': {
      const ladders = widths.map((n) => powers({ base: from(theta), count: n, denominator: n }));
      return everyAxis(widths, (axis, j) => ladders[axis][j]);
    }
    case 'split': {
      const pairs = widths.length * widths[0];
      const ladder = powers({ base: from(theta), count: pairs, denominator: pairs });
      return everyAxis(widths, (axis, j) => ladder[j * widths.length + axis]);
    }
    case 'pixel':
      return everyAxis(widths, (axis, j) => mul(even(from(1), from(maxFreq / 2), axis, j), PI));
    case 'pixel-exponential': {
      const last = addNumber(div(ln(from(maxFreq)), LN2), -1);
      return everyAxis(widths, (axis, j) => mul(exp(mul(even(from(0), last, axis, j), LN2)), PI));
    }
    case 'constant':
      return everyAxis(widths, () => from(1));
  }
}

function torchRule(rule: AxialFrequencies, theta: number, maxFreq: number, widths: readonly number[]): Float32Array {
  const f32 = Math.fround;
  const pi = f32(Math.PI);
  const list = (values: (axis: number, j: number) => number) => Float32Array.from(everyAxis(widths, values));
  switch (rule) {
    case 'language': {
      const ladders = widths.map((n) => reciprocals(torchPowers({ base: theta, count: n, denominator: 2 * n })));
      return list((axis, j) => ladders[axis][j]);
    }
    case 'split': {
      const pairs = widths.length * widths[0];
      const ladder = reciprocals(torchPowers({ base: theta, count: pairs, denominator: 2 * pairs }));
      return list((axis, j) => ladder[j * widths.length + axis]);
    }
    case 'pixel':
      return list((axis, j) => f32(linspace(1, maxFreq / 2, widths[axis], j, f32) * pi));
    case 'pixel-exponential': {
      const last = addNumber(div(ln(from(maxFreq)), LN2), -1).hi;
      return list((axis, j) => f32(ddToFloat32(exp(mulNumber(LN2, linspace(0, last, widths[axis], j, f32)))) * pi));
    }
    case 'constant':
      return list(() => 1);
  }
}
