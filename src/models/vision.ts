/**
 * Rotary tables of towers, as far as a configuration determines them: the frequencies that both axes use, and the preset that
 * lays them over the channels.
 */
import { rotaryFrequencies } from '../rotary/frequencies.ts';
import type { Pairing } from '../rotary/spec.ts';
import { checkNumber, dropUndefined, isFields, refuse, type Section } from './read.ts';
import type { TowerFacts } from './records/record.ts';
import { numberAt, readCount } from './values.ts';

export interface VisionRotary {
  readonly modelType: string;
  /** The layout: a preset of axialTable where there is one of that name. */
  readonly variant: string;
  readonly ropeTheta: number;
  /** float32 values, radians per patch. */
  readonly invFreq: readonly number[];
  readonly headDim: number;
  /** 'axis-blocks': one ladder of headDim / 4 for each axis. 'even-odd': one ladder of headDim / 2, even entries for rows, then odd ones for columns. */
  readonly arrangement: 'axis-blocks' | 'even-odd';
  readonly pairing: Pairing;
  /** Rows of class and register tokens before the patches; they do not rotate. */
  readonly prefixTokens: number;
  /** What the patches' coordinates are, when they are not their indices. */
  readonly coordinates?: string;
}

/** undefined: the file does not give the width of a head. */
export function readTower(section: Section, facts: TowerFacts, type: string): VisionRotary | undefined {
  section.string('model_type');
  const prefixes = facts.prefixKeys.map((given) => readCount(section, given, 'the number of register tokens'));
  const given = section.integer('head_dim', 4, 8192);
  // A part of a composite model that gives no size is left out: its class may not be the usual one.
  const sized = [...facts.width.keys, ...facts.heads.keys].some((key) => section.has(key));
  if (given === undefined && !sized && section.path !== '') return undefined;
  const width = numberAt(section, facts.width.keys.slice(0, 1), { integer: true, min: 1, max: 2 ** 20 })?.value;
  const hidden = width ?? readCount(section, facts.width, 'the width of the tower', 1);
  const heads = given === undefined ? readCount(section, facts.heads, 'the number of heads', 1) : undefined;
  const headDim = given ?? hidden / (heads as number);
  if (!Number.isInteger(headDim) || headDim % 4 !== 0 || headDim > 8192) {
    refuse(
      section.at('hidden_size'),
      `${hidden} over ${heads} heads is ${headDim} channels; two axes need a multiple of 4`,
    );
  }
  const ropeTheta = readBase(section) ?? facts.base.value;
  const evenOdd = facts.arrangement === 'even-odd';
  const ladder = rotaryFrequencies({ headDim: evenOdd ? headDim : headDim / 2, ropeTheta, precision: 'torch' });
  const values = Array.from(ladder.float32 as Float32Array);
  const invFreq = evenOdd ? [...values.filter((_, i) => i % 2 === 0), ...values.filter((_, i) => i % 2 === 1)] : values;
  return dropUndefined({
    modelType: type,
    variant: facts.variant,
    ropeTheta,
    invFreq,
    headDim,
    arrangement: facts.arrangement,
    pairing: facts.pairing,
    prefixTokens: facts.prefix + prefixes.reduce((a, b) => a + b, 0),
    coordinates: facts.coordinates,
  });
}

/** The base, at the top or inside a block of the kinds that towers have. */
function readBase(section: Section): number | undefined {
  const theta = section.number('rope_theta', { above: 0 });
  if (!section.has('rope_parameters')) return theta;
  const block = section.get('rope_parameters');
  const path = section.at('rope_parameters');
  if (!isFields(block)) return refuse(path, 'expected an object');
  for (const key of Object.keys(block)) {
    section.notes.consumed.add(`${path}.${key}`);
    if (!['rope_type', 'type', 'rope_theta'].includes(key)) {
      section.notes.complain(`${path}.${key}`, 'not a key of a vision tower');
    }
  }
  const type = block.rope_type ?? block.type ?? 'axial';
  if (type !== 'axial' && type !== 'default') refuse(`${path}.rope_type`, `expected 'axial' or 'default'`);
  if (!Object.hasOwn(block, 'rope_theta')) return theta;
  return checkNumber(`${path}.rope_theta`, block.rope_theta, { above: 0 });
}
