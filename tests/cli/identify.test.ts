/** posenc identify: arrays in the files people have, and answers in words. */
import { writeFileSync } from 'node:fs';
import { PbfWriter } from 'pbf';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { alibi, sinusoidal } from '../../src/index.ts';
import { file, posenc } from './shell.ts';

const told = async (line: readonly string[], about: RegExp, code = 0): Promise<void> => {
  const got = await posenc(['identify', ...line]);
  assert.is(got.code, code, got.err);
  assert.match(code === 0 ? got.out : got.err, about);
};
const written = async (...line: string[]): Promise<string> => {
  const path = line[line.length - 1];
  const { code, err } = await posenc([...line.slice(0, -1), '--out', path]);
  assert.is(`${code} ${err}`, '0 ');
  return path;
};

test('what this command writes it recognises, in every format', async () => {
  const table = ['table', '--head-dim', '64', '--rope-theta', '500000', '--length', '64'];
  const rotary = /made by {4}rotary: rotaryDim 64, ropeTheta 500000, tableLayout half\n/;
  await told([await written(...table, file('a.npy'))], rotary);
  await told([await written(...table, file('a.safetensors'))], rotary);
  await told([await written(...table, file('a.json'))], rotary);
  await told([await written(...table, '--dtype', 'bfloat16', file('b.safetensors'))], /stored as {2}bfloat16/);
  await told([await written(...table, '--dtype', 'float16', file('b.npy'))], /stored as {2}float16/);
  const sines = ['sinusoidal', '--length', '40', '--dim', '96', '--arrangement', 'concat', '--denominator', 'half-1'];
  await told([await written(...sines, file('s.npy'))], /sinusoidal: dim 96, base 10000, arrangement concat, .*half-1/);
  await told(
    [await written('bias', '--heads', '12', '--length', '20', file('bias.npy'))],
    /alibi: heads 12, slopes press/,
  );
  await told([file('a.safetensors'), '--tensor', 'cos'], /holds cos/);
  await told([file('a.safetensors'), '--tensor', 'tan'], /has cos \[64, 32\], sin \[64, 32\]/, 2);
  const { out } = await posenc(['identify', file('s.npy'), '--json']);
  assert.is(JSON.parse(out).found[0].options.denominator, 'half-1');
});

