/**
 * The interleaving timer of the gates. Candidates run in turns, in a new random order every round, so that a slow moment of
 * the machine hits all of them; a sample is a batch of calls long enough for the clock. The best of the rounds is what the
 * machine can do (nothing makes code faster than it is), the per-round ratios say how it was while others used it too.
 */
import { performance } from 'node:perf_hooks';

export interface Candidate {
  readonly name: string;
  readonly run: () => unknown;
}

export interface TimerOptions {
  readonly rounds: number;
  /** Least duration of a sample. Default 200 microseconds. */
  readonly sampleNs?: number;
  /**
   * Warm-up of each candidate: at least this long, and `warmupCalls` calls or 4 times as long. The optimising compilers work
   * in the background and need their time. Default 50 ms and 500.
   */
  readonly warmupNs?: number;
  readonly warmupCalls?: number;
  /** A candidate sits out the remaining rounds when it has used this much and has 3 samples. Default 3 s. */
  readonly budgetNs?: number;
  /** In nanoseconds. */
  readonly now?: () => number;
  /** In [0, 1). */
  readonly random?: () => number;
}

export interface Timing {
  readonly name: string;
  /** Nanoseconds a call, best of the samples. */
  readonly best: number;
  /** Nanoseconds a call, by round; shorter than the rounds when the budget was used up. */
  readonly samples: readonly number[];
}

export function interleave(candidates: readonly Candidate[], options: TimerOptions): Timing[] {
  const {
    rounds,
    sampleNs = 2e5,
    warmupNs = 5e7,
    warmupCalls = 500,
    budgetNs = 3e9,
    now = () => performance.now() * 1e6,
    random = Math.random,
  } = options;
  if (!(rounds >= 1)) throw new RangeError(`rounds: expected at least 1, got ${rounds}`);
  const time = (run: () => unknown, calls: number) => {
    const start = now();
    for (let i = 0; i < calls; i++) run();
    return now() - start;
  };
  const states = candidates.map(({ name, run }) => {
    for (let calls = 0, spent = 0; spent < warmupNs || (calls < warmupCalls && spent < 4 * warmupNs); calls++) {
      spent += time(run, 1);
    }
    return { name, run, calls: batch((calls) => time(run, calls), sampleNs), spent: 0, samples: [] as number[] };
  });
  const order = states.slice();
  for (let round = 0; round < rounds; round++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    for (const state of order) {
      if (state.spent >= budgetNs && state.samples.length >= 3) continue;
      const spent = time(state.run, state.calls);
      state.spent += spent;
      state.samples.push(spent / state.calls);
    }
  }
  return states.map(({ name, samples }) => ({ name, samples, best: Math.min(...samples) }));
}

/** Calls that together last `sampleNs`. */
function batch(time: (calls: number) => number, sampleNs: number): number {
  for (let calls = 1; ; ) {
    const spent = time(calls);
    if (spent >= sampleNs) return calls;
    calls = Math.ceil(calls * Math.min(10, Math.max(1.1, (1.1 * sampleNs) / spent)));
  }
}

/** Value below which a fraction `at` of the sorted numbers lies, interpolated. */
export function quantile(numbers: readonly number[], at: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const place = at * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.ceil(place);
  return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
}

/** a over b: best to best, median and interquartile range of the ratios of the rounds both took part in. */
export function compareTimings(a: Timing, b: Timing): { ratio: number; median: number; spread: number } {
  const rounds = Math.min(a.samples.length, b.samples.length);
  const ratios = Array.from({ length: rounds }, (_, i) => a.samples[i] / b.samples[i]);
  return {
    ratio: a.best / b.best,
    median: quantile(ratios, 0.5),
    spread: quantile(ratios, 0.75) - quantile(ratios, 0.25),
  };
}
