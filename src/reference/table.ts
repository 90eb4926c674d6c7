/**
 * Rotary tables: cos and sin of position times frequency. RoFormer, arXiv 2104.09864; position streams of M-RoPE, tables
 * rounded to 16 bits, tables of ggml's arguments, and storage orders of other implementations.
 */
import type { Pairing, RotarySpec } from '../rotary/spec.ts';
import type { Positions } from '../runtime/lists.ts';
import { attentionFactor, exactFrequencies, rotaryDims, torchFrequencies, torchPosition } from './frequencies.ts';
import {
  checkGgml,
  type GgmlArguments,
  ggmlAmplitude,
  ggmlAngles,
  ggmlArguments,
  ggmlFrequencies,
  realAmplitude,
} from './ggml.ts';
import { fromFloat16Bits, quarterTurnRate, roundToBfloat16, sincos, sincosAt, toFloat16Bits } from './math.ts';
import {
  asNumbers,
  integerAtLeast,
  onlyKeys,
  type PositionOptions,
  positionList,
  type ReferenceTensor,
  type Shaped,
  shaped,
  tensor,
  word,
} from './result.ts';
import { streamsOf } from './streams.ts';

const TABLE_OPTIONS = ['dtype', 'context', 'length', 'positions', 'offset'];
const TABLE_FROM_OPTIONS = [
  'cos',
  'sin',
  'table',
  'tableLayout',
  'shape',
  'pairing',
  'outputPairing',
  'rotaryOffset',
  'start',
];
const PAIRINGS = ['half', 'interleaved'] as const;
const DTYPES = ['float32', 'float16', 'bfloat16'] as const;
const fl = Math.fround;

export interface ReferenceRotaryTable {
  /** [n, pairs]; [n, 2 * pairs] with partnerAngles. */
  readonly cos: ReferenceTensor;
  readonly sin: ReferenceTensor;
  /** Position of the first row. */
  readonly start: number;
  readonly length: number;
  readonly rotaryDim: number;
  readonly rotaryOffset: number;
  readonly pairing: Pairing;
  readonly outputPairing: Pairing;
  /** Built from `positions`: token t uses row t. */
  readonly rowAligned: boolean;
  /** The second channels of the pairs have columns of their own, after those of the first ones. */
  readonly partnerAngles: boolean;
}

export interface RotaryTableOptions extends PositionOptions {
  /** Numbers rounded to that type, still carried as float32. Default 'float32'. */
  readonly dtype?: 'float32' | 'float16' | 'bfloat16';
  /** Length served, for rules that depend on it (dynamic, dynamic-yarn, longrope). Default: the last position + 1. */
  readonly context?: number;
}

/**
 * The table of a spec for consecutive or given positions, float32 [n, pairs] each. With mropeSection `positions` are the
 * streams one after another. Throws RangeError naming the option.
 */
