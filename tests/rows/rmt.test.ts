import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  rmtEncoderIds,
  rmtInput,
  rmtMask,
  rmtOutput,
  rmtPositionIds,
  rmtReadMemory,
  rmtSegments,
  rmtWriteMemory,
  Tensor,
} from '../../src/index.ts';
import { fails, noise } from '../absolute/support.ts';
import { test } from '../support/test.ts';

test('segments cover the sequence once, in order, none longer than the size', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom('left', 'right', 'center'),
      (length, segmentSize, alignment) => {
        const segments = rmtSegments({ length, segmentSize, alignment });
        let next = 0;
        for (const { start, length: n } of segments) {
          assert.is(start, next);
          assert.ok(n > 0 && n <= segmentSize);
          next += n;
        }
        assert.is(next, length);
        const lengths = segments.map((s) => s.length);
        if (alignment === 'left') assert.ok(lengths.slice(0, -1).every((n) => n === segmentSize));
        if (alignment === 'right') assert.ok(lengths.slice(1).every((n) => n === segmentSize));
        if (alignment === 'center') assert.ok(lengths.slice(0, -1).every((n) => n === lengths[0]));
      },
    ),
  );
});

test("the encoder's plan cuts the tail and puts empty segments in front", () => {
  assert.equal(rmtSegments({ length: 5, segmentSize: 2, alignment: 'right', maxSegments: 4 }), [
    { start: -1, length: 0 },
    { start: 0, length: 1 },
    { start: 1, length: 2 },
    { start: 3, length: 2 },
  ]);
  const cut = rmtSegments({ length: 50, segmentSize: 2, alignment: 'left', maxSegments: 3 });
  assert.equal(
    cut.map((s) => s.start),
    [0, 2, 4],
  );
  fails('ERR_OPTION', /alignment/, () => rmtSegments({ length: 5, segmentSize: 2 } as never));
  fails('ERR_OPTION', /segmentSize/, () => rmtSegments({ length: 5, segmentSize: 0, alignment: 'left' }));
});

test('memory joins at both ends and comes back from the last rows', () => {
  const [batch, length, dim, m] = [2, 3, 5, 2];
  const segment = noise(batch * length * dim, 1);
  for (const shared of [true, false]) {
    const rows = shared ? m * dim : batch * m * dim;
    const memory = Tensor.from(noise(rows, 2), shared ? [m, dim] : [batch, m, dim]);
    const joined = rmtInput(segment, memory, { shape: [batch, length, dim] });
    assert.equal(joined.shape, [batch, length + 2 * m, dim]);
    for (let b = 0; b < batch; b++) {
      const state = [...memory.data.subarray(shared ? 0 : b * m * dim, shared ? m * dim : (b + 1) * m * dim)];
      const own = [...segment.subarray(b * length * dim, (b + 1) * length * dim)];
      const total = (length + 2 * m) * dim;
      assert.equal([...joined.data.subarray(b * total, (b + 1) * total)], [...state, ...own, ...state]);
    }
    const left = rmtOutput(joined, { memoryTokens: m });
    assert.equal(left.hidden.toFloat32Array(), segment);
    assert.equal(left.memory.shape, [batch, m, dim]);
    if (!shared) assert.equal(left.memory.toFloat32Array(), memory.toFloat32Array());
  }
  assert.equal([...rmtPositionIds({ memoryTokens: m, length })], [0, 1, 2, 3, 4, 5, 6]);
  const mask = rmtMask({ data: [0, 1, 1, 1, 0, 0], shape: [2, 3] }, { memoryTokens: 1 });
  assert.equal(mask, { shape: [2, 5], data: Int32Array.of(1, 0, 1, 1, 1, 1, 1, 0, 0, 1) });
});

test('an encoder writes its memory into, and reads it from, the same rows', () => {
  const input = rmtEncoderIds([7, 8, 9], { memoryIds: [50, 51], clsId: 101, sepId: 102, padId: 0, inputSize: 10 });
  assert.equal([...input.ids], [101, 50, 51, 102, 7, 8, 9, 102, 0, 0]);
  assert.equal([...input.mask], [1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
  assert.is(input.memoryStart, 1);
  assert.is(rmtEncoderIds([7], { memoryIds: [50], padId: 0, inputSize: 2 }).memoryStart, 0);
  const embeddings = Tensor.from(noise(2 * 10 * 3, 1), [2, 10, 3]);
  const before = embeddings.toFloat32Array();
  const memory = Tensor.from(noise(2 * 2 * 3, 2), [2, 2, 3]);
  rmtWriteMemory(embeddings, memory, { memoryStart: input.memoryStart });
  assert.equal(
    rmtReadMemory(embeddings, { memoryStart: 1, memoryTokens: 2 }).toFloat32Array(),
    memory.toFloat32Array(),
  );
  const changed = Array.from(embeddings.data).flatMap((v, i) => (v === before[i] ? [] : [Math.floor(i / 3)]));
  assert.equal([...new Set(changed)], [1, 2, 11, 12]);
});

test('a sequence without a batch gives the rows of a batch of one, without it', () => {
  const [segment, memory] = [Tensor.from(noise(12, 1), [4, 3]), Tensor.from(noise(6, 2), [2, 3])];
  const joined = rmtInput(segment, memory);
  assert.equal(joined.shape, [8, 3]);
  const batch = rmtInput(segment.data.slice(), memory, { shape: [1, 4, 3] });
  assert.equal(joined.toFloat32Array(), batch.toFloat32Array());
  const left = rmtOutput(joined, { memoryTokens: 2 });
  assert.equal(
    [left.memory.shape, left.hidden.shape],
    [
      [2, 3],
      [4, 3],
    ],
  );
  assert.equal(left.hidden.toFloat32Array(), segment.toFloat32Array());
  rmtWriteMemory(joined, memory, { memoryStart: 3 });
  const read = rmtReadMemory(joined, { memoryStart: 3, memoryTokens: 2 });
  assert.equal([read.shape, read.toFloat32Array()], [[2, 3], memory.toFloat32Array()]);
  fails('ERR_SHAPE', /segment: expected .B, S, D. or .S, D./, () => rmtInput(Tensor.zeros([4]), memory));
});

test('bad input is refused by name', () => {
  const segment = noise(12, 1);
  fails('ERR_SHAPE', /memory/, () => rmtInput(segment, noise(4, 1), { shape: [1, 4, 3], memoryShape: [1, 4] }));
  fails('ERR_SHAPE', /memoryTokens: 3/, () => rmtOutput(segment, { memoryTokens: 3, shape: [1, 4, 3] }));
  fails('ERR_SHAPE', /inputSize is 4/, () =>
    rmtEncoderIds([1, 2, 3], { memoryIds: [1], sepId: 2, padId: 0, inputSize: 4 }),
  );
  fails('ERR_SHAPE', /memoryStart/, () => rmtReadMemory(Tensor.zeros([1, 4, 3]), { memoryStart: 3, memoryTokens: 2 }));
});

test.run();
