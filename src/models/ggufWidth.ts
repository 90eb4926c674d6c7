/** Heads of a GGUF file: their number and width, and what the attention multiplies q.k with. */
import type { Header } from './ggufHeader.ts';
import { refuse, shorten } from './read.ts';
import type { GgufSoftmax } from './records/gguf/facts.ts';

const MAX_HEAD = 8192;

/** One number, or one a layer: that of the first layer that has heads, as the loader takes it for the width of a head. */
export function headCount(header: Header): number | undefined {
  const list = header.list('attention.head_count');
  const layers = header.whole('block_count', 4096);
  if (list && !list.scalar && layers !== undefined && list.values.length < layers) {
    refuse(shorten(header.key('attention.head_count')), `${list.values.length} entries for ${layers} layers`);
  }
  return list?.values.find((count) => count > 0);
}

/** The first of the keys, else embedding_length / attention.head_count. */
export function headWidth(header: Header, keys: readonly string[]): number {
  for (const name of keys) {
    const width = header.whole(name, MAX_HEAD);
    if (width !== undefined) return width;
  }
  const width = header.whole('embedding_length');
  const heads = headCount(header);
  const missing = keys.length > 0 ? keys[keys.length - 1] : 'embedding_length';
  if (width === undefined || heads === undefined || width % heads !== 0 || width / heads > MAX_HEAD) {
    return refuse(
      shorten(header.key(missing)),
      `missing, and embedding_length / attention.head_count (${width ?? 'missing'} / ${heads ?? 'missing'}) is no width of a head`,
    );
  }
  return width / heads;
}

export function softmaxScale(header: Header, softmax: GgufSoftmax, head: number, rotated: number): number {
  const plain = 1 / Math.sqrt(head);
  if (softmax === 'reciprocal') return 1 / head;
  if (softmax === 'rotated') return 1 / Math.sqrt(rotated);
  if (typeof softmax === 'string') return plain;
  if ('scale' in softmax) return softmax.scale;
  if ('root' in softmax) {
    const found = softmax.root.map((name) => header.whole(name, MAX_HEAD)).find((width) => width !== undefined);
    return 1 / Math.sqrt(found ?? head);
  }
  if ('key' in softmax) {
    const scale = header.number(softmax.key, { min: 0 });
    if (scale) return scale;
    return softmax.fallback === 'head' ? plain : softmax.fallback;
  }
  const heads = headCount(header);
  const width = header.whole('embedding_length');
  if (!header.holds(softmax.ratioWhen) || heads === undefined || width === undefined) return plain;
  return 1 / Math.sqrt(Math.floor(width / heads));
}
