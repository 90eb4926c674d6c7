/** Section 5: images. */
import { T } from '../text.ts';
import { stacked } from './section.ts';
import { sections } from './views.ts';

export const imagesSection = stacked(
  'images',
  T('Images', '图像'),
  T(
    'A picture has no single order. Models give its patches two or three positions, a matrix of offsets, or a table that is resized.',
    '图像没有唯一的顺序。模型给每个图块两到三个位置、一张偏移矩阵，或一张可缩放的表。',
  ),
  sections.images,
);
