/**
 * Which row of a rotary table each token takes: absolute positions, offsets, packed sequences, and tables whose rows follow
 * a list of positions. Position rules of transformers, flash-attention (seqlen_offsets, cu_seqlens) and ONNX Runtime.
 */
import { exclusive, finite } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import type { Call } from '../runtime/gate.ts';
import { type NumberList, showList } from '../runtime/lists.ts';
import { type RotaryTable, rowOf, type TableDtype } from './table.ts';

export interface TokenOptions {
  /** Absolute positions, [S] or [B, S] flattened (THD: [T]). Default 0, 1, 2 ... in every batch. */
  readonly positions?: NumberList;
  /** Position of the first token; one number, or one per batch (per packed sequence with cuSeqlens). Default 0. */
  readonly offset?: number | NumberList;
  /** THD: start of every packed sequence and the end of the last, [n + 1]; positions restart at each. */
  readonly cuSeqlens?: NumberList;
}

export interface Indices {
  readonly rows: Int32Array;
  /** Rows per batch; 0 when every batch uses the same ones. */
  readonly perBatch: number;
  readonly includesIdentity: boolean;
}

const LONGER = "build a longer table, or pass outOfRange: 'identity'";

/** The table row of every token; undefined when token s simply uses row s. */
export function rowIndices(
  call: Call,
  table: RotaryTable<TableDtype>,
  batch: number,
  sequence: number,
  layout: string,
  outOfRange: 'error' | 'identity',
  o: TokenOptions,
): Indices | undefined {
  exclusive(call.name, 'positions', 'cuSeqlens', o);
  exclusive(call.name, 'positions', 'offset', o);
  if (table.start === undefined) return rowAligned(table, batch, sequence, o);
  const consecutive = o.positions === undefined && o.cuSeqlens === undefined && (o.offset ?? 0) === table.start;
  if (consecutive && sequence <= table.length) return undefined;
  const starts = o.cuSeqlens === undefined ? undefined : sequenceStarts(call, o.cuSeqlens, layout, sequence);
  const offsets = offsetsOf(call, o.offset, starts ? starts.length - 1 : batch);
  const given = o.positions === undefined ? undefined : call.positions('positions', o.positions).data;
  if (given && given.length !== sequence && given.length !== batch * sequence) {
    throw new PosencError(
      'ERR_SHAPE',
      `positions: expected ${sequence}${batch > 1 ? ` (shared by the batch) or ${batch * sequence}` : ', one per token'}, got ${given.length}`,
    );
  }
  if (batch * sequence === 0) return undefined;
  const perBatch =
    (given && given.length === batch * sequence && batch > 1) || (offsets.length > 1 && !starts) ? sequence : 0;
  const rows = new Int32Array(perBatch ? batch * sequence : sequence);
  let includesIdentity = false;
  const put = (index: number, position: number) => {
    const row = position - table.start!;
    if (outOfRange === 'identity' && !(row >= 0 && row < table.length && Number.isInteger(row))) {
      rows[index] = -1;
      includesIdentity = true;
    } else rows[index] = rowOf(table, position, index, LONGER);
  };
  if (starts) {
    for (let n = 0; n + 1 < starts.length; n++) {
      const offset = offsets.length > 1 ? offsets[n] : offsets[0];
      for (let t = starts[n]; t < starts[n + 1]; t++) put(t, t - starts[n] + offset);
    }
  } else {
    for (let i = 0; i < rows.length; i++) {
      const b = Math.floor(i / sequence);
      const s = i - b * sequence;
      const offset = offsets.length > 1 ? offsets[b] : offsets[0];
      put(i, given ? given[given.length === rows.length ? i : s] : s + offset);
    }
  }
  return { rows, perBatch, includesIdentity };
}

/** A table built from positions: token t of [B, S] or [S] uses row t. */
function rowAligned(
  table: RotaryTable<TableDtype>,
  batch: number,
  sequence: number,
  o: TokenOptions,
): Indices | undefined {
  for (const name of ['positions', 'offset', 'cuSeqlens'] as const) {
    if (o[name] !== undefined) {
      throw new PosencError(
        'ERR_OPTION',
        `${name}: the table was built from positions, one row per token; leave it out`,
      );
    }
  }
  if (table.length === sequence) return undefined;
  if (table.length === batch * sequence) {
    return {
      rows: Int32Array.from({ length: batch * sequence }, (_, i) => i),
      perBatch: sequence,
      includesIdentity: false,
    };
  }
  throw new PosencError(
    'ERR_SHAPE',
    `table: its ${table.length} rows follow positions, but x has ${sequence} tokens${batch > 1 ? ` in ${batch} batches` : ''}`,
  );
}

function sequenceStarts(call: Call, cuSeqlens: NumberList, layout: string, tokens: number): Float64Array {
  if (layout !== 'THD' && layout !== 'TD')
    throw new PosencError('ERR_OPTION', `cuSeqlens: for layouts 'THD' and 'TD', got '${layout}'`);
  const starts = call.positions('cuSeqlens', cuSeqlens).data;
  const ordered = starts.every(
    (start, i) => Number.isInteger(start) && (i === 0 ? start === 0 : start >= starts[i - 1]),
  );
  if (starts.length < 1 || !ordered || starts[starts.length - 1] !== tokens) {
    throw new PosencError(
      'ERR_SHAPE',
      `cuSeqlens: expected 0, then ascending ends, the last ${tokens}; got ${showList(starts)}`,
    );
  }
  return starts;
}

function offsetsOf(call: Call, offset: TokenOptions['offset'], count: number): ArrayLike<number> {
  if (offset === undefined) return [0];
  if (typeof offset === 'number') return [finite('offset', offset)];
  const list = call.positions('offset', offset).data;
  if (list.length !== count) {
    throw new PosencError(
      'ERR_SHAPE',
      `offset: expected one number, or ${count} (one per sequence), got ${list.length}`,
    );
  }
  return list;
}
