/** The list of encodings, by family, in the order of the page. */
import { T, type Text } from '../text.ts';
import type { View } from '../view.ts';
import { absoluteViews } from './absolute.ts';
import { decayView, permutationView, termsView } from './analysis.ts';
import { biasViews } from './bias.ts';
import { tableBiasViews } from './biasTables.ts';
import { contentViews } from './content.ts';
import { gridViews } from './grids.ts';
import { hybridViews } from './hybrid.ts';
import { imageViews } from './images.ts';
import { joiningViews } from './joining.ts';
import { moreBiasViews } from './moreBias.ts';
import { precisionView } from './precision.ts';
import { convolutionViews, learnedViews, stepViews } from './produced.ts';
import { scoresView } from './relative.ts';
import { rotaryViews } from './rotary.ts';
import { speechBiasViews, speechScoreViews } from './speech.ts';
import { taylorView } from './taylor.ts';
import { turningViews } from './turns.ts';
import { windowViews } from './windows.ts';
import { relativesOfRotation } from './xpos.ts';

/** A gesture of the first screen, as an entry of the list. */
export interface Place {
  readonly id: string;
  readonly title: Text;
  readonly names: readonly string[];
  readonly page: string;
  readonly query: Readonly<Record<string, string>>;
}

export interface Family {
  readonly title: Text;
  readonly views: readonly View[];
  readonly places?: readonly Place[];
}

const gesture = (id: string, title: Text, names: string): Place => ({
  id,
  title,
  names: names.split(', '),
  page: '',
  query: { gesture: id },
});

/** Every view of the page. To add one is to add it to a list of its family. */
export const families: readonly Family[] = [
  {
    title: T('One sentence', '一句话'),
    places: [
      gesture('swap', T('Swap two words', '交换两个词'), 'word order, permutation, 词序, 置换, 顺序'),
      gesture('slide', T('Slide the sentence', '平移句子'), 'shift, translation, 平移, 平移不变性'),
      gesture(
        'stretch',
        T('Stretch: extrapolation', '拉长：外推'),
        'extrapolation, length extrapolation, long context, 外推, 长度外推, 外推性, 长上下文, 上下文扩展',
      ),
    ],
    views: [],
  },
  { title: T('Absolute', '绝对位置编码'), views: [...absoluteViews, ...learnedViews, ...joiningViews] },
  { title: T('Rotary', '旋转位置编码'), views: [...rotaryViews, ...relativesOfRotation, ...turningViews] },
  { title: T('Recursive', '递归式'), views: stepViews },
  { title: T('CNN', 'CNN 式'), views: convolutionViews },
  {
    title: T('Relative: a bias', '相对位置偏置'),
    views: [...biasViews, ...tableBiasViews, ...speechBiasViews, ...moreBiasViews, ...hybridViews],
  },
  { title: T('Relative: content and distance', '相对位置编码'), views: [...contentViews, ...speechScoreViews] },
  {
    title: T('Relative or absolute?', '相对还是绝对？'),
    views: [scoresView, decayView, permutationView, termsView, taylorView],
  },
  { title: T('Images', '图像'), views: [...imageViews, ...gridViews, ...windowViews] },
  { title: T('Numbers', '数值'), views: [precisionView] },
];

export const encodings: readonly View[] = families.flatMap(({ views }) => views);
