/**
 * Random calls across the whole surface, half of them valid. A valid call equals the reference; a bad one throws
 * PosencError. Either way no byte outside the output and the scratch arena changes.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as api from '../src/index.ts';
import { createEngine, PosencError, type RotaryTable, Tensor } from '../src/index.ts';
import * as reference from '../src/reference/index.ts';

const engine = createEngine({ initialBytes: 2 << 20, scratchBytes: 1 << 18, fixed: true });
const foreign = createEngine({ initialBytes: 4 << 20 });
const arena = engine.scratch();

let state = 20240607;
/** mulberry32: the calls are the same in every run. */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const int = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
const pick = <T>(list: readonly T[]): T => list[int(0, list.length - 1)];
const noise = (n: number) => Float32Array.from({ length: n }, () => Math.fround(random() * 4 - 2));

type Options = Record<string, unknown>;
interface Call {
  readonly name: string;
  readonly positional: unknown[];
  readonly options: Options;
  /** Computes the expected result. */
  readonly expected: () => { data: ArrayLike<number>; shape: readonly number[] };
  /** Largest difference allowed, in units in the last place of the expected value. */
  readonly ulp: number;
  /** The Tensor written. */
  readonly output: Tensor;
  readonly tensors: Tensor[];
}

function rowOptions(max: number): Options {
  if (random() < 0.4) {
    const fractional = random() < 0.3;
    return {
      positions: Float64Array.from({ length: int(0, max) }, () =>
        fractional ? random() * 2000 - 500 : int(-3000, 2 ** 24),
      ),
    };
  }
  return { length: int(0, max), offset: pick([0, 0, 1, -5, 1000, 2 ** 24 - 3, 2 ** 31 - 4096]) };
}
const rowCount = (o: Options) => (o.positions ? (o.positions as Float64Array).length : (o.length as number));

function sinusoidalCall(): Call {
  const odd = pick(['truncate', 'zero', 'ceil'] as const);
  const dim = int(2, 40);
  const options: Options = {
    ...rowOptions(20),
    dim,
    base: pick([10000, 500, 1e6]),
    arrangement: pick(['interleaved', 'concat']),
  };
  if (dim % 2 || random() < 0.2) options.oddRule = odd;
  if (random() < 0.3) options.order = 'cos-sin';
  if (random() < 0.3) options.scale = pick([0.5, 2, 1000]);
  if (random() < 0.3) options.amplitude = pick([0.25, -3]);
  if (random() < 0.3 && dim >= 4) options.denominator = 'half-1';
  if (random() < 0.2) options.zeroRow = 0;
  if (random() < 0.4) options.precision = 'torch';
  const output = Tensor.zeros([rowCount(options), dim], { engine });
  return {
    name: 'sinusoidal',
    positional: [],
    options: { ...options, out: output },
    ulp: 1,
    output,
    tensors: [output],
    expected: () => reference.sinusoidal(options as never),
  };
}

function alibiCall(): Call {
  const heads = int(1, 9);
  const options: Options = { heads, keyLength: int(0, 40), form: pick(['distance', 'tril', 'key', 'key-last-zero']) };
  if (random() < 0.5) options.queryLength = int(0, 20);
  if (random() < 0.3) options.queryOffset = pick([0, 7, -3, 2 ** 24 - 5, 2 ** 30]);
  if (random() < 0.4) options.causal = true;
  if (random() < 0.3) options.window = [int(-1, 9), int(-1, 9)];
  if (random() < 0.3) options.slopes = pick(['mpt', 'geometric', noise(heads)]);
  if (random() < 0.2) options.totalHeads = heads + int(0, 3);
  if (random() < 0.2) options.maskValue = -1e9;
  if (random() < 0.2) options.rounding = 'bfloat16';
  const queries = (options.queryLength ?? options.keyLength) as number;
  if (random() < 0.3) {
    const from = int(0, queries);
    options.rows = [from, int(from, queries)];
  }
  if (random() < 0.2) {
    options.keyPositions = Int32Array.from({ length: options.keyLength as number }, () => int(-100, 100));
    if (random() < 0.5 && options.queryOffset === undefined) {
      options.queryPositions = Int32Array.from({ length: queries }, () => int(-100, 100));
    }
  }
  const rows = options.rows ? (options.rows as number[])[1] - (options.rows as number[])[0] : queries;
  const output = Tensor.zeros([(options.totalHeads as number) ?? heads, rows, options.keyLength as number], { engine });
  return {
    name: 'alibi',
    positional: [],
    options: { ...options, out: output },
    ulp: 0,
    output,
    tensors: [output],
    expected: () => reference.alibi(options as never),
  };
}

