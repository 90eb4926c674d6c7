/** Bytes of a GGUF file, version 3: strings, u32, f32 and f32 tensors. ggml docs/gguf.md. */

export function ggufFile(
  metadata: Readonly<Record<string, string | number | boolean>>,
  tensors: Readonly<Record<string, readonly number[]>>,
): Buffer {
  const u32 = (n: number) => Buffer.from(Uint32Array.of(n).buffer);
  const u64 = (n: number) => Buffer.from(BigUint64Array.of(BigInt(n)).buffer);
  const f32 = (list: readonly number[]) => Buffer.from(Float32Array.from(list).buffer);
  const text = (s: string) => Buffer.concat([u64(Buffer.byteLength(s)), Buffer.from(s)]);
  const parts = [Buffer.from('GGUF'), u32(3), u64(Object.keys(tensors).length), u64(Object.keys(metadata).length)];
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value === 'string') parts.push(text(key), u32(8), text(value));
    else if (Number.isInteger(value)) parts.push(text(key), u32(4), u32(value as number));
    else parts.push(text(key), u32(6), f32([value as number]));
  }
  let offset = 0;
  for (const [name, values] of Object.entries(tensors)) {
    parts.push(text(name), u32(1), u64(values.length), u32(0), u64(offset));
    offset += Math.ceil((4 * values.length) / 32) * 32;
  }
  const pad = (buffer: Buffer) => Buffer.concat([buffer, Buffer.alloc((32 - (buffer.length % 32)) % 32)]);
  return Buffer.concat([pad(Buffer.concat(parts)), ...Object.values(tensors).map((values) => pad(f32(values)))]);
}
