/** Sequences that need all of a small arena: nothing is written behind it, and the numbers are those of a large one. */
import * as assert from 'uvu/assert';
import { attach, debertaScores, type Engine, type Tensor, transformerXlScores } from '../../src/index.ts';
import { test } from '../support/test.ts';
import { random } from './content.ts';

/** The smallest: constants, and 64 KiB. */
const ARENA = 66496;
const GUARD = 1 << 18;
type Numbers = ReturnType<typeof random>;

/** Runs a call in a memory of its own whose arena is followed by bytes that must stay. */
function guarded(
  shape: readonly number[],
  arrays: readonly Numbers[],
  call: (o: object, x: Numbers[]) => Tensor,
): void {
  const want = call({}, [...arrays]);
  const size = shape.reduce((a, b) => a * b, 1);
  const bytes = ARENA + GUARD + 4 * (size + arrays.reduce((sum, { data }) => sum + data.length, 0));
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) + 1 });
  const engine: Engine = attach(memory, { scratch: { byteOffset: 0, byteLength: ARENA } });
  let top = ARENA + GUARD;
  const placed = (data: Float32Array) => {
    const view = new Float32Array(memory.buffer, top, data.length);
    view.set(data);
    top += 4 * data.length;
    return view;
  };
  const views = arrays.map(({ data, shape: own }) => ({ data: placed(data), shape: own }));
  const out = placed(new Float32Array(size));
  const guard = new Uint8Array(memory.buffer, ARENA, GUARD).fill(0xa5);
  call({ out, engine }, views);
  assert.ok(
    guard.every((byte) => byte === 0xa5),
    'written behind the arena',
  );
  assert.ok(
    Buffer.from(out.slice().buffer).equals(Buffer.from(want.toFloat32Array().buffer)),
    'other bits than with a large arena',
  );
}

test('a look-up beside products that fill the arena (DeBERTa)', () => {
  // 32 rows of 16 channels and 496 products are 65536 bytes: the look-up of 495 distances has no room beside them
  const [q, k] = [random([1, 1, 32, 16], 1), random([1, 1, 464, 16], 2)];
  const table = [random([1, 512, 16], 3), random([1, 512, 16], 4)];
  guarded([1, 1, 32, 464], [q, k, ...table], (o, [x, y, posKey, posQuery]) =>
    debertaScores(x, y, { posKey, posQuery, positionBuckets: 256, maxRelativePositions: 512, ...o } as never),
  );
});

test('a diagonal longer than the arena (learned Transformer-XL)', () => {
  const length = 17000;
  const arrays = [
    [1, 1, 33, 2],
    [1, 1, length, 2],
    [length, 1, 2],
    [length, 1],
  ].map((shape, i) => random(shape, i + 1));
  guarded([1, 1, 33, length], arrays, (o, [q, k, r, rBias]) =>
    transformerXlScores(q, k, r, { learned: true, rBias, ...o } as never),
  );
});

test.run();
