/** Transformer-XL: the R table, the shifted and unshifted position term, scores, attention; the learned form. */
import type { Adapter, Context, GoldenRecord, Outputs } from '../types.ts';
import { shaped, softmax, times, unshifted } from './attention.ts';
import { defined, number, required } from './shared.ts';

function sinusoidalForm(record: GoldenRecord, { api, precision }: Context): Outputs {
  const { params } = record;
  const [q, k, r] = [shaped(record, 'q'), shaped(record, 'k'), shaped(record, 'r_head_k')];
  const [u, v] = [shaped(record, 'u_r_w_bias'), shaped(record, 'v_r_r_bias')];
  const common = defined({
    u,
    v,
    scale: number(params, 'scale'),
    causal: params.causal,
    sameLength: params.same_length,
  });
  const scores = api.transformerXlScores(q, k, r, common);
  const probs = softmax(scores);
  const keyLength = required(params, 'k_len');
  return {
    R: api.transformerXlTable(
      defined({ keyLength, dim: required(params, 'd_model'), clampLen: number(params, 'clamp_len'), precision }),
    ),
    bd_unshifted: unshifted(q, v, r),
    bd_shifted: api.transformerXlScores(q, k, r, { v, content: false, scale: 1, causal: false }),
    scores,
    probs,
    out: times(probs, shaped(record, 'v')),
  };
}

function learnedForm(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const options = defined({
    learned: true,
    u: shaped(record, 'u_r_w_bias'),
    rBias: shaped(record, 'r_bias'),
    clampLen: number(params, 'clamp_len'),
    scale: number(params, 'scale'),
  });
  return {
    scores: api.transformerXlScores(shaped(record, 'q'), shaped(record, 'k'), shaped(record, 'r_emb'), options),
  };
}

const SIZES = ['q_len', 'mem_len', 'k_len', 'scale', 'clamp_len'];

export const transformerXl: Adapter[] = [
  {
    when: { system: ['transformer-xl'], variant: [undefined] },
    params: [...SIZES, 'n_head', 'd_head', 'd_model', 'causal', 'same_length'],
    inputs: ['q', 'k', 'v', 'r_head_k', 'u_r_w_bias', 'v_r_r_bias'],
    run: sinusoidalForm,
  },
  {
    when: { system: ['transformer-xl'], variant: ['attn_type=1 (learned r_emb [max_klen,H,d], r_bias [max_klen,H])'] },
    params: SIZES,
    inputs: ['q', 'k', 'r_emb', 'r_bias', 'u_r_w_bias'],
    run: learnedForm,
  },
];