export function rotaryTable(spec: RotarySpec, options: RotaryTableOptions): ReferenceRotaryTable {
  onlyKeys('rotaryTable', options, TABLE_OPTIONS);
  const precision = word('precision', spec.precision ?? 'exact', ['exact', 'torch', 'ggml']);
  const pairing = word('pairing', spec.pairing ?? 'half', PAIRINGS);
  const outputPairing = word('outputPairing', spec.outputPairing ?? pairing, PAIRINGS);
  const sign = spec.rotationSign ?? 1;
  if (sign !== 1 && sign !== -1) throw new RangeError(`rotationSign: expected 1 or -1, got ${sign}`);
  const { pairs } = rotaryDims(spec);
  const rotaryOffset = integerAtLeast('rotaryOffset', spec.rotaryOffset ?? 0, 0);
  if (rotaryOffset + 2 * pairs > (spec.headDim ?? Number.POSITIVE_INFINITY)) {
    throw new RangeError(`rotaryOffset: ${rotaryOffset} + ${2 * pairs} channels exceed headDim ${spec.headDim}`);
  }
  const list = positionList(options);
  const context = options.context ?? list.reduce((last, p) => Math.max(last, p + 1), 0);
  const amplitude = attentionFactor(spec, context);
  const layout = spec.mropeLayout ?? 'chunked';
  const streams = spec.mropeSection
    ? streamsOf(spec.mropeSection, layout, pairs)
    : Array.from({ length: pairs }, () => 0);
  const tokens = splitStreams(list, options.positions === undefined ? 1 : (spec.mropeSection?.length ?? 1));

  const at = (positions: readonly number[], column: number) => positions[positions.length > 1 ? streams[column] : 0];
  const pairOf = (column: number) => column % pairs;
  let row: (positions: readonly number[]) => { cos: number; sin: number }[];
  if (precision === 'exact') {
    const rates = exactFrequencies(spec, context).map(quarterTurnRate);
    row = (positions) =>
      streams.map((_, column) => {
        const { cos, sin } = sincosAt(at(positions, column), rates[pairOf(column)]);
        return { cos: amplitude * cos, sin: amplitude * sin };
      });
  } else if (precision === 'torch') {
    const frequencies = torchFrequencies(spec, context);
    row = (positions) =>
      streams.map((_, column) => {
        const angle = fl(torchPosition(spec, at(positions, column)) * frequencies[pairOf(column)]);
        return scaled(angle, fl(amplitude));
      });
  } else {
    const { ggml, amplitude: mscale } = ggmlArguments(spec, context);
    const scale = fl(spec.positionScale ?? 1);
    row = (positions) => {
      const scaledPositions = positions.map((p) => fl(fl(p) * scale));
      const half = (from: number) => ggmlAngles(ggml, scaledPositions, streams.slice(from, from + pairs));
      return [half(0), ...(streams.length > pairs ? [half(pairs)] : [])].flat().map((angle) => scaled(angle, mscale));
    };
  }
  const rowAligned = options.positions !== undefined;
  const frame = { rotaryDim: 2 * pairs, rotaryOffset, pairing, outputPairing, rowAligned };
  const start = rowAligned ? 0 : (options.offset ?? 0);
  return {
    ...rows(tokens, streams.length, row, sign, options.dtype),
    ...frame,
    start,
    partnerAngles: streams.length > pairs,
  };
}

function scaled(angle: number, amplitude: number): { cos: number; sin: number } {
  const { cos, sin } = sincos(angle);
  return { cos: fl(cos) * amplitude, sin: fl(sin) * amplitude };
}

/** [streams * n] as n lists of one position per stream. */
function splitStreams(list: readonly number[], streams: number): number[][] {
  if (list.length % streams !== 0) throw new RangeError(`positions: ${list.length} numbers are not ${streams} streams`);
  const n = list.length / streams;
  return Array.from({ length: n }, (_, t) => Array.from({ length: streams }, (_, s) => list[s * n + t]));
}

function rows(
  tokens: readonly (readonly number[])[],
  width: number,
  row: (positions: readonly number[]) => { cos: number; sin: number }[],
  sign: number,
  dtype: RotaryTableOptions['dtype'] = 'float32',
) {
  word('dtype', dtype, DTYPES);
  const round = (x: number): number =>
    dtype === 'float16' ? fromFloat16Bits(toFloat16Bits(fl(x))) : dtype === 'bfloat16' ? roundToBfloat16(x) : x;
  const cos = tensor([tokens.length, width]);
  const sin = tensor([tokens.length, width]);
  tokens.forEach((positions, t) => {
    row(positions).forEach((pair, column) => {
      cos.data[t * width + column] = round(pair.cos);
      sin.data[t * width + column] = round(sign * pair.sin);
    });
  });
  return { cos, sin, length: tokens.length };
}

export interface GgmlRope extends GgmlArguments {
  /** Default 'NORMAL'. */
  readonly mode?: 'NORMAL' | 'NEOX' | 'MROPE' | 'IMROPE' | 'VISION';
  readonly sections?: readonly number[];
  readonly nOffs?: number;
  /** Default 'ggml'. */
  readonly precision?: 'ggml' | 'exact';
}

