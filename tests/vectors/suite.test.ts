/** The published suite: schemas, ids, flags, bounds, and that they catch what they are for. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Suite } from '../../src/cli/suiteCase.ts';
import { report } from '../../src/cli/suiteReport.ts';
import * as api from '../../src/index.ts';
import { bucketInFloat64, FLAGS } from '../../vectors/make/flags.ts';
import { disagreementsPage, flagsTable, withPart } from '../../vectors/make/pages.ts';
import {
  groupFile,
  groupsOf,
  hashOf,
  indexOf,
  makeCases,
  questionsFile,
  schemaFile,
} from '../../vectors/make/suite.ts';
import type { Case, Expected } from '../../vectors/make/types.ts';
import { BY_GOLDEN_RUNNER, posencResults } from './posenc.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const golden = join(root, 'tests/golden');
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const cases = makeCases(golden).map((made) => made.case);
const groups = groupsOf(cases);
const index = indexOf('1.0.0', groups);
const flags = Object.fromEntries(Object.entries(FLAGS).map(([name, { about, usually }]) => [name, { about, usually }]));
const suite = { version: '1.0.0', fingerprint: index.fingerprint, cases, flags } as unknown as Suite;

test('every file fits the schema of its group', () => {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
  ajv.addSchema(JSON.parse(text('vectors/schema/case.schema.json')));
  for (const group of groups) {
    const written = text(`vectors/schema/${group.name}.schema.json`);
    const validate = ajv.compile(schemaFile(JSON.parse(written), group));
    for (const [, op] of written.matchAll(/"op": \{\s*"const": "(\w+)"/g))
      assert.ok(
        group.cases.some((one) => one.op === op),
        `${group.name}: no case has the op ${op} of its schema`,
      );
    const file: { cases: object[] } = JSON.parse(groupFile('1.0.0', index.fingerprint, group));
    assert.ok(validate(file), `${group.name}: ${ajv.errorsText(validate.errors?.slice(0, 5))}`);
    // the schema is no rubber stamp
    const [one] = file.cases;
    for (const wrong of [
      { ...one, op: 'nonsense' },
      { ...one, id: 'elsewhere/x' },
      { ...one, comment: undefined },
      { ...one, other: 1 },
    ]) {
      assert.not.ok(
        validate({ ...file, cases: [JSON.parse(JSON.stringify(wrong))] }),
        `${group.name} accepts ${JSON.stringify(wrong).slice(0, 80)}`,
      );
    }
  }
});

test('arrays have as many numbers as their shapes say, and bounds as many as rows', () => {
  for (const { id, inputs, outputs } of cases) {
    for (const [name, { shape, data }] of Object.entries({ ...inputs, ...outputs })) {
      assert.is(
        data.length,
        shape.reduce((a, b) => a * b, 1),
        `${id} ${name}`,
      );
    }
    for (const [name, { shape, abs }] of Object.entries(outputs)) {
      const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1);
      assert.ok(abs.length === 1 || abs.length === rows, `${id} ${name}: ${abs.length} bounds`);
    }
  }
});

test('ids are unique, and those that were published stay, with the same contents', () => {
  assert.is(new Set(cases.map(({ id }) => id)).size, cases.length);
  const now = new Map(cases.map((one) => [one.id, hashOf(one)]));
  const published = text('vectors/ids.txt').trim().split('\n');
  assert.ok(published.length > 500);
  for (const line of published) {
    const [id, hash] = line.split(' ');
    assert.is(
      now.get(id),
      hash,
      `${id} is gone or asks something else: that is a new major version (npm run vectors -- --accept)`,
    );
  }
});

test('counts of the index, flags with words, questions with several answers', () => {
  assert.is(index.cases, cases.length);
  assert.is(
    index.groups.reduce((sum, group) => sum + group.cases, 0),
    cases.length,
  );
  for (const flag of Object.keys(index.flags)) assert.ok(FLAGS[flag as keyof typeof FLAGS], flag);
  for (const flag of Object.keys(FLAGS)) assert.ok(index.flags[flag] > 0, `no case has ${flag}`);
  for (const { key, answers } of questionsFile(cases)) {
    for (const { answer, cases: of } of answers) assert.ok(of.length > 0, `${key}: no case for ${answer}`);
  }
  assert.ok(index.results.acceptable > 20 && index.results.invalid > 40);
});

test('parameters have no gaps: within an op of a system all cases have the same keys', () => {
  const keys = new Map<string, string>();
  for (const { id, op, params } of cases) {
    const [group] = id.split('/');
    if (['configs', 'configs-bad', 'gguf', 'extend', 'llama-cpp'].includes(group)) continue;
    const kind = `${group} ${params.system ?? ''} ${params.variant ?? ''} ${op}`;
    const list = Object.keys(params).sort().join();
    assert.is(keys.get(kind) ?? list, list, id);
    keys.set(kind, list);
  }
});

test('posenc passes every case, with float32 angles and with exact ones', () => {
  const total = cases.filter(
    ({ id, result }) => result !== 'acceptable' && !BY_GOLDEN_RUNNER.includes(id.split('/')[0]),
  ).length;
  const own = { groups: index.groups.map(({ name }) => name).filter((name) => !BY_GOLDEN_RUNNER.includes(name)) };
  for (const precision of [undefined, 'exact'] as const) {
    const got = report(suite, posencResults(golden, api, precision), own);
    assert.equal(got.failures, []);
    assert.is(got.passed, total);
  }
  const { answers } = report(suite, posencResults(golden, api), own);
  for (const { question, answers: given } of answers) assert.ok(given.length > 0, question);
  assert.is(answers.length, Object.keys(index.questions).length);
});

/** A number with so many bits after the first. */
function rounded(value: number | string, bits: number, smallest: number): number | string {
  if (typeof value === 'string' || value === 0) return value;
  const step = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(value))), smallest) - bits);
  return Math.round(value / step) * step;
}