function mergeCall(): Call {
  const mode = pick(['add', 'mul', 'mulPlusOne', 'concat', 'zero']);
  const [b, s, d] = [int(1, 3), int(1, 7), int(1, 19)];
  const dp = mode === 'concat' ? int(1, 9) : d;
  const x = noise(b * s * d);
  const p = noise(s * dp);
  const tx = Tensor.from(x, [b, s, d], { engine });
  const tp = Tensor.from(p, [s, dp], { engine });
  const output =
    mode !== 'concat' && random() < 0.5 ? tx : Tensor.zeros([b, s, mode === 'concat' ? d + dp : d], { engine });
  return {
    name: 'merge',
    positional: [tx, tp],
    options: { mode, out: output },
    ulp: 0,
    output,
    tensors: [tx, tp, output],
    expected: () => reference.merge({ data: x, shape: [b, s, d] }, { data: p, shape: [s, dp] }, { mode } as never),
  };
}

function rotaryCall(): Call {
  const layout = pick(['BSHD', 'BHSD', 'THD']);
  const [b, s, h] = [layout === 'THD' ? 1 : int(1, 3), int(1, 9), int(1, 4)];
  const rotaryDim = 2 * int(1, 20);
  const rotaryOffset = pick([0, 0, 3]);
  const headDim = rotaryDim + rotaryOffset + pick([0, 0, 5]);
  const pairing = pick(['half', 'interleaved'] as const);
  const spec = {
    headDim,
    rotaryDim,
    rotaryOffset,
    pairing,
    ropeTheta: pick([10000, 500000]),
    precision: pick(['exact', 'torch'] as const),
    outputPairing: pick([pairing, pairing, 'half', 'interleaved'] as const),
    rotationSign: pick([1, 1, -1] as const),
  };
  const shape = layout === 'THD' ? [s, h, headDim] : layout === 'BSHD' ? [b, s, h, headDim] : [b, h, s, headDim];
  const start = pick([0, 5, 1000]);
  const rows = 24;
  const x = noise(b * s * h * headDim);
  const tx = Tensor.from(x, shape, { engine });
  const table = api.rotaryTable(spec, { length: rows, offset: start, engine });
  const options: Options = { layout };
  const outside = random() < 0.2 && spec.pairing === spec.outputPairing;
  if (outside) options.outOfRange = 'identity';
  const position = () => (outside && random() < 0.3 ? start + rows + 5 : start + int(0, rows - 1));
  if (random() < 0.5) options.positions = Int32Array.from({ length: random() < 0.5 ? s : b * s }, position);
  else if (layout === 'THD' && start === 0 && random() < 0.6) options.cuSeqlens = [0, int(0, s), s];
  else options.offset = start + int(0, rows - s);
  if (random() < 0.3) options.inverse = true;
  const output = random() < 0.5 ? tx : Tensor.zeros(shape, { engine });
  return {
    name: 'applyRotary',
    positional: [tx, table],
    options: output === tx ? options : { ...options, out: output },
    ulp: 0,
    output,
    tensors: [tx, output, table.cos, table.sin],
    expected: () => {
      const data = { cos: table.cos.toFloat32Array(), sin: table.sin.toFloat32Array() };
      const twin = reference.rotaryTableFrom({
        ...data,
        shape: [rows, rotaryDim / 2],
        pairing,
        outputPairing: spec.outputPairing,
        rotaryOffset,
        start,
      } as never);
      return reference.applyRotary({ data: Float32Array.from(x), shape }, twin, options as never) as never;
    },
  };
}

