/** Readers of array files, written from the formats' descriptions and sharing nothing with the writers. */

export interface ArrayInFile {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Buffer;
}

/** numpy.lib.format: magic, version, little-endian header length, a Python literal, then the numbers at a multiple of 64. */
export function readNpy(file: Buffer): ArrayInFile {
  if (file.subarray(0, 6).toString('latin1') !== '\x93NUMPY') throw new Error('no numpy magic');
  if (file[6] !== 1 || file[7] !== 0) throw new Error(`version ${file[6]}.${file[7]}`);
  const start = 10 + file.readUInt16LE(8);
  if (start % 64 !== 0) throw new Error(`numbers begin at ${start}`);
  const text = file.subarray(10, start).toString('latin1');
  const match = /^\{'descr': '([<|]\w\d)', 'fortran_order': (True|False), 'shape': \(([\d, ]*)\), \} *\n$/.exec(text);
  if (match?.[2] !== 'False') throw new Error(`header ${text}`);
  const shape = match[3]
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  return { dtype: match[1], shape, bytes: file.subarray(start) };
}

/** safetensors: u64 header length, JSON, then the tensors without gaps or overlap. */
export function readSafetensors(file: Buffer): {
  metadata: Record<string, string>;
  tensors: Record<string, ArrayInFile>;
} {
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + length).toString('utf8'));
  const data = file.subarray(8 + length);
  const { __metadata__: metadata = {}, ...rest } = header;
  for (const value of Object.values(metadata))
    if (typeof value !== 'string') throw new Error('metadata is text to text');
  const widths: Record<string, number> = { F32: 4, F16: 2, BF16: 2 };
  const tensors: Record<string, ArrayInFile> = {};
  let end = 0;
  // biome-ignore lint/suspicious/noExplicitAny: foreign JSON
  for (const [name, entry] of Object.entries<any>(rest)) {
    const [from, to] = entry.data_offsets;
    const size = entry.shape.reduce((a: number, b: number) => a * b, 1) * widths[entry.dtype];
    if (from !== end || to - from !== size)
      throw new Error(`${name} lies at ${from} to ${to}, expected ${end} to ${end + size}`);
    end = to;
    tensors[name] = { dtype: entry.dtype, shape: entry.shape, bytes: data.subarray(from, to) };
  }
  if (end !== data.length) throw new Error(`${data.length - end} bytes too many`);
  return { metadata, tensors };
}
