/**
 * Growth of memory between any two calls never changes a result: random call sequences, run once on an engine that never grows
 * and once on one that grows at random moments, give the same bytes, also in the Tensors that were there before.
 */
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  alibi,
  applyRotary,
  createEngine,
  type Engine,
  merge,
  rotaryTable,
  sinusoidal,
  Tensor,
} from '../../src/index.ts';

/** One call: appends a Tensor, made from earlier ones chosen by `pick`. */
type Call = (engine: Engine, pick: (shape: readonly number[]) => Tensor, n: number) => Tensor;

const ROWS = [6, 16] as const;
const CALLS: Record<string, Call> = {
  sinusoidal: (engine, _, n) => sinusoidal({ length: 6, dim: 16, offset: n * 1000, engine }),
  sinusoidalTorch: (engine, _, n) =>
    sinusoidal({ positions: [n, 3, 1e5, 0, n, 7], dim: 16, precision: 'torch', engine }),
  alibi: (engine, _, n) => alibi({ heads: 2, queryLength: 3, keyLength: 16, causal: n % 2 === 0, engine }),
  rotaryTable: (engine, _, n) => rotaryTable({ headDim: 32, ropeTheta: 10000 + n }, { length: 6, engine }).cos,
  rotate: (engine, pick, n) => {
    const table = rotaryTable({ headDim: 16 }, { length: 6, offset: n, engine });
    const x = pick(ROWS);
    return applyRotary(x, table, { shape: [1, 6, 1, 16], offset: n, out: Tensor.zeros([1, 6, 1, 16], { engine }) });
  },
  add: (_, pick) => merge(pick(ROWS), pick(ROWS)),
  into: (engine, pick, n) => sinusoidal({ length: 6, dim: 16, offset: -n, out: pick(ROWS), engine }),
  foreign: (engine, pick, n) =>
    merge(
      pick(ROWS),
      Float32Array.from({ length: 96 }, (_, i) => i * n),
      { positionShape: ROWS, engine },
    ),
};

function play(engine: Engine, steps: readonly { call: string; n: number; grow: boolean }[], grows: boolean): Tensor[] {
  const made = [sinusoidal({ length: 6, dim: 16, engine })];
  for (const { call, n, grow } of steps) {
    if (grow && grows) engine.memory.grow(1);
    const usable = (shape: readonly number[]) => {
      const fitting = made.filter((tensor) => tensor.shape.join() === shape.join());
      return fitting[n % fitting.length];
    };
    made.push(CALLS[call](engine, usable, n));
  }
  return made;
}

const steps = fc.array(
  fc.record({ call: fc.constantFrom(...Object.keys(CALLS)), n: fc.nat({ max: 50 }), grow: fc.boolean() }),
  { maxLength: 25 },
);

test('growth between any two calls changes no result', () => {
  const grown: number[] = [];
  fc.assert(
    fc.property(steps, (sequence) => {
      const still = createEngine({ initialBytes: 4 << 20, fixed: true });
      const growing = createEngine({ initialBytes: 4 << 20 });
      const want = play(still, sequence, false);
      const got = play(growing, sequence, true);
      grown.push(growing.memory.buffer.byteLength - (4 << 20));
      for (const [i, tensor] of want.entries()) assert.equal(got[i].data, tensor.data, `result ${i}`);
      still.dispose();
      growing.dispose();
    }),
    { numRuns: 60, seed: 20240607 },
  );
  assert.ok(grown.filter((bytes) => bytes > 0).length > 30, 'the sequences grow memory');
});

test('twenty thousand tables of every kind, made and disposed, leave the heap flat', () => {
  const engine = createEngine();
  const cycle = () => {
    sinusoidal({ length: 8, dim: 32, engine }).dispose();
    rotaryTable({ headDim: 32 }, { length: 8, engine }).dispose();
    alibi({ heads: 2, queryLength: 4, keyLength: 33, engine }).dispose();
    Tensor.zeros([100], { engine }).dispose();
  };
  for (let i = 0; i < 100; i++) cycle();
  const bytes = engine.memory.buffer.byteLength;
  for (let i = 0; i < 5000; i++) cycle();
  assert.is(engine.memory.buffer.byteLength, bytes);
  engine.dispose();
});

test.run();
