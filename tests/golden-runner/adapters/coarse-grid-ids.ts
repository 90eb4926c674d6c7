/** Rows of a fixed position table for grids of other sizes (Idefics, SmolVLM, MiniCPM-V). */
import type { Adapter, Outputs } from '../types.ts';
import { required } from './shared.ts';

export const coarseGridIds: Adapter[] = [
  {
    when: { system: ['coarse-grid-ids'], op: ['coarse_grid_ids'] },
    params: ['num_patches_per_side', 'grid'],
    inputs: ['patch_attention_mask'],
    run({ params, inputs }, { api }): Outputs {
      const position_ids = api.coarseGridIds({
        patchesPerSide: required(params, 'num_patches_per_side'),
        grid: inputs.patch_attention_mask ? undefined : params.grid,
        mask: inputs.patch_attention_mask,
      });
      return { position_ids };
    },
  },
];
