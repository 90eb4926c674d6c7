/** XLNet: relative tables of both directions, the position term, scores with segments, attention. */
import { type Adapter, type Context, type GoldenRecord, type Output, type Outputs, Unsupported } from '../types.ts';
import { shaped, softmax, times, unshifted } from './attention.ts';
import { defined, input, number, required } from './shared.ts';

interface Table {
  readonly attnType: string;
  readonly direction?: string;
}

/** The sinusoidal table of XLNet's positions: the concat arrangement, sines first. */
function table(record: GoldenRecord, { api, precision }: Context, dim: number, { attnType, direction }: Table): Output {
  const { params } = record;
  const [queryLength, keyLength] = [required(params, 'q_len'), required(params, 'k_len')];
  const clampLen = number(params, 'clamp_len');
  const positions = api.xlnetPositions(defined({ queryLength, keyLength, attnType, clampLen, direction }));
  return api.sinusoidal({ positions, dim, arrangement: 'concat', precision });
}

function tables(record: GoldenRecord, context: Context): Outputs {
  const dim = required(record.params, 'd_model');
  const batch = required(record.params, 'bsz_for_bidata');
  if (batch % 2 !== 0) throw new Unsupported(`parameter 'bsz_for_bidata': ${batch} is odd`);
  const forward = table(record, context, dim, { attnType: 'bi' });
  const backward = table(record, context, dim, { attnType: 'bi', direction: 'backward' });
  const rows = forward.shape[0];
  const both = Array.from({ length: rows * batch }, (_, x) => {
    const [row, b] = [Math.floor(x / batch), x % batch];
    const half = b < batch / 2 ? forward : backward;
    return Array.from({ length: dim }, (_, c) => half.data[row * dim + c]);
  });
  return {
    r_bi: forward,
    r_uni: table(record, context, dim, { attnType: 'uni' }),
    r_bi_bidata: { shape: [rows, batch, dim], data: both.flat() },
  };
}

function attention(record: GoldenRecord, context: Context): Outputs {
  const { params, outputs } = record;
  const { api } = context;
  const attnType = params.attn_type;
  if (attnType !== 'bi' && attnType !== 'uni') throw new Unsupported(`parameter 'attn_type': ${String(attnType)}`);
  const [q, k, r] = [shaped(record, 'q'), shaped(record, 'k'), shaped(record, 'r_head_k')];
  const rRBias = shaped(record, 'r_r_bias');
  const segments = record.inputs.seg_mat !== undefined;
  const scores = api.xlnetScores(
    q,
    k,
    r,
    defined({
      attnType,
      scale: number(params, 'scale'),
      rWBias: shaped(record, 'r_w_bias'),
      rRBias,
      rSBias: segments ? shaped(record, 'r_s_bias') : undefined,
      segEmbed: segments ? shaped(record, 'seg_embed') : undefined,
      segMat: segments ? { data: input(record, 'seg_mat').data, shape: input(record, 'seg_mat').shape } : undefined,
    }),
  );
  const probs = softmax(scores);
  const dim = outputs.R?.shape[1];
  return {
    ...(dim === undefined ? {} : { R: table(record, context, dim, { attnType }) }),
    bd_unshifted: unshifted(q, rRBias, r),
    bd_shifted: api.xlnetScores(q, k, r, { attnType, rRBias, content: false, scale: 1, causal: false }),
    scores,
    probs,
    out: times(probs, shaped(record, 'v')),
  };
}

export const xlnet: Adapter[] = [
  {
    when: { system: ['xlnet'] },
    params: ['attn_type', 'clamp_len', 'q_len', 'k_len', 'r_len', 'scale', 'd_model', 'bsz_for_bidata'],
    inputs: ['q', 'k', 'v', 'r_head_k', 'r_w_bias', 'r_r_bias', 'r_s_bias', 'seg_embed', 'seg_mat'],
    run: (record, context) => (record.params.attn_type === undefined ? tables : attention)(record, context),
  },
];
