/**
 * Arrays in the files people have: .npy (numpy.lib.format), .safetensors (github.com/huggingface/safetensors, "Format"), the
 * initialisers and constants of an ONNX graph (onnx/onnx.proto: ModelProto, GraphProto, TensorProto), and JSON.
 */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PbfReader } from 'pbf';
import { parseJson } from './json.ts';
import { CliError, EXIT, readBytes, type Shell } from './shell.ts';
import { latin1, openSource, type SourceFile, textOf } from './sourceFile.ts';

export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  /** The numbers; of a long array its first rows. */
  read(): Float64Array;
}

/** Tables are told from their first rows: more numbers are not read. */
const MOST_NUMBERS = 1 << 22;

export async function readArrays(path: string, shell: Shell): Promise<NamedArray[]> {
  const source = await openSource(path, shell);
  const start = latin1(source.read(0, 16));
  // arrays are read when they are chosen, so the file stays open until the process ends
  if (start.startsWith('\x93NUMPY')) return [npyArray(source)];
  if (/^.{5}\0{3}\{"/s.test(start)) return safetensorsArrays(source);
  if (isOnnx(source)) return onnxArrays(source, path);
  return jsonArrays(parseJson(textOf(source), source.name), source.name);
}

/** Bytes of a number, and how it is read. */
interface Kind {
  readonly bytes: number;
  read(view: DataView, at: number, little: boolean): number;
}

const float = (bits: number, exponentBits: number, bytes: 2): Kind => ({
  bytes,
  read(view, at, little) {
    const word = view.getUint16(at, little);
    const mantissaBits = bits - 1 - exponentBits;
    const sign = word >> (bits - 1) === 1 ? -1 : 1;
    const exponent = (word >> mantissaBits) & (2 ** exponentBits - 1);
    const mantissa = word & (2 ** mantissaBits - 1);
    const bias = 2 ** (exponentBits - 1) - 1;
    if (exponent === 2 ** exponentBits - 1) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    if (exponent === 0) return sign * mantissa * 2 ** (1 - bias - mantissaBits);
    return sign * (1 + mantissa / 2 ** mantissaBits) * 2 ** (exponent - bias);
  },
});

const KINDS: Readonly<Record<string, Kind>> = {
  f4: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
  f2: float(16, 5, 2),
  bf16: float(16, 8, 2),
  i1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  u1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  b1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  i2: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  u2: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  i4: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  u4: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  i8: { bytes: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  u8: { bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
};

const fail = (name: string, why: string): CliError => new CliError(EXIT.input, `${name}: ${why}`);

/** As many rows as are looked at; at least one. */
function kept(shape: readonly number[]): { shape: number[]; count: number } {
  const whole = shape.reduce((product, n) => product * n, 1);
  const row = shape.slice(1).reduce((product, n) => product * n, 1);
  const rows = whole <= MOST_NUMBERS ? (shape[0] ?? 1) : Math.max(1, Math.floor(MOST_NUMBERS / row));
  const cut = shape.length === 0 ? [] : [Math.min(rows, shape[0]), ...shape.slice(1)];
  return { shape: cut, count: cut.reduce((product, n) => product * n, 1) };
}

interface Place {
  readonly name: string;
  readonly shape: readonly number[];
  readonly kind: string;
  readonly little: boolean;
  /** Bytes of the array from `position` of its file. */
  bytes(length: number): Uint8Array;
}

function arrayAt({ name, shape, kind, little, bytes }: Place): NamedArray {
  const { shape: cut, count } = kept(shape);
  return {
    name,
    shape: cut,
    read() {
      if (!Object.hasOwn(KINDS, kind)) throw fail(name, `numbers of type ${kind} are not read`);
      const { bytes: size, read } = KINDS[kind];
      if (count > 4 * MOST_NUMBERS) throw fail(name, `a row of ${count} numbers is longer than any table's`);
      const data = bytes(count * size);
      if (data.length < count * size) throw fail(name, 'the file ends inside the array');
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
      return Float64Array.from({ length: count }, (_, i) => read(view, i * size, little));
    },
  };
}

function npyArray(source: SourceFile): NamedArray {
  const { name } = source;
  const head = source.read(0, 12);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const wide = head[6] >= 2;
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (length > 1 << 20) throw fail(name, 'its header is longer than any .npy file has');
  const text = latin1(source.read(start, length));
  const descr = /'descr':\s*'([<>|=])(\w+)'/.exec(text);
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (!descr || shape === undefined)
    throw fail(name, 'its header has no descr or shape that is read (one array of numbers)');
  const sizes = shape
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  if (/'fortran_order':\s*True/.test(text) && sizes.filter((n) => n !== 1).length > 1) {
    throw fail(name, 'stored column by column; write numpy.ascontiguousarray(x)');
  }
  return arrayAt({
    name,
    shape: sizes,
    kind: descr[2],
    little: descr[1] !== '>',
    bytes: (count) => source.read(start + length, count),
  });
}

const SAFETENSORS: Readonly<Record<string, string>> = {
  ...{ F32: 'f4', F64: 'f8', F16: 'f2', BF16: 'bf16', I8: 'i1', U8: 'u1', BOOL: 'b1' },
  ...{ I16: 'i2', U16: 'u2', I32: 'i4', U32: 'u4', I64: 'i8', U64: 'u8' },
};

function safetensorsArrays(source: SourceFile): NamedArray[] {
  const head = source.read(0, 8);
  const length = Number(new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true));
  if (length > source.size - 8 || length > 100e6) throw fail(source.name, 'its header does not end inside the file');
  const header = parseJson(new TextDecoder().decode(source.read(8, length)), `${source.name}, header`);
  const entries = Object.entries(
    header as Record<string, { dtype?: unknown; shape?: unknown; data_offsets?: unknown }>,
  );
  return entries.flatMap(([name, { dtype, shape, data_offsets: offsets }]) => {
    if (name === '__metadata__') return [];
    const sizes = wholeNumbers(shape);
    const [from] = wholeNumbers(offsets) ?? [];
    if (sizes === undefined || from === undefined || typeof dtype !== 'string') {
      throw fail(source.name, `the entry of ${name} has no dtype, shape and data_offsets`);
    }
    const kind = SAFETENSORS[dtype] ?? dtype;
    return [
      arrayAt({ name, shape: sizes, kind, little: true, bytes: (count) => source.read(8 + length + from, count) }),
    ];
  });
}

function wholeNumbers(value: unknown): number[] | undefined {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0) ? value : undefined;
}

/** A model begins with its version (field 1) or another field of ModelProto; a graph is field 7. */
function isOnnx(source: SourceFile): boolean {
  const [first] = source.read(0, 1);
  return first === 0x08 || first === 0x12 || first === 0x3a;
}

/** onnx.proto, TensorProto.DataType. */
const ONNX_KINDS: Readonly<Record<number, string>> = {
  ...{ 1: 'f4', 2: 'u1', 3: 'i1', 4: 'u2', 5: 'i2', 6: 'i4', 7: 'i8', 9: 'b1', 10: 'f2', 11: 'f8', 12: 'u4', 13: 'u8' },
  16: 'bf16',
};

interface OnnxTensor {
  name: string;
  dims: number[];
  type: number;
  raw?: Uint8Array;
  /** Numbers that are not stored as bytes. */
  values: number[];
  external: Record<string, string>;
}

function onnxArrays(source: SourceFile, path: string): NamedArray[] {
  const tensors: OnnxTensor[] = [];
  try {
    const reader = new PbfReader(source.read(0, source.size));
    reader.readFields((tag, list, model) => {
      if (tag === 7) model.readMessage(graphField, list);
    }, tensors);
  } catch (error) {
    throw fail(source.name, `not an ONNX file that can be read: ${(error as Error).message}`);
  }
  if (tensors.length === 0) throw fail(source.name, 'neither an array file nor an ONNX graph with initialisers');
  return tensors.map((tensor) => onnxArray(tensor, path, source.name));
}

/** GraphProto: nodes (1) and initialisers (5). */
function graphField(tag: number, list: OnnxTensor[], graph: PbfReader): void {
  if (tag === 5) list.push(tensorOf(graph, ''));
  if (tag !== 1) return;
  const node = graph.readMessage(
    (field, found: { output: string; tensor?: OnnxTensor }, message) => {
      if (field === 2) found.output = message.readString();
      // AttributeProto.t of a Constant
      if (field === 5) {
        message.readMessage((part, _, attribute) => {
          if (part === 5) found.tensor = tensorOf(attribute, '');
        }, {});
      }
    },
    { output: '' },
  );
  if (node.tensor) list.push({ ...node.tensor, name: node.tensor.name || node.output });
}

function tensorOf(message: PbfReader, name: string): OnnxTensor {
  return message.readMessage(
    (tag, tensor: OnnxTensor, part) => {
      // packed or one by one: both are legal
      const packed = part.type === 2;
      if (tag === 1) packed ? part.readPackedVarint(tensor.dims) : tensor.dims.push(part.readVarint());
      else if (tag === 2) tensor.type = part.readVarint();
      else if (tag === 4) packed ? part.readPackedFloat(tensor.values) : tensor.values.push(part.readFloat());
      else if (tag === 5 || tag === 7)
        packed ? part.readPackedVarint(tensor.values, true) : tensor.values.push(part.readVarint(true));
      else if (tag === 8) tensor.name = part.readString();
      else if (tag === 9) tensor.raw = part.readBytes();
      else if (tag === 10) packed ? part.readPackedDouble(tensor.values) : tensor.values.push(part.readDouble());
      else if (tag === 13) {
        const [key, value] = part.readMessage(
          (field, pair: string[], entry) => {
            if (field === 1 || field === 2) pair[field - 1] = entry.readString();
          },
          ['', ''],
        );
        tensor.external[key] = value;
      }
    },
    { name, dims: [], type: 0, values: [], external: {} },
  );
}

function onnxArray({ name, dims, type, raw, values, external }: OnnxTensor, path: string, file: string): NamedArray {
  const kind = ONNX_KINDS[type] ?? `number ${type}`;
  const place = { name, shape: dims, kind, little: true };
  if (raw !== undefined) return arrayAt({ ...place, bytes: (count) => raw.subarray(0, count) });
  if (external.location !== undefined) {
    return arrayAt({ ...place, bytes: (count) => externalBytes(external, count, path, file) });
  }
  const { shape, count } = kept(dims);
  return {
    name,
    shape,
    read() {
      if (values.length < count) throw fail(file, `${name}: ${values.length} numbers for shape [${dims.join(', ')}]`);
      // float16 and bfloat16 come as the bits of a whole number
      if (kind !== 'f2' && kind !== 'bf16') return Float64Array.from(values.slice(0, count));
      const bits = new DataView(Uint16Array.from(values.slice(0, count)).buffer);
      return Float64Array.from({ length: count }, (_, i) => KINDS[kind].read(bits, 2 * i, true));
    },
  };
}

/** Weights beside the graph: a file name without a folder, as exporters write it. */
function externalBytes(external: Record<string, string>, count: number, path: string, file: string): Uint8Array {
  const { location, offset = '0' } = external;
  if (/[\\/]|^\.\.?$/.test(location)) throw fail(file, `its numbers lie at ${location}, which is not beside the graph`);
  const fd = openSync(join(dirname(path), location), 'r');
  try {
    const from = Number(offset);
    if (!Number.isSafeInteger(from) || from < 0) throw fail(file, `offset ${offset} of ${location} is no position`);
    return readBytes(fd, from, Math.max(0, Math.min(count, fstatSync(fd).size - from)));
  } finally {
    closeSync(fd);
  }
}

/** Nested lists, {"shape", "data"}, or an object of those, as this command writes them. */
function jsonArrays(value: unknown, name: string): NamedArray[] {
  const own = jsonArray(value, name);
  if (own) return [own];
  const found =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, item]) => jsonArray(item, key) ?? [])
      : [];
  if (found.length === 0) throw fail(name, 'no array in it: nested lists of numbers, or {"shape", "data"}');
  return found;
}

function jsonArray(value: unknown, name: string): NamedArray | undefined {
  const { shape: given, data } = (value ?? {}) as { shape?: unknown; data?: unknown };
  const list = Array.isArray(value) ? value : Array.isArray(data) ? data : undefined;
  if (list === undefined) return undefined;
  const shape: number[] = [];
  for (let inner: unknown = list; Array.isArray(inner); inner = inner[0]) shape.push(inner.length);
  const sizes = Array.isArray(value) ? shape : (wholeNumbers(given) ?? shape);
  return {
    name,
    shape: sizes,
    read() {
      const numbers = list
        .flat(Number.POSITIVE_INFINITY)
        .map((item) => (item === '-Infinity' ? Number.NEGATIVE_INFINITY : item));
      const bad = numbers.findIndex((item) => typeof item !== 'number');
      if (bad >= 0) throw fail(name, `expected numbers, got ${JSON.stringify(numbers[bad])?.slice(0, 60)}`);
      return Float64Array.from(numbers as number[]);
    },
  };
}
