/**
 * The results of posenc for the conformance suite, through an entry of the library: the sources, or the package that is
 * installed. The adapters of the golden runner say which call a case is; what comes back is compared by the suite alone.
 */
import { join } from 'node:path';
import { makeCases } from '../../vectors/make/suite.ts';
import type { Case, Loose } from '../../vectors/make/types.ts';
import { adapters } from '../golden-runner/adapters/index.ts';
import type { Api } from '../golden-runner/api.ts';
import { loadFile } from '../golden-runner/load.ts';
import { outputsOf } from '../golden-runner/run.ts';
import type { GoldenRecord, Precision } from '../golden-runner/types.ts';

/** Groups whose whole answer is compared by the golden runner only. */
export const BY_GOLDEN_RUNNER: readonly string[] = ['extend', 'llama-cpp'];

const revived = (value: unknown): Loose =>
  JSON.parse(JSON.stringify(value), (_key, inner) =>
    typeof inner === 'object' && inner !== null && Object.hasOwn(inner, '$number') ? Number(inner.$number) : inner,
  );

/** id -> outputs, as a user of the suite writes them. */
export function posencResults(golden: string, api: Api, precision?: Precision): Record<string, unknown> {
  const files = new Map<string, readonly GoldenRecord[]>();
  const results: Record<string, unknown> = {};
  for (const { case: one, draft } of makeCases(golden)) {
    const { group, topic, record } = draft.source;
    if (BY_GOLDEN_RUNNER.includes(group)) continue;
    try {
      if (['configs', 'configs-bad', 'gguf'].includes(group)) {
        results[one.id] = facts(one, readForm(one, record, api));
        continue;
      }
      const path = join(golden, group, `${topic}.json`);
      if (!files.has(path)) files.set(path, loadFile(path));
      const found = files.get(path)?.find(({ name }) => name === record.name) as GoldenRecord;
      if (one.refuse) {
        results[one.id] = refusal({ ...found, op: 'mrope_get_rope_index' }, api);
        continue;
      }
      const outputs = outputsOf(found, api, adapters, precision);
      results[one.id] = Object.fromEntries(
        Object.keys(one.outputs).map((name) => [name, written(outputs?.[draft.names?.[name] ?? name]?.data ?? [])]),
      );
    } catch (error) {
      results[one.id] = { error: (error as Error).message };
    }
  }
  return results;
}

/** JSON has no infinities. */
const written = (data: ArrayLike<number>) =>
  Array.from(data, (value) => (Number.isFinite(value) ? value : String(value)));

function refusal(record: GoldenRecord, api: Api): unknown {
  try {
    outputsOf(record, api, adapters);
    return {};
  } catch (error) {
    return { error: (error as Error).message };
  }
}

function readForm(one: Case, record: Loose, api: Api): Loose {
  if (one.op === 'gguf_normal_form') {
    const { metadata, tensors = {}, context } = record.params;
    const { 'position_embd.weight': rows, ...lists } = tensors;
    return api.fromGGUF(metadata, {
      ...(context !== undefined && { context }),
      tensors: { ...lists, ...(rows !== undefined && { positionEmbd: JSON.parse(rows) }) },
    });
  }
  return api.fromHF(revived(record.config_json === undefined ? record.config : JSON.parse(record.config_json)));
}

/** A normal form in the words of the suite. */
function facts(one: Case, form: Loose): unknown {
  if (one.refuse) {
    const said = form.warnings.map(({ message }: Loose) => message).join('; ');
    return { warning: `${said}${form.note ?? ''}` };
  }
  const tables = Object.entries<Loose>(form.layerTypes ?? {});
  const labels = form.layers?.rotary ?? {};
  const context = (one.params as Loose).context;
  const words: Record<string, unknown> = {
    family: form.family,
    num_heads: form.parameters?.heads,
    rows: form.parameters?.rows,
    row_offset: form.parameters?.rowOffset,
    padding_idx: form.parameters?.paddingIdx,
    num_buckets: form.parameters?.numBuckets,
    max_distance: form.parameters?.maxDistance,
    'layers.nope': form.layers?.nope,
    'layers.rotary': labels.default,
  };
  for (const [label, list] of Object.entries(labels)) words[`layers.${label}`] = list;
  for (const [label, table] of tables) {
    const long = table.lengthDependent !== undefined && context > table.lengthDependent.threshold;
    words[`${label}.inv_freq`] = Array.from(long ? table.invFreqLong : table.invFreq);
    words[`${label}.attention_factor`] = table.attentionFactor;
    words[`${label}.rotary_dim`] = table.rotaryDim;
    words[`${label}.rotary_offset`] = table.rotaryOffset;
    words[`${label}.pairing`] = table.pairing;
    words[`${label}.softmax_scale`] = table.softmaxScale;
  }
  return Object.fromEntries(
    Object.keys(one.outputs)
      .map((name) => [name, words[name]])
      .filter(([, value]) => value !== undefined),
  );
}
