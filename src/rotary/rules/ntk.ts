/**
 * NTK-aware scaling, two published forms.
 * - alpha: base theta alpha^(d/(d-2)) (bloc97, reddit.com/r/LocalLLaMA 2023; jquesnelle/yarn; vLLM DynamicNTKAlpha; HunYuan).
 * - factor: Su Jianlin's NTK-RoPE-fixed and, with `mixedB`, -mixed (kexue.fm/archives/9706; vLLM NTKScaling).
 */
import * as dd from '../../phase/dd.ts';
import { ddToFloat32, reciprocals } from '../../phase/float32.ts';
import { exclusive, finite } from '../../runtime/arguments.ts';
import { PosencError } from '../../runtime/errors.ts';
import { grownBase } from './dynamic.ts';
import { noDropIn, sameRule } from './extend.ts';
import { changedBase, checkedBase, exactDefault, positive, torchPeriods } from './ladder.ts';
import type { ConfigWords, Frequencies, RotaryRule, RuleWords, Widths } from './rule.ts';

/** `ropeType: 'ntk'` by the factor of the base. */
interface NtkByAlpha {
  readonly ropeType: 'ntk';
  /** The base is multiplied by alpha^(d/(d-2)). */
  readonly alpha: number;
  readonly factor?: undefined;
  readonly mixedB?: undefined;
}
/** `ropeType: 'ntk'` by the factor of the context. */
interface NtkByFactor {
  readonly ropeType: 'ntk';
  readonly alpha?: undefined;
  /** kexue.fm/archives/9706: how many times longer the context is. */
  readonly factor: number;
  /** The exponent b of its mixed form. */
  readonly mixedB?: number;
}
export type NtkSpec = NtkByAlpha | NtkByFactor;

export const ntk: RotaryRule<NtkSpec> = {
  options: { alpha: true, factor: true, mixedB: true },
  frequencies(widths, spec) {
    exclusive("ropeType 'ntk'", 'alpha', 'factor', spec);
    exclusive("ropeType 'ntk'", 'alpha', 'mixedB', spec);
    if (spec.alpha !== undefined) {
      const alpha = positive('alpha', spec.alpha);
      return changedBase(widths, grownBase(widths, dd.from(alpha), 'ntk'));
    }
    if (spec.factor === undefined) {
      throw new PosencError('ERR_OPTION', "alpha: ropeType 'ntk' needs alpha (base form) or factor (kexue.fm form)");
    }
    const factor = positive('factor', spec.factor);
    return spec.mixedB === undefined
      ? fixed(widths, factor)
      : mixed(widths, factor, finite('mixedB', spec.mixedB, { min: -8, max: 8 }));
  },
};

/** (theta factor)^(-2i/d) / factor^(2/d). */
function fixed(widths: Widths, factor: number): Frequencies {
  const base = checkedBase(dd.twoProduct(widths.theta, factor), 'ntk');
  const divisor = dd.pow(dd.from(factor), dd.divNumber(dd.from(2), widths.width));
  return {
    key: `ntk ${factor}`,
    exact: () => exactDefault(widths, base).map((value) => dd.div(value, divisor)),
    torch: () => reciprocals(torchPeriods(widths, base.hi)).map((value) => value / Math.fround(divisor.hi)),
    attentionFactor: 1,
  };
}

/** theta^(-2i/d) / exp(a (i+1)^b), a = ln(factor) / (d/2)^b. */
function mixed(widths: Widths, factor: number, b: number): Frequencies {
  const half = dd.pow(dd.from(widths.width / 2), dd.from(b));
  const logarithm = dd.ln(dd.from(factor));
  const step = (i: number) => dd.pow(dd.from(i + 1), dd.from(b));
  return {
    key: `ntk-mixed ${factor} ${b}`,
    exact: () => {
      const a = dd.div(logarithm, half);
      return exactDefault(widths).map((value, i) => dd.div(value, dd.exp(dd.mul(a, step(i)))));
    },
    torch: () => {
      const f32 = Math.fround;
      const a = f32(ddToFloat32(logarithm) / f32(half.hi));
      return reciprocals(torchPeriods(widths)).map((value, i) => {
        const exponent = f32(a * ddToFloat32(step(i)));
        return value / ddToFloat32(dd.exp(dd.from(exponent)));
      });
    },
    attentionFactor: 1,
  };
}

/** HunYuan's block: `alpha` alone decides, the rest was copied from a yarn block. */
const COPIED = ['factor', 'beta_fast', 'beta_slow', 'mscale', 'mscale_all_dim'];

export const ntkConfig: ConfigWords<NtkSpec> = {
  // model code of HunYuan reads an alpha inside a 'dynamic' block the same way
  names: ['xdrope'],
  keys: { alpha: 'alpha', factor: null, beta_fast: null, beta_slow: null, mscale: null, mscale_all_dim: null },
  read(block) {
    const alpha = block.required('alpha', { above: 0 });
    for (const key of COPIED) {
      if (block.has(key)) block.warn('no-effect', key, 'alpha alone sets the base here');
    }
    if (block.pairs < 2) block.refuse('alpha', 'needs at least two rotated pairs');
    return { ropeType: 'ntk', alpha };
  },
};

export const ntkWords: RuleWords<NtkSpec> = {
  docs: {
    frequencies: "base θ·alpha^(d/(d-2)); or kexue.fm's `factor`, with `mixedB` its mixed form",
    options: '`alpha`; or `factor` and `mixedB`',
    source: 'bloc97; kexue.fm/archives/9706',
  },
  about: 'NTK-aware base, as bloc97 published it',
  example: { headDim: 64, ropeTheta: 10000, ropeType: 'ntk', alpha: 8 },
  llamaCpp: 'divisors',
  stretched: (factor) => ({ ropeType: 'ntk', alpha: factor }),
  maxCounts: 'before',
  shortTexts: undefined,
  cachedKeys: undefined,
  extend(spec, length, target) {
    if (spec.factor !== undefined) return sameRule(length, spec.factor, target);
    const reason =
      'the base is raised by alpha at every length, and no published rule says which alpha a longer context needs';
    // nor what the length was before
    const { trained: _, ...answer } = noDropIn(length, length, target, reason);
    return answer;
  },
};
