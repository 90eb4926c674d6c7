/**
 * Models whose positions are not (only) rotary: the options of the encoder that makes their tables, read with the facts of a
 * record. The formulas are in the encoders.
 */
import { show } from '../runtime/errors.ts';
import { checkNumber, isFields, type Json, refuse, type Section } from './read.ts';
import type {
  AlibiFacts,
  BesideFacts,
  ConvolutionalFacts,
  GridFacts,
  LearnedFacts,
  NoneFacts,
  RelativeFacts,
  SidesFacts,
  SinusoidalFacts,
  T5Facts,
  WindowFacts,
} from './records/record.ts';
import { numberAt, readCount, readParameters, valueAt } from './values.ts';

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

/** A family and the options of its encoder, in the names of the encoder. */
export interface FamilyFacts {
  readonly family: Exclude<Family, 'rotary'>;
  readonly parameters: Readonly<Record<string, Json>>;
  readonly note?: string;
  /** Encoder-decoder models whose two sides differ. */
  readonly encoder?: FamilyFacts;
  readonly decoder?: FamilyFacts;
}

/** Facts of every family that is no rotary table. */
export type OtherFacts =
  | AlibiFacts
  | LearnedFacts
  | SinusoidalFacts
  | T5Facts
  | RelativeFacts
  | ConvolutionalFacts
  | WindowFacts
  | SidesFacts
  | NoneFacts;

export function readFamily(section: Section, facts: OtherFacts): FamilyFacts {
  switch (facts.family) {
    case 'alibi':
      return alibi(section, facts);
    case 'learned':
      return learned(section, facts);
    case 'sinusoidal':
      return sinusoidal(section, facts);
    case 't5':
      return t5(section, facts);
    case 'convolutional':
      return convolutional(section, facts);
    case 'window':
      return window(section, facts);
    case 'sides':
      return sides(section, facts);
    case 'none':
      if (facts.unless !== undefined && section.has(facts.unless)) {
        refuse(section.at(facts.unless), 'gives some layers attention, and no record says how it rotates');
      }
      return none(section, facts.reason);
    default:
      return relative(section, facts);
  }
}

const withNote = (facts: FamilyFacts, note: string | undefined): FamilyFacts => (note ? { ...facts, note } : facts);

/** Rotary keys of a model that rotates nothing are said. */
function none(section: Section, note: string): FamilyFacts {
  for (const key of ['rope_theta', 'partial_rotary_factor', 'rope_scaling', 'rope_parameters']) {
    if (!section.has(key)) continue;
    section.get(key);
    section.notes.warn('no-effect', section.at(key), 'no layer of this model rotates anything');
  }
  return { family: 'none', parameters: {}, note };
}

/** Height and width of a number, a pair or { height, width }. */
function pair(section: Section, key: string, value: Json): readonly [number, number] {
  const bounds = { integer: true, min: 1, max: 2 ** 16 };
  const path = section.at(key);
  if (Array.isArray(value) && value.length === 2) {
    return [checkNumber(`${path}[0]`, value[0], bounds), checkNumber(`${path}[1]`, value[1], bounds)];
  }
  if (isFields(value) && Object.hasOwn(value, 'height')) {
    return [checkNumber(`${path}.height`, value.height, bounds), checkNumber(`${path}.width`, value.width, bounds)];
  }
  const side = checkNumber(path, value, bounds);
  return [side, side];
}

function readPair(section: Section, given: GridFacts['image']): readonly [number, number] {
  for (const key of given.keys) {
    const value = valueAt(section, key);
    if (value !== undefined) return pair(section, key, value);
  }
  const { fallback, keys } = given;
  if (fallback === null) return refuse(section.at(keys[0]), 'missing: the size of the image');
  const value = typeof fallback === 'number' ? fallback : [...fallback];
  section.notes.assume(section.at(keys[0]), value, 'default of the model type');
  return pair(section, keys[0], value);
}

/** Rows and columns of patches, and the rows before them. */
export interface Grid {
  readonly grid: readonly [number, number];
  readonly prefix: number;
  readonly patches: number;
}

export function readGrid(section: Section, facts: GridFacts): Grid {
  const more = facts.prefixKeys.map((given) => readCount(section, given, 'the number of tokens before the patches'));
  const prefix = facts.prefix + more.reduce((a, b) => a + b, 0);
  const count = facts.count && numberAt(section, facts.count.keys, { integer: true, min: 1, max: 2 ** 24 })?.value;
  if (facts.count) {
    const patches = count ?? readCount(section, facts.count, 'the number of patches', 1);
    const side = Math.floor(Math.sqrt(patches));
    return { grid: [side, side], prefix, patches };
  }
  if (facts.spectrogram) {
    const { bins, frames, strides } = facts.spectrogram;
    const patch = readCount(section, facts.patch, 'the size of a patch', 1);
    const along = (size: number, stride: number): number => Math.floor((size - patch) / stride) + 1;
    const grid: [number, number] = [
      along(readCount(section, bins, 'the number of frequency bins', 1), readCount(section, strides[0], 'a stride', 1)),
      along(readCount(section, frames, 'the number of frames', 1), readCount(section, strides[1], 'a stride', 1)),
    ];
    return { grid, prefix, patches: grid[0] * grid[1] };
  }
  const image = readPair(section, facts.image);
  const patch = readPair(section, facts.patch);
  const grid: [number, number] = [Math.floor(image[0] / patch[0]), Math.floor(image[1] / patch[1])];
  const frames = facts.frames
    ? Math.floor(
        readCount(section, facts.frames.count, 'the number of frames', 1) /
          readCount(section, facts.frames.tube, 'the frames of one row', 1),
      )
    : 1;
  return { grid, prefix, patches: grid[0] * grid[1] * frames };
}

