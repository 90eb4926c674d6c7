/**
 * Rope blocks: `rope_scaling` of transformers 4 and `rope_parameters` of transformers 5, flat or by layer type, found and
 * made to agree. What their keys mean is in ropeRule.ts.
 */

import { ropeNames } from '../rotary/rules/configWords.ts';
import type { RopeType } from '../rotary/spec.ts';
import { show } from '../runtime/errors.ts';
import { type ConfigNode, copyJson, type Fields, isFields, type Notes, refuse, shorten } from './read.ts';

/** A rope block as written, and where. */
export interface RopeBlock {
  readonly path: string;
  readonly fields: Fields;
}

/** The blocks of a configuration: one for all layers, or one for each layer type. */
export interface RopeBlocks {
  readonly flat?: RopeBlock;
  readonly byLabel?: ReadonlyMap<string, RopeBlock>;
}

/** Names under which a frequency rule is published. */
export const NAMED: Readonly<Record<string, RopeType>> = ropeNames();

export function present(fields: Fields, key: string): boolean {
  return Object.hasOwn(fields, key) && fields[key] !== null && fields[key] !== undefined;
}

/** The rule a block names; `fallback` when it names none. */
export function ropeTypeOf(block: RopeBlock | undefined, notes: Notes, fallback = 'default'): string {
  if (!block) return fallback;
  const { fields, path } = block;
  const read = (key: string): string | undefined => {
    if (!present(fields, key)) return undefined;
    const value = fields[key];
    if (typeof value !== 'string' || !Object.hasOwn(NAMED, value)) {
      refuse(`${path}.${key}`, `unknown rope type ${show(value)}; known: ${Object.keys(NAMED).join(', ')}`);
    }
    return value;
  };
  const modern = read('rope_type');
  const old = read('type');
  if (modern !== undefined && old !== undefined) {
    if (NAMED[modern] !== NAMED[old]) {
      refuse(`${path}.type`, `'${old}' contradicts rope_type '${modern}'; keep one of them`);
    }
    notes.warn('no-effect', `${path}.type`, `says the same as rope_type and has no effect`);
    return old === 'mrope' ? old : modern;
  }
  return modern ?? old ?? fallback;
}

/** One block, checked to be an object; undefined when absent, null or empty. */
function readBlock(node: ConfigNode, key: string): RopeBlock | undefined {
  if (!node.has(key)) {
    if (Object.hasOwn(node.fields, key)) node.notes.consumed.add(node.at(key));
    return undefined;
  }
  const value = node.fields[key];
  const path = node.at(key);
  if (!isFields(value)) refuse(path, `expected an object, got ${show(value)}`);
  const keys = Object.keys(value);
  if (keys.includes('__proto__')) refuse(`${path}.__proto__`, 'not a key of any rope block; remove it');
  const fields = node.get(key) as Fields;
  if (keys.length === 0) {
    node.notes.warn('no-effect', path, 'an empty object, read as absent');
    return undefined;
  }
  return { path, fields };
}

function isByLabel(block: RopeBlock): boolean {
  const values = Object.values(block.fields).filter((value) => value !== null);
  return values.length > 0 && values.some(isFields);
}

/** Two blocks that both exist must not say different things. */
function agree(a: RopeBlock, b: RopeBlock, notes: Notes): void {
  const typeA = NAMED[ropeTypeOf(a, notes)];
  const typeB = NAMED[ropeTypeOf(b, notes)];
  if (typeA !== typeB) {
    refuse(b.path, `rope type '${typeB}' contradicts '${typeA}' in ${a.path}; keep one of the two blocks`);
  }
  for (const key of Object.keys(a.fields)) {
    if (key === 'type' || key === 'rope_type' || !present(b.fields, key)) continue;
    if (JSON.stringify(copyJson(a.path, a.fields[key])) !== JSON.stringify(copyJson(b.path, b.fields[key]))) {
      refuse(
        `${b.path}.${shorten(key)}`,
        `${show(b.fields[key])} contradicts ${show(a.fields[key])} in ${a.path}; keep one of the two blocks`,
      );
    }
  }
}

/** Both spellings of the rope block, merged. */
export function ropeBlocks(node: ConfigNode): RopeBlocks {
  const old = readBlock(node, 'rope_scaling');
  const modern = readBlock(node, 'rope_parameters');
  const { notes } = node;
  if (modern && isByLabel(modern)) {
    if (old) refuse(old.path, `contradicts ${modern.path}, which is given by layer type; keep one of the two blocks`);
    return { byLabel: labelled(modern, notes) };
  }
  if (old && isByLabel(old)) {
    if (modern)
      refuse(modern.path, `contradicts ${old.path}, which is given by layer type; keep one of the two blocks`);
    return { byLabel: labelled(old, notes) };
  }
  const flat = old && modern ? undefined : (old ?? modern);
  if (flat) consumeKeys(flat, notes);
  if (!old || !modern) return { flat };
  agree(old, modern, notes);
  consumeKeys(old, notes);
  consumeKeys(modern, notes);
  notes.warn('no-effect', old.path, `repeats ${modern.path}`);
  return { flat: { path: modern.path, fields: { ...old.fields, ...modern.fields } } };
}

function labelled(block: RopeBlock, notes: Notes): Map<string, RopeBlock> {
  const map = new Map<string, RopeBlock>();
  for (const label of Object.keys(block.fields)) {
    const fields = block.fields[label];
    const path = `${block.path}.${shorten(label)}`;
    if (fields === null) continue;
    if (!isFields(fields)) {
      refuse(path, `a rope block by layer type holds one object for each type, got ${show(fields)}`);
    }
    if (Object.hasOwn(fields, '__proto__')) refuse(`${path}.__proto__`, 'not a key of any rope block; remove it');
    consumeKeys({ path, fields }, notes);
    map.set(label, { path, fields });
  }
  return map;
}

function consumeKeys(block: RopeBlock, notes: Notes): void {
  for (const key of Object.keys(block.fields)) notes.consumed.add(`${block.path}.${shorten(key)}`);
}
