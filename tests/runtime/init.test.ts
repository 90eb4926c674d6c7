/** init runs once per process, so every case runs in a process of its own, against the built package. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = fileURLToPath(new URL('../../', import.meta.url));
// the test runner asks its children for colours
const how = { cwd: root, encoding: 'utf8', env: { ...process.env, FORCE_COLOR: '0' } } as const;
const run = (code: string) => execFileSync(process.execPath, ['--input-type=module', '-e', code], how).trim();

const FIRST = 'console.log(sinusoidal({ length: 2, dim: 2 }).data[3] === Math.fround(Math.cos(1)));';

test('init of the main entry compiles the embedded binary', () => {
  assert.is(run(`import { init, sinusoidal } from 'posenc'; await init(); ${FIRST}`), 'true');
});

test('posenc/init loads the file beside it and makes the engine of posenc', () => {
  assert.is(
    run(`import { init } from 'posenc/init'; import { sinusoidal } from 'posenc'; await init(); ${FIRST}`),
    'true',
  );
});

for (const [name, source] of [
  ['bytes', "readFileSync('dist/posenc.simd.wasm')"],
  ['a module', "new WebAssembly.Module(readFileSync('dist/posenc.simd.wasm'))"],
  ['a Response', "new Response(readFileSync('dist/posenc.simd.wasm'))"],
  ['a promise of a Response', "Promise.resolve(new Response(readFileSync('dist/posenc.simd.wasm')))"],
  ['a file URL', "pathToFileURL('dist/posenc.simd.wasm')"],
  ['the text of a URL', "pathToFileURL('dist/posenc.simd.wasm').href"],
]) {
  test(`init takes ${name}`, () => {
    const head =
      "import { readFileSync } from 'node:fs'; import { pathToFileURL } from 'node:url'; import { init, sinusoidal } from 'posenc';";
    assert.is(run(`${head} await init(${source}); ${FIRST}`), 'true');
  });
}

for (const [name, code, expected] of [
  ['after first use', 'sinusoidal({ length: 1, dim: 2 }); await init()', 'ERR_OPTION already'],
  ['twice', 'await init(); await init()', 'ERR_OPTION already'],
  ['with a bad source', 'await init(42)', 'ERR_OPTION source'],
  ['with bytes that are no module', 'await init(new Uint8Array([1, 2, 3]))', 'ERR_OPTION valid'],
  ['with an answer that is no file', "await init(new Response('', { status: 404 }))", 'ERR_OPTION 404'],
] as const) {
  test(`init ${name} says what is wrong`, () => {
    const [errorCode, word] = expected.split(' ');
    const text = run(
      `import { init, sinusoidal, PosencError } from 'posenc'; try { ${code}; console.log('accepted'); } catch (e) { console.log(e instanceof PosencError, e.code, e.message); }`,
    );
    assert.match(text, new RegExp(`^true ${errorCode} .*${word}`));
  });
}

test('nothing happens at import', () => {
  const code = `
    const Module = WebAssembly.Module;
    WebAssembly.Module = class { constructor() { throw new Error('compiled at import'); } };
    await import('posenc'); await import('posenc/init'); await import('posenc/kernels'); await import('posenc/reference');
    WebAssembly.Module = Module;
    const { sinusoidal } = await import('posenc'); ${FIRST}`;
  assert.is(run(code), 'true');
});

test('require works', () => {
  const code = "const { sinusoidal } = require('posenc'); console.log(sinusoidal({ length: 1, dim: 2 }).data[1]);";
  assert.is(execFileSync(process.execPath, ['--no-warnings', '-e', code], how).trim(), '1');
});

test('posenc/kernels gives the raw kernels of an engine', () => {
  const code = `
    import { createEngine, kernelsOf } from 'posenc/kernels';
    const engine = createEngine();
    const { kernels, coefficients } = kernelsOf(engine);
    const floats = new Float32Array(engine.memory.buffer);
    const at = engine.memory.buffer.byteLength / 4 - 64;
    floats.set([1, 2, 3], at); floats.set([10, 20, 30], at + 16);
    kernels.joinRows(4 * (at + 32), 4 * at, 4 * (at + 16), 1, 3, 1, 0);
    console.log(Array.from(floats.slice(at + 32, at + 35)).join(), coefficients > 0, kernels.joinRows.length);`;
  assert.is(run(code), '11,22,33 true 7');
});

test('the fingerprint is the same in every process', () => {
  const code = "import { fingerprint } from 'posenc'; console.log(fingerprint(), fingerprint());";
  const [a, b] = run(code).split(' ');
  assert.is(a, b);
  assert.match(a, /^[0-9a-f]{16}$/);
});

test.run();
