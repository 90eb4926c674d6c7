/** posenc vectors and check: what is printed passes, and every classic mistake is called by its name. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PRESETS } from '../../src/cli/presets.ts';
import {
  rotaryTableFrom as referenceFrom,
  rotaryTable as referenceTable,
  applyRotary as rotateReference,
} from '../../src/reference/index.ts';
import { config, posenc } from './shell.ts';

// biome-ignore lint/suspicious/noExplicitAny: JSON that the tests take apart
type Any = any;
const vectors = async (...line: string[]): Promise<Any> => {
  const { code, out, err } = await posenc(['vectors', ...line]);
  assert.is(`${code} ${err}`, '0 ');
  return JSON.parse(out);
};
const check = (given: unknown, ...line: string[]) => posenc(['check', '-', ...line], { input: JSON.stringify(given) });

test('the list names every vector', async () => {
  const { out } = await posenc(['vectors']);
  for (const [name, { about }] of Object.entries(PRESETS))
    assert.match(out, new RegExp(`^${name} +${about.slice(0, 12).replace(/[^\w ]/g, '.')}`, 'm'));
  const { code, err } = await posenc(['vectors', 'llama9']);
  assert.is(code, 2);
  assert.match(err, /there are default, linear/);
});

for (const name of Object.keys(PRESETS)) {
  test(`${name}: what is printed passes, one wrong number does not`, async () => {
    const vector = await vectors(name);
    const passed = await check(vector);
    assert.is(passed.code, 0, passed.out);
    const outputs = Object.keys(vector.outputs);
    assert.is(passed.out.split('\n').filter((line) => line.startsWith('ok')).length, outputs.length);
    for (const output of outputs) {
      const spoilt = structuredClone(vector);
      const { data } = spoilt.outputs[output];
      data[data.length - 1] += 0.05;
      const failed = await check(spoilt);
      assert.is(failed.code, 1);
      assert.match(failed.out, new RegExp(`^differs ${output}:.*\\n {8}\\w`, 'm'));
    }
  });
}

test('printed tables and rotations are those of the plain reference', async () => {
  for (const name of ['default', 'interleaved', 'partial', 'llama3', 'yarn']) {
    const { spec, positions, inputs, outputs } = await vectors(name);
    const table = referenceTable(spec, { positions });
    const near = (got: number[], want: ArrayLike<number>) =>
      got.forEach((value, i) => {
        assert.ok(Math.abs(value - want[i]) < 5e-7, `${name} ${i}: ${value} ${want[i]}`);
      });
    near(outputs.cos.data, table.cos.data as ArrayLike<number>);
    near(outputs.sin.data, table.sin.data as ArrayLike<number>);
    const from = referenceFrom({
      cos: Float32Array.from(outputs.cos.data),
      sin: Float32Array.from(outputs.sin.data),
      shape: outputs.cos.shape,
      pairing: spec.pairing ?? 'half',
      rotaryOffset: 0,
      start: 0,
    } as never);
    const rows = { layout: 'THD', positions: positions.map((_: number, i: number) => i) };
    const x = { data: Float32Array.from(inputs.x.data), shape: inputs.x.shape };
    near(outputs.rotated.data, rotateReference(x, from, rows as never).data as ArrayLike<number>);
  }
});

/** What somebody's rotation makes of the vector's x: angles of a token's pairs, and how channels take them. */
interface Mistake {
  readonly angle?: (position: number, pair: number, pairs: number) => number;
  readonly channels?: 'half' | 'interleaved';
  readonly angles?: 'half' | 'interleaved';
  readonly cos?: (angle: number) => number;
  readonly sin?: (angle: number) => number;
  readonly plus?: boolean;
}
function rotate({ spec, positions, inputs }: Any, mistake: Mistake): number[] {
  const d = spec.rotaryDim ?? spec.headDim;
  const [h, heads] = [d / 2, inputs.x.shape[1]];
  const base = spec.ropeTheta;
  const {
    angle = (p, i) => p * base ** ((-2 * i) / d),
    channels = spec.pairing ?? 'half',
    cos = Math.cos,
    sin = Math.sin,
  } = mistake;
  const angles = mistake.angles ?? channels;
  const x: number[] = inputs.x.data;
  return x.map((value, n) => {
    const [c, t] = [n % spec.headDim, Math.floor(n / (spec.headDim * heads))];
    if (c >= d) return value;
    const pair = angles === 'half' ? c % h : c >> 1;
    const first = channels === 'half' ? c < h : c % 2 === 0;
    const partner = channels === 'half' ? (first ? c + h : c - h) : c ^ 1;
    const a = angle(positions[t], pair, h);
    return value * cos(a) + x[n - c + partner] * sin(a) * (first && !mistake.plus ? -1 : 1);
  });
}

