/** WavLM's gate, alone and times a bias: reference, rows, addTo, any arena. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { gatedRelativeBias, relativeGate, Tensor } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { allocatesNothing, close, random, same, tight } from './content.ts';

const layerOf = (heads: number, dim: number, withBias: boolean) => ({
  weight: random([8, dim], 3),
  constant: random([heads], 5).data.map((x) => 2 * x),
  ...(withBias && { bias: random([8], 4) }),
});

test('gate and gated bias: reference; rows are slices; addTo is S + bias; the arena changes no bit', () => {
  const sizes = fc.record({
    batch: fc.integer({ min: 1, max: 2 }),
    heads: fc.integer({ min: 1, max: 3 }),
    length: fc.integer({ min: 1, max: 12 }),
    columns: fc.integer({ min: 1, max: 12 }),
    dim: fc.integer({ min: 1, max: 9 }),
    withBias: fc.boolean(),
    cut: fc.tuple(fc.nat(), fc.nat()),
  });
  fc.assert(
    fc.property(sizes, ({ batch, heads, length, columns, dim, withBias, cut }) => {
      const layer = layerOf(heads, dim, withBias);
      const hidden = random([batch, length, heads * dim], 1);
      const bias = random([heads, length, columns], 2);
      const gates = relativeGate(hidden, layer);
      close(gates, reference.relativeGate(hidden, layer), 'gate');
      const whole = gatedRelativeBias(bias, hidden, layer);
      close(whole, reference.gatedRelativeBias(bias, hidden, layer), 'bias');
      for (let n = 0; n < whole.length; n++) {
        const row = Math.floor(n / columns);
        const cell = bias.data[n % (heads * length * columns)];
        assert.is(whole.data[n], Math.fround(gates.data[row] * cell));
      }
      const [from, to] = cut.map((n) => n % (length + 1)).sort((a, b) => a - b);
      const slice = (x: ArrayLike<number>, matrices: number) =>
        Array.from({ length: matrices }, (_, m) =>
          Array.from(x).slice((m * length + from) * columns, (m * length + to) * columns),
        ).flat();
      const rows = [from, to] as const;
      const want = slice(whole.data, batch * heads);
      same(gatedRelativeBias(bias, hidden, { ...layer, rows, engine: tight }), want, 'rows');
      const few = { data: Float32Array.from(slice(bias.data, heads)), shape: [heads, to - from, columns] };
      same(gatedRelativeBias(few, hidden, { ...layer, rows }), want, 'rows of the bias alone');
      if (from === to) return;
      const scores = random([2, batch, heads, to - from, columns], 6);
      const sum = scores.data.map((s, n) => s + want[n % want.length]);
      const tensor = Tensor.from(scores.data, scores.shape);
      assert.is(gatedRelativeBias(bias, hidden, { ...layer, rows, addTo: tensor }), tensor);
      same(tensor, sum, 'addTo');
    }),
    { seed: 71, numRuns: 120 },
  );
});

test('more queries than are gated at a time, rows that do not fit the arena', () => {
  const layer = layerOf(1, 3, true);
  const hidden = random([1, 600, 3], 1);
  for (const [length, columns] of [
    [600, 40],
    [2, 30000],
  ]) {
    const bias = random([1, length, columns], 2);
    const x = { data: hidden.data.subarray(0, 3 * length), shape: [1, length, 3] };
    const whole = gatedRelativeBias(bias, x, layer);
    const gates = relativeGate(x, { ...layer, engine: tight });
    for (let n = 0; n < whole.length; n++) {
      assert.is(whole.data[n], Math.fround(gates.data[Math.floor(n / columns)] * bias.data[n]));
    }
    const scores = Tensor.from(new Float32Array(whole.length), [...whole.shape], { engine: tight });
    gatedRelativeBias(bias, x, { ...layer, addTo: scores });
    for (let n = 0; n < whole.length; n++) if (scores.data[n] !== whole.data[n]) assert.unreachable(`[${n}]`);
  }
});

test('Tensors and out: nothing is allocated', () => {
  const { weight, constant, bias } = layerOf(2, 4, true);
  const [w, b, hidden, position] = [weight, bias!, random([1, 5, 8], 1), random([2, 5, 5], 2)].map((x) =>
    Tensor.from(x.data, x.shape),
  );
  const layer = { weight: w, bias: b, constant: Tensor.from(constant, [2]) };
  const out = Tensor.zeros([1, 2, 5, 5]);
  allocatesNothing(w.engine, () => gatedRelativeBias(position, hidden, { ...layer, out }));
});

test('what is refused', () => {
  const layer = layerOf(2, 4, true);
  const hidden = random([1, 5, 8], 1);
  assert.throws(() => relativeGate(random([1, 5, 9], 1), layer), /hidden: expected \[B, L, 2 x 4\]/);
  assert.throws(() => relativeGate(hidden, { ...layer, weight: random([4, 4], 1) }), /weight/);
  assert.throws(() => relativeGate(hidden, { ...layer, bias: random([4], 1) }), /bias/);
  assert.throws(() => gatedRelativeBias(random([2, 4, 5], 1), hidden, layer), /positionBias/);
  assert.throws(() => gatedRelativeBias(random([3, 5, 5], 1), hidden, layer), /positionBias/);
});

test.run();
