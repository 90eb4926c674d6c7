import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type ApplyRotaryOptions,
  applyRotary,
  rotaryTable,
  rotaryTableFrom,
  sinusoidal,
} from '../../src/reference/index.ts';
import type { Pairing, RotarySpec } from '../../src/rotary/spec.ts';
import { close, closeData, float32, type GoldenRecord, golden, ulps } from './golden.ts';

const pairings = ['half', 'interleaved'] as const;

function tableOf(record: GoldenRecord) {
  const { params, inputs } = record;
  const headDim = params.head_dim ?? params.rotary_dim;
  const spec: RotarySpec = {
    headDim,
    rotaryDim: params.rotary_dim ?? headDim,
    rotaryOffset: params.passthrough?.startsWith('leading') ? headDim - params.rotary_dim : 0,
    ropeTheta: params.rope_theta,
    precision: params.precision,
    pairing: params.pairing,
    outputPairing: params.output_layout?.split(' ')[0],
    rotationSign: params.rotation_sign ?? 1,
    attentionFactor: params.attention_scaling ?? 1,
    invFreq: inputs.inv_freq_f32?.data,
  };
  return rotaryTable(spec, { positions: inputs.position_ids.data });
}

test('golden exact tables: every value is the real one, rounded once', () => {
  for (const record of golden('rotary', 'exact_tables').filter((r) => r.op === 'cos_sin_table')) {
    const table = tableOf(record);
    for (const name of ['cos', 'sin'] as const) {
      const want = Float32Array.from(record.outputs[name].data);
      assert.equal(table[name].shape, record.outputs[name].shape);
      // A double rounding would show here about once in 10^8 values, as one ulp.
      want.forEach((w, i) => {
        assert.is(table[name].data[i], w, `${record.name} ${name}[${i}]`);
      });
    }
  }
});

test('golden torch tables: within one ulp of PyTorch', () => {
  for (const record of golden('rotary', 'hf_llama_half')) {
    const table = tableOf(record);
    const width = record.outputs.cos.shape.at(-1)!;
    const pairs = table.rotaryDim / 2;
    for (const name of ['cos', 'sin'] as const) {
      const want = record.outputs[name].data;
      assert.is(want.length / width, table.length);
      want.forEach((w, at) => {
        const got = table[name].data[Math.floor(at / width) * pairs + ((at % width) % pairs)];
        assert.ok(ulps(got, w) <= 1, `${record.name} ${name}[${at}]: got ${got}, want ${w}`);
      });
    }
  }
});

const endToEnd = [
  ...golden('rotary', 'hf_llama_half'),
  ...golden('rotary', 'hf_partial_variants'),
  ...golden('rotary', 'complex_and_mla'),
].filter((r) => /end_to_end|complex/.test(r.op!));
for (const record of endToEnd) {
  test(`golden ${record.name}: tables and rotated vectors`, () => {
    const table = tableOf(record);
    for (const name of ['q', 'k', 'x']) {
      if (record.inputs[name] === undefined) continue;
      const x = float32(record.inputs[name]);
      const layout = record.params.layout;
      const y = applyRotary(x, table, { layout, out: new Float32Array(x.data.length) });
      close(y, record.outputs[name === 'x' ? 'y' : name], record.tolerance, `${record.name} ${name}`);
      if (record.outputs.y_conjugated) {
        // The record conjugates at the same position what was rotated before.
        const back = applyRotary(y, table, { layout, inverse: true });
        close(back, record.outputs.y_conjugated, record.tolerance, `${record.name} conjugated`);
      }
    }
  });
}

