/**
 * The suite every runtime runs: the public API alone, no Node. `runQueue` gives the counts and the fingerprint; tests are
 * queued when this module is evaluated and run when it is asked for, since workerd allows no timers at the top level.
 */

import {
  alibi,
  applyRotary,
  attach,
  createEngine,
  fingerprint,
  kerple,
  merge,
  PosencError,
  rotaryTable,
  sandwich,
  scope,
  sinusoidal,
  Tensor,
  t5Bias,
} from 'posenc';
import * as reference from 'posenc/reference';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

export interface Result {
  passed: number;
  failed: number;
  fingerprint: string;
  errors: string[];
}

function ulps(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const order = (x: number) => {
    const word = new Int32Array(Float32Array.of(x).buffer)[0];
    return word < 0 ? -2147483648 - word : word;
  };
  let most = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(order(a[i]) - order(b[i])));
  return most;
}

const code = (fn: () => unknown, expected: string) =>
  assert.throws(fn, (error: unknown) => error instanceof PosencError && error.code === expected);

test('sinusoidal equals the reference', () => {
  for (const precision of ['exact', 'torch'] as const) {
    const options = { length: 70, dim: 38, offset: 2 ** 20 - 3, precision };
    assert.ok(ulps(sinusoidal(options).data, reference.sinusoidal(options).data) <= 1);
  }
});

test('rotary tables equal the reference, and rotate in place', () => {
  const spec = {
    headDim: 64,
    ropeTheta: 500000,
    ropeType: 'llama3',
    factor: 8,
    lowFreqFactor: 1,
    highFreqFactor: 4,
    originalMaxPositionEmbeddings: 8192,
  } as const;
  const table = rotaryTable(spec, { length: 33, offset: 100 });
  const want = reference.rotaryTable(spec, { length: 33, offset: 100 });
  assert.ok(ulps(table.cos.data, want.cos.data) <= 1);
  assert.ok(ulps(table.sin.data, want.sin.data) <= 1);
  const x = Float32Array.from({ length: 2 * 7 * 3 * 64 }, (_, i) => ((i * 37) % 101) / 50 - 1);
  const got = applyRotary(Tensor.from(x, [2, 7, 3, 64]), table, { offset: 105 });
  const rows = { data: x, shape: [2, 7, 3, 64] };
  const cached = reference.rotaryTableFrom({
    cos: table.cos.toFloat32Array(),
    sin: table.sin.toFloat32Array(),
    shape: [33, 32],
    start: 100,
  } as never);
  assert.is(ulps(got.data, reference.applyRotary(rows, cached, { offset: 105 }).data), 0);
});

test('alibi and merge equal the reference', () => {
  const options = { heads: 6, queryLength: 5, keyLength: 40, causal: true };
  assert.is(ulps(alibi(options).data, reference.alibi(options).data), 0);
  const x = Float32Array.from({ length: 24 }, (_, i) => i / 7);
  const p = Float32Array.from({ length: 12 }, (_, i) => 1 - i / 5);
  for (const mode of ['add', 'mul', 'mulPlusOne', 'concat'] as const) {
    const got = merge(Tensor.from(x, [2, 3, 4]), Tensor.from(p, [3, 4]), { mode });
    const want = reference.merge(
      { data: x, shape: [2, 3, 4] } as never,
      { data: p, shape: [3, 4] } as never,
      { mode } as never,
    );
    assert.is(ulps(got.data, want.data), 0);
  }
});

test('the other biases equal the reference', () => {
  const size = { queryLength: 5, keyLength: 12 };
  const table = Float32Array.from({ length: 32 * 2 }, (_, i) => (i % 13) / 4 - 1);
  const parameters = [0.25, 1.5, 3];
  const pairs = [
    [
      t5Bias(Tensor.from(table, [32, 2]), { ...size }),
      reference.t5Bias({ data: table, shape: [32, 2] } as never, size as never),
    ],
    [kerple({ ...size, p: parameters, a: parameters }), reference.kerple({ ...size, p: parameters, a: parameters })],
    [sandwich({ ...size, heads: 4, dim: 32 } as never), reference.sandwich({ ...size, heads: 4, dim: 32 } as never)],
  ] as const;
  for (const [got, want] of pairs) {
    assert.equal(got.shape, want.shape);
    assert.ok(ulps(got.data, want.data) <= 1);
  }
});

