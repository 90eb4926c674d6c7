/** posenc plot: wavelengths, tables and biases as an SVG file or in the terminal. */
import { Command } from 'commander';
import { ROPE_EXAMPLES, type RotarySpec, rotaryFrequencies } from '../index.ts';
import { choice, count, defined, example, number, rotarySpec, type SpecOptions, whole, withSpec } from './options.ts';
import { isStandardOutput, refuseInput, writeText } from './output.ts';
import type { Picture } from './picture.ts';
import { BIASES, type BiasKind, biasPicture } from './plotBias.ts';
import { type Curve, svgCurves, svgHeatmap } from './plotSvg.ts';
import { terminalCurves, terminalHeatmap } from './plotTerminal.ts';
import { CliError, EXIT, type Shell } from './shell.ts';
import type { Source } from './stream.ts';
import { sinusoidalSource, tableSource } from './tables.ts';
import { printable } from './text.ts';

interface PlotArguments extends SpecOptions {
  readonly out?: string;
  readonly svg?: boolean;
  readonly length?: number;
  readonly offset: number;
  readonly dim: number;
  readonly arrangement?: 'interleaved' | 'concat';
  readonly base?: number;
  readonly heads?: number;
  readonly head: number;
  readonly causal?: boolean;
  readonly options?: string;
  readonly compare?: string;
  readonly factor: number;
  readonly original: number;
}

const KINDS = ['wavelengths', 'table', 'sinusoidal', 'bias'] as const;

const MODEL = ['layerType', 'context', 'strict', 'as', 'config'] as const;
const SPEC = [...MODEL, 'spec', 'headDim', 'rotaryDim', 'ropeTheta', 'pairing', 'precision'] as const;
/** What each picture reads; any other option would change nothing. */
const READS: Readonly<Record<string, readonly string[]>> = {
  wavelengths: [...SPEC, 'length'],
  'wavelengths --compare': [...SPEC, 'compare', 'factor', 'original'],
  table: [...SPEC, 'length', 'offset'],
  sinusoidal: ['length', 'offset', 'dim', 'arrangement', 'base'],
  bias: [...MODEL, 'length', 'heads', 'head', 'causal', 'options'],
  'bias kerple': [...MODEL, 'length', 'head', 'causal', 'options'],
  'bias t5': [...MODEL, 'length', 'options'],
  'bias swin': [...MODEL, 'options'],
};

/** @throws CliError for an option that was typed and that the picture does not read */
function onlyRead(kind: string, bias: string | undefined, options: PlotArguments, command: Command): void {
  if (bias !== undefined && kind !== 'bias')
    throw new CliError(EXIT.usage, `plot ${kind} ${printable(bias)}: only plot bias takes a second word`);
  const learned = bias === 't5' && options.options?.includes('"table"');
  const words = kind === 'wavelengths' && options.compare !== undefined ? `${kind} --compare` : `${kind} ${bias ?? ''}`;
  const picture = !learned && Object.hasOwn(READS, words.trim()) ? words.trim() : kind;
  if (!Object.hasOwn(READS, picture)) return;
  for (const name of Object.keys(options)) {
    if (name === 'out' || name === 'svg' || READS[picture].includes(name)) continue;
    if (command.getOptionValueSource(name) !== 'cli') continue;
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new CliError(EXIT.usage, `${flag}: plot ${picture} does not read it`);
  }
}

export function plotCommand(shell: Shell): Command {
  return withSpec(new Command('plot').description('draws wavelengths, tables or biases, in the terminal or as SVG'))
    .argument('<kind>', KINDS.join(', '))
    .argument('[bias]', `bias: ${BIASES.join(', ')} (default: alibi)`)
    .option('-o, --out <file.svg>', 'an SVG file; - is standard output')
    .option('--svg', 'SVG to standard output')
    .option('-l, --length <n>', 'positions (default: 128; bias 64)', count)
    .option('--offset <position>', 'first position', whole, 0)
    .option('-d, --dim <columns>', 'sinusoidal: columns', count, 64)
    .addOption(choice('--arrangement <word>', 'sinusoidal', ['interleaved', 'concat']))
    .option('--base <base>', 'sinusoidal: base of the frequencies', number)
    .option('--heads <n>', 'bias: heads', count)
    .option('--head <n>', 'bias: which head is drawn', count, 0)
    .option('--causal', 'bias: only keys up to the query')
    .option('--options <json>', "bias: other options of the library's function, and learned numbers")
    .option('--compare <rules>', 'wavelengths: scalings side by side, such as linear,yarn,llama3')
    .option('--factor <n>', '--compare: how much longer the context becomes', number, 4)
    .option('--original <positions>', '--compare: the length before', count, 8192)
    .addHelpText(
      'after',
      example(
        'posenc plot wavelengths --config config.json',
        'posenc plot sinusoidal --dim 128 --length 100 --out table.svg',
        'posenc plot wavelengths --head-dim 128 --compare linear,yarn,llama3 --factor 8',
        'posenc plot bias --heads 8 --head 3',
        'posenc plot bias t5 --length 300 --out t5.svg',
      ),
    )
    .action(async (kind: string, bias: string | undefined, options: PlotArguments, command: Command) => {
      onlyRead(kind, bias, options, command);
      checkOut(options);
      const svg = options.svg || options.out !== undefined;
      const size = { columns: Math.min(shell.columns ?? 100, 160), colour: shell.colour };
      let text: string;
      if (kind === 'wavelengths') {
        const curves = await (options.compare === undefined ? wavelengths(options, shell) : compared(options, shell));
        const axes = { title: 'wavelength of each pair', x: 'pair', y: 'positions for one turn' };
        text = svg ? svgCurves(curves, axes) : terminalCurves(curves, axes, size);
      } else {
        const picture = await pictureOf(kind, bias ?? 'alibi', options, shell);
        text = svg ? svgHeatmap(picture) : terminalHeatmap(picture, size);
      }
      if (options.out === undefined || isStandardOutput(options.out)) await shell.write(text);
      else await writeText(options.out, text);
    });
}

