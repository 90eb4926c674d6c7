/**
 * What no record knows, from a checkout of transformers or llama.cpp: model types and keys about positions of its configuration
 * classes, or architectures of its loader. node --import tsx scripts/unknown-models.ts PATH [--keys]
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { positionKeys } from '../src/models/positionKeys.ts';
import { ggufRecord } from '../src/models/records/gguf/index.ts';
import { modelRecords, recordOf } from '../src/models/records/index.ts';

/** Files below a folder whose name fits. */
function filesBelow(folder: string, pattern: RegExp): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path, pattern);
    return pattern.test(entry.name) ? [path] : [];
  });
}

/** A configuration class: its model type, and the fields it declares. */
export interface ConfigClass {
  readonly type: string;
  readonly file: string;
  readonly fields: readonly string[];
}

/** The classes of one configuration file: `model_type = "..."` and annotated fields or arguments with a default. */
export function classesOf(text: string, file: string): ConfigClass[] {
  return text
    .split(/^class /m)
    .slice(1)
    .flatMap((body) => {
      const type = /^\s+model_type(?::\s*str)?\s*=\s*["']([\w.-]+)["']/m.exec(body)?.[1];
      if (type === undefined) return [];
      const declared = /^ {4}(\w+)\s*(?::[^=\n]+)?=\s*[^=]|^ {8}(\w+)(?:: [^=\n]+ = |=)[^=\n]+,$/gm;
      const fields = [...body.matchAll(declared)].map((match) => match[1] ?? match[2]);
      return [{ type, file, fields: [...new Set(fields)] }];
    });
}

/** Every key that some record reads, mentions or ignores. */
export function keysOfRecords(): ReadonlySet<string> {
  const keys = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value === 'string') for (const part of value.split(/[ ./]+/)) keys.add(part);
    else if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        keys.add(key);
        visit(inner);
      }
    }
  };
  for (const { config } of modelRecords()) visit(config);
  return keys;
}

/** Keys of the reader itself, in every rotary configuration. */
const COMMON = new Set(['rope_parameters', 'rope_scaling', 'default_rope_type', 'partial_rotary_factor']);

export interface Unknown {
  readonly types: readonly ConfigClass[];
  /** Keys that look like positions, with the types that declare them. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
}

export function unknownOfTransformers(folder: string): Unknown {
  const classes = filesBelow(folder, /^configuration_\w+\.py$/).flatMap((file) =>
    classesOf(readFileSync(file, 'utf8'), file.slice(folder.length + 1)),
  );
  const known = keysOfRecords();
  const keys = new Map<string, string[]>();
  for (const { type, fields } of classes) {
    for (const key of positionKeys(Object.fromEntries(fields.map((field) => [field, true])))) {
      if (!known.has(key) && !COMMON.has(key)) keys.set(key, [...(keys.get(key) ?? []), type]);
    }
  }
  return { types: classes.filter(({ type }) => !recordOf(type)), keys };
}

/** Names of llama-arch.cpp: `{ LLM_ARCH_LLAMA, "llama" }`. */
export function unknownOfLlamaCpp(text: string): string[] {
  const names = [...text.matchAll(/\{\s*LLM_ARCH_\w+\s*,\s*"([\w.-]+)"\s*\}/g)].map((match) => match[1]);
  return [...new Set(names)].filter((name) => name !== '(unknown)' && !ggufRecord(name));
}

function main(path: string | undefined): number {
  if (path === undefined || !existsSync(path)) {
    console.error('usage: node --import tsx scripts/unknown-models.ts CHECKOUT_OF_TRANSFORMERS_OR_LLAMA_CPP');
    return 2;
  }
  const models = ['src/transformers/models', 'transformers/models', 'models'].map((name) => join(path, name));
  const folder = models.find((name) => existsSync(join(name, 'llama', 'configuration_llama.py')));
  const arch = ['src/llama-arch.cpp', 'cpp/llama-arch.cpp', 'llama-arch.cpp']
    .map((name) => join(path, name))
    .find(existsSync);
  if (folder !== undefined) {
    const { types, keys } = unknownOfTransformers(folder);
    for (const { type, file } of types) console.log(`type  ${type.padEnd(40)} ${file}`);
    for (const [key, users] of keys) console.log(`key   ${key.padEnd(40)} ${users.slice(0, 6).join(' ')}`);
    console.log(`${types.length} types and ${keys.size} keys that no record knows`);
    return 0;
  }
  if (arch !== undefined) {
    const names = unknownOfLlamaCpp(readFileSync(arch, 'utf8'));
    for (const name of names) console.log(`arch  ${name}`);
    console.log(`${names.length} architectures that no record knows`);
    return 0;
  }
  console.error(`${path}: neither src/transformers/models nor src/llama-arch.cpp is below it`);
  return 2;
}

const invoked = process.argv[1]?.endsWith('unknown-models.ts');
if (invoked) process.exitCode = main(process.argv[2]);
