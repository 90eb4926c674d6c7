/**
 * DETR's sine embedding over padded images. Carion et al., arXiv 2005.12872; models/position_encoding.py PositionEmbeddingSine.
 *   y = number of valid cells from the top down to this one, x = from the left (1 at the first), optionally
 *   y = (y + offset) / (valid cells of the column + eps) * scale;   value = sin, cos of y temperature^(-2 m / f), interleaved.
 * The offset is -1/2 in Deformable DETR and its descendants (Zhu et al., arXiv 2010.04159), 0 in DETR.
 */
import { ladder, MAX_COLUMNS } from '../phase/ladder.ts';
import { checkFrequencies } from '../phase/plan.ts';
import { stridedPhases } from '../phase/strided.ts';
import { boolean, finite, size, take } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { type Call, gate, type Out } from '../runtime/gate.ts';
import type { MaskList } from '../runtime/lists.ts';
import { checkShape } from '../runtime/shapes.ts';
import type { Tensor } from '../runtime/tensor.ts';

export interface DetrOptions {
  /** [H, W] of images without padding; or give `mask`. */
  readonly grid?: readonly [number, number];
  /** Images, with `grid`. Default 1. */
  readonly batch?: number;
  /** [B, H, W], 1 or true = padding (DETR's own sense), row-major. */
  readonly mask?: MaskList;
  /** The temperature. Default 10000. */
  readonly base?: number;
  /** Divide by the valid size and multiply by `scale`. Default false. */
  readonly normalize?: boolean;
  /** With `normalize`. Default 2 pi. */
  readonly scale?: number;
  /** With `normalize`. Default 1e-6. */
  readonly eps?: number;
  /** With `normalize`: added to every count. -0.5: Deformable DETR, DINO, DETA, Co-DETR, mmdetection's `offset`. Default 0. */
  readonly positionOffset?: number;
}

const OPTIONS = [
  'variant',
  'dim',
  'grid',
  'batch',
  'mask',
  'base',
  'normalize',
  'scale',
  'eps',
  'positionOffset',
  'precision',
  'out',
  'engine',
] as const;

/** @internal sincos2d({ variant: 'detr' }): [B, dim, H, W], the dim / 2 channels of y first. */
export function detrSine(given: DetrOptions & { dim: number; precision?: string; out?: Out; engine?: Engine }): Tensor {
  const o = take('sincos2d', given, OPTIONS);
  const dim = size('dim', o.dim, 4, MAX_COLUMNS);
  if (dim % 4 !== 0) {
    throw new PosencError('ERR_OPTION', `dim: 'detr' has an even number of channels for y and for x, got ${dim}`);
  }
  if (o.precision !== undefined && o.precision !== 'exact') {
    throw new PosencError('ERR_OPTION', `precision: 'detr' is computed in 'exact' only, got ${show(o.precision)}`);
  }
  const base = finite('base', o.base, { above: 0 }, 10000);
  const normalize = boolean('normalize', o.normalize, false);
  for (const option of ['scale', 'eps', 'positionOffset'] as const) {
    if (normalize || o[option] === undefined) continue;
    throw new PosencError(
      'ERR_OPTION',
      `${option}: has no effect without normalize; leave it out, or set normalize: true`,
    );
  }
  const scale = finite('scale', o.scale, {}, 2 * Math.PI);
  const eps = finite('eps', o.eps, { above: 0 }, 1e-6);
  const offset = finite('positionOffset', o.positionOffset, {}, 0);
  const call = gate('sincos2d', o.engine);
  const { batch, height, width, valid } = images(call, o);
  const frequencies = ladder({ base, count: dim / 4, denominator: dim / 4 });
  checkFrequencies(frequencies);
  const result = call.output('out', o.out, [batch, dim, height, width]);
  const plane = height * width;
  return call.run((engine) => {
    for (let b = 0; b < batch && plane > 0; b++) {
      const ys = counts(valid, b * plane, height, width, width, 1);
      const xs = counts(valid, b * plane, width, height, 1, width);
      if (normalize) {
        divide(ys, height, width, width, 1, offset, scale, eps);
        divide(xs, width, height, 1, width, offset, scale, eps);
      }
      const image = result.pointer + 4 * b * dim * plane;
      const strides = { rowStride: 4, columnStride: 8 * plane };
      stridedPhases(engine, frequencies, ys, { sin: image, cos: image + 4 * plane, ...strides });
      const second = image + 2 * dim * plane;
      stridedPhases(engine, frequencies, xs, { sin: second, cos: second + 4 * plane, ...strides });
    }
    return result.tensor;
  });
}

interface Images {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly valid: (cell: number) => number;
}

function images(call: Call, o: DetrOptions): Images {
  if ((o.grid === undefined) === (o.mask === undefined)) {
    throw new PosencError('ERR_OPTION', "sincos2d: 'detr' takes either 'grid' (no padding) or 'mask'");
  }
  if (o.mask === undefined) {
    const grid = checkShape('grid', o.grid);
    if (grid.length !== 2) throw new PosencError('ERR_SHAPE', `grid: expected [height, width], got ${show(o.grid)}`);
    const [height, width] = grid.map((n, i) => size(`grid[${i}]`, n, 0, 2 ** 24));
    return { batch: size('batch', o.batch, 0, 2 ** 24, 1), height, width, valid: () => 1 };
  }
  if (o.batch !== undefined) throw new PosencError('ERR_OPTION', 'batch: belongs to grid; a mask has its own');
  const { data, shape } = call.mask('mask', o.mask);
  if (shape.length !== 3) {
    throw new PosencError('ERR_SHAPE', `mask: expected [B, H, W] with 1 for padding, got [${shape.join(', ')}]`);
  }
  const [batch, height, width] = shape;
  return { batch, height, width, valid: (cell) => 1 - data[cell] };
}

/** Running number of valid cells along lines of `length` cells, `step` apart; the `lines` begin `between` apart. */
function counts(
  valid: (cell: number) => number,
  first: number,
  length: number,
  lines: number,
  step: number,
  between: number,
): Float64Array {
  const result = new Float64Array(length * lines);
  for (let line = 0; line < lines; line++) {
    for (let i = 0, sum = 0; i < length; i++) {
      const cell = line * between + i * step;
      sum += valid(first + cell);
      result[cell] = sum;
    }
  }
  return result;
}

/** Each line, moved by the offset, divided by its last count. */
function divide(
  counted: Float64Array,
  length: number,
  lines: number,
  step: number,
  between: number,
  offset: number,
  scale: number,
  eps: number,
): void {
  for (let line = 0; line < lines; line++) {
    const total = counted[line * between + (length - 1) * step] + eps;
    for (let i = 0; i < length; i++) {
      const cell = line * between + i * step;
      counted[cell] = (counted[cell] + offset) * (scale / total);
    }
  }
}
