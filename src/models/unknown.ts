/**
 * A model type that no record has: which known ones are nearest by name and by the keys that they alone read. A type that the
 * file does not fit is never named.
 */
import { scheduleKeys } from './layers.ts';
import { listKeys, positionKeys } from './positionKeys.ts';
import { refuse, type Section, shorten } from './read.ts';
import { RECORDS } from './records/index.ts';
import type { ConfigFacts, ModelRecord } from './records/record.ts';

const SHOWN = 3;
/** Words of class names that say nothing about the architecture. */
const EMPTY = new Set([
  ...['for', 'causal', 'model', 'language', 'head', 'lmhead', 'conditional', 'generation', 'config', 'text', 'vision'],
  ...['tiny', 'small', 'base', 'large', 'mini', 'next', 'chat', 'draft', 'eagle', 'audio', 'multi', 'modal'],
]);

/** 'Qwen3NextForCausalLM' and 'qwen3_next' -> qwen, next. */
function wordsOf(name: string): string[] {
  return name
    .slice(0, 80)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word.length > 3 && !EMPTY.has(word));
}

/** How many letters two names have in common from their beginning. */
function common(a: string, b: string): number {
  let n = 0;
  while (n < a.length && a[n] === b[n]) n++;
  return n;
}

/** Keys that a record reads and most do not. */
function ownKeys(facts: ConfigFacts | null): readonly string[] {
  if (facts?.family !== 'rotary') return [];
  const { rotated } = facts;
  const partial =
    rotated !== 'head' && 'partial' in rotated ? [...(rotated.keys ?? []), ...(rotated.dim?.keys ?? [])] : [];
  return [
    ...facts.base.keys,
    ...(facts.base.times ? [facts.base.times] : []),
    ...facts.head.keys,
    ...partial,
    ...(facts.tables ?? []).flatMap(({ base, head }) => [...base.keys, ...(head?.keys ?? [])]),
    ...scheduleKeys(facts.layers ?? []),
    ...Object.values(facts.perLayer ?? {}),
    ...(facts.dynamic ? [facts.dynamic.flag] : []),
    ...(facts.scale ? [facts.scale] : []),
  ].filter((key) => !USUAL.has(key));
}
const USUAL = new Set(['rope_theta', 'rotary_emb_base', 'head_dim', 'layer_types', 'sliding_window', 'rotary_dim']);

/** Records by nearness: shared own keys first, then the names. */
function nearest(section: Section, names: readonly string[]): readonly ModelRecord[] {
  const words = new Set(names.flatMap(wordsOf));
  const squashed = names.map((name) => name.toLowerCase().replace(/[^a-z0-9]/g, ''));
  const scored = RECORDS.flatMap((record) => {
    const keys = ownKeys(record.config).filter((key) => section.has(key.split('.')[0])).length;
    const byName = Math.max(
      0,
      ...record.types.map((type) => {
        if (!wordsOf(type).some((word) => words.has(word))) return 0;
        const plain = type.replace(/[^a-z0-9]/g, '');
        return Math.max(...squashed.map((name) => common(name, plain)), 1);
      }),
    );
    const score = 100 * keys + byName;
    return score > 0 ? [{ record, score }] : [];
  });
  return scored.sort((a, b) => b.score - a.score).map(({ record }) => record);
}

/** @param fits whether the file can be read as that type, with every key about positions read */
export function refuseUnknown(
  section: Section,
  type: string | undefined,
  architecture: string | undefined,
  fits: (type: string) => boolean,
): never {
  const names = [type, architecture].filter((name) => name !== undefined);
  const near: string[] = [];
  for (const { types } of nearest(section, names).slice(0, 12)) {
    if (near.length < SHOWN && fits(types[0])) near.push(types[0]);
  }
  const keys = positionKeys(section.fields);
  const shown = type === undefined ? `architectures '${shorten(architecture ?? '')}'` : `'${shorten(type)}'`;
  const also = type !== undefined && architecture !== undefined ? ` (architectures '${shorten(architecture)}')` : '';
  const unread = keys.length > 0 ? `; not read: ${listKeys(keys)}` : '; no key says how positions enter';
  const advice =
    near.length > 0
      ? `nearest known, if its code computes the same: ${near.map((name) => `as: '${name}'`).join(' or ')}`
      : "no known type is near; if one computes the same, say which: as: '<model type>'";
  return refuse(
    section.at('model_type'),
    `${shown}${also} is not a known model type, so its defaults and pairing cannot be known${unread}; ${advice}; or write a RotarySpec by hand`,
  );
}
