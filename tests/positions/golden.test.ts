/** Position ids against every golden record: masks, padded ids, M-RoPE prompts and decoding. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { positionIds } from '../../src/positions/mask.ts';
import { mropeDecode, mropeIndex, visionPositions } from '../../src/positions/mrope.ts';

const root = new URL('../golden/', import.meta.url);
// biome-ignore lint/suspicious/noExplicitAny: the records are read, not written
const cases = (file: string): any[] => JSON.parse(readFileSync(new URL(file, root), 'utf8')).cases;

// biome-ignore lint/suspicious/noExplicitAny: as above
function prompt({ params, inputs }: any) {
  return mropeIndex({
    model: params.model_type ?? 'qwen2_vl',
    inputIds: inputs.input_ids,
    tokenTypes: inputs.mm_token_type_ids,
    mask: inputs.attention_mask,
    imageGridThw: inputs.image_grid_thw,
    videoGridThw: inputs.video_grid_thw,
    secondPerGrid: inputs.second_per_grid_ts?.data,
    tokensPerSecond: params.tokens_per_second,
    spatialMergeSize: params.spatial_merge_size,
    imageTokenId: params.image_token_id,
    videoTokenId: params.video_token_id,
  });
}
const list = (data: ArrayLike<number>): number[] => Array.from(data);

for (const record of cases('mrope-index/get_rope_index.json')) {
  test(record.name, () => {
    const { positionIds, ropeDeltas } = prompt(record);
    assert.equal(list(positionIds.data), record.outputs.position_ids.data);
    assert.equal(positionIds.shape, record.outputs.position_ids.shape);
    assert.equal(list(ropeDeltas.data), record.outputs.rope_deltas.data);
  });
}

for (const record of cases('mrope-index/decode.json')) {
  const { params, inputs, outputs } = record;
  test(record.name, () => {
    if (record.op === 'mrope_decode_position_ids') {
      const got = mropeDecode({
        ropeDeltas: inputs.rope_deltas,
        cacheLength: params.cache_length,
        newTokens: params.new_tokens,
        mask: inputs.attention_mask,
      });
      assert.equal(list(got.data), outputs.position_ids.data);
      return;
    }
    const { positionIds, ropeDeltas } = prompt(record);
    assert.equal(list(positionIds.data), outputs.position_ids.data);
    const last = mropeDecode({ rule: 'last', positionIds, newTokens: params.steps });
    assert.equal(list(last.data), outputs.decode_position_ids.data);
    const [rows, columns] = inputs.attention_mask.shape;
    const mask = Array.from({ length: rows }, (_, row) => [
      ...inputs.attention_mask.data.slice(row * columns, (row + 1) * columns),
      ...new Array(params.steps).fill(1),
    ]);
    const delta = mropeDecode({ ropeDeltas, newTokens: params.steps, mask });
    assert.equal(list(delta.data).slice(0, rows * params.steps), outputs.delta_rule.data);
  });
}

for (const record of cases('mrope-index/positions_from_mask.json')) {
  const { op, params, inputs, outputs } = record;
  test(record.name, () => {
    if (op === 'position_ids_from_mask') {
      assert.equal(list(positionIds({ mask: inputs.attention_mask }).data), outputs.position_ids.data);
    } else if (op === 'learned_rows_from_mask') {
      const got = positionIds({ mask: inputs.attention_mask, masked: -1, rowOffset: params.offset });
      assert.equal(list(got.data), outputs.rows.data);
    } else {
      const got = positionIds({
        inputIds: inputs.input_ids,
        paddingIdx: params.padding_idx,
        offset: params.past_length,
      });
      assert.equal(list(got.data), outputs.position_ids.data);
    }
  });
}

for (const record of cases('rotary/hf_mrope.json').filter(({ op }) => op.endsWith('_position_ids'))) {
  const { op, params, inputs, outputs } = record;
  test(record.name, () => {
    if (op === 'mrope_position_ids') {
      const { positionIds, ropeDeltas } = prompt(record);
      assert.equal(list(positionIds.data), outputs.position_ids.data);
      assert.equal(list(ropeDeltas.data), outputs.mrope_position_deltas.data);
    } else {
      const got = visionPositions({ gridThw: inputs.grid_thw, spatialMergeSize: params.spatial_merge_size });
      assert.equal(list(got.data), outputs.position_ids_thw.data);
    }
  });
}

test.run();
