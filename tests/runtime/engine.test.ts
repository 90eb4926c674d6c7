import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { alibi, attach, createEngine, merge, PosencError, rotaryTable, sinusoidal, Tensor } from '../../src/index.ts';
import { COEFFICIENT_BYTES } from '../../src/runtime/coefficients.ts';
import { compile } from '../../src/runtime/engine.ts';

const PAGE = 65536;

/** Runs fn, which must throw a PosencError of this code whose message matches. */
function throwsCode(fn: () => unknown, code: string, message?: RegExp): void {
  try {
    fn();
  } catch (error) {
    assert.instance(error, PosencError);
    assert.is((error as PosencError).code, code, (error as Error).message);
    if (message) assert.match((error as Error).message, message);
    return;
  }
  assert.unreachable(`expected ${code}`);
}

test('growth keeps values; data makes a fresh view and a held view is stale', () => {
  const engine = createEngine();
  const a = sinusoidal({ length: 10, dim: 8, engine });
  const held = a.data;
  const before = Array.from(held);
  const big = Tensor.zeros([16 * 1024 * 1024], { engine });
  assert.is(held.length, 0);
  assert.equal(Array.from(a.data), before);
  assert.is(a.data, a.data);
  assert.is(big.data.length, 16 * 1024 * 1024);
  engine.dispose();
});

test('a fixed engine never grows: views stay, and full memory is an error it survives', () => {
  const engine = createEngine({ initialBytes: 4 << 20, fixed: true });
  const a = sinusoidal({ length: 10, dim: 8, engine });
  const held = a.data;
  throwsCode(() => Tensor.zeros([8 << 20], { engine }), 'ERR_OUT_OF_MEMORY', /dispose|maximumBytes/);
  assert.is(held.length, 80);
  const after = sinusoidal({ length: 10, dim: 8, engine });
  assert.equal(Array.from(after.data), Array.from(held));
  engine.dispose();
});

test('out of memory at the limit, then life goes on with the space that is disposed', () => {
  const engine = createEngine({ maximumBytes: 16 << 20 });
  const kept: Tensor[] = [];
  throwsCode(() => {
    for (let i = 0; i < 100; i++) kept.push(Tensor.zeros([262144], { engine }));
  }, 'ERR_OUT_OF_MEMORY');
  assert.ok(kept.length >= 8 && kept.length < 16, `${kept.length} MiB blocks`);
  for (const [i, tensor] of kept.entries()) tensor.data.fill(i);
  for (const [i, tensor] of kept.entries()) assert.ok(tensor.data.every((x) => x === i));
  for (const tensor of kept) tensor.dispose();
  const again = Tensor.zeros([1 << 20], { engine });
  assert.ok(again.data.every((x) => x === 0));
  engine.dispose();
});

test('a block larger than the allocator makes says so before anything happens', () => {
  const engine = createEngine();
  throwsCode(() => sinusoidal({ length: 2 ** 20, dim: 512, engine }), 'ERR_OUT_OF_MEMORY', /row blocks/);
  throwsCode(() => sinusoidal({ length: 2 ** 30, dim: 512, engine }), 'ERR_SHAPE', /row blocks/);
  assert.is(sinusoidal({ length: 1, dim: 2, engine }).data[1], 1);
  engine.dispose();
});

test('disposal frees: twenty thousand tables leave the memory as it was', () => {
  const engine = createEngine();
  for (let i = 0; i < 100; i++) Tensor.zeros([1024], { engine }).dispose();
  const bytes = engine.memory.buffer.byteLength;
  for (let i = 0; i < 20000; i++) Tensor.zeros([1024], { engine }).dispose();
  assert.is(engine.memory.buffer.byteLength, bytes);
  engine.dispose();
});

test('a reused block is zeroed', () => {
  const engine = createEngine();
  for (let i = 0; i < 600; i++) {
    const tensor = Tensor.zeros([1024], { engine });
    assert.ok(tensor.data.every((x) => x === 0));
    tensor.data.fill(7);
    tensor.dispose();
  }
  engine.dispose();
});

