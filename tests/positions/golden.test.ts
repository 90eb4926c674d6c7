/** Position ids against every golden record: masks, padded ids, M-RoPE prompts, packing, decoding, coarse grids. */
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { adapters } from '../golden-runner/adapters/index.ts';
import { loadApi } from '../golden-runner/api.ts';
import { loadFile } from '../golden-runner/load.ts';
import { runRecord } from '../golden-runner/run.ts';
import { test } from '../support/test.ts';

const api = await loadApi();
const FILES = [
  'absolute/coarse_grid_ids',
  'mrope-index/decode',
  'mrope-index/get_rope_index',
  'mrope-index/get_rope_index_models',
  'mrope-index/get_rope_index_omni',
  'mrope-index/hunyuan_vl',
  'mrope-index/must_fail',
  'mrope-index/packing',
  'mrope-index/positions_from_mask',
  'mrope-index/text_after_video',
  'rotary/hf_mrope',
];

for (const file of FILES) {
  const records = loadFile(fileURLToPath(new URL(`../golden/${file}.json`, import.meta.url)));
  const positions = file === 'rotary/hf_mrope' ? records.filter(({ op }) => op?.endsWith('_position_ids')) : records;
  test(file, () => {
    assert.ok(positions.length > 0);
    for (const record of positions) {
      const { status, messages = [] } = runRecord(record, api, adapters);
      assert.is(status, 'passed', `${record.name}: ${messages.join('; ')}`);
    }
  });
}

test.run();
