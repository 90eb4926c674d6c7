/**
 * From the header of a GGUF file to its normal form: the keys are read by the record of their architecture, which says what
 * the loader and the graph of llama.cpp make of them. records/gguf/facts.ts; llama.cpp src/llama-model.cpp, src/models/.
 */
import type { Precision } from '../rotary/spec.ts';
import { nearest, oneOf, take } from '../runtime/arguments.ts';
import { tokenRows } from './families.ts';
import { type GGUFTensors, Header } from './ggufHeader.ts';
import { usesOf } from './ggufLayers.ts';
import { layerOf, readScaling, specOf } from './ggufRotary.ts';
import { fitting, unreadKeys } from './ggufUnread.ts';
import { headCount, headWidth, softmaxScale } from './ggufWidth.ts';
import { withRotary } from './hf.ts';
import type { Layers } from './layers.ts';
import type { NormalForm, RotaryLayer } from './normalForm.ts';
import { dropUndefined, refuse, shorten } from './read.ts';
import type {
  GgufAlibi,
  GgufLearned,
  GgufNone,
  GgufPositions,
  GgufRecord,
  GgufRotary,
  GgufT5,
  GgufUse,
} from './records/gguf/facts.ts';
import { ggufRecord, ggufRecords } from './records/gguf/index.ts';
import type { QueryScale } from './softmaxScale.ts';

export type { GGUFTensors } from './ggufHeader.ts';

export interface FromGGUFOptions {
  /** Divisors that the file stores beside its weights; needed where its keys ask for them. */
  readonly tensors?: GGUFTensors;
  /** Number of positions (highest + 1); needed by frequencies that depend on it. */
  readonly context?: number;
  /**
   * Reads the file as one of another architecture, by its name in llama.cpp ('llama': interleaved pairs, 'qwen2': half).
   * Every key that looks like positions must then be read, or it is an error.
   */
  readonly as?: string;
  /** Of the tables. Default 'torch'. */
  readonly precision?: Precision;
}

type Part = Partial<NormalForm> & Pick<NormalForm, 'family'>;

/**
 * The positions of a model from the header of its GGUF file, as llama.cpp's loader and graph read it.
 * @param metadata the key-value pairs of the file's header
 * @param options divisors that the file holds as tensors, `context`, `as`, `precision`
 * @returns the normal form: plain data, the same as fromHF gives
 * @throws PosencError ERR_CONFIG naming the key
 * @example
 * const form = fromGGUF({
 *   'general.architecture': 'qwen2',
 *   'qwen2.block_count': 28,
 *   'qwen2.embedding_length': 3584,
 *   'qwen2.attention.head_count': 28,
 *   'qwen2.context_length': 32768,
 * });
 * console.log(form.rotary.headDim, form.rotary.pairing); // 128 half
 */
export function fromGGUF(metadata: object, options: FromGGUFOptions = {}): NormalForm {
  const given = take('fromGGUF', options, ['tensors', 'context', 'as', 'precision']);
  const precision = oneOf('precision', given.precision, ['exact', 'torch', 'ggml'], 'torch');
  const header = new Header(metadata, take('tensors', given.tensors ?? {}, TENSORS));
  const record = recordFor(header, given.as);
  const positions = positionsOf(header, record);
  const part = read(header, record, positions, precision);
  unreadKeys(header, positions, given.as !== undefined);
  return withRotary(
    dropUndefined({
      ...part,
      modelType: header.arch,
      consumed: [...header.notes.consumed],
      assumed: header.notes.assumed,
      warnings: header.notes.warnings,
      source: {},
    }) as Omit<NormalForm, 'rotary'>,
    { context: given.context },
    'fromGGUF(metadata',
  );
}

const TENSORS = ['ropeFreqs', 'ropeFactorsShort', 'ropeFactorsLong', 'positionEmbd'];