/** Only SVG is written: another ending would be a lie. */
function checkOut({ out, config }: PlotArguments): void {
  if (out === undefined || isStandardOutput(out)) return;
  if (!/\.svg$/i.test(out) && !out.startsWith('/dev/')) {
    throw new CliError(EXIT.usage, `--out ${out}: plots are SVG; end the name in .svg`);
  }
  refuseInput(out, config);
}

async function wavelengths(options: PlotArguments, shell: Shell): Promise<Curve[]> {
  const context = options.context ?? options.length ?? 1;
  const spec = await rotarySpec(options, shell, context);
  const used = rotaryFrequencies(spec, { context });
  const plain = rotaryFrequencies({ headDim: used.rotaryDim, ropeTheta: spec.ropeTheta });
  const lengths = (frequencies: ArrayLike<number>): number[] =>
    Array.from(frequencies, (f) => (f === 0 ? Number.NaN : (2 * Math.PI) / f));
  const curves = [
    {
      name: used.ropeType === 'default' ? `base ${spec.ropeTheta ?? 10000}` : used.ropeType,
      values: lengths(used.ladder.hi),
    },
  ];
  if (used.ropeType !== 'default' || spec.invFreq !== undefined)
    curves.unshift({ name: 'unscaled', values: lengths(plain.ladder.hi) });
  return curves;
}

const isBias = (word: string): word is BiasKind => (BIASES as readonly string[]).includes(word);

/** Rules of one model side by side. */
async function compared(options: PlotArguments, shell: Shell): Promise<Curve[]> {
  const { factor, original, compare = '' } = options;
  const given = options.config === undefined && options.spec === undefined ? { headDim: 128, ...options } : options;
  const { headDim, rotaryDim, ropeTheta } = await rotarySpec(given, shell, original);
  const context = Math.ceil(original * factor);
  const plain = { headDim, rotaryDim, ropeTheta };
  const rules: Readonly<Record<string, object>> = Object.fromEntries(
    Object.entries(ROPE_EXAMPLES).flatMap(([type, { stretched }]) =>
      stretched ? [[type, stretched(factor, original)]] : [],
    ),
  );
  return ['default', ...compare.split(',').map((word) => word.trim())].map((name) => {
    if (!Object.hasOwn(rules, name)) {
      throw new CliError(EXIT.usage, `--compare ${name}: expected ${Object.keys(rules).join(', ')}`);
    }
    const { ladder } = rotaryFrequencies(defined({ ...plain, ...rules[name] }) as RotarySpec, { context });
    const values = Array.from(ladder.hi, (f) => (f === 0 ? Number.NaN : (2 * Math.PI) / f));
    return { name: name === 'default' ? 'unscaled' : name, values };
  });
}

async function pictureOf(kind: string, bias: string, options: PlotArguments, shell: Shell): Promise<Picture> {
  const { offset, dim, arrangement, base, head } = options;
  const length = options.length ?? (kind === 'bias' ? 64 : 128);
  if (kind === 'table') {
    const { length: _, ...rest } = options;
    return whole2d(await tableSource({ ...rest, length }, shell), 0, 'cos of a rotary table', 'pair', 'position');
  }
  if (kind === 'sinusoidal') {
    const given = { length, offset, dim, ...(arrangement && { arrangement }), ...(base !== undefined && { base }) };
    return whole2d(sinusoidalSource(given), 0, 'sinusoidal table', 'column', 'position');
  }
  if (kind === 'bias') {
    const { config, heads, causal, layerType, context, strict, as } = options;
    if (!isBias(bias)) throw new CliError(EXIT.usage, `plot bias ${bias}: expected ${BIASES.join(', ')}`);
    const given = { config, heads, length, causal, options: options.options, layerType, context, strict, as };
    const { source, title, x, y } = await biasPicture(bias, given, shell);
    if (head >= source.planes)
      throw new CliError(EXIT.usage, `--head ${head}: there are heads 0 to ${source.planes - 1}`);
    return whole2d(source, head, source.planes === 1 ? title : `${title}, head ${head} of ${source.planes}`, x, y);
  }
  const asBias = isBias(kind) ? `; it is plot bias ${kind}` : '';
  throw new CliError(EXIT.usage, `plot ${kind}: expected ${KINDS.join(', ')}${asBias}`);
}

/** More cells than this are not seen. */
const MOST_CELLS = 1 << 22;

function whole2d(source: Source, plane: number, title: string, x: string, y: string): Picture {
  const { rows, width } = source;
  if (rows === 0 || source.planes * rows * width > MOST_CELLS) {
    throw new CliError(EXIT.usage, `--length ${rows}: too ${rows === 0 ? 'short' : 'long'} to draw`);
  }
  return { title, x, y, rows, columns: width, data: Float32Array.from(source.block(0, rows)[plane] as Float32Array) };
}
