/** RotaryEmbedding of ONNX (opset 23) and com.microsoft, MRotaryEmbedding: caches and position ids are given. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { defined, floats, input, number, product } from './shared.ts';

/** cos_cache and sin_cache: [max, h] by position, or [B, S, h] by token. */
function caches(record: GoldenRecord, { api }: Context) {
  const { shape } = input(record, 'cos_cache');
  const width = number(record.params, 'rotary_embedding_dim') ?? 0;
  if (width !== 0 && width !== 2 * shape[shape.length - 1]) {
    throw new Unsupported(`parameter 'rotary_embedding_dim': ${width}, but the caches are ${shape} wide`);
  }
  const interleaved = number(record.params, 'interleaved') ?? 0;
  if (interleaved !== 0 && interleaved !== 1) throw new Unsupported(`parameter 'interleaved': ${interleaved}`);
  return api.rotaryTableFrom({
    cos: floats(record, 'cos_cache'),
    sin: floats(record, 'sin_cache'),
    shape,
    pairing: interleaved ? 'interleaved' : 'half',
  });
}

function rotate(record: GoldenRecord, context: Context): Outputs {
  const name = record.inputs.X === undefined ? 'input' : 'X';
  const { shape } = input(record, name);
  const given = caches(record, context);
  const layout = String(record.params.layout);
  const ids = record.inputs.position_ids;
  const rows: Record<string, unknown> = {};
  let table = given;
  if (record.params.op_type === 'MRotaryEmbedding') {
    const layouts = ['chunked', 'interleaved'];
    const mropeLayout = layouts[number(record.params, 'mrope_layout') ?? 0];
    if (mropeLayout === undefined) throw new Unsupported("parameter 'mrope_layout': unknown");
    const positions = input(record, 'position_ids').data;
    table = context.api.mropeTableFrom(given, { positions, mropeSection: record.params.mrope_section, mropeLayout });
  } else if (ids !== undefined) {
    // one element: the position of the first token of every batch row
    if (product(ids.shape) === 1 && ids.shape.length < 2) rows.offset = ids.data[0];
    else rows.positions = ids.data;
  }
  // without num_heads the whole head rotates, so that the caches say how wide it is
  const heads =
    layout === 'BSD'
      ? (number(record.params, 'num_heads') ?? 0) || shape[shape.length - 1] / given.rotaryDim
      : undefined;
  const data = context.api.applyRotary(floats(record, name), table, defined({ layout, shape, heads, ...rows }));
  return { output: { shape, data } };
}

export const rotaryOnnx: Adapter[] = [
  {
    when: {
      system: ['rotary/onnx_ort_rotary'],
      op: ['onnx_rotary'],
      op_type: ['RotaryEmbedding', 'MRotaryEmbedding'],
      layout: ['BSD', 'BHSD', 'BSHD'],
      table_layout: ['half'],
    },
    // ONNX Runtime's CPU kernel does not read `scale`
    params: [
      'domain',
      'opset',
      'num_heads',
      'interleaved',
      'rotary_embedding_dim',
      'mrope_section',
      'mrope_layout',
      'scale',
    ],
    inputs: ['X', 'input', 'cos_cache', 'sin_cache', 'position_ids'],
    run: rotate,
  },
];
