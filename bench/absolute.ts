/** Rows of the absolute family: sinusoidal tables, and rows joined to vectors. */
import { merge, sinusoidal, Tensor } from 'posenc';
import { type Case, joiner, numbers, producer } from './case.ts';
import { typed as typedMerge } from './peers/merge.ts';
import { asWritten, typed } from './peers/sinusoidal.ts';

/** Peers written for clarity are left out of rows of more numbers than this: a call would take seconds. */
const SMALL = 2 ** 18;

const tables: Case[] = [];
for (const arrangement of ['interleaved', 'concat'] as const) {
  for (const precision of ['exact', 'torch'] as const) {
    for (const [length, dim] of [
      [64, 64],
      [512, 128],
      [512, 512],
      [131072, 128],
    ]) {
      const name = precision === 'exact' ? arrangement : `${arrangement}-torch`;
      tables.push(
        producer(`absolute.sinusoidal.${name}`, [length, dim], (out) => {
          const options = { length, dim, arrangement, precision, out };
          const exact = precision === 'exact';
          const written = exact && arrangement === 'interleaved' && out.length <= SMALL;
          return {
            ours: () => sinusoidal(options),
            // the float32 pipeline is another function: a peer for it would have to repeat its roundings
            peers: {
              'typed JS': exact ? typed(length, dim, arrangement) : undefined,
              'JS as written': written ? asWritten(length, dim) : undefined,
            },
            tolerance: 1.2e-7,
          };
        }),
      );
    }
  }
}

const merges: Case[] = [];
for (const mode of ['add', 'mul', 'mulPlusOne'] as const) {
  for (const shape of [
    [4, 128, 128],
    [16, 128, 128],
    [32, 1024, 512],
  ]) {
    merges.push(
      joiner(`absolute.merge.${mode}`, shape, (x, out) => {
        const p = Tensor.from(numbers(shape.slice(1), 2), shape.slice(1), { engine: out.engine });
        const options = { mode, out };
        return {
          ours: () => merge(x, p, options),
          peers: { 'typed JS': typedMerge(mode, x.toFloat32Array(), p.toFloat32Array()) },
          // float32 against float64 rounded at the end
          tolerance: mode === 'mulPlusOne' ? 2.4e-7 : 0,
        };
      }),
    );
  }
}

export const absolute: readonly Case[] = [...tables, ...merges];