test('use after disposal throws; disposing twice does not', () => {
  const engine = createEngine();
  const tensor = sinusoidal({ length: 4, dim: 4, engine });
  const table = rotaryTable({ headDim: 8 }, { length: 4, engine });
  tensor.dispose();
  tensor.dispose();
  table.dispose();
  table.dispose();
  throwsCode(() => tensor.data, 'ERR_DISPOSED');
  throwsCode(() => tensor.toFloat32Array(), 'ERR_DISPOSED');
  throwsCode(() => merge(tensor, tensor), 'ERR_DISPOSED');
  throwsCode(() => table.cos.data, 'ERR_DISPOSED');
  const alive = sinusoidal({ length: 4, dim: 4, engine });
  engine.dispose();
  engine.dispose();
  throwsCode(() => sinusoidal({ length: 4, dim: 4, engine }), 'ERR_DISPOSED');
  throwsCode(() => alive.data, 'ERR_DISPOSED');
  alive.dispose();
});

test('a call given out allocates nothing', () => {
  const engine = createEngine({ initialBytes: 4 << 20, fixed: true });
  const out = Tensor.zeros([256, 256], { engine });
  const fill: Tensor[] = [];
  try {
    for (;;) fill.push(Tensor.zeros([4096], { engine }));
  } catch (error) {
    assert.is((error as PosencError).code, 'ERR_OUT_OF_MEMORY');
  }
  const table = sinusoidal({ length: 256, dim: 256, out });
  assert.is(table, out);
  assert.is(alibi({ heads: 4, queryLength: 128, keyLength: 128, out }).byteOffset, out.byteOffset);
  throwsCode(() => sinusoidal({ length: 256, dim: 256, engine }), 'ERR_OUT_OF_MEMORY');
  engine.dispose();
});

test('engines do not mix', () => {
  const a = createEngine();
  const b = createEngine();
  const x = Tensor.zeros([2, 4], { engine: a });
  const p = Tensor.zeros([2, 4], { engine: b });
  throwsCode(() => merge(x, p), 'ERR_OPTION', /different engines/);
  throwsCode(() => sinusoidal({ length: 2, dim: 4, out: x, engine: b }), 'ERR_OPTION', /different engines/);
  assert.is(merge(x, x).engine, a);
  throwsCode(() => sinusoidal({ length: 2, dim: 4, engine: {} as never }), 'ERR_OPTION', /createEngine/);
  a.dispose();
  b.dispose();
});

test("attach runs in place in the caller's memory and writes nothing else", () => {
  const memory = new WebAssembly.Memory({ initial: 8 });
  new Uint8Array(memory.buffer).fill(0xa5);
  const scratch = { byteOffset: 2 * PAGE, byteLength: PAGE + 1024 };
  const engine = attach(memory, { scratch });
  const out = new Float32Array(memory.buffer, 4 * PAGE, 64 * 32);
  const result = sinusoidal({ length: 64, dim: 32, out, engine });
  assert.is(result.data.buffer, memory.buffer);
  assert.is(result.byteOffset, 4 * PAGE);
  assert.equal(Array.from(out), Array.from(sinusoidal({ length: 64, dim: 32 }).data));
  const bytes = new Uint8Array(memory.buffer);
  const inside = (at: number, from: number, length: number) => at >= from && at < from + length;
  for (let at = 0; at < bytes.length; at++) {
    if (inside(at, scratch.byteOffset, scratch.byteLength) || inside(at, out.byteOffset, out.byteLength)) continue;
    if (bytes[at] !== 0xa5) assert.unreachable(`byte ${at} was written`);
  }
  throwsCode(() => sinusoidal({ length: 4, dim: 4, engine }), 'ERR_OPTION', /give 'out'/);
  throwsCode(
    () => merge(new Float32Array(4), new Float32Array(4), { shape: [1, 4], positionShape: [1, 4], out, engine }),
    'ERR_SHAPE',
  );
});

test('attach refuses shared memory and ranges outside the memory', () => {
  const shared = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
  throwsCode(() => attach(shared, { scratch: { byteOffset: 0, byteLength: 2 * PAGE } }), 'ERR_OPTION', /shared/);
  const memory = new WebAssembly.Memory({ initial: 4 });
  throwsCode(
    () => attach(memory, { scratch: { byteOffset: 3 * PAGE, byteLength: 2 * PAGE } }),
    'ERR_OPTION',
    /scratch.byteOffset: expected an integer from 0 to/,
  );
  throwsCode(() => attach(memory, { scratch: { byteOffset: 0, byteLength: 1024 } }), 'ERR_OPTION', /byteLength/);
  throwsCode(
    () => attach(memory, { scratch: { byteOffset: 4, byteLength: 2 * PAGE } }),
    'ERR_OPTION',
    /multiple of 16/,
  );
  throwsCode(() => attach({} as never, { scratch: { byteOffset: 0, byteLength: 2 * PAGE } }), 'ERR_OPTION', /memory/);
});

