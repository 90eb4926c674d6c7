/** posenc check --suite and posenc vectors --all: what they read, say and end with; and the mistakes that they name. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite as group } from 'uvu';
import * as assert from 'uvu/assert';
import { buildVectors } from '../../scripts/build-vectors.ts';
import { posenc } from '../cli/shell.ts';

const work = mkdtempSync(join(tmpdir(), 'posenc-suite-'));
const vectors = join(work, 'package');
const test = group('the suite in the command');
test.before(async () => {
  await buildVectors(vectors, fileURLToPath(new URL('../golden', import.meta.url)));
});
test.after(() => rmSync(work, { recursive: true }));

/** The report of results. */
async function check(results: unknown, ...flags: string[]) {
  const file = join(work, 'results.json');
  writeFileSync(file, typeof results === 'string' ? results : JSON.stringify(results));
  return posenc(['check', '--suite', file, '--vectors', vectors, ...flags]);
}
/** The cases of a selection, whole. */
async function cases(...flags: string[]) {
  const { code, out } = await posenc(['vectors', '--all', '--vectors', vectors, '--json', ...flags]);
  assert.is(code, 0);
  // biome-ignore lint/suspicious/noExplicitAny: read as published
  return JSON.parse(out) as any[];
}

test('lists, by group and flag', async () => {
  const { out, err } = await posenc([
    'vectors',
    '--flag',
    'LeftPadding',
    '--group',
    'mrope-index',
    '--vectors',
    vectors,
  ]);
  assert.match(out, 'mrope-index/positions_from_mask/left-padded\n  Position ids from an attention mask');
  assert.match(err, /posenc-vectors 1\.0\.0 \([0-9a-f]{16}\): \d+ of \d+ cases/);
  const all = await cases();
  const few = await cases('--flag', 'LeftPadding', '--group', 'mrope-index');
  assert.ok(few.length > 1 && few.length < all.length);
  assert.ok(few.every(({ id, flags }) => id.startsWith('mrope-index/') && flags.includes('LeftPadding')));
});

test('right answers pass, in every way they may be written; the badge counts', async () => {
  const few = await cases('--group', 'bias', '--flag', 'Float32Bucket');
  const right = Object.fromEntries(few.map(({ id, outputs }) => [id, outputs.buckets.data]));
  const badge = await check(right, '--badge', '--group', 'bias');
  assert.match(badge.out, new RegExp(`^posenc-vectors 1\\.0 bias: ${few.length} / \\d+\\n$`));
  assert.is(badge.code, 0);
  const wrapped = {
    suite: '1.0.0',
    results: Object.fromEntries(few.map(({ id, outputs }) => [id, { buckets: [outputs.buckets.data] }])),
  };
  assert.is((await check(wrapped, '--badge', '--group', 'bias')).out, badge.out);
});

test('one of several public answers is said, and is no failure', async () => {
  const few = await cases('--flag', 'AlibiSlopes');
  const geometric = Object.fromEntries(
    few
      .filter(({ op }) => op === 'alibi_slopes')
      .map(({ id, params: { heads } }) => [id, Array.from({ length: heads }, (_, h) => 2 ** ((-8 * (h + 1)) / heads))]),
  );
  const { code, out } = await check(geometric);
  assert.is(code, 0);
  assert.match(out, 'alibi-slopes: geometric');
  assert.not.match(out, 'failed\n');
});

