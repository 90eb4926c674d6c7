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

/** PyTorch's float32 angles: frequencies given, each product rounded. */
export function torchTable(length: number, frequencies: Float32Array) {
  const pairs = frequencies.length;
  const half = length * pairs;
  return (out: Float32Array): void => {
    for (let position = 0, at = 0; position < length; position++) {
      for (let k = 0; k < pairs; k++, at++) {
        const angle = Math.fround(position * frequencies[k]);
        out[at] = Math.cos(angle);
        out[at + half] = Math.sin(angle);
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

/** cos, then sin, of a grid of three axes, each with a ladder of its own width (Flux, Wan). */
export function axialTable(grid: readonly number[], widths: readonly number[], theta = 10000) {
  const ladders = widths.map((width) =>
    Float64Array.from({ length: width / 2 }, (_, k) => theta ** ((-2 * k) / width)),
  );
  const pairs = widths.reduce((sum, width) => sum + width / 2, 0);
  const place = [0, 0, 0];
  return (out: Float32Array): void => {
    const half = out.length / 2;
    let row = 0;
    for (place[0] = 0; place[0] < grid[0]; place[0]++) {
      for (place[1] = 0; place[1] < grid[1]; place[1]++) {
        for (place[2] = 0; place[2] < grid[2]; place[2]++, row += pairs) {
          for (let axis = 0, at = row; axis < 3; axis++) {
            for (const frequency of ladders[axis]) {
              const angle = place[axis] * frequency;
              out[at] = Math.cos(angle);
              out[half + at++] = Math.sin(angle);
            }
          }
        }
      }
    }
  };
}
