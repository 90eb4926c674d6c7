/** Reading a model: a config.json or the header of a GGUF file, from a file, a pipe or standard input. */
import { gguf } from '@huggingface/gguf';
import { fromGGUF, fromHF, type GGUFTensors, type NormalForm } from '../index.ts';
import { keysTwice, parseJson } from './json.ts';
import { CliError, EXIT, type Shell } from './shell.ts';
import { latin1, openSource, type SourceFile, textOf } from './sourceFile.ts';
import { printable } from './text.ts';

export interface ModelOptions {
  readonly layerType?: string;
  readonly context?: number;
  readonly strict?: boolean;
  /** Reads the file as one of another type or architecture. */
  readonly as?: string;
}

/** What a file says, before it is understood. */
export type ModelFile =
  | { readonly kind: 'config'; readonly config: unknown }
  | { readonly kind: 'gguf'; readonly metadata: unknown; readonly tensors: GGUFTensors };

/** The normal form of a config.json (path or -) or of a GGUF file. */
export async function readModel(path: string, shell: Shell, options: ModelOptions = {}): Promise<NormalForm> {
  return formOf(await readModelFile(path, shell), options);
}

export function formOf(file: ModelFile, { layerType, context, strict, as }: ModelOptions = {}): NormalForm {
  if (file.kind === 'config') return fromHF(file.config as object, { layerType, context, strict, as });
  return fromGGUF(file.metadata as object, { tensors: file.tensors, context, as });
}

export async function readModelFile(path: string, shell: Shell): Promise<ModelFile> {
  const source = await openSource(path, shell);
  try {
    if (latin1(source.read(0, 4)) === 'GGUF') return { kind: 'gguf', ...(await readGGUF(source)) };
    const text = textOf(source);
    const config = parseJson(text, source.name);
    const twice = keysTwice(text);
    if (twice.length > 0) {
      shell.note(`posenc: ${printable(source.name)}: has a key twice, the last one counts: ${twice.join(', ')}\n`);
    }
    return { kind: 'config', config };
  } finally {
    source.close();
  }
}

/** A JSON file. */
export async function readJson(path: string, shell: Shell): Promise<unknown> {
  const source = await openSource(path, shell);
  try {
    return parseJson(textOf(source), source.name);
  } finally {
    source.close();
  }
}

const DIVISORS: Readonly<Record<string, keyof GGUFTensors>> = {
  'rope_freqs.weight': 'ropeFreqs',
  'rope_factors_short.weight': 'ropeFactorsShort',
  'rope_factors_long.weight': 'ropeFactorsLong',
};
const GGML_F32 = 0;

/** Metadata and the divisors of angles; of the weights nothing is read. */
async function readGGUF(source: SourceFile): Promise<{ metadata: unknown; tensors: GGUFTensors }> {
  const { name, size, complete } = source;
  const where = complete ? name : `${name} (the first ${size} bytes)`;
  let parsed: Awaited<ReturnType<typeof gguf>>;
  try {
    parsed = await gguf('http://file', { fetch: ranges(source) as typeof fetch });
    // the reader takes what is missing at the end of a file for zeros
    if (parsed.tensorInfoByteRange[1] > size) throw new Error('it ends inside its header');
  } catch (error) {
    throw new CliError(EXIT.input, `${where}: not a GGUF file that can be read: ${(error as Error).message}`);
  }
  const { metadata, tensorInfos, tensorDataOffset } = parsed;
  const tensors: Record<string, Float32Array> = {};
  for (const { name: tensor, dtype, shape, offset } of tensorInfos) {
    if (!Object.hasOwn(DIVISORS, tensor)) continue;
    if (dtype !== GGML_F32) throw new CliError(EXIT.input, `${name}: ${tensor} is not float32`);
    const count = shape.reduce((product, length) => product * Number(length), 1);
    if (count > 2 ** 16)
      throw new CliError(EXIT.input, `${name}: ${tensor} has ${count} numbers, more than pairs of a head`);
    const position = tensorDataOffset + offset;
    if (position + BigInt(4 * count) > BigInt(size)) {
      const why = complete ? 'ends inside its rope factors' : `its ${tensor} lies further on; give the file itself`;
      throw new CliError(EXIT.input, `${where}: ${why}`);
    }
    const bytes = source.read(Number(position), 4 * count);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    tensors[DIVISORS[tensor]] = Float32Array.from({ length: count }, (_, i) => view.getFloat32(4 * i, true));
  }
  return { metadata, tensors };
}

/** The reader asks for ranges of bytes, as of an address. */
function ranges(source: SourceFile): (address: unknown, request?: { headers?: unknown }) => Promise<Response> {
  return async (_, request) => {
    const range = /bytes=(\d+)-(\d+)/.exec(String((request?.headers as Record<string, string>)?.Range));
    if (!range) throw new Error('a range of bytes was expected');
    const [from, to] = [Number(range[1]), Number(range[2])];
    const body = Uint8Array.from(source.read(from, to + 1 - from));
    const total = source.complete ? source.size : '*';
    return new Response(body, { status: 206, headers: { 'content-range': `bytes ${from}-${to}/${total}` } });
  };
}
