/**
 * What the user names as input: a file, a pipe (also `<(...)`), standard input (-). A stream is kept as far as it was read; a
 * file is read where it is asked for. What is no file at all is answered with the command that fetches it.
 */
import { closeSync, createReadStream, openSync, statSync } from 'node:fs';
import { CliError, EXIT, readBytes, type Shell } from './shell.ts';
import { printable, sizeWords } from './text.ts';

export interface SourceFile {
  /** How messages call it. */
  readonly name: string;
  /** Bytes there are; of a stream that goes on, those that were read. */
  readonly size: number;
  /** All of it is there: nothing lies beyond `size`. */
  readonly complete: boolean;
  /** Fewer bytes than asked for at the end. */
  read(position: number, length: number): Uint8Array;
  close(): void;
}

/** More than any text this command reads needs; endless devices end here. */
const MOST_TEXT = 256 << 20;
/** Headers of model files are far shorter; their weights are not read from a pipe. */
const MOST_STREAM = 64 << 20;

/** @throws CliError for what is not there, with what to do */
export async function openSource(path: string, shell: Shell): Promise<SourceFile> {
  if (path === '-') return kept('standard input', shell.readInput());
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new CliError(EXIT.file, missing(path));
  if (found.isDirectory()) throw new CliError(EXIT.file, `${path}: is a directory; give the file, ${path}/config.json`);
  // opened once, and not again: a pipe can be read one time
  if (!found.isFile()) return kept(path, createReadStream(path));
  const fd = openSync(path, 'r');
  return {
    name: path,
    size: found.size,
    complete: true,
    read: (position, length) => readBytes(fd, position, Math.max(0, Math.min(length, found.size - position))),
    close: () => closeSync(fd),
  };
}

async function kept(name: string, stream: AsyncIterable<Uint8Array>): Promise<SourceFile> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let complete = true;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    const most = isText(chunks[0]) ? MOST_TEXT : MOST_STREAM;
    if (size > most) {
      complete = false;
      break;
    }
  }
  const bytes = Buffer.concat(chunks);
  return {
    name,
    size,
    complete,
    read: (position, length) => bytes.subarray(position, position + length),
    close: () => {},
  };
}

/** Begins like JSON, after white space or a byte order mark. */
const isText = (start: Uint8Array): boolean => /^(?:\xef\xbb\xbf)?\s*[[{"\d-]/.test(latin1(start.subarray(0, 64)));

export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** All of a text in UTF-8. @throws CliError that names what it is instead */
export function textOf(source: SourceFile): string {
  const { name, size, complete } = source;
  if (size > MOST_TEXT || !complete) {
    throw new CliError(EXIT.input, `${name}: longer than ${sizeWords(MOST_TEXT)}, so it is no JSON this command reads`);
  }
  const bytes = source.read(0, size);
  const other = foreign(bytes);
  if (other !== undefined) throw new CliError(EXIT.input, `${name}: not JSON: ${other}`);
  const text = new TextDecoder().decode(bytes);
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const line = text.slice(0, text.indexOf('\ufffd')).split('\n').length;
    throw new CliError(
      EXIT.input,
      `${name}: not UTF-8 (line ${line}); if it is Latin-1: iconv -f LATIN1 -t UTF-8 FILE > NEW.json`,
    );
  }
  return text;
}

/** Other files that people have, by how they begin. */
function foreign(bytes: Uint8Array): string | undefined {
  const start = latin1(bytes.subarray(0, 16));
  const encoded = (encoding: string): string =>
    `it is ${encoding} text; convert it: iconv -f ${encoding} -t UTF-8 FILE > NEW.json`;
  if (/^(\xff\xfe\0\0|\0\0\xfe\xff)/.test(start)) return encoded('UTF-32');
  if (/^(\xff\xfe|\xfe\xff)/.test(start)) return encoded('UTF-16');
  if (/^[\t-~]\0[\t-~]\0/.test(start)) return encoded('UTF-16LE');
  if (/^\0[\t-~]\0[\t-~]/.test(start)) return encoded('UTF-16BE');
  if (start.startsWith('\x1f\x8b')) return 'it is compressed; use gzip -d first';
  if (start.startsWith('PK')) return 'it is a zip archive or a PyTorch checkpoint; give the config.json beside it';
  if (start.startsWith('GGUF')) return 'it is a GGUF file; `posenc explain` reads those';
  if (start.startsWith('\x93NUMPY')) return 'it is a .npy file; `posenc identify` reads those';
  if (/^.{5}\0{3}\{"/s.test(start))
    return 'it is a .safetensors file; `posenc identify` reads those, and a model is told by the config.json beside it';
  if (/^\s*<(!doctype|html)/i.test(start))
    return 'it is a web page; ask for the file itself (on the hub: /resolve/, not /blob/)';
  if (start.includes('\0')) return 'it is a binary file; a model is told by its config.json or a GGUF file';
  return undefined;
}

const HUB = 'https://huggingface.co';
/** owner/name, as the hub names models; the page of one; its short address in other programs. */
const MODEL =
  /^(?:(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co)\/|hf:\/\/)?([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*?)(?:\/tree\/[\w./-]+|\/)?$/;

/** A path where nothing is: an address or a model's name is answered with the command that fetches it. */
function missing(path: string): string {
  const shown = printable(path.length > 200 ? `${path.slice(0, 197)}...` : path);
  const quoted = /^[\w:/.@%+=,~-]+$/.test(path) ? path : `'${shown.replaceAll("'", '')}'`;
  const model = path.length <= 200 ? MODEL.exec(path)?.[1] : undefined;
  if (model !== undefined && !/\.(json|gguf|npy|safetensors|onnx)$/.test(model)) {
    const address = `${HUB}/${model}/resolve/main/config.json`;
    return `${shown}: ENOENT, no such file; if it is a model on the Hugging Face hub: curl -sSfL ${address} | posenc explain - (where a licence must be accepted: hf download ${model} config.json)`;
  }
  if (/^https?:\/\//.test(path)) {
    const address = quoted.replace(/(huggingface\.co\/.+)\/blob\//, '$1/resolve/');
    const part = /\.gguf\b/i.test(path) ? ' -r 0-67108863' : '';
    return `${shown}: posenc reads files, not addresses; fetch it and give - : curl -sSfL${part} ${address} | posenc explain -`;
  }
  return `ENOENT: no such file: ${shown}`;
}
