// Gates: which rows they are for, and what passes.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CASES } from '../../bench/cases.ts';
import { chart } from '../../bench/chart.ts';
import { bound, GATES, type Gate, gatesOf, missed, verdicts } from '../../bench/gates.ts';
import type { Row } from '../../bench/row.ts';
import { duration, formatTable, size } from '../../bench/table.ts';

const row = (id: string, bytes: number, ratio: number, kernel?: number): Row => ({
  id,
  shape: [bytes / 4],
  bytes,
  ours: 100 * ratio,
  floor: 100,
  ratio,
  median: ratio,
  spread: 0,
  ...(kernel !== undefined && { kernel }),
  peers: { 'a <b>': { time: 1000, slower: 10 / ratio } },
});

test('a gate is its goal with 15 % of slack, capped by its limit', () => {
  const gate = { prefix: 'x.', least: 0, most: 10, goal: 2 };
  assert.is(bound(gate), 2.3);
  assert.is(bound({ ...gate, limit: 2.1 }), 2.1);
  assert.is(missed(row('x.y', 8, 2.29), [gate]), undefined);
  assert.match(missed(row('x.y', 8, 2.31), [gate])!, /x\.y: ours, in floors: 2\.31; goal 2, gate 2\.30/);
  assert.is(missed(row('x.y', 16, 9), [gate]), undefined, 'outside its sizes');
  assert.is(missed(row('y.y', 8, 9), [gate]), undefined, 'outside its prefix');
});

test('a gate of the kernel looks at the kernel', () => {
  const gate = { prefix: 'x.', least: 0, most: 10, goal: 2, of: 'kernel' } as const;
  assert.is(missed(row('x.y', 8, 9, 150), [gate]), undefined);
  assert.match(missed(row('x.y', 8, 1, 250), [gate])!, /kernel, in floors: 2\.50/);
});

test('gates of other kinds: beside a call, against plain JavaScript, the call itself, the heap', () => {
  const of = (kind: Gate['of'], goal: number) => [{ prefix: 'x.', goal, of: kind }];
  const beside = { name: 'other', time: 100, ratio: 1.2 };
  const full: Row = { ...row('x.y', 8, 3, 250), beside, heap: { calls: 10, bytes: 1000 } };
  assert.is(missed(full, of('beside', 1.05)), undefined);
  assert.match(missed(full, of('beside', 1))!, /in times of other: 1\.20/);
  const slower = (times: number): Row => ({ ...full, peers: { 'typed JS': { time: 100, slower: times } } });
  assert.is(missed(slower(4.4), of('typed JS', 5)), undefined);
  assert.match(missed(slower(4.3), of('typed JS', 5))!, /typed JS, in times of ours: 4\.30/);
  // 300 ns a call, 250 of them in the kernel
  assert.is(missed(full, of('facade', 44)), undefined);
  assert.match(missed(full, of('facade', 43))!, /in ns: 50/);
  assert.is(missed(full, of('heap', 870)), undefined);
  assert.match(missed(full, of('heap', 869))!, /heap in bytes: 1000/);
  for (const kind of ['beside', 'typed JS', 'facade', 'heap', 'kernel'] as const) {
    assert.match(missed(row('x.y', 8, 3), of(kind, 1e9))!, /NaN/, 'what was not measured is missed');
  }
  assert.match(missed(full, [...of('beside', 1), ...of('heap', 1)])!, /other.*; .*heap/, 'all of them are looked at');
  assert.is(verdicts(full, [...of('beside', 2), ...of('heap', 1)]).length, 2);
});

test('every gate is for some row, and nothing between 1 and 64 MiB is held against the floor', () => {
  const gated = new Set(CASES.flatMap((benchCase) => gatesOf(benchCase)));
  for (const gate of GATES) assert.ok(gated.has(gate), gate.prefix);
  for (const { id } of CASES) {
    const ofFloor = gatesOf({ id, bytes: 8 * 2 ** 20 }).filter(({ of = 'ours' }) => of === 'ours');
    assert.equal(ofFloor, []);
  }
});

test('the table names every row and says which miss', () => {
  const text = formatTable([row('bias.alibi.matrix.a', 2 ** 18, 1.05), row('bias.alibi.matrix.b', 2 ** 18, 1.4)]);
  const lines = text.split('\n');
  assert.match(lines[1], /^bias\.alibi\.matrix\.a +256 KiB +105 ns +1\.05 .* ok 1\.26 +a <b> 9\.52$/);
  assert.match(lines[2], /MISS 1\.26/);
  assert.is(duration(12345), '12.3 us');
  assert.is(duration(2.5e9), '2.50 s');
  assert.is(size(20480), '20 KiB');
  assert.is(size(64 * 2 ** 20), '64 MiB');
});

test('the chart has a bar for ours and one for every peer, and escapes names', () => {
  const svg = chart([row('bias.alibi.matrix.a', 2 ** 18, 2)]);
  assert.is(svg.match(/<rect x=/g)!.length, 2);
  assert.ok(svg.includes('posenc 2.00') && svg.includes('a &lt;b&gt; 10'));
});

test.run();
