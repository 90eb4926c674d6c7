/**
 * Models whose positions are not (only) rotary: the options of the encoder that makes their tables, read with the facts of a
 * record. The formulas are in the encoders.
 */
import { show } from '../runtime/errors.ts';
import { type Calls, relativeCalls } from './calls.ts';
import { type ConfigNode, checkNumber, dropUndefined, isFields, type Json, refuse } from './read.ts';
import type {
  AlibiFacts,
  BesideFacts,
  ChoiceFacts,
  ConfigFacts,
  ConvolutionalFacts,
  GridFacts,
  LearnedFacts,
  RelativeFacts,
  RotaryFacts,
  SidesFacts,
  SinusoidalFacts,
  T5Facts,
  TowerFacts,
  WindowFacts,
  WrapperFacts,
} from './records/record.ts';
import { numberAt, readCount, readGiven, readParameters, valueAt } from './values.ts';

export type Family =
  | 'rotary'
  | 'alibi'
  | 't5'
  | 'deberta'
  | 'xlnet'
  | 'transformer-xl'
  | 'relative'
  | 'sinusoidal'
  | 'learned'
  | 'convolutional'
  | 'window'
  | 'none';

/** A family, what the file says about it, and the functions that compute it. */
export interface FamilyFacts {
  /** What kind of positions these are. */
  readonly family: Exclude<Family, 'rotary'>;
  /** Sizes of tables, scales, counts: facts of the model, options or not. */
  readonly parameters: Readonly<Record<string, Json>>;
  /** What to call, with the options that the file determines. Absent: no function here computes it, and `note` says so. */
  readonly calls?: Calls;
  /** What no key says. */
  readonly note?: string;
  /** Encoder-decoder models whose two sides differ: the encoder. */
  readonly encoder?: FamilyFacts;
  /** The decoder of such a model. */
  readonly decoder?: FamilyFacts;
}

/** Facts of every family that is no rotary table, and no reference to other parts. */
export type OtherFacts = Exclude<ConfigFacts, RotaryFacts | TowerFacts | WrapperFacts | ChoiceFacts>;

export function readFamily(node: ConfigNode, facts: OtherFacts): FamilyFacts {
  switch (facts.family) {
    case 'alibi':
      return alibi(node, facts);
    case 'learned':
      return learned(node, facts);
    case 'sinusoidal':
      return sinusoidal(node, facts);
    case 't5':
      return t5(node, facts);
    case 'convolutional':
      return convolutional(node, facts);
    case 'window':
      return window(node, facts);
    case 'sides':
      return sides(node, facts);
    case 'none':
      if (facts.unless !== undefined && node.has(facts.unless)) {
        refuse(node.at(facts.unless), 'gives some layers attention, and no record says how it rotates');
      }
      return none(node, facts.reason);
    default:
      return relative(node, facts);
  }
}

const withNote = (facts: FamilyFacts, note: string | undefined): FamilyFacts => (note ? { ...facts, note } : facts);

/** Rotary keys of a model that rotates nothing are said. */
function none(node: ConfigNode, note: string): FamilyFacts {
  for (const key of ['rope_theta', 'partial_rotary_factor', 'rope_scaling', 'rope_parameters']) {
    if (!node.has(key)) continue;
    node.get(key);
    node.notes.warn('no-effect', node.at(key), 'no layer of this model rotates anything');
  }
  return { family: 'none', parameters: {}, note };
}

/** Height and width of a number, a pair or { height, width }. */
function pair(node: ConfigNode, key: string, value: Json): readonly [number, number] {
  const bounds = { integer: true, min: 1, max: 2 ** 16 };
  const path = node.at(key);
  if (Array.isArray(value) && value.length === 2) {
    return [checkNumber(`${path}[0]`, value[0], bounds), checkNumber(`${path}[1]`, value[1], bounds)];
  }
  if (isFields(value) && Object.hasOwn(value, 'height')) {
    return [checkNumber(`${path}.height`, value.height, bounds), checkNumber(`${path}.width`, value.width, bounds)];
  }
  const side = checkNumber(path, value, bounds);
  return [side, side];
}

function readPair(node: ConfigNode, given: GridFacts['image']): readonly [number, number] {
  for (const key of given.keys) {
    const value = valueAt(node, key);
    if (value !== undefined) return pair(node, key, value);
  }
  const { fallback, keys } = given;
  if (fallback === null) return refuse(node.at(keys[0]), 'missing: the size of the image');
  const value = typeof fallback === 'number' ? fallback : [...fallback];
  node.assume(keys, value, 'default of the model type');
  return pair(node, keys[0], value);
}

