/** posenc table and sinusoidal: arrays to a file or to standard output. */
import { Command } from 'commander';
import {
  type RotaryTable,
  type RotaryTableOptions,
  rotaryFrequencies,
  rotaryTable,
  rotaryTableAs,
  sinusoidal,
  type TableLayout,
  Tensor,
} from '../index.ts';
import type { FileDtype } from './formats.ts';
import {
  choice,
  count,
  defined,
  example,
  number,
  rotarySpec,
  type SpecOptions,
  whole,
  withDestination,
  withSpec,
} from './options.ts';
import { CliError, EXIT, type Shell } from './shell.ts';
import { type Destination, type Source, writeArrays } from './stream.ts';

const LAYOUTS = [
  ...['half', 'full_duplicated', 'full_interleaved', 'cos_sin_concat', 'sin_cos_concat'],
  ...['cos_sin_interleaved', 'sin_cos_interleaved', 'complex'],
];

export interface TableArguments extends SpecOptions {
  readonly length: number;
  readonly offset?: number;
  readonly dtype?: FileDtype;
  readonly layout?: TableLayout;
}

/** The table of a specification, block by block. */
export async function tableSource(given: TableArguments, shell: Shell): Promise<Source> {
  const { length, offset = 0, dtype = 'float32', layout = 'half' } = given;
  const context = given.context ?? Math.max(1, length + offset);
  const spec = await rotarySpec(given, shell, context);
  const resolved = rotaryFrequencies(spec, { context });
  const { pairs, rotaryDim, rotaryOffset, pairing, outputPairing, attentionFactor, partnerAngles } = resolved;
  if (partnerAngles)
    throw new CliError(EXIT.usage, 'mropeLayout: tables of this layout need position streams; use the library');
  if (layout !== 'half' && dtype !== 'float32')
    throw new CliError(EXIT.usage, `--layout ${layout}: float32 only; leave out --dtype`);
  const joined = !['half', 'full_duplicated', 'full_interleaved'].includes(layout);
  const width = layout === 'half' ? pairs : 2 * pairs;
  const shape = layout === 'complex' ? [length, pairs, 2] : [length, width];
  let made: RotaryTable<FileDtype> | undefined;
  return {
    entries: (joined ? ['table'] : ['cos', 'sin']).map((name) => ({ name, shape })),
    shape: joined ? shape : [2, ...shape],
    planes: joined ? 1 : 2,
    rows: length,
    width,
    dtype,
    metadata: {
      pairing,
      ...(outputPairing !== pairing && { outputPairing }),
      ...(resolved.rotationSign === -1 && { rotationSign: '-1' }),
      // the table of text, whose streams are equal: an engine gathers from it by section
      ...(spec.mropeSection && {
        mropeSection: spec.mropeSection.join(','),
        mropeLayout: spec.mropeLayout ?? 'chunked',
      }),
      layout,
      rotaryDim: String(rotaryDim),
      rotaryOffset: String(rotaryOffset),
      attentionFactor: String(attentionFactor),
      precision: spec.precision ?? 'exact',
      start: String(offset),
    },
    block(from, to) {
      const rows = { length: to - from, offset: offset + from, context, dtype } as RotaryTableOptions<FileDtype>;
      const reused = made?.length === to - from ? { cos: made.cos, sin: made.sin } : undefined;
      if (!reused) made?.dispose();
      const table = rotaryTable(spec, reused ? { ...rows, out: reused } : rows);
      made = table;
      if (layout === 'half') return [table.cos.data, table.sin.data];
      const stored = rotaryTableAs(table as RotaryTable, { tableLayout: layout });
      // the caller takes a copy's worth at once, so the tensors can go before the next block
      const list = stored instanceof Tensor ? [stored] : [stored.cos, stored.sin];
      const copies = list.map((tensor) => tensor.toFloat32Array());
      for (const tensor of list) tensor.dispose();
      return copies;
    },
  };
}

