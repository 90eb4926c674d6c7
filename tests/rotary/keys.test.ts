/** Cached keys: against the plain twin, the laws of rotations, and what a hundred rounds leave. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  applyRotary,
  createEngine,
  type Pairing,
  type RotarySpec,
  retable,
  rotaryFrequencies,
  rotaryTable,
  rotaryTableFrom,
  shiftKeys,
  Tensor,
  unrotate,
} from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { golden } from './golden.ts';

const PAIRINGS: readonly Pairing[] = ['half', 'interleaved'];

/** Deterministic normal-like numbers. */
function keys(count: number, seed = 1): Float32Array {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => next() + next() + next() + next() - 2);
}

/** Per pair: |a - b| / |b|. */
function pairErrors(got: Float32Array, want: Float32Array, dim: number, pairing: Pairing): number[] {
  const errors: number[] = [];
  for (let at = 0; at < got.length; at += dim) {
    for (let i = 0; i < dim / 2; i++) {
      const [p, q] = pairing === 'half' ? [at + i, at + i + dim / 2] : [at + 2 * i, at + 2 * i + 1];
      const norm = Math.sqrt(want[p] ** 2 + want[q] ** 2);
      errors.push(Math.sqrt((got[p] - want[p]) ** 2 + (got[q] - want[q]) ** 2) / norm);
    }
  }
  return errors;
}

const worst = (errors: readonly number[]) => errors.reduce((a, b) => Math.max(a, b), 0);
const rms = (errors: readonly number[]) => Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);

test('every option of shiftKeys: the bits of the plain twin', () => {
  fc.assert(
    fc.property(
      fc.record({
        layout: fc.constantFrom('BSHD', 'BHSD', 'THD'),
        batch: fc.integer({ min: 1, max: 3 }),
        tokens: fc.integer({ min: 1, max: 5 }),
        heads: fc.integer({ min: 1, max: 3 }),
        pairs: fc.integer({ min: 1, max: 11 }),
        rest: fc.integer({ min: 0, max: 3 }),
        lead: fc.integer({ min: 0, max: 2 }),
        pairing: fc.constantFrom(...PAIRINGS),
        outputPairing: fc.constantFrom(...PAIRINGS),
        precision: fc.constantFrom('exact', 'torch'),
        rotationSign: fc.constantFrom(1, -1),
        kind: fc.constantFrom('one', 'tokens', 'all'),
        seed: fc.nat(),
      }),
      (c) => {
        const dim = c.lead + 2 * c.pairs + c.rest;
        const spec = {
          headDim: dim,
          rotaryDim: 2 * c.pairs,
          rotaryOffset: c.lead,
          pairing: c.pairing,
          outputPairing: c.outputPairing,
          precision: c.precision,
          rotationSign: c.rotationSign,
          attentionFactor: 1.5,
        } as RotarySpec;
        const batch = c.layout === 'THD' ? 1 : c.batch;
        const shape =
          c.layout === 'THD'
            ? [c.tokens, c.heads, dim]
            : c.layout === 'BSHD'
              ? [batch, c.tokens, c.heads, dim]
              : [batch, c.heads, c.tokens, dim];
        const x = keys(batch * c.tokens * c.heads * dim, c.seed);
        const count = c.kind === 'tokens' ? c.tokens : batch * c.tokens;
        const list = Array.from({ length: count }, (_, i) => ((c.seed + (i >> 1) * 7919) % 4001) - 2000);
        const delta = c.kind === 'one' ? list[0] : list;
        const options = { layout: c.layout as 'BSHD', shape };
        const want = reference.shiftKeys(x.slice(), delta, spec, options);
        const got = x.slice();
        assert.is(shiftKeys(got, delta, spec, options), got);
        assert.equal(pairless(got, want.data), []);
      },
    ),
    { numRuns: 150 },
  );
});

/** Indices that differ by more than an ulp of the larger partner: the twin's own sine differs in the 53rd bit. */
function pairless(got: ArrayLike<number>, want: ArrayLike<number>): number[] {
  const wrong: number[] = [];
  for (let i = 0; i < want.length; i++) {
    if (!(Math.abs(got[i] - want[i]) <= 2 ** -23 * Math.max(Math.abs(want[i]), 2 ** -20))) wrong.push(i);
  }
  return wrong;
}

