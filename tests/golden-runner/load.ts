/** Finds and reads golden files: one record or a wrapper with `cases`, numbers revived. Schema: tests/golden/README.md. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Dtype, Golden, GoldenRecord, Tolerance } from './types.ts';

/** All `.json` files at or below the paths, in a stable order, each once. */
export function goldenFiles(paths: readonly string[]): string[] {
  const found = new Set<string>();
  const visit = (path: string): void => {
    if (statSync(path).isDirectory()) {
      for (const entry of readdirSync(path).sort()) visit(join(path, entry));
    } else if (path.endsWith('.json')) {
      found.add(path);
    }
  };
  for (const path of paths) visit(path);
  return [...found];
}

export function loadFile(path: string): GoldenRecord[] {
  const file = object(JSON.parse(readFileSync(path, 'utf8')), path);
  const cases = file.cases === undefined ? [file] : file.cases;
  if (!Array.isArray(cases)) throw new Error(`${path}: 'cases' is not an array`);
  const family = typeof file.family === 'string' ? file.family : undefined;
  return cases.map((entry, index) => toRecord(object(entry, `${path} case ${index}`), path, family));
}

function toRecord(raw: Record<string, unknown>, path: string, family: string | undefined): GoldenRecord {
  const name = String(raw.name);
  const params = raw.params === undefined ? {} : object(raw.params, `${name}: params`);
  // a schema of its own: no arrays to revive; with an op the family says whose it is
  const own = 'expected' in raw ? 'configs' : 'expect' in raw ? 'configs-bad' : undefined;
  const op = raw.op ?? params.op;
  return {
    path,
    name,
    system: String(params.system ?? (op === undefined ? own : undefined) ?? family ?? 'unknown'),
    op: op === undefined || op === null ? undefined : String(op),
    params,
    inputs: own ? {} : arrays(raw.inputs, `${name}: inputs`),
    outputs: own ? {} : arrays(raw.outputs, `${name}: outputs`),
    tolerance: own ? { abs: 0, rel: 0 } : tolerance(raw.tolerance, `${name}: tolerance`),
    toleranceExactMode:
      own || raw.tolerance_exact_mode === undefined
        ? undefined
        : tolerance(raw.tolerance_exact_mode, `${name}: tolerance_exact_mode`),
    raw,
  };
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Error(`${what}: not an object`);
  return value as Record<string, unknown>;
}

function tolerance(value: unknown, what: string): Tolerance {
  const { abs, rel } = object(value, what);
  if (typeof abs !== 'number' || typeof rel !== 'number') throw new Error(`${what}: abs and rel must be numbers`);
  return { abs, rel };
}

function arrays(value: unknown, what: string): Record<string, Golden> {
  const result: Record<string, Golden> = {};
  if (value === undefined || value === null) return result;
  for (const [name, entry] of Object.entries(object(value, what))) {
    if (entry !== null) result[name] = revive(object(entry, `${what}.${name}`), `${what}.${name}`);
  }
  return result;
}

const REVIVED: Readonly<Record<string, (values: readonly number[]) => Golden['data']>> = {
  // The assignment into a Float32Array is Math.fround: 9 significant digits give the reference's float32 back.
  float32: (values) => Float32Array.from(values),
  float64: (values) => Float64Array.from(values),
  int32: (values) => Int32Array.from(values),
  bool: (values) => Uint8Array.from(values),
};

const NON_FINITE: Readonly<Record<string, number>> = { NaN: NaN, Infinity: Infinity, '-Infinity': -Infinity };

function revive(entry: Record<string, unknown>, what: string): Golden {
  const { shape, dtype, data } = entry;
  if (!Array.isArray(shape) || !Array.isArray(data)) throw new Error(`${what}: shape and data must be arrays`);
  const make = REVIVED[String(dtype)];
  if (make === undefined) throw new Error(`${what}: unknown dtype '${String(dtype)}'`);
  const count = shape.reduce((a: number, b: number) => a * b, 1);
  if (count !== data.length) throw new Error(`${what}: ${data.length} values for shape [${shape}]`);
  const values = data.map((v: unknown) => {
    const value = typeof v === 'string' ? NON_FINITE[v] : v;
    if (typeof value !== 'number') throw new Error(`${what}: not a number: ${String(v)}`);
    return value;
  });
  return { shape: shape as number[], dtype: dtype as Dtype, data: make(values) };
}