function recordFor(header: Header, as: string | undefined): GgufRecord {
  const names = ggufRecords().map(({ arch }) => arch);
  if (as !== undefined) {
    const record = typeof as === 'string' ? ggufRecord(as) : undefined;
    if (record === undefined) {
      const near = typeof as === 'string' ? nearest(as, names) : undefined;
      refuse(
        'as',
        `'${shorten(String(as))}' is not an architecture of llama.cpp${near ? `; did you mean '${near}'?` : ''}`,
      );
    }
    header.notes.assume('general.architecture', as, 'read as that by the option as');
    return record;
  }
  const record = ggufRecord(header.arch);
  if (record !== undefined) return record;
  const fits = fitting(header);
  const keys = fits.unread.length > 0 ? `; no known architecture reads ${fits.unread.map(shorten).join(', ')}` : '';
  const advice =
    fits.names.length > 0
      ? `; pass as: ${fits.names.map((name) => `'${name}' (${describeShort(name)})`).join(' or ')} if the model computes the same`
      : '';
  return refuse(
    'general.architecture',
    `'${shorten(header.arch)}' is not known, and neither is its pairing${keys}${advice}`,
  );
}

function describeShort(name: string): string {
  const record = ggufRecord(name);
  const positions = record && 'family' in record.positions ? record.positions : undefined;
  if (positions?.family !== 'rotary') return positions?.family ?? 'by its keys';
  return positions.mode === 'norm' ? 'interleaved pairs' : 'half';
}

function positionsOf(header: Header, { positions }: GgufRecord): GgufPositions {
  if ('family' in positions) return positions;
  for (const choice of positions) if (choice.when === null || header.holds(choice.when)) return choice.positions;
  return refuse('general.architecture', `no case of '${shorten(header.arch)}' holds for this file`);
}

function read(header: Header, record: GgufRecord, positions: GgufPositions, precision: Precision): Part {
  switch (positions.family) {
    case 'rotary':
      return readRotary(header, positions, precision);
    case 'alibi':
      return readAlibi(header, positions);
    case 'learned':
      return readLearned(header, positions);
    case 't5':
      return readT5(header, positions);
    case 'none':
      return readNone(header, positions);
    default:
      return refuse('general.architecture', `'${record.arch}': ${positions.why}`);
  }
}

function readRotary(header: Header, facts: GgufRotary, precision: Precision): Part {
  const uses = usesOf(header, facts.layers);
  const scaling = readScaling(header, facts);
  const queryScale = queryScaleOf(header, facts);
  const onRotary = queryScale?.appliesTo === 'rotary layers' ? queryScale : undefined;
  const used = facts.tables.filter(({ label }) => uses === undefined || uses.some((use) => labelOf(use) === label));
  if (used.length === 0) {
    return { family: 'none', note: 'no layer of this file rotates', layers: uses && layersOf(uses, {}) };
  }
  const specs = used.map((table) => specOf(header, facts, table, scaling, precision));
  // tables that compute the same are one
  const same = specs.every((spec) => JSON.stringify(spec) === JSON.stringify(specs[0]));
  const names: Record<string, string> = {};
  const layerTypes: Record<string, RotaryLayer> = {};
  for (const [i, { label }] of used.entries()) {
    names[label] = same ? 'default' : label;
    if (same && i > 0) continue;
    layerTypes[names[label]] = layerOf(header, facts, specs[i], scaling, onRotary);
  }
  if (facts.permuted) {
    header.notes.warn(
      'risk',
      'general.architecture',
      `q and k of '${shorten(header.arch)}' are stored permuted: interleaved pairs here, half-split in transformers`,
    );
  }
  return {
    family: 'rotary',
    layerTypes,
    layers: uses && layersOf(uses, names),
    queryScale: queryScale?.appliesTo === 'nope layers' ? queryScale : undefined,
    indexer: indexerOf(header, facts, layerTypes),
    maxPositionEmbeddings: header.whole('context_length', Number.MAX_SAFE_INTEGER),
  };
}

const labelOf = (use: GgufUse): string | undefined => (typeof use === 'string' ? undefined : use.table);

function layersOf(uses: readonly GgufUse[], names: Readonly<Record<string, string>>): Layers {
  const rotary: Record<string, number[]> = {};
  const nope: number[] = [];
  for (const [layer, use] of uses.entries()) {
    const label = labelOf(use);
    if (label !== undefined) (rotary[names[label]] ??= []).push(layer);
    else if (use === 'nope') nope.push(layer);
  }
  return { count: uses.length, rotary, nope };
}

function indexerOf(
  header: Header,
  { indexer }: GgufRotary,
  layerTypes: Readonly<Record<string, RotaryLayer>>,
): NormalForm['indexer'] {
  const headDim = indexer && header.whole('attention.indexer.key_length', 65536);
  if (indexer === undefined || headDim === undefined) return undefined;
  const tables = Object.values(layerTypes);
  const { rotaryDim } = tables[tables.length - 1];
  const { pairing } = indexer;
  return { headDim, rotaryDim, rotaryOffset: indexer.place === 'last' ? headDim - rotaryDim : 0, pairing };
}

