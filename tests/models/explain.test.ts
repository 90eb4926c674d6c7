/** explain on real configurations: the numbers that matter, and the whole text against stored copies. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { describe, describeExplanation } from '../../src/models/describe.ts';
import { explain } from '../../src/models/explain.ts';
import { fromHF } from '../../src/models/hf.ts';
import { readGolden } from './golden.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const config = (name: string): object => JSON.parse(read(`../../examples/configs/${name}.json`));

/** Each with a context that has something to warn about. */
const CASES: readonly [name: string, context: number | undefined][] = [
  ['llama-3.1-8b', 262144],
  ['qwen2.5-7b-yarn', 8192],
  ['phi-3.5-mini', 131072],
  ['deepseek-v3', 163840],
  ['gemma-3-27b', 1048576],
  ['qwen2-vl-7b', 65536],
  ['bloom', 4096],
  ['t5-base', 4096],
  ['whisper', undefined],
  ['internlm2.5-7b', 65536],
];

for (const [name, context] of CASES) {
  test(`${name}: the text is the stored one`, () => {
    const text = describeExplanation(explain(config(name), { context }));
    assert.fixture(text, read(`explained/${name}.txt`));
    if (context !== undefined) assert.match(text, /^warning /m);
  });
}

test('Llama 4: rotary layers see their own chunk only, which the text says', () => {
  const scout = new Map(readGolden<{ config: object }>('configs')).get('llama-4-scout.json')?.config as object;
  const form = fromHF(scout);
  assert.is(form.attentionChunk, 8192);
  assert.match(
    describe(form),
    /^chunks {5}rotary layers attend within chunks of 8192 positions: no distance is longer there$/m,
  );
  const { attention_chunk_size: _, ...text } = (scout as { text_config: Record<string, unknown> }).text_config;
  const assumed = fromHF({ ...scout, text_config: { ...text, attention_chunk_size: undefined } });
  assert.ok(assumed.assumed.some(({ key, value }) => /attention_chunk_size$/.test(key) && value === 8192));
  assert.is(fromHF(config('llama-3.1-8b')).attentionChunk, undefined);
});

test('learned rows: what counts is the tokens that fit, beside relative rows too', () => {
  const file = { hidden_size: 768, num_attention_heads: 12 };
  const roberta = { ...file, model_type: 'roberta', max_position_embeddings: 514, pad_token_id: 1 };
  assert.is(explain(roberta, { context: 512 }).warnings.length, 0);
  assert.match(explain(roberta, { context: 514 }).warnings[0].message, /514 rows for 512 tokens/);
  assert.is(explain(roberta).supported, 512);
  const relative = {
    ...file,
    model_type: 'bert',
    max_position_embeddings: 512,
    position_embedding_type: 'relative_key',
  };
  assert.match(explain(relative, { context: 600 }).warnings[0].message, /512 rows for 512 tokens/);
});

test('Llama 3.1 keeps 29 pairs, blends 6, divides 29 by 8', () => {
  const { tables } = explain(config('llama-3.1-8b'), { context: 131072 });
  assert.equal(
    tables[0].groups.map(({ change, count, first, last }) => [change, count, first, last]),
    [
      ['kept', 29, 0, 28],
      ['blended', 6, 29, 34],
      ['divided', 29, 35, 63],
    ],
  );
  assert.equal(tables[0].groups[2].divisor, [8, 8]);
});

test('turns are context over wavelength, wavelengths are 2 pi over frequency', () => {
  const { tables } = explain(config('llama-3.1-8b'), { context: 131072 });
  const [kept, , divided] = tables[0].groups;
  const { invFreq } = tables[0].layer;
  assert.ok(Math.abs(kept.wavelength[0] * invFreq[0] - 2 * Math.PI) < 1e-6);
  assert.ok(Math.abs(divided.turnsRequested[0] * divided.wavelength[1] - 131072) < 1e-6);
  assert.ok(Math.abs(divided.turnsTrained[0] * divided.wavelength[1] - 8192) < 1e-6);
});

test('angle errors of float32 are those of the published table, and exact has none', () => {
  // Base 5e5, rotated width 128, 131071: 9.1e-3 rad for the arithmetic of transformers; scaling does not change the first pairs.
  const { angleError } = explain(config('llama-3.1-8b'), { context: 131072 }).tables[0];
  assert.ok(Math.abs(angleError.torch - 9.1e-3) < 1e-3, String(angleError.torch));
  assert.is(angleError.exact, 0);
  assert.ok(angleError.ggml > angleError.torch / 2 && angleError.ggml < 0.1);
});

test('a longer context is a warning that says what changes, or that nothing does', () => {
  const about = (name: string, context: number) => {
    const { warnings, extension } = explain(config(name), { context });
    return { ...warnings.find(({ message }) => message.includes('are asked for')), outcome: extension?.outcome };
  };
  const llama = about('llama-3.1-8b', 300000);
  assert.match(
    llama.message ?? '',
    /300 000 positions .* made for 131 072 \(trained on 8192 before scaling\).*no drop-in/,
  );
  assert.is(llama.outcome, 'unsupported');
  const qwen = about('qwen2.5-7b-yarn', 262144);
  assert.match(qwen.fix ?? '', /^set rope_scaling: .*"factor":8,.*32768/);
  assert.is(qwen.outcome, 'rescaled');
  const { warnings, extension } = explain(config('llama-3.1-8b'), { context: 131072 });
  assert.is(warnings.length, 0);
  assert.is(extension?.outcome, 'covered');
  assert.is(explain(config('llama-3.1-8b')).extension, undefined);
});

test('layers without rotation and the indexer are named, rows are those that tokens take', () => {
  const small = { hidden_size: 2048, num_attention_heads: 16, num_hidden_layers: 8, max_position_embeddings: 65536 };
  const smol = describeExplanation(
    explain({ model_type: 'smollm3', ...small, no_rope_layers: [1, 1, 1, 0, 1, 1, 1, 0] }),
  );
  assert.match(smol, /^layers .* 2 without positions \(3, 7\)$/m);
  const roberta = explain(
    { model_type: 'roberta', hidden_size: 768, max_position_embeddings: 514, pad_token_id: 1 },
    { context: 513 },
  );
  assert.is(roberta.supported, 512);
  assert.is(roberta.extension?.outcome, 'unsupported');
});

test('proportional tables have pairs that do not turn', () => {
  const spec = {
    model_type: 'gemma4_text',
    head_dim: 256,
    global_head_dim: 512,
    hidden_size: 2048,
    num_attention_heads: 8,
    num_hidden_layers: 6,
    max_position_embeddings: 8192,
  };
  const full = explain(spec).tables.find(({ label }) => label === 'full_attention');
  assert.equal(
    full?.groups.map(({ change, count }) => [change, count]),
    [
      ['kept', 64],
      ['still', 192],
    ],
  );
});

test('describe draws the position stream of every pair', () => {
  const text = describe(fromHF(config('qwen2-vl-7b')));
  const drawn = [...text.matchAll(/^\s+\d+ {2}([thw]+)$/gm)].map(([, letters]) => letters).join('');
  assert.is(drawn, `${'t'.repeat(16)}${'h'.repeat(24)}${'w'.repeat(24)}`);
});

test.run();
