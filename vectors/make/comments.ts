/** One sentence a case: what is asked, in the words of a porter. */
import { modelType } from './flags.ts';
import type { Draft, Loose } from './types.ts';

const pair = (p: Loose): string => {
  const interleaved =
    p.is_neox_style === false || p.interleaved === 1 || p.mode === 'NORMAL' || /^interleaved/.test(p.pairing ?? '');
  const d = p.rotary_dim ?? p.n_dims ?? p.head_dim ?? p.head_size;
  return interleaved
    ? 'channels pair 2j with 2j + 1'
    : `channels pair j with j + ${typeof d === 'number' ? d / 2 : 'half'}`;
};
const theta = (p: Loose) => `base ${p.rope_theta ?? p.base ?? p.freq_base ?? p.theta ?? 10000}`;
const part = (p: Loose): string => {
  const [turned, all] = [p.rotary_dim ?? p.n_dims ?? p.rotary_embedding_dim, p.head_dim ?? p.head_size];
  return turned && all && turned < all ? `, the first ${turned} of ${all} channels` : '';
};
const rule = (p: Loose): string => {
  const name = p.method ?? p.rope_type;
  return name && name !== 'default' && name !== 'base' ? `, frequencies of ${name}` : '';
};
const shapeOf = (d: Draft, ...names: string[]): string =>
  names.flatMap((name) => (d.inputs[name] ? [`${name} [${d.inputs[name].shape.join(', ')}]`] : [])).join(' and ');
const at = (d: Draft): string => {
  const list = ['position_ids', 'positions'].flatMap((name) => d.inputs[name]?.data ?? []).map(Number);
  if (list.length === 0) return '';
  const [low, high] = [list.reduce((a, b) => Math.min(a, b)), list.reduce((a, b) => Math.max(a, b))];
  return low === high ? ` at position ${low}` : ` at positions between ${low} and ${high}`;
};
const sizes = (p: Loose) => `${p.q_len ?? p.L} queries and ${p.k_len ?? p.L} keys`;
const grid = (p: Loose) => JSON.stringify(p.grid ?? p.grid_size ?? p.feat_shape ?? p.window_size ?? []);

type Sentence = (p: Loose, d: Draft) => string;

