/** The records agree with each other: a name belongs to one record, a reference leads somewhere. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ggufRecord } from '../../src/models/records/gguf/index.ts';
import { modelRecords, recordOf, recordOfClass } from '../../src/models/records/index.ts';

const repeated = (names: readonly string[]): string[] => names.filter((name, i) => names.indexOf(name) !== i);

test('a model type belongs to one record', () => {
  const names = modelRecords().flatMap(({ types }) => types);
  assert.equal(repeated(names), []);
  for (const name of names) assert.ok(recordOf(name)?.types.includes(name), name);
});

test('the architecture of llama.cpp that a record names is known', () => {
  assert.equal(
    modelRecords().flatMap(({ gguf }) => (gguf !== null && !ggufRecord(gguf) ? [gguf] : [])),
    [],
  );
});

test('a class name leads to the record of its type', () => {
  assert.is(recordOfClass('DeepseekV3ForCausalLM')?.types[0], 'deepseek_v3');
  assert.is(recordOfClass('QWenLMHeadModel')?.types[0], 'qwen');
  assert.is(recordOfClass('ChatGLMModel')?.types[0], 'chatglm');
  assert.is(recordOfClass('DeciLMForCausalLM')?.types[0], 'nemotron-nas');
  assert.is(recordOfClass('ForCausalLM'), undefined);
});

test('what a composite model has inside is a record', () => {
  const lost = modelRecords().flatMap(({ config }) =>
    config.family === 'wrapper' ? [config.text, config.vision].filter((type) => type !== null && !recordOf(type)) : [],
  );
  assert.equal(lost, []);
});

test('every record says where its facts are from', () => {
  assert.equal(
    modelRecords().filter(({ source }) => source === ''),
    [],
  );
});

test.run();
