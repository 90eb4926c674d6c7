/**
 * Resizing a 2-D table of positions: torch.nn.functional.interpolate in float64, as two dense matrices of weights.
 *   out[y, x] = sum_a sum_b Wh[y, a] Ww[x, b] table[a, b]
 */
import { elements, onlyKeys, output, type ReferenceTensor, type Shaped, shaped, word } from './result.ts';

export interface ResizePositionTableOptions {
  /** Grid of the table; default the square its rows make, or the sizes of a [h, w, d] table. */
  readonly from?: readonly [number, number];
  readonly to: readonly [number, number];
  readonly mode?: 'bicubic' | 'bilinear' | 'nearest' | 'nearest-exact';
  readonly antialias?: boolean;
  readonly alignCorners?: boolean;
  readonly scale?: number | readonly [number, number];
  readonly prefixTokens?: number;
  readonly suffixTokens?: number;
  readonly layout?: 'HWC' | 'CHW';
  readonly shape?: readonly number[];
  readonly out?: Float32Array | Shaped;
}

const OPTIONS = [
  'from',
  'to',
  'mode',
  'antialias',
  'alignCorners',
  'scale',
  'prefixTokens',
  'suffixTokens',
  'layout',
  'shape',
  'out',
];

/** The table on the grid `to`: [prefix + H W + suffix, d], [1, ..., d], [H, W, d], or [..., H, W] for 'CHW'. */
export function resizePositionTable(
  table: Float32Array | Shaped,
  options: ResizePositionTableOptions,
): ReferenceTensor {
  onlyKeys('resizePositionTable', options, OPTIONS);
  const { shape, data } = shaped('table', table, options.shape);
  const prefix = options.prefixTokens ?? 0;
  const suffix = options.suffixTokens ?? 0;
  const channelsFirst = word('layout', options.layout ?? 'HWC', ['HWC', 'CHW']) === 'CHW';
  const [height, width] = options.to;
  const d = channelsFirst ? elements(shape.slice(0, -2)) : shape[shape.length - 1];
  const rows = elements(shape) / d;
  const isGrid = !channelsFirst && shape.length === 3 && shape[0] > 1;
  const side = Math.round(Math.sqrt(rows - prefix - suffix));
  const [h, w] = options.from ?? (channelsFirst ? shape.slice(-2) : isGrid ? shape : [side, side]);
  if (h * w + prefix + suffix !== rows) throw new RangeError(`from: ${h} x ${w} does not fit ${rows} rows`);
  const scale = typeof options.scale === 'number' ? [options.scale, options.scale] : options.scale;
  const wh = weightMatrix(h, height, options, scale?.[0]);
  const ww = weightMatrix(w, width, options, scale?.[1]);

  const outRows = prefix + height * width + suffix;
  const outShape = channelsFirst
    ? [...shape.slice(0, -2), height, width]
    : isGrid
      ? [height, width, d]
      : [...shape.slice(0, -2), outRows, d];
  const result = output(outShape, options.out);
  const source = (cell: number, c: number) => (channelsFirst ? c * h * w + cell : (prefix + cell) * d + c);
  const target = (cell: number, c: number) => (channelsFirst ? c * height * width + cell : (prefix + cell) * d + c);
  for (let c = 0; c < d; c++) {
    for (let y = 0; y < height; y++) {
      const line = new Float64Array(w);
      for (let b = 0; b < w; b++) {
        for (let a = 0; a < h; a++) line[b] += wh[y][a] * data[source(a * w + b, c)];
      }
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let b = 0; b < w; b++) sum += ww[x][b] * line[b];
        result.data[target(y * width + x, c)] = sum;
      }
    }
  }
  result.data.set(data.subarray(0, prefix * d));
  result.data.set(data.subarray((prefix + h * w) * d), (prefix + height * width) * d);
  return result;
}

