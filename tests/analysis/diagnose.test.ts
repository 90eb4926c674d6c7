/** diagnose: rotations made with known specifications are recognised; what is no rotation is called so. */
import * as fc from 'fast-check';
import * as assert from 'uvu/assert';
import { diagnose } from '../../src/analysis/diagnose.ts';
import { applyRotary } from '../../src/rotary/apply.ts';
import type { HeadSpec } from '../../src/rotary/spec.ts';
import { rotaryTable } from '../../src/rotary/table.ts';
import { PosencError } from '../../src/runtime/errors.ts';
import { Tensor } from '../../src/runtime/tensor.ts';
import { test } from '../support/test.ts';

let state = 7;
const noise = (count: number) =>
  Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >> 16) / 32768;
  });

/** Rotates noise and looks at it; positions are told without `shift`. */
function look(
  spec: HeadSpec,
  positions: readonly number[],
  how: { heads?: number; shift?: number; inverse?: boolean } = {},
) {
  const { heads = 2, shift = 0, inverse } = how;
  const shape = [positions.length, heads, spec.headDim];
  const x = noise(positions.length * heads * spec.headDim);
  const rotated = Float32Array.from(x);
  const table = rotaryTable(spec, { positions: positions.map((p) => p + shift) });
  applyRotary(rotated, table, { layout: 'THD', shape, ...(inverse && { inverse }) });
  table.dispose();
  return diagnose({ x, rotated, positions, shape });
}

const SIXTEEN = Array.from({ length: 16 }, (_, i) => i);

test('pairing, width, base, direction and offset of any plain rotation', () => {
  fc.assert(
    fc.property(
      fc.record({
        pairing: fc.constantFrom('half', 'interleaved'),
        outputPairing: fc.constantFrom('half', 'interleaved'),
        pairs: fc.integer({ min: 4, max: 64 }),
        tail: fc.integer({ min: 0, max: 6 }),
        ropeTheta: fc.constantFrom(10000, 500000, 1e6, 500, 160000),
        shift: fc.constantFrom(0, 0, 1, -1, 2, 577),
        inverse: fc.boolean(),
        precision: fc.constantFrom('exact', 'torch'),
        start: fc.constantFrom(0, 5, 1000),
      }),
      ({ pairs, tail, shift, inverse, start, ...spec }) => {
        const rotaryDim = 2 * pairs;
        const positions = SIXTEEN.map((p) => p * (p % 2 ? 1 : 3) + start);
        const got = look({ ...spec, headDim: rotaryDim + tail, rotaryDim } as HeadSpec, positions, {
          shift,
          inverse,
        });
        const { pairing, outputPairing } = spec;
        // the inverse undoes it: what went out comes in
        const [entry, exit] = inverse ? [outputPairing, pairing] : [pairing, outputPairing];
        assert.equal(
          {
            kind: got.kind,
            in: got.pairing,
            out: got.outputPairing,
            offset: got.offset,
            sign: got.sign,
            amplitude: got.amplitude,
          },
          { kind: 'rotation', in: entry, out: exit, offset: shift, sign: inverse ? -1 : 1, amplitude: 1 },
        );
        assert.is(got.rotaryDim, rotaryDim);
        assert.ok(Math.abs((got.base as number) / spec.ropeTheta - 1) < 2e-3, `base ${got.base}`);
        assert.is(got.firstFrequency, 1);
      },
    ),
    { numRuns: 60, seed: 42 },
  );
});

test('distant positions: the turns that were left out are found again', () => {
  for (const pairing of ['half', 'interleaved'] as const) {
    const got = look({ headDim: 128, ropeTheta: 500000, pairing }, [0, 1000, 2500, 131000]);
    assert.is(got.pairing, pairing);
    assert.is(got.base, 500000);
  }
});

