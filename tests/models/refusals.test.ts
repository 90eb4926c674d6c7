/** A refusal is followed literally: what it advises leads to the right table, or to a further refusal, never to a wrong one. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHF } from '../../src/models/hf.ts';
import type { NormalForm } from '../../src/models/normalForm.ts';
import { PosencError } from '../../src/runtime/errors.ts';
import { revive } from '../golden-runner/adapters/configs.ts';
import { readGolden } from './golden.ts';

// biome-ignore lint/suspicious/noExplicitAny: the records are read, not written
const configs = readGolden<any>('configs');
// biome-ignore lint/suspicious/noExplicitAny: as above
const bad = readGolden<any>('configs-bad');

/** Everything about positions. */
const said = ({ family, layerTypes, layers, parameters, queryScale, axial }: NormalForm): string =>
  JSON.stringify([family, layerTypes, layers, parameters, queryScale, axial?.invFreq]);

/** The message, or the form when there is none. */
function attempt(config: object, as?: string): NormalForm | string {
  try {
    return fromHF(config, as === undefined ? {} : { as });
  } catch (error) {
    if (error instanceof PosencError && error.code === 'ERR_CONFIG') return error.message;
    throw error;
  }
}

const advice = (message: string): string[] => [...message.matchAll(/as: '([^'<]+)'/g)].map((match) => match[1]);

/** The same file under another name, wherever it names a class. */
function renamed(value: unknown, rename: (type: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      if (key === 'architectures') return [];
      return [[key, key === 'model_type' && typeof inner === 'string' ? rename(inner) : renamed(inner, rename)]];
    }),
  );
}

for (const [kind, rename] of [
  ['a name that says nothing', () => 'zzgork'],
  ['a name around the old one', (type: string) => `my_${type}_tuned`],
] as const) {
  test(`every file of the vectors, under ${kind}`, () => {
    let followed = 0;
    for (const [name, { config }] of configs) {
      const file = renamed(config, rename) as object;
      const first = attempt(file);
      assert.type(first, 'string', `${name}: read although its type is unknown`);
      for (const as of advice(first as string)) {
        const second = attempt(file, as);
        if (typeof second === 'string') continue;
        followed++;
        assert.is(said(second), said(fromHF(config)), `${name}: as: '${as}' is advised and gives another table`);
      }
    }
    assert.ok(followed >= 10, `advice was followed ${followed} times`);
  });
}

test('files that must be refused: what is advised fits, the key that is named can be taken out', () => {
  for (const [name, record] of bad) {
    const config = record.config ?? JSON.parse(record.config_json, revive);
    const message = attempt(config);
    if (typeof message !== 'string') continue;
    for (const as of advice(message)) assert.not.type(attempt(config, as), 'string', `${name}: '${as}' does not fit`);
    const path = message.slice(0, message.indexOf(':')).split('.');
    const copy = structuredClone(config);
    // biome-ignore lint/suspicious/noExplicitAny: a path into a file
    const parent = path.slice(0, -1).reduce((at: any, key) => at?.[key], copy);
    if (parent === undefined || !Object.hasOwn(parent, path[path.length - 1])) continue;
    delete parent[path[path.length - 1]];
    attempt(copy);
  }
});

test('reading as another type takes every key that tells positions apart', () => {
  const glm = configs.find(([name]) => name === 'chatglm3-6b-32k.json')?.[1].config;
  assert.match(String(attempt(glm, 'llama')), /kv_channels|rope_ratio/);
  const gemma = configs.find(([name]) => name === 'gemma-2-2b.json')?.[1].config;
  assert.match(String(attempt(gemma, 'llama')), /query_pre_attn_scalar/);
  assert.throws(() => fromHF(gemma, { as: 'lama' }), /did you mean 'llama'/);
});

test('types that a file fits and that differ are named, and none of them is advised', () => {
  const sizes = { hidden_size: 4096, num_attention_heads: 32, num_hidden_layers: 4 };
  const file = { ...sizes, model_type: 'zzgork', qk_rope_head_dim: 64, qk_nope_head_dim: 128 };
  const message = String(attempt(file));
  assert.match(message, /the file fits '[\w-]+', '[\w-]+'.*, whose positions differ/);
  assert.equal(advice(message), []);
});

test('strict: false reads nothing as llama', () => {
  assert.throws(
    () => fromHF({ model_type: 'zzgork', hidden_size: 64, num_attention_heads: 4 }, { strict: false }),
    /zzgork.*not a known model type/,
  );
});

test.run();
