/**
 * What the rows must reach. Most goals are for the ratio to the floor, derived from the instructions a vector needs
 * (docs/performance.md); others compare with another call or with plain JavaScript. A gate is its goal with 15 % of slack for
 * the machine, but never above `limit`; a row that misses one is measured once more.
 */
import { CASES } from './cases.ts';
import { OWN, ownOf } from './floor/own.ts';
import type { Row } from './row.ts';

export interface Gate {
  /** Beginning of the ids it is for. */
  readonly prefix: string;
  /** Bytes a call writes, inclusive. Default: any. */
  readonly least?: number;
  readonly most?: number;
  readonly goal: number;
  readonly limit?: number;
  /**
   * 'ours': our time, 'kernel': that of the kernels alone where the call costs as much as the work, both over the floor;
   * 'own': the kernels' time, or ours where it is not known, over that of their own operations or over the floor, whichever is
   * higher; no slack is added. 'beside': our time over that of the call beside it; 'typed JS': how many times slower that peer is, at least;
   * 'facade': nanoseconds of the call without its kernels; 'heap': bytes that the heap grows by. Default 'ours'.
   */
  readonly of?: 'ours' | 'kernel' | 'own' | 'beside' | 'typed JS' | 'facade' | 'heap';
}

const KIB = 1024;
const MIB = 1024 * KIB;
const SLACK = 1.15;

/** Between 1 and 64 MiB nothing is held against the floor: a cache shared with strangers makes those times bimodal. */
const CACHE = { least: 64 * KIB, most: MIB };
const L1 = { least: 16 * KIB, most: 32 * KIB };
const DRAM = { least: 64 * MIB };

/** Rows whose kernel is held against its own operations. A table of 16 KiB is mostly the beginning of its plan. */
const OWN_GATES: readonly Gate[] = [...new Set(OWN.map(({ prefix }) => prefix))]
  .flatMap((prefix): Gate[] => [
    { prefix, ...L1, goal: 1.15, of: 'own' },
    { prefix, ...CACHE, goal: 1.15, of: 'own' },
    { prefix, ...DRAM, goal: 1.1, of: 'own' },
  ])
  .filter((gate) => gate.most !== L1.most || gate.prefix.includes('inplace'))
  .filter((gate) => CASES.some((row) => gatesOf(row, [gate]).length > 0));

export const GATES: readonly Gate[] = [
  ...OWN_GATES,
  { prefix: 'bias.alibi.', ...CACHE, goal: 1.1, limit: 1.3 },
  { prefix: 'bias.alibi.', ...DRAM, goal: 1.1, limit: 1.3 },
  { prefix: 'bias.expand.', ...CACHE, goal: 1.2 },
  { prefix: 'bias.expand.', ...DRAM, goal: 1.2 },
  { prefix: 'bias.t5.matrix.', ...CACHE, goal: 1.2, limit: 1.4 },
  { prefix: 'bias.t5.matrix.', ...DRAM, goal: 1.2, limit: 1.4 },
  { prefix: 'bias.t5.decode.', ...CACHE, goal: 1.15, limit: 1.3 },
  { prefix: 'bias.shaw.', goal: 10, of: 'typed JS' },
  { prefix: 'bias.transformerXl.', goal: 10, of: 'typed JS' },
  { prefix: 'bias.deberta.', goal: 10, of: 'typed JS' },
  { prefix: 'bias.conformer.', goal: 10, of: 'typed JS' },
  { prefix: 'bias.decomposed.', goal: 10, of: 'typed JS' },
  { prefix: 'bias.local.', goal: 10, of: 'typed JS' },
  { prefix: 'absolute.sinusoidal.interleaved.', ...CACHE, goal: 3.9, limit: 4.5 },
  { prefix: 'absolute.sinusoidal.interleaved.', ...DRAM, goal: 1.55, limit: 1.9 },
  { prefix: 'absolute.sinusoidal.concat.', ...CACHE, goal: 3.9, limit: 4.5 },
  { prefix: 'absolute.sinusoidal.concat.', ...DRAM, goal: 1.55, limit: 1.9 },
  { prefix: 'absolute.timestep.', goal: 10, of: 'typed JS' },
  { prefix: 'absolute.nerf.', goal: 10, of: 'typed JS' },
  { prefix: 'rotary.table.ggml.', goal: 6, of: 'typed JS' },
  { prefix: 'absolute.resize.', goal: 3, of: 'typed JS' },
  { prefix: 'absolute.peg.', goal: 3, of: 'typed JS' },
  { prefix: 'absolute.floater.', goal: 2, of: 'typed JS' },
  { prefix: 'absolute.gru.', goal: 2, of: 'typed JS' },
  { prefix: 'absolute.gather.', ...CACHE, goal: 1.4, of: 'kernel' },
  { prefix: 'absolute.gather.', ...DRAM, goal: 1.4 },
  { prefix: 'absolute.merge.', ...CACHE, goal: 1.4 },
  { prefix: 'absolute.merge.', ...DRAM, goal: 1.4 },
  { prefix: 'rotary.table.exact.', ...CACHE, goal: 3.9, limit: 4.5 },
  { prefix: 'rotary.table.exact.', ...DRAM, goal: 1.55, limit: 1.9 },
  { prefix: 'rotary.half.inplace.', ...L1, goal: 1.3, of: 'kernel' },
  { prefix: 'rotary.half.inplace.', ...CACHE, goal: 1.45, limit: 1.6 },
  { prefix: 'rotary.half.inplace.', ...DRAM, goal: 1.25, limit: 1.4 },
  { prefix: 'rotary.interleaved.inplace.', ...L1, goal: 1.75, of: 'kernel' },
  { prefix: 'rotary.interleaved.inplace.', ...CACHE, goal: 2 },
  { prefix: 'rotary.interleaved.inplace.', ...DRAM, goal: 1.35 },
  { prefix: 'rotary.cached.', goal: 1.3, of: 'beside' },
  { prefix: 'rotary.decode.', goal: 60, of: 'facade' },
  { prefix: 'rotary.decode.', goal: 1e6, of: 'heap' },
  { prefix: 'kernels.bfloat16.widen.', goal: 1.25, of: 'kernel' },
  { prefix: 'kernels.bfloat16.narrow.', goal: 2, of: 'kernel' },
  { prefix: 'kernels.float16.widen.', goal: 4, of: 'kernel' },
  { prefix: 'kernels.float16.narrow.', goal: 8, of: 'kernel' },
];

