/** posenc explain: what a model's own configuration does with positions. */
import { Command } from 'commander';
import { describeExplanation, explainForm } from '../index.ts';
import { type ModelOptions, readModel } from './input.ts';
import { example, withModel } from './options.ts';
import type { Shell } from './shell.ts';
import { printableJson } from './text.ts';

export function explainCommand(shell: Shell): Command {
  return withModel(
    new Command('explain').description('what a configuration does with positions, with warnings and fixes'),
  )
    .argument('<file>', 'config.json, a GGUF file (only its header is read), or - for JSON from standard input')
    .option('--json', 'the explanation as JSON')
    .addHelpText(
      'after',
      example(
        'posenc explain config.json --context 131072',
        'posenc explain model.gguf',
        'curl -s $URL | posenc explain - --json',
      ),
    )
    .action(async (file: string, options: ModelOptions & { json?: boolean }) => {
      const { layerType, context } = options;
      const form = await readModel(file, shell, options);
      const explanation = explainForm(form, { layerType, context });
      await shell.write(options.json ? toJson(explanation) : describeExplanation(explanation));
    });
}

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
