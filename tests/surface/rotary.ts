/** Calls of posenc/rotary. */
import { type Engine, popeTable, rotaryTable } from '../../src/index.ts';
import type { Random } from '../support/random.ts';
import { floats, rowOptions } from './absolute.ts';
import type { Generator } from './generators.ts';
import { Floats, List, Made } from './material.ts';

type Spec = { headDim: number; [option: string]: unknown };

/** Specifications of several rules; the rule files have properties of their own. */
export function specOf(random: Random, headDim = 2 * random.int(2, 12)): Spec {
  const pairing = random.pick(['half', 'interleaved']);
  const precision = random.pick(['torch', 'exact']);
  const rule = random.pick<Record<string, unknown>>([
    {},
    { ropeType: 'linear', factor: 4 },
    { ropeType: 'yarn', factor: 4, originalMaxPositionEmbeddings: 64 },
    {
      ropeType: 'llama3',
      factor: 8,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalMaxPositionEmbeddings: 64,
    },
  ]);
  return { headDim, pairing, precision, ...(random.chance(0.3) && { ropeTheta: 500000 }), ...rule };
}

const made = (spec: Spec, options: object) =>
  new Made((engine: Engine) => rotaryTable(spec as never, { ...options, engine } as never));

/** q or k in a layout, a table of its width, and where its tokens stand. */
function rotation(random: Random, layouts: readonly string[] = ['BSHD', 'BHSD', 'THD']) {
  const layout = random.pick(layouts);
  const [b, s, h] = [layout === 'THD' ? 1 : random.int(1, 3), random.int(1, 6), random.int(1, 3)];
  const spec = specOf(random);
  const d = spec.headDim;
  const shape = layout === 'THD' ? [s, h, d] : layout === 'BHSD' ? [b, h, s, d] : [b, s, h, d];
  const length = s + random.int(0, 9);
  const dtype = random.pick(['float32', 'float32', 'float16', 'bfloat16']);
  const table = made(spec, { length, dtype });
  const where = random.pick<Record<string, unknown>>([
    {},
    { offset: random.int(0, length - s) },
    {
      positions: new List(
        Array.from({ length: b * s }, () => random.int(0, length - 1)),
        [b * s],
      ),
    },
  ]);
  const n = shape.reduce((a, c) => a * c, 1);
  return {
    layout,
    shape,
    spec,
    table,
    length,
    where,
    x: (changed: boolean) => new Floats(random.floats(n), shape, changed),
  };
}

function reRotated(random: Random): Record<string, unknown> & { args: unknown[] } {
  const { layout, where, table, x } = rotation(random);
  return { args: [x(true), table, { layout, ...where }] };
}