/** Rows and columns of patches, and the rows before them. */
export interface Grid {
  readonly grid: readonly [number, number];
  readonly prefix: number;
  readonly patches: number;
}

export function readGrid(node: ConfigNode, facts: GridFacts): Grid {
  const more = facts.prefixKeys.map((given) => readCount(node, given, 'the number of tokens before the patches'));
  const prefix = facts.prefix + more.reduce((a, b) => a + b, 0);
  const count = facts.count && numberAt(node, facts.count.keys, { integer: true, min: 1, max: 2 ** 24 })?.value;
  if (facts.count) {
    const patches = count ?? readCount(node, facts.count, 'the number of patches', 1);
    const side = Math.floor(Math.sqrt(patches));
    return { grid: [side, side], prefix, patches };
  }
  if (facts.spectrogram) {
    const { bins, frames, strides } = facts.spectrogram;
    const patch = readCount(node, facts.patch, 'the size of a patch', 1);
    const along = (size: number, stride: number): number => Math.floor((size - patch) / stride) + 1;
    const grid: [number, number] = [
      along(readCount(node, bins, 'the number of frequency bins', 1), readCount(node, strides[0], 'a stride', 1)),
      along(readCount(node, frames, 'the number of frames', 1), readCount(node, strides[1], 'a stride', 1)),
    ];
    return { grid, prefix, patches: grid[0] * grid[1] };
  }
  const image = readPair(node, facts.image);
  const patch = readPair(node, facts.patch);
  const grid: [number, number] = [Math.floor(image[0] / patch[0]), Math.floor(image[1] / patch[1])];
  const frames = facts.frames
    ? Math.floor(
        readCount(node, facts.frames.count, 'the number of frames', 1) /
          readCount(node, facts.frames.tube, 'the frames of one row', 1),
      )
    : 1;
  return { grid, prefix, patches: grid[0] * grid[1] * frames };
}

function beside(
  node: ConfigNode,
  facts: BesideFacts | undefined,
): Partial<FamilyFacts> & Pick<FamilyFacts, 'parameters'> {
  const on = (key: string | undefined): boolean => key === undefined || (node.boolean(key) ?? true);
  if (!facts || !on(facts.keys?.relativeBias)) return { parameters: spatialBias(node, facts, on) };
  const relativeBias = readParameters(node, facts.relativeBias);
  const { numBuckets, maxDistance, bidirectional, heads } = relativeBias as Readonly<Record<string, never>>;
  const shape = heads === undefined ? {} : { shape: [numBuckets, heads] as const };
  const buckets = { numBuckets, maxDistance, bidirectional };
  return {
    parameters: { relativeBias, ...spatialBias(node, facts, on) },
    calls: {
      ...(facts.by === 't5Buckets' ? { t5Buckets: buckets } : { t5Bias: { ...buckets, ...shape } }),
      ...(facts.by === 'gatedRelativeBias' ? { gatedRelativeBias: {} } : {}),
    },
  };
}

/** T5's rule over the corners of boxes: t5Bias once more for each axis. */
function spatialBias(
  node: ConfigNode,
  facts: BesideFacts | undefined,
  on: (key: string | undefined) => boolean,
): Record<string, Json> {
  if (!facts?.spatialBias || !on(facts.keys?.spatialBias)) return {};
  return { spatialBias: readParameters(node, facts.spatialBias) };
}

/** @param max the largest width of a row that is taken */
const rowWidth = (node: ConfigNode, facts: { readonly dim: LearnedFacts['dim'] }): number =>
  readCount(node, facts.dim, 'the width of the model', 1);

function learned(node: ConfigNode, facts: LearnedFacts): FamilyFacts {
  const more = beside(node, facts.beside);
  const dim = rowWidth(node, facts);
  if (facts.grid) {
    const { grid, prefix, patches } = readGrid(node, facts.grid);
    const rows = patches + prefix;
    const parameters = { maxPositions: rows, rows, dim, rowOffset: 0, grid: [...grid], prefixTokens: prefix };
    return withNote(
      {
        family: 'learned',
        parameters: { ...parameters, ...more.parameters },
        calls: { ...patchRows(rows, dim), ...more.calls },
      },
      facts.note,
    );
  }
  const length = readCount(node, facts.length, 'the number of positions', 1);
  const padding = facts.padding === null ? undefined : readCount(node, facts.padding, 'the row of padded tokens');
  const offset = facts.offsetIsExtra ? 0 : facts.offset;
  const usable = length - (padding === undefined ? offset : padding + 1);
  if (usable < 1) refuse(node.at(facts.length.keys[0]), `${length} rows leave none for a token`);
  const rows = facts.offsetIsExtra ? length + facts.offset : length;
  const padded = padding === undefined ? undefined : { paddingIdx: padding };
  const parameters = {
    maxPositions: length,
    rows,
    dim,
    rowOffset: facts.offset,
    ...padded,
    usableLength: usable,
    ...more.parameters,
  };
  return withNote(
    { family: 'learned', parameters, calls: { ...tokenRows(rows, dim, facts.offset, padded), ...more.calls } },
    facts.note,
  );
}

