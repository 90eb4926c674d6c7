/**
 * What the gate promises (src/runtime/gate.ts), one kind of fault a test: growth inside a call, memory that outlives its owner,
 * arenas of odd sizes, half-written results, overlaps, sizes of no use, and options that run code while they are read.
 */
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as P from '../../src/index.ts';
import { throwsCode } from '../support/errors.ts';

const small = () => P.createEngine({ initialBytes: 1 << 20, scratchBytes: 65536 });
const close = (got: number, want: number) => assert.ok(Math.abs(got - want) < 1e-6, `${got}, not ${want}`);

test('growth inside a call does not reach views that were given', () => {
  const e = small();
  const pos = P.Tensor.zeros([20000], { engine: e, dtype: 'float64' });
  pos.data.fill(100);
  close(P.rotaryTable({ headDim: 64 }, { positions: pos.data, engine: e }).cos.data[0], Math.cos(100));
  close(P.timestepEmbedding(pos.data, { dim: 64, preset: 'ddpm', engine: e }).data[0], Math.sin(100));
  const e2 = small();
  const table = P.Tensor.zeros([8, 64], { engine: e2 });
  table.data.fill(5);
  const ids = P.Tensor.zeros([20000], { engine: e2, dtype: 'int32' });
  ids.data.fill(5);
  assert.is(P.learnedPositions(table, { ids }).data[0], 5);
  const e3 = small();
  const [x, p] = [P.Tensor.zeros([100, 1000], { engine: e3 }), P.Tensor.zeros([100, 1000], { engine: e3 })];
  x.data.fill(3);
  const options = { shape: [100, 1000], positionShape: [100, 1000], engine: e3 };
  assert.is(P.merge(x.data, p.data, options).data[99999], 3);
  assert.is(P.Tensor.from(x.data, x.shape, { engine: e3 }).data[99999], 3);
  const q = P.Tensor.zeros([1, 2, 64, 16], { engine: e3 });
  const mask = P.Tensor.zeros([1, 64], { engine: e3, dtype: 'int32' });
  mask.data.fill(1);
  const relative = P.Tensor.zeros([127, 16], { engine: e3 });
  P.shawScores(q, q, relative, { mask });
});

test('a table that grows inside scope() stays where it belongs', () => {
  const e = P.createEngine({ fixed: true, initialBytes: 4 << 20, scratchBytes: 65536 });
  const table = P.rotaryTable({ headDim: 8 }, { length: 4, engine: e });
  P.scope(() => {
    table.extend(9);
  });
  P.Tensor.zeros([70000], { engine: e }).dispose();
  for (let i = 0; i < 50; i++) P.Tensor.zeros([72], { engine: e }).data.fill(9);
  assert.not(table.cos.disposed);
  assert.equal([...table.cos.toFloat32Array().slice(0, 3)], [1, 1, 1]);
});

test('a view knows when its owner is gone', () => {
  const e = P.createEngine({ fixed: true, initialBytes: 4 << 20, scratchBytes: 65536 });
  const flat = P.Tensor.zeros([32], { engine: e });
  const view = P.sinusoidal({ length: 4, dim: 8, out: flat });
  flat.dispose();
  assert.ok(view.disposed);
  throwsCode('ERR_DISPOSED', /dispose/, () => view.data);
  const kept = P.scope(() => ({
    a: { b: { c: { d: { t: P.rotaryTable({ headDim: 8 }, { length: 2, capacity: 64, engine: e }) } } } },
  }));
  assert.not(kept.a.b.c.d.t.cos.disposed, 'whatever the depth');
  const old = P.Tensor.zeros([8], { engine: e });
  const at = old.byteOffset;
  old.dispose();
  throwsCode('ERR_DISPOSED', /belong to no Tensor/, () =>
    P.sinusoidal({ length: 1, dim: 8, engine: e, out: new Float32Array(e.memory.buffer as ArrayBuffer, at, 8) }),
  );
});

test('arenas of every size give the same bits', () => {
  for (const scratchBytes of [65537, 65540, 65544, 65548, 65599]) {
    const engine = P.createEngine({ scratchBytes });
    const nerf = P.nerfEncoding(Float32Array.of(0.5, 1, 2, 3), { numFrequencies: 2, shape: [4, 1], engine });
    close(nerf.data[1], Math.sin(0.5));
    P.resizePositionTable(new Float32Array(16).fill(1), { to: [3, 3], shape: [4, 4], engine });
    close(P.sincos2d({ variant: 'detr', dim: 4, grid: [2, 2], engine }).data[0], Math.sin(1));
    const neighbour = P.Tensor.zeros([64], { engine });
    neighbour.data.fill(7);
    P.rotaryTable({ headDim: 2 }, { length: 9000, dtype: 'float16', engine }).dispose();
    assert.ok(neighbour.data.every((v) => v === 7));
    P.Tensor.zeros([16], { engine }).dispose();
  }
});

