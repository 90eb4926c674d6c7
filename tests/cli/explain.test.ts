/** posenc explain: the stored texts from a path, standard input and a GGUF file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHF, toLlamaCpp } from '../../src/index.ts';
import { ggufFile } from './gguf.ts';
import { config, file, posenc } from './shell.ts';

const stored = (name: string): string =>
  readFileSync(new URL(`../models/explained/${name}.txt`, import.meta.url), 'utf8');

/** Each with a context that has something to warn about. */
const CASES: readonly [name: string, context: string, warning: RegExp][] = [
  ['llama-3.1-8b', '262144', /262 144 positions are asked for, the model is made for 131 072/],
  ['qwen2.5-7b-yarn', '8192', /YaRN is static/],
  ['phi-3.5-mini', '131072', /keys cached before the crossing no longer fit/],
  ['deepseek-v3', '163840', /the softmax scale is corrected/],
  ['gemma-3-27b', '1048576', /float32 angles are off/],
  ['qwen2-vl-7b', '65536', /65 536 positions are asked for/],
  ['bloom', '4096', /rounded to bfloat16/],
  ['t5-base', '4096', /share one bucket/],
];

for (const [name, context, warning] of CASES) {
  test(`${name}: the stored text and its warning`, async () => {
    const { code, out } = await posenc(['explain', config(name), '--context', context]);
    assert.is(code, 0);
    assert.fixture(out, stored(name));
    assert.match(
      out
        .split('\n')
        .filter((line) => line.startsWith('warning'))
        .join('\n'),
      warning,
    );
  });
}

test('every line that applies is there', async () => {
  const { out } = await posenc(['explain', config('llama-3.1-8b'), '--context', '131072']);
  for (const line of [
    'model',
    'family',
    'context',
    'rotates',
    'base',
    'amplitude',
    'softmax',
    'pairs',
    'angle off',
    'layers',
    'assumed',
  ]) {
    assert.match(out, new RegExp(`^${line} `, 'm'));
  }
  assert.match(out, /29 kept, 6 blended, 29 divided by 8/);
  assert.match(out, /trained on 8192 positions, made for 131 072, 131 072 requested/);
});

test('standard input, Infinity as Python writes it, --json', async () => {
  const text = readFileSync(config('llama-3.1-8b'), 'utf8').replace(
    '{',
    '{"time_step_limit": [0.0, Infinity], "note": "Infinity", ',
  );
  const { code, out } = await posenc(['explain', '-', '--json', '--context', '4096'], { input: text });
  assert.is(code, 0);
  const explanation = JSON.parse(out);
  assert.is(explanation.form.family, 'rotary');
  assert.is(explanation.tables[0].groups[2].count, 29);
});

const LLAMA = {
  'general.architecture': 'llama',
  'llama.context_length': 131072,
  'llama.embedding_length': 4096,
  'llama.attention.head_count': 32,
  'llama.rope.freq_base': 500000,
  'llama.rope.dimension_count': 128,
};

test('a GGUF file with its divisors has the pairs of the config', async () => {
  const factors = toLlamaCpp(fromHF(JSON.parse(readFileSync(config('llama-3.1-8b'), 'utf8')))).rope.freqFactors ?? [];
  const path = file('llama.gguf');
  writeFileSync(path, ggufFile(LLAMA, { 'blk.0.weight': [1, 2, 3], 'rope_freqs.weight': factors }));
  const { code, out, err } = await posenc(['explain', path, '--context', '131072']);
  assert.is(`${code} ${err}`, '0 ');
  assert.match(out, /pairing interleaved/);
  assert.match(out, /^warning .*permuted/m);
  assert.match(out, /pairs {6}64: 29 kept/);
  const plain = file('plain.gguf');
  writeFileSync(plain, ggufFile(LLAMA, {}));
  assert.match((await posenc(['explain', plain])).out, /pairs {6}64: 64 kept/);
});

test('broken input is refused with exit code 3, a missing file with 4', async () => {
  const expect = async (code: number, about: RegExp, path: string, input?: string) => {
    const got = await posenc(['explain', path], { input });
    assert.is(got.code, code, got.err);
    assert.match(got.err, about);
    assert.is(got.out, '');
  };
  await expect(3, /standard input: not JSON/, '-', '{');
  await expect(
    3,
    /rope_scaling/,
    '-',
    '{"model_type": "llama", "hidden_size": 64, "num_attention_heads": 4, "rope_scaling": {"type": "linear", "factr": 2}}',
  );
  writeFileSync(file('cut.gguf'), ggufFile(LLAMA, {}).subarray(0, 60));
  await expect(3, /not a GGUF file that can be read/, file('cut.gguf'));
  writeFileSync(file('short.gguf'), ggufFile(LLAMA, { 'rope_freqs.weight': new Array(64).fill(1) }).subarray(0, -64));
  await expect(3, /ends inside its rope factors/, file('short.gguf'));
  await expect(4, /ENOENT/, file('missing.json'));
  const json = await posenc(['explain', '-', '--json'], { input: '[]' });
  assert.is(json.code, 3);
  assert.is(JSON.parse(json.err).error.code, 'ERR_CONFIG');
});

test.run();
