/**
 * Frequencies of sinusoidal tables in both precisions: exact ones as a ladder, float32 ones by the route of the code that is
 * reproduced (phase/routes.ts).
 */
import { mulNumber } from '../phase/dd.ts';
import { type Ladder, ladder, ladderFrom, ladderOf } from '../phase/ladder.ts';
import { checkFrequencies, singleLadder } from '../phase/plan.ts';
import { type FrequencyRoute, ROUTES, routeFrequencies } from '../phase/routes.ts';
import { finite } from '../runtime/arguments.ts';
import { type NumberList, numbers } from '../runtime/lists.ts';
import type { Manner } from './axes.ts';

/**
 * How public code makes its frequencies: a float32 route (phase/routes.ts, docs/absolute.md), or 'float64': frequencies and
 * angles in float64, so that the table has the numbers of precision 'exact' (XLM, Marian, MAE).
 */
export type FrequencyRule = FrequencyRoute | 'float64';

export const RULES = [...ROUTES, 'float64'] as const;

export interface Frequencies {
  /** In exact precision they carry the scale. */
  readonly ladder: Ladder;
  /** The float32 frequencies of torch precision, without the scale. */
  readonly single?: Float32Array;
  /** Multiplied into float32 positions, or into finished float32 angles. */
  readonly scale: number;
  readonly scaleOrder: 'position' | 'angle';
}

interface Asked {
  readonly precision: 'exact' | 'torch';
  readonly count: number;
  readonly scale: number;
  /** Torch precision: what the scale multiplies. Default 'position'. */
  readonly scaleOrder?: 'position' | 'angle';
}

interface Formula extends Asked {
  readonly base: number;
  readonly denominator: number;
  readonly minTimescale?: number;
  readonly rule: FrequencyRule;
}

interface Given extends Asked {
  readonly invFreq: NumberList;
}

/** @throws ERR_OPTION, ERR_SHAPE for lists of another length, for frequencies that are too high */
export function frequenciesOf(asked: Formula | Given): Frequencies {
  const made = 'invFreq' in asked ? givenFrequencies(asked) : formula(asked);
  checkFrequencies(made.ladder);
  return made;
}

function formula(asked: Formula): Frequencies {
  const { base, count, denominator, minTimescale = 1, rule, precision, scale, scaleOrder = 'position' } = asked;
  if (precision === 'exact' || rule === 'float64') {
    return { ladder: ladder({ base, count, denominator, scale: scale * minTimescale }), scale, scaleOrder };
  }
  const single = routeFrequencies({ route: rule, base, count, denominator, scale: minTimescale });
  return { ladder: singleLadder(single), single, scale, scaleOrder };
}

function givenFrequencies({ invFreq, count, precision, scale, scaleOrder = 'position' }: Given): Frequencies {
  const list = numbers('invFreq', invFreq, count);
  // float32 has to hold them, whatever the precision
  for (let i = 0; i < count; i++) finite(`invFreq[${i}]`, list[i], { min: -1e30, max: 1e30 });
  if (precision === 'torch') {
    const single = Float32Array.from(list);
    return { ladder: singleLadder(single), single, scale, scaleOrder };
  }
  return { ladder: scaled(ladderOf(list), scale), scale, scaleOrder };
}

function scaled(plain: Ladder, by: number): Ladder {
  if (by === 1) return plain;
  return ladderFrom(`${by} times ${plain.key}`, () =>
    Array.from(plain.hi, (hi, i) => mulNumber({ hi, lo: plain.lo[i] }, by)),
  );
}

/** How columns of these frequencies are written. */
export function mannerOf({ single, scale, scaleOrder }: Frequencies, amplitude: number): Manner {
  if (single === undefined) return { precision: 'exact', scale: 1, amplitude };
  return { precision: 'torch', single, scale, scaleOrder, amplitude };
}
