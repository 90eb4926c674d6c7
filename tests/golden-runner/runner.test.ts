/** The golden runner is itself a gauge: every kind of wrong answer must be caught, and none may pass for another. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { adapters } from './adapters/index.ts';
import { goldenFiles, loadFile } from './load.ts';
import { runRecord } from './run.ts';
import { type Adapter, type ComputingAdapter, type Outputs, type Result, Unsupported } from './types.ts';

const dir = mkdtempSync(join(tmpdir(), 'golden-'));
test.after(() => rmSync(dir, { recursive: true }));

type Json = Record<string, unknown>;

const array = (shape: number[], data: (number | string)[], dtype = 'float32'): Json => ({ shape, dtype, data });

const base: Json = {
  name: 'small',
  source: 'none',
  params: { system: 'fake', note: 'prose' },
  inputs: {},
  outputs: { y: array([2], [1, 2]) },
  tolerance: { abs: 0.01, rel: 0, why: '' },
};

const fake = (run: ComputingAdapter['run'], more: Partial<ComputingAdapter> = {}): Adapter => ({
  when: { system: ['fake'] },
  params: ['size'],
  inputs: ['x'],
  run,
  ...more,
});

const returning = (outputs: Outputs): Adapter => fake(() => outputs);

function outcome(record: Json, adapter: Adapter | Adapter[], api = {}): Result {
  const path = join(dir, 'record.json');
  writeFileSync(path, JSON.stringify(record));
  return runRecord(loadFile(path)[0], api, [adapter].flat());
}

function check(result: Result, status: Result['status'], message?: RegExp): void {
  assert.is(result.status, status, JSON.stringify(result));
  if (message !== undefined) assert.match((result.messages ?? []).join('\n'), message);
}

test('right numbers pass and the worst element is reported', () => {
  const result = outcome(base, returning({ y: { shape: [2], data: [1, 2.0078125] } }));
  check(result, 'passed');
  assert.equal([result.output, result.maxAbs, result.allowed], ['y', 0.0078125, 0.01]);
});

test('a wrong number fails and is named with its index', () => {
  check(outcome(base, returning({ y: { shape: [2], data: [1, 2.02] } })), 'failed', /y\[1\]: got 2.02, want 2/);
  check(outcome(base, returning({ y: { shape: [2], data: [1, NaN] } })), 'failed', /got NaN/);
  check(outcome(base, returning({ y: { shape: [2], data: [1, Infinity] } })), 'failed', /got Infinity/);
});

test('a wrong shape fails although the numbers are right', () => {
  check(outcome(base, returning({ y: { shape: [2, 1], data: [1, 2] } })), 'failed', /shape \[2, 1\], want \[2\]/);
  const matrix = { ...base, outputs: { y: array([2, 3], [0, 0, 0, 0, 0, 0]) } };
  const turned = returning({ y: { shape: [3, 2], data: [0, 0, 0, 0, 0, 0] } });
  check(outcome(matrix, turned), 'failed', /shape \[3, 2\], want \[2, 3\]/);
  check(outcome(base, returning({ y: { shape: [2], data: [1, 2, 3] } })), 'failed', /3 values/);
});

test('a missing output fails although the others are right', () => {
  const two = { ...base, outputs: { y: array([2], [1, 2]), z: array([1], [3]) } };
  check(outcome(two, returning({ y: { shape: [2], data: [1, 2] } })), 'failed', /z: missing/);
  check(outcome({ ...base, outputs: {} }, returning({})), 'failed', /no outputs/);
});

test('relative tolerance counts from the wanted value', () => {
  const record = { ...base, outputs: { y: array([1], [-100]) }, tolerance: { abs: 0, rel: 0.01, why: '' } };
  check(outcome(record, returning({ y: { shape: [1], data: [-99.5] } })), 'passed');
  check(outcome(record, returning({ y: { shape: [1], data: [-98.5] } })), 'failed');
});

test('integers, booleans and masked cells are exact whatever the tolerance; a golden NaN is not compared', () => {
  const loose = { ...base, tolerance: { abs: 10, rel: 10, why: '' } };
  for (const dtype of ['int32', 'bool']) {
    const record = { ...loose, outputs: { y: array([2], [1, 0], dtype) } };
    check(outcome(record, returning({ y: { shape: [2], data: [1, 0] } })), 'passed');
    check(outcome(record, returning({ y: { shape: [2], data: [1, 1] } })), 'failed');
  }
  const masked = { ...loose, outputs: { y: array([2], ['-Infinity', 'NaN']) } };
  check(outcome(masked, returning({ y: { shape: [2], data: [-Infinity, 5] } })), 'passed');
  check(outcome(masked, returning({ y: { shape: [2], data: [-1e30, 5] } })), 'failed');
  check(outcome(masked, returning({ y: { shape: [2], data: [Infinity, 5] } })), 'failed');
});

test('float32 values are revived to float32', () => {
  const record = { ...base, outputs: { y: array([1], [0.1]) }, tolerance: { abs: 0, rel: 0, why: '' } };
  check(outcome(record, returning({ y: { shape: [1], data: [Math.fround(0.1)] } })), 'passed');
  check(outcome(record, returning({ y: { shape: [1], data: [0.1] } })), 'failed');
});

test('an unknown system, op, variant, parameter, parameter value or input is unsupported', () => {
  const good = returning({ y: { shape: [2], data: [1, 2] } });
  const withParams = (params: Json): Json => ({ ...base, params: { system: 'fake', ...params } });
  check(outcome(withParams({ size: 3 }), good), 'passed');
  check(outcome({ ...base, params: { system: 'other' } }, good), 'unsupported', /no adapter for system 'other'/);
  check(outcome(withParams({ colour: 1 }), good), 'unsupported', /unknown parameter 'colour'/);
  check(outcome(withParams({ colour: null }), good), 'passed');
  check(outcome(withParams({ precision: 'double' }), good), 'unsupported', /precision/);
  check(outcome({ ...base, inputs: { w: array([1], [1]) } }, good), 'unsupported', /unknown input 'w'/);
  const choosy = fake(() => ({ y: { shape: [2], data: [1, 2] } }), {
    when: { system: ['fake'], op: ['a'], kind: ['k'] },
  });
  check(outcome({ ...withParams({ kind: 'k' }), op: 'a' }, choosy), 'passed');
  check(outcome({ ...withParams({ kind: 'k' }), op: 'b' }, choosy), 'unsupported');
  check(outcome({ ...withParams({ kind: 'l' }), op: 'a' }, choosy), 'unsupported');
  const refusing = fake(() => {
    throw new Unsupported("parameter 'size': unknown value 4");
  });
  check(outcome(withParams({ size: 4 }), refusing), 'unsupported', /unknown value 4/);
});

test('an exception of the API is a failure with its message; two adapters for one record are one too', () => {
  const throwing = fake((_, { api }) => api.encode());
  const api = {
    encode: () => {
      throw new Error('ERR_OPTION: no');
    },
  };
  check(outcome(base, throwing, api), 'failed', /ERR_OPTION: no/);
  const good = returning({ y: { shape: [2], data: [1, 2] } });
  check(outcome(base, [good, good]), 'failed', /several adapters/);
});

test('tolerance_exact_mode adds a run in exact precision, unless it says nothing', () => {
  const drifting = (exact: number): Adapter =>
    fake((_, { precision }) => ({ y: { shape: [2], data: [1, precision === 'exact' ? 2 + exact : 2] } }));
  const record = (abs: number): Json => ({
    ...base,
    params: { system: 'fake', precision: 'torch' },
    tolerance_exact_mode: { abs, rel: 0, why: '' },
  });
  check(outcome(base, drifting(0.5)), 'failed');
  check(outcome(record(0.04), drifting(0.5)), 'failed', /in exact precision: y\[1\]/);
  // Its own tolerance, which is wider than the record's 0.01.
  check(outcome(record(0.04), drifting(0.03)), 'passed');
  check(outcome(record(0.06), drifting(0.5)), 'passed');
});

test('a family with a schema of its own is found by its form and checks itself', () => {
  const checking: Adapter = {
    when: { system: ['configs'] },
    check: ({ raw }) => [{ output: 'rotary', ok: raw.config === 'good', maxAbs: 0, allowed: 0, message: 'bad config' }],
  };
  check(outcome({ name: 'c', config: 'good', expected: {} }, checking), 'passed');
  check(outcome({ name: 'c', config: 'bad', expected: {} }, checking), 'failed', /bad config/);
  check(outcome({ name: 'c', config: {}, expect: 'error' }, checking), 'unsupported', /configs-bad/);
});

test('no golden record is claimed by two adapters', () => {
  const golden = fileURLToPath(new URL('../golden', import.meta.url));
  const records = goldenFiles([golden]).flatMap(loadFile);
  assert.ok(records.length > 400);
  for (const record of records) {
    const { messages = [] } = runRecord(record, {}, adapters);
    assert.not.match(messages.join(), /several adapters/);
  }
});

test('the command: last line, exit codes, JSON', () => {
  const api = join(dir, 'api.mjs');
  writeFileSync(api, 'export const sinusoidal = () => ({ shape: [1, 2], data: [0, 1] });');
  const table = (name: string, value: number, extra: Json = {}): string => {
    const path = join(dir, `${name}.json`);
    const params = { system: 'sinusoidal', layout: 'interleaved', d_model: 2, exponent_denominator: 'd', ...extra };
    writeFileSync(path, JSON.stringify({ ...base, name, params, outputs: { table: array([1, 2], [0, value]) } }));
    return path;
  };
  const good = table('good', 1);
  const wrong = table('wrong', 2);
  const unknown = table('unknown', 1, { surprise: true });
  const run = (...args: string[]): { code: number | null; last: string | undefined } => {
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    const child = spawnSync(process.execPath, ['--import', 'tsx', main, '--api', api, ...args], { encoding: 'utf8' });
    return { code: child.status, last: child.stdout.trimEnd().split('\n').pop() };
  };
  const json = join(dir, 'out.json.txt');
  assert.equal(run(good), { code: 0, last: '1 passed, 0 failed, 0 unsupported' });
  assert.equal(run(good, wrong, unknown, '--json', json), { code: 1, last: '1 passed, 1 failed, 1 unsupported' });
  assert.equal(run(good, unknown), { code: 1, last: '1 passed, 0 failed, 1 unsupported' });
  assert.equal(run(good, unknown, '--allow-unsupported'), { code: 0, last: '1 passed, 0 failed, 1 unsupported' });
  assert.is(run(join(dir, 'nowhere')).code, 2);

  const written = JSON.parse(readFileSync(json, 'utf8'));
  assert.equal([written.passed, written.failed, written.unsupported], [1, 1, 1]);
  const { messages: _, ...failure } = written.records[1];
  assert.equal(failure, {
    path: wrong,
    name: 'wrong',
    system: 'sinusoidal',
    op: null,
    status: 'failed',
    maxAbs: 1,
    allowed: 0.01,
    output: 'table',
  });
});

test.run();
