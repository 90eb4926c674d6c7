/**
 * Parameters with nothing left to guess: within an op of a system every case has the same keys. What a source's own default
 * is, is written out; a key that means a step which is not taken is null.
 */
import type { Draft } from './types.ts';

/** Values that the sources use when the parameter is not given. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  precision: 'exact',
  rope_type: 'default',
  attention_scaling: 1,
  rotation_sign: 1,
  partial_rotary_factor: 1,
  interleaved: 0,
  interpolate_factor: 1,
  theta_rescale_factor: 1,
  interpolation_factor: 1,
  base_rescale_factor: 1,
  inplace: false,
  back: false,
  n_offs: 0,
  grid_offset: 0,
  grid_indexing: 'ij',
  apply_yarn_scaling: true,
  beta_fast: 32,
  beta_slow: 1,
  attn_factor: 1,
  extrapolation_factor: 1,
  truncate: true,
  seq_len_is_tensor: false,
  num_k_exclude_rope: 0,
  num_prefix_tokens: 0,
  antialias: false,
  align_corners: false,
  q_offset: 0,
  out_of_range: 'error',
};

/** Defaults that hold for one rope type, or one method, only: elsewhere the key is null. */
const ONLY_FOR: Readonly<Record<string, readonly string[]>> = {
  beta_fast: ['yarn', 'dynamic_yarn', 'deepseek_yarn'],
  beta_slow: ['yarn', 'dynamic_yarn', 'deepseek_yarn'],
  truncate: ['yarn'],
  attn_factor: ['yarn', 'dynamic_yarn', 'deepseek_yarn'],
  extrapolation_factor: ['yarn', 'dynamic_yarn', 'deepseek_yarn'],
  apply_yarn_scaling: ['yarn', 'deepseek_yarn'],
};

/** Parameters that are a model's own file: they stay as published. */
const PUBLISHED = ['configs', 'configs-bad', 'gguf', 'extend', 'llama-cpp'];
/** Prose stands in notes. */
const PROSE = ['note', 'notes'];

const kindOf = ({ source, op, params }: Draft): string =>
  `${source.group} ${params.system ?? ''} ${params.variant ?? ''} ${op}`;

/** Completes the parameters of all cases; the drafts come back in their order. */
export function completed(drafts: readonly Draft[]): Draft[] {
  const keys = new Map<string, Set<string>>();
  for (const draft of drafts) {
    const known = keys.get(kindOf(draft)) ?? new Set<string>();
    for (const key of Object.keys(draft.params)) known.add(key);
    keys.set(kindOf(draft), known);
  }
  return drafts.map((draft) => {
    if (PUBLISHED.includes(draft.source.group)) return draft;
    const rule = String(draft.params.method ?? draft.params.rope_type ?? '');
    const params = [...(keys.get(kindOf(draft)) ?? [])].flatMap((key): [string, unknown][] => {
      if (PROSE.includes(key)) return [];
      if (draft.params[key] !== undefined) return [[key, draft.params[key]]];
      const holds = ONLY_FOR[key]?.includes(rule) ?? true;
      return [[key, holds ? (DEFAULTS[key] ?? null) : null]];
    });
    return { ...draft, params: Object.fromEntries(params) };
  });
}
