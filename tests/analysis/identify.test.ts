/** identify: every public variant is named from 32 rows or fewer, in three formats; random numbers are nothing. */

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  alibi,
  alibiSlopes,
  fromHF,
  type IdentifyOptions,
  identify,
  type KerpleOptions,
  kerple,
  ROPE_EXAMPLES,
  type RopeType,
  type RotaryLayer,
  type RotarySpec,
  rotaryFrequencies,
  rotaryTable,
  rotaryTableAs,
  sincos2d,
  sincos3d,
  sinusoidal,
  type Tensor,
  t5Buckets,
  timestepEmbedding,
} from '../../src/index.ts';

type Numbers = { data: Float64Array; shape: readonly number[] };
type Format = 'float32' | 'float16' | 'bfloat16';
const configOf = (name: string): object =>
  JSON.parse(readFileSync(new URL(`../golden/configs/${name}.json`, import.meta.url), 'utf8')).config;
const FORMATS: readonly Format[] = ['float32', 'float16', 'bfloat16'];

/** Rounded by a rule of its own: scaled to whole units of the last place, half to even. */
function rounded(value: number, format: Format): number {
  if (format === 'float32' || !Number.isFinite(value) || value === 0) return value;
  const [bits, least] = format === 'float16' ? [11, -14] : [8, -126];
  const unit = 2 ** (Math.max(least, Math.floor(Math.log2(Math.abs(value)))) + 1 - bits);
  const units = value / unit;
  const below = Math.floor(units);
  const up = units - below > 0.5 || (units - below === 0.5 && below % 2 !== 0);
  return (up ? below + 1 : below) * unit;
}

function take(tensor: Tensor, format: Format, rows?: readonly [number, number]): Numbers {
  const { shape } = tensor;
  const values = Float64Array.from(tensor.toFloat32Array(), (value) => rounded(value, format));
  tensor.dispose();
  if (!rows) return { data: values, shape };
  const width = shape[shape.length - 1];
  const [from, to] = rows;
  return { data: values.subarray(from * width, to * width), shape: [to - from, width] };
}

/** Names and options that are there; what else is said is not compared. */
function expect(
  given: Parameters<typeof identify>[0],
  encoding: string,
  options: object,
  about: string,
  known: IdentifyOptions = {},
): void {
  const { found, reason } = identify(given, known);
  assert.is(found[0]?.encoding, encoding, `${about}: ${reason} ${JSON.stringify(found[0])}`);
  for (const [key, value] of Object.entries(options)) {
    assert.equal(found[0].options[key], value, `${about}: ${key} of ${JSON.stringify(found[0].options)}`);
  }
}

const SINUSOIDAL: readonly [given: object, wanted: object][] = [
  [{ dim: 64 }, { base: 10000, arrangement: 'interleaved', denominator: 'half' }],
  [
    { dim: 64, arrangement: 'concat' },
    { base: 10000, arrangement: 'concat', denominator: 'half' },
  ],
  [
    { dim: 384, arrangement: 'concat', denominator: 'half-1' },
    { arrangement: 'concat', denominator: 'half-1', base: 10000 },
  ],
  [
    { dim: 80, denominator: 'half-1', zeroRow: 1 },
    { denominator: 'half-1', base: 10000, zeroRow: 1 },
  ],
  [
    { dim: 512, arrangement: 'concat', denominator: 'half-1', zeroRow: 1 },
    { zeroRow: 1, denominator: 'half-1' },
  ],
  [
    { dim: 33, oddRule: 'truncate' },
    { dim: 33, oddRule: 'truncate', base: 10000 },
  ],
  [
    { dim: 33, oddRule: 'zero', arrangement: 'concat', denominator: 'half-1' },
    { dim: 33, oddRule: 'zero', denominator: 'half-1' },
  ],
  [
    { dim: 33, oddRule: 'ceil', arrangement: 'concat' },
    { dim: 33, oddRule: 'ceil', base: 10000 },
  ],
  [{ dim: 128, base: 500 }, { base: 500 }],
  [
    { dim: 96, base: 5000, arrangement: 'concat', offset: 1 },
    { base: 5000, offset: 1 },
  ],
  [
    { dim: 64, scale: 0.25 },
    { base: 10000, scale: 0.25 },
  ],
  [{ dim: 64, precision: 'torch' }, { base: 10000 }],
  [{ dim: 16 }, { base: 10000 }],
];