test('retable and unrotate: the numbers of the plain twin in every layout, by positions, offsets and packed sequences', () => {
  fc.assert(
    fc.property(
      fc.record({
        layout: fc.constantFrom('BSHD', 'BHSD', 'THD'),
        batch: fc.integer({ min: 1, max: 3 }),
        tokens: fc.integer({ min: 1, max: 5 }),
        heads: fc.integer({ min: 1, max: 3 }),
        pairs: fc.integer({ min: 1, max: 9 }),
        rest: fc.integer({ min: 0, max: 2 }),
        pairing: fc.constantFrom(...PAIRINGS),
        outputs: fc.tuple(fc.constantFrom(...PAIRINGS), fc.constantFrom(...PAIRINGS)),
        by: fc.constantFrom('nothing', 'positions', 'all', 'offset', 'offsets', 'packed'),
        start: fc.constantFrom(0, 3),
        seed: fc.nat(),
      }),
      (c) => {
        const dim = 2 * c.pairs + c.rest;
        const batch = c.layout === 'THD' ? 1 : c.batch;
        const shape =
          c.layout === 'THD'
            ? [c.tokens, c.heads, dim]
            : c.layout === 'BSHD'
              ? [batch, c.tokens, c.heads, dim]
              : [batch, c.heads, c.tokens, dim];
        const common = { headDim: dim, rotaryDim: 2 * c.pairs, pairing: c.pairing };
        const specs: RotarySpec[] = [
          { ...common, ropeTheta: 1e4, attentionFactor: 1.25, outputPairing: c.outputs[0] },
          { ...common, ropeTheta: 1e6, attentionFactor: 0.75, outputPairing: c.outputs[1], precision: 'torch' },
        ];
        const rows = [
          { length: 40, offset: 0 },
          { length: 30, offset: c.start === 0 ? 0 : -2 },
        ];
        const ours = specs.map((spec, i) => rotaryTable(spec, rows[i]));
        const theirs = ours.map((table, i) => ({
          ...reference.rotaryTableFrom({
            cos: { shape: table.cos.shape, data: table.cos.data },
            sin: { shape: table.sin.shape, data: table.sin.data },
            pairing: specs[i].pairing!,
            outputPairing: specs[i].outputPairing,
            start: rows[i].offset,
          }),
        }));
        const places = (n: number) => Array.from({ length: n }, (_, i) => (c.seed + 5 * i) % 20);
        const options: Record<string, unknown> = { layout: c.layout, shape };
        if (c.by === 'positions') options.positions = places(c.tokens);
        if (c.by === 'all') options.positions = places(batch * c.tokens);
        if (c.by === 'offset') options.offset = 4;
        if (c.by === 'offsets') options.offset = places(batch);
        if (c.by === 'packed' && c.layout === 'THD') options.cuSeqlens = [0, c.tokens >> 1, c.tokens];
        const x = keys(batch * c.tokens * c.heads * dim, c.seed);
        const got = retable(x.slice(), ours[0], ours[1], options);
        const want = reference.retable(x.slice(), theirs[0], theirs[1], options);
        assert.equal(pairless(got, want.data), []);
        const plain = unrotate(x.slice(), ours[0], options);
        assert.equal(pairless(plain, reference.unrotate(x.slice(), theirs[0], options).data), []);
        for (const table of ours) table.dispose();
      },
    ),
    { numRuns: 150 },
  );
});

test('golden: K-shift as llama.cpp does it, from the cached keys and against the direct rotation', () => {
  for (const record of golden('ggml_rope').filter((r) => r.op === 'ggml_kshift')) {
    const { params, inputs, outputs } = record;
    const spec: RotarySpec = {
      headDim: outputs.k_cached.shape[2],
      rotaryDim: params.n_dims,
      ropeTheta: params.freq_base,
      precision: 'torch',
      pairing: params.mode === 'NEOX' ? 'half' : 'interleaved',
    };
    const k = Float32Array.from(outputs.k_cached.data);
    shiftKeys(k, inputs.delta.data, spec, { layout: 'THD', shape: outputs.k_cached.shape });
    k.forEach((value, i) => {
      assert.ok(Math.abs(value - outputs.k_shifted.data[i]) <= record.tolerance.abs, `${record.name} ${i}`);
    });
  }
});

