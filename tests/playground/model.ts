/** Your model: what is typed survives, what is read is said in both languages, wrong advice is not given. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from './harness.ts';

const configs = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'examples', 'configs');
const config = (name: string) => readFileSync(join(configs, `${name}.json`), 'utf8');
const VALUE = "document.getElementById('config').value";

/** Of microsoft/wavlm-base-plus, what says positions. */
const WAVLM = {
  hidden_size: 768,
  num_attention_heads: 12,
  num_conv_pos_embeddings: 128,
  num_conv_pos_embedding_groups: 16,
};

export function modelTests(test: Test): void {
  test('three real configurations and a broken one', async () => {
    const { page, troubles } = await open('#model?lang=en');
    const expected: Record<string, RegExp> = {
      'gemma-2-2b': /base is 10/,
      'qwen2.5-7b-yarn': /yarn, factor 4/,
      'gpt-oss-20b': /yarn, factor 32/,
    };
    for (const [name, words] of Object.entries(expected)) {
      await page.fill('#config', config(name));
      assert.match(await page.textContent('.result'), words);
      assert.is(await page.evaluate('document.querySelectorAll(".result .error").length'), 0, name);
      assert.ok(await page.evaluate('document.querySelectorAll(".result svg").length >= 2'), name);
    }
    // the address holds what was read of the last one
    await page.waitForTimeout(300);
    const again = await open(new URL(page.url()).hash);
    assert.match(await again.page.textContent('.result'), expected['gpt-oss-20b']);
    await again.page.close();

    const broken = JSON.parse(config('llama-3.1-8b'));
    broken.rope_scaling.factor = 'eight';
    await page.fill('#config', JSON.stringify(broken));
    const message = await page.textContent('.result .error');
    assert.match(message, /This cannot be read/);
    assert.match(message, /rope_scaling\.factor/);
    assert.match(message, /eight/);
    await page.fill('#config', '{ "model_type": ');
    assert.match(await page.textContent('.result .error'), /JSON/);
    await page.setInputFiles('#file', {
      name: 'a.gguf',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from('not a model'),
    });
    await page.waitForSelector('.result .error');
    assert.match(await page.textContent('.result .error'), /gguf/);
    assert.equal(troubles, []);
    await page.close();
  });

  test('a paste survives 中文, Dark, a change of the system theme and another page, letter by letter', async () => {
    for (const text of ['{ "model_type": "llama", broken', config('gemma-2-2b')]) {
      const { page, troubles } = await open('#model?lang=en');
      await page.fill('#config', text);
      await page.click('#language');
      assert.is(await page.evaluate(VALUE), text, '中文');
      await page.click('#theme');
      assert.is(await page.evaluate(VALUE), text, 'Dark');
      await page.click('#tab-speed');
      await page.click('#tab-model');
      assert.is(await page.evaluate(VALUE), text, 'another page');
      assert.equal(troubles, []);
      await page.close();
      const system = await open('#model?lang=en');
      await system.page.fill('#config', text);
      await system.page.emulateMedia({ colorScheme: 'dark' });
      await system.page.waitForTimeout(80);
      assert.is(await system.page.evaluate('document.documentElement.dataset.theme'), 'dark');
      assert.is(await system.page.evaluate(VALUE), text, 'the system theme');
      await system.page.close();
    }
  });

  test('the advice counts from the length of pre-training, and says where there is none', async () => {
    const expected: Readonly<Record<string, RegExp>> = {
      'gpt-oss-20b': /"factor": 256,\s+"original_max_position_embeddings": 4096/,
      'qwen2.5-7b-yarn': /"factor": 32,\s+"original_max_position_embeddings": 32768/,
      'deepseek-v3': /"factor": 256,[\s\S]*"original_max_position_embeddings": 4096/,
      'llama-3.1-8b': /No change of the file does it/,
      'phi-3.5-mini': /No change of the file does it/,
      'mpt-7b': /Nothing to change/,
    };
    for (const [name, words] of Object.entries(expected)) {
      const { page } = await open(`#model?lang=en&context=1048576&model=${name}`);
      await page.waitForSelector('#advice');
      assert.match(await page.textContent('.result'), words, name);
      await page.close();
    }
  });

  test('every family is put into words, in both languages, and leads to its view', async () => {
    const models: readonly [object, RegExp, RegExp, string][] = [
      [{ model_type: 'bert', max_position_embeddings: 512, hidden_size: 768 }, /512 trained rows/, /512 行/, 'learned'],
      [{ model_type: 'bloom', n_head: 32, hidden_size: 4096 }, /32 heads/, /32 个头/, 'alibi'],
      [JSON.parse(config('t5-base')), /32 buckets/, /32 个桶/, 't5'],
      [
        { model_type: 'marian', d_model: 512, max_position_embeddings: 512 },
        /sines and cosines/,
        /正弦余弦表/,
        'sinusoidal',
      ],
      [{ model_type: 'mamba' }, /No encoding/, /没有位置编码/, ''],
      [{ model_type: 'parakeet_encoder' }, /before and after it/, /前后/, 'conformer'],
      [{ model_type: 'gemma3n_audio' }, /sees 13 keys/, /13 个键/, 'local-scores'],
      [{ model_type: 'sam_vision_model' }, /Two learned tables/, /两张可学习的表/, 'decomposed'],
      [{ model_type: 'wavlm', ...WAVLM }, /gate of its own/, /门值/, 'gated'],
      [
        { model_type: 'dinov3_vit', hidden_size: 384, num_attention_heads: 6, patch_size: 16, image_size: 224 },
        /row and the column/,
        /行转动/,
        'axial',
      ],
      [JSON.parse(config('llama-3.1-8b')), /channels of a head rotate/, /旋转/, 'llama3'],
    ];
    for (const [given, en, zh, view] of models) {
      for (const lang of ['en', 'zh']) {
        const { page } = await open(`#model?lang=${lang}`);
        await page.fill('#config', JSON.stringify(given));
        assert.match(await page.textContent('.result'), lang === 'en' ? en : zh);
        if (view)
          assert.ok(await page.evaluate(`document.querySelector('.result a[data-page="${view}"]') !== null`), view);
        await page.close();
      }
    }
  });

  test('errors, warnings and assumptions are said in Chinese too', async () => {
    const { page } = await open('#model?lang=zh&context=1048576');
    const broken = (change: object) => JSON.stringify({ ...JSON.parse(config('llama-3.1-8b')), ...change });
    for (const text of [
      broken({ rope_scaling: { rope_type: 'yarn', facor: 4 } }),
      broken({ rope_scaling: { rope_type: 'yarnn', factor: 4 } }),
      broken({ model_type: 'lama', architectures: undefined }),
      broken({ hidden_size: 'many' }),
      '{ "a": ',
    ]) {
      await page.fill('#config', text);
      assert.match(await page.textContent('.result .error p'), /[\u4e00-\u9fff]/, text);
    }
    for (const name of ['deepseek-v3', 'gpt-oss-20b', 'phi-3.5-mini', 'mpt-7b', 't5-base', 'qwen2.5-7b-yarn']) {
      await page.fill('#config', config(name));
      const english = await page.evaluate<string[]>(
        "[...document.querySelectorAll('.result li[lang=en]')].map((li) => li.textContent)",
      );
      assert.equal(english, [], name);
    }
    await page.close();
  });
}
