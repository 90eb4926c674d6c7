/** Every architecture of llama.cpp, and finding one by its name. */
import type { GgufRecord } from './facts.ts';
import { LATENT_RECORDS } from './latent.ts';
import { LOCAL_RECORDS } from './local.ts';
import { OTHER_RECORDS } from './other.ts';
import { PLAIN_RECORDS } from './plain.ts';
import { STREAM_RECORDS } from './streams.ts';

export const GGUF_RECORDS: readonly GgufRecord[] = [
  ...PLAIN_RECORDS,
  ...LOCAL_RECORDS,
  ...LATENT_RECORDS,
  ...STREAM_RECORDS,
  ...OTHER_RECORDS,
];

let byName: ReadonlyMap<string, GgufRecord> | undefined;

/** The record of a `general.architecture`. */
export function ggufRecord(arch: string): GgufRecord | undefined {
  byName ??= new Map(GGUF_RECORDS.map((record) => [record.arch, record]));
  return byName.get(arch);
}
