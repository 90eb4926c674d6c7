/** Random rotary specifications and small tools, for the tests of this folder. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { rotaryFrequencies } from '../../src/rotary/frequencies.ts';
import type {
  HeadSpec,
  LooseSpec,
  Pairing,
  RopeType,
  RotaryCommon,
  RotarySpec,
  SpecOf,
} from '../../src/rotary/spec.ts';

export const PAIRINGS: readonly Pairing[] = ['half', 'interleaved'];

/** rotaryFrequencies of what need not be a specification as its type has it. */
export const frequenciesOf = (spec: LooseSpec, given?: { readonly context?: number }) =>
  rotaryFrequencies(spec as RotarySpec, given);

const LENGTHS = { maxPositionEmbeddings: 64, originalMaxPositionEmbeddings: 64 };

/** Options of every rule, by the number of pairs: a rope type that is missing here does not compile. */
const OPTIONS: { readonly [T in RopeType]: readonly ((pairs: number) => Omit<SpecOf<T>, 'headDim'> & RotaryCommon)[] } =
  {
    default: [() => ({}), () => ({})],
    linear: [
      () => ({ ropeType: 'linear', factor: 3 }),
      () => ({ ropeType: 'linear', factor: 3, linearRounding: 'position' }),
    ],
    dynamic: [() => ({ ropeType: 'dynamic', factor: 2, ...LENGTHS })],
    ntk: [() => ({ ropeType: 'ntk', alpha: 8 }), () => ({ ropeType: 'ntk', factor: 3, mixedB: 0.625 })],
    'ntk-by-parts': [() => ({ ropeType: 'ntk-by-parts', factor: 4, ...LENGTHS })],
    yarn: [
      () => ({ ropeType: 'yarn', factor: 4, ...LENGTHS, attnFactor: 0.9 }),
      () => ({ ropeType: 'yarn', factor: 4, ...LENGTHS, truncate: false }),
    ],
    'dynamic-yarn': [
      () => ({ ropeType: 'dynamic-yarn', ...LENGTHS, originalMaxPositionEmbeddings: 16 }),
      () => ({ ropeType: 'dynamic-yarn', originalMaxPositionEmbeddings: 64 }),
    ],
    longrope: [
      (pairs) => {
        const factors = Array.from({ length: pairs }, (_, i) => 1 + i / 2);
        return { ropeType: 'longrope', shortFactor: factors, longFactor: factors, factor: 2, ...LENGTHS };
      },
    ],
    llama3: [() => ({ ropeType: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4, ...LENGTHS })],
    proportional: [() => ({ ropeType: 'proportional', factor: 2 })],
  };
const CHOICES = Object.values(OPTIONS).flat() as readonly ((pairs: number) => LooseSpec)[];
/** The exponents d / (d - 2) of these need more than one pair. */
const WIDE: readonly unknown[] = ['dynamic', 'ntk', 'ntk-by-parts'];

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
      choice: fc.constantFrom(...CHOICES),
    })
    .map(({ pairs, rest, before, choice, ...common }): HeadSpec => {
      const options = choice(pairs);
      const { ropeType } = options;
      // p-RoPE pairs the whole head
      if (ropeType === 'proportional')
        return { ...common, ...options, headDim: 2 * pairs, rotaryDim: 2 * pairs } as HeadSpec;
      const place = { headDim: before + 2 * pairs + rest, rotaryDim: 2 * pairs, rotaryOffset: before };
      return { ...common, ...place, ...(pairs === 1 && WIDE.includes(ropeType) ? {} : options) } as HeadSpec;
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
