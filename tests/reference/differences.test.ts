/** What docs/reference.md says of posenc/reference. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { referencePage } from '../../scripts/reference-doc.ts';
import { explain, fromHF, mropeIndex, positionIds, toHF } from '../../src/index.ts';

test('the page is the one that the doors make', async () => {
  const page = readFileSync(new URL('../../docs/reference.md', import.meta.url), 'utf8');
  assert.ok(page === (await referencePage()), 'write it again: node --import tsx scripts/reference-doc.ts');
});

test('models and positions are read where WebAssembly is refused', () => {
  const { WebAssembly } = globalThis;
  const config = {
    model_type: 'llama',
    hidden_size: 64,
    num_attention_heads: 4,
    rope_theta: 1e4,
    max_position_embeddings: 99,
  };
  try {
    (globalThis as { WebAssembly?: unknown }).WebAssembly = undefined;
    assert.is(fromHF(config).rotary?.headDim, 16);
    assert.is(toHF(fromHF(config)).rope_theta, 1e4);
    assert.ok(explain(config));
    assert.equal([...positionIds({ length: 3 }).data], [0, 1, 2]);
    assert.equal(
      [...mropeIndex({ model: 'qwen2_vl', inputIds: [[1, 2]] } as never).positionIds.data],
      [0, 1, 0, 1, 0, 1],
    );
  } finally {
    globalThis.WebAssembly = WebAssembly;
  }
});

test.run();
