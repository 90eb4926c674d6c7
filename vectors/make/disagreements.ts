/**
 * Questions that public implementations answer differently. A case that is one of the answers is `acceptable`: whoever gives
 * another public answer is not wrong, but should know whose it is. The page docs/disagreements.md is made of this.
 */
import { onlyHuge } from './tolerance.ts';
import type { Draft, Loose } from './types.ts';

interface Answer {
  readonly answer: string;
  readonly who: string;
  readonly what: string;
  readonly fits: (draft: Draft) => boolean;
}

export interface Question {
  readonly key: string;
  readonly title: string;
  readonly why: string;
  readonly answers: readonly Answer[];
}

const op =
  (name: string, test: (params: Loose, draft: Draft) => boolean = () => true) =>
  (draft: Draft) =>
    draft.op === name && test(draft.params, draft);
const rule = (name: string) => (p: Loose) => p.rule === name;
const powerOfTwo = (n: number) => (n & (n - 1)) === 0;
const slopes = (name: string) => op('alibi_slopes', (p) => p.rule === name && !powerOfTwo(p.heads));
const ntk = (method: string) => (d: Draft) => d.params.method === method;

export const QUESTIONS: readonly Question[] = [
  {
    key: 'alibi-slopes',
    title: 'ALiBi slopes of head counts that are no power of two',
    why: 'The paper defines powers of two; code fills the gaps in two ways. With a power of two all agree.',
    answers: [
      {
        answer: 'press',
        who: 'ofirpress/attention_with_linear_biases, BLOOM and Falcon in transformers; mosaicml/llm-foundry (MPT) by another formula',
        what: 'slopes of the power of two below, then every second slope of the power of two above',
        fits: (d) => slopes('press')(d) || slopes('mpt')(d),
      },
      {
        answer: 'geometric',
        who: 'attention-gym of PyTorch, the scale 2^(-8(h + 1) / heads)',
        what: 'one geometric sequence, whatever the number of heads',
        fits: slopes('geometric'),
      },
    ],
  },
  {
    key: 'alibi-form',
    title: 'What the ALiBi matrix holds',
    why: 'Softmax ignores what all keys of a query have in common, so causal models can use matrices that differ by a constant in every row. Without a causal mask, or added to other biases, they differ.',
    answers: [
      {
        answer: 'key only',
        who: 'the published fairseq code, MPT',
        what: 'slope times key position, one row for all queries',
        fits: op('alibi_bias', (p) => ['press_k_only', 'mpt_k_only'].includes(p.rule)),
      },
      {
        answer: 'distance, symmetric',
        who: "the author's symmetric variant, MPT with full matrices",
        what: '-slope |i - j| on both sides',
        fits: op('alibi_bias', (p) => ['symmetric', 'mpt_full'].includes(p.rule)),
      },
      {
        answer: 'distance, two sets of heads',
        who: "the author's variant for encoders",
        what: 'half of the heads look back, half look ahead',
        fits: op('alibi_bias', rule('nonsym_mask')),
      },
      {
        answer: 'bloom',
        who: 'BLOOM in transformers',
        what: '+slope times the count of real tokens before the key',
        fits: op('alibi_bias_from_mask', rule('bloom')),
      },
      {
        answer: 'falcon',
        who: 'Falcon in transformers',
        what: 'the same rounded to bfloat16, added before the scores are scaled by 1 / sqrt(head_dim)',
        fits: op('alibi_bias_from_mask', rule('falcon_bf16')),
      },
    ],
  },
  {
    key: 'deberta-buckets',
    title: "DeBERTa's logarithmic buckets",
    why: 'The published code clamps distances to max_position - 1 first, transformers does not: from that distance on buckets differ, and just below it they can differ by one where ceil() meets float32 rounding.',
    answers: [
      {
        answer: 'ms',
        who: 'microsoft/DeBERTa',
        what: 'clamped, then the logarithm',
        fits: op('deberta_log_buckets', rule('ms')),
      },
      {
        answer: 'hf',
        who: 'transformers',
        what: 'the logarithm of the distance itself, buckets grow beyond the table',
        fits: op('deberta_log_buckets', rule('hf')),
      },
    ],
  },
  {
    key: 'angles',
    title: 'Angles at long positions',
    why: 'position times frequency in float32 is off by half an ulp of the angle: 0.004 radians at 65536, 0.5 at ten million. Models were trained with the rounded angles; a correctly rounded table is another one.',
    answers: [
      {
        answer: 'exact',
        who: 'a 260-bit evaluation; libraries that reduce the angle in higher precision (posenc in exact precision)',
        what: 'cos and sin of the true angle',
        fits: op('cos_sin_table', (p) => p.system === 'rotary/exact_tables'),
      },
      {
        answer: 'float32',
        who: 'PyTorch code: transformers, vLLM, and engines that follow them',
        what: 'cos and sin of the float32 product of position and float32 frequency',
        fits: onlyHuge,
      },
    ],
  },
  {
    key: 'text-after-video',
    title: 'Where text goes on after a video (M-RoPE)',
    why: 'A long video has temporal positions beyond those of its rows and columns. Versions of the public code count on from different ones.',
    answers: [
      {
        answer: 'maximum',
        who: "transformers up to 5.2, vLLM, Qwen's own code",
        what: 'the largest position of all streams, plus one',
        fits: op('mrope_text_after_video', rule('maximum')),
      },
      {
        answer: 'spatial',
        who: 'transformers from 5.3 on',
        what: 'the larger side of the grid after the start of the video',
        fits: op('mrope_text_after_video', rule('spatial')),
      },
    ],
  },
  {
    key: 'merge-mul',
    title: 'Multiplying by a position embedding',
    why: 'bert4keras changed what mul means between versions.',
    answers: [
      {
        answer: 'x (1 + p)',
        who: 'bert4keras, current',
        what: 'one is added first',
        fits: (d) => d.params.system === 'merge' && d.params.mul_plus_one === true,
      },
      {
        answer: 'x p',
        who: 'bert4keras, earlier',
        what: 'plain product',
        fits: (d) => d.params.system === 'merge' && d.params.mul_plus_one === false,
      },
    ],
  },
  {
    key: 'sandwich',
    title: 'The scale of Sandwich',
    why: 'Heads divide the inner product; where they count from and whether it begins at zero differs.',
    answers: [
      {
        answer: 'paper',
        who: 'the appendix of the paper, attention-gym',
        what: 'sum of cosines over 8 (h + 1) / H',
        fits: op('sandwich', rule('paper')),
      },
      {
        answer: 'nemo',
        who: 'NVIDIA NeMo',
        what: 'frequencies from i = 1, minus d / 2, over 8 h / H',
        fits: op('sandwich', (p) => /^nemo/.test(p.rule ?? '')),
      },
    ],
  },
  {
    key: 'xpos-centre',
    title: 'Where xPos has scale one',
    why: 'Only the ratio of two scales reaches a score, so each code centres as it likes. Keys in a cache must use one of them throughout.',
    answers: [
      {
        answer: 'torchscale',
        who: 'microsoft/torchscale',
        what: 'the middle of the sequence',
        fits: (d) => d.op === 'xpos_torchscale',
      },
      {
        answer: 'rotary-embedding-torch',
        who: 'lucidrains/rotary-embedding-torch',
        what: 'the middle of the sequence, integer division',
        fits: (d) => d.op.startsWith('xpos_lucidrains'),
      },
      {
        answer: 'x-transformers',
        who: 'lucidrains/x-transformers',
        what: 'the middle of the largest position',
        fits: (d) => d.op === 'xpos_x_transformers',
      },
      {
        answer: 'flash-attention',
        who: 'Dao-AILab/flash-attention',
        what: 'the middle of the table',
        fits: (d) => d.op === 'xpos_tables',
      },
    ],
  },
  {
    key: 'dynamic-ntk',
    title: 'What "dynamic" NTK depends on',
    why: 'One name, rules with different inputs: the length in use, the longest length, or a fixed factor.',
    answers: [
      {
        answer: 'by length',
        who: 'transformers',
        what: 'the base grows with the length in use',
        fits: (d) =>
          d.params.rope_type === 'dynamic' &&
          d.params.system === 'rotary/hf_rope_init_functions' &&
          Number(d.params.seq_len) > Number(d.params.max_position_embeddings),
      },
      {
        answer: 'static',
        who: 'vLLM, dynamic with a factor',
        what: 'one base, of the longest length',
        fits: ntk('dynamic_ntk_static'),
      },
      {
        answer: 'alpha',
        who: 'vLLM, dynamic with alpha (HunYuan)',
        what: 'the base times alpha^(d / (d - 2))',
        fits: ntk('dynamic_ntk_alpha'),
      },
      {
        answer: 'ntk factor',
        who: 'jquesnelle/yarn',
        what: 'ntk times length over trained length, minus ntk minus 1',
        fits: ntk('dynamic_ntk'),
      },
    ],
  },
  {
    key: 'table-overrun',
    title: 'A position beyond the table',
    why: 'A table has an end; engines read past it, clamp, refuse or leave the vector as it is.',
    answers: [
      {
        answer: 'identity',
        who: "flash-attention's Triton kernel",
        what: 'cos 1 and sin 0: the token is not turned',
        fits: (d) => d.params.out_of_range === 'identity',
      },
    ],
  },
];

/** The question and the answer that a case is, if it is one. */
export function answerOf(draft: Draft): { question: string; answer: string } | undefined {
  for (const { key, answers } of QUESTIONS) {
    const found = answers.find(({ fits }) => fits(draft));
    if (found) return { question: key, answer: found.answer };
  }
  return undefined;
}
