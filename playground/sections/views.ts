/** The views of each section that consists of views. */
import type { View } from '../view.ts';
import { decayView, permutationView, termsView } from '../views/analysis.ts';
import { gridViews } from '../views/grids.ts';
import { imageViews } from '../views/images.ts';
import { encodings } from '../views/index.ts';
import { precisionView } from '../views/precision.ts';
import { scoresView } from '../views/relative.ts';

export const sections: Readonly<Record<'encodings' | 'relative' | 'precision' | 'images', readonly View[]>> = {
  encodings,
  relative: [scoresView, decayView, permutationView, termsView],
  precision: [precisionView],
  images: [...imageViews, ...gridViews],
};
