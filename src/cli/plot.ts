/** posenc plot: wavelengths, tables and biases as an SVG file or in the terminal. */
import { Command } from 'commander';
import { rotaryFrequencies } from '../index.ts';
import { biasSource } from './bias.ts';
import { choice, count, example, number, rotarySpec, type SpecOptions, whole, withSpec } from './options.ts';
import { isStandardOutput, refuseInput, writeText } from './output.ts';
import type { Picture } from './picture.ts';
import { type Curve, svgCurves, svgHeatmap } from './plotSvg.ts';
import { terminalCurves, terminalHeatmap } from './plotTerminal.ts';
import { CliError, EXIT, type Shell } from './shell.ts';
import type { Source } from './stream.ts';
import { sinusoidalSource, tableSource } from './tables.ts';

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
}

const KINDS = ['wavelengths', 'table', 'sinusoidal', 'bias'] as const;

export function plotCommand(shell: Shell): Command {
  return withSpec(new Command('plot').description('draws wavelengths, tables or biases, in the terminal or as SVG'))
    .argument('<kind>', KINDS.join(', '))
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
    .addHelpText(
      'after',
      example(
        'posenc plot wavelengths --config config.json',
        'posenc plot sinusoidal --dim 128 --length 100 --out table.svg',
        'posenc plot bias --heads 8 --head 3',
      ),
    )
    .action(async (kind: string, options: PlotArguments) => {
      checkOut(options);
      const svg = options.svg || options.out !== undefined;
      const size = { columns: Math.min(shell.columns ?? 100, 160), colour: shell.colour };
      let text: string;
      if (kind === 'wavelengths') {
        const curves = await wavelengths(options, shell);
        const axes = { title: 'wavelength of each pair', x: 'pair', y: 'positions for one turn' };
        text = svg ? svgCurves(curves, axes) : terminalCurves(curves, axes, size);
      } else {
        const picture = await pictureOf(kind, options, shell);
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

async function pictureOf(kind: string, options: PlotArguments, shell: Shell): Promise<Picture> {
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
    const { config, heads = config === undefined ? 8 : undefined, causal } = options;
    const source = await biasSource({ config, heads, length, causal }, shell);
    if (head >= source.planes)
      throw new CliError(EXIT.usage, `--head ${head}: there are heads 0 to ${source.planes - 1}`);
    return whole2d(source, head, `ALiBi, head ${head} of ${source.planes}`, 'key', 'query');
  }
  throw new CliError(EXIT.usage, `plot ${kind}: expected ${KINDS.join(', ')}`);
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
