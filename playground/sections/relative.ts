/** Section 2: relative or absolute? */
import { T } from '../text.ts';
import { stacked } from './section.ts';
import { sections } from './views.ts';

export const relativeSection = stacked(
  'relative',
  T('Relative or absolute?', '相对还是绝对？'),
  T(
    'Attention alone does not know order. An encoding tells it where things are, or how far apart: this is how to see which.',
    '注意力本身不知道顺序。编码告诉它“在哪里”，或“相距多远”：在这里可以看出是哪一种。',
  ),
  sections.relative,
);
