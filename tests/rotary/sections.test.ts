/** Streams of M-RoPE pairs: the published layouts, and ggml's with four streams. */
import * as assert from 'uvu/assert';
import { mropeStreams } from '../../src/rotary/sections.ts';
import type { MropeLayout } from '../../src/rotary/spec.ts';
import { test } from '../support/test.ts';

const letters = (sections: number[], layout: MropeLayout, pairs: number) =>
  Array.from(mropeStreams(sections, layout, pairs), (stream) => 'thwe'[stream]).join('');

test('chunked: consecutive blocks', () => {
  assert.is(letters([2, 3, 3], 'chunked', 8), 'tthhhwww');
  assert.is(letters([0, 1, 2], 'chunked', 3), 'hww');
});

test('interleaved: h at 1, 4, ..., w at 2, 5, ..., the rest t', () => {
  assert.is(letters([4, 4, 4], 'interleaved', 12), 'thwthwthwthw');
  assert.is(letters([4, 2, 2], 'interleaved', 8), 'thwthwtt');
  assert.is(letters([1, 1, 1], 'interleaved', 5), 'thwtt');
  // Qwen3-VL: [24, 20, 20] of 64 pairs.
  const all = letters([24, 20, 20], 'interleaved', 64);
  assert.equal(
    ['t', 'h', 'w'].map((letter) => all.split(letter).length - 1),
    [24, 20, 20],
  );
});

test('ERNIE: sections are [h, w, t], h and w alternate', () => {
  assert.is(letters([3, 3, 2], 'ernie_hw_alternating', 8), 'hwhwhwtt');
});

test('ggml MROPE and IMROPE: four streams, repeating sections', () => {
  assert.is(letters([2, 2, 1, 1], 'chunked', 6), 'tthhwe');
  assert.is(letters([1, 1, 1, 0], 'chunked', 5), 'thwth');
  assert.is(letters([3, 3, 2, 2], 'interleaved', 10), 'thwthwthee');
  assert.is(letters([3, 3, 2, 0], 'interleaved', 8), 'thwthwth');
});

test('rejects sections that do not fit', () => {
  const code = (call: () => unknown) => {
    try {
      call();
    } catch (error) {
      assert.match((error as Error).message, /^mrope(Section|Layout)/);
      return (error as { code: string }).code;
    }
    return 'accepted';
  };
  assert.is(
    code(() => mropeStreams([2, 3, 4], 'chunked', 8)),
    'ERR_SHAPE',
  );
  assert.is(
    code(() => mropeStreams([2, 3], 'chunked', 5)),
    'ERR_SHAPE',
  );
  assert.is(
    code(() => mropeStreams([4, 4, 4], 'interleaved', 8)),
    'ERR_SHAPE',
  );
  assert.is(
    code(() => mropeStreams([3, 2, 3], 'ernie_hw_alternating', 8)),
    'ERR_SHAPE',
  );
  assert.is(
    code(() => mropeStreams([0, 0, 0, 0], 'chunked', 8)),
    'ERR_SHAPE',
  );
  assert.is(
    code(() => mropeStreams([1, -1, 8], 'chunked', 8)),
    'ERR_SHAPE',
  );
  assert.is(
    code(() => mropeStreams([1.5, 1.5, 5], 'chunked', 8)),
    'ERR_SHAPE',
  );
  assert.is(
    code(() => mropeStreams([2, 3, 3], 'spiral' as MropeLayout, 8)),
    'ERR_OPTION',
  );
});

test.run();