for (const record of golden('rotary', 'flash_attn_layouts')) {
  test(`golden ${record.name}: flash-attention rotation`, () => {
    const { params, inputs, outputs } = record;
    const table = rotaryTableFrom({ cos: float32(inputs.cos), sin: float32(inputs.sin), pairing: params.pairing });
    if (record.op === 'rope_apply_qkv') {
      const { shape, data } = float32(inputs.qkv);
      const [batch, sequence, heads, dim] = shape;
      const strides = { batch: sequence * heads * dim, sequence: heads * dim, head: dim };
      const rotated = [batch, sequence, params.num_heads_q + params.num_heads_k, dim];
      applyRotary(data, table, { shape: rotated, strides });
      return closeData(data, outputs.qkv.data, record.tolerance, record.name);
    }
    const options: ApplyRotaryOptions = {
      layout: params.layout,
      offset: inputs.seqlen_offsets?.data ?? params.seqlen_offset,
      cuSeqlens: inputs.cu_seqlens?.data,
      inverse: params.conjugate,
      outOfRange: params.out_of_range,
    };
    const x = float32(inputs.x);
    const out = params.inplace ? undefined : new Float32Array(x.data.length);
    const y = applyRotary(x, table, { ...options, out });
    assert.is(y.data === x.data, params.inplace);
    close(y, outputs.y, record.tolerance, record.name);
  });
}

const cases = fc.record({
  pairs: fc.integer({ min: 1, max: 9 }),
  before: fc.integer({ min: 0, max: 3 }),
  after: fc.integer({ min: 0, max: 3 }),
  batch: fc.integer({ min: 1, max: 3 }),
  sequence: fc.integer({ min: 1, max: 5 }),
  heads: fc.integer({ min: 1, max: 3 }),
  pairing: fc.constantFrom(...pairings) as fc.Arbitrary<Pairing>,
  rotationSign: fc.constantFrom(1 as const, -1 as const),
  precision: fc.constantFrom('exact' as const, 'torch' as const),
  start: fc.integer({ min: -100, max: 2 ** 20 }),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function setting({ pairs, before, after, batch, sequence, heads, pairing, rotationSign, precision, start }: Case) {
  const headDim = before + 2 * pairs + after;
  const spec = { headDim, rotaryDim: 2 * pairs, rotaryOffset: before, pairing, rotationSign, precision };
  const data = Float32Array.from(
    { length: batch * sequence * heads * headDim },
    (_, i) => (((i * 37) % 101) - 50) / 16,
  );
  return {
    spec,
    headDim,
    data,
    shape: [batch, sequence, heads, headDim],
    table: rotaryTable(spec, { length: sequence, offset: start }),
  };
}

test('a rotation by its definition: pair by pair, passthrough untouched, inverse turns back', () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { data, shape, headDim, table } = setting(given);
      const { pairs, before, heads, sequence, pairing, rotationSign, start } = given;
      const y = applyRotary(data, table, { shape, offset: start, out: new Float32Array(data.length) });
      const plain = rotaryTable(
        { headDim: 2 * pairs, precision: given.precision },
        { length: sequence, offset: start },
      );
      for (let at = 0; at < data.length; at++) {
        const channel = at % headDim;
        const row = Math.floor(at / headDim / heads) % sequence;
        const inside = channel - before;
        if (inside < 0 || inside >= 2 * pairs) {
          assert.is(y.data[at], data[at]);
          continue;
        }
        const second = pairing === 'half' ? inside >= pairs : inside % 2 === 1;
        const k = pairing === 'half' ? inside % pairs : inside >> 1;
        const partner = at + (second ? -1 : 1) * (pairing === 'half' ? pairs : 1);
        const c = plain.cos.data[row * pairs + k];
        const s = rotationSign * plain.sin.data[row * pairs + k] * (second ? 1 : -1);
        assert.is(y.data[at], Math.fround(Math.fround(data[at] * c) + Math.fround(data[partner] * s)));
      }
      const back = applyRotary(y.data, table, { shape, offset: start, inverse: true });
      closeData(back.data, data, { abs: 3e-6, rel: 0 }, 'rotated back');
    }),
    { numRuns: 60 },
  );
});

