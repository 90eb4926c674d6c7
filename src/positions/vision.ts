/**
 * Coordinates of image and video patches in the order vision towers with patch merging take them: block by block of
 * merge x merge patches, rows of blocks first. Qwen2-VL, arXiv 2409.12191; transformers vision_utils.get_vision_position_ids.
 */
import { integer, options, size } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import { checkOut, chooseEngine, output } from '../runtime/operands.ts';
import type { Tensor } from '../runtime/tensor.ts';

export interface VisionPositionIdsOptions {
  /** Patches merged along each side. Default 1: row-major. */
  readonly spatialMergeSize?: number;
  /** Default 'hw'. */
  readonly axes?: 'hw' | 'thw';
  /** Existing int32 Tensor to write into. */
  readonly out?: Tensor<'int32'>;
  readonly engine?: Engine;
}

/**
 * @param gridThw frames, rows and columns of patches of every image or video, [images, 3] flat; rows and columns are
 * multiples of spatialMergeSize
 * @returns int32 [patches, 2] (h, w) or [patches, 3] (t, h, w), all images one after another: `positions` of axialTable
 * @throws ERR_OPTION, ERR_SHAPE, ERR_OUT_OF_MEMORY
 */
export function visionPositionIds(
  gridThw: ArrayLike<number | bigint>,
  given: VisionPositionIdsOptions = {},
): Tensor<'int32'> {
  const o = options('visionPositionIds', given, ['spatialMergeSize', 'axes', 'out', 'engine']);
  const merge = integer('spatialMergeSize', o.spatialMergeSize, 1, 1024, 1);
  const axes = o.axes ?? 'hw';
  if (axes !== 'hw' && axes !== 'thw') {
    throw new PosencError('ERR_OPTION', `axes: expected 'hw' or 'thw', got ${String(axes)}`);
  }
  const sides = Array.from(gridThw, (n, i) => size(`gridThw[${i}]`, Number(n), 0, 2 ** 24));
  if (sides.length % 3 !== 0) {
    throw new PosencError(
      'ERR_SHAPE',
      `gridThw: expected frames, rows, columns of each image, got ${sides.length} numbers`,
    );
  }
  let patches = 0;
  for (let i = 0; i < sides.length; i += 3) {
    const [t, h, w] = sides.slice(i, i + 3);
    if (h % merge !== 0 || w % merge !== 0) {
      throw new PosencError(
        'ERR_SHAPE',
        `gridThw: image ${i / 3} has ${h} x ${w} patches, which do not divide into blocks of spatialMergeSize ${merge}`,
      );
    }
    patches += t * h * w;
  }
  const shape = [patches, axes.length];
  const engine = chooseEngine(o.engine, o.out);
  checkOut(engine, o.out, shape, 'int32');
  const out = output(engine, o.out, shape, 'int32');
  const data = out.data;
  let at = 0;
  for (let i = 0; i < sides.length; i += 3) {
    const [frames, rows, columns] = sides.slice(i, i + 3);
    for (let t = 0; t < frames; t++) {
      for (let h = 0; h < rows; h += merge) {
        for (let w = 0; w < columns; w += merge) {
          for (let cell = 0; cell < merge * merge; cell++) {
            if (axes === 'thw') data[at++] = t;
            data[at++] = h + Math.floor(cell / merge);
            data[at++] = w + (cell % merge);
          }
        }
      }
    }
  }
  return out;
}