/** Rows of tokens: which one each takes, and the table. */
export function tokenRows(
  rows: number,
  dim: number,
  rowOffset: number,
  paddingIdx: { readonly paddingIdx?: number } = {},
): Pick<Calls, 'positionIds' | 'learnedPositions'> {
  const ids = rowOffset === 0 ? paddingIdx : { rowOffset, ...paddingIdx };
  return { positionIds: ids, learnedPositions: { shape: [rows, dim] } };
}

/** Rows of patches: all of them, in order. */
const patchRows = (rows: number, dim: number): Pick<Calls, 'learnedPositions'> => ({
  learnedPositions: { shape: [rows, dim], length: rows },
});

function sinusoidal(node: ConfigNode, facts: SinusoidalFacts): FamilyFacts {
  const dim = rowWidth(node, facts);
  if (facts.plane) return plane(node, facts, facts.plane, dim);
  const grid = facts.grid && readGrid(node, facts.grid);
  const length = grid ? grid.patches : readCount(node, facts.length, 'the number of positions', 1);
  const padding = facts.padding === null ? undefined : readCount(node, facts.padding, 'the row of padded tokens');
  const options = {
    length,
    dim,
    base: 10000,
    arrangement: facts.arrangement,
    denominator: facts.denominator,
    ...(facts.order ? { order: facts.order } : {}),
    ...(padding !== undefined ? { offset: padding + 1, zeroRow: padding } : {}),
  };
  const parameters = grid ? { ...options, grid: [...grid.grid] } : options;
  return withNote({ family: 'sinusoidal', parameters, calls: { sinusoidal: options } }, facts.note);
}

/** Tables over the two axes of a picture. */
function plane(
  node: ConfigNode,
  facts: SinusoidalFacts,
  { variant, normalize, queries, temperature, positionOffset }: NonNullable<SinusoidalFacts['plane']>,
  dim: number,
): FamilyFacts {
  if (variant === 'mae') {
    if (!facts.grid) return refuse(node.at('image_size'), 'the record has no grid of patches');
    const { grid, prefix, patches } = readGrid(node, facts.grid);
    const options = { variant, dim, base: 10000, grid, prefixTokens: prefix };
    const parameters = { ...options, grid: [...grid], rows: patches + prefix };
    return withNote({ family: 'sinusoidal', parameters, calls: { sincos2d: options } }, facts.note);
  }
  const objectQueries = readCount(node, queries, 'the number of object queries');
  const base = readCount(node, temperature, 'the base of the sines', 1);
  const options = { variant, dim, base, normalize, ...(positionOffset === undefined ? {} : { positionOffset }) };
  const parameters = { grid: true, ...options, objectQueries };
  return withNote({ family: 'sinusoidal', parameters, calls: { sincos2d: options } }, facts.note);
}

function sides(node: ConfigNode, facts: SidesFacts): FamilyFacts {
  const encoder = readFamily(node, facts.encoder);
  const decoder = readFamily(node, facts.decoder);
  return { ...encoder, encoder, decoder };
}

function t5(node: ConfigNode, facts: T5Facts): FamilyFacts {
  const rows = facts.rows && learned(node, facts.rows);
  const numBuckets = readCount(node, facts.buckets, 'the number of buckets', 2);
  const maxDistance = readCount(node, facts.distance, 'the largest distance', 2);
  const heads = readCount(node, facts.heads, 'the number of heads', 1);
  const { bidirectional, softmaxScale, note } = facts;
  const parameters = {
    ...rows?.parameters,
    numBuckets,
    maxDistance,
    heads,
    ...(softmaxScale ? { softmaxScale } : {}),
  };
  const side = (both: boolean | undefined): FamilyFacts => {
    const way = both === undefined ? undefined : { bidirectional: both };
    const buckets = { numBuckets, maxDistance, ...way };
    const bias = facts.more ? { t5Buckets: buckets } : { t5Bias: { ...buckets, shape: [numBuckets, heads] as const } };
    return { family: 't5', parameters: { ...parameters, ...way }, calls: { ...rows?.calls, ...bias } };
  };
  if (bidirectional !== undefined || facts.more) return { ...side(bidirectional), note };
  return { ...side(true), parameters, encoder: side(true), decoder: side(false), note };
}

