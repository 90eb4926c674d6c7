/** The list of encodings, by family, in the order of the page. */
import { T, type Text } from '../text.ts';
import type { View } from '../view.ts';
import { absoluteViews } from './absolute.ts';
import { biasViews } from './bias.ts';
import { tableBiasViews } from './biasTables.ts';
import { contentViews } from './content.ts';
import { rotaryViews } from './rotary.ts';

export interface Family {
  readonly title: Text;
  readonly views: readonly View[];
}

export const families: readonly Family[] = [
  { title: T('Absolute', '绝对位置'), views: absoluteViews },
  { title: T('Rotary', '旋转'), views: rotaryViews },
  { title: T('Bias by distance', '距离偏置'), views: [...biasViews, ...tableBiasViews] },
  { title: T('Content and distance', '内容与距离'), views: contentViews },
];

export const encodings: readonly View[] = families.flatMap(({ views }) => views);
