/** The smallest ONNX models the recipes need, written as protobuf (onnx.proto3; field numbers in the comments). */

const utf8 = (text: string) => new TextEncoder().encode(text);

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}
const int = (field: number, value: number) => [...varint(field * 8), ...varint(value)];
const bytes = (field: number, value: ArrayLike<number>) => [
  ...varint(field * 8 + 2),
  ...varint(value.length),
  ...Array.from(value),
];
const text = (field: number, value: string) => bytes(field, utf8(value));

const ELEMENT = { float32: 1, int64: 7 } as const;

export interface Value {
  readonly name: string;
  readonly type: keyof typeof ELEMENT;
  /** A number or the name of a free dimension. */
  readonly shape: readonly (number | string)[];
}

/** ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 | dim_param 2 } } } } */
function valueInfo({ name, type, shape }: Value): number[] {
  const dims = shape.flatMap((dim) => bytes(1, typeof dim === 'number' ? int(1, dim) : text(2, dim)));
  return [...text(1, name), ...bytes(2, bytes(1, [...int(1, ELEMENT[type]), ...bytes(2, dims)]))];
}

/** A model of one node; `opset` of the ONNX operators. */
export function model(
  node: { op: string; domain?: string; opset?: number; attributes?: Record<string, number | readonly number[]> },
  inputs: readonly Value[],
  output: Value,
): Uint8Array {
  // AttributeProto: name 1, i 3, ints 8, type 20 (INT = 2, INTS = 7)
  const attributes = Object.entries(node.attributes ?? {}).map(([name, value]) =>
    bytes(5, [
      ...text(1, name),
      ...(typeof value === 'number' ? int(3, value) : value.flatMap((one) => int(8, one))),
      ...int(20, typeof value === 'number' ? 2 : 7),
    ]),
  );
  // NodeProto: input 1, output 2, op_type 4, attribute 5, domain 7
  const nodeProto = [
    ...inputs.flatMap(({ name }) => text(1, name)),
    ...text(2, output.name),
    ...text(4, node.op),
    ...attributes.flat(),
    ...text(7, node.domain ?? ''),
  ];
  // GraphProto: node 1, name 2, input 11, output 12
  const graph = [
    ...bytes(1, nodeProto),
    ...text(2, 'graph'),
    ...inputs.flatMap((value) => bytes(11, valueInfo(value))),
    ...bytes(12, valueInfo(output)),
  ];
  // ModelProto: ir_version 1, graph 7, opset_import 8 { domain 1, version 2 }
  const opsets = [
    ...bytes(8, [...text(1, ''), ...int(2, node.opset ?? 17)]),
    ...bytes(8, [...text(1, 'com.microsoft'), ...int(2, 1)]),
  ];
  return Uint8Array.from([...int(1, 8), ...bytes(7, graph), ...opsets]);
}
