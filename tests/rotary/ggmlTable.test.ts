/** Tables of ggml's own arguments: against the reference, and the same numbers however a specification says them. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { type GgmlRope, ggmlRotaryTable, rotaryTable, scope } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { adjacent, same } from './specs.ts';

const parameters: fc.Arbitrary<GgmlRope> = fc
  .record({
    pairs: fc.integer({ min: 1, max: 20 }),
    mode: fc.constantFrom('NORMAL', 'NEOX', 'MROPE', 'IMROPE', 'VISION'),
    sections: fc.tuple(fc.nat(5), fc.nat(5), fc.nat(5), fc.nat(5)),
    freqBase: fc.constantFrom(10000, 500000, 100),
    freqScale: fc.constantFrom(1, 0.25, 1 / 3),
    extFactor: fc.constantFrom(0, 0, 1, 0.5),
    attnFactor: fc.constantFrom(1, 0.9),
    factors: fc.boolean(),
  })
  .map(({ pairs, mode, sections, extFactor, factors, ...rest }) => {
    const multi = mode !== 'NORMAL' && mode !== 'NEOX';
    const total = sections[0] + sections[1] + sections[2] + sections[3];
    return {
      ...rest,
      nDims: 2 * pairs,
      mode: mode as 'NORMAL',
      ...(multi && { sections: total === 0 ? [1, 1, 0, 0] : sections }),
      ...(extFactor && { extFactor, betaFast: 32, betaSlow: 1, nCtxOrig: 256 }),
      ...(factors && { freqFactors: Array.from({ length: 2 * pairs }, (_, i) => 1 + i / 3) }),
    };
  });

for (const precision of ['ggml', 'exact'] as const) {
  test(`${precision}: every mode and argument equals the reference`, () => {
    fc.assert(
      fc.property(parameters, fc.integer({ min: 0, max: 5 }), fc.nat(3000), fc.boolean(), (given, n, seed, text) => {
        const p = { ...given, precision };
        const streams = p.sections ? 4 : 1;
        const positions = Array.from({ length: streams * n }, (_, i) => ((i * 7919 + seed) % 3001) - 100);
        const rows = text ? { length: n, offset: seed } : { positions };
        scope(() => {
          const got = ggmlRotaryTable(p, rows);
          const want = reference.ggmlRotaryTable(p, rows);
          assert.equal(got.cos.shape, want.cos.shape);
          assert.is(got.pairing, want.pairing);
          // exact: an angle 1e-13 apart near a rounding boundary may step once
          adjacent(got.cos.data, want.cos.data, 'cos');
          adjacent(got.sin.data, want.sin.data, 'sin');
        });
      }),
      { numRuns: 150 },
    );
  });
}

test('a specification in ggml precision is the same table as the arguments that llama.cpp makes of it', () => {
  scope(() => {
    const rows = { positions: [0, 1, 77, 4095, 131071] };
    const equal = (a: { cos: { data: Float32Array } }, b: { cos: { data: Float32Array } }, what: string) =>
      same(a.cos.data, b.cos.data, what);
    equal(
      rotaryTable({ headDim: 64, ropeTheta: 5e5, precision: 'ggml' }, rows),
      ggmlRotaryTable({ nDims: 64, freqBase: 5e5, mode: 'NEOX' }, rows),
      'default',
    );
    equal(
      rotaryTable({ headDim: 64, ropeType: 'linear', factor: 4, precision: 'ggml' }, rows),
      ggmlRotaryTable({ nDims: 64, freqScale: 0.25, mode: 'NEOX' }, rows),
      'linear',
    );
    const yarn = { ropeType: 'yarn', factor: 4, originalMaxPositionEmbeddings: 2048, precision: 'ggml' } as const;
    equal(
      rotaryTable({ headDim: 64, ...yarn, attentionFactor: 1 }, rows),
      ggmlRotaryTable(
        { nDims: 64, freqScale: 0.25, extFactor: 1, nCtxOrig: 2048, attnFactor: 1 / (1 + 0.1 * 1.3862943611198906) },
        rows,
      ),
      'yarn',
    );
  });
});

test('VISION starts again in every section: equal positions give equal columns', () => {
  scope(() => {
    const table = ggmlRotaryTable({ nDims: 8, mode: 'VISION', sections: [4, 4, 0, 0] }, { length: 3 });
    assert.equal(table.cos.shape, [3, 8]);
    assert.is(table.rotaryDim, 16);
    for (let t = 0; t < 3; t++) {
      same(table.sin.data.subarray(8 * t, 8 * t + 4), table.sin.data.subarray(8 * t + 4, 8 * t + 8), `row ${t}`);
    }
  });
});

test('arguments that ggml would assert on are refused by name', () => {
  assert.throws(() => ggmlRotaryTable({ nDims: 8, mode: 'MROPE' }, { length: 1 }), /sections/);
  assert.throws(() => ggmlRotaryTable({ nDims: 8, sections: [1, 1, 1, 1] }, { length: 1 }), /sections/);
  assert.throws(() => ggmlRotaryTable({ nDims: 8, mode: 'MROPE', sections: [1, 1, 2] }, { length: 1 }), /4/);
  assert.throws(() => ggmlRotaryTable({ nDims: 7 }, { length: 1 }), /nDims/);
  assert.throws(() => ggmlRotaryTable({ nDims: 8, freqFactors: [1, 0, 1, 1] }, { length: 1 }), /freqFactors\[1\]/);
  assert.throws(() => ggmlRotaryTable({ nDims: 8, extFactor: 1 }, { length: 1 }), /nCtxOrig/);
});

test.run();
