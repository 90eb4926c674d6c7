/** What the adapters share: reading parameters and inputs, and small plain-array work around the API. */
import { type Golden, type GoldenRecord, type Output, type Params, Unsupported } from '../types.ts';

/** A number parameter; null counts as absent. */
export function number(params: Params, key: string): number | undefined {
  const value = params[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw new Unsupported(`parameter '${key}': expected a number, got ${String(value)}`);
  return value;
}

/** A number parameter that must be there. */
export function required(params: Params, key: string): number {
  const value = number(params, key);
  if (value === undefined) throw new Unsupported(`parameter '${key}' is missing`);
  return value;
}

/** Translates a parameter's word; an unknown word is unsupported. `fallback` is for an absent parameter. */
export function word<T>(params: Params, key: string, table: Readonly<Record<string, T>>, fallback?: T): T {
  const value = params[key];
  if ((value === undefined || value === null) && fallback !== undefined) return fallback;
  if (typeof value !== 'string' || !Object.hasOwn(table, value)) {
    throw new Unsupported(`parameter '${key}': unknown value ${JSON.stringify(value)}`);
  }
  return table[value];
}

export function input(record: GoldenRecord, name: string): Golden {
  const found = record.inputs[name];
  if (found === undefined) throw new Unsupported(`input '${name}' is missing`);
  return found;
}

/** An input that the API takes as float32. */
export function floats(record: GoldenRecord, name: string): Float32Array {
  return Float32Array.from(input(record, name).data);
}

/** The same numbers under another shape, such as with a leading 1 where the reference broadcasts. */
export function reshaped(tensor: Output, shape: readonly number[]): Output {
  return { shape, data: tensor.data };
}

export function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Drops undefined entries, so that an absent parameter is an absent option. */
export function defined(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