function queryScaleOf(header: Header, { queryScale }: GgufRotary): QueryScale | undefined {
  if (queryScale === undefined || (queryScale.when !== undefined && !header.holds(queryScale.when))) return undefined;
  const scale = header.given(queryScale.scale, { min: 0 });
  if (scale === 0) return undefined;
  const length = header.given(queryScale.length, { above: 0 });
  if (queryScale.appliesTo === 'nope layers') {
    return {
      appliesTo: 'nope layers',
      formula: `1 + attnScale * ln(1 + floor((position + ${queryScale.shift}) / floorScale))`,
      parameters: { floorScale: length, attnScale: scale },
    };
  }
  return {
    appliesTo: 'rotary layers',
    formula: '1 + beta * ln(1 + floor(position / originalMaxPositionEmbeddings))',
    parameters: { beta: scale, originalMaxPositionEmbeddings: length },
  };
}

/** Heads, or an error that says what is missing. */
function heads(header: Header): number {
  const count = headCount(header);
  return count ?? refuse(shorten(header.key('attention.head_count')), 'missing');
}

/** The scale of the softmax, where the file gives the width of a head. */
function scaleOf(header: Header, softmax: GgufLearned['softmax'], keys: readonly string[]): { softmaxScale?: number } {
  if (headCount(header) === undefined && !keys.some((name) => header.has(name))) return {};
  if (!header.has('embedding_length') && !keys.some((name) => header.has(name))) return {};
  const width = headWidth(header, keys);
  return { softmaxScale: softmaxScale(header, softmax, width, width) };
}

const KEY_LENGTH = ['attention.key_length'];

function readAlibi(header: Header, { maxBias, symmetric, softmax }: GgufAlibi): Part {
  const slopes = { heads: heads(header), slopes: 'press', alibiBiasMax: header.given(maxBias, { above: 0 }) } as const;
  return {
    family: 'alibi',
    parameters: {
      ...slopes,
      ...(symmetric && { form: 'distance', symmetric }),
      ...scaleOf(header, softmax, KEY_LENGTH),
    },
    calls: { alibi: { ...slopes, form: 'distance' } },
    ...(symmetric && { note: 'both ways: -slope * |i - j|, without a causal mask' }),
    maxPositionEmbeddings: header.whole('context_length', Number.MAX_SAFE_INTEGER),
  };
}

function readLearned(header: Header, { softmax }: GgufLearned): Part {
  const rows =
    header.whole('context_length') ?? refuse(shorten(header.key('context_length')), 'missing: rows of the table');
  const dim =
    header.whole('embedding_length') ?? refuse(shorten(header.key('embedding_length')), 'missing: width of a row');
  return {
    family: 'learned',
    parameters: { maxPositions: rows, dim, rowOffset: 0, usableLength: rows, ...scaleOf(header, softmax, KEY_LENGTH) },
    calls: tokenRows(rows, dim, 0),
    maxPositionEmbeddings: rows,
  };
}

function readT5(header: Header, { maxDistance, decoder }: GgufT5): Part {
  const numBuckets =
    header.whole('attention.relative_buckets_count') ??
    refuse(shorten(header.key('attention.relative_buckets_count')), 'missing: buckets of the bias');
  const buckets = { numBuckets, maxDistance };
  const parameters = { ...buckets, heads: heads(header), softmaxScale: 1 };
  const side = (bidirectional: boolean) => ({
    family: 't5' as const,
    parameters: { ...parameters, bidirectional },
    calls: { t5Bias: { ...buckets, bidirectional, shape: [numBuckets, parameters.heads] as const } },
  });
  return { ...side(true), encoder: side(true), ...(decoder && { decoder: side(false) }) };
}

function readNone(header: Header, { reason, attention }: GgufNone): Part {
  const uses = attention && usesOf(header, attention.layers);
  const scale = attention && scaleOf(header, attention.softmax, attention.head);
  return {
    family: 'none',
    note: reason,
    ...(scale?.softmaxScale !== undefined && { parameters: { softmaxScale: scale.softmaxScale } }),
    ...(uses && { layers: layersOf(uses, {}) }),
  };
}
