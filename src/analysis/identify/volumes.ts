/**
 * Sines and cosines of three axes: a block of columns for each. The public arrangements: docs/absolute.md, "Two and three axes".
 * Rows run over the volume, the last axis fastest; those of the first frame alone tell the variant.
 */
import type { Layout } from './layouts.ts';
import { type Grid, roundest, type Stored } from './numbers.ts';
import { type Wave, waves, waveWith } from './waves.ts';

export interface VolumeWave {
  /** In the words of sincos3d. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly maxError: number;
  readonly told: number;
  readonly unknown: readonly string[];
}

/** The columns of one axis: 0 the slowest, 2 the fastest. */
interface Block {
  readonly axis: 0 | 1 | 2;
  readonly layout: Layout;
  readonly denominator: number;
}

interface Variant {
  readonly options: Readonly<Record<string, unknown>>;
  readonly blocks: readonly Block[];
}

export function volumeWaves(grid: Grid, stored: Stored): VolumeWave[] {
  for (const variant of variantsOf(grid)) {
    const found = fit(grid, stored, variant);
    if (found) return [found];
  }
  return [];
}

/** Blocks behind one another, [axis, pairs]; what stands beyond the last column is cut off. */
function blocksOf(
  columns: number,
  style: 'concat' | 'interleaved',
  less: 0 | 1,
  widths: readonly (readonly [axis: 0 | 1 | 2, pairs: number])[],
): Block[] {
  let from = 0;
  return widths.map(([axis, pairs]) => {
    const place = (column: number): number => (column < columns ? column : -1);
    const start = from;
    from += 2 * pairs;
    const at = (k: number, cosine: 0 | 1): number =>
      place(style === 'concat' ? start + cosine * pairs + k : start + 2 * k + cosine);
    const list = (cosine: 0 | 1): number[] => Array.from({ length: pairs }, (_, k) => at(k, cosine));
    const layout: Layout = {
      name: style,
      order: 'sin-cos',
      pairs,
      sin: list(0),
      cos: list(1),
      width: 2 * pairs,
      zeroColumn: false,
    };
    return { axis, layout, denominator: pairs - less };
  });
}

function variantsOf({ rows, columns, data }: Grid): Variant[] {
  const list: Variant[] = [];
  const add = (variant: string, blocks: readonly Block[], more: Readonly<Record<string, unknown>> = {}): number =>
    list.push({ options: { variant, ...more }, blocks });
  const third = Math.ceil(columns / 6);
  const thirds = [0, 1, 2].map((axis) => [axis as 0 | 1 | 2, third] as const);
  if (columns % 16 === 0) {
    const wide = (3 * columns) / 16;
    add(
      'cogvideox',
      blocksOf(columns, 'concat', 0, [
        [0, columns / 8],
        [2, wide],
        [1, wide],
      ]),
    );
    add(
      'prithvi',
      blocksOf(columns, 'concat', 0, [
        [2, wide],
        [1, wide],
        [0, columns / 8],
      ]),
    );
  }
  if (columns % 8 === 0) {
    add(
      'vjepa',
      blocksOf(columns, 'concat', 0, [
        [0, columns / 4],
        [1, columns / 8],
        [2, columns / 8],
      ]),
    );
  }
  if (third >= 2 && columns > 4 * third) {
    add('vjepa', blocksOf(columns, 'concat', 0, thirds), { uniformPower: true });
    add('tatp22', blocksOf(columns, 'interleaved', 0, thirds));
  }
  const n = Math.floor(columns / 6);
  const rest = Array.from({ length: rows }, (_, r) => data.subarray(r * columns + 6 * n, (r + 1) * columns));
  if (n >= 2 && rest.every((row) => row.every((value) => value === 0))) {
    add(
      't2t',
      blocksOf(columns, 'concat', 1, [
        [0, n],
        [1, n],
        [2, n],
      ]),
    );
  }
  return list;
}

/** All three axes of one base. */
function fit(grid: Grid, stored: Stored, { options, blocks }: Variant): VolumeWave | undefined {
  const bases = new Set<number>();
  for (const { layout, denominator } of blocks) {
    for (const { ladder, scaling, told } of waves(grid, layout, stored))
      if (ladder.denominator === denominator && scaling === undefined && told >= 2) bases.add(ladder.base);
  }
  for (const base of bases) {
    const found = blocks.map(({ layout, denominator }) => waveWith(grid, layout, stored, { base, denominator }));
    if (!found.every((wave): wave is Wave => wave !== undefined)) continue;
    const positions = [0, 1, 2].map((axis) => found[blocks.findIndex((block) => block.axis === axis)].positions);
    const place = rasterOf(positions);
    if (!place) continue;
    const scales = scalesOf(options.variant === 'cogvideox', place.step, stored);
    if (!scales) continue;
    const prefix = positions[2].findIndex((p) => !Number.isNaN(p));
    return {
      options: {
        ...options,
        dim: grid.columns,
        grid: place.count,
        ...(options.variant === 't2t' ? { maxTimescale: base } : { base }),
        ...scales,
        ...(place.offset.some((n) => n !== 0) && { offset: place.offset }),
        ...(prefix > 0 && { prefixTokens: prefix }),
      },
      maxError: Math.max(...found.map(({ maxError }) => maxError)),
      told: Math.max(...found.map(({ told }) => told)),
      unknown: place.unknown,
    };
  }
  return undefined;
}

interface Raster {
  readonly count: readonly number[];
  /** NaN where an axis does not move in these rows. */
  readonly step: readonly number[];
  /** First coordinate of each axis, in steps. */
  readonly offset: readonly number[];
  readonly unknown: readonly string[];
}

/** A volume that the rows run over from its first line on; undefined when they do not. */
function rasterOf(positions: readonly (readonly number[])[]): Raster | undefined {
  const [slow, middle, fast] = positions.map((list) => list.filter((p) => !Number.isNaN(p)));
  const rows = fast.length;
  if (slow.length !== rows || middle.length !== rows) return undefined;
  const again = (list: readonly number[], by: number): number => {
    let at = by;
    while (at < rows && list[at] !== list[0]) at += by;
    return at;
  };
  const width = Math.min(again(fast, 1), rows);
  const plane = Math.min(again(middle, width), Math.ceil(rows / width) * width);
  if (width < 2) return undefined;
  const step = [
    plane < rows ? slow[plane] - slow[0] : Number.NaN,
    width < rows && width < plane ? middle[width] - middle[0] : Number.NaN,
    fast[1] - fast[0],
  ];
  if (step.some((by) => by <= 0)) return undefined;
  const near = (got: number, start: number, by: number, index: number): boolean => {
    const want = index === 0 ? start : start + index * by;
    return Math.abs(got - want) <= 1e-3 * Math.max(1e-3, Math.abs(want));
  };
  for (let r = 0; r < rows; r++) {
    const cell = r % plane;
    if (!near(slow[r], slow[0], step[0], Math.floor(r / plane))) return undefined;
    if (!near(middle[r], middle[0], step[1], Math.floor(cell / width))) return undefined;
    if (!near(fast[r], fast[0], step[2], cell % width)) return undefined;
  }
  const offset = [slow, middle, fast].map((list, axis) => list[0] / (Number.isNaN(step[axis]) ? 1 : step[axis]));
  const whole = offset.map(Math.round);
  if (offset.some((n, axis) => Math.abs(n - whole[axis]) > 1e-2)) return undefined;
  const open = ['how many frames there are'];
  if (Number.isNaN(step[0])) open.push('the height of a frame (these rows do not reach the second one)');
  if (Number.isNaN(step[1])) open.push('the width of a frame (these rows do not reach its second line)');
  return {
    count: [Math.ceil(rows / plane), Math.ceil(Math.min(plane, rows) / width), width],
    step,
    offset: whole,
    unknown: open,
  };
}

/** Whole steps, or CogVideoX's divisors of the coordinates: as round as what is known about them allows. */
function scalesOf(
  divides: boolean,
  [time, high, wide]: readonly number[],
  stored: Stored,
): Readonly<Record<string, number>> | undefined {
  const slack = stored === 'float32' ? 1e-5 : 4e-3;
  const one = (by: number): boolean => Number.isNaN(by) || Math.abs(by - 1) < slack;
  if ([time, high, wide].every(one)) return {};
  if (!divides || Math.abs(high - wide) > 2 * slack * wide) return undefined;
  const scale = (by: number): number => roundest((1 - slack) / by, (1 + slack) / by)[0].value;
  return {
    ...(!one(wide) && { spatialInterpolationScale: scale(wide) }),
    ...(!one(time) && { temporalInterpolationScale: scale(time) }),
  };
}
