/** posenc table, sinusoidal, bias: files hold the bits of the library, in memory that does not grow with them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  alibi,
  fromHF,
  kerple,
  rotaryTable,
  rotaryTableAs,
  sandwich,
  sinusoidal,
  type Tensor,
  t5Bias,
} from '../../src/index.ts';
import { readNpy, readSafetensors } from './readers.ts';
import { config, file, posenc } from './shell.ts';

const json = (path: string): object => JSON.parse(readFileSync(path, 'utf8'));
const bytesOf = ({ data }: Pick<Tensor<'float32' | 'float16' | 'bfloat16'>, 'data'>): Buffer =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength);
/** Compares without printing megabytes. */
const same = (got: Buffer, want: Buffer, what: string): void => assert.ok(Buffer.compare(got, want) === 0, what);

async function ok(...line: string[]): Promise<Buffer> {
  const { code, err, bytes } = await posenc(line);
  assert.is(`${code} ${err}`, '0 ');
  return bytes;
}

test('a table of 131072 rows equals rotaryTable bit for bit', async () => {
  const path = file('t.safetensors');
  await ok('table', '--config', config('llama-3.1-8b'), '--length', '131072', '--out', path);
  const { metadata, tensors } = readSafetensors(readFileSync(path));
  const table = rotaryTable(fromHF(json(config('llama-3.1-8b'))), { length: 131072 });
  for (const name of ['cos', 'sin'] as const) {
    assert.equal([tensors[name].dtype, tensors[name].shape], ['F32', [131072, 64]]);
    same(tensors[name].bytes, bytesOf(table[name]), name);
  }
  assert.is(metadata.pairing, 'half');
  assert.is(metadata.precision, 'torch');
  table.dispose();
});

test('peak memory of a long table stays within 200 MiB of the runtime alone', () => {
  const report =
    'data:text/javascript,process.on("exit",()=>process.stderr.write("RSS "+process.resourceUsage().maxRSS))';
  const peak = (...line: string[]): number => {
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--import', report, ...line], {
      encoding: 'utf8',
    });
    assert.is(status, 0, stderr);
    return Number(/RSS (\d+)$/.exec(stderr)?.[1]) / 1024;
  };
  const main = new URL('../../src/cli/main.ts', import.meta.url).pathname;
  const line = [main, 'table', '--config', config('llama-3.1-8b'), '--out', file('m.safetensors'), '--length'];
  const [alone, long] = [peak('--eval', '0'), peak(...line, '524288')];
  assert.ok(long - alone <= 200, `${long} MiB against ${alone} MiB for 256 MiB of numbers`);
});

test('offsets, 16-bit numbers and other layouts, over the border of a block', async () => {
  const spec = { headDim: 256, ropeTheta: 10000, pairing: 'interleaved' } as const;
  const common = ['table', '--spec', JSON.stringify(spec), '--length', '5000', '--offset', '77', '--out'];
  const npy = file('t.npy');
  await ok(...common, npy);
  const table = rotaryTable(spec, { length: 5000, offset: 77 });
  const read = readNpy(readFileSync(npy));
  assert.equal([read.dtype, read.shape], ['<f4', [2, 5000, 128]]);
  same(read.bytes, Buffer.concat([bytesOf(table.cos), bytesOf(table.sin)]), 'npy');
  for (const dtype of ['float16', 'bfloat16'] as const) {
    const half = rotaryTable(spec, { length: 5000, offset: 77, dtype });
    await ok(...common, file('h.safetensors'), '--dtype', dtype);
    const { tensors } = readSafetensors(readFileSync(file('h.safetensors')));
    assert.is(tensors.sin.dtype, dtype === 'float16' ? 'F16' : 'BF16');
    same(tensors.sin.bytes, bytesOf(half.sin), dtype);
    half.dispose();
  }
  await ok(...common, file('h.npy'), '--dtype', 'float16');
  assert.is(readNpy(readFileSync(file('h.npy'))).dtype, '<f2');
  await ok(...common, file('c.raw'), '--layout', 'complex');
  same(readFileSync(file('c.raw')), bytesOf(rotaryTableAs(table, { tableLayout: 'complex' })), 'complex');
  await ok(...common, file('d.npy'), '--layout', 'full_interleaved');
  const full = rotaryTableAs(table, { tableLayout: 'full_interleaved' });
  same(readNpy(readFileSync(file('d.npy'))).bytes, Buffer.concat([bytesOf(full.cos), bytesOf(full.sin)]), 'full');
  const piped = await ok(...common, '-', '--format', 'npy');
  same(piped, readFileSync(npy), 'a pipe has the bytes of the file');
});

