/** fromHF over every golden configuration, good and bad. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHF, toHF } from '../../src/models/hf.ts';
import { positionKeys } from '../../src/models/positionKeys.ts';
import { PosencError } from '../../src/runtime/errors.ts';
import { compareForm, revive } from '../golden-runner/adapters/configs.ts';
import { readGolden } from './golden.ts';

// biome-ignore lint/suspicious/noExplicitAny: the records are read, not written
const configs = readGolden<any>('configs');
// biome-ignore lint/suspicious/noExplicitAny: as above
const bad = readGolden<any>('configs-bad');

for (const [name, record] of configs) {
  test(`configs/${name}: tables, layers and parameters as the model's own code has them`, () => {
    const before = JSON.stringify(record.config);
    const form = fromHF(record.config);
    assert.equal(compareForm(form, record.expected), []);
    assert.is(JSON.stringify(record.config), before, 'the input is not changed');
  });

  test(`configs/${name}: JSON and toHF round trips`, () => {
    const form = fromHF(record.config);
    assert.equal(JSON.parse(JSON.stringify(form)), form);
    const again = fromHF(toHF(form));
    assert.equal({ ...again, consumed: [] }, { ...form, consumed: [] });
  });

  test(`configs/${name}: every key of a rope block is consumed, what has no effect is said`, () => {
    const form = fromHF(record.config);
    const consumed = new Set(form.consumed);
    const told = new Set(form.warnings.map((warning) => warning.key));
    const visit = (value: unknown, path: string) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
      for (const [key, inner] of Object.entries(value)) {
        const at = path ? `${path}.${key}` : key;
        if (path.includes('rope_scaling') || path.includes('rope_parameters')) {
          const leaf = typeof inner !== 'object' || Array.isArray(inner);
          const elsewhere = /^(vision|talker)_config/.test(at) || told.has(path);
          if (leaf && !elsewhere) assert.ok(consumed.has(at), `${at} is not consumed`);
        }
        visit(inner, at);
      }
    };
    visit(record.config, '');
    const exceptions = READ_BY_US[name] ?? [];
    for (const key of record.present_but_without_effect ?? []) {
      // Sizes and lengths that every file has are no news.
      const parts = key.split('.');
      const inBlock = parts.some((part: string) => part === 'rope_scaling' || part === 'rope_parameters');
      // A factor or base at the top that repeats another one.
      if (/(partial_rotary_factor|rope_theta)$/.test(key) && consumed.has(key)) continue;
      if (!inBlock && positionKeys({ [parts[parts.length - 1]]: 1 }).length === 0) continue;
      if (!exceptions.includes(key))
        assert.ok(told.has(key), `${key} has no effect, and nothing says so: ${[...told]}`);
    }
  });
}

/** Keys that transformers ignores and the file means: read here. */
const READ_BY_US: Record<string, string[]> = {
  'mimo-v2-flash.json': [
    'rope_theta',
    'swa_rope_theta',
    'partial_rotary_factor',
    'swa_num_attention_heads',
    'swa_head_dim',
  ],
  'nomic-embed-v1.5.json': ['rotary_emb_fraction', 'rotary_emb_base', 'rotary_emb_interleaved'],
};

for (const [name, record] of bad) {
  test(`configs-bad/${name}: ${record.expect} about ${record.about}`, () => {
    const config = record.config ?? JSON.parse(record.config_json, revive);
    let text = '';
    try {
      const form = fromHF(config);
      text = form.warnings.map((warning) => warning.message).join('\n');
      // A model without positions is reported as such, with the reason; a type that has a record now is no longer unknown.
      if (form.family === 'none') text = form.note ?? '';
      else if (record.about === 'model_type') text = form.modelType === config.model_type ? 'model_type' : '';
      else assert.is(record.expect, 'warning', `accepted with: ${text}`);
    } catch (error) {
      if (!(error instanceof PosencError)) throw error;
      assert.is(record.expect, 'error', error.message);
      assert.is(error.code, 'ERR_CONFIG');
      text = error.message;
    }
    assert.ok(text.includes(record.about), `'${record.about}' is not in: ${text}`);
    assert.is(({} as Record<string, unknown>).polluted, undefined);
  });
}

test.run();
