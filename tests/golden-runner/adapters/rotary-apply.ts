/** Rotation with given tables: flash-attention's layouts, offsets, packed sequences, conjugate, in place, packed qkv. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { defined, floats, input, number, required, word } from './shared.ts';

function givenTable(record: GoldenRecord, { api }: Context) {
  const [cos, sin] = ['cos', 'sin'].map((name) => ({ data: floats(record, name), shape: input(record, name).shape }));
  const pairing = word(record.params, 'pairing', { half: 'half', interleaved: 'interleaved' });
  return api.rotaryTableFrom({ cos, sin, pairing });
}

function applyTables(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  const { shape } = input(record, 'x');
  const x = floats(record, 'x');
  const original = x.slice();
  const out = params.inplace === true ? undefined : new Float32Array(x.length);
  const data: ArrayLike<number> = context.api.applyRotary(
    x,
    givenTable(record, context),
    defined({
      shape,
      layout: params.layout,
      ...rows(record, shape),
      inverse: params.conjugate === true ? true : undefined,
      outOfRange: word(params, 'out_of_range', { error: 'error', identity: 'identity' }, 'error'),
      out,
    }),
  );
  if (out === undefined ? data !== x : x.some((v, i) => v !== original[i])) {
    throw new Error(out === undefined ? 'in place: the result is not x itself' : 'out was given, but x was changed');
  }
  return { y: { shape, data } };
}

/** Which table row each token takes: one offset for all, one for each sequence, restarting at every boundary. */
function rows(record: GoldenRecord, shape: readonly number[]): Record<string, unknown> {
  const packed = record.inputs.cu_seqlens;
  const offsets = record.inputs.seqlen_offsets;
  if ((packed !== undefined) !== (record.params.layout === 'THD')) {
    throw new Unsupported(`layout ${String(record.params.layout)} ${packed ? 'with' : 'without'} cu_seqlens`);
  }
  if (offsets === undefined) {
    return defined({ offset: number(record.params, 'seqlen_offset') ?? 0, cuSeqlens: packed?.data });
  }
  const starts = packed?.data ?? Int32Array.from({ length: shape[0] + 1 }, (_, b) => b * shape[1]);
  const positions = new Int32Array(starts[starts.length - 1]);
  for (let b = 0; b + 1 < starts.length; b++) {
    for (let t = starts[b]; t < starts[b + 1]; t++) positions[t] = offsets.data[b] + t - starts[b];
  }
  return { positions };
}

/** q and k heads of a packed [B, S, Hq + 2Hk, D] are rotated, v is left as it is. */
function applyQkv(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  const { shape } = input(record, 'qkv');
  const [batch, length, heads, dim] = shape;
  const rotated = required(params, 'num_heads_q') + required(params, 'num_heads_k');
  const qkv = floats(record, 'qkv');
  const qk = new Float32Array(batch * length * rotated * dim);
  for (let t = 0; t < batch * length; t++) {
    qk.set(qkv.subarray(t * heads * dim, (t * heads + rotated) * dim), t * rotated * dim);
  }
  const offset = number(params, 'seqlen_offset') ?? 0;
  context.api.applyRotary(qk, givenTable(record, context), {
    layout: 'BSHD',
    shape: [batch, length, rotated, dim],
    offset,
  });
  for (let t = 0; t < batch * length; t++) {
    qkv.set(qk.subarray(t * rotated * dim, (t + 1) * rotated * dim), t * heads * dim);
  }
  return { qkv: { shape, data: qkv } };
}

export const rotaryApply: Adapter[] = [
  {
    when: {
      system: ['rotary/flash_attn_layouts'],
      op: ['rope_apply_tables'],
      layout: ['BSHD', 'THD'],
      table_layout: [undefined, 'half'],
      passthrough: [undefined, 'trailing'],
    },
    params: [
      'rotary_dim',
      'head_dim',
      'pairing',
      'seqlen_offset',
      'max_seqlen',
      'conjugate',
      'inplace',
      'out_of_range',
    ],
    inputs: ['x', 'cos', 'sin', 'cu_seqlens', 'seqlen_offsets'],
    run: applyTables,
  },
  {
    when: {
      system: ['rotary/flash_attn_layouts'],
      op: ['rope_apply_qkv'],
      layout: ['B,S,Hq+2Hk,D'],
      table_layout: [undefined, 'half'],
    },
    params: ['num_heads_q', 'num_heads_k', 'rotary_dim', 'head_dim', 'pairing', 'seqlen_offset'],
    inputs: ['qkv', 'cos', 'sin'],
    run: applyQkv,
  },
];