for (const format of FORMATS) {
  test(`sinusoidal tables, ${format}`, () => {
    for (const [given, wanted] of SINUSOIDAL) {
      for (const [from, to] of [
        [0, 32],
        [5, 15],
        [0, 4],
      ] as const) {
        const zero = 'zeroRow' in given;
        if (zero && from > 0) continue;
        const make = () => sinusoidal({ length: 32, ...given } as never) as Tensor;
        const offset = from + ((given as { offset?: number }).offset ?? 0);
        const cut = offset > 0 ? { offset } : {};
        const about = `${JSON.stringify(given)} rows ${from} to ${to} as ${format}`;
        expect(take(make(), format, [from, to]), 'sinusoidal', { ...wanted, ...cut }, about);
      }
    }
    expect(
      take(sinusoidal({ length: 32, dim: 64, offset: 3000 }), format),
      'sinusoidal',
      { offset: 3000, base: 10000 },
      'far away',
    );
  });

  test(`rotary caches in every layout, ${format}`, () => {
    for (const [headDim, ropeTheta] of [
      [64, 10000],
      [128, 500000],
      [128, 1e6],
      [96, 150000],
      [32, 1e7],
    ] as const) {
      const table = rotaryTable({ headDim, ropeTheta }, { length: 32, offset: 0 });
      const wanted = { rotaryDim: headDim, ropeTheta };
      const about = `${headDim} ${ropeTheta} ${format}`;
      expect(
        { cos: take(table.cos, format), sin: take(table.sin, format) },
        'rotary',
        { ...wanted, tableLayout: 'half' },
        about,
      );
      table.dispose();
      for (const tableLayout of ['full_duplicated', 'full_interleaved'] as const) {
        const own = rotaryTable({ headDim, ropeTheta }, { length: 32 });
        const { cos, sin } = rotaryTableAs(own, { tableLayout });
        const [c, s] = [take(cos, format), take(sin, format)];
        expect({ cos: c, sin: s }, 'rotary', { ...wanted, tableLayout }, `${about} ${tableLayout}`);
        const stacked = Float64Array.of(...c.data, ...s.data);
        expect({ data: stacked, shape: [2, 32, headDim] }, 'rotary', { ...wanted, tableLayout }, `${about} stacked`);
        expect(c, 'rotary', { ...wanted, tableLayout, holds: 'cos' }, `${about} cos alone`);
        expect(s, 'rotary', { ...wanted, tableLayout, holds: 'sin' }, `${about} sin alone`);
        own.dispose();
      }
      for (const tableLayout of [
        'cos_sin_concat',
        'cos_sin_interleaved',
        'complex',
        'sin_cos_concat',
        'sin_cos_interleaved',
      ] as const) {
        const own = rotaryTable({ headDim, ropeTheta }, { length: 32, offset: 7 });
        const joined = take(rotaryTableAs(own, { tableLayout }) as unknown as Tensor, format);
        own.dispose();
        const { found, also } = identify(joined);
        const name = `${about} ${tableLayout}`;
        const { encoding, options } = found[0] ?? {};
        if (tableLayout.startsWith('sin')) {
          // with the sine first it is a sinusoidal table as well, and that is what most people have
          assert.is(encoding, 'sinusoidal', name);
          assert.ok(
            also.some((text) => text.includes(`tableLayout ${tableLayout}`)),
            `${name}: ${also}`,
          );
        } else {
          assert.is(encoding, 'rotary', name);
          assert.is(options.tableLayout, tableLayout, name);
        }
        assert.is(options.ropeTheta ?? options.base, ropeTheta, name);
        assert.is(options.offset, 7, name);
      }
    }
  });

  test(`scaled rotary caches and inverse frequencies, ${format}`, () => {
    const specs: readonly [RotarySpec, object][] = [
      [{ headDim: 128, ropeTheta: 10000 }, { ropeTheta: 10000 }],
      [{ headDim: 64, ropeTheta: 1e6 }, { ropeTheta: 1e6 }],
      [
        { headDim: 128, ropeTheta: 10000, ropeType: 'linear', factor: 4 },
        { ropeTheta: 10000, ropeType: 'linear', factor: 4 },
      ],
      [
        {
          headDim: 128,
          ropeTheta: 500000,
          ropeType: 'llama3',
          factor: 8,
          lowFreqFactor: 1,
          highFreqFactor: 4,
          originalMaxPositionEmbeddings: 8192,
        },
        {
          ropeTheta: 500000,
          ropeType: 'llama3',
          factor: 8,
          lowFreqFactor: 1,
          highFreqFactor: 4,
          originalMaxPositionEmbeddings: 8192,
        },
      ],
      [
        { headDim: 128, ropeTheta: 1e6, ropeType: 'yarn', factor: 4, originalMaxPositionEmbeddings: 32768 },
        { ropeTheta: 1e6, ropeType: 'yarn', factor: 4, originalMaxPositionEmbeddings: 32768 },
      ],
    ];
    for (const [spec, wanted] of specs) {
      const about = `${spec.ropeType ?? 'default'} ${format}`;
      const { ladder } = rotaryFrequencies({ ...spec, precision: 'exact' });
      const list = Float64Array.from(ladder.hi, (f) => rounded(Math.fround(f), format));
      expect(list, 'invFreq', wanted, `invFreq ${about}`);
      const table = rotaryTable(spec, { length: 32 });
      const given = { cos: take(table.cos, format), sin: take(table.sin, format) };
      table.dispose();
      expect(given, 'rotary', wanted, `table ${about}`);
    }
  });

  test(`LongRoPE: a ladder divided by a list, ${format}`, () => {
    for (const [name, decimals] of [
      ['phi-3.5-mini', true],
      ['phi-4-mini', false],
    ] as const) {
      const form = fromHF(configOf(name));
      const { spec } = (form.layerTypes as Record<string, RotaryLayer>).default;
      // the short list of Phi-4-mini is ones: a plain ladder
      for (const context of decimals ? [4096, 131072] : [131072]) {
        const divisors = [...((context > 4096 ? spec.longFactor : spec.shortFactor) as number[])];
        const about = `${name} ${context} ${format}`;
        const { ladder, attentionFactor } = rotaryFrequencies({ ...spec, precision: 'exact' } as RotarySpec, {
          context,
        });
        const list = Float64Array.from(ladder.hi, (f) => rounded(Math.fround(f), format));
        const table = rotaryTable({ ...spec, precision: 'exact' } as RotarySpec, { length: 32, context });
        const caches = { cos: take(table.cos, format), sin: take(table.sin, format) };
        table.dispose();
        // given the list, the base is found again in any format
        const known = { rotaryDim: 2 * divisors.length, ropeTheta: 10000, divisors };
        expect(list, 'invFreq', known, `list, ${about}`, { divisors });
        expect(caches, 'rotary', known, `caches, ${about}`, { divisors });
        // another list makes no round base
        const wrong = divisors.map((divisor, k) => divisor * (1 + (k % 7) / 50));
        assert.equal(identify(list, { divisors: wrong }).found, [], `wrong list, ${about}`);
        // without it the decimals of the search tell it, where the numbers are precise enough
        const read = { ropeTheta: 10000, divisors: divisors.map((divisor) => Number(divisor.toFixed(2))) };
        // float16 tells the decimals of divisors below 3, all of them or none
        if (decimals && (format === 'float32' || (format === 'float16' && context === 4096))) {
          expect(list, 'invFreq', read, `list alone, ${about}`);
          expect(caches, 'rotary', read, `caches alone, ${about}`);
          continue;
        }
        // any decreasing list is a ladder divided by something: that is no answer
        assert.equal(identify(list).found, [], `list alone, ${about}`);
        const { found } = identify(caches);
        assert.is(found[0]?.encoding, 'rotary', `caches alone, ${about}`);
        assert.is(found[0].sure, 'likely');
        assert.match(found[0].unknown[0], /a ladder of any base times a list of per-pair factors/);
        const frequencies = found[0].options.invFreq as number[];
        // as far as 32 rows of so many bits tell them
        const slack = { float32: 1e-6, float16: 2e-5, bfloat16: 2e-4 }[format];
        frequencies.forEach((f, k) => {
          assert.ok(Math.abs(f - ladder.hi[k]) < slack * Math.max(1, attentionFactor), `${about} pair ${k}: ${f}`);
        });
      }
    }
  });

  test(`KERPLE, ${format}`, () => {
    const p = [0.5, 1, 2.25, 0.125];
    const a = [0.1, 1, 0.03125, 4];
    for (const kind of ['log', 'power'] as const) {
      const learned = { kind, p: kind === 'log' ? p : p.map((n) => n / 2), a };
      for (const causal of [false, true]) {
        const about = `${kind} ${causal} ${format}`;
        const bias = take(kerple({ ...learned, causal, queryLength: 24, keyLength: 24 }), format);
        const { found, reason } = identify(bias);
        assert.is(found[0]?.encoding, 'kerple', `${about}: ${reason}`);
        const { options } = found[0];
        assert.equal([options.kind, options.causal], [kind, causal || undefined], about);
        // made anew they are the numbers that were given
        const made = kerple({ ...options, queryLength: 24, keyLength: 24 } as KerpleOptions);
        const again = take(made, format).data;
        const slack = { float32: 1e-6, float16: 2e-3, bfloat16: 2e-2 }[format];
        bias.data.forEach((value, i) => {
          const same = value === again[i] || Math.abs(value - again[i]) <= slack * Math.abs(value);
          assert.ok(same, `${about} ${i}: ${value} ${again[i]}`);
        });
        if (format === 'float32') assert.equal([options.p, options.a], [learned.p, learned.a], about);
      }
      const decode = take(kerple({ ...learned, queryLength: 1, keyLength: 32 }), format);
      assert.is(identify(decode).found[0]?.encoding, 'kerple', `one row, ${kind} ${format}`);
    }
  });

  test(`three axes, ${format}`, () => {
    for (const [given, wanted] of [
      [{ variant: 'cogvideox', dim: 64 }, {}],
      [{ variant: 'vjepa', dim: 64 }, {}],
      [{ variant: 'vjepa', dim: 64, uniformPower: true }, { uniformPower: true }],
      [{ variant: 'vjepa', dim: 96, prefixTokens: 1 }, { prefixTokens: 1 }],
      [{ variant: 'prithvi', dim: 64 }, {}],
      [{ variant: 'prithvi', dim: 128, prefixTokens: 1 }, { prefixTokens: 1 }],
      [{ variant: 'tatp22', dim: 64 }, {}],
      [{ variant: 'tatp22', dim: 66 }, {}],
      [{ variant: 't2t', dim: 64 }, {}],
      [{ variant: 't2t', dim: 66 }, {}],
    ] as const) {
      for (const grid of [
        [2, 3, 5],
        [4, 8, 8],
      ]) {
        const about = `${JSON.stringify(given)} ${grid} ${format}`;
        const whole = take(sincos3d({ ...given, grid } as never), format);
        const rows = {
          data: whole.data.subarray(0, 32 * given.dim),
          shape: [Math.min(32, whole.data.length / given.dim), given.dim],
        };
        const base = given.variant === 't2t' ? { maxTimescale: 10000 } : { base: 10000 };
        const seen = grid[0] === 2 ? { grid } : {};
        expect(rows, 'sincos3d', { variant: given.variant, dim: given.dim, ...base, ...wanted, ...seen }, about);
      }
    }
    const scaled = sincos3d({
      variant: 'cogvideox',
      grid: [2, 3, 5],
      dim: 64,
      spatialInterpolationScale: 1.875,
      temporalInterpolationScale: 2,
    });
    const scales = { spatialInterpolationScale: 1.875, temporalInterpolationScale: 2 };
    const told = format === 'float32' ? scales : {};
    expect(take(scaled, format), 'sincos3d', { variant: 'cogvideox', grid: [2, 3, 5], ...told }, `scaled ${format}`);
  });

  test(`time steps, ${format}`, () => {
    const steps = [0, 1, 17, 250, 500.5, 731, 999];
    for (const [preset, dim, wanted] of [
      ['ddpm', 128, { flipSinToCos: false, downscaleFreqShift: 1 }],
      ['stable-diffusion', 320, { flipSinToCos: true, downscaleFreqShift: 0 }],
      ['dit', 256, { flipSinToCos: true, downscaleFreqShift: 0 }],
    ] as const) {
      const table = take(timestepEmbedding(steps, { preset, dim }), format);
      expect(
        table,
        'timestep',
        { ...wanted, dim, maxPeriod: 10000, ...(format === 'float32' && { steps }) },
        `${preset} ${format}`,
      );
    }
    const flux = take(timestepEmbedding([0.25, 0.5, 0.75, 1], { preset: 'flux', dim: 256 }), format);
    expect(flux, 'timestep', { maxPeriod: 10000, flipSinToCos: true }, `flux ${format}`);
  });

  test(`two axes, ${format}`, () => {
    for (const [given, wanted] of [
      [{ variant: 'mae', grid: [14, 14], dim: 64 }, { variant: 'mae' }],
      [
        { variant: 'mae', grid: [14, 14], dim: 64, prefixTokens: 1 },
        { variant: 'mae', prefixTokens: 1 },
      ],
      [{ variant: 'timm', grid: [14, 14], dim: 64 }, { variant: 'timm' }],
      [
        { variant: 'timm', grid: [14, 14], dim: 64, interleaveSinCos: true },
        { variant: 'timm', interleaveSinCos: true },
      ],
      [{ variant: 't2t', grid: [14, 14], dim: 64 }, { variant: 't2t' }],
      [
        { variant: 't2t', grid: [14, 14], dim: 66 },
        { variant: 't2t', dim: 66 },
      ],
      [{ variant: 'tatp22', grid: [14, 14], dim: 64 }, { variant: 'tatp22' }],
      [
        { variant: 'tatp22', grid: [14, 14], dim: 50 },
        { variant: 'tatp22', dim: 50 },
      ],
      [
        { variant: 'diffusers', grid: [12, 12], dim: 64, baseSize: 8 },
        { variant: 'diffusers', grid: [12, 12], baseSize: 8 },
      ],
    ] as const) {
      const about = `${JSON.stringify(given)} ${format}`;
      const whole = sincos2d(given as never);
      const width = whole.shape[whole.shape.length - 1];
      const rows = { data: take(whole, format).data.subarray(0, 32 * width), shape: [32, width] };
      expect(rows, 'sincos2d', wanted, about);
    }
    const detr = take(sincos2d({ variant: 'detr', grid: [4, 8], dim: 64 }), format);
    expect(detr, 'sincos2d', { variant: 'detr', grid: [4, 8] }, `detr ${format}`);
    const normalized = take(sincos2d({ variant: 'detr', grid: [4, 8], dim: 64, normalize: true }), format);
    expect(normalized, 'sincos2d', { variant: 'detr', normalize: true, grid: [4, 8] }, `detr normalized ${format}`);
  });

  test(`ALiBi, ${format}`, () => {
    for (const heads of [8, 12, 16, 20, 32, 71]) {
      const slopes = take(alibiSlopes({ heads }), format);
      expect(slopes, 'alibiSlopes', { heads, slopes: 'press', alibiBiasMax: 8 }, `slopes ${heads} ${format}`);
    }
    expect(
      take(alibiSlopes({ heads: 12, slopes: 'geometric' }), format),
      'alibiSlopes',
      { slopes: 'geometric' },
      'geometric',
    );
    expect(take(alibiSlopes({ heads: 16, alibiBiasMax: 16 }), format), 'alibiSlopes', { alibiBiasMax: 16 }, 'max 16');
    for (const form of ['distance', 'tril', 'key', 'key-last-zero', 'nonsymmetric'] as const) {
      for (const heads of [8, 12]) {
        const bias = take(alibi({ heads, keyLength: 24, form }), format);
        expect(bias, 'alibi', { heads, form }, `${form} ${heads} ${format}`);
      }
    }
    const causal = take(alibi({ heads: 8, keyLength: 24, queryLength: 8, causal: true }), format);
    expect(causal, 'alibi', { heads: 8, causal: true, queryLength: 8 }, `causal ${format}`);
    const row = take(alibi({ heads: 12, keyLength: 24, queryLength: 1, form: 'key' }), format);
    expect(row, 'alibi', { heads: 12, form: 'key' }, `one row ${format}`);
  });
}

