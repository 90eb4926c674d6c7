// What the first call costs: every process is fresh and says a time, the median is between the extremes.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatCold, measureCold } from '../../bench/cold.ts';

test('the first call of fresh processes', () => {
  const { milliseconds, median } = measureCold(3);
  assert.is(milliseconds.length, 3);
  assert.is(median, milliseconds[1]);
  // a warm call takes some ten microseconds: nothing was left over from another process
  assert.ok(milliseconds[0] > 0.1 && milliseconds[0] <= milliseconds[1] && milliseconds[1] <= milliseconds[2]);
});

test('the report', () => {
  const text = formatCold({ name: 'first call', milliseconds: [2.04, 3, 4, 15.06], median: 3.5 });
  assert.is(text, 'first call in 4 fresh processes: median 3.5 ms, 2.0 to 15.1 ms\n');
});

test.run();
