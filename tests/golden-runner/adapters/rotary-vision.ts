/** Axial vision embeddings by their variant, patch coordinates, and rotary-embedding-torch / x-transformers. */
import { type Adapter, type Context, type GoldenRecord, type Output, type Outputs, Unsupported } from '../types.ts';
import { repeated } from './rotary-layouts.ts';
import { defined, floats, input, number, product, required, reshaped, word } from './shared.ts';

/** What every variant has: head width, base, and in torch precision the frequencies the reference multiplied with. */
function axialSpec(record: GoldenRecord, { precision }: Context, preset: string): Record<string, unknown> {
  const { params } = record;
  const given = precision === 'torch' ? record.inputs.inv_freq_f32 : undefined;
  return defined({
    preset,
    headDim: number(params, 'head_dim') ?? number(params, 'dim') ?? number(params, 'hidden_size'),
    ropeTheta: number(params, 'rope_theta'),
    precision,
    invFreq: given?.data,
  });
}

function sides(record: GoldenRecord, key: string): number[] | undefined {
  const value = record.params[key];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw new Unsupported(`parameter '${key}': expected a list, got ${JSON.stringify(value)}`);
  return value as number[];
}

/** x rotated by its tables; x keeps its shape. */
function rotated(
  record: GoldenRecord,
  { api }: Context,
  name: string,
  tables: readonly unknown[],
  layout: unknown,
): Output {
  const { shape } = input(record, name);
  const data = floats(record, name);
  for (const table of tables) api.applyRotary(data, table, { layout, shape });
  return { shape, data };
}

/** cos and sin in the reference's full width; `lead` is what stands before it. */
function tables(
  table: { readonly cos: Output; readonly sin: Output },
  layout: 'full_duplicated' | 'full_interleaved',
  lead: readonly number[],
): { cos: Output; sin: Output } {
  return { cos: repeated(table.cos, layout, lead), sin: repeated(table.sin, layout, lead) };
}

const PRESET: Readonly<Record<string, string>> = {
  qwen2_vl: 'qwen2-vl',
  pixtral: 'pixtral',
  kimi_k25: 'kimi-k2.5',
  minimax_m3: 'minimax-m3',
};

function plain(record: GoldenRecord, context: Context): Outputs {
  const preset = PRESET[String(record.params.variant)];
  const ids = input(record, 'position_ids');
  const table = context.api.axialTable(axialSpec(record, context, preset), { positions: ids.data });
  return {
    ...tables(table, 'full_duplicated', ids.shape.slice(0, -1)),
    q: rotated(record, context, 'q', [table], record.params.layout),
  };
}

function gemma(record: GoldenRecord, context: Context): Outputs {
  const ids = input(record, 'position_ids');
  const [batch, tokens] = ids.shape;
  const made = [0, 1].map((axis) =>
    context.api.axialTable(axialSpec(record, context, 'gemma-4'), { positions: ids.data, axis }),
  );
  const [first, second] = made.map((table) => tables(table, 'full_duplicated', [batch, tokens]));
  const joined = (a: Output, b: Output): Output => {
    const width = a.shape[a.shape.length - 1];
    const data: number[] = [];
    for (let row = 0; row < batch * tokens; row++) {
      for (const part of [a, b]) data.push(...Array.prototype.slice.call(part.data, row * width, (row + 1) * width));
    }
    return { shape: [batch, tokens, 2 * width], data };
  };
  return {
    cos: joined(first.cos, second.cos),
    sin: joined(first.sin, second.sin),
    q: rotated(record, context, 'q', made, record.params.layout),
  };
}

function llama4(record: GoldenRecord, context: Context): Outputs {
  const grid = sides(record, 'grid');
  const table = context.api.axialTable(axialSpec(record, context, 'llama-4'), { grid, suffixTokens: 1 });
  const complex = context.api.rotaryTableAs(table, { tableLayout: 'complex' });
  return {
    freqs_ci: reshaped(complex, [table.length, 1, ...complex.shape.slice(1)]),
    q: rotated(record, context, 'q', [table], record.params.layout),
  };
}

function dinov3(record: GoldenRecord, context: Context): Outputs {
  const grid = sides(record, 'grid');
  const spec = axialSpec(record, context, 'dinov3');
  const prefixTokens = number(record.params, 'num_prefix_tokens');
  const patches = context.api.axialTable(spec, { grid });
  const table = context.api.axialTable(spec, defined({ grid, prefixTokens }));
  return {
    ...tables(patches, 'full_duplicated', [patches.length]),
    q: rotated(record, context, 'q', [table], record.params.layout),
  };
}

function sam2(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  const positions = input(record, 'position_ids').data;
  const spec = axialSpec(record, context, 'sam-2');
  const table = context.api.axialTable(spec, { positions });
  const suffixTokens = number(params, 'num_k_exclude_rope') ?? 0;
  const outputs: Outputs = {
    ...tables(table, 'full_interleaved', [1, table.length]),
    q: rotated(record, context, 'q', [table], params.layout),
  };
  if (record.inputs.k !== undefined) {
    const keys = input(record, 'k').shape[2] - suffixTokens;
    const repeat = keys / table.length;
    if (repeat !== 1 && params.repeat_freqs_k !== true) throw new Unsupported('keys longer than the table');
    const own = context.api.axialTable(spec, { positions, repeat, suffixTokens });
    outputs.k = rotated(record, context, 'k', [own], params.layout);
  }
  return outputs;
}

