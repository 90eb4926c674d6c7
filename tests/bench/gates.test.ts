// Gates: which rows they are for, and what passes.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CASES } from '../../bench/cases.ts';
import { chart } from '../../bench/chart.ts';
import { ceiling, GATES, gateOf, missed } from '../../bench/gates.ts';
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
  assert.is(ceiling(gate), 2.3);
  assert.is(ceiling({ ...gate, limit: 2.1 }), 2.1);
  assert.is(missed(row('x.y', 8, 2.29), [gate]), undefined);
  assert.match(missed(row('x.y', 8, 2.31), [gate])!, /x\.y: ours takes 2\.31 x the floor; goal 2, gate 2\.30/);
  assert.is(missed(row('x.y', 16, 9), [gate]), undefined, 'outside its sizes');
  assert.is(missed(row('y.y', 8, 9), [gate]), undefined, 'outside its prefix');
});

test('a gate of the kernel looks at the kernel', () => {
  const gate = { prefix: 'x.', least: 0, most: 10, goal: 2, of: 'kernel' } as const;
  assert.is(missed(row('x.y', 8, 9, 150), [gate]), undefined);
  assert.match(missed(row('x.y', 8, 1, 250), [gate])!, /kernel takes 2\.50/);
});

test('every gate is for some row, and nothing between 1 and 64 MiB is gated', () => {
  const gated = new Set(CASES.map((benchCase) => gateOf(benchCase)));
  for (const gate of GATES) assert.ok(gated.has(gate), gate.prefix);
  for (const { id } of CASES) assert.is(gateOf({ id, bytes: 8 * 2 ** 20 }), undefined);
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