test('frequencies that depend on the length are those of the whole table in every block', async () => {
  const path = file('long.raw');
  await ok('table', '--config', config('phi-3.5-mini'), '--length', '20000', '--out', path);
  const table = rotaryTable(fromHF(json(config('phi-3.5-mini')), { context: 20000 }), { length: 20000 });
  same(readFileSync(path), Buffer.concat([bytesOf(table.cos), bytesOf(table.sin)]), 'long list from row 0 on');
  const spec = { headDim: 128, ropeType: 'dynamic', factor: 2, maxPositionEmbeddings: 4096 } as const;
  await ok('table', '--spec', JSON.stringify(spec), '--length', '20000', '--out', path);
  const grown = rotaryTable(spec, { length: 20000 });
  same(readFileSync(path), Buffer.concat([bytesOf(grown.cos), bytesOf(grown.sin)]), 'one base for all rows');
});

test('sinusoidal: file and JSON', async () => {
  await ok(
    'sinusoidal',
    '--length',
    '9000',
    '--dim',
    '256',
    '--arrangement',
    'concat',
    '--offset',
    '3',
    '--out',
    file('s.npy'),
  );
  const table = sinusoidal({ length: 9000, dim: 256, arrangement: 'concat', offset: 3 });
  const read = readNpy(readFileSync(file('s.npy')));
  assert.equal(read.shape, [9000, 256]);
  same(read.bytes, bytesOf(table), 'sinusoidal');
  await ok('sinusoidal', '--length', '700', '--dim', '30', '--out', file('s.json'));
  const { table: text } = json(file('s.json')) as { table: { shape: number[]; data: number[] } };
  const small = sinusoidal({ length: 700, dim: 30 });
  assert.equal(text.shape, [700, 30]);
  assert.equal(Float32Array.from(text.data), small.toFloat32Array());
});

test('bias: planes of heads from blocks of rows, options and configurations', async () => {
  await ok('bias', '--heads', '5', '--length', '1500', '--causal', '--out', file('b.safetensors'));
  const { tensors } = readSafetensors(readFileSync(file('b.safetensors')));
  const bias = alibi({ heads: 5, keyLength: 1500, causal: true });
  assert.equal(tensors.bias.shape, [5, 1500, 1500]);
  same(tensors.bias.bytes, bytesOf(bias), 'bias');
  const out = await ok('bias', '--config', config('bloom'), '--length', '3', '--query-length', '1');
  const { bias: row } = JSON.parse(out.toString());
  assert.equal(row.shape, [112, 1, 3]);
  assert.equal(
    Float32Array.from(row.data),
    alibi({ heads: 112, keyLength: 3, queryLength: 1, form: 'key' }).toFloat32Array(),
  );
  const masked = JSON.parse((await ok('bias', '--heads', '1', '--length', '2', '--causal')).toString());
  assert.equal(masked.bias.data[1], '-Infinity');
});

test('the other biases: sandwich, kerple and t5 with their own options', async () => {
  const want = async (bias: Tensor, ...line: string[]) => {
    await ok('bias', ...line, '--length', '300', '--out', file('k.npy'));
    const read = readNpy(readFileSync(file('k.npy')));
    assert.equal(read.shape, bias.shape);
    same(read.bytes, bytesOf(bias), line[0]);
  };
  await want(
    sandwich({ heads: 3, keyLength: 300, form: 'nemo', dim: 64 }),
    'sandwich',
    '--heads',
    '3',
    '--form',
    'nemo',
    '--options',
    '{"dim": 64}',
  );
  await want(kerple({ keyLength: 300, p: [1, 2], a: [0.5, 3] }), 'kerple', '--options', '{"p": [1, 2], "a": [0.5, 3]}');
  const table = Array.from({ length: 32 }, (_, i) => [i / 8, 1 - i, 1]);
  const options = { numBuckets: 32, maxDistance: 64 };
  await want(
    t5Bias(Float32Array.from(table.flat()), { ...options, shape: [32, 3], keyLength: 300 }),
    't5',
    '--options',
    JSON.stringify({ table, ...options }),
  );
  for (const line of [
    ['relu'],
    ['kerple'],
    ['t5'],
    ['sandwich', '--heads', '2', '--slopes', 'press'],
    ['alibi'],
    ['alibi', '--heads', '2', '--options', '[]'],
  ]) {
    assert.is((await posenc(['bias', ...line, '--length', '4'])).code, 2, line.join(' '));
  }
});

