/** recursive.ts and floater.ts. */
import * as assert from 'uvu/assert';
import { createEngine, floaterPositions, gruPositions, recursivePositions, Tensor } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { fails, noise, worst } from './support.ts';

/** Weights small enough that a sequence does not run away. */
const weights = (n: number, seed: number, scale = 0.2) => noise(n, seed).map((v) => v * scale);

for (const residual of [false, true]) {
  test(`recursive perceptron, residual ${residual}: the reference, and continued from its last row`, () => {
    const [dim, hidden] = [6, 9];
    const mlp = {
      w1: weights(dim * hidden, 1),
      b1: weights(hidden, 2),
      w2: weights(dim * hidden, 3),
      b2: weights(dim, 4),
      residual,
    };
    const p0 = noise(dim, 5);
    const table = recursivePositions(p0, { length: 12, ...mlp });
    assert.ok(worst(table.data, reference.recursivePositions(p0, { length: 12, ...mlp }).data) <= 3e-6);
    const rest = recursivePositions(table.data.slice(7 * dim, 8 * dim), { length: 5, ...mlp });
    assert.equal(rest.toFloat32Array(), table.toFloat32Array().slice(7 * dim));
  });
}

function gru(layers: number, dim: number) {
  return Array.from({ length: layers }, (_, l) => ({
    weightIh: weights(3 * dim * (l === 0 ? 1 : dim), 10 + l),
    weightHh: weights(3 * dim * dim, 20 + l),
    biasIh: weights(3 * dim, 30 + l),
    biasHh: weights(3 * dim, 40 + l),
  }));
}

test('GRU: any depth equals the reference, and continues bit for bit from the state it leaves', () => {
  for (const layers of [1, 2, 3]) {
    const [states, dim] = [3, 5];
    const hidden = Tensor.from(noise(layers * states * dim, 6), [layers, states, dim]);
    const options = { layers: gru(layers, dim), dt: 0.05 };
    const table = gruPositions(hidden, { length: 9, ...options });
    const want = reference.gruPositions(hidden, { length: 9, ...options });
    assert.equal(table.shape, want.shape);
    assert.ok(worst(table.data, want.data) <= 2e-6);
    const state = Tensor.from(hidden.data, hidden.shape);
    const head = gruPositions(state, { length: 4, ...options, state });
    const tail = gruPositions(state, { length: 5, offset: 4, ...options, state });
    assert.equal([...head.data, ...tail.data], [...table.data]);
  }
});

test('GRU: states in blocks of a small arena are the same bits', () => {
  const engine = createEngine({ scratchBytes: 65536 });
  const [states, dim] = [40, 64];
  const data = noise(states * dim, 7);
  const layers = gru(1, dim);
  const small = gruPositions(Tensor.from(data, [1, states, dim], { engine }), { length: 3, layers });
  const large = gruPositions(Tensor.from(data, [1, states, dim]), { length: 3, layers });
  assert.equal(small.toFloat32Array(), large.toFloat32Array());
  engine.dispose();
});

const METHODS = ['euler', 'midpoint', 'rk4-3/8', 'rk4-classic'] as const;

function linear(dim: number, hidden: number) {
  return {
    w1: weights(hidden * (dim + 1), 1),
    b1: weights(hidden, 2),
    w2: weights(dim * (hidden + 1), 3),
    b2: weights(dim, 4),
  };
}

function conv(layers: number) {
  return {
    w1: weights(2 * layers * (layers + 1) * 5, 1),
    b1: weights(2 * layers, 2),
    w2: weights((2 * layers + 1) * layers * 5, 3),
    b2: weights(layers, 4),
  };
}