test('a shift is the rotation at the new position', () => {
  const spec: RotarySpec = { headDim: 128, ropeTheta: 5e5, attentionFactor: 1.3 };
  const shape = [1, 64, 2, 128];
  const x = keys(64 * 2 * 128);
  const at = (offset: number) => applyRotary(x.slice(), rotaryTable(spec, { length: 64, offset }), { shape, offset });
  for (const delta of [-90000, -1, 0, 17, 1 << 20]) {
    const errors = pairErrors(shiftKeys(at(100000), delta, spec, { shape }), at(100000 + delta), 128, 'half');
    assert.ok(worst(errors) < 2 ** -21.5, `${delta}: 2^${Math.log2(worst(errors))}`);
  }
});

test('a shift by 0 changes no bit', () => {
  const k = keys(2 * 6 * 3 * 20);
  const options = { shape: [2, 6, 3, 20] };
  assert.equal(shiftKeys(k.slice(), 0, { headDim: 20 }, options), k);
});

test('laws, one round: a then b = a + b; back; retable = unrotate, then rotate; there and back', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -(2 ** 24), max: 2 ** 24 }),
      fc.integer({ min: -(2 ** 24), max: 2 ** 24 }),
      fc.constantFrom(...PAIRINGS),
      fc.nat(),
      (a, b, pairing, seed) => {
        const spec: RotarySpec = { headDim: 64, pairing };
        const shape = [4, 2, 64];
        const options = { layout: 'THD', shape } as const;
        const k = keys(512, seed);
        const shift = (x: Float32Array, delta: number) => shiftKeys(x.slice(), delta, spec, options);
        const near = (got: Float32Array, want: Float32Array) => {
          assert.ok(worst(pairErrors(got, want, 64, pairing)) <= 2 ** -21);
        };
        near(shift(shift(k, a), b), shift(k, a + b));
        near(shift(shift(k, a), -a), k);
        const from = rotaryTable({ headDim: 64, pairing, attentionFactor: 1.4 }, { length: 4, offset: a });
        const to = rotaryTable(
          { headDim: 64, pairing, ropeTheta: 1e6, attentionFactor: 0.8 },
          { length: 4, offset: a },
        );
        const placed = { ...options, offset: a };
        const moved = retable(k.slice(), from, to, placed);
        near(moved, applyRotary(unrotate(k.slice(), from, placed), to, placed));
        near(retable(moved.slice(), to, from, placed), k);
        for (const table of [from, to]) table.dispose();
      },
    ),
    { numRuns: 60 },
  );
});

/** What storing float32 once a turn leaves after n turns: errors add up like a random walk, not like a slope. */
const WALK = (turns: number) => 2 ** -25.2 * Math.sqrt(turns);

test('a hundred rounds: the error grows with the square root of the rounds', () => {
  const spec: RotarySpec = { headDim: 128, ropeTheta: 5e5 };
  const shape = [16, 8, 128];
  const options = { layout: 'THD', shape } as const;
  const k = keys(16 * 8 * 128, 9);
  // the same shift again and again: with float32 angles its error would add up a hundred times
  const repeated = k.slice();
  for (let round = 0; round < 100; round++) shiftKeys(repeated, -37, spec, options);
  const once = shiftKeys(k.slice(), -3700, spec, options);
  assert.ok(rms(pairErrors(repeated, once, 128, 'half')) <= WALK(100));

  const different = k.slice();
  let total = 0;
  for (let round = 0; round < 100; round++) {
    const delta = ((round * 7919) % 5003) - 2500;
    shiftKeys(different, delta, spec, options);
    total += delta;
  }
  assert.ok(rms(pairErrors(different, shiftKeys(k.slice(), total, spec, options), 128, 'half')) <= WALK(100));
  shiftKeys(different, -total, spec, options);
  assert.ok(rms(pairErrors(different, k, 128, 'half')) <= WALK(101));

  const from = rotaryTable(spec, { length: 16, offset: 5000 });
  const to = rotaryTable({ ...spec, ropeTheta: 1e7, attentionFactor: 1.2 }, { length: 16, offset: 5000 });
  const placed = { ...options, offset: 5000 };
  const there = k.slice();
  for (let round = 0; round < 100; round++) {
    retable(there, from, to, placed);
    retable(there, to, from, placed);
  }
  assert.ok(rms(pairErrors(there, k, 128, 'half')) <= WALK(200));
});

