/**
 * Rotary tables of towers: the specification that axialTable takes, which tokens do not rotate, and where the patches stand, as
 * far as a configuration determines it.
 */
import { AXIAL_PRESETS, type AxialPreset, type AxialSpec } from '../rotary/axialPresets.ts';
import { rotaryFrequencies } from '../rotary/frequencies.ts';
import type { Pairing, Precision } from '../rotary/spec.ts';
import { readGrid } from './families.ts';
import { type ConfigNode, checkNumber, dropUndefined, isFields, refuse } from './read.ts';
import type { TowerFacts } from './records/record.ts';
import { numberAt, readCount, readGiven } from './values.ts';

/** `axialTable(vision.spec, { ...vision.rows, grid: [rows, columns] })` is the table of one image; or `positions` for a grid. */
export interface VisionRotary {
  /** model_type of the tower. */
  readonly modelType: string;
  /** For axialTable and axialAngles. */
  readonly spec: {
    /** A row of AXIAL_PRESETS. */
    readonly preset: AxialPreset;
    /** Channels of a head. */
    readonly headDim: number;
    /** Base of the frequencies. */
    readonly ropeTheta: number;
    /** The arithmetic that was asked for. */
    readonly precision: 'exact' | 'torch';
  };
  /** For the second argument of axialTable: class and register tokens, and the grid of patches where images have one size. */
  readonly rows: {
    /** Class and register tokens in front, which are not rotated. */
    readonly prefixTokens?: number;
    /** Such tokens at the end. */
    readonly suffixTokens?: number;
    readonly grid?: readonly number[];
  };
  /**
   * Patches come in blocks of so many times so many: `positions` from visionPositions({ gridThw, spatialMergeSize }), of whose
   * three columns axialTable takes the last two.
   */
  readonly spatialMergeSize?: number;
  /** Frames merged into one. */
  readonly temporalMergeSize?: number;
  /** Temporal positions of a second of video. */
  readonly tokensPerSecond?: number;
  /** Base of the frequencies. */
  readonly ropeTheta: number;
  /** float32 values, radians per unit of a coordinate: those of one axis; of all, axis after axis, where they differ (Pixtral). */
  readonly invFreq: readonly number[];
  /** Channels of a head. */
  readonly headDim: number;
  /** How channels pair. */
  readonly pairing: Pairing;
  /** What the patches' coordinates are, when they are not their indices. */
  readonly coordinates?: string;
  /** What else the tower adds. */
  readonly note?: string;
}

/** undefined: the file does not give the width of a head. */
export function readTower(
  node: ConfigNode,
  facts: TowerFacts,
  type: string,
  precision: Precision,
): VisionRotary | undefined {
  node.string('model_type');
  const given = node.integer('head_dim', 4, 8192);
  // A part of a composite model that gives no size is left out: its class may not be the usual one.
  const sized = [...facts.width.keys, ...facts.heads.keys].some((key) => node.has(key));
  if (given === undefined && !sized && node.path !== '') return undefined;
  const prefixes = facts.prefixKeys.map((key) => readCount(node, key, 'the number of register tokens'));
  const prefix = facts.prefix + prefixes.reduce((a, b) => a + b, 0);
  const headDim = given ?? readHeadDim(node, facts);
  const ropeTheta = readBase(node) ?? facts.base.value;
  const preset: Omit<AxialSpec, 'headDim'> = AXIAL_PRESETS[facts.preset];
  return dropUndefined({
    modelType: type,
    spec: { preset: facts.preset, headDim, ropeTheta, precision: precision === 'exact' ? 'exact' : 'torch' } as const,
    rows: dropUndefined({
      prefixTokens: prefix === 0 ? undefined : prefix,
      suffixTokens: facts.suffix,
      grid: gridOf(node, facts),
    }),
    spatialMergeSize: facts.merge && readCount(node, facts.merge, 'the side of a block of patches', 1),
    temporalMergeSize: facts.frames && readCount(node, facts.frames, 'the frames merged into one', 1),
    tokensPerSecond: facts.rate && readGiven(node, facts.rate, { min: 0 }, 'the temporal positions of a second'),
    ropeTheta,
    invFreq: frequencies(preset, headDim, ropeTheta),
    headDim,
    pairing: preset.pairing ?? 'interleaved',
    coordinates: facts.coordinates,
    note: facts.note,
  });
}

function readHeadDim(node: ConfigNode, facts: TowerFacts): number {
  const width = numberAt(node, facts.width.keys.slice(0, 1), { integer: true, min: 1, max: 2 ** 20 })?.value;
  const hidden = width ?? readCount(node, facts.width, 'the width of the tower', 1);
  const heads = readCount(node, facts.heads, 'the number of heads', 1);
  const headDim = hidden / heads;
  if (Number.isInteger(headDim) && headDim % 4 === 0 && headDim <= 8192) return headDim;
  return refuse(
    node.at('hidden_size'),
    `${hidden} over ${heads} heads is ${headDim} channels; two axes need a multiple of 4`,
  );
}

/** Rows and columns of patches, with the frames in front, where the file or its class has a size of images. */
function gridOf(node: ConfigNode, { grid }: TowerFacts): readonly number[] | undefined {
  if (grid === undefined) return undefined;
  if (grid.image.fallback === null && !grid.image.keys.some((key) => node.has(key))) return undefined;
  const { grid: sides, patches } = readGrid(node, { ...grid, prefix: 0, prefixKeys: [] });
  return grid.frames === undefined ? sides : [patches / (sides[0] * sides[1]), ...sides];
}

/** The ladder of one axis; one ladder dealt out to the axes. */
function frequencies(preset: Omit<AxialSpec, 'headDim'>, headDim: number, ropeTheta: number): readonly number[] {
  const axes = preset.axes ?? 2;
  const axisDim = 2 * Math.floor(Math.floor(headDim / axes) / 2);
  const split = preset.frequencies === 'split';
  const spec = { headDim: split ? axes * axisDim : axisDim, ropeTheta, precision: 'torch' } as const;
  const ladder = Array.from(rotaryFrequencies(spec).float32 as Float32Array);
  if (!split) return ladder;
  return Array.from({ length: axes }, (_, axis) => ladder.filter((_, i) => i % axes === axis)).flat();
}

/** The base, at the top or inside a block of the kinds that towers have. */
function readBase(node: ConfigNode): number | undefined {
  const theta = node.number('rope_theta', { above: 0 });
  if (!node.has('rope_parameters')) return theta;
  const block = node.get('rope_parameters');
  const path = node.at('rope_parameters');
  if (!isFields(block)) return refuse(path, 'expected an object');
  for (const key of Object.keys(block)) {
    node.notes.consumed.add(`${path}.${key}`);
    if (!['rope_type', 'type', 'rope_theta'].includes(key)) {
      node.notes.complain(`${path}.${key}`, 'not a key of a vision tower');
    }
  }
  const type = block.rope_type ?? block.type ?? 'axial';
  if (type !== 'axial' && type !== 'default') refuse(`${path}.rope_type`, `expected 'axial' or 'default'`);
  if (!Object.hasOwn(block, 'rope_theta')) return theta;
  return checkNumber(`${path}.rope_theta`, block.rope_theta, { above: 0 });
}
