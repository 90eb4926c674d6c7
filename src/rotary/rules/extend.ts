/**
 * What serving more positions means, for the rules: YaRN over a plain table, the same rule with a larger factor, or nothing
 * that could be dropped in. A factor counts from the length of pre-training. YaRN, arXiv 2309.00071; transformers rope_scaling.
 */
import type { RotaryCommon } from './options.ts';
import type { Extension } from './rule.ts';

/** A factor is a quotient: its product with the length may be an ulp short. */
const serves = (supported: number, target: number): boolean => target <= supported * (1 + 1e-12);

const COVERED = 'it already serves this many positions';

/** A plain table: YaRN from the length it was trained on. */
export function extendByYarn(
  spec: RotaryCommon & { readonly headDim?: number; readonly partialRotaryFactor?: number },
  length: number,
  target: number,
): Extension {
  const known = { trained: length, supported: length };
  if (serves(length, target)) return { ...known, outcome: 'covered', reason: COVERED };
  if (spec.invFreq !== undefined) {
    const reason = 'its frequencies are given as numbers; no rule says what they become';
    return { ...known, outcome: 'unsupported', reason };
  }
  const { headDim = 0, partialRotaryFactor = 1 } = spec;
  if (spec.ropeTheta === 1 || Math.trunc(headDim * partialRotaryFactor) % 2 === 1) {
    const reason = "YaRN's ramp needs a base other than 1 and an even rotary width";
    return { ...known, outcome: 'unsupported', reason };
  }
  return {
    ...known,
    outcome: 'rescaled',
    reason: 'a plain table trained to this length: YaRN, factor = context / trained length (arXiv 2309.00071)',
    options: { ropeType: 'yarn', factor: target / length, originalMaxPositionEmbeddings: length },
  };
}

/** A scaling whose factor may grow: every other option stays. `supported`: positions it serves as it is. */
export function sameRule(
  trained: number,
  factor: number,
  target: number,
  supported = trained * factor,
  said: { readonly covered?: string } = {},
): Extension {
  const known = { trained, supported };
  if (serves(supported, target)) return { ...known, outcome: 'covered', reason: said.covered ?? COVERED };
  return {
    ...known,
    outcome: 'rescaled',
    reason: 'scaled already: the same rule with factor = context / length before scaling, every other option as it was',
    // a smaller factor would make pairs faster than they are
    options: { factor: Math.max(factor, target / trained) },
  };
}

/** A scaling that was trained as it is. */
export function noDropIn(trained: number, supported: number, target: number, reason: string): Extension {
  return serves(supported, target)
    ? { trained, supported, outcome: 'covered', reason: COVERED }
    : { trained, supported, outcome: 'unsupported', reason };
}
