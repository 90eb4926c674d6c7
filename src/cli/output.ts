/**
 * Writing a file so that nothing is lost: the numbers go to a file beside the target, which takes the target's name when it is
 * complete. Until then the old file is there, untouched; a failure or a signal leaves the old file and nothing else. After
 * SIGKILL, of which a process hears nothing, a part is left: the next run for the same target removes it.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  type Stats,
  statfsSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { CliError, EXIT } from './shell.ts';
import { printable } from './text.ts';

export interface OutputFile {
  /** A device or a pipe: bytes can only follow one another. */
  readonly sequential: boolean;
  /** Writes all of `bytes`; `position` is ignored when sequential. Resolves after signals had their turn. */
  write(bytes: Uint8Array, position: number): Promise<void>;
}

/** Standard output under the names that Unix gives it: writing must not replace what it is. */
const STANDARD_OUTPUT = /^\/(dev\/(stdout|fd\/1)|proc\/self\/fd\/1)$/;
export const isStandardOutput = (path: string): boolean => path === '-' || STANDARD_OUTPUT.test(path);

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Calls `use` with a file that becomes `path` when `use` succeeds. @throws CliError or the system's error; the old file stays */
export async function writeFile(path: string, use: (file: OutputFile) => Promise<void>): Promise<void> {
  const target = followLinks(path);
  const old = statOf(target);
  if (old?.isDirectory()) throw new CliError(EXIT.file, `--out ${printable(path)}: is a directory`);
  if (old && !old.isFile()) return writeDevice(target, use);
  clearStale(target);
  const part = temporaryName(target);
  let fd: number | undefined;
  let ended = false;
  const abandon = (): void => {
    if (ended) return;
    ended = true;
    if (fd !== undefined) closeSync(fd);
    if (made) unlinkSync(part);
  };
  // a second signal, or one that comes when all is done, acts as it always does
  const onSignal = (signal: NodeJS.Signals): void => {
    abandon();
    forget();
    process.kill(process.pid, signal);
  };
  const forget = (): void => {
    process.off('exit', abandon);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  let made = false;
  // before the file is made: a signal that comes at once must find someone who clears up
  process.on('exit', abandon);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    const opened = openPart(part, path, old);
    [fd, made] = [opened, true];
    await use({ sequential: false, write: (bytes, position) => writeAll(opened, bytes, position) });
    // the new name must not reach the disk before the bytes where there is something to lose
    if (old) fsyncSync(opened);
    fd = undefined;
    closeSync(opened);
    renameSync(part, target);
    ended = true;
  } catch (error) {
    abandon();
    throw error;
  } finally {
    forget();
  }
}

/** A complete text. */
export function writeText(path: string, text: string): Promise<void> {
  return writeFile(path, ({ write }) => write(new TextEncoder().encode(text), 0));
}

/** @throws CliError when `path` is one of the files that are read */
export function refuseInput(path: string, input: string | undefined): void {
  if (input === undefined || input === '-' || isStandardOutput(path)) return;
  const [a, b] = [statOf(path), statOf(input)];
  if (a && b && a.isFile() && a.dev === b.dev && a.ino === b.ino) {
    throw new CliError(EXIT.usage, `--out ${printable(path)}: is the input ${printable(input)}; give another name`);
  }
}

/** Bytes that the disk of `path` has left; undefined where nothing is stored. */
export function freeBytes(path: string): number | undefined {
  const target = followLinks(path);
  const old = statOf(target);
  if (old && !old.isFile()) return undefined;
  try {
    const { bavail, bsize } = statfsSync(dirname(target));
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** Where a name leads, also when the last link points to nothing yet. */
function followLinks(path: string): string {
  let target = resolve(path);
  // more links in a row than the system follows itself are a circle: opening says so
  for (let step = 0; step < 40; step++) {
    try {
      target = resolve(dirname(target), readlinkSync(target));
    } catch {
      break;
    }
  }
  return target;
}

/** `.NAME.HOST.`: process numbers mean something on one machine only, and disks are shared. Names are at most 255 bytes long. */
function prefixOf(target: string): string {
  const name = Buffer.from(basename(target))
    .subarray(0, 200)
    .toString()
    .replace(/\ufffd+$/, '');
  return `.${name}.${hostname()
    .replace(/[^A-Za-z0-9-]/g, '-')
    .slice(0, 32)}.`;
}

/** Beside the target, so that renaming stays on one disk. */
const temporaryName = (target: string): string => join(dirname(target), `${prefixOf(target)}${process.pid}.tmp`);

/** Removes the parts of this target whose processes are gone: one that is killed with SIGKILL cannot do it itself. */
function clearStale(target: string): void {
  const [folder, prefix] = [dirname(target), prefixOf(target)];
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    // opening says what is wrong with the folder
    return;
  }
  for (const name of names) {
    const number = name.startsWith(prefix) && /^\d+\.tmp$/.test(name.slice(prefix.length));
    if (!number || isAlive(Number.parseInt(name.slice(prefix.length), 10))) continue;
    try {
      if (lstatSync(join(folder, name)).isFile()) unlinkSync(join(folder, name));
    } catch {}
  }
}

function isAlive(pid: number): boolean {
  // a process that had our number before us
  if (pid === process.pid || pid === 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function openPart(part: string, path: string, old: Stats | undefined): number {
  try {
    const fd = openSync(part, 'wx', 0o666);
    if (old) keepOwner(part, old);
    return fd;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError(
      EXIT.file,
      `--out ${printable(path)}: ${code}: cannot write into the directory ${printable(dirname(part))}; files are made beside their target and renamed when complete`,
    );
  }
}

/** The mode always; the owner where the system lets us give files away. */
function keepOwner(part: string, { uid, gid, mode }: Stats): void {
  const made = statSync(part);
  if (made.uid !== uid || made.gid !== gid) {
    try {
      chownSync(part, uid, gid);
    } catch {}
  }
  chmodSync(part, mode & 0o7777);
}

async function writeDevice(path: string, use: (file: OutputFile) => Promise<void>): Promise<void> {
  const fd = openSync(path, 'w');
  try {
    await use({ sequential: true, write: (bytes) => writeAll(fd, bytes, null) });
  } finally {
    closeSync(fd);
  }
}

async function writeAll(fd: number, bytes: Uint8Array, position: number | null): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position === null ? null : position + done);
  }
  // signals are heard between two blocks
  await new Promise((resolve) => setImmediate(resolve));
}
