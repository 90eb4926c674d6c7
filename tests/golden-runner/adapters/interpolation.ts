/** Resized position tables: torch's interpolate, HF ViT, timm. Where `mode` is absent each output is named after it. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { defined, input, number, reshaped } from './shared.ts';

const MODES = ['bicubic', 'bilinear', 'nearest', 'nearest-exact'];

function run(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  // the cubic's coefficient follows from antialias and is no option of its own
  const a = number(params, 'a');
  if (a !== undefined && params.mode === 'bicubic' && a !== (params.antialias === true ? -0.5 : -0.75)) {
    throw new Unsupported(`parameter 'a': ${a} with antialias ${String(params.antialias)}`);
  }
  const table = input(record, record.inputs.table === undefined ? 'pos_embed' : 'table');
  const outputs: Outputs = {};
  for (const name of Object.keys(record.outputs)) {
    const words = name === 'new_pos_embed' ? [params.mode] : name.split('_');
    const mode = words[0];
    if (typeof mode !== 'string' || !MODES.includes(mode)) throw new Unsupported(`output '${name}'`);
    const grid = table.shape.length === 4;
    const resized = api.resizePositionTable(
      Float32Array.from(table.data),
      defined({
        shape: grid ? table.shape.slice(1) : table.shape,
        from: params.old_grid,
        to: params.new_grid,
        mode,
        antialias: params.antialias ?? words.includes('antialias'),
        alignCorners: params.align_corners ?? words.includes('align'),
        scale: params.scale_factor,
        prefixTokens: number(params, 'num_prefix_tokens'),
      }),
    );
    outputs[name] = grid ? reshaped(resized, [1, ...resized.shape]) : resized;
  }
  return outputs;
}

export const interpolation: Adapter[] = [
  {
    when: { system: ['vit-interpolation'] },
    params: [
      'mode',
      'a',
      'antialias',
      'align_corners',
      'scale_factor',
      'old_grid',
      'new_grid',
      'num_prefix_tokens',
      'layout',
    ],
    inputs: ['pos_embed', 'table'],
    run,
  },
];