test('this rotation, without a mistake, passes', async () => {
  for (const name of ['default', 'interleaved', 'partial']) {
    const vector = await vectors(name);
    const got = await check({ name, outputs: { rotated: { shape: vector.inputs.x.shape, data: rotate(vector, {}) } } });
    assert.is(got.code, 0, got.out);
  }
});

const MISTAKES: readonly [name: string, mistake: Mistake, about: RegExp][] = [
  ['default', { channels: 'interleaved' }, /your output is interleaved, expected half/],
  ['interleaved', { channels: 'half' }, /your output is half, expected interleaved/],
  ['default', { sin: (a) => -Math.sin(a) }, /turned backwards .*, expected forwards/],
  [
    'default',
    { angle: (p, i) => (p + 1) * 10000 ** (-i / 32) },
    /positions are off by 1: position p was rotated as p \+ 1/,
  ],
  ['default', { angle: (p, i) => p * 500000 ** (-i / 32) }, /ladder of base 500000; expected base 10000/],
  [
    'default',
    { angle: (p, i) => (p / 4) * 10000 ** (-i / 32) },
    /ladder of base 10000, divided by 4; expected base 10000/,
  ],
  ['linear', { angle: (p, i) => p * 10000 ** (-i / 32) }, /base 10000 without scaling; the linear scaling is missing/],
  ['llama3', {}, /base 500000 without scaling; the llama3 scaling is missing/],
  ['default', { angles: 'interleaved' }, /pair half \(rotate_half\), but every angle is repeated for neighbours/],
  ['interleaved', { angles: 'half' }, /pair interleaved, but the row of angles is repeated/],
  ['default', { cos: Math.sin, sin: Math.cos }, /cos and sin are exchanged/],
  ['default', { plus: true }, /the minus sign of the rotation is missing/],
  ['default', { angle: () => 0 }, /nothing was rotated/],
  ['default', { angle: (p, i) => p * p * (i + 1) }, /no rotation of pairs by position times frequency/],
];
for (const [name, mistake, about] of MISTAKES) {
  test(`${name}: ${about.source.replaceAll('\\', '')}`, async () => {
    const vector = await vectors(name);
    const { code, out } = await check({
      name,
      outputs: { rotated: { shape: vector.inputs.x.shape, data: rotate(vector, mistake) } },
    });
    assert.is(code, 1);
    assert.match(out, about);
  });
}

test('widths, amplitudes and the order of the result', async () => {
  const expect = async (name: string, other: string[], about: RegExp) => {
    const [mine, theirs] = [await vectors(name), await vectors(...other)];
    const { code, out } = await check({ ...mine, outputs: { rotated: theirs.outputs.rotated } });
    assert.is(code, 1);
    assert.match(out, about);
  };
  const spec = (given: object) => ['--spec', JSON.stringify(given)];
  await expect('partial', spec({ headDim: 64 }), /your output is rotated in 64 channels, expected 16/);
  await expect('default', spec({ headDim: 64, attentionFactor: 1.25 }), /1.25 times as long as x, expected 1 times/);
  const { spec: deepseek } = await vectors('deepseek');
  await expect(
    'deepseek',
    spec({ ...deepseek, outputPairing: 'interleaved' }),
    /leave in interleaved order, expected half/,
  );
  await expect('deepseek', spec({ ...deepseek, rotaryOffset: 0 }), /rotated from channel 0, expected from channel 128/);
  const { spec: yarn } = await vectors('yarn');
  await expect(
    'yarn',
    spec({ ...yarn, attentionFactor: 1 }),
    /1 times as long as x, expected 1.139 times \(the attention factor is missing\)/,
  );
});

