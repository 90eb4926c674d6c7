/**
 * npm run vectors:targets: the suite on public code that npm has, and a table of what came out, for docs/conformance.md
 * (`--write`). Graphs of one node and prompts are made here; no model is loaded.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildVectors } from '../../../scripts/build-vectors.ts';
import type { Suite, SuiteCase } from '../../../src/cli/suiteCase.ts';
import { report } from '../../../src/cli/suiteReport.ts';
import { withPart } from '../../../vectors/make/pages.ts';
import { model } from '../../recipes/onnx.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..', '..', '..');
const installed = createRequire(join(here, 'installed', 'package.json'));
const work = mkdtempSync(join(tmpdir(), 'posenc-targets-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

const versionOf = (name: string): string =>
  JSON.parse(readFileSync(join(here, 'installed/node_modules', name, 'package.json'), 'utf8')).version;
// biome-ignore lint/suspicious/noExplicitAny: three libraries of others
type Loose = any;
type Results = Record<string, unknown>;

const vectors = join(work, 'vectors');
const { index, cases } = await buildVectors(vectors);
const flags = JSON.parse(readFileSync(join(vectors, 'flags.json'), 'utf8'));
const suite = { version: index.version, fingerprint: index.fingerprint, cases, flags } as unknown as Suite;
const of = (op: string) => suite.cases.filter((one) => one.op === op);

/** com.microsoft RotaryEmbedding, a graph of one node. */
async function onnx(): Promise<Results> {
  const ort: Loose = await import(pathToFileURL(installed.resolve('onnxruntime-web/wasm')).href);
  ort.env.wasm.numThreads = 1;
  const results: Results = {};
  for (const one of of('onnx_rotary')) {
    const p = one.params as Loose;
    if (p.domain !== 'com.microsoft') continue;
    const attributes: Record<string, number> = {};
    for (const key of ['interleaved', 'rotary_embedding_dim', 'num_heads']) if (p[key]) attributes[key] = p[key];
    const names = ['input', 'position_ids', 'cos_cache', 'sin_cache'];
    const typed = (name: string) => {
      const { shape, data } = one.inputs[name];
      return name === 'position_ids'
        ? { type: 'int64' as const, shape, data: BigInt64Array.from(data.map((value) => BigInt(value))) }
        : { type: 'float32' as const, shape, data: Float32Array.from(data.map(Number)) };
    };
    const graph = model(
      { op: p.op_type, domain: p.domain, attributes },
      names.map((name) => ({ name, type: typed(name).type, shape: typed(name).shape })),
      { name: 'output', type: 'float32', shape: one.inputs.input.shape },
    );
    try {
      const session = await ort.InferenceSession.create(graph, { logSeverityLevel: 4 });
      const feeds = names.map((name) => [name, new ort.Tensor(typed(name).type, typed(name).data, typed(name).shape)]);
      results[one.id] = { output: Array.from((await session.run(Object.fromEntries(feeds))).output.data) };
    } catch (error) {
      // an operator that this build does not have is no wrong answer
      results[one.id] = { skipped: String((error as Error).message ?? error).split('\n')[0] };
    }
  }
  return results;
}

/** get_rope_index of the model classes, on a configuration instead of a model. */
async function transformers(): Promise<Results> {
  const library: Loose = await import(pathToFileURL(installed.resolve('@huggingface/transformers')).href);
  const classes: Record<string, string> = {
    qwen2_vl: 'Qwen2VLForConditionalGeneration',
    qwen2_5_vl: 'Qwen2_5_VLForConditionalGeneration',
    qwen3_vl: 'Qwen3VLForConditionalGeneration',
  };
  const results: Results = {};
  for (const one of of('mrope_get_rope_index')) {
    const p = one.params as Loose;
    const type = library[classes[p.model_type]];
    if (type === undefined || !one.inputs.input_ids) continue;
    const tensor = (name: string) => {
      const given = one.inputs[name];
      return (
        given &&
        new library.Tensor('int64', BigInt64Array.from(given.data.map((value) => BigInt(value))), [...given.shape])
      );
    };
    const self = Object.create(type.prototype);
    const vision_config = {
      spatial_merge_size: p.spatial_merge_size,
      tokens_per_second: p.tokens_per_second ?? undefined,
    };
    Object.defineProperty(self, 'config', { value: { ...p, vision_config } });
    try {
      const [ids, deltas] = self.get_rope_index(
        tensor('input_ids'),
        tensor('image_grid_thw'),
        tensor('video_grid_thw'),
        tensor('attention_mask'),
      );
      results[one.id] = { position_ids: Array.from(ids.data, Number), rope_deltas: Array.from(deltas.data, Number) };
    } catch (error) {
      results[one.id] = { error: String(error).split('\n')[0] };
    }
  }
  return results;
}

/** ggml_rope_ext and ggml_rope_multi of the libraries in the package. */
function ggml(): Results {
  const [program, file] = [join(work, 'ggml'), join(work, 'ggml.json')];
  execFileSync('c++', ['-std=c++17', '-o', program, join(here, 'ggml.cpp'), '-ldl']);
  const libraries = join(here, 'installed/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64');
  execFileSync(program, [libraries, vectors, file], { env: { ...process.env, LD_LIBRARY_PATH: libraries } });
  return JSON.parse(readFileSync(file, 'utf8'));
}

const rows: string[] = [];
async function target(name: string, what: string, ids: readonly SuiteCase[], run: () => Results | Promise<Results>) {
  const results = await run();
  const said = report(suite, results);
  const left = ids.filter(({ id }) => !(id in results) || (results[id] as Loose).skipped !== undefined).length;
  const failures = said.failures.map(({ id, message }) => `\`${id}\`: ${message.replaceAll('|', '\\|')}`);
  console.log(`${name}: ${said.passed} passed, ${said.failed} failed, ${left} of ${ids.length} not run`);
  for (const failure of failures) console.log(`  ${failure}`);
  rows.push(
    `| ${name} | ${what} | ${said.passed} | ${said.failed} | ${left} | ${failures.slice(0, 2).join('; ') || '-'} |`,
  );
}

await target(
  `onnxruntime-web ${versionOf('onnxruntime-web')}`,
  'com.microsoft operators, WebAssembly, one node',
  of('onnx_rotary'),
  onnx,
);
await target(
  `@huggingface/transformers ${versionOf('@huggingface/transformers')}`,
  '`get_rope_index` of Qwen2-VL, Qwen2.5-VL, Qwen3-VL',
  of('mrope_get_rope_index'),
  transformers,
);
await target(
  `ggml of llama.cpp v0.5.0, in @node-llama-cpp/linux-x64 ${versionOf('@node-llama-cpp/linux-x64')}`,
  '`ggml_rope_ext`, `_back`, `ggml_rope_multi`, CPU',
  of('ggml_rope'),
  ggml,
);

if (process.argv.includes('--write')) {
  const guide = join(root, 'docs/conformance.md');
  const table = `| target | what ran | passed | failed | not run | first failures |\n|---|---|---|---|---|---|\n${rows.join('\n')}`;
  writeFileSync(guide, withPart(readFileSync(guide, 'utf8'), 'targets', table));
  execFileSync('npx', ['biome', 'format', '--write', guide], { cwd: root, stdio: 'ignore' });
}
