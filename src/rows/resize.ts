/**
 * Resizing a 2-D table of positions to another grid, as vision transformers do for another image size: separable bicubic,
 * bilinear or nearest interpolation with the rules of torch.nn.functional.interpolate (and of PIL when antialias is on).
 *   out[y, x] = sum_a sum_b Wh[y, a] Ww[x, b] table[a, b]
 */
import { boolean, finite, oneOf, size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Floats, gate } from '../runtime/gate.ts';
import { numbers } from '../runtime/lists.ts';
import type { EngineOption, OutOption } from '../runtime/options.ts';
import { elementsOf, rowsIn } from '../runtime/shapes.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { blend, type Taps, tileOf } from './taps.ts';

const MODES = ['bicubic', 'bilinear', 'nearest', 'nearest-exact'] as const;

export type ResizeMode = (typeof MODES)[number];

export interface ResizePositionTableOptions extends OutOption, EngineOption {
  /** Grid of the table, [height, width]. Default: the square that its rows make, or the sizes of a [h, w, d] table. */
  readonly from?: readonly [number, number];
  /** Grid wanted, [height, width]. */
  readonly to: readonly [number, number];
  /**
   * Default 'bicubic' (ViT, DINOv2, MAE, DeiT; timm with antialias); 'bilinear': BEiT's bias table; 'nearest' (TimeSformer) and
   * 'nearest-exact' pick cells by torch's float32 steps.
   */
  readonly mode?: ResizeMode;
  /** PIL's widened filter, bicubic a = -0.5 instead of -0.75 (timm). Not for 'nearest' and 'nearest-exact'. Default false. */
  readonly antialias?: boolean;
  /** Corner cells keep their place. Not for 'nearest' and 'nearest-exact'. Default false. */
  readonly alignCorners?: boolean;
  /** torch's scale_factor, one or [height, width]: steps are 1 / scale instead of from / to (the original DINO). */
  readonly scale?: number | readonly [number, number];
  /** Rows in front that are copied (CLS, distillation). Default 0. */
  readonly prefixTokens?: number;
  /** Rows at the end that are copied (BEiT's three). Default 0. */
  readonly suffixTokens?: number;
  /** 'HWC': cells are rows of d numbers; 'CHW': [..., h, w] planes. Default 'HWC'. */
  readonly layout?: 'HWC' | 'CHW';
  /** Shape of the table; needed for a plain Float32Array. */
  readonly shape?: readonly number[];
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
  'engine',
] as const;

/**
 * A table [prefix + h w + suffix, d], [1, ..., d] or [h, w, d] (layout 'CHW': [..., h, w]) on another grid.
 * Weights are float64, blends are summed in float64 and rounded once: within float32 rounding of torch.
 * @param table float32, [prefix + h w + suffix, d], [1, ..., d] or [h, w, d]
 * @param given the grids `from` and `to`, prefix and suffix tokens, mode, antialias
 * @returns float32, the table's form with the new grid: [prefix + H W + suffix, d] ...
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 * @see Dosovitskiy et al., ViT, arXiv 2010.11929, section 3.2; torch.nn.functional.interpolate
 * @example
 * console.log(resizePositionTable(Tensor.zeros([1 + 14 * 14, 8]), { prefixTokens: 1, to: [16, 16] }).shape); // [ 257, 8 ]
 */
