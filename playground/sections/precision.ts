/** Section 4: the precision lens. */
import { T } from '../text.ts';
import { stacked } from './section.ts';
import { sections } from './views.ts';

export const precisionSection = stacked(
  'precision',
  T('Precision lens', '精度透镜'),
  T(
    'The formula is simple; the last digits are not. Here is what each number format does to it, up to sixteen million positions.',
    '公式很简单，末位数字却不简单。这里展示各种数字格式的影响，直到一千六百万个位置。',
  ),
  sections.precision,
);
