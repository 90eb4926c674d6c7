/**
 * Coordinates of the tokens of image and video generators, for axialTable({ positions }): which cell a token is, and where the
 * text stands beside the images. diffusers: pipeline_flux, pipeline_flux2, transformer_qwenimage, get_3d_rotary_pos_embed.
 */
import { boolean, finite, oneOf, size, take } from '../runtime/arguments.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { MAX_MADE, numbers } from '../runtime/lists.ts';
import { checkShape } from '../runtime/shapes.ts';
import { linspace } from './axialGrid.ts';

export type AxialPositionsOptions =
  /** Tokens: text first, then the image. Text at 0 (Flux.2: counted on the fourth axis), image at its cells. */
  | {
      /** Whose coordinates. */
      readonly model: 'flux' | 'flux-2';
      /** [height, width] in packed latent cells. */
      readonly grid: readonly number[];
      /** Default 0. */
      readonly textLength?: number;
    }
  /** Tokens: text first, then the images. Cells from the centre of each image; text on all axes behind the largest half side. */
  | {
      readonly model: 'qwen-image';
      /** [frames, height, width] of one image or video, or a list of several (Qwen-Image-Edit). */
      readonly grid: readonly number[] | readonly (readonly number[])[];
      /** Default 0. */
      readonly textLength?: number;
      /** false: cells counted from 0, text behind the largest side (scale_rope=False). Default true. */
      readonly centered?: boolean;
    }
  /** Cells of [frames, height, width]: of a crop (CogVideoX 1.0), or plain indices without one (1.5). */
  | {
      readonly model: 'cogvideox';
      /** [frames, height, width] in patches. */
      readonly grid: readonly number[];
      /** [[top, left], [bottom, right]] in cells of the size the model was trained on. */
      readonly crop?: readonly (readonly number[])[];
    };

/**
 * Coordinates of all tokens, in the order of the model's joint attention.
 * Coordinates are integers, or float64.
 * @param given the `model`, its `grid` in patches, and the number of text tokens
 * @returns `data` of `shape` [tokens, axes], 3 axes (Flux.2: 4)
 * @throws ERR_OPTION, ERR_SHAPE
 * @see diffusers: pipeline_flux, pipeline_flux2, transformer_qwenimage, get_3d_rotary_pos_embed
 * @example
 * const ids = axialPositions({ model: 'flux', grid: [64, 64], textLength: 512 });
 */
export function axialPositions(given: AxialPositionsOptions): {
  readonly shape: readonly [number, number];
  readonly data: Float64Array;
} {
  const o = take('axialPositions', given as Flat, ['model', 'grid', 'textLength', 'centered', 'crop']);
  const model = oneOf('model', o.model, ['flux', 'flux-2', 'qwen-image', 'cogvideox']);
  const others = { flux: [], 'flux-2': [], 'qwen-image': ['centered'], cogvideox: ['crop'] }[model] as string[];
  for (const option of ['centered', 'crop', 'textLength'] as const) {
    const known = option === 'textLength' ? model !== 'cogvideox' : others.includes(option);
    if (o[option] === undefined || known) continue;
    throw new PosencError('ERR_OPTION', `${option}: has no effect for model '${model}'; leave it out`);
  }
  const text = size('textLength', o.textLength, 0, MAX_MADE, 0);
  if (model === 'qwen-image') return qwenImage(o, text);
  if (model === 'cogvideox') return cogVideo(o);
  const [height, width] = sides('grid', o.grid, 2);
  const axes = model === 'flux' ? 3 : 4;
  const rows = table(text + height * width, axes);
  if (axes === 4) for (let t = 0; t < text; t++) rows.data[4 * t + 3] = t;
  fill(rows, text, [[0], counted(height), counted(width)]);
  return rows;
}

interface Flat {
  readonly model?: unknown;
  readonly grid?: unknown;
  readonly textLength?: unknown;
  readonly centered?: unknown;
  readonly crop?: unknown;
}

interface Rows {
  readonly shape: readonly [number, number];
  readonly data: Float64Array;
}

function table(tokens: number, axes: number): Rows {
  size('tokens', tokens, 0, MAX_MADE);
  return { shape: [tokens, axes], data: new Float64Array(tokens * axes) };
}

/** The product of three axes, the last one fastest, from token `first`. Returns the token behind it. */
function fill({ shape, data }: Rows, first: number, [ts, ys, xs]: readonly ArrayLike<number>[]): number {
  let at = first * shape[1];
  for (let t = 0; t < ts.length; t++) {
    for (let y = 0; y < ys.length; y++) {
      for (let x = 0; x < xs.length; x++, at += shape[1]) {
        data[at] = ts[t];
        data[at + 1] = ys[y];
        data[at + 2] = xs[x];
      }
    }
  }
  return at / shape[1];
}

function counted(n: number, from = 0): Float64Array {
  const list = new Float64Array(n);
  for (let i = 0; i < n; i++) list[i] = from + i;
  return list;
}

function qwenImage(o: Flat, text: number): Rows {
  const centered = boolean('centered', o.centered, true);
  const several = Array.isArray(o.grid) && (Array.isArray(o.grid[0]) || ArrayBuffer.isView(o.grid[0]));
  const images = several
    ? (o.grid as unknown[]).map((grid, i) => sides(`grid[${i}]`, grid, 3))
    : [sides('grid', o.grid, 3)];
  let tokens = text;
  let start = 0;
  for (const [frames, height, width] of images) {
    tokens += size('tokens', frames * height * width, 0, MAX_MADE);
    const reach = (side: number) => (centered ? Math.floor(side / 2) : side);
    start = Math.max(start, reach(height), reach(width));
  }
  const rows = table(tokens, 3);
  for (let i = 0; i < 3 * text; i++) rows.data[i] = start + Math.floor(i / 3);
  let next = text;
  images.forEach(([frames, height, width], i) => {
    const from = (side: number) => (centered ? -Math.ceil(side / 2) : 0);
    next = fill(rows, next, [counted(frames, i), counted(height, from(height)), counted(width, from(width))]);
  });
  return rows;
}

function cogVideo(o: Flat): Rows {
  const [frames, height, width] = sides('grid', o.grid, 3);
  const rows = table(frames * height * width, 3);
  if (o.crop === undefined) {
    fill(rows, 0, [counted(frames), counted(height), counted(width)]);
    return rows;
  }
  if (!Array.isArray(o.crop) || o.crop.length !== 2) {
    throw new PosencError('ERR_SHAPE', `crop: expected [[top, left], [bottom, right]], got ${show(o.crop)}`);
  }
  const [start, stop] = o.crop.map((corner, i) => numbers(`crop[${i}]`, corner, 2));
  const points = (axis: number, n: number) => {
    const last = (finite('crop', stop[axis]) * (n - 1)) / n;
    return Float64Array.from({ length: n }, (_, i) => linspace(start[axis], last, n, i, Math.fround));
  };
  fill(rows, 0, [counted(frames), points(0, height), points(1, width)]);
  return rows;
}

function sides(option: string, value: unknown, count: number): readonly number[] {
  const list = checkShape(option, value);
  if (list.length !== count) {
    throw new PosencError('ERR_SHAPE', `${option}: expected ${count} sides, got ${show(value)}`);
  }
  return list.map((n, axis) => size(`${option}[${axis}]`, n, 0, 2 ** 24));
}