/** What identify calls a cache of each rope type: a type that is missing here does not compile. */
const CALLED: Readonly<Record<RopeType, object>> = {
  default: { ropeTheta: 10000 },
  linear: { ropeType: 'linear', factor: 4 },
  // another base, and no word of the rule
  dynamic: { ropeTheta: 74534.8305519 },
  ntk: { ropeTheta: 85550.376238 },
  // the frequencies as they are
  'ntk-by-parts': { ropeTheta: undefined },
  yarn: { ropeType: 'yarn', ropeTheta: 1e6, factor: 4, originalMaxPositionEmbeddings: 32768 },
  'dynamic-yarn': { ropeType: 'yarn', factor: 4, originalMaxPositionEmbeddings: 2048 },
  longrope: { ropeTheta: 10000, divisors: (ROPE_EXAMPLES.longrope.spec as { longFactor?: unknown }).longFactor },
  llama3: { ropeType: 'llama3', ropeTheta: 5e5, factor: 8, originalMaxPositionEmbeddings: 8192 },
  proportional: { ropeTheta: undefined },
};

test('a cache of every rope type is a cache, and its rule is named or said to be open', () => {
  for (const [type, { spec, context }] of Object.entries(ROPE_EXAMPLES)) {
    const table = rotaryTable(spec, { length: 32, context });
    const { found } = identify(table);
    assert.is(found[0]?.encoding, 'rotary', type);
    for (const [key, value] of Object.entries(CALLED[type as RopeType]))
      assert.equal(found[0].options[key], value, `${type} ${key}`);
    const { ropeTheta, invFreq } = found[0].options as { ropeTheta?: number; invFreq?: number[] };
    if (ropeTheta !== undefined) continue;
    assert.is(found[0].sure, 'likely');
    const { ladder } = rotaryFrequencies(spec, { context });
    invFreq?.forEach((f, k) => {
      assert.ok(Math.abs(f - ladder.hi[k]) <= 2e-6 * ladder.hi[k] + 1e-9, `${type} pair ${k}: ${f} ${ladder.hi[k]}`);
    });
    assert.is(invFreq?.length, ladder.hi.length, type);
    table.dispose();
  }
});

