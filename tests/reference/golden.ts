/** Reading golden records and comparing with them; schema in tests/golden/README.md. */
import { readdirSync, readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';

export interface GoldenTensor {
  readonly shape: number[];
  readonly dtype: string;
  readonly data: number[];
}

export interface GoldenRecord {
  readonly name: string;
  readonly op?: string;
  // biome-ignore lint/suspicious/noExplicitAny: the parameters of a record are free-form JSON
  readonly params: Record<string, any>;
  readonly inputs: Record<string, GoldenTensor>;
  readonly outputs: Record<string, GoldenTensor>;
  readonly tolerance: { readonly abs: number; readonly rel: number };
}

const root = new URL('../golden/', import.meta.url);
const special: Record<string, number> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/** The records of all files of a family whose name begins with `prefix`. */
export function golden(family: string, prefix: string): GoldenRecord[] {
  const folder = new URL(`${family}/`, root);
  const files = readdirSync(folder).filter((file) => file.startsWith(prefix) && file.endsWith('.json'));
  const records = files.flatMap((file) => {
    const revive = (_: string, value: unknown) => (typeof value === 'string' ? (special[value] ?? value) : value);
    const json = JSON.parse(readFileSync(new URL(file, folder), 'utf8'), revive);
    return (json.cases ?? [json]) as GoldenRecord[];
  });
  assert.ok(records.length > 0, `no golden records ${family}/${prefix}*`);
  return records;
}

export function float32(tensor: GoldenTensor): { shape: number[]; data: Float32Array } {
  return { shape: tensor.shape, data: Float32Array.from(tensor.data) };
}

/** Element by element |got - want| <= abs + rel*|want|; NaN in the record is not compared. */
export function close(
  got: { shape: readonly number[]; data: ArrayLike<number> },
  want: GoldenTensor,
  tolerance: { abs: number; rel: number },
  what: string,
): void {
  assert.equal([...got.shape], want.shape, `${what}: shape`);
  closeData(got.data, want.data, tolerance, what);
}

export function closeData(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  { abs, rel }: { abs: number; rel: number },
  what: string,
): void {
  assert.is(got.length, want.length, `${what}: length`);
  for (let i = 0; i < want.length; i++) {
    if (Number.isNaN(want[i]) || got[i] === want[i]) continue;
    const allowed = abs + rel * Math.abs(want[i]);
    assert.ok(Math.abs(got[i] - want[i]) <= allowed, `${what}[${i}]: got ${got[i]}, want ${want[i]} +- ${allowed}`);
  }
}

const bits = new Int32Array(1);
const value = new Float32Array(bits.buffer);

function order(x: number): number {
  value[0] = x;
  return bits[0] < 0 ? -(bits[0] & 0x7fffffff) : bits[0];
}

/** How many float32 numbers lie between a and b. */
export function ulps(a: number, b: number): number {
  return Math.abs(order(a) - order(b));
}
