/** The records agree with each other: a name belongs to one record, a reference leads somewhere. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { GGUF_RECORDS, ggufRecord } from '../../src/models/records/gguf/index.ts';
import { RECORDS, recordOf } from '../../src/models/records/index.ts';

const repeated = (names: readonly string[]): string[] => names.filter((name, i) => names.indexOf(name) !== i);

test('a model type belongs to one record', () => {
  const names = RECORDS.flatMap(({ types }) => types);
  assert.equal(repeated(names), []);
  for (const name of names) assert.ok(recordOf(name)?.types.includes(name), name);
});

test('an architecture of llama.cpp has one record', () => {
  const names = GGUF_RECORDS.map(({ arch }) => arch);
  assert.equal(repeated(names), []);
  for (const name of names) assert.is(ggufRecord(name)?.arch, name);
});

test('every record says where its facts are from', () => {
  for (const { source, types } of RECORDS) assert.is.not(source, '', types[0]);
  for (const { source, arch } of GGUF_RECORDS) assert.is.not(source, '', arch);
});

test.run();