/** The bound a gate sets: the largest value it lets through, or for 'typed JS' the smallest. */
export function bound({ goal, limit, of }: Gate): number {
  if (of === 'own') return goal;
  return of === 'typed JS' ? goal / SLACK : Math.min(goal * SLACK, limit ?? Number.POSITIVE_INFINITY);
}

/** The gates of a row, by its id and size. */
export function gatesOf(row: Pick<Row, 'id' | 'bytes'>, gates = GATES): readonly Gate[] {
  return gates.filter(
    ({ prefix, least = 0, most = Number.POSITIVE_INFINITY, of }) =>
      row.id.startsWith(prefix) &&
      row.bytes >= least &&
      row.bytes <= most &&
      (of !== 'own' || ownOf(row) !== undefined),
  );
}

/** What a gate looks at; undefined when the row does not have it. */
function measured(gate: Gate, row: Row): number | undefined {
  switch (gate.of) {
    case 'kernel':
      return row.kernel && row.kernel / row.floor;
    case 'own':
      return row.own && (row.kernel ?? row.ours) / Math.max(row.own, row.floor);
    case 'beside':
      return row.beside?.ratio;
    case 'typed JS':
      return row.peers['typed JS']?.slower;
    case 'facade':
      return row.kernel && row.ours - row.kernel;
    case 'heap':
      return row.heap?.bytes;
    default:
      return row.ratio;
  }
}

export interface Verdict {
  readonly ok: boolean;
  /** 'ok 1.26', with the bound in the gate's unit. */
  readonly text: string;
  /** What was measured against what. */
  readonly sentence: string;
}

/** A gate whose value the row does not have is missed. */
export function verdicts(row: Row, gates = GATES): Verdict[] {
  return gatesOf(row, gates).map((gate) => {
    const value = measured(gate, row) ?? Number.NaN;
    const most = bound(gate);
    const ok = gate.of === 'typed JS' ? value >= most : value <= most;
    const digits = most < 10 ? 2 : 0;
    const [unit, what] = {
      ours: ['', 'ours, in floors'],
      kernel: ['', 'kernel, in floors'],
      own: ['own ', 'kernel, in times of its own operations'],
      beside: ['other ', `ours, in times of ${row.beside?.name}`],
      'typed JS': ['JS >= ', 'typed JS, in times of ours'],
      facade: ['ns ', 'the call without its kernels, in ns'],
      heap: ['bytes ', 'growth of the heap in bytes'],
    }[gate.of ?? 'ours'];
    return {
      ok,
      text: `${ok ? 'ok' : 'MISS'} ${unit}${most.toFixed(digits)}`,
      sentence: `${row.id}: ${what}: ${value.toFixed(2)}; goal ${gate.goal}, gate ${most.toFixed(digits)}`,
    };
  });
}

/** What is wrong with the row, or undefined. */
export function missed(row: Row, gates = GATES): string | undefined {
  const wrong = verdicts(row, gates).filter(({ ok }) => !ok);
  return wrong.length > 0 ? wrong.map(({ sentence }) => sentence).join('; ') : undefined;
}
