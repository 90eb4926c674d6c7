/**
 * A rotary table in the words of llama.cpp: the arguments of ggml_rope_ext and the command-line flags. What ggml has no
 * argument for (llama3, longrope, an untruncated yarn ramp) becomes divisors of the angles, `freqFactors`.
 * ggml/include/ggml.h; llama.cpp common/arg.cpp.
 */
import { rotaryFrequencies } from '../rotary/frequencies.ts';
import { ggmlFreqFactors } from '../rotary/ggml.ts';
import { yarnMscale } from '../rotary/rules/yarn.ts';
import { options as checkOptions } from '../runtime/arguments.ts';
import { chooseLayer, type TableChoice } from './chooseLayer.ts';
import type { NormalForm } from './normalForm.ts';
import { ggufRecord } from './records/gguf/index.ts';
import { recordOf } from './records/index.ts';

/** ggml_rope_ext(ctx, a, pos, freqFactors, nDims, mode, nCtxOrig, freqBase, freqScale, extFactor, attnFactor, betaFast, betaSlow) */
export interface GgmlRopeArguments {
  readonly nDims: number;
  /** 0 NORMAL, 2 NEOX, 8 MROPE, 40 IMROPE. */
  readonly mode: 0 | 2 | 8 | 40;
  readonly nCtxOrig: number;
  readonly freqBase: number;
  readonly freqScale: number;
  readonly extFactor: number;
  readonly attnFactor: number;
  readonly betaFast: number;
  readonly betaSlow: number;
  /** One divisor for each pair, float32 values. */
  readonly freqFactors?: readonly number[];
  /** ggml_rope_multi: pairs of each stream, t h w e. */
  readonly sections?: readonly [number, number, number, number];
}

export interface LlamaCpp {
  readonly rope: GgmlRopeArguments;
  /** Flags of llama-cli and llama-server that have the same effect; empty when the model needs none. */
  readonly flags: readonly string[];
  /** What the flags cannot say, and what differs from transformers. */
  readonly notes: readonly string[];
}

const MODES = { interleaved: 0, half: 2 } as const;

/** @throws PosencError ERR_CONFIG for another family, several tables without layerType, or a missing context */
export function toLlamaCpp(form: NormalForm, choice: TableChoice = {}): LlamaCpp {
  checkOptions('toLlamaCpp', choice, ['layerType', 'context']);
  const { layer, context } = chooseLayer(form, choice, 'toLlamaCpp(form');
  const { spec, ropeType } = layer;
  const freqBase = spec.ropeTheta ?? 10000;
  const common = {
    nDims: layer.rotaryDim,
    mode: layer.mropeLayout === 'chunked' ? 8 : layer.mropeLayout === 'interleaved' ? 40 : MODES[layer.pairing],
    nCtxOrig: spec.originalMaxPositionEmbeddings ?? form.maxPositionEmbeddings ?? 0,
    freqBase,
    freqScale: 1,
    extFactor: 0,
    attnFactor: layer.attentionFactor,
    betaFast: spec.betaFast ?? 32,
    betaSlow: spec.betaSlow ?? 1,
    ...(layer.mropeSection ? { sections: fourSections(layer.mropeSection, layer.mropeLayout) } : {}),
  } as const;
  const notes = remarks(form, choice);
  const factor = spec.factor ?? 1;
  if (ropeType === 'default') return { rope: common, flags: [], notes };
  if (ropeType === 'linear') {
    return {
      rope: { ...common, freqScale: 1 / factor },
      flags: ['--rope-scaling', 'linear', '--rope-freq-scale', String(1 / factor)],
      notes,
    };
  }
  if (ropeType === 'yarn' && spec.truncate !== false) {
    // The kernel multiplies by 1 + 0.1 ln factor itself.
    const attnFactor = layer.attentionFactor / yarnMscale(factor, 1);
    return {
      rope: { ...common, freqScale: 1 / factor, extFactor: 1, attnFactor },
      flags: [
        ...['--rope-scaling', 'yarn', '--rope-freq-scale', String(1 / factor)],
        ...['--yarn-orig-ctx', String(common.nCtxOrig), '--yarn-ext-factor', '1'],
        ...['--yarn-attn-factor', String(attnFactor)],
        ...['--yarn-beta-fast', String(common.betaFast), '--yarn-beta-slow', String(common.betaSlow)],
      ],
      notes,
    };
  }
  const length = context ?? layer.lengthDependent?.threshold ?? 1;
  const exact = (of: typeof spec): { hi: number; lo: number }[] => {
    const { ladder } = rotaryFrequencies({ ...of, precision: 'exact' }, { context: length });
    return Array.from(ladder.hi, (hi, i) => ({ hi, lo: ladder.lo[i] }));
  };
  const plain = exact({ headDim: spec.headDim, rotaryDim: layer.rotaryDim, ropeTheta: spec.ropeTheta });
  const freqFactors = Array.from(ggmlFreqFactors(plain, exact(spec)));
  const attnFactor = rotaryFrequencies(spec, { context: length }).attentionFactor;
  return {
    rope: { ...common, attnFactor, freqFactors },
    flags: [],
    notes: [
      ...notes,
      `rope type '${ropeType}' has no flags: it is stored in the GGUF file as divisors (rope_freqs or rope_factors)`,
    ],
  };
}

/** ERNIE lists h, w, t. */
function fourSections(
  section: readonly number[],
  layout: string | undefined,
): readonly [number, number, number, number] {
  const [a, b, c] = section;
  return layout === 'ernie_hw_alternating' ? [c, a, b, 0] : [a, b, c, 0];
}

/** Whether converters reorder q and k of this type. */
function permutedInFiles(modelType: string): boolean {
  const arch = recordOf(modelType)?.gguf;
  const positions = typeof arch === 'string' ? ggufRecord(arch)?.positions : undefined;
  const all =
    positions === undefined ? [] : Array.isArray(positions) ? positions.map((one) => one.positions) : [positions];
  return all.some((one) => one.family === 'rotary' && one.permuted);
}

function remarks(form: NormalForm, choice: TableChoice): string[] {
  const { layer } = chooseLayer(form, choice, 'toLlamaCpp(form');
  const notes: string[] = [];
  if (layer.pairing === 'half' && permutedInFiles(form.modelType)) {
    notes.push('GGUF files of this model hold q and k permuted to interleaved pairs: use mode 0 with them');
  }
  if (layer.rotaryOffset > 0) notes.push(`rotate a view that starts at channel ${layer.rotaryOffset}`);
  if (layer.outputPairing !== layer.pairing) {
    notes.push(
      `transformers leaves the result ${layer.outputPairing}; ggml keeps it ${layer.pairing} (scores are equal)`,
    );
  }
  if (layer.rotationSign === -1) notes.push('angles are negated: ggml_rope_ext_back');
  if (layer.mropeLayout === 'interleaved')
    notes.push('give the fourth stream the temporal positions: left-over pairs read it');
  if (layer.mropeLayout === 'ernie_hw_alternating') notes.push('h and w alternate: ggml_rope_multi has no such layout');
  if (layer.softmaxScaleFactor !== undefined && layer.softmaxScaleFactor !== 1) {
    notes.push(`kq_scale is ${layer.softmaxScale}, not 1 / sqrt(${layer.headDim})`);
  }
  return notes;
}
