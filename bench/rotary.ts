/** Rows of the rotary family: cos/sin tables of every kind of row, and the rotation of q or k in place. */
import { applyRotary, axialTable, ggmlRotaryTable, invFreq, type RotarySpec, rotaryTable, type Tensor } from 'posenc';
import { type Case, inPlace, producer } from './case.ts';
import { asWritten, typed } from './peers/rotary.ts';
import { typedTable } from './peers/sinusoidal.ts';
import { ggmlTable, mropeTable, torchTable, axialTable as typedAxial } from './peers/table.ts';

const tables: Case[] = [];
for (const precision of ['exact', 'torch'] as const) {
  for (const [length, dim] of [
    [512, 128],
    [2048, 128],
    [131072, 128],
  ]) {
    tables.push(
      producer(`rotary.table.${precision}`, [length, dim], (out) => {
        const options = { length, out: halves(out), engine: out.engine };
        const spec: RotarySpec = { headDim: dim, precision };
        return {
          ours: () => rotaryTable(spec, options),
          peers: {
            'typed JS':
              precision === 'exact'
                ? typedTable(length, dim)
                : torchTable(length, Float32Array.from(invFreq(spec).invFreq)),
          },
          tolerance: 1.2e-7,
        };
      }),
    );
  }
}

for (const [frames, height, width] of [
  [1, 16, 16],
  [5, 30, 52],
]) {
  tables.push(
    producer('rotary.table.axial', [frames * height * width, 128], (out) => {
      const options = { grid: [frames, height, width], out: halves(out), engine: out.engine };
      return {
        ours: () => axialTable({ preset: 'wan', headDim: 128 }, options),
        peers: { 'typed JS': typedAxial(options.grid, [44, 42, 42]) },
        tolerance: 1.2e-7,
      };
    }),
  );
}

/** cos and sin of a table as the two halves of one block, so that the floor stores exactly the same bytes. */
function halves(out: Tensor) {
  const half = out.length / 2;
  return { cos: out.data.subarray(0, half), sin: out.data.subarray(half) };
}

for (const [length, dim] of [
  [512, 128],
  [131072, 128],
]) {
  tables.push(
    producer('rotary.table.ggml', [length, dim], (out) => {
      const options = { length, out: halves(out), engine: out.engine };
      return {
        ours: () => ggmlRotaryTable({ nDims: dim, mode: 'NEOX' }, options),
        peers: { 'typed JS': ggmlTable(length, dim) },
        tolerance: 1.2e-7,
      };
    }),
    producer('rotary.table.mrope', [length, dim], (out) => {
      // an image of 32 tokens a row after 16 of text: time, row and column of every token
      const positions = Int32Array.from({ length: 3 * length }, (_, n) => {
        const [stream, t] = [Math.floor(n / length), n % length];
        if (t < 16 || stream === 0) return Math.min(t, 16);
        return 16 + (stream === 1 ? Math.floor((t - 16) / 32) : (t - 16) % 32);
      });
      const sections = [16, 24, 24];
      const spec: RotarySpec = { headDim: dim, mropeSection: sections, mropeLayout: 'chunked' };
      const options = { positions, out: halves(out), engine: out.engine };
      return {
        ours: () => rotaryTable(spec, options),
        peers: { 'typed JS': mropeTable(positions, length, sections) },
        tolerance: 1.2e-7,
      };
    }),
  );
}

/** Position of the first token: nothing is special about it, unlike 0. */
const START = 1000;

/** Tokens: one decoding step (L1), a chunk (L2), and at least 64 MiB (DRAM). */
const TOKENS = [1, 16, 3328];

/** Head sizes, with as many heads as keep a token near 20 KiB. */
const HEADS = { 64: 80, 80: 64, 96: 54, 128: 40, 256: 20 };

const rotations: Case[] = [];
for (const pairing of ['half', 'interleaved'] as const) {
  for (const [d, heads] of Object.entries(HEADS)) {
    for (const length of TOKENS) {
      const shape = [length, heads, Number(d)];
      rotations.push(
        inPlace(`rotary.${pairing}.inplace`, shape, (x) => {
          const table = rotaryTable({ headDim: Number(d), pairing }, { length, offset: START, engine: x.engine });
          const options = { layout: 'THD', offset: START } as const;
          const plain = typed(shape, table.cos.toFloat32Array(), table.sin.toFloat32Array(), pairing);
          return {
            // turned again at every call: a rotation keeps the length of a pair to 1e-7, so nothing grows or fades
            ours: () => applyRotary(x, table, options),
            peers: {
              'typed JS': plain,
              'JS as written': length <= 16 ? asWritten(shape, START, pairing) : undefined,
            },
            tolerance: 3e-7,
          };
        }),
      );
    }
  }
}

export const rotary: readonly Case[] = [...tables, ...rotations];
