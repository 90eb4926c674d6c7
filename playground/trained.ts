/**
 * Stand-ins for trained weights, made so that they look like them: tables whose neighbouring rows are alike, biases that favour
 * what is near, words whose vectors mean something. They are made up, and every view that shows them says so.
 */
import { noise } from './view.ts';

/** Rows that wind slowly around a few axes, as those of GPT-2 do, with some roughness. */
export function smoothTable(rows: number, dim: number, seed = 41, size = 1): Float32Array {
  const random = noise(dim * 4, seed);
  const rough = noise(rows * dim, seed + 1);
  const out = new Float32Array(rows * dim);
  for (let n = 0; n < rows; n++)
    for (let c = 0; c < dim; c++) {
      // few slow waves carry most of what a table learns
      const turns = 0.5 + 7 * ((c % 8) / 8) ** 2 + 0.2 * random[4 * c];
      const angle = 2 * Math.PI * (turns * (n / 64) + random[4 * c + 1]);
      const tall = 1 / (1 + (c % 8) * 0.35);
      out[n * dim + c] = size * (tall * Math.cos(angle) + 0.12 * rough[n * dim + c]);
    }
  return out;
}

/** Numbers for distances, near ones high: [rows, heads], by a magnitude of each row. */
export function nearIsHigh(rows: number, heads: number, far: (row: number) => number, seed = 5): Float32Array {
  const rough = noise(rows * heads, seed);
  return Float32Array.from({ length: rows * heads }, (_, at) => {
    const head = at % heads;
    const steep = 2.6 / (1 + 1.1 * head);
    return 1.2 - steep * Math.log1p(far(Math.floor(at / heads))) + 0.08 * rough[at];
  });
}

/** Two layers, from a number to one a head, that fall as it grows: what a network of the distance learns, steep for head 0. */
export function fallingLayers(hidden: number, heads: number, seed: number, steep: number) {
  const rough = noise(hidden * heads, seed + 2);
  return [
    {
      weight: noise(hidden, seed).map((x, i) => (i % 2 ? 1 : -1) * Math.abs(x)),
      bias: noise(hidden, seed + 1).map((x) => 0.3 * x),
    },
    {
      weight: rough.map((x, at) => (-steep * (1 + 0.5 * x)) / (1 + 0.6 * Math.floor(at / hidden)) / hidden),
      bias: new Float32Array(heads).fill(0.5),
    },
  ];
}

/** Vectors of distances from −clip to clip that point where the queries look: [2 clip + 1, dim]. */
export function distanceTable(clip: number, toward: Float32Array, seed = 23): Float32Array {
  const dim = toward.length;
  const rough = noise((2 * clip + 1) * dim, seed);
  return Float32Array.from({ length: (2 * clip + 1) * dim }, (_, at) => {
    const distance = Math.floor(at / dim) - clip;
    const near = 1.4 / (1 + 0.6 * Math.abs(distance)) - 0.35 + (distance < 0 ? 0.12 : 0);
    return near * toward[at % dim] + 0.05 * rough[at];
  });
}

/** A vector of length sqrt(dim) · size in a made-up direction. */
export function direction(dim: number, seed: number, size = 1): Float32Array {
  const vector = noise(dim, seed);
  const length = Math.hypot(...vector);
  return vector.map((x) => (x / length) * Math.sqrt(dim) * size);
}

/** Made up from the letters, so that the same word is always the same vector. */
export function wordVector(word: string, dim: number): Float32Array {
  let hash = 17;
  for (const letter of word.toLowerCase()) hash = Math.imul(hash ^ (letter.codePointAt(0) as number), 16777619);
  return direction(dim, (hash >>> 0) % 100003, 1);
}
