/**
 * Arrays of any size to a file or a pipe in constant memory: rows are computed in blocks into one reused output and written
 * where they belong.
 */
import {
  BYTES,
  type Entry,
  type FileDtype,
  type Format,
  formatOf,
  jsonNumber,
  npyHeader,
  safetensorsHeader,
} from './formats.ts';
import { freeBytes, isStandardOutput, type OutputFile, refuseInput, writeFile } from './output.ts';
import { CliError, EXIT, progress, type Shell } from './shell.ts';
import { printable, sizeWords } from './text.ts';

/** Arrays of equal size, one after another: [planes, rows, width]. */
export interface Source {
  /** What a file with names calls them: one entry for all planes, or one for each. */
  readonly entries: readonly Entry[];
  /** Shape of all of it, for formats that hold one array. */
  readonly shape: readonly number[];
  readonly planes: number;
  readonly rows: number;
  readonly width: number;
  readonly dtype: FileDtype;
  /** Text that .safetensors keeps beside the arrays. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Rows from..to of every plane; valid until the next call. */
  block(from: number, to: number): readonly (Float32Array | Uint16Array)[];
}

/** Bytes of one block, all planes together. */
const BLOCK_BYTES = 4 << 20;

export interface Destination {
  /** A path, or - for standard output. */
  readonly out?: string;
  readonly format?: Format;
  /** Large outputs are wanted. */
  readonly yes?: boolean;
  /** What is read, which must not be what is written. */
  readonly config?: string;
}

/** Format and path; without either, JSON to standard output. @throws CliError when they contradict or do not suffice */
function destination({ out, format }: Destination): { out: string; format: Format } {
  const path = out === undefined || isStandardOutput(out) ? '-' : out;
  const chosen = format ?? (path === '-' ? 'json' : formatOf(path));
  if (chosen === undefined) {
    throw new CliError(
      EXIT.usage,
      `--out ${path}: cannot tell the format; end it in .npy, .safetensors, .raw or .json, or give --format`,
    );
  }
  return { out: path, format: chosen };
}

export async function writeArrays(source: Source, to: Destination, shell: Shell): Promise<void> {
  const { out, format } = destination(to);
  refuseInput(out, to.config);
  checkSize(source, { ...to, out, format });
  if (format === 'json') return writeJson(source, out, shell);
  const header = headerOf(source, format);
  if (out === '-') {
    if (shell.columns !== undefined)
      throw new CliError(EXIT.usage, `--format ${format}: will not write bytes to a terminal; give --out FILE`);
    return writeSequence(source, header, (bytes) => shell.write(bytes));
  }
  const bar = progress(shell, printable(out));
  await writeFile(out, async (file) => {
    if (file.sequential) return writeSequence(source, header, (bytes) => file.write(bytes, 0));
    await file.write(header, 0);
    const rowBytes = source.width * BYTES[source.dtype];
    for (const [from, end] of blocks(source)) {
      for (const [plane, data] of source.block(from, end).entries()) {
        await file.write(bytesOf(data), header.length + (plane * source.rows + from) * rowBytes);
      }
      bar.update(end, source.rows);
    }
  });
  bar.end();
}

/** Nobody waits for more by accident. */
const LARGE_BYTES = 100e9;
/** What a number takes as JSON, about. */
const JSON_BYTES = 12;
/** Bytes a second, about, of computing and writing. */
const SPEED = 5e8;

/** @throws CliError with an estimate before hours of work, or for a disk that is too small */
function checkSize({ planes, rows, width, dtype }: Source, { out = '-', format, yes }: Destination): void {
  if (yes) return;
  const bytes = planes * rows * width * (format === 'json' ? JSON_BYTES : BYTES[dtype]);
  const about = `${printable(out === '-' ? 'standard output' : out)}: would be ${sizeWords(bytes)}`;
  const free = out === '-' ? undefined : freeBytes(out);
  if (free !== undefined && bytes > free) {
    throw new CliError(EXIT.file, `${about}, and the disk has ${sizeWords(free)} left; --yes tries it all the same`);
  }
  if (bytes > LARGE_BYTES) {
    const hours = bytes / SPEED / 3600;
    const time = hours < 48 ? `${Math.ceil(hours)} hours` : `${Math.round(hours / 24)} days`;
    throw new CliError(EXIT.usage, `${about}, about ${time} of work; give --yes if it is meant`);
  }
}

function headerOf({ entries, shape, dtype, metadata }: Source, format: Format): Uint8Array {
  if (format === 'safetensors') return safetensorsHeader(dtype, entries, metadata);
  if (format === 'raw') return new Uint8Array(0);
  const header = npyHeader(dtype, shape);
  if (!header)
    throw new CliError(EXIT.usage, `--format npy: numpy has no ${dtype}; use .safetensors or --dtype float16`);
  return header;
}

const blockRows = ({ planes, width, dtype }: Source): number =>
  Math.max(1, Math.floor(BLOCK_BYTES / Math.max(1, planes * width * BYTES[dtype])));

const blockCount = (source: Source): number => Math.ceil(source.rows / blockRows(source));

function* blocks(source: Source): Generator<[number, number]> {
  const { rows } = source;
  const step = blockRows(source);
  for (let from = 0; from < rows; from += step) yield [from, Math.min(rows, from + step)];
}

const bytesOf = (data: Float32Array | Uint16Array): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** A pipe cannot go back: planes one after another, computed again for each when they do not fit one block. */
async function writeSequence(
  source: Source,
  header: Uint8Array,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  await write(header);
  for (const [, data] of planeBlocks(source)) await write(bytesOf(data));
}

function* planeBlocks(source: Source): Generator<[plane: number, data: Float32Array | Uint16Array]> {
  const only = blockCount(source) === 1 ? source.block(0, source.rows) : undefined;
  for (let plane = 0; plane < source.planes; plane++) {
    for (const range of blocks(source)) yield [plane, (only ?? source.block(...range))[plane]];
  }
}

async function writeJson(source: Source, out: string, shell: Shell): Promise<void> {
  if (source.dtype !== 'float32') throw new CliError(EXIT.usage, `--format json: for float32, not ${source.dtype}`);
  const write = async (emit: (text: string) => Promise<void> | void): Promise<void> => {
    const perEntry = source.planes / source.entries.length;
    const bar = progress(shell, out);
    let [entry, separator, done] = [-1, '', 0];
    const open = (index: number): string => {
      const { name, shape } = source.entries[index];
      const before = index === 0 ? '{' : ']},';
      return `${before}\n${JSON.stringify(name)}: {"shape": ${JSON.stringify(shape)}, "dtype": "float32", "data": [`;
    };
    for (const [plane, data] of planeBlocks(source)) {
      while (entry < Math.floor(plane / perEntry)) {
        await emit(open(++entry));
        separator = '';
      }
      // text in pieces: a block of numbers would be tens of megabytes
      for (let at = 0; at < data.length; at += 8192) {
        const numbers = Array.from(data.subarray(at, at + 8192) as Float32Array, jsonNumber).join(', ');
        await emit(`${separator}${numbers}`);
        separator = ', ';
      }
      bar.update(++done, source.planes * blockCount(source));
    }
    while (entry < source.entries.length - 1) await emit(open(++entry));
    await emit(']}\n}\n');
    bar.end();
  };
  if (out === '-') return write((text) => shell.write(text));
  await writeFile(out, async (file: OutputFile) => {
    let at = 0;
    await write((text) => {
      const bytes = new TextEncoder().encode(text);
      const position = at;
      at += bytes.length;
      return file.write(bytes, position);
    });
  });
}
