/** Random numbers that are the same in every run: mulberry32. */
export interface Random {
  /** In [0, 1). */
  (): number;
  /** An integer from `from` to `to`, both included. */
  int(from: number, to: number): number;
  pick<T>(list: readonly T[]): T;
  /** True with probability p. */
  chance(p: number): boolean;
  /** n float32 numbers in [-range, range). */
  floats(n: number, range?: number): Float32Array;
}

export function randomOf(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return Object.assign(next, {
    int,
    pick: <T>(list: readonly T[]): T => list[int(0, list.length - 1)],
    chance: (p: number) => next() < p,
    floats: (n: number, range = 2) => Float32Array.from({ length: n }, () => Math.fround((2 * next() - 1) * range)),
  });
}
