/** Rotation with given tables: flash-attention's layouts, offsets, packed sequences, conjugate, in place, packed qkv. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, Unsupported } from '../types.ts';
import { defined, floats, input, number, required, word } from './shared.ts';

function givenTable(record: GoldenRecord, { api }: Context) {
  const { shape } = input(record, 'cos');
  const pairing = word(record.params, 'pairing', { half: 'half', interleaved: 'interleaved' });
  return api.rotaryTableFrom({ cos: floats(record, 'cos'), sin: floats(record, 'sin'), shape, pairing });
}

function applyTables(record: GoldenRecord, context: Context): Outputs {
  const { params } = record;
  const { shape } = input(record, 'x');
  const x = floats(record, 'x');
  const original = x.slice();
  const out = params.inplace === true ? undefined : context.api.Tensor.from(new Float32Array(x.length), shape);
  const result = context.api.applyRotary(
    x,
    givenTable(record, context),
    defined({
      shape,
      layout: params.layout,
      ...rows(record),
      inverse: params.conjugate === true ? true : undefined,
      outOfRange: word(params, 'out_of_range', { error: 'error', identity: 'identity' }, 'error'),
      out,
    }),
  );
  if (result !== (out ?? x)) throw new Error(`the result is not ${out === undefined ? 'x' : 'out'} itself`);
  if (out !== undefined && x.some((v, i) => v !== original[i])) throw new Error('out was given, but x was changed');
  return { y: { shape, data: out === undefined ? x : out.data } };
}

/** Which table row each token takes: one offset for all or one a sequence, restarting at every packed boundary. */
function rows({ params, inputs }: GoldenRecord): Record<string, unknown> {
  const packed = inputs.cu_seqlens;
  if ((packed !== undefined) !== (params.layout === 'THD')) {
    throw new Unsupported(`layout ${String(params.layout)} ${packed ? 'with' : 'without'} cu_seqlens`);
  }
  const offset = inputs.seqlen_offsets?.data ?? number(params, 'seqlen_offset');
  return defined({ offset, cuSeqlens: packed?.data });
}

/** q and k heads of a packed [B, S, Hq + 2Hk, D] are rotated where they are, v is left alone. */
function applyQkv(record: GoldenRecord, context: Context): Outputs {
  const { params, inputs } = record;
  const { shape } = input(record, 'qkv');
  const packed = shape.length === 3;
  const data = context.api.applyRotaryQKV(
    floats(record, 'qkv'),
    givenTable(record, context),
    defined({
      shape,
      queryHeads: required(params, 'num_heads_q'),
      keyHeads: required(params, 'num_heads_k'),
      layout: packed ? 'THD' : 'BSHD',
      offset: inputs.seqlen_offsets?.data ?? number(params, 'seqlen_offset'),
      cuSeqlens: inputs.cu_seqlens?.data,
    }),
  );
  return { qkv: { shape, data } };
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
      layout: ['B,S,Hq+2Hk,D', 'T,Hq+2Hk,D'],
      table_layout: [undefined, 'half'],
    },
    params: ['num_heads_q', 'num_heads_k', 'rotary_dim', 'head_dim', 'pairing', 'seqlen_offset'],
    inputs: ['qkv', 'cos', 'sin', 'cu_seqlens', 'seqlen_offsets'],
    run: applyQkv,
  },
];
