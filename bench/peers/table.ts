/** Rotary tables of other models in JavaScript with typed arrays: all cosines [n, D / 2], then all sines. */

/** ggml: frequencies and angles as products of float32 numbers, one after the other. */
export function ggmlTable(length: number, dim: number, base = 10000) {
  const pairs = dim / 2;
  const step = Math.fround(base ** (-2 / dim));
  const half = length * pairs;
  return (out: Float32Array): void => {
    for (let position = 0, at = 0; position < length; position++) {
      for (let k = 0, angle = position; k < pairs; k++, at++) {
        out[at] = Math.cos(angle);
        out[at + half] = Math.sin(angle);
        angle = Math.fround(angle * step);
      }
    }
  };
}

/** M-RoPE in sections (Qwen2-VL): pair k takes the position of its section; positions [streams, n]. */
export function mropeTable(positions: Int32Array, length: number, sections: readonly number[], base = 10000) {
  const streams = sections.flatMap((count, stream) => new Array<number>(count).fill(stream));
  const pairs = streams.length;
  const frequencies = Float64Array.from({ length: pairs }, (_, k) => base ** (-k / pairs));
  const half = length * pairs;
  return (out: Float32Array): void => {
    for (let t = 0, at = 0; t < length; t++) {
      for (let k = 0; k < pairs; k++, at++) {
        const angle = positions[streams[k] * length + t] * frequencies[k];
        out[at] = Math.cos(angle);
        out[at + half] = Math.sin(angle);
      }
    }
  };
}
