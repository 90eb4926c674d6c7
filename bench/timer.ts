/**
 * The interleaving timer of the gates. Candidates run in turns, in a new random order every round, so that a slow moment of
 * the machine hits all of them; a sample is a batch of calls long enough for the clock. The best of the rounds is what the
 * machine can do (nothing makes code faster than it is), the per-round ratios say how it was while others used it too.
 */
import { performance } from 'node:perf_hooks';

export interface Candidate {
  readonly name: string;
  readonly run: () => unknown;
  /** run returns a promise, which is waited for before the next call: only for interleaveAsync. Default false. */
  readonly asynchronous?: boolean;
  /** Called before each sample, outside the time. */
  readonly before?: () => unknown;
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
  /** A candidate sits out the remaining rounds when it has used this much and has `leastSamples`. Default 3 s. */
  readonly budgetNs?: number;
  /** Default 3. */
  readonly leastSamples?: number;
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

/** A number of calls whose duration the rounds want to know. */
interface Request {
  readonly candidate: Candidate;
  readonly calls: number;
}

export function interleave(candidates: readonly Candidate[], options: TimerOptions): Timing[] {
  const now = options.now ?? clock;
  const rounds = schedule(candidates, options);
  for (let step = rounds.next(); ; ) {
    if (step.done) return step.value;
    const { candidate, calls } = step.value;
    const { run } = candidate;
    candidate.before?.();
    const start = now();
    for (let i = 0; i < calls; i++) run();
    step = rounds.next(now() - start);
  }
}

/** The same, where some candidates are asynchronous: the others are still called without waiting. */
export async function interleaveAsync(candidates: readonly Candidate[], options: TimerOptions): Promise<Timing[]> {
  const now = options.now ?? clock;
  const rounds = schedule(candidates, options);
  for (let step = rounds.next(); ; ) {
    if (step.done) return step.value;
    const { candidate, calls } = step.value;
    const { run } = candidate;
    candidate.before?.();
    const start = now();
    if (candidate.asynchronous) for (let i = 0; i < calls; i++) await run();
    else for (let i = 0; i < calls; i++) run();
    step = rounds.next(now() - start);
  }
}

const clock = () => performance.now() * 1e6;

/** Warm-up, then the rounds: yields what is to be timed, takes its nanoseconds. */
function* schedule(candidates: readonly Candidate[], options: TimerOptions): Generator<Request, Timing[], number> {
  const {
    rounds,
    sampleNs = 2e5,
    warmupNs = 5e7,
    warmupCalls = 500,
    budgetNs = 3e9,
    leastSamples = 3,
    random = Math.random,
  } = options;
  if (!(rounds >= 1)) throw new RangeError(`rounds: expected at least 1, got ${rounds}`);
  const states: { candidate: Candidate; calls: number; spent: number; samples: number[] }[] = [];
  for (const candidate of candidates) {
    for (let calls = 0, spent = 0; spent < warmupNs || (calls < warmupCalls && spent < 4 * warmupNs); calls++) {
      spent += yield { candidate, calls: 1 };
    }
    states.push({ candidate, calls: yield* batch(candidate, sampleNs), spent: 0, samples: [] });
  }
  const order = states.slice();
  for (let round = 0; round < rounds; round++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    for (const state of order) {
      if (state.spent >= budgetNs && state.samples.length >= leastSamples) continue;
      const spent = yield { candidate: state.candidate, calls: state.calls };
      state.spent += spent;
      state.samples.push(spent / state.calls);
    }
  }
  return states.map(({ candidate, samples }) => ({ name: candidate.name, samples, best: Math.min(...samples) }));
}

/** Calls that together last `sampleNs`. */
function* batch(candidate: Candidate, sampleNs: number): Generator<Request, number, number> {
  for (let calls = 1; ; ) {
    const spent = yield { candidate, calls };
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