test('running out beyond two gibibytes is survived', () => {
  const e = P.createEngine();
  const kept: P.Tensor[] = [];
  // blocks whose pages nobody touches are free of charge
  throwsCode('ERR_OUT_OF_MEMORY', /dispose Tensors/, () => {
    for (;;) kept.push(new P.Tensor(e, [2 ** 26], 'float32'));
  });
  assert.ok(kept.length >= 13, `${kept.length} blocks of 256 MiB`);
  for (const [i, tensor] of kept.entries()) tensor.data[2 ** 26 - 1] = i;
  assert.equal(
    kept.map((tensor) => tensor.data[2 ** 26 - 1]),
    kept.map((_, i) => i),
  );
  const last = kept[kept.length - 1];
  close(P.sinusoidal({ length: 1, dim: 2 ** 8, out: last.data.subarray(0, 2 ** 8), engine: e }).data[1], 1);
  for (const tensor of kept) tensor.dispose();
  assert.is(e.usage().blocks, 0);
  P.Tensor.zeros([2 ** 24], { engine: e });
  e.dispose();
});

test('a rejected call leaves no trace', () => {
  const x = P.Tensor.zeros([1, 4, 4]);
  x.data.fill(1);
  const bad = { kind: 'power', p: [1], a: [1], weightP: [1], weightA: [1], addTo: x, keyLength: 4 } as const;
  throwsCode('ERR_OPTION', /window/, () => P.kerple({ ...bad, window: [Number.NaN, 1] }));
  throwsCode('ERR_OPTION', /causal/, () => P.kerple({ ...bad, causal: 'yes' as never }));
  assert.ok(x.data.every((v) => v === 1));
  const table = P.rotaryTable({ headDim: 4 }, { length: 4 });
  const qkv = P.Tensor.zeros([1, 1, 1, 4]);
  qkv.data.fill(5);
  const over = new Float32Array(table.cos.engine.memory.buffer as ArrayBuffer, table.cos.byteOffset, 4);
  throwsCode('ERR_OPTION', /overlaps/, () => P.applyRotaryQKV(qkv, table, { queryHeads: 1, keyHeads: 0, out: over }));
  assert.is(table.cos.data[0], 1);
});

test('rejected calls do not fill the engine', () => {
  const engine = P.createEngine({ initialBytes: 8 << 20, fixed: true });
  const before = engine.usage();
  const float64 = P.Tensor.zeros([64, 3], { engine, dtype: 'float64' });
  for (let i = 0; i < 100; i++) {
    throwsCode('ERR_OPTION', /maxFrequencyLog2|frequency/, () =>
      P.nerfEncoding(new Float32Array(3000), { numFrequencies: 45, shape: [1000, 3], engine }),
    );
    throwsCode('ERR_OPTION', /frequency/, () => P.sinusoidal({ length: 1000, dim: 64, scale: 1e13, engine }));
    throwsCode('ERR_OPTION', /float64/, () =>
      P.fourierFeatures(new Float32Array(3000), float64 as never, { shape: [1000, 3], engine }),
    );
    throwsCode('ERR_OPTION', /data/, () => P.Tensor.from([1n] as never, [1], { engine }));
  }
  float64.dispose();
  assert.is(engine.usage().blocks, before.blocks);
});

test('a disposed decode step writes nothing', () => {
  const e = P.createEngine({ fixed: true, initialBytes: 2 << 20, scratchBytes: 65536 });
  const table = P.rotaryTable({ headDim: 8 }, { length: 16, engine: e });
  const q = P.Tensor.zeros([1, 1, 2, 8], { engine: e });
  const decode = P.prepareDecode({ q, table });
  const [at, n] = [decode.prepared.byteOffset, decode.prepared.length];
  decode.dispose();
  P.Tensor.zeros([70000], { engine: e }).dispose();
  let victim: P.Tensor | undefined;
  for (let i = 0; i < 50; i++) {
    const tensor = P.Tensor.zeros([n], { engine: e });
    if (tensor.byteOffset === at) victim = tensor;
  }
  assert.ok(victim);
  victim.data.fill(7);
  throwsCode('ERR_DISPOSED', /dispose/, () => decode.step(0));
  assert.ok(victim.data.every((v) => v === 7));
});

