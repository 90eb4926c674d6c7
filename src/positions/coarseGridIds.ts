/**
 * Rows of a fixed square position table for a grid of another size: every patch takes the row at its place in the image.
 * Idefics2 and 3, SmolVLM, MiniCPM-V, BAGEL (fractional coordinates of NaViT, arXiv 2307.06304, section 3.2), as
 * integers: floor(i N / n). The public float32 code buckets i/n against k/N and gives one less at a few cells where
 * the two are equal (N 70 with n 25, 49, 50, 55; N 35 with n 25; N 27 with n 27), and its versions differ there.
 */
import { size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { integerList, type MaskList, maskList, type NumberList } from '../runtime/lists.ts';
import { dtypeOf, type IndexDtype, type Indices, indices } from './mask.ts';

export interface CoarseGridIdsOptions<D extends IndexDtype = 'int32'> {
  /** N: the table has N x N rows (image_size / patch_size of the vision tower). */
  readonly patchesPerSide: number;
  /** Shape [h, w]: patches of one image. One of `grid` and `mask`. */
  readonly grid?: NumberList;
  /** [B, H, W] of 0 and 1 (patch_attention_mask): the patches of each image fill the upper left corner; padding gets row 0. */
  readonly mask?: MaskList | readonly (readonly (readonly number[])[])[];
  /** 'int32', 'int64' ...: the type of the ids. Default 'int32'. */
  readonly dtype?: D;
}

/**
 * Ids of the rows of a position table for grids of other sizes.
 * @param options rows a side of the table, and the `grid` or `mask` of the patches
 * @returns [h * w] for `grid`, [B, H * W] for `mask`
 * @throws PosencError ERR_OPTION, ERR_SHAPE
 * @example
 * console.log(coarseGridIds({ patchesPerSide: 32, grid: [2, 3] }).data); // Int32Array(6) [ 0, 10, 21, 512, 522, 533 ]
 */
export function coarseGridIds<D extends IndexDtype = 'int32'>(options: CoarseGridIdsOptions<D>): Indices<D> {
  const given = take('coarseGridIds', options, ['patchesPerSide', 'grid', 'mask', 'dtype']);
  const side = size('patchesPerSide', given.patchesPerSide, 1, 2 ** 15);
  const dtype = dtypeOf(given.dtype as D | undefined);
  if ((given.grid === undefined) === (given.mask === undefined)) {
    throw new PosencError('ERR_OPTION', 'coarseGridIds: give either grid or mask');
  }
  const id = (y: number, x: number, h: number, w: number): number =>
    Math.floor((y * side) / h) * side + Math.floor((x * side) / w);
  if (given.grid !== undefined) {
    const { data: sizes } = integerList('grid', given.grid, 1, 2 ** 14);
    if (sizes.length !== 2) throw new PosencError('ERR_SHAPE', `grid: expected [h, w], got ${sizes.length} numbers`);
    const [h, w] = sizes;
    const out = Float64Array.from({ length: h * w }, (_, i) => id(Math.floor(i / w), i % w, h, w));
    return indices(dtype, [h * w], out);
  }
  const { data: values, shape } = maskList('mask', given.mask);
  if (shape.length !== 3) {
    throw new PosencError('ERR_SHAPE', `mask: expected shape [B, H, W], got [${shape.join(', ')}]`);
  }
  const [batch, height, width] = shape;
  const out = new Float64Array(values.length);
  for (let b = 0; b < batch; b++) {
    const image = values.subarray(b * height * width, (b + 1) * height * width);
    let [h, w] = [0, 0];
    while (h < height && image[h * width] === 1) h++;
    while (w < width && image[w] === 1) w++;
    for (let i = 0; i < image.length; i++) {
      const [y, x] = [Math.floor(i / width), i % width];
      const inside = y < h && x < w;
      if ((image[i] === 1) !== inside) {
        throw new PosencError(
          'ERR_SHAPE',
          `mask: image ${b} has ${h} patches in its first column and ${w} in its first row, but row ${y}, column ${x} is ${image[i]}; its patches must fill that rectangle`,
        );
      }
      if (inside) out[b * image.length + i] = id(y, x, h, w);
    }
  }
  return indices(dtype, [batch, height * width], out);
}
