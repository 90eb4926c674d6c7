/** Reading what the user names: a JSON file, standard input (-), or the header of a GGUF file. */
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { gguf } from '@huggingface/gguf';
import { fromGGUF, fromHF, type GGUFTensors, type NormalForm, type Pairing } from '../index.ts';
import { CliError, EXIT, readBytes, type Shell } from './shell.ts';

export interface ModelOptions {
  readonly layerType?: string;
  readonly context?: number;
  readonly strict?: boolean;
  /** For a GGUF architecture that is not known. */
  readonly pairing?: Pairing;
}

/** The normal form of a config.json (path or -) or of a GGUF file. */
export async function readModel(path: string, shell: Shell, options: ModelOptions = {}): Promise<NormalForm> {
  const { layerType, context, strict, pairing } = options;
  if (path !== '-' && isGGUF(path)) {
    const { metadata, tensors } = await readGGUF(path);
    return fromGGUF(metadata, { tensors, context, pairing });
  }
  return fromHF(await readJson(path, shell), { layerType, context, strict });
}

/** A JSON file as Python writes it: Infinity is accepted, a byte order mark too. */
export async function readJson(path: string, shell: Shell): Promise<unknown> {
  const bytes = path === '-' ? await shell.readInput() : readFileSync(path);
  const where = path === '-' ? 'standard input' : path;
  return parseJson(new TextDecoder().decode(bytes), where);
}

export function parseJson(text: string, where: string): unknown {
  // strings are matched so that they are left alone; 1e999 is Infinity to JSON.parse
  const plain = text.replace(/"(?:[^"\\]|\\.)*"|\bInfinity\b/g, (token) => (token === 'Infinity' ? '1e999' : token));
  try {
    return JSON.parse(plain);
  } catch (error) {
    throw new CliError(EXIT.input, `${where}: not JSON: ${(error as Error).message}`);
  }
}

function isGGUF(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    return new TextDecoder('latin1').decode(readBytes(fd, 0, 4)) === 'GGUF';
  } finally {
    closeSync(fd);
  }
}

const DIVISORS: Readonly<Record<string, keyof GGUFTensors>> = {
  'rope_freqs.weight': 'ropeFreqs',
  'rope_factors_short.weight': 'ropeFactorsShort',
  'rope_factors_long.weight': 'ropeFactorsLong',
};
const GGML_F32 = 0;

/** Metadata and the divisors of angles; of the weights nothing is read. */
async function readGGUF(path: string): Promise<{ metadata: unknown; tensors: GGUFTensors }> {
  let parsed: Awaited<ReturnType<typeof gguf>>;
  try {
    parsed = await gguf(path, { allowLocalFile: true });
    // the reader takes what is missing at the end of a file for zeros
    if (parsed.tensorInfoByteRange[1] > statSync(path).size) throw new Error('it ends inside its header');
  } catch (error) {
    throw new CliError(EXIT.input, `${path}: not a GGUF file that can be read: ${(error as Error).message}`);
  }
  const { metadata, tensorInfos, tensorDataOffset } = parsed;
  const tensors: Record<string, Float32Array> = {};
  for (const { name, dtype, shape, offset } of tensorInfos) {
    if (!Object.hasOwn(DIVISORS, name)) continue;
    if (dtype !== GGML_F32) throw new CliError(EXIT.input, `${path}: ${name} is not float32`);
    const count = shape.reduce((product, size) => product * Number(size), 1);
    if (count > 2 ** 16)
      throw new CliError(EXIT.input, `${path}: ${name} has ${count} numbers, more than pairs of a head`);
    tensors[DIVISORS[name]] = floatsAt(path, Number(tensorDataOffset + offset), count);
  }
  return { metadata, tensors };
}

function floatsAt(path: string, position: number, count: number): Float32Array {
  const fd = openSync(path, 'r');
  try {
    const bytes = readBytes(fd, position, 4 * count);
    if (bytes.length < 4 * count) throw new CliError(EXIT.input, `${path}: ends inside its rope factors`);
    const view = new DataView(bytes.buffer);
    return Float32Array.from({ length: count }, (_, i) => view.getFloat32(4 * i, true));
  } finally {
    closeSync(fd);
  }
}