test("T5's buckets", () => {
  for (const bidirectional of [true, false]) {
    const table = t5Buckets({ queryLength: 32, keyLength: 200, queryOffset: 0, bidirectional });
    const given = { data: Array.from(table.data), shape: table.shape };
    table.dispose();
    expect(given, 't5Buckets', { numBuckets: 32, maxDistance: 128, bidirectional }, `${bidirectional}`);
  }
  const other = t5Buckets({ queryLength: 16, keyLength: 300, numBuckets: 64, maxDistance: 256, queryOffset: 0 });
  expect(other, 't5Buckets', { numBuckets: 64, maxDistance: 256 }, 'other');
  const short = t5Buckets({ queryLength: 12, keyLength: 12 });
  const { found, also } = identify(short);
  assert.is(found[0].sure, 'likely');
  assert.ok(also.length > 0, 'short distances do not tell the rule');
});

/** Uniform numbers in [0, 1) that are the same in every run. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // the upper bits, twice: a linear generator's lower ones are poor
    const high = state >>> 8;
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (high + (state >>> 8) / 2 ** 24) / 2 ** 24;
  };
}

test('200 random tables, and tables that only look like one, are none of these', () => {
  const claims: string[] = [];
  for (let n = 0; n < 200; n++) {
    const random = randomFrom(n + 1);
    const [rows, columns] = [1 + Math.floor(random() * 32), 2 + Math.floor(random() * 64)];
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(6.283185307 * random());
    const kinds: (() => number)[] = [
      normal,
      random,
      () => Math.sin(100 * random()),
      () => Math.floor(32 * random()),
      () => 0.02 * normal(),
    ];
    const format = FORMATS[n % 3];
    const data = Float64Array.from({ length: rows * columns }, () => rounded(Math.fround(kinds[n % 5]()), format));
    if (n % 7 === 0) data.sort().reverse();
    const shape =
      n % 11 === 0 ? [rows * columns] : n % 13 === 0 && columns % 2 === 0 ? [rows, columns / 2, 2] : [rows, columns];
    const { found } = identify({ data, shape });
    if (found.length > 0) claims.push(`${n} [${shape}]: ${JSON.stringify(found[0])}`);
  }
  assert.equal(claims, []);
  // any decreasing list is a ladder for some divisors, any matrix of distances a kernel for some numbers
  for (let n = 0; n < 60; n++) {
    const random = randomFrom(1000 + n);
    const format = FORMATS[n % 3];
    const count = n % 2 === 0 ? 5 + Math.floor(random() * 6) : 16 + Math.floor(random() * 64);
    const list = Float64Array.from({ length: count }, (_, k) =>
      rounded(Math.fround(10000 ** (-k / count) / (1 + (n % 2 === 0 ? random() : 60 * random() ** 3))), format),
    );
    assert.equal(identify(list).found, [], `list ${n}`);
    const falling = Float64Array.from({ length: 24 }, random).sort();
    const matrix = Float64Array.from({ length: 24 * 24 }, (_, i) => {
      const distance = Math.floor(i / 24) - (i % 24);
      return distance <= 0 ? 0 : rounded(Math.fround(-falling[distance]), format);
    });
    assert.equal(identify({ data: matrix, shape: [24, 24] }).found, [], `matrix ${n}`);
  }
  // five numbers of 11 bits are tenths of some ladder by chance
  const few = Float64Array.from([1, 1.2, 1.5, 2.1, 4.7], (divisor, k) =>
    rounded(10000 ** (-k / 5) / divisor, 'float16'),
  );
  assert.equal(identify(few).found, []);
  // one wrong number, another wave, a learned table of the right statistics
  const spoilt = take(sinusoidal({ length: 32, dim: 64 }), 'float32');
  spoilt.data[777] += 1e-3;
  assert.equal(identify(spoilt).found, []);
  const other = Float64Array.from({ length: 32 * 64 }, (_, i) => Math.sin(((i >> 6) * ((i % 64) + 1)) / 7));
  assert.equal(identify({ data: other, shape: [32, 64] }).found, []);
  for (const flat of [new Array(64).fill(0), new Array(64).fill(1), [1, 2], [1]])
    assert.equal(identify(flat).found, []);
  const counting = Float64Array.from({ length: 64 }, (_, i) => i);
  assert.equal(identify({ data: counting, shape: [8, 8] }).found, []);
});

test('what is open is said', () => {
  const cosine = rotaryTable({ headDim: 128, ropeTheta: 500000 }, { length: 16 });
  const { found } = identify(take(cosine.cos, 'float32'));
  assert.match(found[0].unknown.join(), /hardly move in these rows/);
  assert.is(found[0].sure, 'likely');
  cosine.sin.dispose();
  const odd = identify(take(sinusoidal({ length: 32, dim: 64, base: 31234.5678 }), 'float32'));
  assert.match(odd.found[0].unknown.join(), /not round/);
  assert.is(identify(take(sinusoidal({ length: 32, dim: 64 }), 'bfloat16')).found[0].stored, 'bfloat16');
});

test('what is no array of numbers is refused', () => {
  for (const bad of [null, 'x', { cos: [1] }, [[1], [1, 2]], ['a', 'b'], [1, Number.NaN, 2]])
    assert.throws(
      () => identify(bad as never),
      (error: Error) => error.name === 'PosencError',
      String(bad),
    );
  assert.throws(() => identify({ cos: [[1, 2]], sin: [[1, 2, 3]] }), /expected the shape of cos, \[2\], got \[3\]/);
});

test.run();
