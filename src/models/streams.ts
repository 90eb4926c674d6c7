/** Position streams: what makes the ids of a model whose pairs follow time, height and width. */
import type { Calls } from './calls.ts';
import type { RotaryLayer } from './normalForm.ts';
import { type Part, typeOf } from './part.ts';
import { dropUndefined } from './read.ts';
import { recordOf } from './records/index.ts';
import type { RotaryFacts } from './records/record.ts';
import type { VisionRotary } from './vision.ts';

/** The call of mropeIndex, or why there is none. */
export function streamsOf(
  { around }: Part,
  layer: RotaryLayer | undefined,
  mrope: RotaryFacts['mrope'],
  vision: VisionRotary | undefined,
): { readonly calls?: Pick<Calls, 'mropeIndex'>; readonly note?: string } {
  if (layer?.mropeSection === undefined || mrope === undefined) return {};
  for (const outer of around) {
    const type = typeOf(outer);
    const facts = type === undefined ? undefined : recordOf(type)?.config;
    if (facts?.family === 'wrapper' && facts.ids !== undefined) return { note: facts.ids };
  }
  const { ids, rate, chunk, layout } = mrope;
  if (ids === null) return { note: 'several position streams, whose ids no function here computes' };
  const number = (key: string | undefined): number | undefined =>
    key === undefined ? undefined : around.map((outer) => outer.number(key, { above: 0 })).find((n) => n !== undefined);
  const mropeIndex = dropUndefined({
    model: ids,
    spatialMergeSize: vision?.spatialMergeSize,
    temporalMergeSize: vision?.temporalMergeSize,
    tokensPerSecond: number(rate) ?? vision?.tokensPerSecond,
    secondsPerChunk: number(chunk),
    axes: layout === 'hunyuan_fullwidth' ? layer.mropeSection.length : undefined,
  });
  return { calls: { mropeIndex } };
}
