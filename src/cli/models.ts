/** posenc models: every model type that is known, and what is particular about its positions. */
import { Command } from 'commander';
import { type KnownModel, knownModels } from '../index.ts';
import { example } from './options.ts';
import { CliError, EXIT, type Shell } from './shell.ts';

export function modelsCommand(shell: Shell): Command {
  return new Command('models')
    .description('every model type that is known, and what is particular about its positions')
    .argument('[word]', 'only rows with this word: a type, a family, an architecture of llama.cpp')
    .option('--json', 'the table as JSON')
    .addHelpText('after', example('posenc models', 'posenc models alibi', 'posenc models qwen --json'))
    .action(async (word: string | undefined, options: { json?: boolean }) => {
      const rows = knownModels().filter((row) => word === undefined || has(row, word.toLowerCase()));
      if (rows.length === 0) throw new CliError(EXIT.usage, `models: nothing known has '${word}' in it`);
      await shell.write(options.json ? `${JSON.stringify(rows, null, 2)}\n` : tableOf(rows));
    });
}

const has = ({ types, family, llamaCpp }: KnownModel, word: string): boolean =>
  [...types, family, llamaCpp ?? ''].some((text) => text.toLowerCase().includes(word));

/** Columns, and the number of types below them. */
function tableOf(rows: readonly KnownModel[]): string {
  const names = rows.map(({ types }) => types.join(', '));
  const widest = Math.min(48, Math.max(...names.map((name) => name.length)));
  const families = Math.max(...rows.map(({ family }) => family.length));
  const lines = rows.map(({ family, about, llamaCpp }, i) => {
    const llama = llamaCpp === undefined ? '' : ` [llama.cpp: ${llamaCpp}]`;
    return `${names[i].padEnd(widest)}  ${family.padEnd(families)}  ${about}${llama}`.trimEnd();
  });
  const count = rows.reduce((sum, { types }) => sum + types.length, 0);
  return `${lines.join('\n')}\n\n${count} model types in ${rows.length} records\n`;
}