test('a small arena gives the same bits as a large one', () => {
  const small = createEngine({ scratchBytes: 65536 });
  const large = createEngine({ scratchBytes: 1 << 23 });
  const positions = Float64Array.from({ length: 5000 }, (_, i) => (i % 7) * 1000.5 - i);
  const both = (make: (engine: typeof small) => Tensor) => assert.equal(make(small).data, make(large).data);
  both((engine) => sinusoidal({ length: 100, dim: 2500, offset: 77, engine }));
  both((engine) => sinusoidal({ positions, dim: 130, engine }));
  both((engine) => sinusoidal({ positions, dim: 130, precision: 'torch', engine }));
  both((engine) => alibi({ heads: 3, queryPositions: Int32Array.from(positions), keyPositions: [5, 1, 9], engine }));
  assert.ok(COEFFICIENT_BYTES < 65536);
  small.dispose();
  large.dispose();
});

test('createEngine takes a module or bytes, and names what is wrong with its options', () => {
  const bytes = new Uint8Array(readFileSync(new URL('../../build/posenc.simd.wasm', import.meta.url)));
  for (const wasm of [bytes, new WebAssembly.Module(bytes)]) {
    const engine = createEngine({ wasm });
    assert.is(sinusoidal({ length: 1, dim: 2, engine }).data[1], 1);
    engine.dispose();
  }
  throwsCode(() => createEngine({ wasm: new Uint8Array([1, 2, 3]) }), 'ERR_OPTION', /not a valid WebAssembly module/);
  throwsCode(() => createEngine({ wasm: 7 as never }), 'ERR_OPTION', /wasm/);
  throwsCode(() => createEngine({ scratchBytes: 10 }), 'ERR_OPTION', /scratchBytes/);
  throwsCode(() => createEngine({ initialBytes: 1 << 24, maximumBytes: 1 << 23 }), 'ERR_OPTION', /initialBytes/);
  throwsCode(() => createEngine({ fixed: 1 as never }), 'ERR_OPTION', /fixed/);
  throwsCode(() => createEngine({ initalBytes: 1 } as never), 'ERR_OPTION', /unknown option 'initalBytes'/);
});

test('a module compiled in another realm is a module', () => {
  const bytes = new Uint8Array(readFileSync(new URL('../../build/posenc.simd.wasm', import.meta.url)));
  const wasm = runInNewContext('new WebAssembly.Module(bytes)', { bytes }) as WebAssembly.Module;
  assert.not.ok(wasm instanceof WebAssembly.Module);
  const engine = createEngine({ wasm });
  assert.is(sinusoidal({ length: 1, dim: 2, engine }).data[1], 1);
  engine.dispose();
});

test('a runtime that refuses to compile is explained', () => {
  const Module = WebAssembly.Module;
  (WebAssembly as { Module: unknown }).Module = class {
    constructor() {
      throw new WebAssembly.CompileError('Wasm code generation disallowed by embedder');
    }
  };
  try {
    const bytes = new Uint8Array(readFileSync(new URL('../../build/posenc.simd.wasm', import.meta.url)));
    throwsCode(() => createEngine({ wasm: bytes }), 'ERR_WASM_BLOCKED', /wasm-unsafe-eval.*workerd.*posenc\/reference/);
    const validate = WebAssembly.validate;
    WebAssembly.validate = () => false;
    try {
      throwsCode(() => createEngine({ wasm: bytes }), 'ERR_NO_SIMD', /posenc\/reference/);
    } finally {
      WebAssembly.validate = validate;
    }
  } finally {
    (WebAssembly as { Module: unknown }).Module = Module;
  }
});

test('the text of a binary is decoded where nothing does it natively', () => {
  const bytes = readFileSync(new URL('../../build/posenc.heap.wasm', import.meta.url));
  const { Buffer } = globalThis;
  const native = Uint8Array as { fromHex?: unknown };
  const { fromHex } = native;
  let module: WebAssembly.Module;
  try {
    (globalThis as { Buffer: unknown }).Buffer = undefined;
    native.fromHex = undefined;
    // one section more than the embedded binary: what is compiled already is not decoded again
    module = compile(`${bytes.toString('hex')}00030161ff`);
  } finally {
    globalThis.Buffer = Buffer;
    native.fromHex = fromHex;
  }
  assert.equal(WebAssembly.Module.exports(module), WebAssembly.Module.exports(new WebAssembly.Module(bytes)));
  assert.equal(Array.from(new Uint8Array(WebAssembly.Module.customSections(module, 'a')[0])), [0xff]);
});

test.run();
