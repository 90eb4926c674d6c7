/** The golden records of rotary text models, on the kernels and on the reference, none unsupported. */
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { adapters } from './adapters/index.ts';
import { type Api, loadApi } from './api.ts';
import { loadFile } from './load.ts';
import * as referenceApi from './reference-api.ts';
import { runRecord } from './run.ts';

const GROUPS = [
  'complex_and_mla',
  'exact_tables',
  'flash_attn_layouts',
  'ggml_rope',
  'hf_dynamic_state',
  'hf_gptj_interleaved',
  'hf_llama_half',
  'hf_mrope',
  'hf_partial_variants',
  'hf_rope_init_functions',
  'onnx_ort_rotary',
  'torch_inv_freq_f32',
  'vllm_rotary',
  'yarn_repo',
];
const apis: [string, Api][] = [
  ['kernels', await loadApi()],
  ['reference', referenceApi],
];

for (const [name, api] of apis) {
  for (const group of GROUPS) {
    test(`${name}: ${group}`, () => {
      const file = fileURLToPath(new URL(`../golden/rotary/${group}.json`, import.meta.url));
      // position ids and cached keys are not of these groups' rooms; the reference spells them differently
      const records = loadFile(file).filter(({ op }) => !op?.endsWith('position_ids') && op !== 'ggml_kshift');
      assert.ok(records.length > 0);
      for (const record of records) {
        const { status, messages = [] } = runRecord(record, api, adapters);
        assert.is(status, 'passed', `${record.name}: ${messages.join('; ')}`);
      }
    });
  }
}

test.run();
