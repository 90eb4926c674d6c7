/**
 * Reading a configuration that may hold anything: own properties only, every value checked before it is used, and a
 * record of what was read. A property named __proto__ is a name like any other.
 */
import { PosencError, show } from '../runtime/errors.ts';
import { printable } from '../runtime/printable.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Fields = Readonly<Record<string, unknown>>;

/** One thing a reader should know, by the path of the key it is about. */
export interface ConfigWarning {
  /**
   * 'no-effect': the key is present, but the model's own code does not use it. 'contradiction': two keys disagree and
   * the model's code prefers one. 'legacy': a spelling that only old code reads. 'risk': legal, and probably a mistake.
   * 'not-read': a part of the model, a tower, that no record describes.
   */
  readonly code: 'no-effect' | 'contradiction' | 'legacy' | 'risk' | 'not-read';
  /** Path of the key. */
  readonly key: string;
  /** What it is about, in a sentence. */
  readonly message: string;
}

/** A value the file does not give. */
export interface Assumption {
  /** Path of the key that is not there. */
  readonly key: string;
  /** What is taken for it. */
  readonly value: Json;
  /** Why. */
  readonly because: string;
}

export function refuse(path: string, message: string): never {
  throw new PosencError('ERR_CONFIG', limit(`${path}: ${message}`));
}

/** A message of bounded length: names and labels of a hostile file can be of any. */
function limit(message: string): string {
  return message.length > 1000 ? `${message.slice(0, 997)}...` : message;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** A key as a message shows it: the names of a hostile file can be of any length. */
export function shorten(key: string): string {
  return printable(key.length > 60 ? `${key.slice(0, 57)}...` : key);
}

/** Longer lists are in no configuration: they would only cost time. */
const MAX_LIST = 8192;

/** A copy made of JSON values only, at most `depth` levels deep; what is not JSON is refused by name. */
export function copyJson(path: string, value: unknown, depth = 6): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  // JSON has no -0.
  if (typeof value === 'number' && Number.isFinite(value)) return value + 0;
  if (depth > 0 && Array.isArray(value)) {
    if (value.length > MAX_LIST) refuse(path, `expected a list of at most ${MAX_LIST} items, got ${show(value)}`);
    return Array.from(value, (item, i) => {
      return typeof item === 'string' ? item : copyJson(`${path}[${i}]`, item, depth - 1);
    });
  }
  if (depth > 0 && isFields(value)) {
    const copy: Record<string, Json> = {};
    for (const key of Object.keys(value)) {
      if (key === '__proto__') refuse(`${path}.__proto__`, 'not a key of any model configuration; remove it');
      if (value[key] !== undefined) copy[key] = copyJson(`${path}.${shorten(key)}`, value[key], depth - 1);
    }
    return copy;
  }
  if (typeof value === 'number') return refuse(path, `expected a finite number, got ${show(value)}`);
  return refuse(path, `expected a JSON value at most 6 levels deep, got ${show(value)}`);
}

export interface Bounds {
  readonly above?: number;
  readonly min?: number;
  readonly max?: number;
  readonly integer?: boolean;
}

export function checkNumber(path: string, value: unknown, bounds: Bounds = {}): number {
  const { above, min, max, integer } = bounds;
  const fits =
    typeof value === 'number' &&
    Number.isFinite(value) &&
    (!integer || Number.isSafeInteger(value)) &&
    (above === undefined || value > above) &&
    (min === undefined || value >= min) &&
    (max === undefined || value <= max);
  if (fits) return value;
  const range = [
    above !== undefined ? `above ${above}` : '',
    min !== undefined ? `at least ${min}` : '',
    max !== undefined ? `at most ${max}` : '',
  ].filter(Boolean);
  const kind = integer ? 'an integer' : 'a finite number';
  const hint = typeof value === 'string' ? ' (a number, not text)' : '';
  return refuse(path, `${`expected ${kind} ${range.join(' and ')}`.trimEnd()}, got ${show(value)}${hint}`);
}

/** What a run of the reader leaves behind, besides its result. */
export class Notes {
  readonly strict: boolean;
  readonly warnings: ConfigWarning[] = [];
  readonly assumed: Assumption[] = [];
  readonly consumed = new Set<string>();

  constructor(strict: boolean) {
    this.strict = strict;
  }

