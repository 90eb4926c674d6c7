// Comparisons with other libraries: targets, the ONNX writer, and competitors that compute something else. The libraries
// themselves need not be installed.
import { spawnSync } from 'node:child_process';
import { createEngine } from 'posenc';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Competitor } from '../../bench/peers/external/competitor.ts';
import { onnxModel } from '../../bench/peers/external/onnx.ts';
import { leastTimes, TARGETS } from '../../bench/targets.ts';
import { type Comparison, contest, misses, perNode, VERSUS } from '../../bench/versus.ts';

const FAST = { rounds: 3, warmupNs: 0, warmupCalls: 1, sampleNs: 1 };
const engine = createEngine();

test('a target is what was reached less 10 %, for its comparisons, competitors and sizes', () => {
  const targets = [
    { comparison: 'a.', competitor: 'X', ending: 'one', tokens: 16, times: 10 },
    { comparison: 'a.b.', competitor: 'X', times: 5 },
  ];
  assert.is(leastTimes('a.c.1', 16, 'X is one', targets), 9);
  assert.is(leastTimes('a.b.1', 17, 'X is one', targets), 4.5);
  assert.is(leastTimes('a.c.1', 17, 'X is one', targets), undefined);
  assert.is(leastTimes('a.b.1', 1, 'Y is one', targets), undefined);
  assert.is(leastTimes('b.c.1', 1, 'X is one', targets), undefined);
});

test('every target has a comparison', () => {
  for (const { comparison, tokens = Number.POSITIVE_INFINITY } of TARGETS) {
    assert.ok(
      VERSUS.some(({ id, tokens: n }) => id.startsWith(comparison) && n <= tokens),
      comparison,
    );
  }
});

test('a chain less its single node is what one more node takes', () => {
  assert.equal(
    perNode([
      { name: 'x, run()', time: 100, nodes: 1 },
      { name: 'x, 9 nodes', time: 260, nodes: 9 },
    ]),
    [
      { name: 'x, run()', time: 100 },
      { name: 'x, per node', time: 20 },
    ],
  );
});

test('misses name the comparison, the competitor and the target; nothing measured is a miss', () => {
  const other = (name: string, slower: number, target?: number) => ({
    name,
    time: 1,
    slower,
    slowerThanCopying: slower,
    target,
  });
  const comparison: Comparison = {
    id: 'a.b',
    ours: 1,
    copying: 1,
    others: [other('X', 7.9, 8), other('Y', 8, 8), other('Z', 1), other('W', Number.NaN, 8)],
  };
  const list = misses(comparison);
  assert.is(list.length, 2);
  assert.match(list[0], /a\.b: X is 7\.90 times slower; target 8\.0/);
  assert.match(list[1], /W is NaN/);
});

test('plain JavaScript agrees with ours in every comparison that is short, copies included', async () => {
  for (const versus of VERSUS.filter(({ id, plain }) => !/1024|128x40/.test(id) && plain().length > 0)) {
    const { ours, copying, others } = await contest(versus, [], engine, FAST);
    assert.ok(ours > 0 && copying > 0);
    assert.ok(others.some(({ name }) => name === 'typed JS'));
    for (const { time, slower, slowerThanCopying } of others) {
      assert.is(slower, time / ours);
      assert.is(slowerThanCopying, time / copying);
    }
  }
});

test('a library takes part in what it offers; wrong numbers are refused by name and everything is disposed of', async () => {
  const versus = VERSUS.find(({ id }) => id === 'rotary.half.1x40x128')!;
  let disposed = 0;
  const offer = (change: number): Competitor => ({
    name: 'culprit',
    asynchronous: true,
    run: async () => {},
    // position 0 turns nothing
    read: async () => given!.map((value, i) => (i === 77 ? value + change : value)),
    tolerance: 1e-7,
    dispose: () => disposed++,
  });
  let given: Float32Array | undefined;
  const library = (change: number) => ({
    name: 'fake',
    rotary: ({ x, cos, sin }: { x: Float32Array; cos: Float32Array; sin: Float32Array }) => {
      given = x;
      assert.equal([x.length, cos.length, sin.length], [5120, 64, 64]);
      return [offer(change)];
    },
  });
  const { others } = await contest(versus, [library(0)], engine, FAST);
  assert.equal(
    others.map(({ name }) => name),
    ['typed JS', 'culprit'],
  );
  assert.is(disposed, 1);
  let message = '';
  await contest(versus, [library(1e-3)], engine, FAST).catch((error) => {
    message = error.message;
  });
  assert.match(message, /rotary\.half\.1x40x128: 'culprit' is wrong: element 77/);
  assert.is(disposed, 2);
});

