/**
 * Position streams of M-RoPE: which of t, h, w, e each pair takes. Qwen2-VL (arXiv 2409.12191), Qwen3-VL, ERNIE 4.5,
 * HunYuan-VL as transformers has them; ggml's rules for four sections. Written as the sources loop, one pair at a time.
 */
import type { MropeLayout } from '../rotary/spec.ts';

/** Stream of each of `pairs` pairs; of each of 2 * pairs channels for 'hunyuan_fullwidth'. */
export function streamsOf(sections: readonly number[], layout: MropeLayout, pairs: number): number[] {
  const total = sections.reduce((sum, n) => sum + n, 0);
  const result: number[] = [];
  if (layout === 'hunyuan_fullwidth') {
    sections.forEach((n, stream) => {
      for (let i = 0; i < 2 * n; i++) result.push(stream);
    });
    if (result.length !== 2 * pairs) throw new RangeError(`mropeSection: ${total} pairs, expected ${pairs}`);
    return result;
  }
  const ggml = sections.length === 4;
  for (let i = 0; i < pairs; i++) {
    const at = ggml ? i % total : i;
    if (layout === 'ernie_hw_alternating') {
      const [h, w] = sections;
      result.push(i >= h + w ? 0 : i % 2 === 0 ? 1 : 2);
    } else if (layout === 'chunked') {
      const [t, h, w] = sections;
      result.push(at < t ? 0 : at < t + h ? 1 : at < t + h + w || !ggml ? 2 : 3);
    } else {
      const [t, h, w] = sections;
      let stream = ggml ? 3 : 0;
      if (at % 3 === 0 && at < 3 * t) stream = 0;
      if (at % 3 === 1 && at < 3 * h) stream = 1;
      if (at % 3 === 2 && at < 3 * w) stream = 2;
      result.push(stream);
    }
  }
  return result;
}