test('the inverse divides by the squared amplitude, the transpose does not', () => {
  const table = rotaryTable({ headDim: 8, attentionFactor: 2 }, { length: 3 });
  const x = keys(24);
  const options = { layout: 'THD', shape: [3, 1, 8] } as const;
  const rotated = applyRotary(x.slice(), table, options);
  assert.ok(worst(pairErrors(unrotate(rotated.slice(), table, options), x, 8, 'half')) < 2 ** -22);
  const transposed = applyRotary(rotated.slice(), table, { ...options, inverse: true });
  assert.ok(
    worst(
      pairErrors(
        transposed,
        Float32Array.from(x, (v) => 4 * v),
        8,
        'half',
      ),
    ) <
      2 ** -22,
  );
});

test('LongRoPE: keys of the short table become keys of the long one', () => {
  const spec: RotarySpec = {
    headDim: 16,
    ropeType: 'longrope',
    shortFactor: [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7],
    longFactor: [1, 2, 4, 8, 16, 32, 40, 50],
    maxPositionEmbeddings: 1024,
    originalMaxPositionEmbeddings: 128,
  };
  const short = rotaryTable(spec, { length: 128, context: 128 });
  const long = rotaryTable(spec, { length: 128, context: 129 });
  const x = keys(128 * 16);
  const options = { layout: 'THD', shape: [128, 1, 16] } as const;
  const moved = retable(applyRotary(x.slice(), short, options), short, long, options);
  assert.ok(worst(pairErrors(moved, applyRotary(x.slice(), long, options), 16, 'half')) < 2 ** -21.5);
});

test('16-bit tables: the numbers of the widened ones, token by token and by positions', () => {
  const spec: RotarySpec = { headDim: 12, rotaryDim: 10, outputPairing: 'interleaved' };
  const halves = rotaryTable(spec, { length: 9, dtype: 'float16' });
  const brains = rotaryTable({ ...spec, ropeTheta: 500 }, { length: 9, dtype: 'bfloat16' });
  const wide = [halves, brains].map(({ cos, sin }) =>
    rotaryTableFrom({
      cos: cos.toFloat32Array(),
      sin: sin.toFloat32Array(),
      shape: [9, 5],
      pairing: 'half',
      outputPairing: 'interleaved',
    }),
  );
  const k = keys(2 * 9 * 3 * 12);
  const shape = [2, 9, 3, 12];
  for (const more of [{}, { positions: Array.from({ length: 18 }, (_, i) => (4 * i) % 9) }]) {
    const options = { shape, ...more };
    const want = retable(k.slice(), wide[0], wide[1], options);
    assert.equal(retable(k.slice(), halves, brains, options), want);
    assert.equal(retable(k.slice(), wide[0], brains, options), want);
    assert.equal(unrotate(k.slice(), halves, options), unrotate(k.slice(), wide[0], options));
  }
});

test('strides: only the vectors they reach are turned', () => {
  const spec: RotarySpec = { headDim: 6, pairing: 'interleaved' };
  const whole = keys(5 * 40);
  const k = whole.slice();
  shiftKeys(k, 11, spec, { layout: 'THD', shape: [5, 2, 6], strides: { sequence: 40, head: 7 } });
  for (let t = 0; t < 5; t++) {
    for (let c = 0; c < 40; c++) {
      const h = Math.floor(c / 7);
      if (h < 2 && c % 7 < 6) continue;
      assert.is(k[t * 40 + c], whole[t * 40 + c]);
    }
    for (let h = 0; h < 2; h++) {
      const one = whole.slice(t * 40 + h * 7, t * 40 + h * 7 + 6);
      shiftKeys(one, 11, spec, { layout: 'THD', shape: [1, 1, 6] });
      assert.equal(k.slice(t * 40 + h * 7, t * 40 + h * 7 + 6), one);
    }
  }
});

test('many different shifts and a small arena: the numbers of the large one', () => {
  const spec: RotarySpec = { headDim: 256 };
  const k = keys(700 * 256);
  const deltas = Array.from({ length: 700 }, (_, i) => (i % 3) * i);
  const options = { layout: 'THD', shape: [700, 1, 256] } as const;
  const want = shiftKeys(k.slice(), deltas, spec, options);
  const engine = createEngine({ scratchBytes: 1 << 16 });
  assert.equal(shiftKeys(k.slice(), deltas, spec, { ...options, engine }), want);
  const table = rotaryTable(spec, { length: 700, engine });
  const tensor = Tensor.from(k, [700, 1, 256], { engine });
  const before = engine.memory.buffer.byteLength;
  unrotate(tensor, table, { layout: 'THD' });
  assert.is(engine.memory.buffer.byteLength, before);
  assert.equal(tensor.toFloat32Array(), unrotate(k.slice(), rotaryTable(spec, { length: 700 }), options));
});

