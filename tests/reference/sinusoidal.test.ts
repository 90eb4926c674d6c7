import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type SinusoidalOptions, sinusoidal } from '../../src/reference/index.ts';
import { close, golden } from './golden.ts';

type Call = [output: string, options: SinusoidalOptions];

/** How each published variant is said in our options. */
function calls(record: ReturnType<typeof golden>[number]): Call[] {
  const { params, inputs, outputs, name } = record;
  const dim = params.d_model ?? params.channels ?? outputs.table?.shape.at(-1);
  const common = {
    dim,
    base: typeof params.base === 'number' ? params.base : 10000,
    arrangement: params.layout,
    scale: params.scale ?? 1,
  };
  const positions = Float64Array.from(inputs.position_ids?.data ?? []);
  if (name.includes('fairseq-table')) {
    const zeroRow = params.padding_idx ?? undefined;
    const length = params.num_embeddings;
    return [['table', { ...common, length, zeroRow, denominator: 'half-1', oddRule: 'zero' }]];
  }
  if (name.includes('fairseq-tokens')) {
    const pad = params.padding_idx;
    const row = { ...common, denominator: 'half-1', oddRule: 'zero', zeroRow: pad } as const;
    const last = inputs.tokens.shape[1];
    return [
      ['embeddings', { ...row, positions: outputs.positions.data }],
      [
        'incremental_step',
        { ...row, positions: inputs.tokens.shape.slice(0, 1).flatMap((b) => Array(b).fill(pad + last)) },
      ],
    ];
  }
  if (name.includes('t2t')) {
    const axes = (dimension: number, timescales: number) => ({
      ...common,
      dim: dimension,
      base: (params.max_timescale ?? 10000) / (params.min_timescale ?? 1),
      minTimescale: params.min_timescale ?? 1,
      denominator: Math.max(timescales - 1, 1),
      oddRule: 'zero' as const,
    });
    const half = Math.floor(dim / 2);
    if (!inputs.positions)
      return [['table', { ...axes(dim, half), length: params.length, offset: params.start_index }]];
    return [['one_position', { ...axes(dim, half), positions: inputs.positions.data }]];
  }
  if (name.includes('marian')) {
    return [['table', { ...common, oddRule: 'ceil', length: params.seq_len, offset: params.offset }]];
  }
  if (name.includes('xtransformers')) {
    return [
      ['from_offset', { ...common, scale: 1, amplitude: params.scale, length: params.seq_len, offset: params.offset }],
      ['from_position_ids', { ...common, scale: 1, amplitude: params.scale, positions }],
    ];
  }
  if (name.includes('whisper')) return [['table', { ...common, length: params.seq_len, denominator: 'half-1' }]];
  if (name.includes('tpe')) return [['rows', { ...common, order: 'cos-sin', amplitude: Math.PI, positions }]];
  if (name.includes('float-positions')) {
    return Object.keys(outputs).map((key) => [key, { ...common, base: Number(key.slice(5)), positions }]);
  }
  if (params.seq_len) return [['table', { ...common, length: params.seq_len, oddRule: 'truncate' }]];
  return [[Object.keys(outputs)[0], { ...common, positions }]];
}

for (const record of golden('absolute', 'sinusoidal-')) {
  for (const precision of ['exact', 'torch'] as const) {
    // Records from float64 sources pin the real values: the float32 angle is meant to miss them.
    if (precision === 'torch' && record.tolerance.abs < 1e-6) continue;
    test(`golden ${record.name} (${precision})`, () => {
      for (const [output, options] of calls(record)) {
        const want = record.outputs[output];
        const got = sinusoidal({ ...options, precision });
        const given = record.inputs.x && record.outputs.one_position === want ? record.inputs.x.data : undefined;
        const data = given ? got.data.map((v, i) => v + given[i]) : got.data;
        close({ shape: want.shape, data }, want, record.tolerance, `${record.name}.${output}`);
      }
    });
  }
}

const options = fc.record({
  dim: fc.integer({ min: 3, max: 21 }),
  base: fc.double({ min: 2, max: 1e6, noNaN: true }),
  arrangement: fc.constantFrom('interleaved' as const, 'concat' as const),
  oddRule: fc.constantFrom('truncate' as const, 'zero' as const, 'ceil' as const),
  precision: fc.constantFrom('exact' as const, 'torch' as const),
});

test('a row depends on its position alone', () => {
  fc.assert(
    fc.property(options, fc.integer({ min: -1000, max: 2 ** 24 }), (given, offset) => {
      const whole = sinusoidal({ ...given, length: 5, offset });
      const row = sinusoidal({ ...given, positions: [offset + 3] });
      assert.equal(row.data, whole.data.slice(3 * given.dim, 4 * given.dim));
    }),
    { numRuns: 60 },
  );
});

test('every pair lies on the unit circle and reversing the order swaps it', () => {
  fc.assert(
    fc.property(options, fc.double({ min: -1e6, max: 1e6, noNaN: true }), (given, position) => {
      const dim = 2 * Math.ceil(given.dim / 2);
      const interleaved = { ...given, dim, arrangement: 'interleaved' as const, positions: [position] };
      const table = sinusoidal(interleaved).data;
      const flipped = sinusoidal({ ...interleaved, order: 'cos-sin' }).data;
      for (let c = 0; c < dim; c += 2) {
        assert.ok(Math.abs(table[c] ** 2 + table[c + 1] ** 2 - 1) < 3e-7);
        assert.is(flipped[c], table[c + 1]);
        assert.is(flipped[c + 1], table[c]);
      }
    }),
    { numRuns: 60 },
  );
});

test('wrong options are refused by name', () => {
  assert.throws(
    () => sinusoidal({ dim: 4, length: 2, ofset: 3 } as object as SinusoidalOptions),
    /unknown option 'ofset'/,
  );
  assert.throws(() => sinusoidal({ dim: 5, length: 2 }), /dim: 5 is odd/);
  assert.throws(() => sinusoidal({ dim: 2, length: 2, denominator: 'half-1' }), /denominator/);
  assert.throws(() => sinusoidal({ dim: 4, length: 2, positions: [1] }), /positions/);
  assert.throws(() => sinusoidal({ dim: 4, positions: [Number.NaN] }), /positions\[0\]/);
  assert.throws(() => sinusoidal({ dim: 4, length: 2, base: -1 }), /base/);
  assert.throws(() => sinusoidal({ dim: 4, length: 2, out: new Float32Array(7) }), /out/);
});

test.run();
