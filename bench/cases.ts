/** Every row, family by family. */
import { absolute } from './absolute.ts';
import { bias } from './bias.ts';
import type { Case } from './case.ts';
import { rotary } from './rotary.ts';

export const CASES: readonly Case[] = [...absolute, ...rotary, ...bias];