test('layouts, positions, offsets and row-aligned tables name the same rotation', () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { spec, data, shape, headDim, table } = setting(given);
      const { batch, sequence, heads, start } = given;
      const apply = (options: ApplyRotaryOptions, by = table, x = data) =>
        applyRotary(x, by, { out: new Float32Array(x.length), ...options }).data;
      const want = apply({ shape, offset: start });
      const positions = Array.from({ length: batch * sequence }, (_, t) => start + (t % sequence));
      assert.equal(apply({ shape, positions }), want);
      assert.equal(apply({ shape, positions: positions.slice(0, sequence) }), want);
      assert.equal(apply({ shape }, rotaryTable(spec, { positions })), want);
      assert.equal(apply({ shape }, rotaryTable(spec, { positions: positions.slice(0, sequence) })), want);
      assert.equal(apply({ shape, offset: Array(batch).fill(start) }), want);
      const cuSeqlens = Array.from({ length: batch + 1 }, (_, b) => b * sequence);
      const tokens = [batch * sequence, heads, headDim];
      assert.equal(apply({ layout: 'THD', shape: tokens, cuSeqlens, offset: start }), want);
      const strides = { batch: sequence * heads * headDim, sequence: heads * headDim, head: headDim };
      assert.equal(apply({ layout: 'BHSD', shape: [batch, heads, sequence, headDim], strides, offset: start }), want);
    }),
    { numRuns: 60 },
  );
});

test('outputPairing moves the results of the same rotation', () => {
  const table = (outputPairing: Pairing) =>
    rotaryTable({ headDim: 6, pairing: 'interleaved', outputPairing }, { length: 3, offset: 5 });
  const x = Float32Array.from({ length: 18 }, (_, i) => i + 1);
  const run = (outputPairing: Pairing) =>
    applyRotary(x, table(outputPairing), { shape: [1, 3, 1, 6], offset: 5, out: new Float32Array(18) }).data;
  const same = run('interleaved');
  const moved = run('half');
  for (let t = 0; t < 3; t++) {
    for (let k = 0; k < 3; k++) {
      assert.is(moved[6 * t + k], same[6 * t + 2 * k]);
      assert.is(moved[6 * t + 3 + k], same[6 * t + 2 * k + 1]);
    }
  }
});

test('the exact table is the sinusoidal one', () => {
  const options = { length: 9, offset: 16777210 };
  const { cos, sin } = rotaryTable({ headDim: 10 }, options);
  const both = sinusoidal({ dim: 10, ...options }).data;
  assert.equal(
    sin.data,
    both.filter((_, i) => i % 2 === 0),
  );
  assert.equal(
    cos.data,
    both.filter((_, i) => i % 2 === 1),
  );
});

test('a position without a row is refused before anything is written, or left alone', () => {
  const table = rotaryTable({ headDim: 4, pairing: 'interleaved' }, { length: 4 });
  const x = { shape: [1, 3, 1, 4], data: Float32Array.from({ length: 12 }, (_, i) => i) };
  const before = x.data.slice();
  assert.throws(() => applyRotary(x, table, { positions: [1, 2, 4] }), /4 has no row/);
  assert.throws(() => applyRotary(x, table, { positions: [1, 2, 0.5] }), /0.5 has no row/);
  assert.equal(x.data, before);
  applyRotary(x, table, { positions: [1, -1, 4], outOfRange: 'identity' });
  assert.equal(x.data.slice(4), before.slice(4));
  assert.not.equal(x.data.slice(0, 4), before.slice(0, 4));
});

test('wrong options are refused by name', () => {
  assert.throws(() => rotaryTable({ headDim: 4 }, { length: 1, ofset: 3 } as object), /unknown option 'ofset'/);
  assert.throws(() => rotaryTable({ headDim: 4, rotaryDim: 4, rotaryOffset: 2 }, { length: 1 }), /rotaryOffset/);
  assert.throws(() => rotaryTable({ headDim: 4, precision: 'float64' as 'exact' }, { length: 1 }), /precision/);
  const table = rotaryTable({ headDim: 4 }, { positions: [3, 1] });
  const x = { shape: [1, 2, 1, 4], data: new Float32Array(8) };
  assert.throws(() => applyRotary(x, table, { offset: 1 }), /row t/);
  assert.throws(() => applyRotary({ ...x, shape: [1, 2, 4] }, table), /shape/);
  assert.throws(() => applyRotary({ shape: [1, 2, 1, 2], data: new Float32Array(4) }, table), /headDim 2/);
});

test.run();