test('JSON of several planes and blocks has every plane once', async () => {
  await ok('table', '--head-dim', '512', '--length', '3000', '--out', file('p.json'));
  const { cos, sin } = json(file('p.json')) as Record<string, { data: number[] }>;
  const table = rotaryTable({ headDim: 512 }, { length: 3000 });
  assert.ok(Buffer.compare(Buffer.from(Float32Array.from(cos.data).buffer), bytesOf(table.cos)) === 0);
  assert.ok(Buffer.compare(Buffer.from(Float32Array.from(sin.data).buffer), bytesOf(table.sin)) === 0);
});

test('an empty table is a file with a header alone', async () => {
  await ok('table', '--head-dim', '64', '--length', '0', '--out', file('e.safetensors'));
  assert.equal(readSafetensors(readFileSync(file('e.safetensors'))).tensors.sin.shape, [0, 32]);
  assert.equal(JSON.parse((await ok('table', '--head-dim', '64', '--length', '0')).toString()).sin.data, []);
});

test('what cannot be written is refused, and leaves no file', async () => {
  const refused = async (code: number, about: RegExp, ...line: string[]) => {
    const got = await posenc(line);
    assert.is(got.code, code, got.err);
    assert.match(got.err, about);
  };
  await refused(2, /end it in \.npy/, 'table', '--head-dim', '8', '--length', '4', '--out', file('x.dat'));
  await refused(
    2,
    /numpy has no bfloat16/,
    'table',
    '--head-dim',
    '8',
    '--length',
    '4',
    '--dtype',
    'bfloat16',
    '--out',
    file('x.npy'),
  );
  await refused(2, /give one of --config, --spec, --head-dim/, 'table', '--length', '4');
  await refused(2, /not several/, 'table', '--length', '4', '--head-dim', '8', '--spec', '{}');
  await refused(
    2,
    /rope-theta: the config says it/,
    'table',
    '--length',
    '4',
    '--config',
    config('llama-3.1-8b'),
    '--rope-theta',
    '5',
  );
  await refused(2, /headDim/, 'table', '--head-dim', '0', '--length', '4', '--out', file('x.npy'));
  await refused(2, /zeroRow|dim/, 'sinusoidal', '--dim', '7', '--length', '4', '--out', file('y.npy'));
  await refused(3, /family of 'llama' is rotary/, 'bias', '--config', config('llama-3.1-8b'), '--length', '4');
  await refused(3, /pass --layer-type 'full_attention'/, 'table', '--config', config('gemma-3-27b'), '--length', '4');
  await refused(4, /ENOENT/, 'table', '--head-dim', '8', '--length', '4', '--out', file('no/x.npy'));
  for (const name of ['x.dat', 'x.npy', 'y.npy']) assert.not.ok(existsSync(file(name)), name);
  const terminal = await posenc(['table', '--head-dim', '8', '--length', '4', '--out', '-', '--format', 'raw'], {
    columns: 80,
  });
  assert.is(terminal.code, 2);
  assert.match(terminal.err, /will not write bytes to a terminal/);
});

test('presets of sinusoidal tables, --yes, what a file of a table says, heads that cannot be', async () => {
  const line = ['sinusoidal', '--length', '5', '--dim', '8', '--preset', 'whisper', '--precision', 'torch'];
  const { code, out, err } = await posenc([...line, '--yes', '--out', file('whisper.npy')]);
  assert.is(`${code}${out}${err}`, '0');
  const want = sinusoidal({ length: 5, dim: 8, preset: 'whisper', precision: 'torch' });
  same(readNpy(readFileSync(file('whisper.npy'))).bytes, bytesOf(want), 'whisper');
  const said = async (name: string) => {
    const path = file(`${name}.safetensors`);
    assert.is((await posenc(['table', '--config', config(name), '--length', '2', '--out', path])).code, 0);
    return readSafetensors(readFileSync(path)).metadata;
  };
  const deepseek = await said('deepseek-v3');
  assert.equal([deepseek.pairing, deepseek.outputPairing], ['interleaved', 'half']);
  const qwen = await said('qwen2-vl-7b');
  assert.equal([qwen.mropeSection, qwen.mropeLayout, qwen.outputPairing], ['16,24,24', 'chunked', undefined]);
  for (const [about, ...words] of [
    ['give --heads, or --config', 'bias', '--length', '3'],
    ['--heads: kerple has as many as its numbers', 'bias', 'kerple', '--heads', '2', '--length', '3'],
    ['--heads: plot bias kerple does not read it', 'plot', 'bias', 'kerple', '--heads', '2'],
  ]) {
    const got = await posenc(words);
    assert.is(got.code, 2);
    assert.ok(got.err.includes(about), got.err);
  }
});

test.run();
