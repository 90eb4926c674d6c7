/** Position ids of transformers.js: its model classes, with a configuration and a session that keeps what it is fed. */
import { pathToFileURL } from 'node:url';
import type { SuiteCase } from '../../../src/cli/suiteCase.ts';
import { casesOf, installed, type Loose, message, type Results } from './suite.ts';

const CLASSES: Readonly<Record<string, string>> = {
  qwen2_vl: 'Qwen2VLForConditionalGeneration',
  qwen2_5_vl: 'Qwen2_5_VLForConditionalGeneration',
  qwen3_vl: 'Qwen3VLForConditionalGeneration',
  qwen3_5: 'Qwen3_5ForConditionalGeneration',
};

/** Masked tokens at position 1, as it has them. These cases were made with it. */
export const maskedAtOne = () =>
  casesOf('position_ids_from_mask').filter(({ params }) => (params as Loose).rule === 'cumsum(mask)-1, masked -> 1');

export async function transformers(): Promise<Results> {
  const library: Loose = await import(pathToFileURL(installed.resolve('@huggingface/transformers')).href);
  const tensor = ({ inputs }: SuiteCase, name: string) => {
    const given = inputs[name];
    return (
      given &&
      new library.Tensor('int64', BigInt64Array.from(given.data.map((value) => BigInt(value))), [...given.shape])
    );
  };
  const results: Results = {};
  for (const one of casesOf('mrope_get_rope_index')) {
    const p = one.params as Loose;
    const type = library[CLASSES[p.model_type]];
    if (type === undefined || !one.inputs.input_ids) continue;
    const self = Object.create(type.prototype);
    const vision_config = {
      spatial_merge_size: p.spatial_merge_size,
      tokens_per_second: p.tokens_per_second ?? undefined,
    };
    Object.defineProperty(self, 'config', { value: { ...p, vision_config } });
    try {
      const [ids, deltas] = self.get_rope_index(
        tensor(one, 'input_ids'),
        tensor(one, 'image_grid_thw'),
        tensor(one, 'video_grid_thw'),
        tensor(one, 'attention_mask'),
      );
      results[one.id] = { position_ids: Array.from(ids.data, Number), rope_deltas: Array.from(deltas.data, Number) };
    } catch (error) {
      results[one.id] = { error: message(error) };
    }
  }
  for (const one of maskedAtOne()) {
    let fed: Loose;
    const session = {
      inputNames: ['input_ids', 'attention_mask', 'position_ids'],
      inputMetadata: [],
      run: async (feeds: Loose) => {
        fed = feeds;
        return {};
      },
    };
    const decoder = new library.LlamaForCausalLM({ model_type: 'llama' }, { model: session }, {});
    const attention_mask = tensor(one, 'attention_mask');
    await decoder.forward({ input_ids: attention_mask, attention_mask });
    results[one.id] = { position_ids: Array.from(fed.position_ids.data, Number) };
  }
  return results;
}
