/**
 * The header of a .gguf file: its key-value pairs, and the divisors of rotary frequencies that some files keep as tensors.
 * Only that much of the file is read. Format: ggml-org/ggml docs/gguf.md, versions 2 and 3.
 */

export interface GGUFHeader {
  readonly metadata: Record<string, unknown>;
  readonly tensors: { ropeFreqs?: Float32Array; ropeFactorsShort?: Float32Array; ropeFactorsLong?: Float32Array };
}

/** Longer lists (a vocabulary) are stepped over. */
const MAX_LIST = 1024;
const FIRST_READ = 2 ** 20;
const LARGEST_READ = 2 ** 28;
const MAX_COUNT = 2 ** 20;
const WANTED: Record<string, keyof GGUFHeader['tensors']> = {
  'rope_freqs.weight': 'ropeFreqs',
  'rope_factors_short.weight': 'ropeFactorsShort',
  'rope_factors_long.weight': 'ropeFactorsLong',
};
const F32 = 0;

class NeedMore extends Error {}

class Reader {
  at = 0;
  readonly view: DataView;
  constructor(view: DataView) {
    this.view = view;
  }
  step(bytes: number): number {
    const at = this.at;
    this.at += bytes;
    if (this.at > this.view.byteLength) throw new NeedMore();
    return at;
  }
  u32 = () => this.view.getUint32(this.step(4), true);
  u64(): number {
    const value = this.view.getBigUint64(this.step(8), true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw new Error('a size in this file is beyond 2^53; the file is damaged');
    return Number(value);
  }
  text(): string {
    const length = this.u64();
    const at = this.step(length);
    return new TextDecoder().decode(new Uint8Array(this.view.buffer, this.view.byteOffset + at, length));
  }
  value(type: number): unknown {
    const { view } = this;
    switch (type) {
      case 0:
        return view.getUint8(this.step(1));
      case 1:
        return view.getInt8(this.step(1));
      case 2:
        return view.getUint16(this.step(2), true);
      case 3:
        return view.getInt16(this.step(2), true);
      case 4:
        return this.u32();
      case 5:
        return view.getInt32(this.step(4), true);
      case 6:
        return view.getFloat32(this.step(4), true);
      case 7:
        return view.getUint8(this.step(1)) !== 0;
      case 8:
        return this.text();
      case 9:
        return this.list();
      case 10:
        return this.u64();
      case 11:
        return Number(view.getBigInt64(this.step(8), true));
      case 12:
        return view.getFloat64(this.step(8), true);
      default:
        throw new Error(`value type ${type} is unknown; gguf versions 2 and 3 have types 0 to 12`);
    }
  }
  list(): unknown[] | undefined {
    const type = this.u32();
    const count = this.u64();
    if (count <= MAX_LIST) return Array.from({ length: count }, () => this.value(type));
    const size = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8][type];
    if (size) this.step(size * count);
    else for (let i = 0; i < count; i++) type === 8 ? this.step(this.u64()) : this.value(type);
    return undefined;
  }
}

interface Found {
  readonly key: keyof GGUFHeader['tensors'];
  readonly at: number;
  readonly count: number;
}

function parse(bytes: ArrayBuffer): { metadata: Record<string, unknown>; found: Found[] } {
  const reader = new Reader(new DataView(bytes));
  if (reader.u32() !== 0x46554747) throw new Error('this is no gguf file: it does not begin with the letters GGUF');
  const version = reader.u32();
  if (version !== 2 && version !== 3) throw new Error(`gguf version ${version} is not known; 2 and 3 are`);
  const tensors = reader.u64();
  const pairs = reader.u64();
  if (tensors > MAX_COUNT || pairs > MAX_COUNT)
    throw new Error('this file claims more than a million entries; it is damaged');
  const metadata: Record<string, unknown> = {};
  for (let i = 0; i < pairs; i++) {
    const key = reader.text();
    const value = reader.value(reader.u32());
    if (value !== undefined) metadata[key] = value;
  }
  const infos: { key: Found['key']; count: number; offset: number }[] = [];
  for (let i = 0; i < tensors; i++) {
    const name = reader.text();
    let count = 1;
    for (let d = reader.u32(); d > 0; d--) count *= reader.u64();
    const type = reader.u32();
    const offset = reader.u64();
    if (WANTED[name] && type === F32 && count <= MAX_LIST) infos.push({ key: WANTED[name], count, offset });
  }
  const alignment = typeof metadata['general.alignment'] === 'number' ? metadata['general.alignment'] : 32;
  const start = Math.ceil(reader.at / alignment) * alignment;
  return { metadata, found: infos.map(({ key, count, offset }) => ({ key, count, at: start + offset })) };
}

/** @throws Error in plain words when the file is no gguf file */
export async function readGGUF(file: Blob): Promise<GGUFHeader> {
  for (let size = FIRST_READ; ; size *= 8) {
    const bytes = await file.slice(0, size).arrayBuffer();
    try {
      const { metadata, found } = parse(bytes);
      const tensors: GGUFHeader['tensors'] = {};
      for (const { key, at, count } of found)
        tensors[key] = new Float32Array(await file.slice(at, at + 4 * count).arrayBuffer());
      return { metadata, tensors };
    } catch (error) {
      if (!(error instanceof NeedMore)) throw error;
      if (size >= file.size || size >= LARGEST_READ) throw new Error('this gguf file ends inside its header');
    }
  }
}
