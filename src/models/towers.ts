/** The vision and audio towers of a composite model: what computes their positions. */
import type { Precision } from '../rotary/spec.ts';
import { type FamilyFacts, readFamily } from './families.ts';
import { type Part, typeOf } from './part.ts';
import { unreadKeys } from './positionKeys.ts';
import { ConfigNode, copyJson, dropUndefined, isFields, shorten } from './read.ts';
import { recordOf, recordOfClass } from './records/index.ts';
import type { ConfigFacts, ModelRecord } from './records/record.ts';
import { choose } from './values.ts';
import { readTower, type VisionRotary } from './vision.ts';

/** A tower with learned rows, windows or convolutions, and its `modelType`. */
export type TowerEncoder = FamilyFacts & { readonly modelType: string };

export interface Towers {
  /** A tower with a rotary table. */
  readonly vision?: VisionRotary;
  readonly visionEncoder?: TowerEncoder;
  readonly audioEncoder?: TowerEncoder;
}

const VISION_KEYS = [
  'vision_config',
  'vision_tower_cfg',
  'vision_tower_config',
  'siglip_config',
  'vit_config',
  'encoder',
];
const AUDIO_KEYS = ['audio_config', 'speech_config', 'audio_encoder_config', 'encoder'];
/** Families that are a tower and not a language model. */
const AUDIO_FAMILIES = ['convolutional', 'sinusoidal', 'relative'];

export function readTowers({ node, around }: Part, precision: Precision): Towers {
  const parents = around.length > 0 ? around : [node];
  const vision = find(parents, VISION_KEYS, 'vision');
  const audio = find(parents, AUDIO_KEYS, null);
  if (!vision) sayUnread(parents, VISION_KEYS);
  if (!audio) sayUnread(parents, AUDIO_KEYS);
  const eyes = vision && readOne(vision, precision);
  const ears = audio && readOne(audio, precision);
  return dropUndefined({
    vision: eyes && 'invFreq' in eyes ? eyes : undefined,
    visionEncoder: eyes && !('invFreq' in eyes) && !isAudio(eyes, vision) ? eyes : undefined,
    audioEncoder: ears && !('invFreq' in ears) && isAudio(ears, audio) ? ears : undefined,
  });
}

/** By the name of its key; `encoder` may be either. */
const isAudio = (facts: FamilyFacts, { key }: Tower): boolean =>
  /audio|speech/.test(key) || (key === 'encoder' && AUDIO_FAMILIES.includes(facts.family));

interface Tower {
  readonly parent: ConfigNode;
  readonly node: ConfigNode;
  readonly key: string;
  readonly record: ModelRecord;
  readonly type: string;
}

/** The first part under one of the keys whose type a record knows. */
function find(parents: readonly ConfigNode[], keys: readonly string[], kind: 'vision' | null): Tower | undefined {
  for (const parent of parents) {
    for (const key of keys) {
      const fields = parent.has(key) ? parent.fields[key] : undefined;
      if (!isFields(fields)) continue;
      const node = new ConfigNode(fields, parent.at(key), parent.notes);
      const found = recordOfTower(parent, node, kind);
      if (found) return { parent, node, key, ...found };
    }
  }
  return undefined;
}

/** A tower of its own type that no record describes as one. */
function sayUnread(parents: readonly ConfigNode[], keys: readonly string[]): void {
  for (const parent of parents) {
    for (const key of keys.filter((name) => name !== 'encoder')) {
      const part = parent.has(key) ? parent.fields[key] : undefined;
      const type = isFields(part) && Object.hasOwn(part, 'model_type') ? part.model_type : undefined;
      if (typeof type !== 'string' || type === '') continue;
      const known = recordOf(type)?.config;
      const why = known
        ? `'${shorten(type)}' is no tower of a kind that is read beside a text part; read it by itself, fromHF(config.${parent.at(key)})`
        : `'${shorten(type)}' is not a known model type; the positions of this tower are not read`;
      parent.notes.warn('not-read', parent.at(key), why);
      parent.kept[key] = { model_type: type };
    }
  }
}

/** Files often repeat the parent's type, or leave it out. */
function recordOfTower(
  parent: ConfigNode,
  node: ConfigNode,
  kind: 'vision' | null,
): { readonly record: ModelRecord; readonly type: string } | undefined {
  const own = typeof node.fields.model_type === 'string' ? node.fields.model_type : '';
  const outer = parent.has('model_type') ? typeOf(parent) : undefined;
  const inside = outer === undefined ? undefined : recordOf(outer)?.config;
  const implied = kind === 'vision' && inside?.family === 'wrapper' ? inside.vision : undefined;
  const list = node.has('architectures') ? node.fields.architectures : undefined;
  const named = Array.isArray(list) && typeof list[0] === 'string' ? recordOfClass(list[0]) : undefined;
  // what the model around it implies holds for a part that does not name a type of its own
  const inherited = own === '' || own === outer ? [implied ?? '', `${outer ?? ''}_vision`] : [];
  const names = [`${own}_vision`, `${own}_vision_model`, own, ...inherited];
  for (const name of names) {
    const record = name === '' || name.startsWith('_') ? undefined : recordOf(name);
    if (record && isTower(record)) return { record, type: name === own ? own : record.types[0] };
  }
  return named && isTower(named) ? { record: named, type: own === '' ? named.types[0] : own } : undefined;
}

const TOWER_FAMILIES = ['tower', 'learned', 'window', 'convolutional', 'sinusoidal', 'relative', 'sides'];
function isTower({ config }: ModelRecord): boolean {
  return (
    config !== null && TOWER_FAMILIES.includes(config.family === 'choice' ? config.otherwise.family : config.family)
  );
}

function readOne(
  { parent, node, key, record, type }: Tower,
  precision: Precision,
): VisionRotary | TowerEncoder | undefined {
  const facts = choose(node, record.config as ConfigFacts);
  const result =
    facts.family === 'tower'
      ? readTower(node, facts, type, precision)
      : facts.family === 'rotary' || facts.family === 'wrapper'
        ? undefined
        : { modelType: type, ...readFamily(node, facts) };
  node.string('model_type');
  for (const name of unreadKeys(node, facts.ignores)) {
    node.get(name);
    node.notes.warn('no-effect', node.at(name), 'looks like a setting of positions of the tower, and nothing reads it');
  }
  if (node.has('architectures'))
    node.kept.architectures = copyJson(node.at('architectures'), node.fields.architectures);
  parent.kept[key] = node.kept;
  return result;
}
