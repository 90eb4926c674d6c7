/** The list of encodings, by family, in the order of the page. */
import { T, type Text } from '../text.ts';
import type { View } from '../view.ts';
import { absoluteViews } from './absolute.ts';
import { biasViews } from './bias.ts';
import { tableBiasViews } from './biasTables.ts';
import { contentViews } from './content.ts';
import { joiningViews } from './joining.ts';
import { moreBiasViews } from './moreBias.ts';
import { convolutionViews, learnedViews, stepViews } from './produced.ts';
import { rotaryViews } from './rotary.ts';
import { relativesOfRotation } from './xpos.ts';

export interface Family {
  readonly title: Text;
  readonly views: readonly View[];
}

export const families: readonly Family[] = [
  { title: T('Absolute', '绝对位置'), views: [...absoluteViews, ...learnedViews, ...joiningViews] },
  { title: T('Rotary', '旋转'), views: [...rotaryViews, ...relativesOfRotation] },
  { title: T('Step by step', '逐步递推'), views: stepViews },
  { title: T('Convolution', '卷积'), views: convolutionViews },
  { title: T('Bias by distance', '距离偏置'), views: [...biasViews, ...tableBiasViews, ...moreBiasViews] },
  { title: T('Content and distance', '内容与距离'), views: contentViews },
];

export const encodings: readonly View[] = families.flatMap(({ views }) => views);