test('tables: exchanged, off by one, another base, full width', async () => {
  const vector = await vectors('default');
  const { cos, sin } = vector.outputs;
  const say = async (outputs: object) => (await check({ name: 'default', outputs })).out;
  assert.match(await say({ cos: sin, sin: cos }), /cos and sin are exchanged/);
  const table = (angle: (p: number, i: number) => number, of: (a: number) => number) =>
    vector.positions.map((p: number) => Array.from({ length: 32 }, (_, i) => of(angle(p, i))));
  const both = (angle: (p: number, i: number) => number) => ({
    cos: table(angle, Math.cos),
    sin: table(angle, Math.sin),
  });
  assert.match(await say(both((p, i) => (p - 1) * 10000 ** (-i / 32))), /off by -1: position p was rotated as p - 1/);
  assert.match(await say(both((p, i) => p * 1e6 ** (-i / 32))), /ladder of base 1000000; expected base 10000/);
  const wide = (name: 'cos' | 'sin', interleaved: boolean) => ({
    shape: [8, 64],
    data: Array.from(
      { length: 512 },
      (_, n) => vector.outputs[name].data[Math.floor(n / 64) * 32 + (interleaved ? (n % 64) >> 1 : n % 32)],
    ),
  });
  assert.match(await say({ cos: wide('cos', false) }), /^ok {6}cos/);
  assert.match(
    await say({ cos: wide('cos', true) }),
    /your rows hold every value twice, expected \[f, f\] for half pairing/,
  );
  const frequencies = (await vectors('llama3')).outputs.inv_freq.data.map(
    (_: number, i: number) => 500000 ** (-i / 64),
  );
  const missing = await check({ name: 'llama3', outputs: { inv_freq: frequencies } });
  assert.match(missing.out, /the llama3 scaling is missing/);
});

test('sinusoidal tables and biases: which variant it is', async () => {
  const told = async (name: string, other: object, about: RegExp) => {
    const [mine, theirs] = [await vectors(name), other];
    const { code, out } = await check({ name: mine.name, outputs: theirs });
    assert.is(code, 1);
    assert.match(out, about);
  };
  const lines = async (...line: string[]) => JSON.parse((await posenc(line)).out);
  await told(
    'sinusoidal',
    await lines('sinusoidal', '--length', '16', '--dim', '32', '--arrangement', 'concat'),
    /has arrangement concat, expected interleaved/,
  );
  await told(
    'sinusoidal',
    await lines('sinusoidal', '--length', '16', '--dim', '32', '--offset', '1'),
    /has offset 1, expected 0/,
  );
  await told(
    'alibi',
    await lines('bias', '--heads', '8', '--length', '6', '--form', 'key'),
    /has form key, expected distance/,
  );
  await told(
    'alibi-12',
    await lines('bias', '--heads', '12', '--length', '6', '--query-length', '4', '--slopes', 'geometric'),
    /has slopes geometric, expected press/,
  );
  await told('alibi', { bias: new Array(8 * 36).fill(3) }, /none of the public variants/);
});

test("a model's own config, other tokens, a tolerance, --json", async () => {
  const vector = await vectors('--config', config('llama-3.1-8b'), '--context', '512');
  assert.is(vector.spec.ropeType, 'llama3');
  const passed = await check(
    { positions: vector.positions, inputs: vector.inputs, outputs: vector.outputs },
    '--config',
    config('llama-3.1-8b'),
  );
  assert.is(passed.code, 0, passed.out);
  const embedded = await check({
    ...vector,
    spec: undefined,
    config: JSON.parse(readFileSync(config('llama-3.1-8b'), 'utf8')),
  });
  assert.is(embedded.code, 0, embedded.out);
  const strict = await check(
    { ...vector, outputs: { cos: vector.outputs.cos.data.map((v: number) => v + 1e-5) } },
    '--tolerance',
    '1e-6',
    '--json',
  );
  assert.is(strict.code, 1);
  assert.equal(
    JSON.parse(strict.out).map(({ output, ok }: Any) => [output, ok]),
    [['cos', false]],
  );
  const x = [[[1, 0, 0, 1]], [[0.5, 0.25, 1, -1]]];
  const own = await check({ spec: { headDim: 4, pairing: 'interleaved' }, positions: [0, 1], x, rotated: x });
  assert.match(own.out, /nothing was rotated/);
});

