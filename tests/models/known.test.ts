/** The table of known models, its page, and the script that says what no record knows. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { modelsPage } from '../../scripts/models-doc.ts';
import { classesOf, unknownOfLlamaCpp } from '../../scripts/unknown-models.ts';
import { knownModels } from '../../src/models/known.ts';
import { ggufRecords } from '../../src/models/records/gguf/index.ts';
import { posenc } from '../cli/shell.ts';

test('docs/models.md is what the records make', () => {
  const page = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8');
  assert.ok(page === modelsPage(), 'write it again: node --import tsx scripts/models-doc.ts');
});

test('docs/config.md counts the architectures of llama.cpp that there are', () => {
  const page = readFileSync(new URL('../../docs/config.md', import.meta.url), 'utf8');
  assert.ok(page.includes(`All ${ggufRecords().length} architectures of llama.cpp`));
});

test('the table holds every record, with a family and a source', () => {
  const rows = knownModels();
  assert.ok(rows.length > 500);
  for (const row of rows) assert.ok(row.types.length > 0 && row.family !== '' && row.source !== '', row.types[0]);
  const latent = rows.find(({ types }) => types.includes('deepseek_v3'));
  assert.equal([latent?.family, latent?.llamaCpp, latent?.source], ['rotary', 'deepseek2', 'deepseek_v3']);
});

test('posenc models prints it, with its number', async () => {
  const count = knownModels().reduce((sum, { types }) => sum + types.length, 0);
  const { out, code } = await posenc(['models']);
  assert.is(code, 0);
  assert.match(out, new RegExp(`\\n${count} model types in `));
  assert.match(out, /^deepseek_v3, kimi_k2 +rotary +base 10000, interleaved, latent head \[llama\.cpp: deepseek2\]$/m);
  const some = JSON.parse((await posenc(['models', 'alibi', '--json'])).out) as { types: string[] }[];
  assert.ok(some.some(({ types }) => types[0] === 'bloom'));
  assert.is((await posenc(['models', 'zzgork'])).code, 2);
});

test('posenc explain --as reads a config.json as another type', async () => {
  const config = JSON.stringify({
    model_type: 'zzgork',
    hidden_size: 64,
    num_attention_heads: 4,
    num_hidden_layers: 2,
    max_position_embeddings: 128,
    rope_theta: 500000,
  });
  assert.is((await posenc(['explain', '-'], { input: config })).code, 3);
  const { out, code } = await posenc(['explain', '-', '--as', 'llama'], { input: config });
  assert.is(code, 0);
  assert.match(out, /base +500000/);
});

test('what a checkout has and no record knows', () => {
  const text = `
class ZzgorkConfig(PreTrainedConfig):
    model_type = "zzgork"
    hidden_size: int = 64
    zz_rope_wobble: float = 1.0

    def __init__(
        self,
        rope_theta=10000.0,
        window: int | None = 4,
    ):
        local = 3

class NoType(ZzgorkConfig):
    pass
`;
  assert.equal(classesOf(text, 'zzgork.py'), [
    {
      type: 'zzgork',
      file: 'zzgork.py',
      fields: ['model_type', 'hidden_size', 'zz_rope_wobble', 'rope_theta', 'window'],
    },
  ]);
  const arch = '{ LLM_ARCH_LLAMA, "llama" }, { LLM_ARCH_ZZGORK, "zzgork" }, { LLM_ARCH_UNKNOWN, "(unknown)" },';
  assert.equal(unknownOfLlamaCpp(arch), ['zzgork']);
});

test.run();
