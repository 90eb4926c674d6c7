/** What the tests of the content-relative scores share: seeded arrays, and the promises every one of these functions makes. */
import * as assert from 'uvu/assert';
import { createEngine, type Engine, Tensor } from '../../src/index.ts';
import type { ReferenceTensor } from '../../src/reference/index.ts';

export interface Shaped {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: number[];
}

/** Numbers in [-1, 1) that depend on the seed alone. */
export function random(shape: number[], seed: number): Shaped {
  let state = (seed * 2654435761 + 12345) >>> 0;
  const length = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  return { data, shape };
}

/** Rows that sum to about 1. */
export function probabilities(shape: number[], seed: number): Shaped {
  const width = shape[shape.length - 1];
  const { data } = random(shape, seed);
  return { data: data.map((x) => (x + 1) / width), shape };
}

/** The smallest arena there is: work that fits the default one is cut into many blocks here. */
export const tight: Engine = createEngine({ scratchBytes: 65536 });

export function close(
  got: { shape: readonly number[]; data: ArrayLike<number> },
  want: ReferenceTensor,
  what = '',
): void {
  assert.equal([...got.shape], [...want.shape], `${what} shape`);
  for (let i = 0; i < want.data.length; i++) {
    const [g, w] = [got.data[i], want.data[i]];
    const equal = Number.isFinite(w) ? Math.abs(g - w) <= 4e-6 * (1 + Math.abs(w)) : Object.is(g, w);
    if (!equal) assert.unreachable(`${what}[${i}] of [${want.shape.join(', ')}]: got ${g}, want ${w}`);
  }
}

/** Bit for bit, NaN included. */
export function same(got: Tensor, want: ArrayLike<number>, what: string): void {
  assert.is(got.length, want.length, `${what}: length`);
  const words = (data: ArrayLike<number>) => new Int32Array(Float32Array.from(data).buffer);
  const [a, b] = [words(got.data), words(want)];
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) assert.unreachable(`${what}[${i}]: got ${got.data[i]}, want ${want[i]}`);
  }
}

interface CallOptions {
  readonly rows?: readonly [number, number];
  readonly addTo?: Tensor | Float32Array;
  readonly out?: Tensor | Float32Array;
  readonly engine?: Engine;
}

/**
 * The promises of a score or value function over plain arrays: equal to the reference; a row range is that slice of the whole,
 * bit for bit; the size of the arena changes no bit; `out` allocates nothing; `addTo` adds in place.
 */
export function promises(
  what: string,
  queryLength: number,
  call: (o: CallOptions) => Tensor,
  reference: (o: { rows?: readonly [number, number]; addTo?: Float32Array }) => ReferenceTensor,
): void {
  const whole = call({});
  close(whole, reference({}), what);
  const bits = whole.toFloat32Array();
  same(call({ engine: tight }), bits, `${what}, 64 KiB arena`);

  const [batch, heads] = whole.shape;
  const row = whole.shape[3];
  for (const [from, to] of [
    [0, Math.min(1, queryLength)],
    [Math.floor(queryLength / 3), Math.ceil((2 * queryLength) / 3)],
    [queryLength - 1, queryLength],
    [queryLength, queryLength],
  ] as const) {
    if (from < 0) continue;
    const part = call({ rows: [from, to] });
    const slice: number[] = [];
    for (let m = 0; m < batch * heads; m++) {
      slice.push(...bits.subarray((m * queryLength + from) * row, (m * queryLength + to) * row));
    }
    assert.equal([...part.shape], [batch, heads, to - from, row], `${what}: shape of rows ${from} to ${to}`);
    same(part, slice, `${what}: rows ${from} to ${to}`);
  }

  const out = Tensor.from(new Float32Array(bits.length).fill(7), [...whole.shape]);
  assert.is(call({ out }), out, `${what}: out is returned`);
  same(out, bits, `${what}: out`);

  const start = random([...whole.shape], 99);
  const added = Tensor.from(start.data, start.shape);
  assert.is(call({ addTo: added }), added, `${what}: addTo is returned`);
  close(added, reference({ addTo: start.data }), `${what}: addTo`);
  const foreign = Float32Array.from(start.data);
  same(call({ addTo: foreign }), added.data, `${what}: addTo of a plain array`);
  same(added, foreign, `${what}: a plain array is changed in place`);
  same(
    call({ addTo: Tensor.from(start.data, start.shape, { engine: tight }) }),
    foreign,
    `${what}: addTo, 64 KiB arena`,
  );
}

/** Calls with Tensors and `out` ask for no memory at all. */
export function allocatesNothing(engine: Engine, run: () => void): void {
  const allocate = engine.allocate;
  let asked = 0;
  engine.allocate = (bytes) => {
    asked++;
    return allocate.call(engine, bytes);
  };
  run();
  engine.allocate = allocate;
  assert.is(asked, 0, `${asked} blocks were asked for`);
}