/** By op; an op that is not here is named by its system. */
const SENTENCES: Readonly<Record<string, Sentence>> = {
  rope_end_to_end: (p, d) =>
    `Rotate ${shapeOf(d, 'q', 'k', 'x')} (${p.layout})${at(d)}: ${pair(p)}, ${theta(p)}${rule(p)}${part(p)}.`,
  rope_apply_tables: (p, d) =>
    `Rotate ${shapeOf(d, 'x')} (${p.layout}) by the tables that are given: ${pair(p)}${part(p)}.`,
  rope_apply_qkv: (p, d) => `Rotate q and k inside a packed ${shapeOf(d, 'qkv')}, v stays: ${pair(p)}.`,
  rope_apply_complex: (p, d) => `Rotate ${shapeOf(d, 'q', 'k')} as complex numbers${at(d)}: ${pair(p)}, ${theta(p)}.`,
  rope_qkv: (p, d) => `Rotate ${shapeOf(d, 'q', 'k')} and v as well${at(d)}: ${pair(p)}, ${theta(p)}.`,
  cos_sin_table: (p, d) =>
    `Tables of cos and sin${at(d)}: ${theta(p)}${rule(p)}, ${p.rotary_dim ?? p.dim ?? p.head_dim} channels.`,
  inv_freq: (p) =>
    `Frequencies in float32 as PyTorch makes them: ${theta(p)}${rule(p)}${p.seq_len ? ` at length ${p.seq_len}` : ''}.`,
  inv_freq_exact: (p) => `Frequencies rounded once from the true value: ${theta(p)}${rule(p)}.`,
  stateful_tables: (p, d) =>
    `A sequence of calls (${Object.keys(d.inputs).length}): frequencies of ${p.rope_type} change with the length and back.`,
  onnx_rotary: (p, d) =>
    `The operator ${p.domain}.${p.op_type} on ${shapeOf(d, 'X', 'input')} with caches that are given: ${pair(p)}${part(p)}.`,
  ggml_rope: (p, d) =>
    `ggml_rope of ${shapeOf(d, 'x')}, mode ${p.mode}${at(d)}: ${theta(p)}, freq_scale ${p.freq_scale}${part(p)}.`,
  ggml_kshift: (p) => `Shift keys that are rotated already by a difference of positions, mode ${p.mode}: ${theta(p)}.`,
  mrope_end_to_end: (p, d) =>
    `Rotate ${shapeOf(d, 'q', 'k')} by several position streams, sections ${JSON.stringify(p.mrope_section)}${at(d)}.`,
  mrope_get_rope_index: (p) => `Position ids of a prompt with images, video or audio, by the rule of ${p.model_type}.`,
  mrope_position_ids: () => 'Position ids of a prompt with images and videos.',
  mrope_decode_position_ids: (p) =>
    `Position ids of ${p.new_tokens} new tokens after ${p.cache_length} in the cache (${p.model_type}).`,
  mrope_generate_positions: (p) =>
    `The positions that generate() really feeds, ${p.steps} steps after the prompt (${p.model_type}).`,
  mrope_packed: (p) => `Position ids of packed prompts (${p.model_type}): every sequence counts from 0.`,
  mrope_text_after_video: (p) => `Where text goes on after a video (${p.model_type}): after the ${p.rule} position.`,
  mrope_must_fail: (p) => `A prompt that has no right position ids: refuse it by naming ${p.about}.`,
  position_ids_from_mask: (p) => `Position ids from an attention mask: ${p.rule}.`,
  learned_rows_from_mask: (p) => `Rows of a learned table from an attention mask: ${p.rule}.`,
  position_ids_from_input_ids: (p) => `Position ids from tokens, padding does not count: ${p.rule}.`,
  vision_position_ids: () => 'Row and column of each patch, in the order of merged patches.',
  axial_end_to_end: (p) => `Rotate by rows and columns (${p.variant}): ${theta(p)}, grid ${grid(p)}.`,
  axial_split_table: (p) =>
    `Tables of several axes in one head (${p.variant}): axes ${JSON.stringify(p.axes_dim)}, ${theta(p)}.`,
  axial_ids: (p) => `Position ids of text and grid (${p.variant}).`,
  softmax_scale: () => "The softmax scale of DeepSeek's YaRN: 1 / sqrt(head_dim) times mscale squared.",
  query_scale: (p) => `The factor of queries that grows with the position, from ${p.floor_scale} on.`,
  alibi_slopes: (p) => `Slopes of ${p.heads} heads by the rule '${p.rule}'.`,
  alibi_bias: (p) => `The ALiBi matrix of ${p.heads} heads and ${p.L} tokens in the form '${p.rule}'.`,
  alibi_bias_from_mask: (p) => `ALiBi from an attention mask as ${p.rule} makes it: padding does not count.`,
  t5_buckets: (p) =>
    `Buckets of relative positions (key minus query): ${p.num_buckets} buckets, ${p.bidirectional ? 'both directions' : 'causal'}, logarithmic up to ${p.max_distance}.`,
  t5: (p) =>
    `Bias of ${sizes(p)} through T5's buckets: ${p.num_buckets ?? 32} buckets, ${p.bidirectional === false ? 'causal' : 'both directions'}.`,
  deberta_log_buckets: (p) =>
    `DeBERTa's buckets as '${p.rule}' computes them: ${p.position_buckets} buckets up to ${p.max_relative_positions}.`,
  sinusoidal: (p) =>
    `A sinusoidal table, ${p.layout}: ${p.d_model ?? p.channels} channels, ${theta(p)}, denominator ${p.exponent_denominator ?? 'd'}.`,
  sinusoidal_rows: (p, d) =>
    `Sinusoidal rows${at(d)}, ${p.layout}: ${p.d_model} channels, ${theta(p)}, denominator ${p.exponent_denominator ?? 'd'}.`,
  frequency_route: (p) => `${p.count} frequencies of a sinusoidal table by the route ${p.frequency_route}.`,
  timestep: (p) =>
    `Timestep embedding of ${p.embedding_dim} channels, ${p.flip_sin_to_cos ? 'cos first' : 'sin first'}.`,
  timestep_rows: (p) => `Timestep embedding of ${p.embedding_dim} channels${p.variant ? ` (${p.variant})` : ''}.`,
  window_mask: () => 'Which keys a query may see in a window (left, right), the end of both aligned.',
  sandwich: (p) => `Sandwich bias, ${p.rule ?? 'inner product'}.`,
  decay: (p) =>
    `How ${p.quantity ?? 'the inner product'} of rotated vectors falls with the distance${p.base ? `, base ${p.base}` : ''}.`,
  rmt_segments: () => 'Borders of segments of a recurrent memory transformer.',
  read_config: (_, d) =>
    `What ${d.source.record.name} (model_type ${modelType(d) || 'not given'}) means: family, tables, layers.`,
  refuse_config: (_, d) =>
    `${d.source.record.why ?? 'A file with no right reading'}: say so by naming ${d.source.record.about}.`,
  gguf_normal_form: (p, d) =>
    `What the header of ${d.source.record.name} means to llama.cpp (${p.metadata?.['general.architecture'] ?? 'no architecture'}).`,
  extend_context: (p, d) => `How ${d.source.record.name} is run at ${p.context} positions.`,
  llama_cpp_flags: (_, d) => `Which flags llama.cpp needs for ${d.source.record.name}.`,
};

export function commentOf(draft: Draft): string {
  const sentence = SENTENCES[draft.op];
  const { params } = draft as { params: Loose };
  if (sentence) return sentence(params, draft);
  const system = String(params.system ?? draft.op).replace(/^rotary\//, '');
  const inputs = Object.keys(draft.inputs).join(', ');
  const which = [params.variant, params.mode, params.version].filter((word) => typeof word === 'string').join(', ');
  return `${system}${which ? ` (${which})` : ''}, ${draft.op}: from ${inputs || 'the parameters'} to ${Object.keys(draft.outputs).join(', ')}.`;
}
