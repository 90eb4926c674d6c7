/** Turns a case into a row: touch the memory, check every peer against ours, time ours, the floor and the peers in turns. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Engine, scope } from 'posenc';
import type { Kernels } from 'posenc/kernels';
import type { Case, Trial } from './case.ts';
import { ownOf } from './floor/own.ts';
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
  /** Best time of the kernel's own operations over the same bytes, where they are known. */
  readonly own?: number;
  /** Another call on the same memory: its best time, and how many times longer ours takes. */
  readonly beside?: { readonly name: string; readonly time: number; readonly ratio: number };
  /** Bytes that the JavaScript heap grew by, at most, in the number of calls the case asks for. */
  readonly heap?: { readonly calls: number; readonly bytes: number };
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
    const { beside, heapCalls } = trial;
    // the call beside ours works in the same scratch memory: what ours left there for its kernels would not last
    const short = benchCase.bytes <= KERNEL_BYTES && !beside;
    const kernels = trial.kernel ?? (short ? recordKernels(lab.engine, trial.ours) : undefined);
    if (kernels) candidates.push({ name: 'kernel', run: kernels });
    const own = ownLoop(benchCase, lab, trial);
    if (own) candidates.push({ name: 'own', run: own });
    if (beside) candidates.push(beside);
    const timings = interleave(candidates, options);
    const [ours, floor] = timings;
    const kernel = kernels && timings[2 + peers.length];
    const [ownTime] = own ? timings.slice(2 + peers.length + (kernels ? 1 : 0)) : [];
    const other = beside && timings[timings.length - 1].best;
    return {
      id: benchCase.id,
      shape: benchCase.shape,
      bytes: benchCase.bytes,
      ours: ours.best,
      floor: floor.best,
      ...compareTimings(ours, floor),
      ...(kernel && { kernel: kernel.best }),
      ...(ownTime && { own: ownTime.best }),
      ...(beside && other && { beside: { name: beside.name, time: other, ratio: ours.best / other } }),
      ...(heapCalls && { heap: { calls: heapCalls, bytes: heapGrowth(trial.ours, heapCalls) } }),
      peers: Object.fromEntries(
        timings
          .slice(2, 2 + peers.length)
          .map(({ name, best }) => [name, { time: best, slower: best / ours.best }] as const),
      ),
    };
  });
}

/** The loop of the kernel's own operations over the bytes that a call writes. */
function ownLoop(benchCase: Case, lab: Lab, { result }: Trial): (() => void) | undefined {
  const own = ownOf(benchCase);
  const run = own && lab.own.get(own);
  return run && (() => run(result.byteOffset, benchCase.bytes, lab.ones.byteOffset));
}

/** Runs ours and every peer once and compares: a competitor that computes something else is no competitor. */
function checkedPeers(id: string, trial: Trial): { name: string; run: () => unknown }[] {
  const { result, start, tolerance = 0 } = trial;
  trial.ours();
  return Object.entries(trial.peers ?? {}).flatMap(([name, peer]) => {
    if (!peer) return [];
    const own = start ? start.slice() : new Float32Array(result.length);
    const made = peer(own);
    const theirs = Array.isArray(made) ? flat(made) : ArrayBuffer.isView(made) ? (made as Float32Array) : own;
    compare(`${id}: peer '${name}'`, result.data, theirs, tolerance);
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

/** @throws Error where theirs, rounded to float32, is not within the tolerance (relative above 1) of ours */
export function compare(what: string, ours: ArrayLike<number>, theirs: ArrayLike<number>, tolerance: number): void {
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

/** Most that the heap held more than before, looked at 20 times during the calls. */
function heapGrowth(run: () => unknown, calls: number): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const before = process.memoryUsage().heapUsed;
  let most = 0;
  for (let part = 0; part < 20; part++) {
    for (let i = 0; i < calls / 20; i++) run();
    most = Math.max(most, process.memoryUsage().heapUsed - before);
  }
  return most;
}

/** The kernel calls one run makes, as a function that repeats exactly those; undefined when it makes none this way. */
function recordKernels(engine: Engine, run: () => unknown): (() => void) | undefined {
  // the kernels are not part of the typed surface of an engine; this is the one place that looks behind it
  const holder = engine as unknown as { kernels: Kernels };
  const { kernels } = holder;
  const calls: { kernel: (...parameters: number[]) => void; parameters: number[] }[] = [];
  const recording = Object.fromEntries(
    Object.entries(kernels as unknown as Record<string, (...parameters: number[]) => void>).map(([name, kernel]) => [
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
  if (calls.length === 0) return undefined;
  return () => {
    for (const { kernel, parameters } of calls) kernel(...parameters);
  };
}