/** W[o][i]: what input i contributes to output o. */
function weightMatrix(n: number, m: number, options: ResizePositionTableOptions, scale?: number): Float64Array[] {
  const mode = word('mode', options.mode ?? 'bicubic', ['bicubic', 'bilinear', 'nearest', 'nearest-exact']);
  const a = options.antialias ? -0.5 : -0.75;
  const filter = (t: number) => {
    const x = Math.abs(t);
    if (mode === 'bilinear') return Math.max(0, 1 - x);
    if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
    return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
  };
  return Array.from({ length: m }, (_, o) => {
    const row = new Float64Array(n);
    const clamp = (i: number) => Math.min(Math.max(i, 0), n - 1);
    if (mode === 'nearest' || mode === 'nearest-exact') {
      // float32 throughout, as torch
      const ratio = Math.fround(scale === undefined ? n / m : 1 / scale);
      row[clamp(Math.floor(Math.fround((mode === 'nearest' ? o : o + 0.5) * ratio)))] = 1;
      return row;
    }
    const step = options.alignCorners ? (m > 1 ? (n - 1) / (m - 1) : 0) : scale === undefined ? n / m : 1 / scale;
    if (options.antialias) {
      const stretch = Math.max(1, step);
      const centre = step * (o + 0.5);
      const support = (mode === 'bicubic' ? 2 : 1) * stretch;
      const end = Math.min(n, Math.trunc(centre + support + 0.5));
      for (let i = Math.max(0, Math.trunc(centre - support + 0.5)); i < end; i++) {
        row[i] = filter((i - centre + 0.5) / stretch);
      }
      const sum = row.reduce((x, y) => x + y, 0);
      return sum === 0 ? row : row.map((x) => x / sum);
    }
    let src = options.alignCorners ? step * o : step * (o + 0.5) - 0.5;
    if (mode === 'bilinear') src = Math.max(0, src);
    for (let i = Math.floor(src) - 1; i <= Math.floor(src) + 2; i++) row[clamp(i)] += filter(src - i);
    return row;
  });
}

export interface ResizeRelativeTableOptions {
  readonly from?: readonly [number, number];
  readonly to: readonly [number, number];
  readonly extraRows?: number;
  readonly shape?: readonly number[];
}

/** A table [(2h-1)(2w-1) + extra, heads] for another window: linear between places in geometric progression. */
export function resizeRelativeTable(
  table: Float32Array | Shaped,
  options: ResizeRelativeTableOptions,
): ReferenceTensor {
  const { shape, data } = shaped('table', table, options.shape);
  const { to, extraRows = 0 } = options;
  const [rows, heads] = shape;
  const side = (Math.sqrt(rows - extraRows) + 1) / 2;
  const from = options.from ?? [side, side];
  const [h, w] = from.map((n) => 2 * n - 1);
  const [height, width] = to.map((n) => 2 * n - 1);
  const same = h === height && w === width;
  const [ys, xs] = [places(h, height), places(w, width)];
  const cell = (y: number, x: number, c: number) => data[(y * w + x) * heads + c];
  const result = output([height * width + extraRows, heads]);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [a, b] = same ? [y, x] : [indexAt(ys, y - (height - 1) / 2), indexAt(xs, x - (width - 1) / 2)];
      const [y0, x0] = [Math.floor(a), Math.floor(b)];
      const [y1, x1] = [Math.min(y0 + 1, h - 1), Math.min(x0 + 1, w - 1)];
      for (let c = 0; c < heads; c++) {
        const upper = cell(y0, x0, c) * (1 - (b - x0)) + cell(y0, x1, c) * (b - x0);
        const lower = cell(y1, x0, c) * (1 - (b - x0)) + cell(y1, x1, c) * (b - x0);
        result.data[(y * width + x) * heads + c] = upper * (1 - (a - y0)) + lower * (a - y0);
      }
    }
  }
  result.data.set(data.subarray(h * w * heads), height * width * heads);
  return result;
}

/** A fractional index into ascending places, held at both ends. */
function indexAt(list: readonly number[], at: number): number {
  if (at <= list[0]) return 0;
  const next = list.findIndex((place) => place > at);
  if (next < 0) return list.length - 1;
  return next - 1 + (at - list[next - 1]) / (list[next] - list[next - 1]);
}

function places(n: number, m: number): number[] {
  const steps = Math.floor(n / 2);
  const reach = (q: number, count: number) => (q ** count - 1) / (q - 1);
  let [left, right] = [1.01, 1.5];
  let q = left;
  while (right - left > 1e-6) {
    q = (left + right) / 2;
    if (reach(q, steps) > Math.floor(m / 2)) right = q;
    else left = q;
  }
  const positive = Array.from({ length: steps }, (_, i) => reach(q, i + 1));
  return [...positive.map((x) => -x).reverse(), 0, ...positive];
}
