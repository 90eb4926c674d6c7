/**
 * npm run vectors:targets: the suite on public code that npm has, and a table of what came out, for docs/conformance.md
 * (`--write`). Graphs of one node and prompts are made here; no model is loaded.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SuiteCase } from '../../../src/cli/suiteCase.ts';
import { report } from '../../../src/cli/suiteReport.ts';
import { withPart } from '../../../vectors/make/pages.ts';
import { ggml } from './ggml.ts';
import { onnxruntime } from './onnxruntime.ts';
import { casesOf, here, type Loose, modules, type Results, suite, vectors, versionOf, work } from './suite.ts';
import { maskedAtOne, transformers } from './transformers.ts';

const root = join(here, '..', '..', '..');

function nanogpt(): Results {
  const file = join(work, 'nanogpt.json');
  const home = join(modules, '@genai-fi/nanogpt');
  execFileSync(process.execPath, [join(here, 'nanogpt.mjs'), home, vectors, file], { stdio: 'pipe' });
  return JSON.parse(readFileSync(file, 'utf8'));
}

const rows: string[] = [];
/** One row. `asked`: the cases of what was called; those without an answer are "not run". */
function target(name: string, what: string, results: Results, asked: readonly SuiteCase[]): void {
  const said = report(suite, results);
  const left = asked.filter(({ id }) => !(id in results) || (results[id] as Loose).skipped !== undefined).length;
  const failures = said.failures.map(({ id, message }) => `\`${id}\`: ${message.replaceAll('|', '\\|')}`);
  console.log(`${name}: ${said.passed} passed, ${said.failed} failed, ${left} of ${asked.length} not run`);
  for (const failure of failures) console.log(`  ${failure}`);
  rows.push(
    `| ${name} | ${what} | ${said.passed} | ${said.failed} | ${left} | ${failures.slice(0, 2).join('; ') || '-'} |`,
  );
}

const ONNX = '`RotaryEmbedding` of opset 23 and of com.microsoft, `MRotaryEmbedding`: graphs of one node';
for (const [name, build, on] of [
  ['onnxruntime-web', 'onnxruntime-web/wasm', 'WebAssembly'],
  ['onnxruntime-node', 'onnxruntime-node', 'native, CPU'],
] as const)
  target(`${name} ${versionOf(name)}`, `${ONNX}; ${on}`, await onnxruntime(build), casesOf('onnx_rotary'));

target(
  `@huggingface/transformers ${versionOf('@huggingface/transformers')}`,
  '`get_rope_index` of Qwen2-VL, 2.5-VL, 3-VL, 3.5; the `position_ids` that `forward` of a decoder makes of a mask',
  await transformers(),
  [...casesOf('mrope_get_rope_index'), ...maskedAtOne()],
);

const GGML = '`ggml_rope_ext`, `_back`, `ggml_rope_multi`, `ggml_rope_set_offset`';
for (const [device, name] of [
  ['cpu-x64', '@node-llama-cpp/linux-x64'],
  ['vulkan', '@node-llama-cpp/linux-x64-vulkan'],
] as const) {
  const made = ggml(device);
  if (made === undefined) console.log(`skipped: ${name} (no Vulkan device: apt-get install mesa-vulkan-drivers)`);
  else
    target(
      `ggml of llama.cpp v0.5.0, in ${name} ${versionOf(name)}`,
      `${GGML}; ${made.on || 'CPU'}`,
      made.results,
      casesOf('ggml_rope'),
    );
}

const turned = nanogpt();
target(
  `@genai-fi/nanogpt ${versionOf('@genai-fi/nanogpt')}`,
  'kernel `Rope` and `RoPECache` on the CPU backend of TensorFlow.js: interleaved pairs, base 10000, whole heads',
  turned,
  suite.cases.filter(({ id }) => id in turned),
);

if (process.argv.includes('--write')) {
  const guide = join(root, 'docs/conformance.md');
  const table = `| target | what ran | passed | failed | not run | first failures |\n|---|---|---|---|---|---|\n${rows.join('\n')}`;
  writeFileSync(guide, withPart(readFileSync(guide, 'utf8'), 'targets', table));
  execFileSync('npx', ['biome', 'format', '--write', guide], { cwd: root, stdio: 'ignore' });
}