/** [field, number or bytes] of a protobuf message. */
function fields(message: Uint8Array): [number, number | Uint8Array][] {
  const list: [number, number | Uint8Array][] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++];
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const value = varint();
    if ((key & 7) === 0) list.push([key >> 3, value]);
    else list.push([key >> 3, message.subarray(at, (at += value))]);
  }
  return list;
}

test('the ONNX writer makes the messages of onnx.proto3', () => {
  const data = new Float32Array(200).fill(1.5);
  const model = onnxModel({
    inputs: [{ name: 'x', shape: [1, 300] }],
    outputs: [{ name: 'y', shape: [1, 300] }],
    nodes: [{ type: 'T', inputs: ['x', 'c'], outputs: ['y'], domain: 'd', attributes: { axis: 2 } }],
    constants: [{ name: 'c', shape: [200], data }],
    opset: 23,
  });
  const text = (bytes: number | Uint8Array) => new TextDecoder().decode(bytes as Uint8Array);
  const of = (bytes: number | Uint8Array, field: number) =>
    fields(bytes as Uint8Array)
      .filter(([f]) => f === field)
      .map(([, value]) => value);
  const opsets = of(model, 8).map((set) => [text(of(set, 1)[0]), of(set, 2)[0]]);
  assert.equal(opsets, [
    ['', 23],
    ['com.microsoft', 1],
  ]);
  const [graph] = of(model, 7);
  const [node] = of(graph, 1);
  assert.equal(of(node, 1).map(text), ['x', 'c']);
  assert.equal(of(node, 2).map(text), ['y']);
  assert.is(text(of(node, 4)[0]), 'T');
  assert.is(text(of(node, 7)[0]), 'd');
  const [attribute] = of(node, 5);
  assert.equal([text(of(attribute, 1)[0]), of(attribute, 3)[0], of(attribute, 20)[0]], ['axis', 2, 2]);
  const [constant] = of(graph, 5);
  assert.equal([of(constant, 1), of(constant, 2), text(of(constant, 8)[0])], [[200], [1], 'c']);
  assert.equal(new Float32Array((of(constant, 9)[0] as Uint8Array).slice().buffer), data);
  for (const [field, name] of [
    [11, 'x'],
    [12, 'y'],
  ] as const) {
    const [port] = of(graph, field);
    const [tensor] = of(of(port, 2)[0], 1);
    const sizes = of(of(tensor, 2)[0], 1).map((dimension) => of(dimension, 1)[0]);
    assert.equal([text(of(port, 1)[0]), of(tensor, 1)[0], sizes], [name, 1, [1, 300]]);
  }
});

test('the command compares with every library, or says that it is missing', () => {
  const { stdout, status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'bench/peers.ts', '--no-install', '--quick', '--filter', 'absolute.sinusoidal.512'],
    { encoding: 'utf8' },
  );
  assert.is(status, 0, stdout);
  assert.match(stdout, /\n {2}typed JS /);
  for (const [library, name] of [
    ['onnxruntime-web', 'ORT-web Sin, Cos'],
    ['tfjs-wasm', 'tfjs-wasm mul'],
    ['tfjs-cpu', 'tfjs-cpu mul'],
    ['jax-js', 'jax-js jit'],
  ]) {
    assert.is.not(stdout.includes(`\n  ${name}`), stdout.includes(`\nmissing: ${library}: `), library);
  }
});

test.run();