test('a shift like the one before uses its angles again, any other call or change makes them anew', () => {
  const engine = createEngine();
  const other: RotarySpec = { headDim: 20, ropeTheta: 500 };
  const changed: { headDim: number; ropeTheta: number; rotationSign: 1 | -1 } = {
    headDim: 20,
    ropeTheta: 1e4,
    rotationSign: 1,
  };
  const table = rotaryTable(other, { length: 5, engine });
  const options = { layout: 'THD', shape: [5, 2, 20] } as const;
  const k = keys(200, 3);
  const shift = (delta: number | number[], spec: RotarySpec) => {
    const want = shiftKeys(k.slice(), delta, { ...spec }, { ...options, engine: createEngine() });
    assert.equal(shiftKeys(k.slice(), delta, spec, { ...options, engine }), want);
  };
  shift(-3, changed);
  shift(-3, changed);
  shift(5, changed);
  shift(5, other);
  shift(5, changed);
  unrotate(k.slice(), table, { ...options, engine });
  shift(5, changed);
  shift([1, 2, 3, 4, 5], changed);
  shift(1, changed);
  changed.ropeTheta = 100;
  shift(1, changed);
  changed.rotationSign = -1;
  shift(1, changed);
  const wild: RotarySpec = { headDim: 20, invFreq: new Array(10).fill(1e13) };
  for (let i = 0; i < 2; i++) assert.throws(() => shiftKeys(k.slice(), 1, wild, { ...options, engine }), /2\^40/);
  shift(1, changed);
});

test("ggml: the iterated angles of the difference, as llama.cpp's K-shift", () => {
  const spec: RotarySpec = { headDim: 8, precision: 'ggml' };
  const k = keys(16);
  const got = shiftKeys(k.slice(), -40, spec, { layout: 'THD', shape: [2, 1, 8] });
  const want = shiftKeys(k.slice(), -40, { ...spec, precision: 'torch' }, { layout: 'THD', shape: [2, 1, 8] });
  assert.ok(worst(pairErrors(got, want, 8, 'half')) < 1e-5);
  assert.ok(got.some((v, i) => v !== want[i]));
  assert.is(rotaryFrequencies(spec).precision, 'ggml');
});

test('what cannot be is said before anything is changed', () => {
  const spec: RotarySpec = { headDim: 8 };
  const k = keys(16);
  const copy = k.slice();
  const options = { layout: 'THD', shape: [2, 1, 8] } as const;
  const table = rotaryTable(spec, { length: 2 });
  const wrong = (code: string, message: RegExp, run: () => unknown) => {
    assert.throws(run, (e: { code: string; message: string }) => e.code === code && message.test(e.message));
    assert.equal(k, copy);
  };
  wrong('ERR_SHAPE', /delta: expected one number, 2/, () => shiftKeys(k, [1, 2, 3], spec, options));
  wrong('ERR_POSITION', /delta\[0\]/, () => shiftKeys(k, Number.NaN, spec, options));
  wrong('ERR_SHAPE', /k: has 8 channels per head, but channels 0 to 16 are rotated/, () =>
    shiftKeys(k, 1, { headDim: 16 }, options),
  );
  wrong('ERR_OPTION', /ropeType|length/, () =>
    shiftKeys(k, 1, { headDim: 8, ropeType: 'dynamic', factor: 2, maxPositionEmbeddings: 8 }, options),
  );
  wrong('ERR_POSITION', /token 1 is at 2/, () => retable(k, table, table, { ...options, offset: 1 }));
  const narrow = rotaryTable({ headDim: 8, rotaryDim: 4 }, { length: 2 });
  wrong('ERR_OPTION', /rotaryDim/, () => retable(k, table, narrow, options));
  const other = rotaryTable({ headDim: 8, pairing: 'interleaved' }, { length: 2 });
  wrong('ERR_OPTION', /pairing/, () => retable(k, table, other, options));
  wrong('ERR_OPTION', /to: expected what rotaryTable/, () => retable(k, table, {} as never, options));
  wrong('ERR_OPTION', /to: expected what rotaryTable/, () => retable(k, table, undefined as never, options));
  const small = createEngine({ scratchBytes: 1 << 16 });
  wrong('ERR_SHAPE', /scratch arena/, () =>
    shiftKeys(new Float32Array(8192), 1, { headDim: 8192 }, { layout: 'THD', shape: [1, 1, 8192], engine: small }),
  );
});

test.run();
