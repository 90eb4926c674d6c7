/**
 * The posenc command: its parts, and how failures become exit codes. Everything a command computes comes from the public
 * surface of the package.
 */
import { Command, CommanderError } from 'commander';
import { PosencError } from '../index.ts';
import { benchCommand } from './bench.ts';
import { biasCommand } from './bias.ts';
import { checkCommand } from './check.ts';
import { explainCommand } from './explain.ts';
import { fingerprintCommand } from './fingerprint.ts';
import { identifyCommand } from './identify.ts';
import { modelsCommand } from './models.ts';
import { plotCommand } from './plot.ts';
import { CliError, EXIT, type Shell } from './shell.ts';
import { sinusoidalCommand, tableCommand } from './tables.ts';
import { printable, printableJson, printableLines } from './text.ts';
import { vectorsCommand } from './vectors.ts';

const EXIT_CODES = `
Exit codes:
  0  done
  1  check: the output differs from what is expected
  2  the command line is wrong
  3  the input is no file of a kind that is read, or a configuration that cannot be read without guessing
  4  a file cannot be read or written
  5  the runtime: out of memory, no WebAssembly SIMD
`;

/** Runs one command line (without node and the script). @returns the exit code */
export async function run(argv: readonly string[], shell: Shell, version: string): Promise<number> {
  const text: string[] = [];
  const program = new Command('posenc')
    .description('Positional encodings: tables, biases, what a config does, what went wrong')
    .version(version)
    .addHelpText('after', `${EXIT_CODES}\nposenc COMMAND --help has an example of each.`);
  const makers = [explainCommand, modelsCommand, tableCommand, biasCommand, sinusoidalCommand, plotCommand];
  for (const make of [...makers, vectorsCommand, checkCommand, identifyCommand, benchCommand, fingerprintCommand])
    program.addCommand(make(shell));
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (words) => text.push(words),
      writeErr: (words) => shell.note(printableLines(words)),
      getOutHelpWidth: () => shell.columns ?? 120,
      getErrHelpWidth: () => shell.columns ?? 120,
    });
  }
  const json = argv.includes('--json');
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return shell.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (text.length > 0) await shell.write(text.join(''));
      // asked for help is fine, help instead of a command is not
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    const failure = failureOf(error);
    if (failure === undefined) return EXIT.ok;
    const { exitCode, code, message } = failure;
    // the words of an error may hold what stands in a file; the stack of our own mistake has lines
    const words = exitCode === EXIT.bug ? printableLines(message) : printable(message);
    shell.note(json ? printableJson(`${JSON.stringify({ error: { code, message } })}\n`) : `posenc: ${words}\n`);
    return exitCode;
  }
}

/** What the library tells to pass, as this command line spells it. */
function inFlags(message: string): string {
  const flags = { layerType: '--layer-type', context: '--context', as: '--as', oddRule: '--odd-rule' } as const;
  const flag = (_: string, name: keyof typeof flags) => flags[name];
  return message
    .replace(/^(layerType|context|as|oddRule)(?=:)/, flag)
    .replace(/\b(?:an )?(layerType|context|as|oddRule):(?= ')/g, flag)
    .replace(/(?<=pass )(context)(?=:)/g, flag)
    .replace(/, as in \w+\(.*\)$/, '');
}

/** Exit code and words of an error; undefined when the reader of a pipe went away. */
function failureOf(error: unknown): { exitCode: number; code: string; message: string } | undefined {
  const {
    code = '',
    message = String(error),
    stack = message,
  } = error as { code?: string; message?: string; stack?: string };
  if (error instanceof CliError) return { exitCode: error.exitCode, code: 'ERR_CLI', message };
  if (error instanceof PosencError) {
    if (code === 'ERR_CONFIG') return { exitCode: EXIT.input, code, message: inFlags(message) };
    const usage = ['ERR_OPTION', 'ERR_SHAPE', 'ERR_POSITION'].includes(code);
    return { exitCode: usage ? EXIT.usage : EXIT.runtime, code, message: inFlags(message) };
  }
  if (code === 'EPIPE') return undefined;
  if (/^E[A-Z]+$/.test(code)) return { exitCode: EXIT.file, code, message };
  return { exitCode: EXIT.bug, code: 'ERR_BUG', message: `a mistake in posenc itself, please report it\n${stack}` };
}