test('float64 logarithms, 16-bit numbers and mirrored distances are named', async () => {
  const [one] = await cases('--flag', 'Float32Bucket');
  const { bidirectional, num_buckets: buckets, max_distance: longest } = one.params;
  const distances: number[] = one.inputs.relative_position.data;
  const bucket = (relative: number) => {
    const count = bidirectional ? buckets / 2 : buckets;
    const n = bidirectional ? Math.abs(relative) : Math.max(0, -relative);
    const exact = count / 2;
    const large = exact + Math.floor((Math.log(n / exact) / Math.log(longest / exact)) * (count - exact));
    return (bidirectional && relative > 0 ? count : 0) + (n < exact ? n : Math.min(large, count - 1));
  };
  const float64 = await check({ [one.id]: distances.map(bucket) });
  assert.is(float64.code, 1);
  assert.match(float64.out, /your bucket is off by one at .*a logarithm in another precision/);
  const mirrored = await check({
    [one.id]: distances.map((d) => one.outputs.buckets.data[distances.indexOf(-d)] ?? 0),
  });
  assert.match(mirrored.out, 'the sign of the distance is the other one');

  const table = (await cases('--group', 'rotary')).find(({ id }) => id.endsWith('theta500k_hd64_bhsd'));
  const half = (x: number) =>
    x === 0
      ? 0
      : Math.round(x / 2 ** (Math.floor(Math.log2(Math.abs(x))) - 10)) * 2 ** (Math.floor(Math.log2(Math.abs(x))) - 10);
  const rounded = Object.fromEntries(['q', 'k'].map((name) => [name, table.outputs[name].data.map(half)]));
  assert.match((await check({ [table.id]: rounded })).out, 'your numbers went through float16');
  // strict bounds are tighter, and those that are given pass them
  assert.is((await check({ [table.id]: { q: table.outputs.q.data, k: table.outputs.k.data } }, '--tight')).code, 0);
});

test('what must be refused', async () => {
  const [bad] = await cases('--group', 'configs-bad');
  assert.is((await check({ [bad.id]: { error: `wrong: ${bad.refuse.about}` } })).code, 0);
  assert.match((await check({ [bad.id]: { error: 'no' } })).out, `the message does not name '${bad.refuse.about}'`);
  assert.match((await check({ [bad.id]: { family: ['rotary'] } })).out, 'what must be refused is answered');
});

test('JSON, not finite numbers, ids that are unknown, skipped ones', async () => {
  const [one] = await cases('--group', 'bias', '--flag', 'Float32Bucket');
  const { out, code } = await check({ [one.id]: [1, 2], 'bias/none': [1], 'bias/fire': { skipped: 'no' } }, '--json');
  const report = JSON.parse(out);
  assert.is(code, 1);
  assert.equal(report.unknown, ['bias/none']);
  assert.is(report.failed, 1);
  assert.match(report.failures[0].message, `2 numbers, expected ${one.outputs.buckets.data.length}`);
  // Python writes -Infinity
  const masked = (await cases('--group', 'bias')).find(
    ({ id }) => id === 'bias/packed_masks/packed-alibi-causal-H2-n5',
  );
  const { bias, position_ids } = masked.outputs;
  const python = JSON.stringify({ [masked.id]: { bias: bias.data, position_ids: position_ids.data } }).replaceAll(
    '"-Infinity"',
    '-Infinity',
  );
  assert.match(python, '-Infinity');
  assert.not.match((await check(python)).out, '1 failed');
});

test('what is wrong with the command line or the files', async () => {
  assert.is((await posenc(['vectors', '--flag', 'Nonsense', '--vectors', vectors])).code, 2);
  assert.match(
    (await posenc(['vectors', '--group', 'rotery', '--vectors', vectors])).err,
    "no group 'rotery'; there are absolute",
  );
  assert.match((await posenc(['vectors', 'llama3', '--all', '--vectors', vectors])).err, 'not both');
  assert.is((await check([1, 2])).code, 3);
  assert.is((await check({ nothing: [1] })).code, 3);
  assert.match((await check({ suite: '2.0.0', results: {} })).err, 'made for suite 2.0.0');
  assert.is((await posenc(['check', '--suite', 'x.json', '--vectors', join(work, 'nowhere')])).code, 4);
  assert.match((await posenc(['check', '--badge', '-'], { input: '{}' })).err, '--badge is for the conformance suite');
});

test.run();
