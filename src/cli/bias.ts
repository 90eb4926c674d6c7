/** posenc bias: the bias matrices that need no weights, or few enough to type. */
import { Command } from 'commander';
import { alibi, kerple, sandwich, type Tensor, t5Bias } from '../index.ts';
import { readModel } from './input.ts';
import { parseJson } from './json.ts';
import {
  choice,
  count,
  defined,
  example,
  number,
  type SpecOptions,
  whole,
  withDestination,
  withModel,
} from './options.ts';
import { CliError, EXIT, type Shell } from './shell.ts';
import { type Destination, type Source, writeArrays } from './stream.ts';
import { reuse } from './tables.ts';

type Options = Readonly<Record<string, unknown>>;

/** Functions of the library by name; each checks its own options. */
const KINDS: Readonly<Record<string, (options: Options) => Tensor>> = {
  alibi: (options) => alibi(options as never),
  sandwich: (options) => sandwich(options as never),
  kerple: (options) => kerple(options as never),
  t5({ table, ...options }) {
    const rows = table as number[][];
    if (!Array.isArray(rows) || !Array.isArray(rows[0])) {
      throw new CliError(EXIT.usage, '--options: t5 needs "table", its learned rows [[...heads], ...buckets]');
    }
    const shape = [rows.length, rows[0].length];
    return t5Bias(Float32Array.from(rows.flat()), { ...options, shape } as never);
  },
};

export interface BiasArguments {
  readonly kind?: string;
  readonly config?: string;
  readonly heads?: number;
  readonly length: number;
  readonly queryLength?: number;
  readonly queryOffset?: number;
  readonly slopes?: string;
  readonly alibiBiasMax?: number;
  readonly form?: string;
  readonly causal?: boolean;
  /** JSON */
  readonly options?: string;
}

export function biasCommand(shell: Shell): Command {
  const command = withDestination(
    withModel(new Command('bias').description('a bias matrix, [heads, queries, keys]: alibi, sandwich, kerple, t5')),
  )
    .argument('[kind]', `${Object.keys(KINDS).join(', ')} (default: alibi)`)
    .option('-c, --config <file>', "alibi: a model's config.json or GGUF file; - is standard input")
    .option('--heads <n>', 'heads', count)
    .requiredOption('-l, --length <keys>', 'keys', count)
    .option('--query-length <n>', 'queries (default: as many as keys)', count)
    .option('--query-offset <position>', 'position of the first query (default: the last ones)', whole)
    .addOption(choice('--slopes <word>', 'alibi: their order (default: press)', ['press', 'mpt', 'geometric']))
    .option('--alibi-bias-max <n>', 'alibi: exponent of the smallest slope (default: 8)', number)
    .option(
      '--form <word>',
      'alibi: distance, tril, key, key-last-zero, nonsymmetric; sandwich: paper, nemo, nemo-causal',
    )
    .option('--causal', 'keys after the query get -Infinity')
    .option('--options <json>', "other options of the library's function, and learned numbers")
    .addHelpText(
      'after',
      example(
        'posenc bias --heads 8 --length 2048 --causal --out bias.safetensors',
        'posenc bias --config bloom.json --length 512 --query-length 1 --out row.npy',
        `posenc bias kerple --length 64 --options '{"p": [1, 2], "a": [0.5, 0.25]}' --out kerple.npy`,
      ),
    );
  return command.action(async (kind: string | undefined, options: BiasArguments & Destination) => {
    await writeArrays(await biasSource({ kind, ...options }, shell), options, shell);
  });
}

export async function biasSource(given: BiasArguments, shell: Shell): Promise<Source> {
  const { kind = 'alibi', config, heads, length, queryLength = length, queryOffset, causal } = given;
  const { slopes, alibiBiasMax, form } = given;
  if (!Object.hasOwn(KINDS, kind))
    throw new CliError(EXIT.usage, `bias ${kind}: expected ${Object.keys(KINDS).join(', ')}`);
  if (config !== undefined && (heads !== undefined || kind !== 'alibi')) {
    throw new CliError(
      EXIT.usage,
      `--config: says kind and heads itself; leave out ${heads !== undefined ? '--heads' : kind}`,
    );
  }
  if (heads !== undefined && (kind === 'kerple' || kind === 't5'))
    throw new CliError(EXIT.usage, `--heads: ${kind} has as many as its numbers in --options; leave it out`);
  if (kind === 'alibi' && heads === undefined && config === undefined && !given.options?.includes('"heads"'))
    throw new CliError(EXIT.usage, 'give --heads, or --config of a model with ALiBi');
  const more = given.options === undefined ? {} : parseJson(given.options, '--options');
  if (typeof more !== 'object' || more === null || Array.isArray(more))
    throw new CliError(EXIT.usage, '--options: expected a JSON object');
  const model = config === undefined ? defined({ heads }) : await alibiOf(config, given, shell);
  const rest: Options = {
    ...model,
    ...defined({ slopes, alibiBiasMax, form, causal }),
    ...more,
    ...defined({ keyLength: length, queryLength, queryOffset }),
  };
  const probe = KINDS[kind]({ ...rest, rows: [0, 0] });
  const { shape } = probe;
  probe.dispose();
  if (shape.length !== 3)
    throw new CliError(EXIT.usage, `--options: gives [${shape.join(', ')}]; the command writes [heads, queries, keys]`);
  const [planes] = shape;
  let made: Tensor | undefined;
  return {
    entries: [{ name: 'bias', shape: [planes, queryLength, length] }],
    shape: [planes, queryLength, length],
    planes,
    rows: queryLength,
    width: length,
    dtype: 'float32',
    metadata: { encoding: kind },
    block(from, to) {
      const out = reuse(made, [planes, to - from, length]);
      made = KINDS[kind](defined({ ...rest, rows: [from, to], out }));
      const { data } = made;
      const plane = (to - from) * length;
      return Array.from({ length: planes }, (_, h) => data.subarray(h * plane, (h + 1) * plane));
    },
  };
}

async function alibiOf(config: string, given: BiasArguments, shell: Shell): Promise<Options> {
  const form = await readModel(config, shell, given as SpecOptions);
  if (form.family !== 'alibi') {
    const why =
      form.family === 't5'
        ? '; its bias is learned: `posenc bias t5` with the table of the checkpoint in --options'
        : '';
    throw new CliError(
      EXIT.input,
      `--config ${config}: the family of '${form.modelType}' is ${form.family}, not alibi${why}`,
    );
  }
  return { ...form.calls?.alibi };
}
