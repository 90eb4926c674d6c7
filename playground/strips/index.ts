/** Every encoding as a strip. To add one is to add an entry to one of these lists. */
import { absoluteStrips } from './absolute.ts';
import { biasStrips } from './bias.ts';
import { contentStrips } from './content.ts';
import { rotaryStrips } from './rotary.ts';
import type { Strip } from './strip.ts';

export const strips: readonly Strip[] = [...absoluteStrips, ...rotaryStrips, ...biasStrips, ...contentStrips];
