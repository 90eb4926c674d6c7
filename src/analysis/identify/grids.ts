/**
 * Sines and cosines of two axes: half of the columns for each. The public arrangements: docs/absolute.md, "Two and three
 * axes". Rows run over the grid, the last axis fastest.
 */
import type { Layout } from './layouts.ts';
import { type Grid, roundest, type Stored } from './numbers.ts';
import { type Wave, waves, waveWith } from './waves.ts';

export interface GridWave {
  /** In the words of sincos2d. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly maxError: number;
  readonly told: number;
  readonly unknown: readonly string[];
}

type Arrangement = 'halves-concat' | 'halves-interleaved' | 'quarters' | 'halves-cut';

export function gridWaves(whole: Grid, stored: Stored, channelsFirst: boolean): GridWave[] {
  const found: GridWave[] = [];
  const grid = withoutZeros(whole);
  for (const arrangement of ['halves-concat', 'halves-interleaved', 'quarters', 'halves-cut'] as const) {
    for (const axes of axesOf(grid, arrangement, stored)) {
      const named = nameOf(grid, arrangement, axes, { columns: whole.columns, channelsFirst });
      if (named && !found.some((other) => JSON.stringify(other.options) === JSON.stringify(named.options)))
        found.push(named);
    }
  }
  return found;
}

/** tensor2tensor fills up with columns of zeros. */
function withoutZeros(grid: Grid): Grid {
  const { rows, columns, data } = grid;
  let kept = columns;
  while (kept > 0 && Array.from({ length: rows }, (_, r) => data[r * columns + kept - 1]).every((v) => v === 0)) kept--;
  // sines of position 0 are zeros too: only what cannot be divided into four is meant
  if (kept === columns || columns - kept > 3) return grid;
  const cut = new Float64Array(rows * kept);
  for (let r = 0; r < rows; r++) cut.set(data.subarray(r * columns, r * columns + kept), r * kept);
  return { rows, columns: kept, data: cut };
}

/** Both axes of one ladder. */
function axesOf(grid: Grid, arrangement: Arrangement, stored: Stored): [Wave, Wave][] {
  const layouts = blocksOf(grid.columns, arrangement);
  if (!layouts) return [];
  const [first, second] = layouts;
  const own = [waves(grid, first, stored), waves(grid, second, stored)];
  const ladders = own.flat().map(({ ladder }) => ladder);
  const list: [Wave, Wave][] = [];
  for (const ladder of ladders) {
    const a = own[0].find((wave) => same(wave, ladder)) ?? waveWith(grid, first, stored, ladder);
    const b = own[1].find((wave) => same(wave, ladder)) ?? waveWith(grid, second, stored, ladder);
    if (a && b && a.scaling === undefined && b.scaling === undefined) list.push([a, b]);
  }
  return list;
}

const same = ({ ladder }: Wave, { base, denominator }: Wave['ladder']): boolean =>
  ladder.base === base && ladder.denominator === denominator;

const list = (count: number, of: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => of(i));

function blocksOf(columns: number, arrangement: Arrangement): [Layout, Layout] | undefined {
  const block = (
    pairs: number,
    sin: (k: number) => number,
    cos: (k: number) => number,
    name: Layout['name'],
  ): Layout => {
    const inside = (column: number): number => (column < columns ? column : -1);
    return {
      name,
      order: 'sin-cos',
      pairs,
      sin: list(pairs, (k) => inside(sin(k))),
      cos: list(pairs, (k) => inside(cos(k))),
      width: 2 * pairs,
      zeroColumn: false,
    };
  };
  const q = columns / 4;
  if (arrangement === 'halves-cut') {
    // tatp22: an even width for each axis, the last one cut where the table ends
    const pairs = Math.ceil(columns / 4);
    if (columns % 4 === 0 || columns <= 2 * pairs) return undefined;
    const rest = Math.ceil((columns - 2 * pairs) / 2);
    return [
      block(
        pairs,
        (k) => 2 * k,
        (k) => 2 * k + 1,
        'interleaved',
      ),
      // the ladder is that of the whole width, though fewer columns are there
      {
        ...block(
          rest,
          (k) => 2 * (pairs + k),
          (k) => 2 * (pairs + k) + 1,
          'interleaved',
        ),
        width: 2 * pairs,
      },
    ];
  }
  if (!Number.isInteger(q) || q < 2) return undefined;
  if (arrangement === 'quarters') {
    return [
      block(
        q,
        (k) => k,
        (k) => 2 * q + k,
        'concat',
      ),
      block(
        q,
        (k) => q + k,
        (k) => 3 * q + k,
        'concat',
      ),
    ];
  }
  if (arrangement === 'halves-concat') {
    return [
      block(
        q,
        (k) => k,
        (k) => q + k,
        'concat',
      ),
      block(
        q,
        (k) => 2 * q + k,
        (k) => 3 * q + k,
        'concat',
      ),
    ];
  }
  return [
    block(
      q,
      (k) => 2 * k,
      (k) => 2 * k + 1,
      'interleaved',
    ),
    block(
      q,
      (k) => 2 * (q + k),
      (k) => 2 * (q + k) + 1,
      'interleaved',
    ),
  ];
}

interface Raster {
  /** First coordinate and step of an axis. */
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** A slow and a fast axis; undefined when the rows do not run over a grid. */
function rasterOf(slow: readonly number[], fast: readonly number[]): { slow: Raster; fast: Raster } | undefined {
  const rows = slow.flatMap((p, r) => (Number.isNaN(p) ? [] : [r]));
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-3 * Math.max(1e-3, Math.abs(b));
  const [a, b] = [rows.map((r) => slow[r]), rows.map((r) => fast[r])];
  let width = 1;
  while (width < a.length && a[width] === a[0]) width++;
  if (width < 2) return undefined;
  const step = { fast: b[1] - b[0], slow: width < a.length ? a[width] - a[0] : Number.NaN };
  if (!(step.fast > 0) || step.slow <= 0) return undefined;
  const fits = a.every((value, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    return near(b[i], b[0] + x * step.fast) && (y === 0 ? value === a[0] : near(value, a[0] + y * step.slow));
  });
  if (!fits) return undefined;
  return {
    slow: { start: a[0], step: step.slow, count: Math.ceil(a.length / width) },
    fast: { start: b[0], step: step.fast, count: width },
  };
}

function nameOf(
  grid: Grid,
  arrangement: Arrangement,
  [first, second]: readonly [Wave, Wave],
  given: Given,
): GridWave | undefined {
  const firstSlow = rasterOf(first.positions, second.positions);
  const raster = firstSlow ?? rasterOf(second.positions, first.positions);
  if (!raster) return undefined;
  const { base, denominator } = first.ladder;
  const { slow, fast } = raster;
  const unit = fast.step === 1 && (Number.isNaN(slow.step) || slow.step === 1);
  const less = denominator < first.layout.width / 2;
  const detr = given.channelsFirst || !unit || (slow.start > 0 && fast.start === 1);
  const variant = variantOf(arrangement, firstSlow !== undefined, less, detr);
  if (!variant || (given.columns !== grid.columns && variant.variant !== 't2t')) return undefined;
  const place = unit
    ? unitPlace(raster, variant.variant === 'detr' ? 1 : 0)
    : variant.variant === 'detr'
      ? normalized(raster)
      : variant.variant === 'mae'
        ? interpolated(raster)
        : undefined;
  if (!place) return undefined;
  const prefix = first.positions.findIndex((p) => !Number.isNaN(p));
  return {
    options: {
      ...variant,
      dim: given.columns,
      ...(variant.variant === 't2t' ? { maxTimescale: base } : { base }),
      ...place.options,
      ...(prefix > 0 && { prefixTokens: prefix }),
    },
    maxError: Math.max(first.maxError, second.maxError),
    told: Math.max(first.told, second.told),
    unknown:
      slow.count === 1
        ? ['the width of the grid (these rows do not reach its second line)', ...place.unknown]
        : place.unknown,
  };
}

interface Given {
  /** Columns with those that are all zero at the end. */
  readonly columns: number;
  /** The numbers came as [B, dim, H, W]. */
  readonly channelsFirst: boolean;
}
type Place = { readonly options: Readonly<Record<string, unknown>>; readonly unknown: readonly string[] };

function unitPlace({ slow, fast }: { slow: Raster; fast: Raster }, counted: number): Place {
  const offset = [slow.start - counted, fast.start - counted];
  return {
    options: { grid: [slow.count, fast.count], ...(offset.some((p) => p !== 0) && { offset }) },
    unknown: ['the height of the grid (rows may have been cut)'],
  };
}

/** diffusers: coordinate = index / (size / baseSize) / interpolationScale. */
function interpolated({ slow, fast }: { slow: Raster; fast: Raster }): Place | undefined {
  if (Number.isNaN(slow.step)) {
    return { options: { variant: 'diffusers' }, unknown: ['grid and baseSize: one coordinate step alone is told'] };
  }
  // 16-bit numbers tell a step to a few thousandths
  const rough = fast.step * fast.count;
  const [{ value: baseSize }] = roundest(rough * 0.997, rough * 1.003);
  const height = baseSize / slow.step;
  if (Math.abs(height - Math.round(height)) > 0.1) return undefined;
  const offset = [slow, fast].map(({ start, step }) => Math.round(start / step));
  return {
    options: {
      variant: 'diffusers',
      grid: [Math.round(height), fast.count],
      baseSize,
      ...(offset.some((p) => p !== 0) && { offset }),
    },
    unknown: ['baseSize apart from interpolationScale: their quotient is told'],
  };
}

/** DETR: (index + 1) / size * 2 pi. */
function normalized({ slow, fast }: { slow: Raster; fast: Raster }): Place | undefined {
  const sizes = [slow.step, fast.step].map((step) => (2 * Math.PI) / step);
  if (!sizes.every((n) => Number.isNaN(n) || Math.abs(n - Math.round(n)) < 1e-2)) return undefined;
  return {
    options: { normalize: true, grid: sizes.map((n) => (Number.isNaN(n) ? slow.count : Math.round(n))) },
    unknown: [],
  };
}

/** By arrangement, and whether the first block counts the slow axis (rows, y). */
function variantOf(
  arrangement: Arrangement,
  firstSlow: boolean,
  less: boolean,
  detr: boolean,
): { readonly variant: string; readonly interleaveSinCos?: true } | undefined {
  if (arrangement === 'halves-concat') {
    if (less) return firstSlow ? { variant: 't2t' } : undefined;
    return firstSlow ? { variant: 'timm', interleaveSinCos: true } : { variant: 'mae' };
  }
  if (!firstSlow || less) return undefined;
  if (arrangement === 'quarters') return { variant: 'timm' };
  return { variant: arrangement === 'halves-interleaved' && detr ? 'detr' : 'tatp22' };
}
