/** Position ids by the model classes of @huggingface/transformers, without weights: a configuration is all that they read. */
import type { Competitor, MaskProblem, MropeProblem } from './competitor.ts';
import { type Library, load } from './load.ts';

/** Whole numbers, as the Tensor of 64 bits that the library computes them in. */
type Ids = { readonly data: BigInt64Array };

export async function open() {
  const library: Library = await load('@huggingface/transformers');
  const int64 = (numbers: Int32Array, shape: readonly number[]) =>
    new library.Tensor('int64', BigInt64Array.from(numbers, BigInt), [...shape]);
  const numbers = ({ data }: Ids) => Float32Array.from(data, Number);
  return {
    mropeIds({ inputIds, shape, grid, imageTokenId, videoTokenId, visionStartTokenId }: MropeProblem): Competitor[] {
      const model = Object.create(library.Qwen2VLForConditionalGeneration.prototype);
      const config = {
        model_type: 'qwen2_vl',
        image_token_id: imageTokenId,
        video_token_id: videoTokenId,
        vision_start_token_id: visionStartTokenId,
        vision_config: { spatial_merge_size: 2 },
      };
      Object.defineProperty(model, 'config', { value: config });
      const ids = int64(inputIds, shape);
      const grids = int64(grid, [grid.length / 3, 3]);
      const mask = int64(new Int32Array(inputIds.length).fill(1), shape);
      const run = (): Ids => model.get_rope_index(ids, grids, null, mask)[0];
      return [{ name: 'transformers.js', run, read: () => numbers(run()), tolerance: 0 }];
    },
    maskIds({ mask, shape }: MaskProblem): Competitor[] {
      let fed: Ids | undefined;
      const session = {
        inputNames: ['input_ids', 'attention_mask', 'position_ids'],
        inputMetadata: [],
        run: async (feeds: { position_ids: Ids }) => {
          fed = feeds.position_ids;
          return {};
        },
      };
      const decoder = new library.LlamaForCausalLM({ model_type: 'llama' }, { model: session }, {});
      const attention_mask = int64(mask, shape);
      const run = () => decoder.forward({ input_ids: attention_mask, attention_mask });
      const read = async () => {
        await run();
        return numbers(fed as Ids);
      };
      return [{ name: 'transformers.js, forward()', asynchronous: true, run, read, tolerance: 0 }];
    },
  };
}
