/** Sinusoidal tables (arXiv 1706.03762) in JavaScript: the best effort with typed arrays, and as people write it. */

/** Frequencies once, two columns a step, straight into the output. */
export function typed(length: number, dim: number, arrangement: 'interleaved' | 'concat', base = 10000) {
  const pairs = dim / 2;
  const frequencies = Float64Array.from({ length: pairs }, (_, k) => base ** (-k / pairs));
  const step = arrangement === 'interleaved' ? 2 : 1;
  const gap = arrangement === 'interleaved' ? 1 : pairs;
  return (out: Float32Array): void => {
    for (let position = 0, row = 0; position < length; position++, row += dim) {
      for (let k = 0, at = row; k < pairs; k++, at += step) {
        const angle = position * frequencies[k];
        out[at] = Math.sin(angle);
        out[at + gap] = Math.cos(angle);
      }
    }
  };
}

/** The formula of the paper, element by element, as lists of lists. */
export function asWritten(length: number, dim: number) {
  return (): number[][] => {
    const table: number[][] = [];
    for (let position = 0; position < length; position++) {
      const row: number[] = [];
      for (let i = 0; i < dim; i++) {
        const angle = position / 10000 ** ((2 * Math.floor(i / 2)) / dim);
        row.push(i % 2 === 0 ? Math.sin(angle) : Math.cos(angle));
      }
      table.push(row);
    }
    return table;
  };
}

/** Rotary caches: all cosines [n, d / 2], then all sines. */
export function typedTable(length: number, dim: number, base = 10000) {
  const pairs = dim / 2;
  const frequencies = Float64Array.from({ length: pairs }, (_, k) => base ** (-k / pairs));
  const half = length * pairs;
  return (out: Float32Array): void => {
    for (let position = 0, at = 0; position < length; position++) {
      for (let k = 0; k < pairs; k++, at++) {
        const angle = position * frequencies[k];
        out[at] = Math.cos(angle);
        out[at + half] = Math.sin(angle);
      }
    }
  };
}

/**
 * The algorithm of this package in JavaScript: sines and cosines of 32 steps once, of the first position of every 32 rows when
 * they are reached, and the sum of two angles by four products for every number between. Sines of a row before its cosines.
 */
export function typedTwoLevel(length: number, dim: number, base = 10000) {
  const pairs = dim / 2;
  const frequencies = Float64Array.from({ length: pairs }, (_, k) => base ** (-k / pairs));
  const block = 32;
  const steps = Float64Array.from({ length: block * pairs }, (_, n) => Math.floor(n / pairs) * frequencies[n % pairs]);
  const [stepSin, stepCos] = [steps.map(Math.sin), steps.map(Math.cos)];
  const [firstSin, firstCos] = [new Float64Array(pairs), new Float64Array(pairs)];
  return (out: Float32Array): void => {
    for (let first = 0; first < length; first += block) {
      for (let k = 0; k < pairs; k++) {
        firstSin[k] = Math.sin(first * frequencies[k]);
        firstCos[k] = Math.cos(first * frequencies[k]);
      }
      const rows = Math.min(block, length - first);
      for (let row = 0, n = 0, at = first * dim; row < rows; row++, at += dim) {
        for (let k = 0; k < pairs; k++, n++) {
          out[at + k] = firstSin[k] * stepCos[n] + firstCos[k] * stepSin[n];
          out[at + pairs + k] = firstCos[k] * stepCos[n] - firstSin[k] * stepSin[n];
        }
      }
    }
  };
}