/** The table ggml_rope_ext would rotate with; positions [T], or [4, T] flat in the modes with sections. */
export function ggmlRotaryTable(
  parameters: GgmlRope,
  options: Omit<RotaryTableOptions, 'context'>,
): ReferenceRotaryTable {
  checkGgml(parameters);
  const { mode = 'NORMAL', sections, nOffs = 0, precision = 'ggml', nDims } = parameters;
  const vision = mode === 'VISION';
  const pairs = vision ? nDims : nDims / 2;
  const multi = sections !== undefined;
  const streams = multi
    ? streamsOf(sections, mode === 'IMROPE' ? 'interleaved' : 'chunked', pairs)
    : Array.from({ length: pairs }, () => 0);
  const restart = (i: number): number | undefined => {
    if (!vision || !sections) return undefined;
    const [t, h, w, e] = sections;
    const sector = i % (t + h + w + e);
    if (sector === 0) return 0;
    if (sector === t) return 1;
    if (sector === t + h) return 2;
    return sector === t + h + w ? 3 : undefined;
  };
  const tokens = splitStreams(positionList(options), multi && options.positions !== undefined ? 4 : 1);
  const amplitude = ggmlAmplitude(parameters);
  let row = (positions: readonly number[]) => {
    const all = positions.length > 1 ? positions : [0, 1, 2, 3].map(() => positions[0]);
    return ggmlAngles(parameters, all, streams, restart).map((angle) => scaled(angle, amplitude));
  };
  if (precision === 'exact') {
    const since = [0, 0, 0, 0];
    const steps = streams.map((stream, i) => {
      for (let s = 0; s < 4; s++) since[s] = restart(i) === s || i === 0 ? 0 : since[s] + 1;
      return since[stream];
    });
    const rates = ggmlFrequencies(parameters, steps).map(quarterTurnRate);
    const real = realAmplitude(parameters);
    row = (positions) =>
      streams.map((stream, i) => {
        const { cos, sin } = sincosAt(positions[positions.length > 1 ? stream : 0], rates[i]);
        return { cos: real * cos, sin: real * sin };
      });
  }
  const pairing: Pairing = mode === 'NORMAL' ? 'interleaved' : 'half';
  const rowAligned = options.positions !== undefined;
  const frame = { rotaryDim: 2 * pairs, rotaryOffset: nOffs, pairing, outputPairing: pairing, rowAligned };
  const start = rowAligned ? 0 : (options.offset ?? 0);
  return { ...rows(tokens, pairs, row, 1, options.dtype), ...frame, start, partnerAngles: false };
}

export type TableLayout =
  | 'half'
  | 'full_duplicated'
  | 'full_interleaved'
  | 'per_channel'
  | 'cos_sin_concat'
  | 'sin_cos_concat'
  | 'cos_sin_interleaved'
  | 'sin_cos_interleaved'
  | 'complex';

/** Where a number of a stored row lies: which function, of which pair, of its first (0) or second (1) channel. */
type Place = readonly ['cos' | 'sin', number, 0 | 1];

/** The places of a row of `layout`, in order. Single layouts are described for cos. */
function places(layout: TableLayout, pairing: Pairing, h: number): Place[] {
  const all = Array.from({ length: h }, (_, i) => i);
  const cos = all.map((i): Place => ['cos', i, 0]);
  const sin = all.map((i): Place => ['sin', i, 0]);
  const second = all.map((i): Place => ['cos', i, 1]);
  const twice = all.flatMap((i): Place[] => [
    ['cos', i, 0],
    ['cos', i, 1],
  ]);
  switch (layout) {
    case 'half':
      return cos;
    case 'full_duplicated':
      return [...cos, ...second];
    case 'full_interleaved':
      return twice;
    case 'per_channel':
      return pairing === 'half' ? [...cos, ...second] : twice;
    case 'cos_sin_concat':
      return [...cos, ...sin];
    case 'sin_cos_concat':
      return [...sin, ...cos];
    case 'sin_cos_interleaved':
      return all.flatMap((i) => [sin[i], cos[i]]);
    default:
      return all.flatMap((i) => [cos[i], sin[i]]);
  }
}

const isJoined = (layout: TableLayout): boolean =>
  layout.includes('_cos') || layout.includes('_sin') || layout === 'complex';

export interface RotaryTableFromOptions {
  /** [n, width], or [..., S, width] with one row per token. */
  readonly cos?: Float32Array | Shaped;
  readonly sin?: Float32Array | Shaped;
  /** Instead of cos and sin in the layouts that hold both. */
  readonly table?: Float32Array | Shaped;
  /** Default 'half'. */
  readonly tableLayout?: TableLayout;
  /** Shape of plain arrays. */
  readonly shape?: readonly number[];
  /** Default 'half'. */
  readonly pairing?: Pairing;
  readonly outputPairing?: Pairing;
  /** Default 0. */
  readonly rotaryOffset?: number;
  /** Position of the first row. Default 0. */
  readonly start?: number;
}

