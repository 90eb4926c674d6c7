/** The records agree with each other: a name belongs to one record, a reference leads somewhere. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ggufRecordOf, RECORDS, recordOf } from '../../src/models/records/index.ts';

const repeated = (names: readonly string[]): string[] => names.filter((name, i) => names.indexOf(name) !== i);

test('a model type belongs to one record', () => {
  const names = RECORDS.flatMap(({ types }) => types);
  assert.equal(repeated(names), []);
  for (const name of names) assert.ok(recordOf(name)?.types.includes(name), name);
});

test('an architecture of llama.cpp belongs to one record', () => {
  const names = RECORDS.flatMap(({ gguf }) => (gguf === null || typeof gguf === 'string' ? [] : [gguf.arch]));
  assert.equal(repeated(names), []);
  for (const name of names) assert.is(ggufRecordOf(name)?.facts.arch, name);
});

test('a record that names an architecture of another record finds it', () => {
  const lost = RECORDS.flatMap(({ gguf }) => (typeof gguf === 'string' && !ggufRecordOf(gguf) ? [gguf] : []));
  assert.equal(lost, []);
});

test('every record says where its facts are from', () => {
  const silent = RECORDS.filter(({ source, gguf }) => {
    return source === '' || (gguf !== null && typeof gguf !== 'string' && gguf.source === '');
  });
  assert.equal(silent, []);
});

test.run();
