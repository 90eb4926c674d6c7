import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createEngine, PosencError, rotaryTable, scope, sinusoidal, Tensor } from '../../src/index.ts';

test('from and zeros: shape, length, data', () => {
  const a = Tensor.from([1, 2, 3, 4, 5, 6], [2, 3]);
  assert.equal(a.shape, [2, 3]);
  assert.is(a.length, 6);
  assert.is(a.dtype, 'float32');
  assert.equal(Array.from(a.data), [1, 2, 3, 4, 5, 6]);
  assert.is(a.data.buffer, a.engine.memory.buffer);
  assert.is(a.data.byteOffset, a.byteOffset);
  const copy = a.toFloat32Array();
  copy[0] = 9;
  assert.is(a.data[0], 1);
  for (const dtype of ['float32', 'float64', 'int32', 'uint8', 'float16', 'bfloat16'] as const) {
    const z = Tensor.zeros([3, 5], { dtype });
    assert.is(z.data.length, 15);
    assert.ok(z.data.every((x) => x === 0));
    z.dispose();
  }
  a.dispose();
});

test('length 0 is an empty tensor', () => {
  const empty = Tensor.zeros([0, 7]);
  assert.is(empty.length, 0);
  assert.is(empty.data.length, 0);
  assert.equal(Array.from(sinusoidal({ length: 0, dim: 4 }).data), []);
  empty.dispose();
  assert.throws(
    () => empty.data,
    (e: unknown) => e instanceof PosencError && e.code === 'ERR_DISPOSED',
  );
});

test('float16 and bfloat16 widen', () => {
  const half = Tensor.zeros([6], { dtype: 'float16' });
  half.data.set([0x3c00, 0xc000, 0x0001, 0x7c00, 0x8000, 0x3555]);
  assert.equal(Array.from(half.toFloat32Array()), [
    1,
    -2,
    2 ** -24,
    Number.POSITIVE_INFINITY,
    -0,
    Math.fround(0.333251953125),
  ]);
  const brain = Tensor.zeros([3], { dtype: 'bfloat16' });
  brain.data.set([0x3f80, 0xc0a0, 0x7f80]);
  assert.equal(Array.from(brain.toFloat32Array()), [1, -5, Number.POSITIVE_INFINITY]);
});

test('bad shapes are refused by name', () => {
  const code = (fn: () => unknown, expected: string, text: RegExp) =>
    assert.throws(fn, (e: unknown) => e instanceof PosencError && e.code === expected && text.test(e.message));
  code(() => Tensor.zeros([-1]), 'ERR_SHAPE', /shape\[0\]/);
  code(() => Tensor.zeros([1.5]), 'ERR_SHAPE', /shape\[0\]/);
  code(() => Tensor.zeros(7 as never), 'ERR_SHAPE', /list of sizes/);
  code(() => Tensor.zeros([2 ** 20, 2 ** 20]), 'ERR_SHAPE', /2\^31/);
  code(() => Tensor.zeros([1], { dtype: 'float8' as never }), 'ERR_OPTION', /dtype/);
  code(() => Tensor.from([1, 2], [3]), 'ERR_SHAPE', /needs 3/);
});

test('scope disposes what it does not return', () => {
  let inner: Tensor | undefined;
  const kept = scope(() => {
    inner = sinusoidal({ length: 4, dim: 4 });
    const table = rotaryTable({ headDim: 8 }, { length: 4 });
    return { table, list: [Tensor.zeros([1])] };
  });
  assert.ok(inner!.disposed);
  assert.not(kept.table.cos.disposed);
  assert.not(kept.table.sin.disposed);
  assert.not(kept.list[0].disposed);
});

test('an outer scope takes over what an inner one returns, and errors dispose too', () => {
  let a: Tensor | undefined;
  let b: Tensor | undefined;
  scope(() => {
    a = scope(() => Tensor.zeros([1]));
    assert.not(a.disposed);
  });
  assert.ok(a!.disposed);
  assert.throws(() =>
    scope(() => {
      b = Tensor.zeros([1]);
      throw new Error('on purpose');
    }),
  );
  assert.ok(b!.disposed);
  const outside = Tensor.zeros([1]);
  assert.not(outside.disposed);
});

test('scope of a promise disposes when it settles', async () => {
  let a: Tensor | undefined;
  const result = scope(async () => {
    a = Tensor.zeros([1]);
    const b = Tensor.from([5], [1]);
    await Promise.resolve();
    assert.not(a.disposed);
    return b;
  });
  const b = await result;
  assert.ok(a!.disposed);
  assert.is(b.data[0], 5);
});

test('Symbol.dispose is there, under the name the runtime knows', () => {
  const tensor = Tensor.zeros([1]);
  const symbol = (Symbol.dispose ?? Symbol.for('Symbol.dispose')) as unknown as keyof Tensor;
  (tensor[symbol] as () => void)();
  assert.ok(tensor.disposed);
});

test('an engine that grows in between changes no result', () => {
  const engine = createEngine();
  const expected = Array.from(sinusoidal({ length: 32, dim: 64 }).data);
  for (let i = 1; i < 6; i++) {
    const table = sinusoidal({ length: 32, dim: 64, engine });
    Tensor.zeros([i << 20], { engine });
    assert.equal(Array.from(table.data), expected);
  }
  engine.dispose();
});

test.run();
