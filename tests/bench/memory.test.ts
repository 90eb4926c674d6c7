// What memory costs: the report has what it says, and reserved memory is not resident.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatMemory, measureMemory } from '../../bench/memory.ts';

test('an engine with much memory takes little of the machine until it is written', () => {
  const reserved = 2 ** 29;
  const report = measureMemory(reserved, 4, 128);
  assert.is(report.reserved, reserved);
  assert.is(report.bytes, 2 ** 18);
  assert.ok(report.resident < reserved / 4, `${report.resident} bytes resident`);
  for (const key of ['create', 'reused', 'allocated', 'touched'] as const) assert.ok(report[key] > 0, key);
  const text = formatMemory({ ...report, reused: 1e6, touched: 14e6 });
  assert.match(text, /of 512 MiB: /);
  assert.match(text, /reused output +1\.00 ms\n/);
  assert.match(text, /never touched +14\.0 ms, 14 x the reused output\n/);
});

test.run();
