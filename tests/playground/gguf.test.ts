/** The reader of .gguf headers, on headers written here by the format's description. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readGGUF } from '../../playground/gguf.ts';
import { fromGGUF } from '../../src/index.ts';

type Value = readonly ['u32' | 'f32' | 'text', number | string] | readonly ['texts', readonly string[]];

/** A file of version 3 with these pairs and float32 tensors. */
function write(pairs: Record<string, Value>, tensors: Record<string, Float32Array> = {}, magic = 'GGUF'): Blob {
  const bytes: number[] = [...new TextEncoder().encode(magic)];
  const put = (size: number, set: (view: DataView) => void) => {
    const view = new DataView(new ArrayBuffer(size));
    set(view);
    bytes.push(...new Uint8Array(view.buffer));
  };
  const u32 = (n: number) => put(4, (view) => view.setUint32(0, n, true));
  const u64 = (n: number) => put(8, (view) => view.setBigUint64(0, BigInt(n), true));
  const text = (s: string) => {
    const encoded = new TextEncoder().encode(s);
    u64(encoded.length);
    bytes.push(...encoded);
  };
  u32(3);
  u64(Object.keys(tensors).length);
  u64(Object.keys(pairs).length);
  for (const [key, [type, value]] of Object.entries(pairs)) {
    text(key);
    if (type === 'u32') {
      u32(4);
      u32(value as number);
    } else if (type === 'f32') {
      u32(6);
      put(4, (view) => view.setFloat32(0, value as number, true));
    } else if (type === 'text') {
      u32(8);
      text(value as string);
    } else {
      u32(9);
      u32(8);
      u64((value as readonly string[]).length);
      for (const item of value as readonly string[]) text(item);
    }
  }
  let offset = 0;
  for (const [name, data] of Object.entries(tensors)) {
    text(name);
    u32(1);
    u64(data.length);
    u32(0);
    u64(offset);
    offset += Math.ceil(data.byteLength / 32) * 32;
  }
  while (bytes.length % 32) bytes.push(0);
  const parts: BlobPart[] = [Uint8Array.from(bytes)];
  for (const data of Object.values(tensors)) {
    const padded = new Uint8Array(Math.ceil(data.byteLength / 32) * 32);
    padded.set(new Uint8Array(data.buffer));
    parts.push(padded);
  }
  return new Blob(parts);
}

const LLAMA: Record<string, Value> = {
  'general.architecture': ['text', 'llama'],
  // longer than a list that is kept
  'tokenizer.ggml.tokens': ['texts', Array.from({ length: 3000 }, (_, i) => `token ${i}`)],
  'llama.context_length': ['u32', 131072],
  'llama.embedding_length': ['u32', 4096],
  'llama.attention.head_count': ['u32', 32],
  'llama.rope.dimension_count': ['u32', 128],
  'llama.rope.freq_base': ['f32', 500000],
};

test('pairs behind a long list are read, the list is stepped over', async () => {
  const { metadata } = await readGGUF(write(LLAMA));
  assert.is(metadata['llama.rope.freq_base'], 500000);
  assert.not.ok('tokenizer.ggml.tokens' in metadata);
});

test('divisors beside the weights are found, and fromGGUF takes both', async () => {
  const divisors = Float32Array.from({ length: 64 }, (_, i) => (i < 32 ? 1 : 8));
  const { metadata, tensors } = await readGGUF(
    write(LLAMA, { 'token_embd.weight': new Float32Array(9), 'rope_freqs.weight': divisors }),
  );
  assert.equal(tensors.ropeFreqs, divisors);
  const plain = fromGGUF(metadata).layerTypes!.default.invFreq;
  const scaled = fromGGUF(metadata, { tensors }).layerTypes!.default.invFreq;
  assert.is(scaled[0], plain[0]);
  assert.ok(Math.abs(scaled[63] * 8 - plain[63]) < 1e-12);
});

const refused = async (file: Blob, words: RegExp) => {
  try {
    await readGGUF(file);
  } catch (error) {
    assert.match((error as Error).message, words);
    return;
  }
  assert.unreachable('the file was read');
};

test('what is no gguf file, or ends too early, is refused in words', async () => {
  await refused(new Blob(['{"model_type": "llama"}']), /no gguf file/);
  await refused(write(LLAMA, {}, 'GGUX'), /no gguf file/);
  await refused(write(LLAMA).slice(0, 5000), /ends inside its header/);
});

test.run();