test('the streams of M-RoPE: layout, exchanged, flat', async () => {
  const vector = await vectors('mrope');
  const made = async (change: { spec?: object; positions?: number[] }) => {
    const input = { ...vector, ...change, name: undefined, spec: { ...vector.spec, ...change.spec } };
    // what another rotation makes of the same x is found by asking for its own difference
    const { vectorOf } = await import('../../src/cli/vectors.ts');
    const preset = { kind: 'rotary', about: '', spec: input.spec } as never;
    const x = { shape: vector.inputs.x.shape, data: Float32Array.from(vector.inputs.x.data) };
    const { outputs } = vectorOf('own', preset, { positions: input.positions, x });
    return outputs;
  };
  const [t, h, w] = [0, 1, 2].map((i) => vector.positions.slice(8 * i, 8 * i + 8));
  for (const [change, about] of [
    [{ spec: { mropeLayout: 'interleaved' } }, /your sections are laid out interleaved, expected chunked/],
    [{ positions: [...t, ...w, ...h] }, /your streams h and w are exchanged/],
    [{ positions: [...h, ...t, ...w] }, /your streams t and h are exchanged/],
    [{ positions: [...t, ...t, ...t] }, /your positions are flat: every pair takes stream t, expected 3 streams/],
    [{ positions: [0, 1, 2].flatMap(() => [0, 1, 2, 3, 4, 5, 6, 7]) }, /your positions are flat: 0, 1, 2/],
  ] as const) {
    const outputs = await made(change as never);
    for (const output of ['cos', 'rotated'] as const) {
      const got = await check({ name: 'mrope', outputs: { [output]: Array.from(outputs[output].data) } });
      assert.is(got.code, 1);
      assert.match(got.out, about, output);
    }
  }
});

test('options of the file are those it is judged by', async () => {
  for (const [name, options] of [
    ['sinusoidal', { length: 16, dim: 32, base: 500 }],
    ['alibi', { heads: 8, queryLength: 6, keyLength: 6, form: 'key' }],
  ] as const) {
    const vector = await vectors(name);
    assert.is((await check({ ...vector, options })).code, 1, name);
    const line =
      name === 'alibi'
        ? ['bias', '--heads', '8', '--length', '6', '--form', 'key']
        : ['sinusoidal', '--length', '16', '--dim', '32', '--base', '500'];
    const outputs = JSON.parse((await posenc(line)).out);
    const own = await check({ name, options, outputs });
    assert.is(own.code, 0, own.out + own.err);
    assert.is((await check({ name, outputs })).code, 1);
    assert.is((await check({ options, outputs })).code, 0, 'the kind follows from the options');
  }
  assert.is((await vectors('alibi-12')).options.queryOffset, 2);
  assert.is((await vectors('deepseek')).spec.pairing, 'interleaved');
  assert.match((await check({ options: [], outputs: {} })).err, /options: expected an object/);
});

