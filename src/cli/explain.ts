/** posenc explain: what a model's own configuration does with positions. */
import { Command, Option } from 'commander';
import {
  describeExplanation,
  ENGINES,
  type EngineLine,
  type EngineName,
  explainForm,
  extend,
  forEngine,
  type NormalForm,
} from '../index.ts';
import { formOf, type ModelFile, type ModelOptions, readModelFile } from './input.ts';
import { choice, example, withModel } from './options.ts';
import { CliError, EXIT, type Shell } from './shell.ts';
import { printable, printableJson, printableLines } from './text.ts';

interface Given {
  readonly json?: boolean;
  readonly for?: EngineName;
  /** What other commands take; here it is refused with the fix. */
  readonly config?: string;
}

export function explainCommand(shell: Shell): Command {
  return withModel(
    new Command('explain').description('what a configuration does with positions, with warnings and fixes'),
  )
    .argument('[file]', 'config.json, a GGUF file (only its header is read), or - for standard input')
    .addOption(choice('--for <engine>', 'only what this engine needs: a line or a block to paste', ENGINES))
    .option('--json', 'the explanation as JSON')
    .addOption(new Option('-c, --config <file>').hideHelp())
    .addHelpText(
      'after',
      example(
        'posenc explain config.json --context 131072',
        'posenc explain model.gguf --context 128k --for llama.cpp',
        'curl -sSfL $URL | posenc explain - --json',
      ),
    )
    .action(async (path: string | undefined, options: ModelOptions & Given) => {
      const { layerType, context, config } = options;
      if (config !== undefined || path === undefined) {
        const file = printable(config ?? path ?? 'config.json');
        throw new CliError(EXIT.usage, `file: explain takes the file itself: posenc explain ${file}`);
      }
      const file = await readModelFile(path, shell);
      const form = formOf(file, options);
      if (options.for !== undefined) {
        const needed = engineOf(file, form, options.for, options);
        await shell.write(options.json ? toJson(needed) : engineText(needed));
        return;
      }
      const explanation = explainForm(form, { layerType, context });
      await shell.write(options.json ? toJson(explanation) : describeExplanation(explanation));
    });
}

/** The line of an engine for the context asked for; of a config.json that is read as another type, the file itself tells. */
function engineOf(file: ModelFile, form: NormalForm, engine: EngineName, options: ModelOptions): EngineLine {
  const { context, strict, as, layerType } = options;
  if (context === undefined || file.kind !== 'config') return forEngine(form, engine, { context, layerType });
  return (
    extend(file.config as object, { context, strict, as, layerType }).forEngines[engine] ??
    forEngine(form, engine, { context, layerType })
  );
}

const engineText = ({ line, notes }: EngineLine): string =>
  printableLines(`${line}\n${notes.map((note) => `# ${printable(note)}\n`).join('')}`);

/** JSON with what JSON cannot say as text: Infinity, NaN. */
export function toJson(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_, item) =>
      typeof item === 'number' && !Number.isFinite(item)
        ? String(item)
        : ArrayBuffer.isView(item)
          ? [...(item as Float32Array)]
          : item,
    2,
  );
  return printableJson(`${text}\n`);
}
