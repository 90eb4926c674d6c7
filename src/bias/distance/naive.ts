/**
 * The plain relative bias: a learned number for every distance and head, nothing shared, nothing clipped. bias[i, j, :] =
 * table[j - i + maxPosition - 1], the usual `Embedding(2 * maxPosition - 1, heads)` listing.
 */

import { oneOf, take } from '../../runtime/arguments.ts';
import { headCount } from '../../runtime/block.ts';
import { REPLACE } from '../../runtime/codes.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import { type Floats, gate } from '../../runtime/gate.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { encodingOf, type Filler, TOEPLITZ_OPTIONS, type ToeplitzOptions } from './encoding.ts';
import { toeplitz } from './toeplitz.ts';

export interface NaiveRelativeBiasOptions extends ToeplitzOptions {
  /** 'qkh': heads last, as the listing has it; 'hqk': heads first, as scores have them. Default 'hqk'. */
  readonly layout?: 'hqk' | 'qkh';
  /** [2 maxPosition - 1, heads]; needed for a plain array. */
  readonly shape?: readonly number[];
}

const OPTIONS = [...TOEPLITZ_OPTIONS, 'layout', 'shape'] as const;

/**
 * The bias of a table [2 maxPosition - 1, heads]; distances beyond maxPosition - 1 that no mask takes are an error.
 * Numbers of the table are copied.
 * @param table float32 [2 maxPosition - 1, heads]
 * @param given lengths or positions, the layout
 * @returns float32 [heads, queryLength, keyLength], or [queryLength, keyLength, heads] for layout 'qkh', or what
 * `diagonal`, `rows`, batches, packed sequences and `addTo` make of it
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Shaw et al., arXiv 1803.02155, section 3.2, without clipping and one number a head
 * @example
 * const table = Tensor.from([-2, -1, 0, 1, 2], [5, 1]);
 * console.log(naiveRelativeBias(table, { queryLength: 2, keyLength: 2 }).data); // Float32Array(4) [ 0, 1, -1, 0 ]
 */
export function naiveRelativeBias(table: Floats, given: NaiveRelativeBiasOptions): Tensor {
  const o = take('naiveRelativeBias', given, OPTIONS);
  const layout = oneOf('layout', o.layout, ['hqk', 'qkh'], 'hqk');
  const call = gate('naiveRelativeBias', o.engine);
  const place = call.input('table', table, o.shape);
  const { shape } = place;
  if (shape.length !== 2 || shape[0] % 2 !== 1 || shape[1] === 0) {
    throw new PosencError('ERR_SHAPE', `table: expected [2 maxPosition - 1, heads], got [${shape.join(', ')}]`);
  }
  const heads = headCount('table', shape[1]);
  const reach = (shape[0] - 1) / 2;
  const last = layout === 'qkh';
  const filler = last ? wideFiller : tallFiller;
  return toeplitz(
    call,
    encodingOf(last ? 1 : heads, (engine) => filler(engine, place.pointer + 4 * heads * reach, heads), {
      headsLast: last,
      width: last ? heads : 1,
      range: { low: -reach, high: reach, option: 'table' },
    }),
    o,
  );
}

/** Heads first: columns of the table. `zero` points at the row of distance 0. */
function tallFiller(engine: Engine, zero: number, heads: number): Filler {
  return {
    scratchBytes: 0,
    directRows: 1,
    rows: undefined,
    diagonal: undefined,
    load() {},
    fill(to, { first, count, list }) {
      const source = zero + 4 * to.head;
      if (list) engine.kernels.pickRows(to.pointer, to.stride, source, 4, to.heads, 4 * heads, 1, list, count);
      // biome-ignore format: grouped as the kernel declares it
      else engine.kernels.transposeEntries(
        to.pointer, to.stride, source + 4 * heads * first, 4 * heads, 4, to.heads, count);
    },
  };
}

/** Heads last: rows of the table, as they are. */
function wideFiller(engine: Engine, zero: number, heads: number): Filler {
  return {
    scratchBytes: 0,
    directRows: 16,
    rows: undefined,
    diagonal: undefined,
    load() {},
    fill(to, { first, count, list }) {
      if (list) engine.kernels.pickRows(to.pointer, 0, zero, 0, 1, 4 * heads, heads, list, count);
      else engine.kernels.expandRows(to.pointer, 0, 0, zero + 4 * heads * first, 0, 1, 0, 1, heads * count, REPLACE);
    },
  };
}
