/** Every record, and finding one by the names a file uses. */
import { BERT_RECORDS } from './bert.ts';
import { CHINA_RECORDS } from './china.ts';
import { COHERE_RECORDS } from './cohere.ts';
import { DECODERS_RECORDS } from './decoders.ts';
import { DEEPSEEK_RECORDS } from './deepseek.ts';
import { ENCODERS_RECORDS } from './encoders.ts';
import { GEMMA_RECORDS } from './gemma.ts';
import { GLM_RECORDS } from './glm.ts';
import { GRANITE_RECORDS } from './granite.ts';
import { GRIDS_RECORDS } from './grids.ts';
import { LLAMA_RECORDS } from './llama.ts';
import { LOCAL_RECORDS } from './local.ts';
import { MISTRAL_RECORDS } from './mistral.ts';
import { NEOX_RECORDS } from './neox.ts';
import { OLMO_RECORDS } from './olmo.ts';
import { PATCHES_RECORDS } from './patches.ts';
import { PHI_RECORDS } from './phi.ts';
import { QWEN_RECORDS } from './qwen.ts';
import type { ModelRecord } from './record.ts';
import { RELATIVE_RECORDS } from './relative.ts';
import { REMOTE_RECORDS } from './remote.ts';
import { WINDOWS_RECORDS } from './windows.ts';
import { WITHOUT_RECORDS } from './without.ts';
import { WRAPPERS_RECORDS } from './wrappers.ts';

export const RECORDS: readonly ModelRecord[] = [
  ...BERT_RECORDS,
  ...CHINA_RECORDS,
  ...COHERE_RECORDS,
  ...DECODERS_RECORDS,
  ...DEEPSEEK_RECORDS,
  ...ENCODERS_RECORDS,
  ...GEMMA_RECORDS,
  ...GLM_RECORDS,
  ...GRANITE_RECORDS,
  ...LLAMA_RECORDS,
  ...LOCAL_RECORDS,
  ...MISTRAL_RECORDS,
  ...NEOX_RECORDS,
  ...OLMO_RECORDS,
  ...PHI_RECORDS,
  ...QWEN_RECORDS,
  ...RELATIVE_RECORDS,
  ...GRIDS_RECORDS,
  ...PATCHES_RECORDS,
  ...WINDOWS_RECORDS,
  ...WITHOUT_RECORDS,
  ...REMOTE_RECORDS,
  ...WRAPPERS_RECORDS,
];

let types: ReadonlyMap<string, ModelRecord> | undefined;
let classes: ReadonlyMap<string, ModelRecord> | undefined;

/** The record of a `model_type`. */
export function recordOf(type: string): ModelRecord | undefined {
  types ??= new Map(RECORDS.flatMap((record) => record.types.map((name) => [name, record] as const)));
  return types.get(type);
}

const squash = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** The record named by `architectures[0]` (DeepseekV3ForCausalLM -> deepseek_v3): many a fork keeps it under a new model_type. */
export function recordOfClass(architecture: string): ModelRecord | undefined {
  classes ??= new Map(
    RECORDS.flatMap((record) =>
      [...record.types, ...(record.classes ?? [])].map((name) => [squash(name), record] as const),
    ),
  );
  const name = squash(architecture.slice(0, 80).replace(/(For[A-Z]\w*|Model|LMHeadModel|LM)$/, ''));
  return classes.get(name) ?? classes.get(`${name}text`);
}