test('--strict: float16 does not pass for float32, float32 angles do', async () => {
  const half = (value: number): number => {
    const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(value) || 1))) - 10);
    return Math.round(value / unit) * unit;
  };
  for (const name of ['default', 'yarn', 'mrope', 'sinusoidal', 'alibi-12']) {
    const vector = await vectors(name);
    const exact = await check(vector, '--strict');
    assert.is(exact.code, 0, exact.out);
    for (const output of Object.keys(vector.outputs)) {
      if (output === 'inv_freq') continue;
      const { shape, data } = vector.outputs[output];
      const rounded = {
        ...vector,
        outputs: { [output]: { shape, data: data.map((v: number | string) => (typeof v === 'number' ? half(v) : v)) } },
      };
      const strict = await check(rounded, '--strict');
      assert.is(strict.code, 1, `${name} ${output}`);
    }
  }
  const { spec, positions } = await vectors('default');
  const f = Math.fround;
  const float32 = positions.flatMap((p: number) =>
    Array.from({ length: 32 }, (_, i) => f(Math.cos(f(f(p) * f(1 / f(spec.ropeTheta ** f(i / 32))))))),
  );
  const passed = await check({ name: 'default', outputs: { cos: float32 } }, '--strict');
  assert.is(passed.code, 0, passed.out);
});

test('files that say too little are refused with what is missing', async () => {
  const refused = async (given: unknown, about: RegExp, code = 3) => {
    const got = await check(given);
    assert.is(got.code, code, got.out);
    assert.match(got.err, about);
  };
  await refused([], /expected an object/);
  await refused({ outputs: { cos: [1] } }, /say what is expected/);
  await refused({ name: 'default', outputs: {} }, /none of inv_freq, cos, sin, rotated is there/);
  await refused({ name: 'default', outputs: { cos: [['1']] } }, /cos\[0\]: expected a number/);
  await refused({ name: 'default', outputs: { cos: { shape: [2, 2], data: [1] } } }, /1 numbers for shape \[2, 2\]/);
  await refused({ name: 'default', inputs: { x: [[1, 2]] }, outputs: { cos: [1] } }, /expected \[8, heads, 64\]/);
  await refused({ name: 'toString', outputs: { cos: [1] } }, /no vectors 'toString'/, 2);
});

test('nothing in a file is passed over: misspelt keys, axes in another order, tolerances that cannot be', async () => {
  const vector = await vectors('default');
  const refused = async (given: unknown, about: RegExp, code: number, ...line: string[]) => {
    const got = await check(given, ...line);
    assert.is(got.code, code, got.out);
    assert.match(got.err, about);
  };
  const { cos, rotated } = vector.outputs;
  await refused(
    { ...vector, outputs: { cos, rotatd: [1] } },
    /outputs\.rotatd: is not read.*known are inv_freq, cos/,
    3,
  );
  await refused({ ...vector, outputs: { cos, table: [1] } }, /outputs\.table: is not read/, 3);
  await refused({ ...vector, position: [1] }, /posenc: position: is not read.* positions,/, 3);
  await refused({ ...vector, inputs: { ...vector.inputs, q: [1] } }, /inputs\.q: is not read/, 3);
  await refused({ name: 'default', cos, sine: [1] }, /posenc: sine: is not read/, 3);
  await refused({ ...(await vectors('alibi')), positions: [1] }, /positions: alibi vectors have none/, 3);
  await refused({ ...vector, outputs: [1] }, /outputs: expected an object/, 3);
  await refused(vector, /--tolerance -1: expected a number from 0/, 2, '--tolerance', '-1');
  await refused(vector, /expected a number/, 2, '--tolerance', 'much');
  await refused(vector, /give one of the two/, 2, '--tolerance', '1', '--strict');
  const nan = await posenc(['check', '-'], { input: '{"name": "default", "outputs": {"cos": [NaN]}}' });
  assert.match(nan.err, /cos\[0\]: expected a number, got NaN/);

  const rows: number[][][] = Array.from({ length: 2 }, (_, head) =>
    Array.from({ length: 8 }, (__, token) => rotated.data.slice((2 * token + head) * 64, (2 * token + head + 1) * 64)),
  );
  const swapped = await check({ ...vector, outputs: { rotated: rows } });
  assert.is(swapped.code, 1);
  assert.match(swapped.out, /your output has shape \[2, 8, 64\], expected \[8, 2, 64\]/);
  for (const shape of [[1024], [8, 128], [1, 8, 2, 64], [16, 64]]) {
    const joined = await check({ ...vector, outputs: { rotated: { shape, data: rotated.data } } });
    assert.is(joined.code, 0, String(shape));
  }
});

test.run();