export function resizePositionTable(table: Floats, given: ResizePositionTableOptions): Tensor {
  const o = take('resizePositionTable', given, OPTIONS);
  const mode = oneOf('mode', o.mode, MODES, 'bicubic');
  const antialias = boolean('antialias', o.antialias, false);
  const alignCorners = boolean('alignCorners', o.alignCorners, false);
  const layout = oneOf('layout', o.layout, ['HWC', 'CHW'], 'HWC');
  const prefix = size('prefixTokens', o.prefixTokens, 0, undefined, 0);
  const suffix = size('suffixTokens', o.suffixTokens, 0, undefined, 0);
  const [height, width] = pair('to', o.to);
  if (mode.startsWith('nearest') && (antialias || alignCorners)) {
    throw new PosencError('ERR_OPTION', `mode: '${mode}' has neither antialias nor alignCorners; leave them out`);
  }
  const scales = scalesOf(o.scale, alignCorners);
  const call = gate('resizePositionTable', o.engine);
  const source = call.input('table', table, o.shape);
  const { shape } = source;
  const { h, w, channels, outShape } =
    layout === 'HWC' ? cells(shape, o.from, prefix + suffix, [height, width]) : planes(shape, o, [height, width]);
  const resized = call.output('out', o.out, outShape);
  const tapsH = taps(h, height, { mode, antialias, alignCorners, scale: scales?.[0] });
  const tapsW = taps(w, width, { mode, antialias, alignCorners, scale: scales?.[1] });
  const tile = tileOf(call.engine, tapsH, tapsW, w, layout === 'HWC' ? channels : 1);
  return call.run((engine) => {
    if (resized.length === 0) return resized.tensor;
    const grid = { to: resized.pointer, from: source.pointer, h, w, height, width };
    if (layout === 'CHW') {
      const strides = { row: 4 * w, cell: 4, outRow: 4 * width, outCell: 4 };
      for (let c = 0; c < channels; c++) {
        const plane = { ...grid, to: grid.to + 4 * c * height * width, from: grid.from + 4 * c * h * w };
        blend(engine, plane, strides, 1, tapsH, tapsW, tile);
      }
    } else {
      const row = 4 * channels;
      const { kernels } = engine;
      kernels.copyRows(grid.to, row, grid.from, row, prefix, channels, prefix);
      const [toEnd, fromEnd] = [grid.to + row * (prefix + height * width), grid.from + row * (prefix + h * w)];
      kernels.copyRows(toEnd, row, fromEnd, row, suffix, channels, suffix);
      const inner = { ...grid, to: grid.to + row * prefix, from: grid.from + row * prefix };
      const strides = { row: row * w, cell: row, outRow: row * width, outCell: row };
      blend(engine, inner, strides, channels, tapsH, tapsW, tile);
    }
    return resized.tensor;
  });
}

function pair(option: string, value: unknown): readonly [number, number] {
  const list = numbers(option, value, 2);
  return [size(`${option}[0]`, list[0], 1, 65536), size(`${option}[1]`, list[1], 1, 65536)];
}

function scalesOf(
  given: ResizePositionTableOptions['scale'],
  alignCorners: boolean,
): readonly [number, number] | undefined {
  if (given === undefined) return undefined;
  if (alignCorners) throw new PosencError('ERR_OPTION', 'scale: has no effect with alignCorners; leave one out');
  const list = typeof given === 'number' ? [given, given] : numbers('scale', given, 2);
  return [finite('scale', list[0], { above: 0 }), finite('scale', list[1], { above: 0 })];
}

interface Geometry {
  readonly h: number;
  readonly w: number;
  readonly channels: number;
  readonly outShape: readonly number[];
}

/** The grid of a table whose cells are rows. */
function cells(shape: readonly number[], from: unknown, extra: number, to: readonly [number, number]): Geometry {
  if (shape.length < 2 || shape.length > 3) {
    throw new PosencError('ERR_SHAPE', `table: expected [rows, d] or [h, w, d], got [${shape.join(', ')}]`);
  }
  const channels = shape[shape.length - 1];
  if (channels === 0) throw new PosencError('ERR_SHAPE', 'table: its rows have no columns');
  const rows = rowsIn(shape);
  const isGrid = shape.length === 3 && extra === 0 && (from === undefined ? shape[0] > 1 : false);
  const given = from === undefined ? undefined : pair('from', from);
  const asGrid = isGrid || (shape.length === 3 && given?.[0] === shape[0] && given[1] === shape[1] && extra === 0);
  const [h, w] = given ?? (isGrid ? [shape[0], shape[1]] : square(rows, extra));
  if (h * w + extra !== rows || h < 1 || w < 1) {
    throw new PosencError(
      'ERR_SHAPE',
      `from: a grid of ${h} x ${w} and ${extra} extra rows are ${h * w + extra} rows, the table has ${rows}`,
    );
  }
  const outRows = extra + to[0] * to[1];
  const outShape = asGrid ? [...to, channels] : shape.length === 3 ? [1, outRows, channels] : [outRows, channels];
  if (shape.length === 3 && !asGrid && shape[0] !== 1) {
    throw new PosencError('ERR_SHAPE', `table: [${shape.join(', ')}] is no grid of ${h} x ${w}; give it as [rows, d]`);
  }
  return { h, w, channels, outShape };
}

