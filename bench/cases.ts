/** Every row, family by family. */
import { absolute } from './absolute.ts';
import { bias } from './bias.ts';
import { cached } from './cached.ts';
import type { Case } from './case.ts';
import { kernels } from './kernels.ts';
import { positions } from './positions.ts';
import { rotary } from './rotary.ts';
import { scores } from './scores.ts';

export const CASES: readonly Case[] = [...absolute, ...positions, ...rotary, ...cached, ...bias, ...scores, ...kernels];
