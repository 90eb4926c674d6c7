/**
 * Headers of array files, and numbers as JSON. .npy: numpy.lib.format, version 1.0. .safetensors:
 * github.com/huggingface/safetensors, "Format".
 */

export type Format = 'npy' | 'safetensors' | 'raw' | 'json';
export type FileDtype = 'float32' | 'float16' | 'bfloat16';

export interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
}

export const BYTES: Readonly<Record<FileDtype, number>> = { float32: 4, float16: 2, bfloat16: 2 };
const SAFETENSORS: Readonly<Record<FileDtype, string>> = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' };
const NPY: Readonly<Partial<Record<FileDtype, string>>> = { float32: '<f4', float16: '<f2' };

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The bytes before the numbers of a .npy file; undefined for a dtype that numpy does not have. */
export function npyHeader(dtype: FileDtype, shape: readonly number[]): Uint8Array | undefined {
  const descr = NPY[dtype];
  if (descr === undefined) return undefined;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // magic, version, length, text, padding, newline: a multiple of 64
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = encode(`\0NUMPY\x01\0\0\0${text.padEnd(length - 1)}\n`);
  header[0] = 0x93;
  new DataView(header.buffer).setUint16(8, length, true);
  return header;
}

/** The bytes before the numbers: the entries follow one another in this order. */
export function safetensorsHeader(
  dtype: FileDtype,
  entries: readonly Entry[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  let at = 0;
  const fields: [string, unknown][] = entries.map(({ name, shape }) => {
    const begin = at;
    at += BYTES[dtype] * shape.reduce((product, size) => product * size, 1);
    return [name, { dtype: SAFETENSORS[dtype], shape, data_offsets: [begin, at] }];
  });
  const json = encode(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(fields) }));
  // the numbers begin at a multiple of 8
  const length = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return header;
}

/** float32 numbers of a JSON array: digits that give the same float32 back; not finite ones as text. */
export function jsonNumber(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  if (Object.is(value, -0)) return '-0';
  const nine = Number(value.toPrecision(9));
  return String(Math.fround(nine) === value ? nine : value);
}

/** The format that a file's name ends with. */
export function formatOf(path: string): Format | undefined {
  const ending = /\.(npy|safetensors|raw|bin|json)$/i.exec(path)?.[1].toLowerCase();
  return ending === 'bin' ? 'raw' : (ending as Format | undefined);
}
