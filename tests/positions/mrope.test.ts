/** M-RoPE positions: properties, the rule of older releases, and what is refused. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mropeDecode, mropeIndex, visionPositions } from '../../src/positions/mrope.ts';
import { PosencError } from '../../src/runtime/errors.ts';

const IMAGE = 1;
const VIDEO = 2;
const grid = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }));

test('text alone counts up on all three streams, delta 0', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), (length) => {
      const { positionIds, ropeDeltas } = mropeIndex({ model: 'qwen2_vl', tokenTypes: [new Array(length).fill(0)] });
      const run = Array.from({ length }, (_, i) => i);
      assert.equal(Array.from(positionIds.data), [...run, ...run, ...run]);
      assert.equal(Array.from(ropeDeltas.data), [0]);
    }),
  );
});

test('a block covers its grid once, and the text behind it starts at max(h, w)', () => {
  fc.assert(
    fc.property(grid, fc.integer({ min: 0, max: 5 }), ([t, h, w], before) => {
      const tokenTypes = [[...new Array(before).fill(0), ...new Array(t * h * w).fill(VIDEO), 0]];
      const videoGridThw = [[t, 2 * h, 2 * w]];
      const { positionIds, ropeDeltas } = mropeIndex({ model: 'qwen2_vl', tokenTypes, videoGridThw });
      const columns = tokenTypes[0].length;
      const stream = (s: number): number[] => Array.from(positionIds.data.slice(s * columns, (s + 1) * columns));
      const [ts, hs, ws] = [stream(0), stream(1), stream(2)];
      const seen = new Set<string>();
      for (let i = before; i < before + t * h * w; i++)
        seen.add([ts[i] - before, hs[i] - before, ws[i] - before].join());
      assert.is(seen.size, t * h * w);
      assert.is(ts[columns - 1], before + Math.max(h, w));
      assert.is(ropeDeltas.data[0], Math.max(...ts, ...hs, ...ws) + 1 - columns);
      const old = mropeIndex({ model: 'qwen2_vl', tokenTypes, videoGridThw, advance: 'maximum' });
      assert.is(old.positionIds.data[columns - 1], before + Math.max(t, h, w));
    }),
  );
});

test('padding on either side changes nothing but where the tokens stand', () => {
  const row = [0, 0, IMAGE, IMAGE, IMAGE, IMAGE, 0];
  const imageGridThw = [[1, 4, 4]];
  const plain = mropeIndex({ model: 'qwen3_vl', tokenTypes: [row], imageGridThw });
  for (const side of ['left', 'right']) {
    const pad = [0, 0, 0];
    const tokenTypes = [side === 'left' ? [...pad, ...row] : [...row, ...pad]];
    const ones = row.map(() => 1);
    const mask = [side === 'left' ? [...pad, ...ones] : [...ones, ...pad]];
    const padded = mropeIndex({ model: 'qwen3_vl', tokenTypes, imageGridThw, mask });
    const columns = row.length + 3;
    const from = side === 'left' ? 3 : 0;
    for (let s = 0; s < 3; s++) {
      const got = Array.from(padded.positionIds.data.slice(s * columns + from, s * columns + from + row.length));
      assert.equal(got, Array.from(plain.positionIds.data.slice(s * row.length, (s + 1) * row.length)), side);
    }
    assert.equal(padded.ropeDeltas.data, plain.ropeDeltas.data);
    const delta = mropeDecode({ ropeDeltas: padded.ropeDeltas, mask: [[...mask[0], 1]] });
    assert.is(delta.data[0], plain.positionIds.data[row.length - 1] + 1, side);
    const last = mropeDecode({ rule: 'last', positionIds: padded.positionIds, mask, decoded: 2 });
    assert.is(last.data[0], plain.positionIds.data[row.length - 1] + 3, side);
  }
});

test('vision patches: every patch once, merged blocks together', () => {
  const { data, shape } = visionPositions({ gridThw: [[2, 4, 6]] });
  assert.equal(shape, [48, 3]);
  assert.is(new Set(Array.from({ length: 48 }, (_, i) => Array.from(data.slice(3 * i, 3 * i + 3)).join())).size, 48);
  for (let i = 0; i < 48; i += 4) {
    const blocks = [0, 1, 2, 3].map((k) => [data[3 * (i + k) + 1] >> 1, data[3 * (i + k) + 2] >> 1].join());
    assert.is(new Set(blocks).size, 1);
  }
});

test('refused', () => {
  const refused = (body: () => unknown, code: string, about: RegExp): void => {
    assert.throws(
      body,
      (error: unknown) => error instanceof PosencError && error.code === code && about.test(error.message),
      String(about),
    );
  };
  const image = { model: 'qwen2_vl', tokenTypes: [[0, 1, 1]] } as const;
  refused(() => mropeIndex(image), 'ERR_SHAPE', /imageGridThw/);
  refused(() => mropeIndex({ ...image, imageGridThw: [[1, 4, 4]] }), 'ERR_SHAPE', /4 tokens, row 0 has 2/);
  refused(() => mropeIndex({ ...image, imageGridThw: [[1, 3, 4]] }), 'ERR_SHAPE', /multiple/);
  refused(
    () =>
      mropeIndex({
        ...image,
        imageGridThw: [
          [1, 2, 4],
          [1, 2, 2],
        ],
      }),
    'ERR_SHAPE',
    /2 blocks/,
  );
  refused(() => mropeIndex({ ...image, secondPerGrid: [1] }), 'ERR_OPTION', /secondPerGrid/);
  refused(() => mropeIndex({ ...image, model: 'qwen4' as 'qwen2_vl' }), 'ERR_OPTION', /model/);
  refused(() => mropeIndex({ model: 'qwen2_vl' }), 'ERR_OPTION', /inputIds or tokenTypes/);
  refused(() => mropeIndex({ ...image, mask: [[1, 1]] }), 'ERR_SHAPE', /mask/);
  refused(() => mropeDecode({ rule: 'last' }), 'ERR_SHAPE', /positionIds/);
  refused(() => mropeDecode({ ropeDeltas: [[0]] }), 'ERR_SHAPE', /cacheLength/);
  refused(() => mropeDecode({ ropeDeltas: [[0]], cacheLength: 3, decoded: 1 }), 'ERR_OPTION', /decoded/);
});

test.run();
