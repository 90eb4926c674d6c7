/**
 * npm run test:recipes -- [NAME...]: takes the code out of docs/recipes/*.md and runs it, each recipe with the library or in the
 * runtime it is about. The code of a recipe runs as it is printed; what it takes for granted (a device, a model) is defined
 * before it, and what it says is checked after it, by the pieces below. One line a recipe; exit 1 when one failed.
 */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { applyRotary, fingerprint, rotaryTable, sinusoidal } from '../../src/index.ts';
import { serve, visit } from '../runtimes/browsers.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..', '..');
const recipes = join(root, 'docs', 'recipes');
const installed = join(here, 'installed');
const work = join(installed, 'node_modules', '.recipes');
const ofRuntimes = (path: string) => join(root, 'tests/runtimes/installed/node_modules', path);

/** The code blocks of a recipe in one language, in order. */
function code(name: string, language: string): string {
  const text = readFileSync(join(recipes, `${name}.md`), 'utf8');
  const blocks = [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map((match) => match[1]);
  if (blocks.length === 0) throw new Error(`${name}.md has no ${language} block`);
  return blocks.join('\n');
}

function must(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

async function run(command: string, ...args: string[]): Promise<string> {
  must(
    existsSync(command),
    `${command} is missing: \`npm ci --ignore-scripts --prefix tests/runtimes/installed\` first`,
  );
  const { stdout } = await promisify(execFile)(command, args, {
    cwd: work,
    timeout: 120_000,
    env: { ...process.env, NO_COLOR: '1' },
  });
  return stdout.trim();
}

/** Writes the recipe as a module, and gives the file. */
function moduleOf(name: string, after = ''): string {
  const file = join(work, `${name}.mjs`);
  writeFileSync(file, `${code(name, 'js')}${after}\n`);
  return file;
}

/** What the checks read of the libraries' own values. */
interface Foreign {
  readonly data: Float32Array;
  readonly dims: number[];
  readonly output: Foreign;
  readonly sum: Foreign;
  dataSync(): Float32Array;
}
const load = createRequire(join(installed, 'package.json'));

/** Imports a recipe here and gives what `exported` names. */
async function inNode(
  name: string,
  exported: string,
  given: Record<string, unknown> = {},
): Promise<Record<string, Foreign>> {
  Object.assign(globalThis, given);
  return import(pathToFileURL(moduleOf(name, `export { ${exported} };`)).href);
}

const close = (got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number) =>
  got.length === want.length && Array.from(got).every((x, i) => x === want[i] || Math.abs(x - want[i]) <= tolerance);
const noise = (length: number) => Float32Array.from({ length }, (_, i) => ((i * 37) % 101) / 50 - 1);

/** The steps of the shader in float32: how far its cosines and sines are from those of the exact table, at most. */
function shaderAngles(parts: Float32Array): number {
  const f32 = Math.fround;
  const fract = (x: number) => x - Math.floor(x);
  const positions = Float64Array.from({ length: 512 }, (_, t) => (t * 7919) % 2 ** 17);
  const { cos, sin } = rotaryTable({ headDim: 128, ropeTheta: 500000 }, { positions });
  let most = 0;
  for (let t = 0, at = 0; t < positions.length; t++) {
    for (let i = 0; i < 64; i++, at++) {
      const [a, b, c, d] = [0, 1, 2, 3].map((part) => f32(positions[t] * parts[4 * i + part]));
      const turn = f32(f32(f32(fract(a) + fract(b)) + fract(c)) + d);
      const angle = f32(f32(6.2831853) * f32(turn - Math.round(turn)));
      most = Math.max(most, Math.abs(Math.cos(angle) - cos.data[at]), Math.abs(Math.sin(angle) - sin.data[at]));
    }
  }
  return most;
}

/** Deno and Bun print the shape, a value and the fingerprint. */
function printed(output: string): void {
  must(output === `4x8 ${sinusoidal({ length: 4, dim: 8 }).data[8]}\n${fingerprint()}`, `printed ${output}`);
}

const RECIPES: Readonly<Record<string, () => Promise<void>>> = {
  'onnxruntime-web': async () => {
    const { model } = await import('./onnx.ts');
    const ort = load('onnxruntime-web') as {
      Tensor: new (type: string, data: Float32Array, shape: number[]) => unknown;
    };
    const x = noise(3 * 2 * 64); // [1, heads 2, 3, 64]
    const rotaryModel = model(
      { op: 'RotaryEmbedding', domain: 'com.microsoft', attributes: { interleaved: 0 } },
      [
        { name: 'input', type: 'float32', shape: [1, 2, 's', 64] },
        { name: 'position_ids', type: 'int64', shape: [1, 's'] },
        { name: 'cos_cache', type: 'float32', shape: ['m', 32] },
        { name: 'sin_cache', type: 'float32', shape: ['m', 32] },
      ],
      { name: 'output', type: 'float32', shape: [1, 2, 's', 64] },
    );
    const addModel = model(
      { op: 'Add' },
      [
        { name: 'a', type: 'float32', shape: [1, 4, 3, 8] },
        { name: 'b', type: 'float32', shape: [4, 3, 8] },
      ],
      { name: 'sum', type: 'float32', shape: [1, 4, 3, 8] },
    );
    const { rotated, biased, streams } = await inNode('onnxruntime-web', 'rotated, biased, streams', {
      rotaryModel,
      addModel,
      query: new ort.Tensor('float32', x, [1, 2, 3, 64]),
      scores: new ort.Tensor('float32', new Float32Array(96), [1, 4, 3, 8]),
    });
    const table = rotaryTable({ headDim: 64, ropeTheta: 10000 }, { length: 128 });
    const want = applyRotary(x.slice(), table, { shape: [1, 2, 3, 64], layout: 'BHSD', positions: [100, 101, 102] });
    must(close(rotated.output.data, want, 1e-6), 'ORT rotates otherwise');
    const row = Array.from(biased.sum.data.slice(0, 8));
    const ids = '0,1,1,1,1,1,1,4,5,0,1,1,1,2,2,2,4,5,0,1,2,3,1,2,3,4,5';
    must(streams.dims.join() === '3,1,9' && streams.data.join() === ids, `streams are ${streams.data}`);
    must(row.join() === '-1.25,-1,-0.75,-0.5,-0.25,0,-Infinity,-Infinity', `the first row of the bias is ${row}`);
  },
  'transformers-js': async () => {
    const { position_ids, next_position_ids, attention_bias } = await inNode(
      'transformers-js',
      'position_ids, next_position_ids, attention_bias',
    );
    must(position_ids.data.join() === '1,1,0,1,2,0,1,2,3,4', `ids ${position_ids.data.join()}`);
    must(next_position_ids.dims.join() === '2,1' && next_position_ids.data.join() === '3,5', 'ids of the step');
    must(attention_bias.dims.join() === '1,8,5,5' && attention_bias.data[5] === -0.5, 'the bias');
    must(attention_bias.data[1] === Math.fround(-3.4028234663852886e38), 'the mask value');
  },
  /** No device here: a stand-in that copies like writeBuffer and refuses what WebGPU refuses. */
  webgpu: async () => {
    const { buffers, parts } = await inNode('webgpu', 'buffers, parts', {
      GPUBufferUsage: { STORAGE: 128, COPY_DST: 8 },
      device: {
        createBuffer: ({ size, usage }: { size: number; usage: number }) => {
          must(size % 4 === 0 && size <= 134217728 && (usage & 8) !== 0, 'createBuffer');
          return new Uint8Array(size);
        },
        queue: {
          writeBuffer: (buffer: Uint8Array, offset: number, data: Float32Array) => {
            must(offset % 4 === 0 && data.byteLength > 0, 'writeBuffer');
            buffer.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
          },
        },
      },
    });
    const { cos, sin } = rotaryTable({ headDim: 128, ropeTheta: 500000 }, { length: 4096 });
    const arrived = buffers as unknown as { cos: Uint8Array; sin: Uint8Array };
    const uploaded = (buffer: Uint8Array) => new Float32Array(buffer.buffer);
    must(
      close(uploaded(arrived.cos), cos.data, 0) && close(uploaded(arrived.sin), sin.data, 0),
      'another table arrived',
    );
    must(shaderAngles(parts as unknown as Float32Array) <= 2e-6, 'the angles of the shader are off');
  },
  tfjs: async () => {
    const { tensor } = load('@tensorflow/tfjs-core') as { tensor(data: Float32Array, shape: number[]): unknown };
    load('@tensorflow/tfjs-backend-cpu');
    const embeddings = tensor(noise(512), [16, 32]);
    const { embedded, sum, x } = await inNode('tfjs', 'embedded, sum, x', { embeddings });
    must(close(x.data, noise(512), 0), 'other embeddings arrived');
    must(close(embedded.dataSync(), sum.data, 0), 'tf adds otherwise');
  },
  'cloudflare-worker': async () => {
    const dir = join(work, 'worker');
    await build({
      entryPoints: [moduleOf('cloudflare-worker')],
      bundle: true,
      format: 'esm',
      conditions: ['workerd'],
      loader: { '.wasm': 'copy' },
      outfile: join(dir, 'worker.mjs'),
    });
    const { Miniflare } = await import(pathToFileURL(ofRuntimes('miniflare/dist/src/index.js')).href);
    const worker = new Miniflare({
      modules: true,
      modulesRoot: dir,
      scriptPath: join(dir, 'worker.mjs'),
      modulesRules: [
        { type: 'ESModule', include: ['**/*.mjs'] },
        { type: 'CompiledWasm', include: ['**/*.wasm'] },
      ],
      compatibilityDate: '2025-01-01',
    });
    try {
      const body = await (await worker.dispatchFetch('http://localhost/?length=20')).arrayBuffer();
      must(close(new Float32Array(body), sinusoidal({ length: 20, dim: 384 }).data, 0), 'another table came back');
    } finally {
      await worker.dispose();
    }
  },
  deno: async () => printed(await run(ofRuntimes('@deno/linux-x64-glibc/deno'), 'run', moduleOf('deno'))),
  bun: async () => printed(await run(ofRuntimes('@oven/bun-linux-x64/bin/bun'), 'run', moduleOf('bun'))),
  'script-tag': async () => {
    const command = ['chromium-headless-shell', 'chromium', 'google-chrome']
      .flatMap((name) => (process.env.PATH ?? '').split(':').map((dir) => join(dir, name)))
      .find((file) => existsSync(file));
    must(command !== undefined, 'needs Chromium');
    const post =
      "<script type=module>await fetch('./result', { method: 'POST', body: document.getElementById('value').textContent + ' ' + document.getElementById('plot').getContext('2d').getImageData(192, 0, 1, 1).data.join() })</script>";
    const page = await serve({
      '/': { type: 'text/html', body: code('script-tag', 'html') + post },
      '/posenc.min.js': { type: 'text/javascript', body: readFileSync(join(ours, 'dist/posenc.min.js')) },
    });
    const text = await visit('chromium', command!, page);
    must(text === `sin 1 = ${Math.fround(0.8414709848078965)} 255,255,255,255`, `the page says ${text}`);
  },
};

/** These are about the installed package and run in tests/consumers. */
const ELSEWHERE = ['jest', 'vitest'];
const listed = readdirSync(recipes)
  .map((file) => file.replace('.md', ''))
  .filter((name) => !ELSEWHERE.includes(name))
  .sort();
if (listed.join() !== Object.keys(RECIPES).sort().join())
  throw new Error(`recipes without a test, or the reverse: ${listed}`);
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
// copies, not links: Deno loads nothing outside node_modules
const ours = join(installed, 'node_modules/posenc');
rmSync(ours, { recursive: true, force: true });
for (const part of ['package.json', 'dist']) cpSync(join(root, part), join(ours, part), { recursive: true });
const loader = '@assemblyscript/loader';
cpSync(join(root, 'node_modules', loader), join(ours, 'node_modules', loader), { recursive: true, dereference: true });

const wanted = process.argv.slice(2);
let [passed, failed] = [0, 0];
for (const [name, recipe] of Object.entries(RECIPES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  try {
    await recipe();
    passed++;
    console.log(`${name.padEnd(20)} ok`);
  } catch (error) {
    failed++;
    console.log(`${name.padEnd(20)} failed: ${(error as Error).stack ?? error}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
