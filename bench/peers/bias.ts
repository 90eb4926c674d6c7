/** Bias matrices [heads, q, k] in JavaScript: the best effort with typed arrays, and as people write it. */

/** ALiBi (arXiv 2108.12409), heads a power of two; keys after the query get -Infinity when causal. */
export function typedAlibi([heads, rows, columns]: readonly number[], causal: boolean) {
  const slopes = Float32Array.from({ length: heads }, (_, h) => 2 ** ((-8 * (h + 1)) / heads));
  const offset = columns - rows;
  return (out: Float32Array): void => {
    for (let h = 0, at = 0; h < heads; h++) {
      const slope = slopes[h];
      for (let i = 0; i < rows; i++) {
        const query = i + offset;
        let j = 0;
        for (; j <= query; j++) out[at++] = slope * (j - query);
        if (causal) out.fill(Number.NEGATIVE_INFINITY, at, (at += columns - j));
        else for (; j < columns; j++) out[at++] = slope * (query - j);
      }
    }
  };
}

/** Lists of lists of lists, one expression an element. */
export function writtenAlibi([heads, rows, columns]: readonly number[], causal: boolean) {
  return (): number[][][] =>
    Array.from({ length: heads }, (_, h) =>
      Array.from({ length: rows }, (_, i) =>
        Array.from({ length: columns }, (_, j) => {
          const query = i + columns - rows;
          if (causal && j > query) return Number.NEGATIVE_INFINITY;
          return -Math.abs(j - query) * 2 ** ((-8 * (h + 1)) / heads);
        }),
      ),
    );
}

/** Rows as windows of the diagonal, copied with set(). */
export function typedExpand([heads, rows, columns]: readonly number[], diagonal: Float32Array) {
  const width = rows + columns - 1;
  return (out: Float32Array): void => {
    for (let h = 0, at = 0; h < heads; h++) {
      for (let i = 0; i < rows; i++, at += columns) {
        const from = h * width + rows - 1 - i;
        out.set(diagonal.subarray(from, from + columns), at);
      }
    }
  };
}
