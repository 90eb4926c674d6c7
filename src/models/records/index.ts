/** Every record, and finding one by the names a file uses. */
import { bertRecords } from './bert.ts';
import { chinaRecords } from './china.ts';
import { cohereRecords } from './cohere.ts';
import { decodersRecords } from './decoders.ts';
import { deepseekRecords } from './deepseek.ts';
import { encodersRecords } from './encoders.ts';
import { gemmaRecords } from './gemma.ts';
import { glmRecords } from './glm.ts';
import { graniteRecords } from './granite.ts';
import { gridsRecords } from './grids.ts';
import { llamaRecords } from './llama.ts';
import { localRecords } from './local.ts';
import { mistralRecords } from './mistral.ts';
import { neoxRecords } from './neox.ts';
import { olmoRecords } from './olmo.ts';
import { patchesRecords } from './patches.ts';
import { phiRecords } from './phi.ts';
import { qwenRecords } from './qwen.ts';
import type { ModelRecord } from './record.ts';
import { relativeRecords } from './relative.ts';
import { remoteRecords } from './remote.ts';
import { windowsRecords } from './windows.ts';
import { withoutRecords } from './without.ts';
import { wrappersRecords } from './wrappers.ts';

const BUILDERS: readonly (() => readonly ModelRecord[])[] = [
  bertRecords,
  chinaRecords,
  cohereRecords,
  decodersRecords,
  deepseekRecords,
  encodersRecords,
  gemmaRecords,
  glmRecords,
  graniteRecords,
  llamaRecords,
  localRecords,
  mistralRecords,
  neoxRecords,
  olmoRecords,
  phiRecords,
  qwenRecords,
  relativeRecords,
  gridsRecords,
  patchesRecords,
  windowsRecords,
  withoutRecords,
  remoteRecords,
  wrappersRecords,
];

let all: readonly ModelRecord[] | undefined;

/** Every record. They are built when the first one is asked for: whoever imports the package and reads no model waits for none. */
export function modelRecords(): readonly ModelRecord[] {
  all ??= BUILDERS.flatMap((build) => build());
  return all;
}

let types: ReadonlyMap<string, ModelRecord> | undefined;
let classes: ReadonlyMap<string, ModelRecord> | undefined;

/** The record of a `model_type`. */
export function recordOf(type: string): ModelRecord | undefined {
  types ??= new Map(modelRecords().flatMap((record) => record.types.map((name) => [name, record] as const)));
  return types.get(type);
}

const squash = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** The record named by `architectures[0]` (DeepseekV3ForCausalLM -> deepseek_v3): many a fork keeps it under a new model_type. */
export function recordOfClass(architecture: string): ModelRecord | undefined {
  classes ??= new Map(
    modelRecords().flatMap((record) =>
      [...record.types, ...(record.classes ?? [])].map((name) => [squash(name), record] as const),
    ),
  );
  const name = squash(architecture.slice(0, 80).replace(/(For[A-Z]\w*|Model|LMHeadModel|LM)$/, ''));
  return classes.get(name) ?? classes.get(`${name}text`);
}
