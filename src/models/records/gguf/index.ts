/** Every architecture of llama.cpp, and finding one by its name. */
import type { GgufRecord } from './facts.ts';
import { latentRecords } from './latent.ts';
import { localRecords } from './local.ts';
import { otherRecords } from './other.ts';
import { plainRecords } from './plain.ts';
import { streamRecords } from './streams.ts';

const BUILDERS: readonly (() => readonly GgufRecord[])[] = [
  plainRecords,
  localRecords,
  latentRecords,
  streamRecords,
  otherRecords,
];

let all: readonly GgufRecord[] | undefined;

/** Every record, built when the first one is asked for. */
export function ggufRecords(): readonly GgufRecord[] {
  all ??= BUILDERS.flatMap((build) => build());
  return all;
}

let byName: ReadonlyMap<string, GgufRecord> | undefined;

/** The record of a `general.architecture`. */
export function ggufRecord(arch: string): GgufRecord | undefined {
  byName ??= new Map(ggufRecords().map((record) => [record.arch, record]));
  return byName.get(arch);
}
