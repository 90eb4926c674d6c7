/** Turns a case into a row: touch the memory, check every peer against ours, time ours, the floor and the peers in turns. */
import { type Engine, scope } from 'posenc';
import type { Kernels } from 'posenc/kernels';
import type { Case, Trial } from './case.ts';
import type { Lab } from './lab.ts';
import { compareTimings, interleave, type TimerOptions } from './timer.ts';

/** Times in nanoseconds a call. */
export interface Row {
  readonly id: string;
  readonly shape: readonly number[];
  /** Bytes written by a call. */
  readonly bytes: number;
  /** Best time of the public call, `out` reused. */
  readonly ours: number;
  /** Best time of the floor over the same bytes. */
  readonly floor: number;
  /** ours / floor, best to best. */
  readonly ratio: number;
  /** Median of ours / floor over the rounds, and the interquartile range of the same. */
  readonly median: number;
  readonly spread: number;
  /** Best time of the kernel calls alone, replayed without the facade; for rows of at most 1 MiB. */
  readonly kernel?: number;
  /** Best time of every peer, and how many times slower than ours that is. */
  readonly peers: Readonly<Record<string, { readonly time: number; readonly slower: number }>>;
}

/** Rows up to this size also time their kernels without the facade, which can be a visible part of so short a call. */
const KERNEL_BYTES = 2 ** 20;

/** @throws Error when a peer's result is not ours */
export function measure(benchCase: Case, lab: Lab, options: TimerOptions): Row {
  return scope(() => {
    const trial = benchCase.prepare(lab);
    const peers = checkedPeers(benchCase.id, trial);
    const candidates = [{ name: 'ours', run: trial.ours }, { name: 'floor', run: trial.floor }, ...peers];
    const kernels = benchCase.bytes <= KERNEL_BYTES ? recordKernels(lab.engine, trial.ours) : undefined;
    if (kernels) candidates.push({ name: 'kernel', run: kernels });
    const timings = interleave(candidates, options);
    const [ours, floor] = timings;
    const kernel = kernels && timings[timings.length - 1];
    return {
      id: benchCase.id,
      shape: benchCase.shape,
      bytes: benchCase.bytes,
      ours: ours.best,
      floor: floor.best,
      ...compareTimings(ours, floor),
      ...(kernel && { kernel: kernel.best }),
      peers: Object.fromEntries(
        timings
          .slice(2, 2 + peers.length)
          .map(({ name, best }) => [name, { time: best, slower: best / ours.best }] as const),
      ),
    };
  });
}

/** Runs ours and every peer once and compares: a competitor that computes something else is no competitor. */
function checkedPeers(id: string, trial: Trial): { name: string; run: () => unknown }[] {
  const { result, start, tolerance = 0 } = trial;
  trial.ours();
  return Object.entries(trial.peers ?? {}).flatMap(([name, peer]) => {
    if (!peer) return [];
    const own = start ? start.slice() : new Float32Array(result.length);
    const made = peer(own);
    compare(`${id}: peer '${name}'`, result.data, Array.isArray(made) ? flat(made) : own, tolerance);
    return [{ name, run: () => peer(own) }];
  });
}

function flat(nested: readonly unknown[]): ArrayLike<number> {
  const numbers: number[] = [];
  const walk = (list: readonly unknown[]) => {
    for (const item of list) {
      if (typeof item === 'number') numbers.push(item);
      else walk(item as readonly unknown[]);
    }
  };
  walk(nested);
  return numbers;
}

function compare(what: string, ours: ArrayLike<number>, theirs: ArrayLike<number>, tolerance: number): void {
  if (theirs.length !== ours.length) throw new Error(`${what} made ${theirs.length} numbers, ours ${ours.length}`);
  for (let i = 0; i < ours.length; i++) {
    const a = ours[i];
    const b = Math.fround(theirs[i]);
    // infinities compare by equality, and a NaN is never within the tolerance
    if (a !== b && !(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a)))) {
      throw new Error(`${what} is wrong: element ${i} is ${b}, ours ${a} (tolerance ${tolerance}, relative above 1)`);
    }
  }
}

/** The kernel calls one run makes, as a function that repeats exactly those. */
function recordKernels(engine: Engine, run: () => unknown): () => void {
  // the kernels are not part of the typed surface of an engine; this is the one place that looks behind it
  const holder = engine as unknown as { kernels: Kernels };
  const { kernels } = holder;
  const calls: { kernel: (...parameters: number[]) => void; parameters: number[] }[] = [];
  const recording = Object.fromEntries(
    Object.entries(kernels as Record<string, (...parameters: number[]) => void>).map(([name, kernel]) => [
      name,
      typeof kernel !== 'function'
        ? kernel
        : (...parameters: number[]) => {
            calls.push({ kernel, parameters });
            kernel(...parameters);
          },
    ]),
  );
  holder.kernels = recording as unknown as Kernels;
  try {
    run();
  } finally {
    holder.kernels = kernels;
  }
  return () => {
    for (const { kernel, parameters } of calls) kernel(...parameters);
  };
}
