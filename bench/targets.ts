/**
 * How many times slower than this package other libraries are to be at least (docs/performance.md). A target is held with
 * 20 % of slack for the machine; a comparison that misses one is measured once more.
 */

export interface Target {
  /** Beginnings of the comparison's id and of the competitor's name. */
  readonly comparison: string;
  readonly competitor: string;
  /** Ending of the competitor's name. Default: any. */
  readonly ending?: string;
  /** Largest number of tokens it is for. Default: any. */
  readonly tokens?: number;
  readonly times: number;
}

const SLACK = 0.8;

export const TARGETS: readonly Target[] = [
  { comparison: 'rotary.half.', competitor: 'ORT-web', ending: 'per node', times: 10 },
  { comparison: 'rotary.half.', competitor: 'ORT-web', ending: 'run()', tokens: 128, times: 30 },
  { comparison: 'rotary.interleaved.', competitor: 'ORT-web', ending: 'per node', times: 7 },
  { comparison: 'rotary.', competitor: 'tfjs-wasm', times: 20 },
  // decoding through the public API is not slower than the best JavaScript
  { comparison: 'rotary.', competitor: 'typed JS', tokens: 1, times: 1 },
  { comparison: 'absolute.sinusoidal.', competitor: 'ORT-web', times: 20 },
  { comparison: 'absolute.sinusoidal.', competitor: 'tfjs-wasm', times: 75 },
  { comparison: 'absolute.sinusoidal.', competitor: 'typed JS', ending: 'typed JS', times: 30 },
  { comparison: 'bias.alibi.', competitor: 'typed JS', times: 5 },
  { comparison: 'bias.alibi.', competitor: 'tfjs-wasm', times: 1 },
];

/** The times a competitor must be slower at least, slack included; undefined without a target. */
export function leastTimes(id: string, tokens: number, competitor: string, targets = TARGETS): number | undefined {
  const target = targets.find(
    (t) =>
      id.startsWith(t.comparison) &&
      competitor.startsWith(t.competitor) &&
      competitor.endsWith(t.ending ?? '') &&
      tokens <= (t.tokens ?? Number.POSITIVE_INFINITY),
  );
  return target && target.times * SLACK;
}
