/** Keys that look as if they were about positions: every one of them is read, known to be harmless, or said. */
import { editDistance } from '../runtime/arguments.ts';
import { type ConfigNode, type Fields, shorten } from './read.ts';

const LOOKS =
  /rope|rotary|yarn|(^|_)ntk|nope|alibi|positional|position_(emb|bias|enc)|(^|_)pos_(emb|enc)|posenc|xpos|logn_attn|dual_chunk|(^|_)coord_|rel_pos|relative_att/i;
/** Every file has some of these; a model that needs none of them is no news. */
const ORDINARY = new Set([
  ...['max_position_embeddings', 'n_positions', 'position_embedding_type', 'original_max_position_embeddings'],
  ...['rope_interleaved', 'qk_nope_head_dim', 'qk_rope_head_dim', 'use_rotary_pos_emb', 'num_position_embeddings'],
  ...[
    'reset_position_ids',
    'use_pos_enc',
    'max_target_positions',
    'max_source_positions',
    'max_2d_position_embeddings',
  ],
]);

/** A value that switches nothing on. */
const inert = (value: unknown): boolean =>
  value === null || value === undefined || value === false || value === 0 || value === '' || isEmpty(value);
const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** The keys of an object that look like positions and may say something. */
export function positionKeys(fields: Fields): string[] {
  return Object.keys(fields).filter((key) => {
    // disable_rope: false leaves it on
    return LOOKS.test(key) && !ORDINARY.has(key) && (/disable/.test(key) ? fields[key] === false : !inert(fields[key]));
  });
}

/** Those of them that nothing has read. */
export function unreadKeys(node: ConfigNode, ignored: readonly string[] = []): string[] {
  const { consumed } = node.notes;
  return positionKeys(node.fields).filter((key) => !consumed.has(node.at(key)) && !ignored.includes(key));
}

/** The missing key that a key which nothing reads is one or two letters away from: its default would take its place in silence. */
export function misspelt(node: ConfigNode, key: string): string | undefined {
  const defaults = node.notes.assumed.map((assumption) => assumption.key);
  const missing = ['rope_theta', 'partial_rotary_factor'].filter((name) => defaults.includes(node.at(name)));
  const blocks = ['rope_scaling', 'rope_parameters'];
  return [...missing, ...blocks].find((name) => !node.has(name) && editDistance(key, name) <= 2);
}

/** A list of keys for a message. */
export function listKeys(keys: readonly string[]): string {
  const shown = keys.slice(0, 8).map(shorten);
  return `${shown.join(', ')}${keys.length > shown.length ? ` and ${keys.length - shown.length} more` : ''}`;
}
