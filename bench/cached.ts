/** Rows of the rotary family for decoding: cached keys turned in place, held against applyRotary, and the prepared step. */
import { applyRotary, prepareDecode, type RotarySpec, retable, rotaryTable, shiftKeys, type Tensor } from 'posenc';
import { kernelsOf } from 'posenc/kernels';
import { type Case, inPlace } from './case.ts';
import { typed } from './peers/rotary.ts';

const HEADS = 40;
const DIM = 128;
const SPEC: RotarySpec = { headDim: DIM };
const START = 1000;
/** Tokens: in the second-level cache, and in memory. */
const TOKENS = [16, 3328];

/** cos and sin [length, DIM / 2] of an angle per token and pair, by Math.cos and Math.sin. */
function rows(length: number, angle: (token: number, pair: number) => number): [Float32Array, Float32Array] {
  const pairs = DIM / 2;
  const list = Float64Array.from({ length: length * pairs }, (_, n) => angle(Math.floor(n / pairs), n % pairs));
  return [Float32Array.from(list, Math.cos), Float32Array.from(list, Math.sin)];
}

const frequency = (pair: number, base = 10000) => base ** ((-2 * pair) / DIM);

/** The rotation of the same keys, which turning them is to cost about as much as. */
function rotation(k: Tensor, length: number) {
  const table = rotaryTable(SPEC, { length, offset: START, engine: k.engine });
  const options = { layout: 'THD', offset: START } as const;
  return { table, beside: { name: 'applyRotary', run: () => applyRotary(k, table, options) } };
}

const turned: readonly Case[] = TOKENS.flatMap((length) => {
  const shape = [length, HEADS, DIM];
  return [
    inPlace('rotary.cached.shiftKeys', shape, (k) => {
      const delta = -512;
      const options = { layout: 'THD' } as const;
      return {
        ours: () => shiftKeys(k, delta, SPEC, options),
        beside: rotation(k, length).beside,
        peers: { 'typed JS': typed(shape, ...rows(length, (_, pair) => delta * frequency(pair)), 'half') },
        tolerance: 1e-6,
      };
    }),
    inPlace('rotary.cached.retable', shape, (k) => {
      const { table: from, beside } = rotation(k, length);
      const base = 500000;
      const to = rotaryTable({ ...SPEC, ropeTheta: base }, { length, offset: START, engine: k.engine });
      const options = { layout: 'THD', offset: START } as const;
      const angle = (token: number, pair: number) => (START + token) * (frequency(pair, base) - frequency(pair));
      return {
        ours: () => retable(k, from, to, options),
        beside,
        peers: { 'typed JS': typed(shape, ...rows(length, angle), 'half') },
        tolerance: 1e-6,
      };
    }),
  ];
});

/** q and k of one new token, [2, heads, dim], at one position after another. */
const decode = inPlace('rotary.decode.step', [2, HEADS, DIM], (x) => {
  const { engine } = x;
  const context = 1024;
  const table = rotaryTable(SPEC, { length: context, offset: START, engine });
  const [cos, sin] = [table.cos.toFloat32Array(), table.sin.toFloat32Array()];
  const size = HEADS * DIM;
  const [q, k] = [x.data.subarray(0, size), x.data.subarray(size)];
  const shape = [1, HEADS, DIM];
  const prepared = prepareDecode({ q, k, qShape: shape, kShape: shape, table, layout: 'THD', engine });
  const { rotateStep } = kernelsOf(engine).kernels;
  // the block of the prepared calls, which is not part of the typed surface
  const pointer = (prepared as unknown as { prepared: Tensor }).prepared.byteOffset;
  const next = () => {
    let row = -1;
    return () => (row = (row + 1) & (context - 1));
  };
  const [ours, kernel, theirs] = [next(), next(), next()];
  const pairs = DIM / 2;
  const rotate = (own: Float32Array, row: number) =>
    typed(
      [1, 2 * HEADS, DIM],
      cos.subarray(row * pairs, (row + 1) * pairs),
      sin.subarray(row * pairs, (row + 1) * pairs),
      'half',
    )(own);
  return {
    ours: () => prepared.step(START + ours()),
    kernel: () => rotateStep(pointer, 2, kernel()),
    peers: { 'typed JS': (own) => rotate(own, theirs()) },
    tolerance: 3e-7,
    heapCalls: 1e6,
  };
});

export const cached: readonly Case[] = [...turned, decode];