test('cosines over sines, and results over what they are made from, are refused', () => {
  const o = P.Tensor.zeros([4, 2]);
  throwsCode('ERR_OPTION', /overlaps/, () => P.rotaryTable({ headDim: 4 }, { length: 4, out: { cos: o, sin: o } }));
  const table = P.rotaryTable({ headDim: 4 }, { length: 4 });
  throwsCode('ERR_OPTION', /overlaps/, () =>
    P.rotaryTableAs(table, { tableLayout: 'half', out: { cos: table.sin, sin: P.Tensor.zeros([4, 2]) } }),
  );
  const { memory } = o.engine;
  throwsCode('ERR_DISPOSED', /belong to no Tensor/, () =>
    P.sinusoidal({ length: 1, dim: 4, out: new Float32Array(memory.buffer as ArrayBuffer, 0, 4) }),
  );
});

test('sizes of no use are refused at once', () => {
  const began = performance.now();
  const table = new Float32Array(8 * 4);
  throwsCode('ERR_SHAPE', /shape/, () => P.rmtMask({ data: [], shape: [2 ** 53, 0] }, { memoryTokens: 0 }));
  throwsCode('ERR_POSITION', /row/, () => P.learnedPositions(table, { length: 2 ** 31 - 1, shape: [8, 4] }));
  throwsCode('ERR_POSITION', /row/, () => P.hierarchicalPositions(table, { length: 2 ** 31 - 1, shape: [8, 4] }));
  throwsCode('ERR_SHAPE', /segmentSize/, () =>
    P.rmtSegments({ length: 2 ** 31 - 1, segmentSize: 1, alignment: 'left' }),
  );
  throwsCode('ERR_SHAPE', /grid/, () => P.axialTable({ headDim: 4, preset: 'qwen2-vl' }, { grid: [2 ** 31 - 1, 1] }));
  throwsCode('ERR_OPTION', /permutation/, () => P.permuteRows(P.Tensor.zeros([2, 1]), { length: 2 ** 31 } as never));
  throwsCode('ERR_SHAPE', /dim/, () => P.sinusoidal({ length: 1, dim: 2 ** 24 }));
  throwsCode('ERR_SHAPE', /inputSize/, () => P.rmtEncoderIds([1], { memoryIds: [], padId: 0, inputSize: 2 ** 28 }));
  throwsCode('ERR_SHAPE', /newTokens/, () => P.mropeDecode({ ropeDeltas: [0], cacheLength: 0, newTokens: 2 ** 23 }));
  throwsCode('ERR_SHAPE', /length/, () =>
    P.xposTable({ headDim: 4 }, { length: 2 ** 25, side: 'key', center: 0, scaleBase: 1e9 }),
  );
  throwsCode('ERR_SHAPE', /tokens/, () => P.axialPositions({ model: 'flux', grid: [2 ** 13, 2 ** 12] }));
  // as long as its mask, not as its square
  const newTokens = 100_000;
  const { data } = P.mropeDecode({ ropeDeltas: [1], mask: [Array(newTokens).fill(1)], newTokens });
  assert.is(data[newTokens - 1], newTokens);
  assert.ok(performance.now() - began < 2000);
});

test('options are read once: getters, subclasses and polluted prototypes change nothing', () => {
  let reads = 0;
  const shape = [1, 1, 1, 8];
  Object.defineProperty(shape, 0, { get: () => (++reads > 1 ? 50 : 1), enumerable: true });
  P.shiftKeys(P.Tensor.zeros([1, 1, 1, 8]), 1, { headDim: 8 }, { shape });
  assert.is(reads, 1);
  const one = P.Tensor.zeros([1]);
  let asked = 0;
  const getter = {
    length: 8,
    dim: 64,
    get out() {
      return ++asked > 1 ? one : undefined;
    },
  };
  assert.is(P.sinusoidal(getter).length, 512);
  const x = P.Tensor.zeros([1, 1, 1, 8]);
  const table = P.rotaryTable({ headDim: 8 }, { length: 4 });
  throwsCode('ERR_DISPOSED', /dispose/, () =>
    P.applyRotary(x, table, {
      get offset() {
        x.dispose();
        return 0;
      },
    } as never),
  );
  class Liar extends Float32Array {
    override get length(): number {
      return 1 << 20;
    }
  }
  throwsCode('ERR_SHAPE', /shape|4 numbers/, () =>
    P.merge(new Liar(4), new Liar(4), { shape: [2, 4], positionShape: [2, 4] }),
  );
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  prototype.causal = true;
  Object.defineProperty(prototype, 'rounding', { value: 'bfloat16', configurable: true });
  try {
    assert.ok(Number.isFinite(P.alibi({ heads: 1, keyLength: 3 }).data[2]));
  } finally {
    delete prototype.causal;
    delete prototype.rounding;
  }
});

