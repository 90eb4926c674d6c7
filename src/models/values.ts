/**
 * From the keys a record names to values: numbers with their defaults, conditions, and parameters of any kind. What the file
 * does not give is noted as an assumption.
 */
import { show } from '../runtime/errors.ts';
import { type Bounds, type ConfigNode, checkNumber, isFields, type Json, refuse } from './read.ts';
import type { Condition, ConfigFacts, Given, Parameter } from './records/record.ts';

/** The value at a key, or at `object.key` and `list.0`. undefined: absent or null. */
export function valueAt(node: ConfigNode, key: string): Json | undefined {
  const [first, ...rest] = key.split('.');
  let value = node.get(first);
  for (const step of rest) {
    if (Array.isArray(value)) value = value[Number(step)];
    else if (isFields(value) && Object.hasOwn(value, step)) value = value[step] as Json;
    else return undefined;
    if (value === null || value === undefined) return undefined;
  }
  return value;
}

/** The first of the keys that the file has, and its number. */
export function numberAt(
  node: ConfigNode,
  keys: readonly string[],
  bounds: Bounds,
): { readonly key: string; readonly value: number } | undefined {
  let found: { key: string; value: number } | undefined;
  for (const key of keys) {
    const raw = valueAt(node, key);
    if (raw === undefined) continue;
    const value = checkNumber(node.at(key), raw, bounds);
    if (!found) found = { key, value };
    else if (found.value !== value) {
      node.notes.complain(node.at(key), `${value} contradicts ${found.key} = ${found.value}; keep one of them`);
    }
  }
  return found;
}

/** A number of the record: from the file, or the class's own. `what` is said when there is neither. */
export function readGiven(node: ConfigNode, given: Given, bounds: Bounds, what: string): number {
  const found = numberAt(node, given.keys, bounds);
  if (found) return found.value;
  if (given.fallback === null) {
    return refuse(node.at(given.keys[0]), `missing: ${what}`);
  }
  if (given.keys.length > 0) {
    node.assume(given.keys, given.fallback, 'default of the model type');
  }
  return given.fallback;
}

const INTEGER: Bounds = { integer: true, min: 0, max: 2 ** 31 };
export function readCount(node: ConfigNode, given: Given, what: string, min = 0): number {
  return readGiven(node, given, { ...INTEGER, min }, what);
}

/** Whether a condition of a record holds for this file. */
export function holds(node: ConfigNode, condition: Condition): boolean {
  const value = valueAt(node, condition.key);
  if ('present' in condition) return (value !== undefined) === condition.present;
  return condition.is.some((wanted) => (wanted === null ? value === undefined : value === wanted));
}

/** The facts that hold for this file. */
export function choose(node: ConfigNode, facts: ConfigFacts): Exclude<ConfigFacts, { family: 'choice' }> {
  if (facts.family !== 'choice') return facts;
  const choice = facts.choices.find(({ when }) => holds(node, when));
  return choose(node, choice?.facts ?? facts.otherwise);
}

/** One option of an encoder. */
function readParameter(node: ConfigNode, parameter: Parameter): Json {
  for (const key of parameter.keys) {
    const quotient = key.split(' / ');
    if (quotient.length === 2) {
      const parts = quotient.map((name) => node.integer(name, 1, 2 ** 24));
      if (parts[0] !== undefined && parts[1] !== undefined) return parts[0] / parts[1];
      continue;
    }
    const value = valueAt(node, key);
    if (value === undefined) continue;
    return parameter.words ? wordsOf(node.at(key), value, parameter.words) : checkKind(node.at(key), value, parameter);
  }
  const { fallback, keys } = parameter;
  if (fallback === null) return refuse(node.at(keys[0]), 'missing: the class has no value of its own');
  const value: Json = typeof fallback === 'object' ? [...fallback] : fallback;
  if (keys.length > 0) node.assume(keys, value, 'default of the model type');
  return value;
}

function wordsOf(path: string, value: Json, words: readonly string[]): Json {
  const list = typeof value === 'string' ? value.split('|') : value;
  if (!Array.isArray(list) || !list.every((word) => words.includes(word as string))) {
    return refuse(path, `expected a list of ${words.map((word) => `'${word}'`).join(', ')}, got ${show(value)}`);
  }
  return list;
}

/** A number is a number, a boolean is a boolean; a list may stand for a number that differs by stage. */
function checkKind(path: string, value: Json, { fallback }: Parameter): Json {
  if (typeof fallback === 'boolean' && typeof value !== 'boolean') {
    return refuse(path, `expected true or false, got ${show(value)}`);
  }
  if (typeof fallback === 'string' && typeof value !== 'string')
    return refuse(path, `expected text, got ${show(value)}`);
  if (typeof fallback === 'number' || fallback === null) {
    if (Array.isArray(value))
      return value.map((item, i) => checkNumber(`${path}[${i}]`, item, { integer: true, min: -1 }));
    return checkNumber(path, value, { integer: true, min: -1, max: 2 ** 31 });
  }
  return value;
}

/** All the options of an encoder; a number below 1 may mean another of them. */
export function readParameters(
  node: ConfigNode,
  parameters: Readonly<Record<string, Parameter>>,
): Record<string, Json> {
  const values: Record<string, Json> = {};
  for (const [name, parameter] of Object.entries(parameters)) values[name] = readParameter(node, parameter);
  for (const [name, { below1 }] of Object.entries(parameters)) {
    if (below1 !== undefined && (values[name] as number) < 1) values[name] = values[below1];
  }
  return values;
}