function beside(section: Section, facts: BesideFacts | undefined): Record<string, Json> {
  if (!facts) return {};
  const on = (key: string | undefined): boolean => key === undefined || (section.boolean(key) ?? true);
  return {
    ...(on(facts.keys?.relativeBias) ? { relativeBias: readParameters(section, facts.relativeBias) } : {}),
    ...(facts.spatialBias && on(facts.keys?.spatialBias)
      ? { spatialBias: readParameters(section, facts.spatialBias) }
      : {}),
  };
}

/** @param max the largest width of a row that is taken */
const rowWidth = (section: Section, facts: { readonly dim: LearnedFacts['dim'] }): number =>
  readCount(section, facts.dim, 'the width of the model', 1);

function learned(section: Section, facts: LearnedFacts): FamilyFacts {
  const more = beside(section, facts.beside);
  if (facts.grid) {
    const { grid, prefix, patches } = readGrid(section, facts.grid);
    const rows = patches + prefix;
    const parameters = {
      maxPositions: rows,
      rows,
      dim: rowWidth(section, facts),
      rowOffset: 0,
      grid: [...grid],
      prefixTokens: prefix,
      ...more,
    };
    return withNote({ family: 'learned', parameters }, facts.note);
  }
  const length = readCount(section, facts.length, 'the number of positions', 1);
  const padding = facts.padding === null ? undefined : readCount(section, facts.padding, 'the row of padded tokens');
  const offset = facts.offsetIsExtra ? 0 : facts.offset;
  const usable = length - (padding === undefined ? offset : padding + 1);
  if (usable < 1) refuse(section.at(facts.length.keys[0]), `${length} rows leave none for a token`);
  const parameters = {
    maxPositions: length,
    rows: facts.offsetIsExtra ? length + facts.offset : length,
    dim: rowWidth(section, facts),
    rowOffset: facts.offset,
    ...(padding !== undefined ? { paddingIdx: padding } : {}),
    usableLength: usable,
    ...more,
  };
  return withNote({ family: 'learned', parameters }, facts.note);
}

function sinusoidal(section: Section, facts: SinusoidalFacts): FamilyFacts {
  const dim = rowWidth(section, facts);
  if (facts.plane) {
    const { variant, normalize, queries, temperature } = facts.plane;
    if (facts.grid) {
      const { grid, prefix, patches } = readGrid(section, facts.grid);
      const sizes = { grid: [...grid], prefixTokens: prefix, rows: patches + prefix };
      return withNote({ family: 'sinusoidal', parameters: { variant, dim, base: 10000, ...sizes } }, facts.note);
    }
    const objectQueries = readCount(section, queries, 'the number of object queries');
    const base = readCount(section, temperature, 'the base of the sines', 1);
    const parameters = { grid: true, variant, dim, base, normalize, objectQueries };
    return withNote({ family: 'sinusoidal', parameters }, facts.note);
  }
  const grid = facts.grid && readGrid(section, facts.grid);
  const length = grid ? grid.patches : readCount(section, facts.length, 'the number of positions', 1);
  const padding = facts.padding === null ? undefined : readCount(section, facts.padding, 'the row of padded tokens');
  const parameters = {
    length,
    dim,
    base: 10000,
    arrangement: facts.arrangement,
    denominator: facts.denominator,
    ...(facts.order ? { order: facts.order } : {}),
    ...(padding !== undefined ? { offset: padding + 1, zeroRow: padding } : {}),
    ...(grid ? { grid: [...grid.grid] } : {}),
  };
  return withNote({ family: 'sinusoidal', parameters }, facts.note);
}

function sides(section: Section, facts: SidesFacts): FamilyFacts {
  const encoder = readFamily(section, facts.encoder);
  const decoder = readFamily(section, facts.decoder);
  return { family: encoder.family, parameters: encoder.parameters, encoder, decoder };
}

function t5(section: Section, facts: T5Facts): FamilyFacts {
  const rows = facts.rows ? learned(section, facts.rows).parameters : {};
  const parameters = {
    ...rows,
    numBuckets: readCount(section, facts.buckets, 'the number of buckets', 2),
    maxDistance: readCount(section, facts.distance, 'the largest distance', 2),
    heads: readCount(section, facts.heads, 'the number of heads', 1),
    ...(facts.softmaxScale ? { softmaxScale: facts.softmaxScale } : {}),
    ...(facts.bidirectional ? { bidirectional: true } : {}),
  };
  return { family: 't5', parameters, note: facts.note };
}

