/** posenc identify: which formula made a table that somebody has in a file. */
import { Command } from 'commander';
import { type Identification, type Identified, identify } from '../index.ts';
import { type NamedArray, readArrays } from './arrays.ts';
import { toJson } from './explain.ts';
import { parseJson } from './json.ts';
import { example } from './options.ts';
import { CliError, EXIT, type Shell } from './shell.ts';
import { printable } from './text.ts';

export function identifyCommand(shell: Shell): Command {
  return new Command('identify')
    .description('which formula made these numbers: encoding, base, arrangement, scaling, precision')
    .argument('<file>', '.npy, .safetensors, an ONNX model, or JSON; - is standard input')
    .option('--tensor <name>', 'which array, for files with several (default: the only one, or cos and sin)')
    .option('--divisors <json>', 'a list that the frequencies were divided by, one a pair (short_factor, long_factor)')
    .option('--json', 'the answer as JSON')
    .addHelpText(
      'after',
      example('posenc identify table.npy', 'posenc identify model.safetensors --tensor embed_positions.weight'),
    )
    .action(async (path: string, { tensor, json, divisors }: IdentifyArguments) => {
      const chosen = choose(await readArrays(path, shell), path, tensor);
      const [first, second] = chosen.map(given);
      const table = second === undefined ? first : { cos: first, sin: second };
      const answer = identify(table, divisors === undefined ? {} : { divisors: listOf(divisors) });
      await shell.write(json ? toJson(answer) : text(chosen, answer));
    });
}

interface IdentifyArguments {
  readonly tensor?: string;
  readonly divisors?: string;
  readonly json?: boolean;
}

function listOf(text: string): number[] {
  const value = parseJson(text, '--divisors');
  if (Array.isArray(value)) return value;
  throw new CliError(EXIT.usage, '--divisors: expected a list of numbers, one a pair');
}

const given = (array: NamedArray): { data: Float64Array; shape: readonly number[] } => ({
  data: array.read(),
  shape: array.shape,
});

/** The array that was named; the only one; or a pair of cosines and sines. */
function choose(arrays: readonly NamedArray[], path: string, tensor: string | undefined): readonly NamedArray[] {
  const listed = (): string => {
    const names = arrays.slice(0, 20).map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
    return `${names.join(', ')}${arrays.length > 20 ? ` and ${arrays.length - 20} more` : ''}`;
  };
  if (tensor !== undefined) {
    const found = arrays.filter(({ name }) => name === tensor);
    if (found.length !== 1) throw new CliError(EXIT.usage, `--tensor ${tensor}: ${path} has ${listed()}`);
    return found;
  }
  if (arrays.length === 1) return arrays;
  const named = (word: RegExp): NamedArray[] => arrays.filter(({ name }) => word.test(name));
  const [cos, sin] = [named(/(^|[._/])cos/i), named(/(^|[._/])sin/i)];
  if (cos.length === 1 && sin.length === 1 && cos[0].shape.join() === sin[0].shape.join()) return [cos[0], sin[0]];
  throw new CliError(EXIT.usage, `${path}: has several arrays; say which with --tensor: ${listed()}`);
}

function text(arrays: readonly NamedArray[], { found, also, reason }: Identification): string {
  const names = arrays.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(' and ');
  const lines = [`array      ${names}`];
  if (found.length === 0) lines.push(`made by    ${reason}`);
  for (const one of found) lines.push(...description(one));
  for (const other of also) lines.push(`also       ${other}`);
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function description({ encoding, options, stored, maxError, sure, unknown }: Identified): string[] {
  const words = Object.entries(options).map(
    ([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [
    `made by    ${encoding}: ${words.join(', ')}`,
    `stored as  ${stored}, largest difference from the formula ${maxError.toPrecision(2)}`,
    `sure       ${sure}`,
    ...unknown.map((what) => `open       ${what}`),
  ];
}