export function tableCommand(shell: Shell): Command {
  const command = withDestination(withSpec(new Command('table').description('cos and sin of a rotary embedding')))
    .requiredOption('-l, --length <rows>', 'consecutive positions', count)
    .option('--offset <position>', 'first position', whole, 0)
    .addOption(choice('--dtype <dtype>', 'of the file', ['float32', 'float16', 'bfloat16']).default('float32'))
    .addOption(choice('--layout <layout>', 'how cos and sin are stored', LAYOUTS).default('half'))
    .addHelpText(
      'after',
      example(
        'posenc table --config config.json --length 131072 --out table.safetensors',
        'posenc table --head-dim 128 --rope-theta 500000 --length 4096 --out table.npy   # [2, 4096, 64]: cos, sin',
      ),
    );
  return command.action(async (options: TableArguments & Destination) => {
    await writeArrays(await tableSource(options, shell), options, shell);
  });
}

export function sinusoidalCommand(shell: Shell): Command {
  const command = withDestination(new Command('sinusoidal').description('a sinusoidal position table'))
    .requiredOption('-l, --length <rows>', 'consecutive positions', count)
    .requiredOption('-d, --dim <columns>', 'columns', count)
    .option('--preset <name>', 'a public variant, such as whisper or fairseq: docs/absolute.md')
    .option('--offset <position>', 'first position', number)
    .option('--base <base>', 'base of the frequencies (default: 10000)', number)
    .option('--scale <factor>', 'multiplied into every position (default: 1)', number)
    .option('--zero-row <position>', 'the row of this position is zero (fairseq)', whole)
    .addOption(choice('--arrangement <word>', 'sines and cosines (default: interleaved)', ['interleaved', 'concat']))
    .addOption(choice('--denominator <word>', 'of the exponent (default: half)', ['half', 'half-1']))
    .addOption(
      choice('--odd-rule <word>', 'what an odd dim does (default: error)', ['error', 'truncate', 'zero', 'ceil']),
    )
    .addOption(choice('--order <word>', 'which comes first (default: sin-cos)', ['sin-cos', 'cos-sin']))
    .addOption(choice('--precision <word>', 'default: exact', ['exact', 'torch']))
    .addHelpText(
      'after',
      example(
        'posenc sinusoidal --length 512 --dim 384 --out table.npy',
        'posenc sinusoidal --length 4 --dim 6 --arrangement concat',
        'posenc sinusoidal --length 1500 --dim 512 --preset whisper --precision torch --out whisper.npy',
      ),
    );
  type Arguments = Omit<Parameters<typeof sinusoidal>[0], 'positions' | 'out' | 'engine'> & {
    length: number;
  } & Destination;
  return command.action(async ({ out, format, yes, ...options }: Arguments) => {
    await writeArrays(sinusoidalSource(options), { out, format, yes }, shell);
  });
}

export function sinusoidalSource(given: Parameters<typeof sinusoidal>[0] & { length: number }): Source {
  const { length, offset = 0, ...rest } = given;
  const shape = [length, given.dim];
  let made: Tensor | undefined;
  return {
    entries: [{ name: 'table', shape }],
    shape,
    planes: 1,
    rows: length,
    width: given.dim,
    dtype: 'float32',
    metadata: { encoding: 'sinusoidal', start: String(offset) },
    block(from, to) {
      const out = reuse(made, [to - from, given.dim]);
      made = sinusoidal(defined({ ...rest, length: to - from, offset: offset + from, out })) as Tensor;
      return [made.data];
    },
  };
}

/** The output of the block before, if it fits; else it is given back. */
export function reuse(made: Tensor | undefined, shape: readonly number[]): Tensor | undefined {
  if (made === undefined || made.disposed) return undefined;
  if (made.shape.every((size, i) => size === shape[i])) return made;
  made.dispose();
  return undefined;
}