/** A table whose cosines and sines come from elsewhere; amplitudes and signs are taken as they are. */
export function rotaryTableFrom(options: RotaryTableFromOptions): ReferenceRotaryTable {
  onlyKeys('rotaryTableFrom', options, TABLE_FROM_OPTIONS);
  const layout = options.tableLayout ?? 'half';
  const joined = isJoined(layout);
  const pairing = word('pairing', options.pairing ?? 'half', PAIRINGS);
  const given = joined
    ? [shaped('table', options.table!, options.shape)]
    : [shaped('cos', options.cos!, options.shape), shaped('sin', options.sin!, options.shape)];
  const { shape } = given[0];
  const lead = shape.slice(0, layout === 'complex' ? -2 : -1);
  const length = lead.reduce((product, n) => product * n, 1);
  const width = shape.slice(lead.length).reduce((product, n) => product * n, 1);
  const pairs = layout === 'half' ? width : width / 2;
  if (lead.length === 0 || !Number.isInteger(pairs) || given.some(({ data }) => data.length !== length * width)) {
    throw new RangeError(
      `cos, sin: expected two tables [n, width], got ${given.map((x) => `[${x.shape}]`).join(' and ')}`,
    );
  }
  const partnerAngles = layout === 'per_channel';
  const columns = partnerAngles ? 2 * pairs : pairs;
  const order = places(layout, pairing, pairs);
  const read = (name: 'cos' | 'sin') => {
    const result = tensor([length, columns]);
    const { data } = given[joined || name === 'cos' ? 0 : 1];
    for (let t = 0; t < length; t++) {
      order.forEach(([kind, pair, channel], at) => {
        if (joined && kind !== name) return;
        if (channel === 1 && !partnerAngles) return;
        result.data[t * columns + pair + channel * pairs] = data[t * width + at];
      });
    }
    return result;
  };
  return {
    cos: read('cos'),
    sin: read('sin'),
    start: options.start ?? 0,
    length,
    rotaryDim: 2 * pairs,
    rotaryOffset: integerAtLeast('rotaryOffset', options.rotaryOffset ?? 0, 0),
    pairing,
    outputPairing: word('outputPairing', options.outputPairing ?? pairing, PAIRINGS),
    rowAligned: lead.length > 1,
    partnerAngles,
  };
}

/** A table in another storage order: { cos, sin }, or one tensor for the layouts that hold both. */
export function rotaryTableAs(
  table: ReferenceRotaryTable,
  options: { readonly tableLayout: TableLayout },
): ReferenceTensor | { cos: ReferenceTensor; sin: ReferenceTensor } {
  onlyKeys('rotaryTableAs', options, ['tableLayout']);
  const { tableLayout: layout } = options;
  const h = table.rotaryDim / 2;
  const columns = table.partnerAngles ? 2 * h : h;
  const order = places(layout, table.pairing, h);
  const write = (name?: 'cos' | 'sin') => {
    const shape = layout === 'complex' ? [table.length, h, 2] : [table.length, order.length];
    const result = tensor(shape);
    for (let t = 0; t < table.length; t++) {
      order.forEach(([kind, pair, channel], at) => {
        const column = pair + (table.partnerAngles ? channel * h : 0);
        result.data[t * order.length + at] = table[name ?? kind].data[t * columns + column];
      });
    }
    return result;
  };
  return isJoined(layout) ? write() : { cos: write('cos'), sin: write('sin') };
}

/** M-RoPE from consecutive rows: every pair takes the row of its stream (com.microsoft.MRotaryEmbedding). */
export function mropeTableFrom(
  table: ReferenceRotaryTable,
  options: {
    readonly positions: Positions;
    readonly mropeSection: readonly number[];
    readonly mropeLayout?: RotarySpec['mropeLayout'];
  },
): ReferenceRotaryTable {
  onlyKeys('mropeTableFrom', options, ['positions', 'mropeSection', 'mropeLayout']);
  const h = table.rotaryDim / 2;
  const streams = streamsOf(options.mropeSection, options.mropeLayout ?? 'chunked', h);
  const tokens = splitStreams(asNumbers('positions', options.positions), options.mropeSection.length);
  const take = (from: ReferenceTensor) => {
    const result = tensor([tokens.length, streams.length]);
    tokens.forEach((positions, t) => {
      streams.forEach((stream, column) => {
        const row = positions[stream] - table.start;
        if (!Number.isInteger(row) || row < 0 || row >= table.length) {
          throw new RangeError(`positions: ${positions[stream]} has no row in a table of ${table.length}`);
        }
        result.data[t * streams.length + column] = from.data[row * h + (column % h)];
      });
    });
    return result;
  };
  const partnerAngles = streams.length > h;
  return {
    ...table,
    cos: take(table.cos),
    sin: take(table.sin),
    length: tokens.length,
    rowAligned: true,
    partnerAngles,
  };
}
