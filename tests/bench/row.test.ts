// Rows: their schema, the floors they are held against, and peers that compute something else.

import { merge, sinusoidal, Tensor } from 'posenc';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Case, conversion, inPlace, joiner, numbers, type Peer, producer } from '../../bench/case.ts';
import { CASES } from '../../bench/cases.ts';
import { type Lab, openLab } from '../../bench/lab.ts';
import { measure } from '../../bench/row.ts';

const FAST = { rounds: 3, warmupNs: 0, warmupCalls: 1, sampleNs: 1 };
let lab: Lab;

test.before(async () => {
  lab = await openLab(2 ** 24);
});

function table(peers: Record<string, Peer>): Case {
  return producer('absolute.sinusoidal.test', [6, 8], (out) => {
    const options = { length: 6, dim: 8, out };
    return { ours: () => sinusoidal(options), peers, tolerance: 1.2e-7 };
  });
}

test('a row has the fields and units it promises', () => {
  const row = measure(table({ copy: (own) => own.set(sinusoidal({ length: 6, dim: 8 }).data) }), lab, FAST);
  assert.is(row.id, 'absolute.sinusoidal.test.6x8');
  assert.equal(row.shape, [6, 8]);
  assert.is(row.bytes, 192);
  assert.ok(row.ours > 0 && row.floor > 0 && row.median > 0 && row.spread >= 0);
  assert.is(row.ratio, row.ours / row.floor);
  assert.equal(Object.keys(row.peers), ['copy']);
  assert.is(row.peers.copy.slower, row.peers.copy.time / row.ours);
  assert.ok(row.kernel! > 0);
  assert.equal(JSON.parse(JSON.stringify(row)), row);
});

test('a peer may return nested lists', () => {
  const { data } = sinusoidal({ length: 6, dim: 8 });
  const row = measure(table({ lists: () => [[...data.subarray(0, 8)], [[...data.subarray(8)]]] }), lab, FAST);
  assert.equal(Object.keys(row.peers), ['lists']);
});

test('a wrong peer is refused by name: a wrong number, NaN, a missing number', () => {
  const right = sinusoidal({ length: 6, dim: 8 }).toFloat32Array();
  const spoilt = (value: number) => (own: Float32Array) => {
    own.set(right);
    own[13] = value;
  };
  const refused = (peer: (own: Float32Array) => unknown) => () => measure(table({ culprit: peer }), lab, FAST);
  assert.throws(refused(spoilt(right[13] + 1e-6)), /test\.6x8: peer 'culprit' is wrong: element 13/);
  assert.throws(refused(spoilt(Number.NaN)), /element 13 is NaN/);
  assert.throws(
    refused(() => [...right.subarray(1)]),
    /made 47 numbers, ours 48/,
  );
  assert.not.throws(refused(spoilt(right[13] + 6e-8)));
});

test('a peer may return a typed array of its own', () => {
  const right = sinusoidal({ length: 6, dim: 8 }).toFloat32Array();
  const wrong = right.map((x, i) => (i === 13 ? x + 1 : x));
  assert.not.throws(() => measure(table({ own: () => right }), lab, FAST));
  assert.throws(() => measure(table({ own: () => wrong }), lab, FAST), /element 13/);
});

test('a call beside ours, kernels given by the case, and the growth of the heap', () => {
  const kept: number[][] = [];
  const slow = () => {
    for (const end = performance.now() + 0.2; performance.now() < end; );
  };
  const measured = (rest: object) =>
    measure(
      producer('test.beside', [6, 8], (out) => ({ ours: () => sinusoidal({ length: 6, dim: 8, out }), ...rest })),
      lab,
      FAST,
    );
  const plain = measured({});
  assert.is(plain.beside, undefined);
  assert.is(plain.heap, undefined);
  const { beside, kernel, ours } = measured({ beside: { name: 'other', run: slow } });
  assert.is(beside!.name, 'other');
  assert.ok(beside!.time >= 2e5);
  assert.is(beside!.ratio, ours / beside!.time);
  assert.is(kernel, undefined, 'another call would overwrite what recorded kernels need');
  assert.ok(measured({ kernel: slow }).kernel! >= 2e5);
  const leak = measured({ ours: () => kept.push(new Array(100).fill(1.5)), heapCalls: 2000 });
  assert.is(leak.heap!.calls, 2000);
  assert.ok(leak.heap!.bytes >= 2000 * 100 * 8, `${leak.heap!.bytes}`);
  assert.ok(kept.length >= 2000);
});

