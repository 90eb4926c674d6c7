/** Bias matrices [heads, q, k] in JavaScript: the best effort with typed arrays, and as people write it. */

/**
 * ALiBi (arXiv 2108.12409); keys after the query get -Infinity when causal. offset: position of row 0; slopes: those of a power
 * of two.
 */
export function typedAlibi(
  [heads, rows, columns]: readonly number[],
  causal: boolean,
  offset = columns - rows,
  slopes = Float32Array.from({ length: heads }, (_, h) => 2 ** ((-8 * (h + 1)) / heads)),
) {
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

/** A bias of the distance: a diagonal of each head by `fill(row of the diagonal, head, first distance)`, then its windows. */
function toeplitz(
  [heads, rows, columns]: readonly number[],
  offset: number,
  fill: (diagonal: Float32Array, head: number, first: number) => void,
) {
  const diagonal = new Float32Array(rows + columns - 1);
  return (out: Float32Array): void => {
    for (let h = 0, at = 0; h < heads; h++) {
      fill(diagonal, h, -(offset + rows - 1));
      for (let i = 0; i < rows; i++, at += columns) {
        out.set(diagonal.subarray(rows - 1 - i, rows - 1 - i + columns), at);
      }
    }
  };
}

/** T5 (arXiv 1910.10683), 32 buckets up to distance 128, in its float32 steps; table [32, heads]. */
export function typedT5(
  shape: readonly number[],
  table: Float32Array,
  bidirectional: boolean,
  offset = shape[2] - shape[1],
) {
  const heads = shape[0];
  const count = bidirectional ? 16 : 32;
  const exact = count / 2;
  const span = Math.fround(Math.log(128 / exact));
  const bucket = (distance: number) => {
    const side = bidirectional && distance > 0 ? count : 0;
    const n = bidirectional ? Math.abs(distance) : Math.max(-distance, 0);
    if (n < exact) return side + n;
    const ratio = Math.fround(Math.fround(Math.log(Math.fround(n / exact))) / span);
    return side + Math.min(exact + Math.trunc(Math.fround(ratio * (count - exact))), count - 1);
  };
  // buckets end: beyond this distance nothing changes
  const near = Int32Array.from({ length: 1025 }, (_, t) => bucket(t - 512));
  return toeplitz(shape, offset, (diagonal, head, first) => {
    for (let t = 0, d = first; t < diagonal.length; t++, d++) {
      diagonal[t] = table[near[Math.max(-512, Math.min(512, d)) + 512] * heads + head];
    }
  });
}

/** KERPLE log (arXiv 2205.09921): -p ln(1 + a (query - key)), 0 for keys after the query. */
export function typedKerple(shape: readonly number[], p: Float32Array, a: Float32Array) {
  return toeplitz(shape, shape[2] - shape[1], (diagonal, head, first) => {
    const [scale, slope] = [-p[head], a[head]];
    for (let t = 0, d = first; t < diagonal.length; t++, d++) diagonal[t] = d < 0 ? scale * Math.log1p(slope * -d) : 0;
  });
}

/** Sandwich (arXiv 2212.10356): the sum of cosines is the same for all heads, so it is made once a call. */
export function typedSandwich(shape: readonly number[], dim: number) {
  const [heads, rows, columns] = shape;
  const theta = Float64Array.from({ length: dim / 2 }, (_, k) => 10000 ** ((-2 * k) / dim));
  const sums = new Float64Array(rows + columns - 1);
  return toeplitz(shape, columns - rows, (diagonal, head, first) => {
    for (let t = 0; head === 0 && t < sums.length; t++) {
      let sum = 0;
      for (let k = 0; k < theta.length; k++) sum += Math.cos((first + t) * theta[k]);
      sums[t] = sum;
    }
    const divisor = (8 * (head + 1)) / heads;
    for (let t = 0; t < diagonal.length; t++) diagonal[t] = sums[t] / divisor;
  });
}

/** Any bias that is a table row of an index computed before: table [rows, heads], index [q, k]. */
export function typedGather(index: Int32Array, heads: number, table: Float32Array) {
  return (out: Float32Array): void => {
    for (let h = 0, at = 0; h < heads; h++) {
      for (let n = 0; n < index.length; n++, at++) out[at] = table[index[n] * heads + h];
    }
  };
}

/** Swin (arXiv 2103.14030), Video Swin (2106.13230): table [(2f - 1)(2h - 1)(2w - 1), heads]. */
export function typedSwin(window: readonly number[], heads: number, table: Float32Array) {
  const [frames, height, width] = window.length === 3 ? window : [1, ...window];
  const [cells, tokens] = [height * width, frames * height * width];
  const index = Int32Array.from({ length: tokens * tokens }, (_, n) => {
    const [q, k] = [Math.floor(n / tokens), n % tokens];
    const dt = Math.floor(q / cells) - Math.floor(k / cells) + frames - 1;
    const dy = Math.floor((q % cells) / width) - Math.floor((k % cells) / width) + height - 1;
    return (dt * (2 * height - 1) + dy) * (2 * width - 1) + (q % width) - (k % width) + width - 1;
  });
  return typedGather(index, heads, table);
}

/** LeViT (arXiv 2104.01136), TinyViT: a table by absolute offset, here [offsets, heads]. */
export function typedOffsets([height, width]: readonly number[], heads: number, table: Float32Array) {
  const tokens = height * width;
  const index = Int32Array.from({ length: tokens * tokens }, (_, n) => {
    const [q, k] = [Math.floor(n / tokens), n % tokens];
    const dy = Math.abs(Math.floor(q / width) - Math.floor(k / width));
    return dy * width + Math.abs((q % width) - (k % width));
  });
  return typedGather(index, heads, table);
}

/** Phi-4-multimodal: table [2 limit, heads]. */
export function typedClipped([heads, rows, columns]: readonly number[], limit: number, table: Float32Array) {
  const index = Int32Array.from({ length: rows * columns }, (_, n) => {
    const distance = (n % columns) - Math.floor(n / columns) - (columns - rows);
    return Math.min(limit - 1, Math.max(-limit, distance)) + limit;
  });
  return typedGather(index, heads, table);
}

/** The mask of shifted windows as the published code makes it: regions painted on the grid, windows cut out, compared. */
export function typedShifted([h, w]: readonly number[], side: number, shift: number) {
  const [tall, wide] = [h / side, w / side];
  const n = side * side;
  return (out: Float32Array): void => {
    const part = (at: number, size: number) => (at < size - side ? 0 : at < size - shift ? 1 : 2);
    const regions = new Int32Array(n);
    for (let window = 0, at = 0; window < tall * wide; window++) {
      const [top, left] = [Math.floor(window / wide) * side, (window % wide) * side];
      for (let t = 0; t < n; t++) {
        regions[t] = 3 * part(top + Math.floor(t / side), h) + part(left + (t % side), w);
      }
      for (let x = 0; x < n; x++) {
        for (let y = 0; y < n; y++, at++) out[at] = regions[x] === regions[y] ? 0 : -100;
      }
    }
  };
}
