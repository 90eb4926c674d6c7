/**
 * What a command touches of the outside: standard streams and the exit code. Commands take it as an argument, so that tests
 * run them inside their own process.
 */
import { readSync } from 'node:fs';

/** Exit codes, as documented in docs/cli.md. */
export const EXIT = {
  ok: 0,
  /** `check` found a difference. */
  difference: 1,
  /** The command line: unknown command or option, a value that is not allowed. */
  usage: 2,
  /** The input: not JSON, not GGUF, a configuration that cannot be read without guessing. */
  input: 3,
  /** A file that cannot be read or written. */
  file: 4,
  /** The runtime: no memory, no SIMD. */
  runtime: 5,
  /** A mistake in posenc itself. */
  bug: 70,
} as const;

export interface Shell {
  /** To standard output; resolves when the bytes were taken and the buffer may be reused. */
  write(chunk: string | Uint8Array): Promise<void>;
  /** To standard error. */
  note(text: string): void;
  /** Standard input, piece by piece; whoever stops reading closes it. */
  readInput(): AsyncIterable<Uint8Array>;
  /** Columns of the terminal that standard output is; undefined when it is none. */
  readonly columns: number | undefined;
  /** Standard error is a terminal: progress may be drawn. */
  readonly interactive: boolean;
  /** Colours are wanted. */
  readonly colour: boolean;
  exitCode: number;
}

/** A failure that is not PosencError's: what to say, and the exit code. */
export class CliError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}

export function processShell(): Shell {
  const { stdout, stderr, stdin, env } = process;
  return {
    write: (chunk) =>
      new Promise((resolve, reject) => {
        stdout.write(chunk, (error) => (error ? reject(error) : resolve()));
      }),
    note: (text) => void stderr.write(text),
    readInput: () => stdin,
    columns: stdout.isTTY ? (stdout.columns ?? 80) : undefined,
    interactive: stderr.isTTY === true,
    colour: stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
    exitCode: EXIT.ok,
  };
}

/** `length` bytes of a file from `position`; fewer at its end. */
export function readBytes(fd: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

/** Progress on a terminal, for what takes longer than a second; nothing in a pipe. */
export function progress(shell: Shell, label: string, now: () => number = () => performance.now()) {
  const start = now();
  let [shown, last] = [false, 0];
  return {
    update(done: number, total: number): void {
      const elapsed = now() - start;
      if (!shell.interactive || elapsed < 1000 || elapsed - last < 100) return;
      [shown, last] = [true, elapsed];
      const left = done > 0 ? ((elapsed / done) * (total - done)) / 1000 : 0;
      shell.note(`\r\x1b[K${label} ${Math.floor((100 * done) / total)} %, ${left.toFixed(0)} s left`);
    },
    end(): void {
      if (shown) shell.note('\r\x1b[K');
    },
  };
}
