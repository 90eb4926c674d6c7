/** A longer context asked of a config.json, and written into it. What it means: extension.ts and the rope type's own file. */
import { take } from '../runtime/arguments.ts';
import { type EngineLines, engineLines } from './engines.ts';
import { type Extension, extendForm, write } from './extension.ts';
import { fromHF } from './hf.ts';
import type { Fields, Json } from './read.ts';

export interface ExtendOptions {
  /** Positions that are wanted. */
  readonly context: number;
  /** As in fromHF. Default true. */
  readonly strict?: boolean;
  /** As in fromHF. */
  readonly as?: string;
  /** A key of `layerTypes`: the table of the onnx block of `forEngines`. Default: one that sees far. */
  readonly layerType?: string;
}

export interface Extended extends Extension {
  /** 'rescaled': a copy of the configuration with the changes. */
  readonly config?: Record<string, Json>;
  /** What each engine needs for what is asked; empty when it is unsupported. */
  readonly forEngines: EngineLines;
}

/**
 * What a longer context asks of a model's configuration: the keys to change, in the file's own spelling, or why there is no
 * drop-in extension.
 * @param config a parsed config.json; it is not changed
 * @param options `context` in positions, and what fromHF takes
 * @returns the outcome, its reason, the changed configuration, and what engines want
 * @throws PosencError as fromHF; ERR_OPTION for a context that is no positive integer
 * @example
 * const config = { model_type: 'qwen2', hidden_size: 3584, num_attention_heads: 28, max_position_embeddings: 32768 };
 * console.log(extend(config, { context: 131072 }).changes); // { rope_scaling: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 32768 } }
 */
export function extend(config: object, options: ExtendOptions): Extended {
  const { strict, as, context, layerType } = take('extend', options, ['context', 'strict', 'as', 'layerType']);
  const form = fromHF(config, { strict, as });
  const extension = extendForm(form, { context });
  if (extension.outcome === 'unsupported') return { ...extension, forEngines: {} };
  const choice = { context, layerType };
  if (extension.tables === undefined) return { ...extension, forEngines: engineLines(form, extension, choice) };
  const { config: written, changes } = write(config as Fields, form, extension.tables, context);
  // what is advised must survive its own reading
  const again = fromHF(written, { strict, as });
  return { ...extension, changes, config: written, forEngines: engineLines(again, extension, choice) };
}
