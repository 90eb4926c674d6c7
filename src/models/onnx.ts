/**
 * Caches for ONNX Runtime: RotaryEmbedding (opset 23, com.microsoft) and MRotaryEmbedding take cos and sin of shape
 * [max position, rotaryDim / 2] and a few attributes. This is the only file of models/ that computes with an engine.
 */

import type { RotarySpec } from '../rotary/spec.ts';
import { rotaryTable } from '../rotary/table.ts';
import { size, take } from '../runtime/arguments.ts';
import type { EngineOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { chooseLayer } from './chooseLayer.ts';
import { type NormalForm, readingForm } from './normalForm.ts';
import { refuse } from './read.ts';

export interface OnnxCaches {
  /** [length, rotaryDim / 2], amplitude included. */
  readonly cosCache: Tensor;
  /** Likewise. */
  readonly sinCache: Tensor;
  /** Operator type: 'MRotaryEmbedding' when the model has position streams. */
  readonly operator: 'RotaryEmbedding' | 'MRotaryEmbedding';
  /** The operator's attributes, in its own names. */
  readonly attributes: {
    /** 1: interleaved pairs, 0: half. */
    readonly interleaved: 0 | 1;
    /** 0: the whole head. */
    readonly rotary_embedding_dim: number;
    /** Pairs of each position stream. */
    readonly mrope_section?: readonly number[];
    /** 0 chunked, 1 interleaved. */
    readonly mrope_layout?: 0 | 1;
  };
}

/**
 * The caches and attributes of ONNX's rotary operators for a model.
 * @param form from fromHF or fromGGUF
 * @param options `length`, `context`, `layerType`
 * @returns cosCache and sinCache [length, rotaryDim / 2], the operator's name and its attributes
 * @throws PosencError ERR_CONFIG for another family, several tables without layerType, or what the operators cannot do
 * @example
 * const form = fromHF({ model_type: 'llama', hidden_size: 4096, num_attention_heads: 32, rope_theta: 500000 });
 * console.log(toOnnxCaches(form, { length: 16 }).operator); // RotaryEmbedding
 */
export function toOnnxCaches(
  form: NormalForm,
  options: EngineOption & {
    /** Rows of the caches: every position from 0 that will be looked up. */
    readonly length: number;
    /** Of a model with several tables (Gemma 3: 'full_attention'): which one. */
    readonly layerType?: string;
    /** Length that length-dependent frequencies are for. Default: `length`. */
    readonly context?: number;
  },
): OnnxCaches {
  const given = take('toOnnxCaches', options, ['length', 'layerType', 'context', 'engine']);
  const length = size('length', given.length, 0);
  const context = given.context ?? Math.max(1, length);
  const choice = { layerType: given.layerType, context };
  const { layer } = readingForm('toOnnxCaches', form, () => chooseLayer(form, choice, 'toOnnxCaches(form'));
  if (layer.rotaryOffset !== 0) {
    refuse(
      'rotaryOffset',
      `the operators rotate leading channels; slice channels from ${layer.rotaryOffset} and build the caches for them`,
    );
  }
  if (layer.mropeLayout === 'ernie_hw_alternating') {
    refuse('mropeLayout', "MRotaryEmbedding has 'chunked' and 'interleaved', not 'ernie_hw_alternating'");
  }
  const { mropeSection, mropeLayout, ...spec } = layer.spec;
  const { cos, sin } = rotaryTable(spec as RotarySpec, { length, context, engine: given.engine });
  return {
    cosCache: cos,
    sinCache: sin,
    operator: mropeSection ? 'MRotaryEmbedding' : 'RotaryEmbedding',
    attributes: {
      interleaved: layer.pairing === 'interleaved' ? 1 : 0,
      rotary_embedding_dim: layer.rotaryDim === layer.headDim ? 0 : layer.rotaryDim,
      ...(mropeSection ? { mrope_section: mropeSection, mrope_layout: mropeLayout === 'interleaved' ? 1 : 0 } : {}),
    },
  };
}
