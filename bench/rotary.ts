/** Rows of the rotary family: cos/sin tables, and the rotation of q or k in place. */
import { applyRotary, type RotarySpec, rotaryTable } from 'posenc';
import { type Case, inPlace, producer } from './case.ts';
import { asWritten, typed } from './peers/rotary.ts';
import { typedTable } from './peers/sinusoidal.ts';

const tables: Case[] = [];
for (const precision of ['exact', 'torch'] as const) {
  for (const [length, dim] of [
    [512, 128],
    [131072, 128],
  ]) {
    tables.push(
      producer(`rotary.table.${precision}`, [length, dim], (out) => {
        // cos and sin are the two halves of one block, so that the floor stores exactly the same bytes
        const half = out.length / 2;
        const options = {
          length,
          out: { cos: out.data.subarray(0, half), sin: out.data.subarray(half) },
          engine: out.engine,
        };
        const spec: RotarySpec = { headDim: dim, precision };
        return {
          ours: () => rotaryTable(spec, options),
          // the float32 pipeline is another function: a peer for it would have to repeat its roundings
          peers: { 'typed JS': precision === 'exact' ? typedTable(length, dim) : undefined },
          tolerance: 1.2e-7,
        };
      }),
    );
  }
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