test('bounds tell float32 from 16 bits, row by row', () => {
  const numeric = cases.filter(
    ({ id, outputs }) =>
      /^(absolute|bias|rotary|other)\//.test(id) && Object.values(outputs).some(({ dtype }) => dtype === 'float32'),
  );
  const as16 = (one: Case, bits: number, smallest: number) =>
    Object.fromEntries(
      Object.entries(one.outputs).map(([name, { dtype, data }]: [string, Expected]) => [
        name,
        data.map((value) => (dtype === 'float32' ? rounded(value, bits, smallest) : value)),
      ]),
    );
  const changed = (one: Case, made: Record<string, readonly (number | string)[]>) =>
    Object.entries(one.outputs).some(([name, { data }]) => data.some((value, i) => value !== made[name][i]));
  for (const [bits, smallest, most] of [
    [10, -14, 8],
    [7, -126, 4],
  ]) {
    const results = Object.fromEntries(numeric.map((one) => [one.id, as16(one, bits, smallest)]));
    const valid = numeric.map((one) => ({ ...one, result: 'valid' }));
    const caught = new Set(
      report({ ...suite, cases: valid } as unknown as Suite, results).failures.map(({ id }) => id),
    );
    const told = numeric.filter((one) => changed(one, results[one.id]));
    const through = told.filter(({ id }) => !caught.has(id)).map(({ id }) => id);
    assert.ok(told.length > 300, `${told.length} cases`);
    // wide by the source's own float32, or made in bfloat16 there
    assert.ok(through.length <= most, through.join(', '));
  }
});

test('masked tokens at another position are named, tokens that are real are not', () => {
  const id = 'mrope-index/positions_from_mask/left-padded';
  const one = cases.find((each) => each.id === id) as Case;
  const other = cases.find((each) => each.id === `${id}-masked-1`) as Case;
  const said = (position_ids: readonly (number | string)[]) => report(suite, { [id]: { position_ids } }).failures[0];
  assert.match(JSON.stringify(said(other.outputs.position_ids.data)), /only masked tokens differ, at 3 places/);
  const late = one.outputs.position_ids.data.map((value, i) => (i > 9 ? Number(value) + 3 : value));
  assert.not.match(JSON.stringify(said(late)), /only masked tokens/);
});

test('a bound grows with the position of its row', () => {
  const one = cases.find(({ id }) => id === 'rotary/hf_llama_half/theta500k_hd64_bhsd') as Case;
  const { abs } = one.outputs.q;
  assert.equal(one.inputs.position_ids.data, [0, 1, 4095, 65535]);
  assert.ok(abs[0] < 3e-6 && abs[1] < 1e-5 && abs[2] < 0.02 && abs[3] < 0.2 && abs[3] > abs[2] && abs[2] > abs[1]);
  assert.equal(abs.slice(0, 4), abs.slice(4, 8));
});

test('a rotation that is left out fails, whatever the positions', () => {
  const rotated = cases.filter(
    ({ inputs, outputs, result }) =>
      result === 'valid' &&
      Object.entries(outputs).some(
        ([name, { data }]) => inputs[name] && JSON.stringify(data) !== JSON.stringify(inputs[name].data),
      ),
  );
  const results = Object.fromEntries(
    rotated.map(({ id, inputs, outputs }) => [
      id,
      Object.fromEntries(Object.keys(outputs).flatMap((name) => (inputs[name] ? [[name, inputs[name].data]] : []))),
    ]),
  );
  const failed = new Set(report(suite, results).failures.map(({ id }) => id));
  assert.ok(rotated.length > 50, `${rotated.length}`);
  assert.equal(
    rotated.filter(({ id }) => !failed.has(id)).map(({ id }) => id),
    [],
  );
});

test('buckets in float64 differ from the published ones where Float32Bucket says so', () => {
  // by hand: 32 buckets, causal, 128: 16 + floor(log(64 / 16) / log(128 / 16) * 16) = 16 + floor(10.666) = 26
  assert.is(bucketInFloat64(-64, false, 32, 128), 26);
  assert.is(bucketInFloat64(3, true, 32, 128), 19);
  assert.ok(index.flags.Float32Bucket >= 1);
});

/** Tables as the formatter sets them, and as they are made. */
const plain = (page: string) =>
  page
    .replaceAll(/-{3,}/g, '---')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?(\\?\|) ?/g, '$1');

test('the pages are those of these cases, in both languages', () => {
  assert.ok(plain(text('docs/disagreements.md')) === plain(disagreementsPage(cases)), 'npm run vectors -- --pages');
  const guide = text('docs/conformance.md');
  assert.ok(plain(guide) === plain(withPart(guide, 'flags', flagsTable(cases))), 'npm run vectors -- --pages');
  const chinese = text('docs/conformance.zh-CN.md');
  for (const flag of Object.keys(FLAGS))
    assert.ok(chinese.includes(`| \`${flag}\` `), `docs/conformance.zh-CN.md: ${flag}`);
});

test.run();