function expandCall(): Call {
  const [heads, q, k] = [int(1, 3), int(1, 12), int(1, 30)];
  const diagonal = noise(heads * (q + k - 1));
  const from = int(0, q);
  const rows = [from, int(from, q)];
  const source = Tensor.from(diagonal, [heads, q + k - 1], { engine });
  const output = Tensor.zeros([heads, rows[1] - rows[0], k], { engine });
  return {
    name: 'expandDiagonal',
    positional: [source],
    options: { queryLength: q, keyLength: k, rows, out: output },
    ulp: 0,
    output,
    tensors: [source, output],
    expected: () => {
      const data: number[] = [];
      for (let h = 0; h < heads; h++)
        for (let i = rows[0]; i < rows[1]; i++)
          for (let j = 0; j < k; j++) data.push(diagonal[h * (q + k - 1) + q - 1 - i + j]);
      return { data, shape: output.shape };
    },
  };
}

const CALLS = [sinusoidalCall, alibiCall, mergeCall, rotaryCall, expandCall];
const WRONG = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1.5,
  'nonsense',
  {},
  null,
  Symbol('s'),
  2 ** 60,
  [Number.NaN],
  () => 1,
  true,
  7n,
];

/** Makes a valid call a bad one; says what was done. */
function spoil(call: Call): { call: Call; how: string } {
  const options = { ...call.options };
  const positional = [...call.positional];
  const how = pick([
    'unknown option',
    'wrong value',
    'disposed',
    'foreign',
    'short output',
    'no options',
    'wrong argument',
  ]);
  if (how === 'unknown option') options.lenght = 3;
  else if (how === 'wrong value') {
    const names = Object.keys(options).filter((name) => name !== 'out' && name !== 'oddRule');
    const name = pick(names);
    options[name] = pick(WRONG);
    if (name === 'positions' || name === 'slopes' || name === 'cuSeqlens')
      options[name] = pick([[1, Number.NaN], 'no', {}, null]);
    if (name === 'inverse' || name === 'causal') options[name] = pick([1, 'yes', null]);
    if (name === 'maskValue') options[name] = pick([Number.NaN, 'no', {}]);
    if (name === 'offset') options[name] = pick([Number.NaN, 'no', {}, -(2 ** 60), Number.NEGATIVE_INFINITY]);
    return { call: { ...call, options }, how: `${how} ${name}: ${String(options[name])}` };
  } else if (how === 'disposed') {
    const dead = Tensor.zeros([4], { engine });
    dead.dispose();
    if (positional.length) positional[0] = dead;
    else options.out = dead;
  } else if (how === 'foreign') {
    options.out = Tensor.zeros(call.output.shape, { engine: foreign });
    options.engine = engine;
  } else if (how === 'short output') options.out = Tensor.zeros([call.output.length + 1], { engine });
  else if (how === 'no options') return { call: { ...call, options: pick([null, 5, 'x', []]) as never }, how };
  else if (positional.length) positional[int(0, positional.length - 1)] = pick([null, 3, {}, 'x', new Float64Array(4)]);
  else options.dim = options.heads = options.queryLength = -1;
  return { call: { ...call, options, positional }, how };
}

/** The memory with the output and the arena blanked. */
function outside(output: Tensor): Buffer {
  const bytes = Buffer.from(new Uint8Array(engine.memory.buffer));
  bytes.fill(0, arena, arena + engine.scratchBytes);
  bytes.fill(0, output.byteOffset, output.byteOffset + output.length * 4);
  return bytes;
}