function vjepa2(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  const columns = ['d', 'h', 'w'].map((name) => input(record, name).data);
  const positions = Array.from({ length: 3 * columns[0].length }, (_, i) => columns[i % 3][Math.floor(i / 3)]);
  const spec = {
    ...axialSpec(record, context, 'v-jepa-2'),
    headDim: input(record, 'x').shape[3],
    axisDim: required(params, 'axis_dim'),
  };
  const table = context.api.axialTable(spec, { positions });
  return { y: rotated(record, context, 'x', [table], params.layout) };
}

function efficientloftr(record: GoldenRecord, context: Context): Outputs {
  const grid = sides(record, 'grid')!;
  const angles = context.api.axialAngles(axialSpec(record, context, 'efficientloftr'), { grid });
  return { angles: reshaped(angles, [1, ...grid, angles.shape[1]]) };
}

/** timm keeps [sin | cos] of full width side by side. */
function sinCos(table: { cos: Output; sin: Output }, lead: readonly number[]): Output {
  const { cos, sin } = tables(table, 'full_interleaved', lead);
  const width = sin.shape[sin.shape.length - 1];
  const data: number[] = [];
  for (let row = 0; row < product(lead); row++) {
    for (const part of [sin, cos]) data.push(...Array.prototype.slice.call(part.data, row * width, (row + 1) * width));
  }
  return { shape: [...lead, 2 * width], data };
}

const INDEXING = { ij: [0, 1], xy: [1, 0] };

function timmEva(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  const pixels = params.in_pixels === true;
  const linear = params.linear_bands !== false;
  const spec = defined({
    ...axialSpec(record, context, pixels ? (linear ? 'eva-02-pixel' : 'timm-pixel') : 'eva-02'),
    ropeTheta: pixels ? undefined : (number(params, 'temperature') ?? number(params, 'rope_theta')),
    maxFreq: pixels ? number(params, 'max_res') : undefined,
    gridOrder: word(params, 'grid_indexing', INDEXING, INDEXING.ij),
    gridOffset: number(params, 'grid_offset'),
  });
  const rows = defined({ grid: sides(record, 'feat_shape'), referenceGrid: sides(record, 'ref_feat_shape') });
  const table = context.api.axialTable(spec, rows);
  return {
    emb: sinCos(table, [table.length]),
    y: rotated(record, context, 'x', [table], params.layout),
  };
}

function timmMixed(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  const { shape } = input(record, 'freqs');
  const table = context.api.mixedAxialTable(floats(record, 'freqs'), {
    shape,
    grid: sides(record, 'grid') ?? sides(record, 'feat_shape'),
    gridOrder: word(params, 'grid_indexing', INDEXING, INDEXING.ij),
    precision: context.precision,
  });
  const [heads, tokens, pairs] = table.cos.shape;
  const rows = [heads * tokens, pairs];
  const flat = { cos: reshaped(table.cos, rows), sin: reshaped(table.sin, rows) };
  return {
    emb: reshaped(sinCos(flat, [heads * tokens]), [heads, tokens, 4 * pairs]),
    y: rotated(record, context, 'x', [table], params.layout),
  };
}

const VARIANTS: Readonly<Record<string, { params: readonly string[]; inputs: readonly string[]; run: Run }>> = {
  ...Object.fromEntries(
    Object.keys(PRESET).map((variant) => [
      variant,
      {
        params: ['axis_order', 'table', 'spatial_dim', 'passthrough'],
        inputs: ['position_ids', 'q', 'inv_freq_f32'],
        run: plain,
      },
    ]),
  ),
  gemma4: { params: ['axis_order', 'table'], inputs: ['position_ids', 'q', 'inv_freq_f32'], run: gemma },
  llama4: { params: ['grid', 'table_layout'], inputs: ['q', 'inv_freq_f32'], run: llama4 },
  dinov3: { params: ['grid', 'num_prefix_tokens'], inputs: ['q', 'inv_freq_f32'], run: dinov3 },
  sam2_video: {
    params: ['axis_order', 'num_k_exclude_rope', 'repeat_freqs_k'],
    inputs: ['position_ids', 'q', 'k', 'inv_freq_f32'],
    run: sam2,
  },
  vjepa2: { params: ['axis_dim', 'passthrough'], inputs: ['x', 'd', 'h', 'w', 'inv_freq_f32'], run: vjepa2 },
  efficientloftr: { params: ['hidden_size', 'grid', 'positions'], inputs: ['inv_freq_f32'], run: efficientloftr },
  timm_eva: {
    params: [
      'feat_shape',
      'ref_feat_shape',
      'table',
      'dim',
      'in_pixels',
      'max_res',
      'linear_bands',
      'temperature',
      'grid_indexing',
      'grid_offset',
    ],
    inputs: ['x'],
    run: timmEva,
  },
  timm_mixed: { params: ['grid', 'feat_shape', 'table', 'grid_indexing'], inputs: ['freqs', 'x'], run: timmMixed },
};

type Run = (record: GoldenRecord, context: Context) => Outputs;

export const rotaryVision: Adapter[] = [
  ...Object.entries(VARIANTS).map(
    ([variant, { params, inputs, run }]): Adapter => ({
      when: { system: ['rotary/vision_axial'], op: ['axial_end_to_end'], variant: [variant] },
      params: ['head_dim', 'rope_theta', 'pairing', 'layout', ...params],
      inputs,
      run,
    }),
  ),
];
