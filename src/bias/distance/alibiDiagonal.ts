/** ALiBi as a function of the distance: its diagonal, its addition onto scores, and batches with padding in front. */

import { type Block, UNLIMITED } from '../../runtime/block.ts';
import type { Engine } from '../../runtime/engine.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { type Filler, type ToeplitzOptions, toeplitz } from './toeplitz.ts';

export interface SlopePairs {
  readonly heads: number;
  /** Per head: what the distance key minus query is multiplied by up to 0, and above it. */
  readonly pairs: Float32Array;
  /** The first half of the heads sees keys up to the query, the second half keys from the query on. */
  readonly split: boolean;
  readonly bfloat16: boolean;
}

export function alibiDiagonal(slopes: SlopePairs, o: ToeplitzOptions): Tensor {
  const bind = (engine: Engine, _tables: readonly number[], block: Block) => filler(engine, slopes, block.maskValue);
  return toeplitz({ name: 'alibi', heads: slopes.heads, bind }, o);
}

function filler(engine: Engine, { heads, pairs, split, bfloat16 }: SlopePairs, maskValue: number): Filler {
  let pointer = 0;
  const { kernels, coefficients } = engine;
  return {
    scratchBytes: (4 * pairs.length + 15) & ~15,
    directRows: 1,
    load(at) {
      pointer = at;
      engine.f32.set(pairs, at >>> 2);
    },
    fill({ pointer: out, stride, head, heads: count }, distances) {
      const part = (from: number, to: number, left: number, right: number) => {
        if (to <= from) return;
        const at = out + (from - head) * stride;
        const own = pointer + 8 * from;
        if (distances.list) {
          const open = (n: number) => (n === UNLIMITED ? Number.POSITIVE_INFINITY : n);
          // biome-ignore format: grouped as the kernel declares it
          kernels.slopeDistances(
            at, stride, own, to - from, distances.list, distances.count, open(left), open(right), maskValue);
        } else {
          // a query and a first key that far apart, both of them int32
          const query = -Math.floor(distances.first / 2);
          // biome-ignore format: grouped as the kernel declares it
          kernels.alibiRows(
            at, stride, 0, own, to - from, 1, distances.count, query, 0, distances.first + query, 0, 1, 0, left, right,
            maskValue, coefficients);
        }
      };
      const middle = split ? heads / 2 : head + count;
      part(head, Math.min(head + count, middle), UNLIMITED, split ? 0 : UNLIMITED);
      part(Math.max(head, middle), head + count, 0, UNLIMITED);
      if (!bfloat16) return;
      for (let h = 0; h < count; h++) kernels.roundBfloat16(out + h * stride, distances.count);
    },
  };
}