for (const method of METHODS) {
  test(`FLOATER, ${method}: both flows equal the reference and restart from the last row`, () => {
    for (const [components, layers, dim] of [
      [2, 3, 7],
      [1, 1, 4],
    ]) {
      const p0 = Tensor.from(noise(components * layers * dim, 5), [components, layers, dim]);
      const w = linear(dim, dim + 2);
      const how = { dt: 0.125, substeps: 2, method };
      const table = floaterPositions(p0, { length: 8, flow: { kind: 'linear', ...w }, ...how });
      const flow = reference.linearFlow(w, dim);
      assert.ok(worst(table.data, reference.floaterPositions(p0, { length: 8, flow, ...how }).data) <= 4e-6);
      restarts(table, { kind: 'linear', ...w }, how);
    }
    for (const [components, layers, dim] of [
      [2, 3, 8],
      [1, 1, 2],
      [1, 2, 14],
      [2, 1, 6],
    ]) {
      const p0 = Tensor.from(noise(components * layers * dim, 5), [components, layers, dim]);
      const w = conv(layers);
      const how = { dt: 0.125, substeps: 1, method };
      const table = floaterPositions(p0, { length: 6, flow: { kind: 'conv', ...w }, ...how });
      const flow = reference.convFlow(w, layers, dim);
      assert.ok(worst(table.data, reference.floaterPositions(p0, { length: 6, flow, ...how }).data) <= 4e-6);
      restarts(table, { kind: 'conv', ...w }, how);
    }
  });
}

function restarts(table: Tensor, flow: Parameters<typeof floaterPositions>[1]['flow'], how: object): void {
  const size = table.length / table.shape[0];
  const rows = table.shape[0] - 3;
  const from = Tensor.from(table.data.slice(3 * size, 4 * size), table.shape.slice(1));
  const rest = floaterPositions(from, { length: rows, offset: 3, flow, ...how });
  assert.equal(rest.toFloat32Array(), table.toFloat32Array().slice(3 * size));
}

test('the 3/8 rule is not the classical one, and smaller steps bring all methods together', () => {
  const p0 = Tensor.from(noise(8, 5), [1, 1, 8]);
  const flow = { kind: 'linear', ...linear(8, 8) } as const;
  const last = (method: (typeof METHODS)[number], substeps: number) =>
    floaterPositions(p0, { length: 5, flow, dt: 0.5, substeps, method }).toFloat32Array().slice(-8);
  assert.ok(worst(last('rk4-3/8', 1), last('rk4-classic', 1)) > 0);
  assert.ok(worst(last('euler', 1), last('rk4-3/8', 1)) > 1e-3);
  assert.ok(worst(last('midpoint', 256), last('rk4-3/8', 256)) < 1e-5);
});

test('bad input is refused by name', () => {
  const p0 = Tensor.from(noise(6, 5), [1, 1, 6]);
  const flow = { kind: 'linear', ...linear(6, 6) } as const;
  fails('ERR_OPTION', /method/, () => floaterPositions(p0, { length: 2, flow, method: 'rk4' as never }));
  fails('ERR_SHAPE', /flow.w1/, () => floaterPositions(p0, { length: 2, flow: { ...flow, w1: new Float32Array(3) } }));
  fails('ERR_SHAPE', /even/, () =>
    floaterPositions(Tensor.from(noise(3, 1), [1, 1, 3]), { length: 2, flow: { kind: 'conv', ...conv(1) } }),
  );
  fails('ERR_SHAPE', /length/, () => floaterPositions(p0, { length: 0, flow }));
  fails('ERR_SHAPE', /initial/, () => recursivePositions(new Float32Array(0), { length: 1, ...linear(1, 1) } as never));
  fails('ERR_SHAPE', /hidden: 1 initial states for 2/, () =>
    gruPositions(Tensor.zeros([1, 1, 4]), { length: 1, layers: gru(2, 4) }),
  );
  fails('ERR_SHAPE', /layers\[0\].weightHh/, () =>
    gruPositions(Tensor.zeros([1, 1, 5]), { length: 1, layers: [{ ...gru(1, 5)[0], weightHh: new Float32Array(4) }] }),
  );
});

test.run();