function relative(node: ConfigNode, facts: RelativeFacts): FamilyFacts {
  const rows = facts.rows;
  if (rows && facts.needs !== undefined && node.boolean(facts.needs) !== true) {
    return { ...learned(node, rows), note: `${facts.needs} is off` };
  }
  const parameters = readParameters(node, facts.parameters);
  const own = rows && facts.needs === undefined ? learned(node, rows) : undefined;
  const calls = relativeCalls(facts.kind, parameters);
  const { family, note } = facts;
  return dropUndefined({
    family,
    parameters: { ...own?.parameters, ...parameters },
    calls: calls && { ...own?.calls, ...calls },
    note,
  });
}

function alibi(node: ConfigNode, facts: AlibiFacts): FamilyFacts {
  const heads = readCount(node, facts.heads, 'the number of heads', 1);
  const max = readGiven(node, facts.maxBias, { above: 0 }, 'the exponent of the smallest slope');
  const hidden = node.integerOf(['hidden_size', 'd_model', 'n_embd', 'n_embed'], 1, 2 ** 24)?.value;
  const softmax = numberAt(node, ['attn_config.softmax_scale'], { above: 0 })?.value;
  const scale = softmax ?? (hidden === undefined ? undefined : 1 / Math.sqrt(hidden / heads));
  const { slopes, form, rounding } = facts;
  const options = { heads, slopes, alibiBiasMax: max, form, ...(rounding ? { rounding } : {}) };
  const parameters = scale === undefined ? options : { ...options, softmaxScale: scale };
  return withNote({ family: 'alibi', parameters, calls: { alibi: options } }, facts.note);
}

function convolutional(node: ConfigNode, facts: ConvolutionalFacts): FamilyFacts {
  const dim = rowWidth(node, facts);
  const kernel = readCount(node, facts.kernel, 'the width of the convolution', 1);
  const groups = readCount(node, facts.groups, 'the groups of the convolution', 1);
  if (dim % groups !== 0) refuse(node.at(facts.groups.keys[0]), `${groups} groups do not divide ${dim} channels`);
  const more = beside(node, facts.beside);
  const layers = facts.layers && readCount(node, facts.layers, 'the number of convolutions', 1);
  const stride = facts.stride && readCount(node, facts.stride, 'the stride of the convolution', 1);
  const parameters = {
    dim,
    kernel,
    groups,
    ...(layers === undefined ? {} : { layers }),
    ...(stride === undefined ? {} : { stride }),
    ...more.parameters,
  };
  const convPositional = {
    groups,
    weightShape: [dim, dim / groups, kernel] as const,
    ...(layers === undefined ? {} : { activation: 'none' as const }),
  };
  const calls = stride === undefined ? { convPositional, ...more.calls } : undefined;
  return dropUndefined({ family: 'convolutional' as const, parameters, calls, note: facts.note });
}

/** Windows of a grid: biases of a table over the differences of rows and columns. */
function window(node: ConfigNode, facts: WindowFacts): FamilyFacts {
  const p = readParameters(node, facts.parameters);
  const image = pair(node, 'image_size', p.image);
  const patch = pair(node, 'patch_size', p.patch);
  const grid: [number, number] = [Math.floor(image[0] / patch[0]), Math.floor(image[1] / patch[1])];
  if (facts.kind === 'beit') return beit(node, p, grid);
  if (facts.kind === 'decomposed') return decomposed(node, facts, p, grid, patch);
  return shifted(node, facts, facts.kind, p, grid);
}

const entries = (h: number, w: number): number => (2 * h - 1) * (2 * w - 1);

function beit(node: ConfigNode, p: Record<string, Json>, grid: [number, number]): FamilyFacts {
  const absolute = p.absolute === true ? grid[0] * grid[1] + 1 : null;
  const dim = checkNumber(node.at('hidden_size'), p.dim, { integer: true, min: 1, max: 2 ** 24 });
  const rows = absolute === null ? {} : patchRows(absolute, dim);
  if (p.relative !== true && p.shared !== true) {
    if (absolute === null) return none(node, 'neither absolute rows nor relative biases are on');
    const parameters = { maxPositions: absolute, rows: absolute, dim, rowOffset: 0 };
    return { family: 'learned', parameters: { ...parameters, grid: [...grid], prefixTokens: 1 }, calls: rows };
  }
  const tableRows = entries(...grid) + 3;
  const heads = checkNumber(node.at('num_attention_heads'), p.heads, { integer: true, min: 1, max: 65536 });
  const parameters = { kind: 'beit', window: grid, heads, tableRows, shared: p.shared, absoluteRows: absolute };
  const beitBias = { windowSize: grid, shape: [tableRows, heads] as const };
  return { family: 'window', parameters, calls: { ...rows, beitBias } };
}

