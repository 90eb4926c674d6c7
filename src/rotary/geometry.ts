/**
 * Where the vectors of q, k or v lie: the layouts of transformers, flash-attention and ONNX Runtime, dense or strided
 * (docs/rotary.md).
 */
import { integer, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import type { Place } from '../runtime/gate.ts';
import { checkShape, elementsOf } from '../runtime/shapes.ts';

export const LAYOUTS = ['BSHD', 'BHSD', 'THD', 'BSD', 'TD'] as const;
export type Layout = (typeof LAYOUTS)[number];

export interface GeometryOptions {
  /**
   * B batch, S sequence, T packed tokens, H heads, D channels of a head; 'BSD' and 'TD' hold the heads side by side in one
   * axis of heads * D and need `heads`. Default 'BSHD'.
   */
  readonly layout?: Layout;
  /** Heads of a 'BSD' or 'TD' x. */
  readonly heads?: number;
  /** Sizes in the order of the layout: needed for a plain Float32Array. */
  readonly shape?: readonly number[];
  /** Elements between neighbours along batch, sequence (or token) and head. Default: contiguous. In place only. */
  readonly strides?: { readonly batch?: number; readonly sequence?: number; readonly head?: number };
}

export interface Geometry {
  readonly layout: Layout;
  readonly batch: number;
  readonly sequence: number;
  readonly heads: number;
  readonly channels: number;
  /** Elements from one batch, token and head to the next. */
  readonly strides: { readonly batch: number; readonly sequence: number; readonly head: number };
}

/**
 * How the vectors of x lie.
 * @throws ERR_SHAPE, ERR_OPTION
 */
export function geometryOf(x: Place, layout: Layout, o: GeometryOptions): Geometry {
  const axes = layout.length;
  const shape = shapeOfVectors(x, o);
  if (shape.length !== axes) {
    const fit = LAYOUTS.filter((known) => known.length === shape.length).map((known) => `'${known}'`);
    const fix = fit.length ? `; ${shape.length} sizes are layout ${fit.join(' or ')}` : '';
    throw new PosencError('ERR_SHAPE', `shape: layout '${layout}' has ${axes} sizes, got [${shape.join(', ')}]${fix}`);
  }
  const byHead = layout === 'BHSD';
  const token = layout === 'THD' || layout === 'TD' ? 0 : byHead ? 2 : 1;
  const batch = layout === 'THD' || layout === 'TD' ? 1 : shape[0];
  const sequence = shape[token];
  let heads = shape[byHead ? 1 : token + 1];
  let channels = shape[axes - 1];
  if (layout === 'BSD' || layout === 'TD') [heads, channels] = splitHeads(channels, layout, o.heads);
  else if (o.heads !== undefined) {
    throw new PosencError('ERR_OPTION', `heads: for layouts 'BSD' and 'TD'; layout '${layout}' has them in its shape`);
  }
  if (channels === 0) throw new PosencError('ERR_SHAPE', 'shape: a head needs at least one channel');
  const dense = byHead
    ? { batch: heads * sequence * channels, sequence: channels, head: sequence * channels }
    : { batch: sequence * heads * channels, sequence: heads * channels, head: channels };
  if (o.strides === undefined) return { layout, batch, sequence, heads, channels, strides: dense };
  const given = take('strides', o.strides, ['batch', 'sequence', 'head']);
  const stride = (name: 'batch' | 'sequence' | 'head') =>
    integer(`strides.${name}`, given[name], 0, 2 ** 29, dense[name]);
  const strides = { batch: stride('batch'), sequence: stride('sequence'), head: stride('head') };
  checkStrides(x.length, { batch, sequence, heads, channels }, strides);
  return { layout, batch, sequence, heads, channels, strides };
}

/** The sizes said by the caller, or those of x itself; with strides x may hold more numbers than that. */
export function shapeOfVectors(x: Place, o: Pick<GeometryOptions, 'shape' | 'strides'>): readonly number[] {
  if (o.shape === undefined) {
    if (o.strides !== undefined) throw new PosencError('ERR_SHAPE', 'shape: needed beside strides');
    if (x.shape.length > 1 || x.given !== undefined) return x.shape;
    throw new PosencError('ERR_SHAPE', `shape: a plain Float32Array needs it, for ${x.option} of ${x.length} numbers`);
  }
  const shape = checkShape('shape', o.shape);
  if (o.strides === undefined && elementsOf(shape) !== x.length) {
    throw new PosencError(
      'ERR_SHAPE',
      `shape: [${shape.join(', ')}] does not hold the ${x.length} numbers of ${x.option}`,
    );
  }
  return shape;
}

/** Heads and channels of a head, from heads * D side by side. */
function splitHeads(width: number, layout: Layout, given: unknown): [heads: number, channels: number] {
  if (given === undefined) {
    throw new PosencError('ERR_OPTION', `heads: layout '${layout}' needs it, to cut ${width} channels into heads`);
  }
  const heads = integer('heads', given, 0, 2 ** 24);
  const channels = heads === 0 ? 1 : width / heads;
  if (!Number.isInteger(channels) || heads * channels !== width) {
    throw new PosencError('ERR_SHAPE', `heads: ${width} channels do not divide into ${heads} heads`);
  }
  return [heads, channels];
}

/** Vectors must not overlap (in place they would be rotated twice) and must lie inside x. */
function checkStrides(
  length: number,
  { batch, sequence, heads, channels }: { batch: number; sequence: number; heads: number; channels: number },
  strides: Geometry['strides'],
): void {
  if (batch * sequence * heads === 0) return;
  const axes = [
    { n: batch, stride: strides.batch, name: 'batch' },
    { n: sequence, stride: strides.sequence, name: 'sequence' },
    { n: heads, stride: strides.head, name: 'head' },
  ].filter(({ n }) => n > 1);
  axes.sort((a, b) => a.stride - b.stride);
  let extent = channels;
  for (const { n, stride, name } of axes) {
    if (stride < extent) {
      throw new PosencError(
        'ERR_SHAPE',
        `strides.${name}: ${stride} makes vectors overlap; at least ${extent} is needed`,
      );
    }
    extent += (n - 1) * stride;
  }
  if (extent > length) {
    throw new PosencError('ERR_SHAPE', `strides: the vectors reach ${extent} numbers, but x has ${length}`);
  }
}
