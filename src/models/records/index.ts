/** Every record, and finding one by the names a file uses. */
import { DEEPSEEK } from './deepseek.ts';
import { GEMMA } from './gemma.ts';
import { LLAMA } from './llama.ts';
import type { GgufFacts, ModelRecord } from './record.ts';

export const RECORDS: readonly ModelRecord[] = [...LLAMA, ...GEMMA, ...DEEPSEEK];

let types: ReadonlyMap<string, ModelRecord> | undefined;
let architectures: ReadonlyMap<string, { readonly record: ModelRecord; readonly facts: GgufFacts }> | undefined;

/** The record of a `model_type`. */
export function recordOf(type: string): ModelRecord | undefined {
  types ??= new Map(RECORDS.flatMap((record) => record.types.map((name) => [name, record] as const)));
  return types.get(type);
}

/** The record and the GGUF facts of a `general.architecture`. */
export function ggufRecordOf(arch: string): { readonly record: ModelRecord; readonly facts: GgufFacts } | undefined {
  architectures ??= new Map(
    RECORDS.flatMap((record) => {
      const { gguf } = record;
      return gguf === null || typeof gguf === 'string' ? [] : [[gguf.arch, { record, facts: gguf }] as const];
    }),
  );
  return architectures.get(arch);
}
