/**
 * NTK-aware scaling, three published forms.
 * - alpha: base theta alpha^(d/(d-2)) (bloc97, reddit.com/r/LocalLLaMA 2023; jquesnelle/yarn; vLLM DynamicNTKAlpha).
 * - factor: Su Jianlin's NTK-RoPE-fixed and, with `mixedB`, -mixed (kexue.fm/archives/9706; vLLM NTKScaling).
 * - by parts: two ramps, linear to NTK and on to the plain frequencies (jquesnelle/yarn LlamaPartNTK), before YaRN.
 */
import * as dd from '../phase/dd.ts';
import { ddToFloat32, reciprocals } from '../phase/float32.ts';
import { exclusive, finite } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { changedBase, checkedBase, grownBase } from './dynamic.ts';
import { exactDefault, positive, type Rotation, type Rule, torchPeriods } from './rule.ts';
import type { RotarySpec } from './spec.ts';
import { blendExact, blendTorch, contextFactor, correctionRange, originalLength, requireRamp } from './yarn.ts';

export function ntkRule(rotation: Rotation, spec: RotarySpec): Rule {
  exclusive("ropeType 'ntk'", 'alpha', 'factor', spec);
  exclusive("ropeType 'ntk'", 'alpha', 'mixedB', spec);
  if (spec.alpha !== undefined) {
    const alpha = positive('alpha', spec.alpha);
    return changedBase(rotation, grownBase(rotation, dd.from(alpha), 'ntk'));
  }
  if (spec.factor === undefined) {
    throw new PosencError('ERR_OPTION', "alpha: ropeType 'ntk' needs alpha (base form) or factor (kexue.fm form)");
  }
  const factor = positive('factor', spec.factor);
  return spec.mixedB === undefined
    ? fixed(rotation, factor)
    : mixed(rotation, factor, finite('mixedB', spec.mixedB, { min: -8, max: 8 }));
}

/** (theta factor)^(-2i/d) / factor^(2/d). */
function fixed(rotation: Rotation, factor: number): Rule {
  const base = checkedBase(dd.twoProduct(rotation.theta, factor), 'ntk');
  const divisor = dd.pow(dd.from(factor), dd.divNumber(dd.from(2), rotation.width));
  return {
    key: `ntk ${factor}`,
    exact: () => exactDefault(rotation, base).map((value) => dd.div(value, divisor)),
    torch: () => reciprocals(torchPeriods(rotation, base.hi)).map((value) => value / Math.fround(divisor.hi)),
    attentionFactor: 1,
  };
}

/** theta^(-2i/d) / exp(a (i+1)^b), a = ln(factor) / (d/2)^b. */
function mixed(rotation: Rotation, factor: number, b: number): Rule {
  const half = dd.pow(dd.from(rotation.width / 2), dd.from(b));
  const logarithm = dd.ln(dd.from(factor));
  const step = (i: number) => dd.pow(dd.from(i + 1), dd.from(b));
  return {
    key: `ntk-mixed ${factor} ${b}`,
    exact: () => {
      const a = dd.div(logarithm, half);
      return exactDefault(rotation).map((value, i) => dd.div(value, dd.exp(dd.mul(a, step(i)))));
    },
    torch: () => {
      const f32 = Math.fround;
      const a = f32(ddToFloat32(logarithm) / f32(half.hi));
      return reciprocals(torchPeriods(rotation)).map((value, i) => {
        const exponent = f32(a * ddToFloat32(step(i)));
        return value / ddToFloat32(dd.exp(dd.from(exponent)));
      });
    },
    attentionFactor: 1,
  };
}

/** The constants of the reference, in turns: linear to NTK between 1.25 and 0.75, NTK to plain between 16 and 2. */
const BETAS = { fast: 1.25, slow: 0.75 };
const GAMMAS = { fast: 16, slow: 2 };

export function ntkByPartsRule(rotation: Rotation, spec: RotarySpec): Rule {
  const original = originalLength(spec);
  const factor = contextFactor(spec);
  const weight = finite('extrapolationFactor', spec.extrapolationFactor, {}, 1);
  requireRamp(rotation, 'ntk-by-parts');
  const base = grownBase(rotation, dd.from(factor), 'ntk-by-parts');
  const inner = correctionRange(rotation, { ...BETAS, original, truncate: true });
  const outer = correctionRange(rotation, { ...GAMMAS, original, truncate: true });
  return {
    key: `ntk-by-parts ${factor} ${original} ${weight}`,
    exact: () => {
      const plain = exactDefault(rotation);
      const linear = plain.map((value) => dd.divNumber(value, factor));
      return blendExact(blendExact(linear, exactDefault(rotation, base), inner, 1), plain, outer, weight);
    },
    torch: () => {
      const periods = torchPeriods(rotation);
      const linear = reciprocals(periods.map((period) => Math.fround(factor) * period));
      const ntk = reciprocals(torchPeriods(rotation, ddToFloat32(base)));
      return blendTorch(blendTorch(linear, ntk, inner, 1), reciprocals(periods), outer, weight);
    },
    attentionFactor: 1,
  };
}
