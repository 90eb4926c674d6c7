/**
 * What the rows must reach: a goal for the ratio to the floor, derived from the instructions a vector needs (docs/performance.md).
 * A gate is the goal with 15 % of slack for the machine, but never above `limit`; a row that misses it is measured once more.
 */
import type { Row } from './row.ts';

export interface Gate {
  /** Beginning of the ids it is for. */
  readonly prefix: string;
  /** Bytes a call writes, inclusive. */
  readonly least: number;
  readonly most: number;
  readonly goal: number;
  readonly limit?: number;
  /** Which time is held against the floor. Default 'ours'; 'kernel' where the call itself costs as much as the work. */
  readonly of?: 'ours' | 'kernel';
}

const KIB = 1024;
const MIB = 1024 * KIB;
const SLACK = 1.15;

/** Between 1 and 64 MiB nothing is gated: a cache shared with strangers makes those times bimodal. */
const CACHE = { least: 64 * KIB, most: MIB };
const L1 = { least: 16 * KIB, most: 32 * KIB };
const DRAM = { least: 64 * MIB, most: Number.POSITIVE_INFINITY };

export const GATES: readonly Gate[] = [
  { prefix: 'bias.alibi.', ...CACHE, goal: 1.1, limit: 1.3 },
  { prefix: 'bias.alibi.', ...DRAM, goal: 1.1, limit: 1.3 },
  { prefix: 'bias.expand.', ...CACHE, goal: 1.2 },
  { prefix: 'bias.expand.', ...DRAM, goal: 1.2 },
  { prefix: 'absolute.sinusoidal.interleaved.', ...CACHE, goal: 3.9, limit: 4.5 },
  { prefix: 'absolute.sinusoidal.interleaved.', ...DRAM, goal: 1.55, limit: 1.9 },
  { prefix: 'absolute.sinusoidal.concat.', ...CACHE, goal: 3.9, limit: 4.5 },
  { prefix: 'absolute.sinusoidal.concat.', ...DRAM, goal: 1.55, limit: 1.9 },
  { prefix: 'rotary.table.exact.', ...CACHE, goal: 3.9, limit: 4.5 },
  { prefix: 'rotary.table.exact.', ...DRAM, goal: 1.55, limit: 1.9 },
  { prefix: 'rotary.half.inplace.', ...L1, goal: 1.3, of: 'kernel' },
  { prefix: 'rotary.half.inplace.', ...CACHE, goal: 1.45, limit: 1.6 },
  { prefix: 'rotary.half.inplace.', ...DRAM, goal: 1.25, limit: 1.4 },
  { prefix: 'rotary.interleaved.inplace.', ...L1, goal: 1.75, of: 'kernel' },
  { prefix: 'rotary.interleaved.inplace.', ...CACHE, goal: 2 },
  { prefix: 'rotary.interleaved.inplace.', ...DRAM, goal: 1.35 },
];

/** The largest ratio a gate lets through. */
export function ceiling(gate: Gate): number {
  return Math.min(gate.goal * SLACK, gate.limit ?? Number.POSITIVE_INFINITY);
}

export function gateOf(row: Pick<Row, 'id' | 'bytes'>, gates = GATES): Gate | undefined {
  return gates.find(({ prefix, least, most }) => row.id.startsWith(prefix) && row.bytes >= least && row.bytes <= most);
}

/** The ratio a gate looks at. */
export function gatedRatio(gate: Gate, row: Row): number {
  return gate.of === 'kernel' && row.kernel !== undefined ? row.kernel / row.floor : row.ratio;
}

/** What is wrong with the row, or undefined. */
export function missed(row: Row, gates = GATES): string | undefined {
  const gate = gateOf(row, gates);
  if (!gate) return undefined;
  const ratio = gatedRatio(gate, row);
  if (ratio <= ceiling(gate)) return undefined;
  const what = gate.of === 'kernel' ? 'kernel' : 'ours';
  return `${row.id}: ${what} takes ${ratio.toFixed(2)} x the floor; goal ${gate.goal}, gate ${ceiling(gate).toFixed(2)}`;
}
