/** Options that several commands share, and the readers of their values. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Pairing, Precision, RotarySpec } from '../index.ts';
import { type ModelOptions, readModel } from './input.ts';
import { parseJson } from './json.ts';
import { CliError, EXIT, type Shell } from './shell.ts';
import { numberOf } from './text.ts';

export function number(text: string): number {
  const value = numberOf(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('expected a number, as 131072 or 128k');
  return value;
}

export function whole(text: string): number {
  const value = number(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('expected a whole number');
  return value;
}

export function count(text: string): number {
  const value = whole(text);
  if (value < 0) throw new InvalidArgumentError('expected a whole number from 0');
  return value;
}

export function positions(text: string): number {
  const value = whole(text);
  if (value < 1) throw new InvalidArgumentError('expected a whole number from 1');
  return value;
}

export const choice = (flags: string, description: string, words: readonly string[]): Option =>
  new Option(flags, description).choices(words);

export function withDestination(command: Command): Command {
  return command
    .option(
      '-o, --out <file>',
      'where to: FILE.npy, .safetensors, .raw or .json; - is standard output (default: JSON there)',
    )
    .addOption(
      choice('--format <format>', 'when the name of the file does not say', ['npy', 'safetensors', 'raw', 'json']),
    )
    .option('--yes', 'write also what is larger than 100 GB');
}

export function withModel(command: Command): Command {
  return command
    .option('--layer-type <name>', 'which table, for models with several')
    .option('--context <positions>', 'positions the table is for, where frequencies depend on it', positions)
    .option('--no-strict', 'unknown keys and contradictions are warnings')
    .option('--as <type>', 'read the file as this model type, or a GGUF file as this architecture of llama.cpp');
}

export interface SpecOptions extends ModelOptions {
  readonly config?: string;
  readonly spec?: string;
  readonly headDim?: number;
  readonly rotaryDim?: number;
  readonly ropeTheta?: number;
  readonly pairing?: Pairing;
  readonly precision?: Precision;
}

export function withSpec(command: Command): Command {
  return withModel(command)
    .option('-c, --config <file>', "a model's config.json or GGUF file; - is standard input")
    .option('--spec <json>', 'a rotary specification, {"headDim": 128, "ropeTheta": 500000, ...}')
    .option('--head-dim <n>', 'channels of a head', count)
    .option('--rotary-dim <n>', 'rotated channels (default: all)', count)
    .option('--rope-theta <base>', 'base of the frequencies (default: 10000)', number)
    .addOption(choice('--pairing <word>', 'pairing of a table without a config', ['half', 'interleaved']))
    .addOption(choice('--precision <word>', "default: 'torch' for a config, else 'exact'", ['exact', 'torch', 'ggml']));
}

/** The specification that the options describe: from a config, from JSON, or from the few that suffice. */
export async function rotarySpec(options: SpecOptions, shell: Shell, context: number): Promise<RotarySpec> {
  const { config, spec, headDim, rotaryDim, ropeTheta, pairing, precision, layerType, strict } = options;
  const given = Object.entries({ config, spec, headDim }).filter(([, value]) => value !== undefined);
  if (given.length !== 1) {
    throw new CliError(
      EXIT.usage,
      `give one of --config, --spec, --head-dim${given.length === 0 ? '' : ', not several'}`,
    );
  }
  const flags = defined({ rotaryDim, ropeTheta, pairing: pairing as Pairing | undefined, precision });
  if (headDim !== undefined) return { headDim, ...flags };
  // whatever the text holds, the call that takes the specification checks it
  if (spec !== undefined) return { ...(parseJson(spec, '--spec') as object), ...flags } as RotarySpec;
  if (rotaryDim !== undefined || ropeTheta !== undefined) {
    throw new CliError(
      EXIT.usage,
      `--${rotaryDim !== undefined ? 'rotary-dim' : 'rope-theta'}: the config says it; leave it out`,
    );
  }
  const form = await readModel(config as string, shell, {
    layerType,
    strict,
    as: options.as,
    context: options.context ?? Math.max(1, context),
  });
  return { ...form.rotary, ...defined({ precision }) };
}

/** Without the properties that are undefined. */
export function defined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

/** A text that shows one call. */
export const example = (...lines: string[]): string =>
  `\nExample${lines.length > 1 ? 's' : ''}:\n${lines.map((line) => `  ${line}\n`).join('')}`;
