/**
 * How many times slower than this package other libraries are to be at least (docs/performance.md). A target is held with
 * 10 % of slack for the machine; a comparison that misses one is measured once more.
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

const SLACK = 0.9;

/** What was reached on AMD Zen 3 and Zen 4, the lesser of the two. */
export const TARGETS: readonly Target[] = [
  { comparison: 'rotary.table.torch.', competitor: 'typed JS', times: 9.5 },
  { comparison: 'rotary.table.mrope.', competitor: 'typed JS', times: 9.5 },
  { comparison: 'rotary.half.', competitor: 'ORT-web', ending: 'per node', times: 13 },
  { comparison: 'rotary.half.', competitor: 'ORT-web', ending: 'run()', tokens: 128, times: 35 },
  { comparison: 'rotary.interleaved.', competitor: 'ORT-web', ending: 'per node', times: 7.7 },
  { comparison: 'rotary.', competitor: 'tfjs-wasm', times: 27 },
  { comparison: 'rotary.', competitor: 'typed JS', times: 10 },
  { comparison: 'absolute.sinusoidal.', competitor: 'ORT-web', times: 23 },
  { comparison: 'absolute.sinusoidal.', competitor: 'tfjs-wasm', times: 69 },
  { comparison: 'absolute.sinusoidal.', competitor: 'typed JS', ending: 'typed JS', times: 26 },
  { comparison: 'bias.alibi.', competitor: 'typed JS', times: 6.5 },
  { comparison: 'bias.alibi.', competitor: 'tfjs-wasm', times: 1.1 },
  { comparison: 'bias.t5.', competitor: 'typed JS', times: 1.7 },
  { comparison: 'positions.mrope.', competitor: 'transformers.js', times: 10 },
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