test('far positions close together, angles in float32', () => {
  for (const [start, ropeTheta, shift, step] of [
    [100000, 10000, 1, 1],
    [100000, 500000, 1, 1],
    [30000, 500000, -1, 1],
    [1000000, 500000, 1, 3],
    [50000, 1000000, 1000, 1],
  ]) {
    const positions = Array.from({ length: 16 }, (_, i) => start + i * step);
    const got = look({ headDim: 128, ropeTheta, precision: 'torch' }, positions, { shift });
    assert.equal([got.kind, got.base, got.offset], ['rotation', ropeTheta, shift], `from ${start}`);
  }
});

test('one token tells the pairing and the base', () => {
  const got = look({ headDim: 64, pairing: 'interleaved' }, [9], { heads: 4 });
  assert.is(got.kind, 'rotation');
  assert.is(got.pairing, 'interleaved');
  assert.is(got.base, 10000);
});

test('scaled frequencies are measured: linear is a ladder from 1 / factor, llama3 is none', () => {
  const linear = look({ headDim: 64, ropeType: 'linear', factor: 4 }, SIXTEEN);
  assert.is(linear.firstFrequency, 0.25);
  assert.is(linear.base, 10000);
  const spec = {
    headDim: 128,
    ropeTheta: 500000,
    ropeType: 'llama3',
    factor: 8,
    lowFreqFactor: 1,
    highFreqFactor: 4,
    originalMaxPositionEmbeddings: 8192,
  } as const;
  const llama3 = look(spec, [0, 1, 2, 5, 20, 80, 300, 1200, 5000, 20000, 100000]);
  assert.is(llama3.kind, 'rotation');
  assert.is(llama3.base, undefined);
  assert.ok(Math.abs(llama3.frequencies[0] - 1) < 1e-6);
  const last = Math.exp(-(126 / 128) * Math.log(500000)) / 8;
  assert.ok(Math.abs(llama3.frequencies[63] / last - 1) < 1e-2, String(llama3.frequencies[63]));
});

test('amplitude, trailing slices, layouts and Tensors', () => {
  const scaled = look({ headDim: 64, attentionFactor: 1.25 }, SIXTEEN);
  assert.ok(Math.abs(scaled.amplitude - 1.25) < 1e-5);
  const trailing = look({ headDim: 96, rotaryDim: 32, rotaryOffset: 64, pairing: 'interleaved' }, SIXTEEN);
  assert.equal([trailing.rotaryOffset, trailing.rotaryDim], [64, 32]);
  const x = Tensor.from(noise(2 * 3 * 5 * 16), [2, 3, 5, 16]);
  const rotated = Tensor.from(x.data, x.shape);
  const table = rotaryTable({ headDim: 16 }, { length: 20 });
  applyRotary(rotated, table, { layout: 'BHSD', positions: [0, 1, 2, 3, 4, 10, 11, 12, 13, 14] });
  const positions = [0, 1, 2, 3, 4, 10, 11, 12, 13, 14];
  assert.is(diagnose({ x, rotated, positions, layout: 'BHSD' }).base, 10000);
  assert.is(diagnose({ x, rotated, positions: positions.slice(0, 5), layout: 'BHSD' }).kind, 'other');
});

test('what is no rotation, and what did not move', () => {
  const x = noise(16 * 32);
  const other = diagnose({ x, rotated: noise(16 * 32), positions: SIXTEEN, shape: [16, 32] });
  assert.is(other.kind, 'other');
  assert.ok(other.residual > 0.1);
  assert.is(diagnose({ x, rotated: x, positions: SIXTEEN, shape: [16, 32] }).kind, 'unchanged');
});

test('bad input is refused', () => {
  const refused = (given: object, code: string) =>
    assert.throws(
      () => diagnose({ x: [1, 2], rotated: [1, 2], positions: [0], shape: [1, 2], ...given } as never),
      (error: unknown) => error instanceof PosencError && error.code === code,
    );
  refused({ x: [1] }, 'ERR_SHAPE');
  refused({ rotated: [1, Number.NaN] }, 'ERR_OPTION');
  refused({ positions: [0, 1] }, 'ERR_SHAPE');
  refused({ shape: [2] }, 'ERR_SHAPE');
  refused({ position: [0] }, 'ERR_OPTION');
  refused({ layout: 'SBHD' }, 'ERR_OPTION');
});

test.run();
