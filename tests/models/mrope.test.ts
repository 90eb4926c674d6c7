/** Every composite model whose text part has position streams has its rule in mropeIndex, or is refused by name. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { modelRecords, recordOf } from '../../src/models/records/index.ts';
import type { ConfigFacts } from '../../src/models/records/record.ts';
import { type MropeIndexOptions, mropeIndex } from '../../src/positions/mrope.ts';
import { MROPE_CLASSES, MROPE_OTHERS } from '../../src/positions/mropeClasses.ts';

/** Composite models that give every stream the plain index. */
const PLAIN = ['minicpmv4_6'];

const streams = (facts: ConfigFacts | undefined): boolean => facts?.family === 'rotary' && facts.mrope !== undefined;
const types = modelRecords()
  .flatMap(({ types: names, config }) =>
    config.family === 'wrapper' && config.text !== null && streams(recordOf(config.text)?.config) ? names : [],
  )
  .map((name) => name.replace(/_thinker$/, ''));

test('no M-RoPE class is left out', () => {
  assert.ok(types.length > 15, types.join(' '));
  const left = types.filter((name) => !(name in MROPE_CLASSES) && !(name in MROPE_OTHERS) && !PLAIN.includes(name));
  assert.equal(left, []);
});

test('a class with a rule of its own is refused by name', () => {
  for (const [model, why] of Object.entries(MROPE_OTHERS)) {
    const options = { model, tokenTypes: [[0, 0]] } as unknown as MropeIndexOptions;
    assert.throws(() => mropeIndex(options), new RegExp(`'${model}'.*${why}`));
  }
});

test.run();
