/**
 * M-RoPE sections: which position stream (0 = t, 1 = h, 2 = w, 3 = e) each pair of a rotary table takes. The frequency of
 * a pair is that of its index whatever stream it takes. Qwen2-VL, arXiv 2409.12191; Qwen3-VL; ERNIE 4.5; ggml MROPE, IMROPE.
 */
import { finite, oneOf, size } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { numbers } from '../runtime/lists.ts';
import type { MropeLayout } from './spec.ts';

/**
 * @param mropeSection pairs per stream: [t, h, w]; [h, w, t] for 'ernie_hw_alternating'; [t, h, w, e] selects ggml's rules,
 * where the sections repeat when they are fewer than the pairs; [p, w, h, t] for 'hunyuan_fullwidth'
 * @param layout 'chunked': consecutive blocks (ggml MROPE); 'interleaved': t h w t h w ... and the rest t (ggml IMROPE: e);
 * 'ernie_hw_alternating': h and w alternate, then t; 'hunyuan_fullwidth': consecutive blocks of twice the section over all
 * channels, so that the two channels of a pair differ
 * @returns one stream index per pair; per channel for 'hunyuan_fullwidth'
 */
export function mropeStreams(mropeSection: readonly number[], layout: MropeLayout, pairs: number): Uint8Array {
  oneOf('mropeLayout', layout, ['chunked', 'interleaved', 'ernie_hw_alternating', 'hunyuan_fullwidth']);
  const sections = Array.from(numbers('mropeSection', mropeSection));
  sections.forEach((count, i) => {
    size(`mropeSection[${i}]`, finite(`mropeSection[${i}]`, count), 0, 65536);
  });
  const ernie = layout === 'ernie_hw_alternating';
  const total = sections.reduce((sum, count) => sum + count, 0);
  const fullWidth = layout === 'hunyuan_fullwidth';
  const repeats = sections.length === 4 && !ernie && !fullWidth;
  if (sections.length !== (fullWidth ? 4 : 3) && !repeats) {
    throw new PosencError(
      'ERR_SHAPE',
      `mropeSection: expected ${fullWidth ? '4 sections [p, w, h, t]' : `3 sections${ernie ? ' [h, w, t]' : ' [t, h, w], or 4 [t, h, w, e] as ggml has'}`}, got ${sections.length}`,
    );
  }
  const fits = repeats ? total > 0 : layout === 'interleaved' ? total <= pairs : total === pairs;
  if (!fits) {
    const allowed = repeats ? 'at least 1' : layout === 'interleaved' ? `at most ${pairs}` : `${pairs}`;
    throw new PosencError(
      'ERR_SHAPE',
      `mropeSection: the sum [${sections.join(', ')}] = ${total} must be ${allowed}: sections count pairs, half of rotaryDim`,
    );
  }
  if (ernie && sections[0] !== sections[1]) {
    throw new PosencError(
      'ERR_SHAPE',
      `mropeSection: h and w alternate, so their sections must be equal, got [${sections.join(', ')}]`,
    );
  }
  if (fullWidth) {
    const stream = chunked(sections.map((count) => 2 * count));
    return listed(2 * pairs, stream);
  }
  const stream = ernie ? ernieStream(sections) : layout === 'chunked' ? chunked(sections) : interleaved(sections);
  return listed(pairs, repeats ? (i) => stream(i % total) : stream);
}

function listed(count: number, stream: (i: number) => number): Uint8Array {
  const streams = new Uint8Array(count);
  for (let i = 0; i < count; i++) streams[i] = stream(i);
  return streams;
}

function chunked(sections: readonly number[]): (i: number) => number {
  return (i) => {
    let stream = 0;
    for (let end = sections[0]; i >= end; end += sections[stream]) stream++;
    return stream;
  };
}

/** Pair i belongs to stream i mod 3 while i < 3 * section; beyond that to t, in ggml to e. */
function interleaved(sections: readonly number[]): (i: number) => number {
  const rest = sections.length === 4 ? 3 : 0;
  return (i) => (i < 3 * sections[i % 3] ? i % 3 : rest);
}

function ernieStream([h, w]: readonly number[]): (i: number) => number {
  return (i) => (i >= h + w ? 0 : 1 + (i % 2));
}