function square(rows: number, extra: number): readonly [number, number] {
  const side = Math.round(Math.sqrt(Math.max(0, rows - extra)));
  if (side * side + extra === rows && side > 0) return [side, side];
  throw new PosencError(
    'ERR_SHAPE',
    `from: ${rows} rows less ${extra} extra ones make no square; give from: [height, width], or prefixTokens`,
  );
}

function planes(shape: readonly number[], o: ResizePositionTableOptions, to: readonly [number, number]): Geometry {
  if ((o.prefixTokens ?? 0) + (o.suffixTokens ?? 0) > 0) {
    throw new PosencError('ERR_OPTION', "layout: 'CHW' has no extra rows; leave prefixTokens and suffixTokens out");
  }
  if (shape.length < 2) {
    throw new PosencError('ERR_SHAPE', `table: expected [..., h, w], got [${shape.join(', ')}]`);
  }
  const [h, w] = shape.slice(-2);
  const given = o.from === undefined ? [h, w] : pair('from', o.from);
  if (given[0] !== h || given[1] !== w || h < 1 || w < 1) {
    throw new PosencError('ERR_SHAPE', `from: [${given.join(', ')}] is not the grid of [${shape.join(', ')}]`);
  }
  const leading = shape.slice(0, -2);
  return { h, w, channels: elementsOf(leading), outShape: [...leading, ...to] };
}

interface Rule {
  readonly mode: ResizeMode;
  readonly antialias: boolean;
  readonly alignCorners: boolean;
  readonly scale?: number;
}

function taps(n: number, m: number, rule: Rule): Taps {
  const { mode, antialias, alignCorners } = rule;
  const step = alignCorners ? (m > 1 ? (n - 1) / (m - 1) : 0) : rule.scale === undefined ? n / m : 1 / rule.scale;
  const start = new Int32Array(m);
  const weights: Float32Array[] = [];
  for (let out = 0; out < m; out++) {
    let first: number;
    let list: number[];
    if (mode === 'nearest' || mode === 'nearest-exact') {
      // torch's own step and products, all float32: at 15 pairs of sizes up to 64 the quotient of integers picks another cell
      const at = mode === 'nearest' ? out : out + 0.5;
      [first, list] = [Math.floor(Math.fround(at * Math.fround(step))), [1]];
    } else if (antialias) [first, list] = widened(n, out, step, mode);
    else {
      const src = alignCorners ? step * out : step * (out + 0.5) - 0.5;
      if (mode === 'bilinear') {
        const at = Math.max(src, 0);
        first = Math.floor(at);
        list = [1 - (at - first), at - first];
      } else {
        first = Math.floor(src) - 1;
        const t = src - Math.floor(src);
        list = [cubic(1 + t, -0.75), cubic(t, -0.75), cubic(1 - t, -0.75), cubic(2 - t, -0.75)];
      }
    }
    const low = Math.min(Math.max(first, 0), n - 1);
    const high = Math.min(Math.max(first + list.length - 1, 0), n - 1);
    const merged = new Float64Array(high - low + 1);
    for (let i = 0; i < list.length; i++) merged[Math.min(Math.max(first + i, low), high) - low] += list[i];
    start[out] = low;
    weights.push(Float32Array.from(merged));
  }
  return { start, weights, most: Math.max(...weights.map((w) => w.length)) };
}

/** Keys' cubic convolution kernel at distance t >= 0. */
function cubic(t: number, a: number): number {
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
}

/** PIL: the filter stretched by the step when shrinking, its weights made to sum to one. */
function widened(n: number, out: number, step: number, mode: 'bicubic' | 'bilinear'): [number, number[]] {
  const stretch = Math.max(step, 1);
  const support = (mode === 'bicubic' ? 2 : 1) * stretch;
  const centre = step * (out + 0.5);
  const first = Math.max(Math.trunc(centre - support + 0.5), 0);
  const end = Math.min(Math.trunc(centre + support + 0.5), n);
  const list: number[] = [];
  let sum = 0;
  for (let j = first; j < end; j++) {
    const t = Math.abs((j - centre + 0.5) / stretch);
    const weight = mode === 'bicubic' ? cubic(t, -0.5) : Math.max(0, 1 - t);
    list.push(weight);
    sum += weight;
  }
  // a scale override can leave an output cell beyond the table without any
  if (list.length === 0 || sum === 0) return [Math.min(first, n - 1), [0]];
  return [first, list.map((weight) => weight / sum)];
}