test('narrow tables are the float32 table rounded', () => {
  const spec = { headDim: 32, ropeTheta: 10000 };
  const wide = rotaryTable(spec, { length: 20, offset: 99 });
  const narrow = rotaryTable(spec, { length: 20, offset: 99, dtype: 'bfloat16' });
  const bits = new Uint32Array(wide.cos.toFloat32Array().buffer);
  const rounded = Uint16Array.from(bits, (word) => (word + 0x7fff + ((word >>> 16) & 1)) >>> 16);
  assert.equal(Array.from(narrow.cos.data), Array.from(rounded));
});

test('rows do not depend on how they are asked for', () => {
  const whole = sinusoidal({ length: 300, dim: 34 }).toFloat32Array();
  for (const [offset, length] of [
    [0, 1],
    [17, 40],
    [255, 2],
    [299, 1],
  ]) {
    const part = sinusoidal({ length, offset, dim: 34 }).data;
    assert.is(ulps(part, whole.subarray(34 * offset, 34 * (offset + length))), 0);
  }
});

test('memory: growth, fixed, full, disposed', () => {
  const engine = createEngine({ maximumBytes: 64 << 20 });
  const table = sinusoidal({ length: 8, dim: 8, engine });
  const before = table.toFloat32Array();
  const held = table.data;
  const big = Tensor.zeros([4 << 20], { engine });
  assert.is(held.length, 0);
  assert.equal(Array.from(table.data), Array.from(before));
  code(() => Tensor.zeros([32 << 20], { engine }), 'ERR_OUT_OF_MEMORY');
  big.dispose();
  assert.is(Tensor.zeros([4 << 20], { engine }).data[5], 0);
  table.dispose();
  code(() => table.data, 'ERR_DISPOSED');
  let inside: Tensor | undefined;
  scope(() => {
    inside = Tensor.zeros([4], { engine });
  });
  assert.ok(inside!.disposed);
  engine.dispose();
});

test('disposal keeps the heap flat', () => {
  const engine = createEngine();
  for (let i = 0; i < 2000; i++) Tensor.zeros([1024], { engine }).dispose();
  assert.is(engine.memory.buffer.byteLength, createEngine().memory.buffer.byteLength);
});

test('kernels run in place in memory of the caller', () => {
  const memory = new WebAssembly.Memory({ initial: 4 });
  const engine = attach(memory, { scratch: { byteOffset: 65536, byteLength: 65536 + 4096 } });
  const out = new Float32Array(memory.buffer, 196608, 16 * 16);
  sinusoidal({ length: 16, dim: 16, out, engine });
  assert.equal(Array.from(out), Array.from(sinusoidal({ length: 16, dim: 16 }).data));
});

test('bad input is a PosencError', () => {
  code(() => sinusoidal({ length: -1, dim: 4 }), 'ERR_SHAPE');
  code(() => sinusoidal({ length: 4, dim: 5 }), 'ERR_OPTION');
  code(() => sinusoidal({ positions: [Number.NaN], dim: 4 }), 'ERR_POSITION');
  code(() => sinusoidal({ length: 4, dim: 4, bas: 3 } as never), 'ERR_OPTION');
});

type Suite = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>;

/** Runs what uvu queued: a name, then the suites. */
export async function runQueue([, ...suites]: [unknown, ...Suite[]]): Promise<Result> {
  const result: Result = { passed: 0, failed: 0, fingerprint: '', errors: [] };
  for (const run of suites) {
    const [errors, passed, , total] = await run();
    result.passed += passed;
    result.failed += total - passed;
    if (errors !== true && errors) result.errors.push(String(errors));
  }
  result.fingerprint = fingerprint();
  return result;
}

test.run();
