import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { createEngine, type FireOptions, fire, Tensor } from '../../../src/index.ts';
import { fire as reference } from '../../../src/reference/fire.ts';
import { test } from '../../support/test.ts';
import { closeTo, floats, rejects, sameBits } from '../common.ts';

const network = (width: number, heads: number) => [
  { weight: floats(width, 1), bias: floats(width, 2) },
  { weight: floats(width * heads, 3), bias: floats(heads, 4) },
];
const layers = network(6, 3);
const position = fc.integer({ min: 0, max: 60 });
const forms = fc.oneof(
  fc.record({
    queryLength: fc.integer({ min: 1, max: 30 }),
    keyLength: fc.integer({ min: 1, max: 40 }),
    queryOffset: fc.integer({ min: -10, max: 60 }),
  }),
  fc.record({
    queryLength: fc.integer({ min: 1, max: 6 }),
    keyPositions: fc.array(position, { minLength: 1, maxLength: 9 }),
  }),
  fc.record({
    queryPositions: fc.array(position, { minLength: 1, maxLength: 9 }),
    keyPositions: fc.array(position, { minLength: 1, maxLength: 9 }),
  }),
);
const others = fc.record({
  initL: fc.constantFrom(4, 12.5, 512),
  causal: fc.boolean(),
  window: fc.option(fc.tuple(fc.integer({ min: -1, max: 9 }), fc.integer({ min: -1, max: 9 })), { nil: undefined }),
});

test('equal to the reference; row blocks are slices; addTo is S + matrix', () => {
  fc.assert(
    fc.property(forms, others, fc.nat(), fc.nat(), (form, other, a, b) => {
      const o: FireOptions = { layers, ...form, ...other };
      const whole = fire(o);
      closeTo(whole.data, reference(o as never).data, 2e-6, 2e-6, 'fire');
      const [heads, q, k] = whole.shape;
      const [from, to] = [a % (q + 1), b % (q + 1)].sort((x, y) => x - y);
      const block = fire({ ...o, rows: [from, to] });
      const slices = Array.from({ length: heads }, (_, h) => [
        ...whole.data.subarray((h * q + from) * k, (h * q + to) * k),
      ]);
      sameBits(block.data, Float32Array.from(slices.flat()), 'rows');
      const scores = floats(2 * whole.length, 7);
      const want = scores.map((v, t) => v + whole.data[t % whole.length]);
      const tensor = Tensor.from(scores, [2, ...whole.shape]);
      assert.is(fire({ ...o, addTo: tensor }), tensor);
      sameBits(tensor.data, want, 'Tensor');
      fire({ ...o, addTo: scores });
      sameBits(scores, want, 'Float32Array');
    }),
    { seed: 31, numRuns: 80 },
  );
});

test('rows below the threshold and above it, tiles and a small arena: the same bits', () => {
  const small = createEngine({ scratchBytes: 65536 });
  const wide = network(32, 12);
  const o = { layers: wide, queryLength: 300, keyLength: 700, queryOffset: 200, initL: 300 };
  const a = fire(o);
  sameBits(fire({ ...o, engine: small }).data, a.data, 'arena');
  for (const row of [0, 99, 100, 101, 255, 256, 299]) {
    const one = fire({ ...o, rows: [row, row + 1] });
    const listed = fire({ layers: wide, queryPositions: [200 + row], keyLength: 700, initL: 300 });
    for (let h = 0; h < 12; h++) {
      const want = a.data.subarray((h * 300 + row) * 700, (h * 300 + row + 1) * 700);
      sameBits(one.data.subarray(h * 700, h * 700 + 700), want, `row ${row}`);
      sameBits(listed.data.subarray(h * 700, h * 700 + 700), want, `row ${row} by position`);
    }
  }
  a.dispose();
});

test('bad input names the option', () => {
  const bias = (o: object) => () => fire({ keyLength: 4, layers, ...o } as never);
  rejects(bias({ layers: [layers[0]] }), 'ERR_OPTION', 'layers');
  rejects(bias({ layers: [layers[0], { weight: layers[1].weight }] }), 'ERR_OPTION', 'layers[1].bias');
  rejects(bias({ layers: [layers[0], { weight: floats(7, 1), bias: floats(1, 1) }] }), 'ERR_SHAPE', 'layers[1].weight');
  rejects(bias({ c: Number.NaN }), 'ERR_OPTION', 'c');
  rejects(bias({ eps: -1 }), 'ERR_OPTION', 'eps');
  rejects(bias({ eps: 0, c: 0 }), 'ERR_OPTION', 'eps');
  rejects(bias({ diagonal: true }), 'ERR_OPTION', 'diagonal');
  rejects(bias({ addTo: new Float32Array(5) }), 'ERR_SHAPE', 'addTo');
  rejects(bias({ window: [0, -3] }), 'ERR_OPTION', 'window[1]');
});

test.run();