const ordered = (x: number) => {
  const word = new Int32Array(Float32Array.of(x).buffer)[0];
  return word < 0 ? -2147483648 - word : word;
};

function run(call: Call): unknown {
  return (api as unknown as Record<string, (...a: unknown[]) => unknown>)[call.name](...call.positional, call.options);
}

test('2,000 random calls: right, or a PosencError, and never a byte elsewhere', () => {
  const counts = { valid: 0, bad: 0 };
  for (let n = 0; n < 2000; n++) {
    const call = pick(CALLS)();
    const label = `call ${n} ${call.name}`;
    if (n % 2 === 0) {
      const expected = call.expected();
      const before = outside(call.output);
      run(call);
      assert.ok(before.equals(outside(call.output)), `${label} wrote outside its output`);
      const got = call.output.data;
      assert.is(got.length, expected.data.length, `${label}: length`);
      for (let i = 0; i < got.length; i++) {
        const want = expected.data[i];
        const close =
          Object.is(got[i], want) || got[i] === want || Math.abs(ordered(got[i]) - ordered(want)) <= call.ulp;
        if (!close)
          assert.unreachable(
            `${label} element ${i}: ${got[i]} for ${want} ${JSON.stringify(call.options, (k, v) => (k === 'out' ? undefined : v))}`,
          );
      }
      counts.valid++;
    } else {
      const { call: bad, how } = spoil(call);
      const before = outside(Tensor.zeros([0], { engine }));
      let error: unknown;
      try {
        run(bad);
      } catch (e) {
        error = e;
      }
      assert.ok(error instanceof PosencError, `${label}, ${how}: ${error instanceof Error ? error.stack : 'accepted'}`);
      assert.ok(before.equals(outside(Tensor.zeros([0], { engine }))), `${label}, ${how}: half-written`);
      counts.bad++;
      for (const value of Object.values(bad.options ?? {})) if (value instanceof Tensor) value.dispose();
    }
    for (const tensor of new Set(call.tensors)) tensor.dispose();
  }
  assert.equal(counts, { valid: 1000, bad: 1000 });
});

test('alibi rows tile the matrix bit for bit', () => {
  for (let n = 0; n < 60; n++) {
    const options = {
      heads: int(1, 6),
      queryLength: int(1, 70),
      keyLength: int(1, 90),
      causal: random() < 0.5,
      engine,
      form: pick(['distance', 'tril', 'key', 'key-last-zero'] as const),
      window: [int(-1, 20), int(-1, 20)] as [number, number],
    };
    const whole = api.alibi(options);
    const cut = int(0, options.queryLength);
    for (const [from, to] of [
      [0, cut],
      [cut, options.queryLength],
    ]) {
      const part = api.alibi({ ...options, rows: [from, to] });
      for (let h = 0; h < options.heads; h++) {
        const size = (to - from) * options.keyLength;
        const at = (h * options.queryLength + from) * options.keyLength;
        assert.equal(part.data.slice(h * size, (h + 1) * size), whole.data.slice(at, at + size));
      }
      part.dispose();
    }
    whole.dispose();
  }
});

test('plain arrays are staged: copied in, rotated, copied back', () => {
  const x = noise(3 * 2 * 8);
  const table: RotaryTable = api.rotaryTable({ headDim: 8 }, { length: 3 });
  const tensor = Tensor.from(x, [1, 3, 2, 8]);
  api.applyRotary(tensor, table);
  const plain = Float32Array.from(x);
  assert.is(api.applyRotary(plain, table, { shape: [1, 3, 2, 8] }), plain);
  assert.equal(plain, tensor.toFloat32Array());
  const out = Tensor.zeros([1, 3, 2, 8]);
  assert.is(api.applyRotary(Float32Array.from(x), table, { shape: [1, 3, 2, 8], out }), out);
  assert.equal(out.toFloat32Array(), plain);
});

test.run();