export const rotary: Readonly<Record<string, Generator>> = {
  rotaryTable(random) {
    const { options } = rowOptions(random);
    const dtype = random.pick(['float32', 'float32', 'float16', 'bfloat16']);
    return { args: [specOf(random), { ...options, context: 4096, dtype }], out: 'pair' };
  },
  axialPositions: (random) => ({
    args: [
      {
        model: random.pick(['flux', 'flux-2']),
        grid: [random.int(0, 4), random.int(1, 4)],
        textLength: random.int(0, 3),
      },
    ],
    engine: false,
  }),
  goldenGateFrequencies: (random) => ({
    args: [
      {
        heads: random.int(1, 3),
        pairs: random.int(1, 6),
        axes: random.int(1, 3),
        minFrequency: 1,
        maxFrequency: random.int(1, 30),
        zeroFraction: random.pick([0, 0.5]),
      },
    ],
    out: 'one',
  }),
  rotaryFrequencies: (random) => ({ args: [specOf(random)], engine: false }),
  invFreq: (random) => ({ args: [specOf(random), { context: random.int(1, 999) }], engine: false }),
  applyRotary(random) {
    const { layout, where, table, x } = rotation(random);
    const into = random.chance(0.4);
    const inverse = random.chance(0.3);
    return { args: [x(!into), table, { layout, ...where, inverse }], ...(into && { out: 'one' as const }) };
  },
  applyRotaryQKV(random) {
    const [b, s, spec] = [random.int(1, 2), random.int(1, 5), specOf(random)];
    const [queryHeads, keyHeads] = [random.int(0, 3), random.int(0, 2)];
    const shape = [b, s, queryHeads + 2 * keyHeads, spec.headDim];
    const into = random.chance(0.5);
    const n = shape.reduce((a, c) => a * c, 1);
    return {
      args: [new Floats(random.floats(n), shape, !into), made(spec, { length: s + 2 }), { queryHeads, keyHeads }],
      ...(into && n > 0 && { out: 'one' as const }),
    };
  },
  scaleQuery(random) {
    const { layout, x } = rotation(random);
    return { args: [x(true), { layout }] };
  },
  shiftKeys(random) {
    const { layout, spec, x } = rotation(random);
    return { args: [x(true), random.int(-9, 9), spec, { layout, context: 4096 }] };
  },
  retable(random) {
    const { layout, where, table, spec, length, x } = rotation(random);
    const to = made({ ...spec, ropeTheta: 77777 }, { length });
    return { args: [x(true), table, to, { layout, ...where }] };
  },
  unrotate: (random) => reRotated(random),
  prepareDecode(random) {
    const spec = specOf(random);
    const shape = [random.int(1, 2), 1, random.int(1, 3), spec.headDim];
    const q = new Floats(random.floats(shape.reduce((a, c) => a * c, 1)), shape, true, true);
    return { args: [{ q, table: made(spec, { length: 9 }) }] };
  },
  rotaryTableFrom(random) {
    const [n, h] = [random.int(1, 5), random.int(1, 6)];
    const layout = random.pick([
      'half',
      'full_duplicated',
      'full_interleaved',
      'cos_sin_concat',
      'sin_cos_interleaved',
    ]);
    const width = layout === 'half' ? h : 2 * h;
    if (layout.includes('cos_')) return { args: [{ table: floats(random, [n, width]), tableLayout: layout }] };
    // columns that are copies, as the layout says
    const copies = (half: Float32Array) => {
      if (layout === 'half') return half;
      const rows = Array.from({ length: n }, (_, t) => Array.from(half.subarray(t * h, (t + 1) * h)));
      const twice = (row: number[]) => (layout === 'full_duplicated' ? [...row, ...row] : row.flatMap((f) => [f, f]));
      return Float32Array.from(rows.flatMap(twice));
    };
    const side = () => new Floats(copies(random.floats(n * h)), [n, width]);
    return { args: [{ cos: side(), sin: side(), tableLayout: layout }] };
  },
  rotaryTableAs(random) {
    const layout = random.pick(['half', 'full_duplicated', 'per_channel', 'cos_sin_concat', 'complex']);
    const joined = layout === 'cos_sin_concat' || layout === 'complex';
    const dtype = random.pick(['float32', 'float16', 'bfloat16']);
    const table = made(specOf(random), { length: random.int(1, 6), dtype });
    return { args: [table, { tableLayout: layout }], out: joined ? 'one' : 'pair', engine: false };
  },
  mropeTableFrom(random) {
    const spec = { headDim: 12, pairing: 'half' };
    const n = random.int(1, 5);
    const positions = new List(
      Array.from({ length: 3 * n }, () => random.int(0, 7)),
      [3 * n],
    );
    return {
      args: [made(spec, { length: 8 }), { positions, mropeSection: [2, 2, 2] }],
      out: 'pair',
      engine: false,
    };
  },
  rotaryTableFromAngles: (random) => ({
    args: [floats(random, [random.int(1, 5), random.int(1, 4)], 9), { freqRanges: new List([1, 0.5], [2], 'number') }],
    out: 'pair',
  }),
  mixedAxialTable: (random) => ({
    args: [floats(random, [2, random.int(1, 2), random.int(1, 4)]), { grid: [random.int(1, 4), random.int(1, 4)] }],
    out: 'pair',
  }),
  axialTable: (random) => ({
    args: [
      { headDim: 16, preset: random.pick(['pixtral', 'eva-02']) },
      { grid: [random.int(1, 4), random.int(1, 4)], prefixTokens: random.int(0, 2) },
    ],
    out: 'pair',
  }),
  axialAngles: (random) => ({
    args: [{ headDim: 16 }, { grid: [random.int(1, 4), random.int(1, 4)] }],
    out: 'one',
  }),
  xposCachedTables(random) {
    const keyLength = random.int(1, 9);
    const center = random.pick<unknown>([4, 'rotary-embedding-torch']);
    return { args: [{ headDim: 8 }, { queryLength: random.int(0, keyLength), keyLength, center }] };
  },
  xposTable(random) {
    const { headDim, pairing, precision } = specOf(random);
    return {
      args: [
        { headDim, pairing, precision },
        { length: random.int(0, 9), side: random.pick(['query', 'key']), center: random.int(-5, 9) },
      ],
      out: 'pair',
    };
  },
  popeTable(random) {
    const { options } = rowOptions(random);
    const dim = random.int(1, 8);
    const bias = new List(Array.from(random.floats(2 * dim)), [2 * dim], 'number');
    return { args: [{ ...options, dim, ...(random.chance(0.5) && { bias }) }], out: 'pair' };
  },
  applyPope(random) {
    const [b, s, h, dim] = [random.int(1, 2), random.int(1, 4), random.int(1, 2), random.int(1, 6)];
    const layout = random.pick(['BSHD', 'BHSD']);
    const shape = layout === 'BSHD' ? [b, s, h, dim] : [b, h, s, dim];
    return {
      args: [
        floats(random, shape),
        new Made((engine) => popeTable({ dim, length: s + 2, engine })),
        { layout, offset: random.int(0, 2) },
      ],
      out: 'one',
    };
  },
  ggmlRotaryTable(random) {
    const { options } = rowOptions(random, 6);
    const nDims = 2 * random.int(2, 8);
    return { args: [{ nDims, mode: random.pick(['NORMAL', 'NEOX']), freqScale: 0.5 }, options], out: 'pair' };
  },
};