test('what is no argument at all is refused in words', () => {
  const q = P.Tensor.zeros([1, 1, 1, 8]);
  const decode = P.prepareDecode({ q, table: P.rotaryTable({ headDim: 8 }, { length: 8 }) });
  const detached = new Float64Array(4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const calls: readonly (readonly unknown[])[] = [
    [P.Tensor.from, [1n], [1]],
    [P.Tensor.from, ['x'], [1]],
    [P.Tensor.zeros, [2], null],
    [P.Tensor.zeros, [2], { engine: {} }],
    [P.scope, 5],
    [decode.step.bind(decode), null],
    [decode.step.bind(decode), undefined],
    [decode.step.bind(decode), [9n]],
    [P.yarnMscale],
    [P.yarnMscale, Number.NaN],
    [P.softmaxScale],
    [P.dynamicState],
    [P.rotaryFrequencies, { headDim: 8 }, null],
    [P.queryScale, 1, null],
    [P.describe],
    [P.toLlamaCpp, null],
    [P.explainForm, {}],
    [P.permutationError, 5, q],
    [P.rmtEncoderIds, undefined, {}],
    [P.rmtMask, [[7, 1]], { memoryTokens: 0 }],
    [P.alibi, { heads: 1, mask: [[0.5, 1]] }],
    [P.learnedPositions, q, { ids: { data: [1], shape: false } }],
    [P.sinusoidal, { positions: detached, dim: 4 }],
    [P.createEngine, { wasm: new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) }],
    [P.attach, new WebAssembly.Memory({ initial: 1 }), { scratch: { byteOffset: 0, byteLength: 70000 } }],
    [P.alibi, { heads: 1, cuSeqlens: Float64Array.from({ length: 1e5 }, (_, i) => (i === 5 ? 0 : i)) }],
  ];
  for (const [f, ...args] of calls) {
    let error: unknown;
    try {
      (f as (...args: unknown[]) => unknown)(...args);
    } catch (thrown) {
      error = thrown;
    }
    const what = `${(f as { name: string }).name}: ${error}`;
    assert.ok(error instanceof P.PosencError, what.slice(0, 300));
    assert.ok((error as Error).message.length < 500, what.slice(0, 300));
  }
  // and int64 masks are masks
  assert.is(P.rmtMask({ data: new BigInt64Array(2), shape: [1, 2] }, { memoryTokens: 0 }).data.length, 2);
  const small = P.createEngine({ scratchBytes: 65536, maximumBytes: 200_000 });
  assert.ok(small.memory.buffer.byteLength <= 200_000);
});

test('arrays of another realm are arrays', () => {
  const foreign = runInNewContext('({ x: new Float32Array([1, 2]), p: new BigInt64Array([0n, 3n]) })') as {
    x: Float32Array;
    p: BigInt64Array;
  };
  const merged = P.merge(foreign.x, foreign.x, { shape: [1, 2], positionShape: [1, 2] });
  assert.equal([...merged.data], [2, 4]);
  assert.is(P.sinusoidal({ positions: foreign.p, dim: 2 }).shape[0], 2);
});

test('a misspelt option is named, with the one that was meant', () => {
  throwsCode('ERR_OPTION', /unknown option 'dims'; did you mean 'dim'\?/, () =>
    P.sinusoidal({ length: 1, dims: 4 } as never),
  );
  throwsCode('ERR_OPTION', /unknown option 'key_length'; did you mean 'keyLength'\?/, () =>
    P.alibi({ heads: 1, key_length: 4 } as never),
  );
  throwsCode('ERR_OPTION', /Tensor.zeros: unknown option 'dytpe'/, () =>
    P.Tensor.zeros([1], { dytpe: 'int32' } as never),
  );
});

test("an engine on a caller's memory keeps nothing in the arena, and gives every dtype through out", () => {
  const memory = new WebAssembly.Memory({ initial: 8 });
  const engine = P.attach(memory, { scratch: { byteOffset: 0, byteLength: 70004 } });
  const out = new Float32Array(memory.buffer, 4 << 16, 64);
  const first = [...P.sinusoidal({ length: 8, dim: 8, engine, out }).data];
  new Uint8Array(memory.buffer, 0, 70004).fill(0);
  assert.equal([...P.sinusoidal({ length: 8, dim: 8, engine, out }).data], first);
  const buckets = new Int32Array(memory.buffer, 5 << 16, 6);
  P.t5Buckets({ queryLength: 2, keyLength: 3, engine, out: buckets } as never);
  assert.equal([...buckets], [...P.t5Buckets({ queryLength: 2, keyLength: 3 }).data]);
  throwsCode('ERR_OPTION', /scratch range/, () =>
    P.sinusoidal({ length: 1, dim: 4, engine, out: new Float32Array(memory.buffer, 1024, 4) }),
  );
});

test('the default engine is made anew when it was disposed', () => {
  const first = P.Tensor.zeros([4]).engine;
  first.dispose();
  const second = P.Tensor.zeros([4]).engine;
  assert.is.not(first, second);
});

test.run();