function decomposed(
  node: ConfigNode,
  facts: WindowFacts,
  p: Record<string, Json>,
  grid: [number, number],
  patch: readonly [number, number],
): FamilyFacts {
  const side = checkNumber(node.at('window_size'), p.window, { integer: true, min: 0, max: 2 ** 16 });
  // rows of another size of image, with one for a class token that is not there
  const trained = p.pretrained === undefined ? undefined : pair(node, 'pretrain_image_size', p.pretrained);
  const cells = trained ? Math.floor(trained[0] / patch[0]) * Math.floor(trained[1] / patch[1]) + 1 : grid[0] * grid[1];
  const absoluteRows = p.absolute === true ? cells : null;
  const { heads, relative } = p;
  const parameters = { kind: 'decomposed', grid, window: [side, side], heads, relative, absoluteRows };
  const dim = checkNumber(node.at('hidden_size'), p.dim, { integer: true, min: 1, max: 2 ** 24 });
  const windows = side === 0 ? [] : [{ querySize: [side, side] as const }];
  const calls = {
    ...(absoluteRows === null ? {} : patchRows(absoluteRows, dim)),
    ...(relative === true ? { decomposedRelativeScores: [...windows, { querySize: grid }] } : {}),
  };
  if (Object.keys(calls).length === 0) return none(node, 'neither absolute rows nor relative biases are on');
  return withNote({ family: 'window', parameters, calls }, facts.note);
}

/** Swin: windows that shift, stage by stage. */
function shifted(
  node: ConfigNode,
  facts: WindowFacts,
  kind: 'swin' | 'swinv2-cpb',
  p: Record<string, Json>,
  grid: [number, number],
): FamilyFacts {
  const side = pair(node, 'window_size', p.window);
  const stages = (name: string, value: Json, from: number): number[] => {
    const list = Array.isArray(value) && value.length >= 1 && value.length <= 16 ? value : undefined;
    if (list === undefined) refuse(node.at(name), `expected one number for each stage, got ${show(value)}`);
    return list.map((n, stage) => {
      return checkNumber(`${node.at(name)}[${stage}]`, n, { integer: true, min: from, max: 65536 });
    });
  };
  const layersPerStage = stages('depths', p.layersPerStage, 0);
  const heads = stages('num_heads', p.heads, 1);
  const pretrained =
    p.pretrainedWindows === undefined ? undefined : stages('pretrained_window_sizes', p.pretrainedWindows, 0);
  for (const [name, list] of [
    ['num_heads', heads],
    ['pretrained_window_sizes', pretrained ?? heads],
  ] as const) {
    if (list.length === layersPerStage.length) continue;
    refuse(node.at(name), `${list.length} numbers, but depths has ${layersPerStage.length} stages`);
  }
  const windows = layersPerStage.map((_, stage) => {
    const merged = facts.sameGrid ? 1 : 2 ** stage;
    const smallest = Math.min(...grid.map((n) => Math.max(1, Math.floor(n / merged))));
    return Math.min(side[0], smallest);
  });
  const absoluteRows = p.absolute === true ? grid[0] * grid[1] + 1 : null;
  const parameters = {
    kind,
    window: [...side],
    windowsPerStage: windows,
    tableRowsPerStage: windows.map((n) => entries(n, n)),
    heads,
    layersPerStage,
    ...(pretrained === undefined ? {} : { pretrainedWindows: pretrained }),
    absoluteRows,
  };
  const biases =
    kind === 'swin'
      ? {
          swinBias: windows.map((n, stage) => ({
            windowSize: [n, n] as const,
            shape: [entries(n, n), heads[stage]] as const,
          })),
        }
      : {
          swinV2Bias: windows.map((n, stage) => {
            const before = pretrained?.[stage] ?? 0;
            return {
              windowSize: [n, n] as const,
              ...(before === 0 ? {} : { pretrainedWindowSize: [before, before] as const }),
            };
          }),
        };
  const rows = absoluteRows === null ? {} : patchRows(absoluteRows, node.integer('embed_dim', 1) ?? 96);
  return withNote({ family: 'window', parameters, calls: { ...rows, ...biases } }, facts.note);
}
