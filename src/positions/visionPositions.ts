/** Positions of patches inside a vision tower of Qwen2-VL and its successors (rot_pos_emb, get_vision_position_ids). */
import { size, take } from '../runtime/arguments.ts';
import { MAX_MADE, type NumberList } from '../runtime/lists.ts';
import { dtypeOf, type IndexDtype, type Indices, indices } from './mask.ts';
import { grids } from './mropeMedia.ts';

/**
 * Positions of the patches a vision tower of Qwen2-VL sees: blocks of merge x merge patches, row by row.
 * @param options grids [t, h, w] of the pictures in patches, and the side of a merged block
 * @returns shape [patches, 3]: t, h, w
 * @throws PosencError ERR_OPTION, ERR_SHAPE
 * @example
 * console.log(visionPositions({ gridThw: [[1, 2, 2]], spatialMergeSize: 2 }).shape); // [ 4, 3 ]
 */
export function visionPositions<D extends IndexDtype = 'int32'>(options: {
  /** Shape [n, 3]: t, h, w in patches. */
  readonly gridThw: NumberList;
  /** Default 2. */
  readonly spatialMergeSize?: number;
  /** 'int32', 'int64' ...: the type of the positions. Default 'int32'. */
  readonly dtype?: D;
}): Indices<D> {
  const given = take('visionPositions', options, ['gridThw', 'spatialMergeSize', 'dtype']);
  const merge = size('spatialMergeSize', given.spatialMergeSize, 1, 1024, 2);
  const dtype = dtypeOf(given.dtype as D | undefined);
  const blocks = grids('gridThw', given.gridThw, merge, 1);
  const total = blocks.reduce((sum, { t, h, w }) => sum + t * h * w * merge * merge, 0);
  const out = new Float64Array(3 * size('gridThw', total, 0, MAX_MADE));
  let at = 0;
  for (const { t, h, w } of blocks) {
    // pictures, rows and columns of blocks, rows and columns inside a block
    for (let picture = 0; picture < t; picture++) {
      for (let y = 0; y < h * merge; y += merge) {
        for (let x = 0; x < w * merge; x += merge) {
          for (let i = 0; i < merge; i++) {
            for (let j = 0; j < merge; j++) {
              out[at++] = picture;
              out[at++] = y + i;
              out[at++] = x + j;
            }
          }
        }
      }
    }
  }
  return indices(dtype, [total, 3], out);
}
