/**
 * ONNX models as protobuf bytes: the few messages of onnx.proto3 that a graph of a dozen nodes needs, so that no package is
 * needed to make one. Field numbers as in onnx/onnx.proto3.
 */

export interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  /** float32 or int64. */
  readonly data: Float32Array | BigInt64Array;
}

export interface Node {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** '' is ONNX itself. Default ''. */
  readonly domain?: string;
  /** Integers. */
  readonly attributes?: Readonly<Record<string, number>>;
}

/** A float32 input or output of the graph. */
export interface Port {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface Model {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly nodes: readonly Node[];
  readonly constants: readonly Constant[];
  /** Version of ONNX's own operators. */
  readonly opset: number;
}

const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE_INT = 2;

type Bytes = readonly number[] | Uint8Array;

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  bytes.push(value);
  return bytes;
}

const integer = (field: number, value: number): Bytes => [...varint(field << 3), ...varint(value)];

function bytes(field: number, content: Bytes): Uint8Array {
  return join([[...varint((field << 3) | 2), ...varint(content.length)], content]);
}

const text = (field: number, value: string): Uint8Array => bytes(field, new TextEncoder().encode(value));

function join(parts: readonly Bytes[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function attribute([name, value]: readonly [string, number]): Bytes {
  return join([text(1, name), integer(3, value), integer(20, ATTRIBUTE_INT)]);
}

function node({ type, inputs, outputs, domain = '', attributes = {} }: Node): Bytes {
  return join([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, type),
    ...Object.entries(attributes).map((entry) => bytes(5, attribute(entry))),
    text(7, domain),
  ]);
}

function constant({ name, shape, data }: Constant): Bytes {
  return join([
    ...shape.map((n) => integer(1, n)),
    integer(2, data instanceof Float32Array ? FLOAT : INT64),
    text(8, name),
    bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]);
}

function port({ name, shape }: Port): Bytes {
  const dimensions = join(shape.map((n) => bytes(1, integer(1, n))));
  const tensor = join([integer(1, FLOAT), bytes(2, dimensions)]);
  return join([text(1, name), bytes(2, bytes(1, tensor))]);
}

/** The bytes of a model file. */
export function onnxModel({ inputs, outputs, nodes, constants, opset }: Model): Uint8Array {
  const graph = join([
    ...nodes.map((n) => bytes(1, node(n))),
    text(2, 'graph'),
    ...constants.map((c) => bytes(5, constant(c))),
    ...inputs.map((p) => bytes(11, port(p))),
    ...outputs.map((p) => bytes(12, port(p))),
  ]);
  const version = (domain: string, number: number) => bytes(8, join([text(1, domain), integer(2, number)]));
  return join([integer(1, 10), bytes(7, graph), version('', opset), version('com.microsoft', 1)]);
}
