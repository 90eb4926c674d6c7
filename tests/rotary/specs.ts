/** Random rotary specifications and small tools, for the tests of this folder. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import type { HeadSpec, Pairing, RotarySpec } from '../../src/rotary/spec.ts';

export const PAIRINGS: readonly Pairing[] = ['half', 'interleaved'];

/** Specifications of every rule, with widths from 2 to 256 and any place of the rotated slice. */
export const specs = (precisions: readonly RotarySpec['precision'][] = ['exact', 'torch', 'ggml']) =>
  fc
    .record({
      pairs: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(32, 61, 64, 128)),
      rest: fc.integer({ min: 0, max: 5 }),
      before: fc.integer({ min: 0, max: 5 }),
      pairing: fc.constantFrom(...PAIRINGS),
      outputPairing: fc.option(fc.constantFrom(...PAIRINGS), { nil: undefined }),
      precision: fc.constantFrom(...precisions),
      ropeTheta: fc.constantFrom(10000, 500000, 1e6, 100),
      rotationSign: fc.constantFrom(1, -1) as fc.Arbitrary<1 | -1>,
      positionScale: fc.constantFrom(1, 1, 0.37, 3),
      rule: fc.integer({ min: 0, max: 6 }),
    })
    .map(({ pairs, rest, before, rule, ...common }): HeadSpec => {
      const spec = { ...common, headDim: before + 2 * pairs + rest, rotaryDim: 2 * pairs, rotaryOffset: before };
      const lengths = { maxPositionEmbeddings: 64, originalMaxPositionEmbeddings: 64 };
      const wide = pairs > 1;
      switch (rule) {
        case 1:
          return { ...spec, ropeType: 'linear', factor: 3 };
        case 2:
          return { ...spec, ropeType: 'linear', factor: 3, linearRounding: 'position' };
        case 3:
          return { ...spec, ropeType: 'yarn', factor: 4, ...lengths, attnFactor: 0.9 };
        case 4:
          return wide ? { ...spec, ropeType: 'dynamic', factor: 2, ...lengths } : spec;
        case 5:
          return wide ? { ...spec, ropeType: 'ntk', alpha: 8 } : spec;
        case 6: {
          const factors = Array.from({ length: pairs }, (_, i) => 1 + i / 2);
          return { ...spec, ropeType: 'longrope', shortFactor: factors, longFactor: factors, factor: 2, ...lengths };
        }
        default:
          return spec;
      }
    });

const words = new Int32Array(2);
const floats = new Float32Array(words.buffer);

/** Steps between two float32 numbers. */
export function ulps(a: number, b: number): number {
  floats[0] = a;
  floats[1] = b;
  const [x, y] = [words[0], words[1]].map((bits) => (bits < 0 ? -(bits & 0x7fffffff) : bits));
  return Math.abs(x - y);
}

/** Equal to the bit, but for the sign of zero. */
export function same(got: ArrayLike<number>, want: ArrayLike<number>, what: string): void {
  assert.is(got.length, want.length, `${what}: length`);
  for (let i = 0; i < want.length; i++) {
    if (got[i] !== want[i]) assert.is(got[i], want[i], `${what}[${i}]`);
  }
}

/** Within one step of float32. */
export function adjacent(got: ArrayLike<number>, want: ArrayLike<number>, what: string): void {
  assert.is(got.length, want.length, `${what}: length`);
  for (let i = 0; i < want.length; i++) {
    if (got[i] !== want[i] && !(ulps(got[i], want[i]) <= 1)) assert.is(got[i], want[i], `${what}[${i}]`);
  }
}

/** Deterministic numbers in [-2, 2). */
export function noise(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 30;
  });
}
