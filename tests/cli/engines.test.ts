/** posenc explain --for: what each engine needs, of real models, against stored copies. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ENGINES } from '../../src/index.ts';
import { config, posenc } from './shell.ts';

/** Each with a context that asks for something. */
export const CASES: readonly [name: string, context: string][] = [
  ['llama-3.1-8b', '256k'],
  ['qwen2.5-7b-yarn', '256k'],
  ['gpt-oss-20b', '256k'],
  ['deepseek-v3', '256k'],
  ['gemma-3-27b', '256k'],
  ['phi-3.5-mini', '128k'],
  ['qwen2-vl-7b', '64k'],
  ['internlm2.5-7b', '64k'],
  ['modernbert-base', '16k'],
  ['gpt2', '2k'],
  ['bloom', '4k'],
];

for (const [name, context] of CASES) {
  test(`${name} at ${context}: the lines are the stored ones`, async () => {
    let text = '';
    for (const engine of ENGINES) {
      const { code, out, err } = await posenc(['explain', config(name), '--context', context, '--for', engine]);
      assert.is(`${code} ${err}`, '0 ');
      text += `${engine}\n${out}\n`;
    }
    assert.fixture(text, readFileSync(new URL(`engines/${name}.txt`, import.meta.url), 'utf8'));
  });
}

test('--for knows its engines; without a context it says what the file needs as it is; --json', async () => {
  const unknown = await posenc(['explain', config('gpt2'), '--for', 'ollama']);
  assert.is(unknown.code, 2);
  assert.match(unknown.err, /Allowed choices are llama\.cpp, vllm, sglang, transformers, onnx/);
  const plain = await posenc(['explain', config('qwen2.5-7b-yarn'), '--for', 'vllm']);
  assert.is(plain.out, 'vllm serve MODEL\n');
  const json = await posenc(['explain', config('qwen2.5-7b-yarn'), '--for', 'vllm', '--json', '--context', '131072']);
  assert.is(JSON.parse(json.out).line, 'vllm serve MODEL --max-model-len 131072');
});

test.run();