  warn(code: ConfigWarning['code'], key: string, message: string): void {
    if (!this.warnings.some((w) => w.key === key && w.code === code)) {
      this.warnings.push({ code, key, message: limit(`${key}: ${message}`) });
    }
  }

  assume(key: string, value: Json, because: string): void {
    if (!this.assumed.some((a) => a.key === key)) this.assumed.push({ key, value, because });
  }

  /** An error when strict, else a warning. */
  complain(key: string, message: string): void {
    if (this.strict) refuse(key, message);
    this.warn('contradiction', key, message);
  }
}

/** An object of the configuration together with its path; remembers what was read from it. */
export class ConfigNode {
  readonly fields: Fields;
  readonly path: string;
  readonly notes: Notes;
  /** A copy of everything read so far, in the file's own spelling. */
  readonly kept: Record<string, Json>;

  constructor(fields: Fields, path: string, notes: Notes, kept: Record<string, Json> = {}) {
    this.fields = fields;
    this.path = path;
    this.notes = notes;
    this.kept = kept;
  }

  at(key: string): string {
    return this.path === '' ? shorten(key) : `${this.path}.${shorten(key)}`;
  }

  /** Present, and not null. */
  has(key: string): boolean {
    return Object.hasOwn(this.fields, key) && this.fields[key] !== null && this.fields[key] !== undefined;
  }

  /**
   * A value that no key gives: the default of the class. A null is no missing key to the class, which fails on it or computes
   * something else: that is said.
   */
  assume(keys: readonly string[], value: Json, because: string): void {
    this.notes.assume(this.at(keys[0]), value, because);
    for (const key of keys) {
      if (!Object.hasOwn(this.fields, key) || this.fields[key] !== null) continue;
      this.notes.warn(
        'risk',
        this.at(key),
        `null is not a missing key: the class does not take its default, ${show(value)}, which is read here; give a number or remove the key`,
      );
    }
  }

  /** A copy of the value of an own property, undefined when absent or null. */
  get(key: string): Json | undefined {
    if (!this.has(key)) return undefined;
    const copy = copyJson(this.at(key), this.fields[key]);
    this.notes.consumed.add(this.at(key));
    this.kept[key] = copy;
    return copy;
  }

  number(key: string, bounds?: Bounds): number | undefined {
    const value = this.get(key);
    return value === undefined ? undefined : checkNumber(this.at(key), value, bounds);
  }

  integer(key: string, min: number, max = Number.MAX_SAFE_INTEGER): number | undefined {
    return this.number(key, { integer: true, min, max });
  }

  boolean(key: string): boolean | undefined {
    const value = this.get(key);
    if (value !== undefined && typeof value !== 'boolean') {
      refuse(this.at(key), `expected true or false, got ${show(value)}`);
    }
    return value as boolean | undefined;
  }

  string(key: string): string | undefined {
    const value = this.get(key);
    if (value !== undefined && typeof value !== 'string') refuse(this.at(key), `expected text, got ${show(value)}`);
    return value as string | undefined;
  }

  /** A list of at most `limit` items of one type. */
  list<T extends 'number' | 'string'>(
    key: string,
    type: T,
    limit: number,
  ): (T extends 'number' ? number : string)[] | undefined {
    const copy = this.get(key);
    if (copy === undefined) return undefined;
    if (!Array.isArray(copy) || copy.length > limit) {
      return refuse(this.at(key), `expected a list of at most ${limit} items, got ${show(copy)}`);
    }
    copy.forEach((item, i) => {
      if (typeof item !== type) refuse(`${this.at(key)}[${i}]`, `expected a ${type}, got ${show(item)}`);
    });
    return copy as (T extends 'number' ? number : string)[];
  }

  /** The first of several spellings of one fact that is present; different values are refused, equal ones are noted. */
  integerOf(names: readonly string[], min: number, max: number): { key: string; value: number } | undefined {
    let found: { key: string; value: number } | undefined;
    for (const name of names) {
      const value = this.integer(name, min, max);
      if (value === undefined) continue;
      if (!found) found = { key: name, value };
      else if (found.value !== value) {
        this.notes.complain(this.at(name), `${value} contradicts ${found.key} = ${found.value}; keep one of them`);
      }
    }
    return found;
  }
}

/** Without the keys whose value is undefined. */
export function dropUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