function relative(section: Section, facts: RelativeFacts): FamilyFacts {
  const rows = facts.rows;
  if (rows && facts.needs !== undefined && section.boolean(facts.needs) !== true) {
    return { ...learned(section, rows), note: `${facts.needs} is off` };
  }
  const parameters = readParameters(section, facts.parameters);
  const own = rows && facts.needs === undefined ? learned(section, rows).parameters : {};
  return withNote({ family: facts.family, parameters: { ...own, ...parameters } }, facts.note);
}

function alibi(section: Section, facts: AlibiFacts): FamilyFacts {
  const heads = readCount(section, facts.heads, 'the number of heads', 1);
  const max = numberAt(section, facts.maxBias.keys, { above: 0 })?.value ?? facts.maxBias.fallback;
  const hidden = section.integerOf(['hidden_size', 'd_model', 'n_embd', 'n_embed'], 1, 2 ** 24)?.value;
  const softmax = numberAt(section, ['attn_config.softmax_scale'], { above: 0 })?.value;
  const scale = softmax ?? (hidden === undefined ? undefined : 1 / Math.sqrt(hidden / heads));
  const parameters = {
    heads,
    slopes: facts.slopes,
    alibiBiasMax: max,
    form: facts.form,
    ...(facts.rounding ? { rounding: facts.rounding } : {}),
    ...(scale === undefined ? {} : { softmaxScale: scale }),
  };
  return withNote({ family: 'alibi', parameters }, facts.note);
}

function convolutional(section: Section, facts: ConvolutionalFacts): FamilyFacts {
  const parameters = {
    dim: rowWidth(section, facts),
    kernel: readCount(section, facts.kernel, 'the width of the convolution', 1),
    groups: readCount(section, facts.groups, 'the groups of the convolution', 1),
    ...(facts.layers ? { layers: readCount(section, facts.layers, 'the number of convolutions', 1) } : {}),
    ...beside(section, facts.beside),
  };
  return withNote({ family: 'convolutional', parameters }, facts.note);
}

/** Windows of a grid, stage by stage. */
function window(section: Section, facts: WindowFacts): FamilyFacts {
  const p = readParameters(section, facts.parameters);
  const image = pair(section, 'image_size', p.image);
  const patch = pair(section, 'patch_size', p.patch);
  const grid: [number, number] = [Math.floor(image[0] / patch[0]), Math.floor(image[1] / patch[1])];
  const table = (h: number, w: number): number => (2 * h - 1) * (2 * w - 1);
  if (facts.kind === 'beit') {
    const absolute = p.absolute === true ? grid[0] * grid[1] + 1 : null;
    if (p.relative !== true && p.shared !== true) {
      const rows = absolute ?? 0;
      const parameters = { maxPositions: rows, rows, dim: section.integer('hidden_size', 1) ?? 768, rowOffset: 0 };
      if (absolute === null) return none(section, 'neither absolute rows nor relative biases are on');
      return { family: 'learned', parameters: { ...parameters, grid: [...grid], prefixTokens: 1 } };
    }
    const parameters = { kind: 'beit', window: grid, heads: p.heads, tableRows: table(...grid) + 3, shared: p.shared };
    return { family: 'window', parameters: { ...parameters, absoluteRows: absolute } };
  }
  if (facts.kind === 'decomposed') {
    const side = p.window as number;
    const parameters = {
      kind: 'decomposed',
      grid,
      window: [side, side],
      heads: p.heads,
      relative: p.relative,
      absoluteRows: p.absolute === true ? grid[0] * grid[1] : null,
    };
    return withNote({ family: 'window', parameters }, facts.note);
  }
  const side = pair(section, 'window_size', p.window);
  if (!Array.isArray(p.layersPerStage) || !Array.isArray(p.heads) || p.layersPerStage.length > 16) {
    return refuse(section.at('depths'), `expected one number for each stage, got ${show(p.layersPerStage)}`);
  }
  const windows = p.layersPerStage.map((_, stage) => {
    const smallest = Math.min(...grid.map((n) => Math.max(1, Math.floor(n / 2 ** stage))));
    return Math.min(side[0], smallest);
  });
  const parameters = {
    kind: facts.kind,
    window: [...side],
    windowsPerStage: windows,
    tableRowsPerStage: windows.map((n) => table(n, n)),
    heads: p.heads,
    layersPerStage: p.layersPerStage,
    ...(p.pretrainedWindows === undefined ? {} : { pretrainedWindows: p.pretrainedWindows }),
    absoluteRows: p.absolute === true ? grid[0] * grid[1] + 1 : null,
  };
  return withNote({ family: 'window', parameters }, facts.note);
}