test('other numbers of .npy: float64, big-endian, integers; what is not read is said', async () => {
  const npy = (descr: string, shape: string, bytes: Uint8Array, order = 'False'): string => {
    const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`.padEnd(117).concat('\n');
    const head = Buffer.from(`\x93NUMPY\x01\0\x76\0${text}`, 'latin1');
    writeFileSync(file('n.npy'), Buffer.concat([head, bytes]));
    return file('n.npy');
  };
  const values = Float64Array.from(sinusoidal({ length: 16, dim: 32 }).data);
  const bytes = new Uint8Array(values.buffer);
  await told([npy('<f8', '(16, 32)', bytes)], /sinusoidal: dim 32, base 10000/);
  await told([npy('>f8', '(16, 32)', Buffer.from(bytes).swap64())], /sinusoidal: dim 32, base 10000/);
  await told([npy('<f8', '(16, 32)', bytes, 'True')], /ascontiguousarray/, 3);
  await told([npy('<c8', '(16, 32)', bytes)], /type c8 are not read/, 3);
  await told([npy('<f8', '(16, 33)', bytes)], /ends inside the array/, 3);
  await told(
    [npy('<i4', '(4, 4)', new Uint8Array(Int32Array.from({ length: 16 }, (_, i) => (i * 7) % 5).buffer))],
    /none of these/,
  );
});

/** onnx.proto, by the same package's writer. */
function onnx(
  tensors: readonly { name: string; dims: number[]; data: Float32Array; how: 'raw' | 'list' | 'node' }[],
): string {
  const pbf = new PbfWriter();
  const tensor = ({ name, dims, data, how }: (typeof tensors)[number], out: PbfWriter): void => {
    out.writePackedVarint(1, dims);
    out.writeVarintField(2, 1);
    if (how === 'list') out.writePackedFloat(4, Array.from(data));
    if (how !== 'node') out.writeStringField(8, name);
    if (how !== 'list') out.writeBytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  };
  const node = (one: (typeof tensors)[number], out: PbfWriter): void => {
    out.writeStringField(2, one.name);
    out.writeStringField(4, 'Constant');
    out.writeMessage(5, (_: unknown, attribute?: PbfWriter) => attribute?.writeMessage(5, tensor as never, one), {});
  };
  pbf.writeVarintField(1, 8);
  pbf.writeMessage(
    7,
    (list: typeof tensors, graph?: PbfWriter) => {
      for (const one of list)
        graph?.writeMessage(one.how === 'node' ? 1 : 5, (one.how === 'node' ? node : tensor) as never, one);
    },
    tensors,
  );
  writeFileSync(file('m.onnx'), pbf.finish());
  return file('m.onnx');
}

test('ONNX: raw initialisers, lists of numbers, constants of nodes; broken files', async () => {
  const data = sinusoidal({ length: 16, dim: 32 }).toFloat32Array();
  for (const how of ['raw', 'list', 'node'] as const) {
    await told([onnx([{ name: 'pos', dims: [16, 32], data, how }])], /array {6}pos \[16, 32\]\nmade by {4}sinusoidal/);
  }
  const slopes = alibi({ heads: 4, keyLength: 8 }).toFloat32Array();
  const two = onnx([
    { name: 'pos', dims: [16, 32], data, how: 'raw' },
    { name: 'bias', dims: [4, 8, 8], data: slopes, how: 'list' },
  ]);
  await told([two], /several arrays; say which with --tensor: pos \[16, 32\], bias \[4, 8, 8\]/, 2);
  await told([two, '--tensor', 'bias'], /alibi: heads 4/);
  await told([onnx([])], /neither an array file nor an ONNX graph/, 3);
  writeFileSync(file('cut.onnx'), Buffer.from([0x3a, 0xff, 0xff, 0x03, 0x2a, 0xff]));
  await told([file('cut.onnx')], /ONNX/, 3);
});

test('files of other kinds are called by their name', async () => {
  writeFileSync(file('z.npz'), 'PK\x03\x04');
  await told([file('z.npz')], /zip archive/, 3);
  writeFileSync(file('e.json'), '{"a": 1}');
  await told([file('e.json')], /no array in it/, 3);
  writeFileSync(file('t.json'), '[[1, "x"], [2, 3]]');
  await told([file('t.json')], /expected numbers, got "x"/, 3);
  const bad = Buffer.alloc(24);
  bad.writeBigUInt64LE(99n);
  bad.write('{"', 8);
  writeFileSync(file('h.safetensors'), bad);
  await told([file('h.safetensors')], /does not end inside the file/, 3);
});

test('--divisors: the list that the frequencies were divided by', async () => {
  const divisors = [1, 1.118320672, 1.250641126, 1.398617824, 2.5, 4, 9, 20];
  const list = divisors.map((divisor, k) => 500000 ** (-k / 8) / divisor);
  writeFileSync(file('frequencies.json'), JSON.stringify(list.map(Math.fround)));
  const of = async (...more: string[]) => (await posenc(['identify', file('frequencies.json'), ...more])).out;
  assert.match(await of(), /made by {4}none of these/);
  const named = await of('--divisors', JSON.stringify(divisors));
  assert.match(named, /made by {4}invFreq: rotaryDim 16, ropeTheta 500000, divisors \[1,1\.118320672,/);
  const bad = await posenc(['identify', file('frequencies.json'), '--divisors', '3']);
  assert.is(bad.code, 2);
  assert.match(bad.err, /--divisors: expected a list of numbers/);
});

test.run();
