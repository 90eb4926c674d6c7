/** Axial tables: against the plain twin, against one-dimensional tables, and what the presets say. Golden: npm run golden. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  AXIAL_PRESETS,
  type AxialPreset,
  type AxialSpec,
  applyRotary,
  axialAngles,
  axialTable,
  createEngine,
  mixedAxialTable,
  rotaryTable,
  rotaryTableFromAngles,
} from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';

function near(got: ArrayLike<number>, want: ArrayLike<number>, limit: number, what = ''): void {
  assert.is(got.length, want.length, what);
  for (let i = 0; i < want.length; i++) {
    assert.ok(Math.abs(got[i] - want[i]) <= limit, `${what}[${i}]: got ${got[i]}, want ${want[i]}`);
  }
}

const HALF_ULP = 2 ** -24;

test('nobody changes the presets for the others', () => {
  const rows = AXIAL_PRESETS as unknown as Record<string, Record<string, unknown>>;
  assert.throws(() => Object.assign(rows, { mine: {} }), TypeError);
  assert.throws(() => Object.assign(rows['llama-4'], { gridOffset: 0 }), TypeError);
  assert.throws(() => (rows['llama-4'].gridOrder as number[]).reverse(), TypeError);
});

test('every rule of a grid: the numbers of the plain twin', () => {
  fc.assert(
    fc.property(
      fc.record({
        axes: fc.integer({ min: 1, max: 3 }),
        n: fc.integer({ min: 1, max: 6 }),
        rest: fc.integer({ min: 0, max: 3 }),
        frequencies: fc.constantFrom('language', 'split', 'pixel', 'pixel-exponential', 'constant'),
        coordinates: fc.constantFrom('index', 'centered', 'unit'),
        order: fc.constantFrom('blocks', 'alternating'),
        turned: fc.boolean(),
        swapped: fc.boolean(),
        scale: fc.constantFrom(1, 2 * Math.PI, 0.5),
        tokens: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)),
        sides: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 })),
        offset: fc.constantFrom(0, 1, -7),
      }),
      (c) => {
        const flip = Array.from({ length: c.axes }, (_, i) => c.axes - 1 - i);
        const spec = {
          headDim: 2 * c.axes * c.n + c.rest,
          axes: c.axes,
          axisDim: 2 * c.n,
          frequencies: c.frequencies,
          coordinates: c.coordinates,
          order: c.order,
          coordinateScale: c.scale,
          axisOrder: c.turned ? flip : undefined,
          gridOrder: c.swapped ? flip : undefined,
          gridOffset: c.offset,
          maxFreq: c.frequencies.startsWith('pixel') ? 20 : undefined,
          ropeTheta: 300,
        } as AxialSpec;
        const [prefixTokens, repeat, suffixTokens] = c.tokens;
        const rows = { grid: c.sides.slice(0, c.axes), prefixTokens, repeat, suffixTokens };
        const table = axialTable(spec, rows);
        const want = reference.axialTable(spec, rows);
        assert.equal(table.cos.shape, want.cos.shape);
        near(table.cos.data, want.cos.data, HALF_ULP, 'cos');
        near(table.sin.data, want.sin.data, HALF_ULP, 'sin');
        table.dispose();
      },
    ),
    { numRuns: 200 },
  );
});

test('a column has the bits of the one-dimensional table of its axis', () => {
  const positions = [3, 70000, -5, 9, 0, 12345678];
  const table = axialTable({ headDim: 24, order: 'alternating', axisOrder: [1, 0] }, { positions });
  const axes = [0, 1].map((axis) =>
    rotaryTable({ headDim: 12 }, { positions: positions.filter((_, i) => i % 2 === axis) }),
  );
  for (let t = 0; t < 3; t++) {
    for (let i = 0; i < 12; i++) {
      const axis = axes[1 - (i % 2)];
      assert.is(table.cos.data[t * 12 + i], axis.cos.data[t * 6 + (i >> 1)]);
      assert.is(table.sin.data[t * 12 + i], axis.sin.data[t * 6 + (i >> 1)]);
    }
  }
});

test('torch precision multiplies in float32, and given frequencies replace the rule', () => {
  const positions = [1000, 3, 77, 4095];
  const exact = axialTable({ preset: 'qwen2-vl', headDim: 80 }, { positions });
  const torch = axialTable({ preset: 'qwen2-vl', headDim: 80, precision: 'torch' }, { positions });
  near(torch.cos.data, exact.cos.data, 3e-4);
  assert.ok(torch.cos.data.some((v, i) => v !== exact.cos.data[i]));
  const invFreq = Array.from({ length: 20 }, (_, j) => 1 / (j + 1));
  const given = axialTable({ preset: 'qwen2-vl', headDim: 80, invFreq }, { positions });
  const angles = axialAngles({ preset: 'qwen2-vl', headDim: 80, invFreq }, { positions });
  near(
    angles.data.slice(0, 20),
    invFreq.map((f) => 1000 * f),
    1e-4,
  );
  near(given.sin.data, reference.axialTable({ headDim: 80, invFreq }, { positions }).sin.data, HALF_ULP);
});

test('angles are those of the table', () => {
  for (const precision of ['exact', 'torch'] as const) {
    for (const preset of ['pixtral', 'kimi-k2.5', 'efficientloftr', 'dinov3'] as const) {
      const spec = { preset, headDim: 32, precision };
      const rows = { grid: [5, 7], prefixTokens: 1 };
      const angles = axialAngles(spec, rows);
      const table = axialTable(spec, rows);
      near(table.cos.data, angles.data.map(Math.cos), 1e-6, preset);
      near(table.sin.data, angles.data.map(Math.sin), 1e-6, preset);
    }
  }
});

test('every preset builds, and its unrotated tokens have the identity', () => {
  for (const preset of Object.keys(AXIAL_PRESETS) as AxialPreset[]) {
    const row = AXIAL_PRESETS[preset] as Partial<AxialSpec>;
    const axes = typeof row.axesDim === 'object' ? row.axesDim.length : row.axesDim ? 3 : (row.axes ?? 2);
    const grid = [2, 3, 4, 2].slice(0, axes);
    const axis = row.pairingBlocks === 'axis' ? 1 : undefined;
    const cells = grid.reduce((a, b) => a * b, 1);
    const table = axialTable(
      { preset, headDim: row.axesDim ? 128 : 48 },
      { grid, axis, prefixTokens: 2, repeat: 2, suffixTokens: 1 },
    );
    assert.is(table.length, 2 * cells + 3, preset);
    const { width } = table;
    for (const t of [0, 1, table.length - 1]) {
      assert.equal(Array.from(table.cos.data.slice(t * width, (t + 1) * width)), new Array(width).fill(1), preset);
      assert.equal(Array.from(table.sin.data.slice(t * width, (t + 1) * width)), new Array(width).fill(0), preset);
    }
    const rows = (from: number) => table.cos.data.slice((2 + from) * width, (2 + from + cells) * width);
    assert.equal(rows(0), rows(cells), preset);
  }
});

test('axes of unequal width: every rule, block by block, and the numbers of the twin', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
      fc.constantFrom('language' as const, 'pixel' as const, 'pixel-exponential' as const, 'constant' as const),
      fc.constantFrom(256, 10000),
      fc.boolean(),
      (widths, frequencies, theta, given) => {
        const axesDim = widths.map((n) => 2 * n);
        const pairs = widths.reduce((a, b) => a + b, 0);
        const rule = given ? { invFreq: Float64Array.from({ length: pairs }, (_, i) => 1 / (i + 1)) } : { frequencies };
        const language = given || frequencies === 'language' || frequencies === 'constant';
        const spec = { headDim: 2 * pairs + 1, axesDim, ...rule, ...(language && { ropeTheta: theta }) };
        const grid = [3, 2, 4, 2].slice(0, widths.length);
        const got = axialTable(spec, { grid });
        const want = reference.axialTable(spec, { grid });
        near(got.cos.data, want.cos.data, HALF_ULP, 'cos');
        near(got.sin.data, want.sin.data, HALF_ULP, 'sin');
      },
    ),
    { numRuns: 80 },
  );
});

test('an axis of a wide table is the table of that axis alone, in both precisions', () => {
  const widths = [16, 56, 56];
  const positions = [0, 7, 3, 2, 900, 31, 5, 0, 77];
  for (const precision of ['exact', 'torch'] as const) {
    const whole = axialTable({ preset: 'flux', headDim: 128, precision }, { positions });
    let from = 0;
    widths.forEach((width, axis) => {
      const own = axialTable(
        { headDim: width, axes: 1, precision },
        { positions: [0, 1, 2].map((t) => positions[3 * t + axis]) },
      );
      for (let t = 0; t < 3; t++) {
        const row = whole.cos.data.slice(64 * t + from, 64 * t + from + width / 2);
        assert.equal(row, own.cos.data.slice((t * width) / 2, ((t + 1) * width) / 2), `${precision} axis ${axis}`);
      }
      from += width / 2;
    });
  }
});

test('the widths of the generators, and what is refused', () => {
  const widths = (preset: AxialPreset, headDim: number) => {
    const turns = axialTable({ preset, headDim }, { positions: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
    return [0, 1, 2].map(
      (t) => turns.sin.data.slice(t * turns.width, (t + 1) * turns.width).filter((v) => v !== 0).length,
    );
  };
  assert.equal(widths('wan', 128), [22, 21, 21]);
  assert.equal(widths('cogvideox', 64), [8, 12, 12]);
  assert.equal(widths('flux', 128), [8, 28, 28]);
  assert.equal(widths('z-image', 128), [16, 24, 24]);
  const grid = [2, 2, 2];
  assert.throws(
    () => axialTable({ preset: 'cogvideox', headDim: 24 }, { grid }),
    /axesDim\[1\]: expected an even number/,
  );
  assert.throws(
    () => axialTable({ preset: 'flux', headDim: 64 }, { grid }),
    /headDim: 64 channels do not hold axes of 16, 56, 56/,
  );
  assert.throws(() => axialTable({ headDim: 16, axesDim: [4, 6, 6], order: 'alternating' }, { grid }), /equally wide/);
  assert.throws(() => axialTable({ headDim: 16, axesDim: [4, 6, 6], frequencies: 'split' }, { grid }), /equally wide/);
  assert.throws(
    () => axialTable({ headDim: 16, axesDim: [4, 6, 6], axes: 2 }, { grid }),
    /axesDim: expected 2 widths, got 3/,
  );
  assert.throws(
    () => axialTable({ headDim: 16, axesDim: [4, 4], axisDim: 4 }, { grid: [2, 2] }),
    /either 'axisDim' or 'axesDim'/,
  );
  assert.throws(() => axialTable({ headDim: 16, axesDim: 'thirds' as never }, { grid }), /'sixths' or 'eighths'/);
});

test("timm's pixel mode: a reference grid scales coordinates, logarithmic bands run from pi to 112 pi", () => {
  for (const preset of ['eva-02-pixel', 'timm-pixel'] as const) {
    const rows = { grid: [3, 5], referenceGrid: [6, 4] };
    const table = axialTable({ preset, headDim: 16 }, rows);
    const { frequencies, maxFreq, coordinates } = AXIAL_PRESETS[preset];
    const want = reference.axialTable({ headDim: 16, frequencies, maxFreq, coordinates }, rows);
    near(table.cos.data, want.cos.data, 3e-7, preset);
    near(table.sin.data, want.sin.data, 3e-7, preset);
  }
  const angles = axialAngles({ preset: 'timm-pixel', headDim: 16 }, { positions: [1, 0] });
  near(
    Array.from(angles.data.slice(0, 4), (a) => a / Math.PI),
    [1, 112 ** (1 / 3), 112 ** (2 / 3), 112],
    1e-4,
  );
});

test('Gemma 4: two tables rotate one block of channels each', () => {
  const positions = [2, 5, 1, 7];
  const x = Float32Array.from({ length: 16 }, (_, i) => i - 7);
  const y = x.slice();
  for (const axis of [0, 1]) {
    const table = axialTable({ preset: 'gemma-4', headDim: 8 }, { positions, axis });
    applyRotary(y, table, { layout: 'THD', shape: [2, 1, 8] });
  }
  for (let t = 0; t < 2; t++) {
    for (const axis of [0, 1]) {
      for (const j of [0, 1]) {
        const at = 8 * t + 4 * axis + j;
        const angle = positions[2 * t + axis] * [1, 0.1][j];
        near(
          [y[at], y[at + 2]],
          [
            x[at] * Math.cos(angle) - x[at + 2] * Math.sin(angle),
            x[at + 2] * Math.cos(angle) + x[at] * Math.sin(angle),
          ],
          1e-5,
        );
      }
    }
  }
});

test('V-JEPA 2: the channels of a pair turn by neighbouring frequencies', () => {
  const rows = { positions: [3, 0, 2, 1, 4, 4] };
  const spec = { axes: 3, headDim: 20, axisDim: 6, tiled: true } as const;
  const table = axialTable({ ...spec, preset: 'v-jepa-2' }, rows);
  assert.ok(table.partnerAngles);
  assert.is(table.rotaryDim, 18);
  near(table.cos.data, reference.axialTable(spec, rows).cos.data, HALF_ULP);
});

test('mixed frequencies: the sum over the axes, for every head its own', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      fc.nat(),
      (heads, pairs, xy, seed) => {
        const shape = [2, heads, pairs];
        const frequencies = Float32Array.from({ length: 2 * heads * pairs }, (_, i) =>
          Math.fround(((seed + i * 7919) % 1000) / 300 - 1),
        );
        const rows = { shape, grid: [3, 5], gridOrder: xy ? [1, 0] : undefined };
        const table = mixedAxialTable(frequencies, rows);
        const want = reference.mixedAxialTable(frequencies, rows);
        assert.equal(table.cos.shape, [heads, 15, pairs]);
        near(table.cos.data, want.cos.data, HALF_ULP);
        near(table.sin.data, want.sin.data, HALF_ULP);
        const torch = mixedAxialTable(frequencies, { ...rows, precision: 'torch' });
        near(torch.cos.data, want.cos.data, 4e-6);
        for (const t of [table, torch]) t.dispose();
      },
    ),
    { numRuns: 40 },
  );
});

test('angles of a network: rounded once, times every range', () => {
  const angles = Float32Array.from([1.25, -40.5, 1e5, 0, 3, 2 ** -20]);
  for (const freqRanges of [undefined, [1, 0.5, 2.25]]) {
    const options = { shape: [3, 2], freqRanges, rotaryOffset: 1, pairing: 'half' as const };
    const table = rotaryTableFromAngles(angles, options);
    const want = reference.rotaryTableFromAngles(angles, options);
    assert.equal(table.cos.shape, want.cos.shape);
    assert.equal(table.cos.data, want.cos.data);
    assert.equal(table.sin.data, want.sin.data);
    assert.is(table.rotaryDim, want.rotaryDim);
  }
});

test('a given out is written and nothing is allocated', () => {
  const engine = createEngine();
  const spec = { preset: 'kimi-k2.5', headDim: 72 } as const;
  const rows = { grid: [30, 40] };
  const out = axialTable(spec, { ...rows, engine });
  const want = out.cos.toFloat32Array();
  out.cos.data.fill(0);
  const before = engine.memory.buffer.byteLength;
  const again = axialTable(spec, { ...rows, out: { cos: out.cos, sin: out.sin } });
  assert.is(again.cos, out.cos);
  assert.is(engine.memory.buffer.byteLength, before);
  assert.equal(out.cos.toFloat32Array(), want);
});

test('16-bit tables are the float32 ones, rounded', () => {
  const rows = { grid: [4, 4] };
  const wide = axialTable({ preset: 'pixtral', headDim: 16 }, rows);
  const narrow = axialTable({ preset: 'pixtral', headDim: 16 }, { ...rows, dtype: 'bfloat16' });
  near(narrow.cos.toFloat32Array(), wide.cos.data, 2 ** -8);
  assert.is(narrow.dtype, 'bfloat16');
});

test('what cannot be is said, with what to do', () => {
  const wrong = (code: string, message: RegExp, run: () => unknown) => {
    assert.throws(run, (e: { code: string; message: string }) => {
      assert.is(e.code, code, e.message);
      assert.match(e.message, message);
      return true;
    });
  };
  const grid = [2, 2];
  wrong('ERR_OPTION', /preset: expected one of 'qwen2-vl'/, () =>
    axialTable({ preset: 'vit' as 'pixtral', headDim: 8 }, { grid }),
  );
  wrong('ERR_OPTION', /axis: every axis pairs its own channels/, () =>
    axialTable({ preset: 'gemma-4', headDim: 8 }, { grid }),
  );
  wrong('ERR_OPTION', /axis: only for pairingBlocks/, () => axialTable({ headDim: 8 }, { grid, axis: 0 }));
  wrong('ERR_SHAPE', /grid: expected 2 sides/, () => axialTable({ headDim: 8 }, { grid: [2] }));
  wrong('ERR_SHAPE', /positions: expected 2 coordinates/, () => axialTable({ headDim: 8 }, { positions: [1, 2, 3] }));
  wrong('ERR_OPTION', /give 'grid' \(sides\) or 'positions'/, () => axialTable({ headDim: 8 }, {}));
  wrong('ERR_OPTION', /either 'grid' or 'positions'/, () => axialTable({ headDim: 8 }, { grid, positions: [1, 2] }));
  wrong('ERR_SHAPE', /headDim: 6 channels do not hold axes of 4, 4/, () =>
    axialTable({ headDim: 6, axisDim: 4 }, { grid }),
  );
  wrong('ERR_SHAPE', /axisDim: expected an even number/, () => axialTable({ headDim: 8, axisDim: 3 }, { grid }));
  wrong('ERR_OPTION', /axisOrder: expected each of 0 to 1 once/, () =>
    axialTable({ headDim: 8, axisOrder: [1, 1] }, { grid }),
  );
  wrong('ERR_OPTION', /maxFreq: has no effect/, () => axialTable({ headDim: 8, maxFreq: 3 }, { grid }));
  wrong('ERR_OPTION', /either 'invFreq' or 'frequencies'/, () =>
    axialTable({ headDim: 8, invFreq: [1, 2], frequencies: 'pixel' }, { grid }),
  );
  wrong('ERR_OPTION', /referenceGrid: scales indices/, () =>
    axialTable({ preset: 'dinov3', headDim: 8 }, { grid, referenceGrid: grid }),
  );
  wrong('ERR_OPTION', /tiled: for 'interleaved'/, () =>
    axialTable({ headDim: 8, tiled: true, pairing: 'half' }, { grid }),
  );
  wrong('ERR_OPTION', /unknown option 'base'/, () => axialTable({ headDim: 8, base: 1 } as never, { grid }));
  wrong('ERR_SHAPE', /shape: expected \[axes, heads, pairs\]/, () =>
    mixedAxialTable(new Float32Array(4), { shape: [2, 2], grid }),
  );
  wrong('ERR_OPTION', /angles\[1\]/, () => rotaryTableFromAngles(new Float32Array([0, Number.NaN]), { shape: [1, 2] }));
});

test('two axes divide a head whole, or their width is said', () => {
  const of = (spec: object) => axialTable({ preset: 'qwen2-vl', ...spec } as never, { grid: [2, 2] }).cos.shape;
  assert.equal(of({ headDim: 80 }), [4, 40]);
  assert.throws(() => of({ headDim: 82 }), /headDim: 82 channels are no two axes of whole pairs; .* axisDim/);
  assert.equal(of({ headDim: 82, axisDim: 40 }), [4, 40]);
});

test.run();