test('a conversion is held against stores of its float32 side', () => {
  const seen: string[] = [];
  for (const direction of ['widen', 'narrow'] as const) {
    const { bytes, shape } = measure(
      conversion(`test.bfloat16.${direction}`, 'bfloat16', direction, 33, (codes, floats) => {
        seen.push(`${codes.dtype} ${floats.dtype}`);
        const written = direction === 'widen' ? floats : codes;
        return {
          ours: () => written.data.fill(3),
          peers: { own: () => new Uint16Array(33).fill(3) },
        };
      }),
      lab,
      FAST,
    );
    assert.is(bytes, 132);
    assert.equal(shape, [33]);
  }
  assert.equal(seen, ['bfloat16 float32', 'bfloat16 float32']);
});

test('in-place peers start from the numbers ours started from', () => {
  const shape = [2, 3, 4];
  const row = measure(
    inPlace('test.in.place', shape, (x) => {
      const p = Tensor.from(numbers(shape, 7), shape, { engine: x.engine });
      const options = { out: x };
      const plain = p.toFloat32Array();
      return {
        ours: () => merge(x, p, options),
        peers: {
          plain: (own) => {
            for (let i = 0; i < own.length; i++) own[i] += plain[i];
          },
        },
      };
    }),
    lab,
    FAST,
  );
  assert.is(row.id, 'test.in.place.2x3x4');
});

test('the floors write every byte of the output and none beside it', () => {
  const { engine, floors } = lab;
  const MARGIN = 16;
  for (const length of [1, 4, 15, 16, 17, 64, 77]) {
    const block = Tensor.zeros([length + 2 * MARGIN], { engine });
    const source = Tensor.from(numbers([length], 3), [length], { engine });
    const at = block.byteOffset + 4 * MARGIN;
    const bytes = 4 * length;
    const check = (run: () => void, value: (i: number, old: number) => number) => {
      block.data.set(numbers([block.length]));
      const expected = block.toFloat32Array();
      for (let i = 0; i < length; i++) expected[MARGIN + i] = value(i, expected[MARGIN + i]);
      run();
      assert.equal(block.toFloat32Array(), expected, `length ${length}`);
    };
    check(
      () => floors.fill(at, bytes, 0.5),
      () => 0.5,
    );
    check(
      () => floors.scale(at, bytes, 2),
      (_, old) => 2 * old,
    );
    check(
      () => floors.copy(at, source.byteOffset, bytes),
      (i) => source.data[i],
    );
    block.dispose();
    source.dispose();
  }
});

test('a row gives its memory back', () => {
  const room = 2 ** 22;
  for (let i = 0; i < 8; i++) {
    // 8 x 4 MiB do not fit the 16 MiB of the lab at once
    const shape = [room / 4 / 128, 128];
    measure(
      joiner('test.join.x', shape, (x, out) => ({ ours: () => out.data.set(x.data) })),
      lab,
      FAST,
    );
  }
  assert.ok(Tensor.zeros([room / 4], { engine: lab.engine }).length > 0);
});

test('every row has an id of four parts, its own, and the size it says', () => {
  const ids = CASES.map(({ id }) => id);
  assert.is(new Set(ids).size, ids.length);
  for (const { id, shape, bytes } of CASES) {
    assert.match(id, /^(absolute|rotary|bias|kernels)\.[a-zA-Z0-9]+\.[a-zA-Z0-9-]+\.[0-9x]+$/);
    assert.is(
      bytes,
      shape.reduce((product, n) => product * n, 4),
    );
  }
});

test('every row of at most 64 KiB agrees with all of its peers', () => {
  const small = CASES.filter(({ bytes }) => bytes <= 65536);
  assert.ok(small.length > 0);
  for (const benchCase of small) measure(benchCase, lab, FAST);
});

test.run();
