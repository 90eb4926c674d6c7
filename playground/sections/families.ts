/** Models whose positions are not (only) rotary: what their encoder does, in words, and which view shows it. */
import type { NormalForm } from '../../src/models/index.ts';
import { grouped, same, T, type Text } from '../text.ts';

/** Family, its name, the view that shows it. */
export const FAMILIES: Readonly<Record<NormalForm['family'], readonly [name: Text, view?: string]>> = {
  rotary: [T('rotary (RoPE)', '旋转位置编码（RoPE）'), 'rope'],
  alibi: [T('ALiBi', 'ALiBi 线性偏置'), 'alibi'],
  t5: [T('T5 buckets', 'T5 分桶偏置'), 't5'],
  deberta: [T('DeBERTa: disentangled', 'DeBERTa：解耦注意力'), 'deberta'],
  xlnet: [same('XLNet'), 'xlnet'],
  'transformer-xl': [same('Transformer-XL'), 'transformer-xl'],
  relative: [T('relative vectors (Shaw)', '相对位置向量（Shaw）'), 'shaw'],
  sinusoidal: [T('sinusoidal', '正弦位置编码'), 'sinusoidal'],
  learned: [T('learned table', '可学习位置表'), 'learned'],
  convolutional: [T('convolution', 'CNN 式'), 'conv'],
  window: [T('windows of patches', '图块窗口'), 'swin'],
  none: [T('none', '无位置编码')],
};

/** View of a function that a model calls. */
const CALL_VIEWS: { readonly [K in keyof NonNullable<NormalForm['calls']>]?: string } = {
  alibi: 'alibi',
  t5Bias: 't5',
  t5Buckets: 't5',
  learnedPositions: 'learned',
  sinusoidal: 'sinusoidal',
  sincos2d: 'sincos2d',
  convPositional: 'conv',
  swinBias: 'swin',
  swinV2Bias: 'swin-v2',
  beitBias: 'swin',
  decomposedRelativeScores: 'decomposed',
  gatedRelativeBias: 'gated',
  debertaScores: 'deberta',
  xlnetScores: 'xlnet',
  transformerXlScores: 'transformer-xl',
  nezhaScores: 'nezha',
  shawScores: 'shaw',
  conformerScores: 'conformer',
  localRelativeScores: 'local-scores',
};

/** A model, or a side or tower of one, that is not (only) rotary. */
export type Side = Pick<NormalForm, 'family' | 'parameters' | 'calls' | 'note'>;

/** The views that show what it computes. */
export function viewsOf({ family, calls }: Side): string[] {
  const own = Object.keys(calls ?? {}).flatMap((call) => CALL_VIEWS[call as keyof typeof CALL_VIEWS] ?? []);
  const [, usual] = FAMILIES[family];
  return [...new Set(own.length > 0 || usual === undefined ? own : [usual])];
}

/** View of a rope type. */
export const ROPE_VIEWS: Readonly<Record<string, string>> = {
  default: 'rope',
  linear: 'linear',
  ntk: 'ntk',
  'ntk-by-parts': 'ntk-by-parts',
  dynamic: 'dynamic',
  yarn: 'yarn',
  longrope: 'longrope',
  llama3: 'llama3',
  proportional: 'p-rope',
};

const WINDOWS: Readonly<Record<string, Text>> = {
  swin: T(
    'Patches attend inside windows, which shift in every second layer. Each offset in a window has a learned number for each head.',
    '图块在窗口内相互关注，每隔一层窗口移动一次。窗口内每个偏移为每个头存一个可学习的数。',
  ),
  'swinv2-cpb': T(
    'Patches attend inside windows, which shift in every second layer. A small network turns each offset into a number for each head.',
    '图块在窗口内相互关注，每隔一层窗口移动一次。一个小网络把每个偏移变成每个头的一个数。',
  ),
  beit: T(
    'The whole picture is one window. Each offset has a learned number for each head, and three more stand for the class token.',
    '整幅图像是一个窗口。每个偏移为每个头存一个可学习的数，另有三个数用于类别词元。',
  ),
  decomposed: T(
    'Two learned tables, one for distances in rows and one for distances in columns: the query is multiplied with a vector of each.',
    '两张可学习的表，一张管行距，一张管列距：查询与两张表中各一个向量相乘。',
  ),
};

const n = (value: unknown) => (typeof value === 'number' ? grouped(value) : String(value));

/** What an encoder with these options does, one sentence each. */
export function familyWords({ family, parameters: p = {}, calls }: Side): Text[] {
  switch (family) {
    case 'alibi':
      return [
        T(
          `From every score, distance times a slope is subtracted; each of the ${n(p.heads)} heads has its own slope, from steep (looks close) to flat (looks far).`,
          `每个分数减去“距离 × 斜率”；${n(p.heads)} 个头各有斜率，从陡（看近处）到平（看远处）。`,
        ),
        T(
          `The slopes follow the rule of ${p.slopes === 'mpt' ? 'MPT' : 'Press et al.'}, with a largest exponent of ${n(p.alibiBiasMax)}. Nothing is learned, so any length can be served; far words fade.`,
          `斜率按 ${p.slopes === 'mpt' ? 'MPT' : 'Press 等人'}的规则取值，最大指数为 ${n(p.alibiBiasMax)}。没有可学习的数，因此任何长度都能用，远处的词会淡出。`,
        ),
        ...(p.form === 'key' || p.form === 'key-last-zero'
          ? [
              T(
                'Its code writes slope times the place of the key instead of minus slope times distance: after a causal softmax the two are the same.',
                '其代码写的是“斜率 × 键的位置”，而不是“−斜率 × 距离”：经过因果 softmax 后两者相同。',
              ),
            ]
          : []),
      ];
    case 't5':
      return [
        T(
          `Distances fall into ${n(p.numBuckets)} buckets, fine nearby and coarse far away; everything beyond ${n(p.maxDistance)} shares the last. Each of the ${n(p.heads)} heads learns one number a bucket.`,
          `距离落入 ${n(p.numBuckets)} 个桶，近处细、远处粗；超过 ${n(p.maxDistance)} 的共用最后一桶。${n(p.heads)} 个头各为每桶学一个数。`,
        ),
        T(
          'That number is added to the score; no vector carries a position.',
          '这个数加到分数上；没有任何向量携带位置。',
        ),
      ];
    case 'learned':
      return [
        T(
          `A table of ${n(p.maxPositions)} trained rows of ${n(p.dim)} numbers; the row of a position is added to its word. There is no row beyond the last.`,
          `一张 ${n(p.maxPositions)} 行、每行 ${n(p.dim)} 个数的可训练的表；位置对应的行加到词向量上。最后一行之后没有数据。`,
        ),
        ...(p.rowOffset
          ? [
              T(
                `Position 0 takes row ${n(p.rowOffset)}: the rows before it are reserved.`,
                `位置 0 取第 ${n(p.rowOffset)} 行：之前的行另有用途。`,
              ),
            ]
          : []),
        ...(p.query !== undefined
          ? [T('Its scores also use learned vectors of the distance.', '它的分数还用到距离的可学习向量。')]
          : []),
      ];
    case 'sinusoidal':
      return [
        T(
          `A fixed table of sines and cosines, ${n(p.dim)} numbers a position${p.length ? `, made for ${n(p.length)} positions` : ''}; nothing is learned, and rows beyond can be computed.`,
          `固定的正弦余弦表，每个位置 ${n(p.dim)} 个数${p.length ? `，为 ${n(p.length)} 个位置准备` : ''}；没有可学习的数，更远的行也能算出。`,
        ),
        T(
          `${p.arrangement === 'concat' ? 'All sines come first, then all cosines' : 'Sines and cosines alternate'}; the exponent is divided by ${p.denominator === 'half-1' ? 'd/2 − 1' : 'd/2'}.`,
          `${p.arrangement === 'concat' ? '先放全部正弦，再放全部余弦' : '正弦与余弦交错'}；指数除以 ${p.denominator === 'half-1' ? 'd/2 − 1' : 'd/2'}。`,
        ),
      ];
    case 'deberta':
      return [
        T(
          `Scores have separate terms for content and for distance${Array.isArray(p.posAttType) ? ` (${p.posAttType.join(', ')})` : ''}; ${Number(p.positionBuckets) > 0 ? `distances fall into ${n(p.positionBuckets)} logarithmic buckets` : 'every distance counts by itself'}, up to ${n(p.maxRelativePositions)}.`,
          `分数中内容与距离各有其项${Array.isArray(p.posAttType) ? `（${p.posAttType.join('、')}）` : ''}；${Number(p.positionBuckets) > 0 ? `距离落入 ${n(p.positionBuckets)} 个对数分桶` : '每个距离单独计算'}，最远 ${n(p.maxRelativePositions)}。`,
        ),
        ...(p.positionBiasedInput
          ? [T('A table of absolute rows is added to the input as well.', '输入还加上一张绝对位置表。')]
          : [
              T(
                'Absolute positions come in at the very end only (enhanced mask decoder).',
                '绝对位置只在最后的增强掩码解码器（EMD）中加入。',
              ),
            ]),
      ];
    case 'xlnet':
    case 'transformer-xl':
      return [
        T(
          `The query meets a projected sinusoid of the distance; two learned vectors stand for its own position. ${Number(p.clampLen) > 0 ? `Distances count up to ${n(p.clampLen)}.` : 'Distances have no limit.'}`,
          `查询与“距离的正弦投影”相乘，两个可学习向量代替它自身的位置。${Number(p.clampLen) > 0 ? `距离最多数到 ${n(p.clampLen)}。` : '距离不设上限。'}`,
        ),
      ];
    case 'relative':
      if (calls?.conformerScores)
        return [
          T(
            'The query meets a projected sinusoid of the distance, before and after it; two learned vectors stand for its own position (Conformer).',
            '查询与前后“距离的正弦投影”相乘，两个可学习向量代替它自身的位置（Conformer）。',
          ),
        ];
      if (calls?.localRelativeScores)
        return [
          T(
            `Each query sees ${n(p.contextLeft)} keys up to itself and ${n(p.contextRight)} after it; each of these distances has a vector. Scores are capped at ${n(p.softcap)}.`,
            `每个查询看到截至自身的 ${n(p.contextLeft)} 个键和之后的 ${n(p.contextRight)} 个；每个距离各有一个向量。分数上限为 ${n(p.softcap)}。`,
          ),
        ];
      if (calls?.nezhaScores)
        return [
          T(
            'Each distance, up to a limit, has a fixed sinusoidal vector that the query is multiplied with (NEZHA).',
            '在一定范围内，每个距离有一个固定的正弦向量，查询与它相乘（NEZHA）。',
          ),
        ];
      return [
        T(
          'Each distance, up to a limit, has a learned vector that the query is multiplied with.',
          '在一定范围内，每个距离有一个可学习向量，查询与它相乘。',
        ),
      ];
    case 'convolutional':
      return [
        T(
          `A convolution ${n(p.kernel)} steps wide is added to the input. What carries the position is the zeros beyond both ends.`,
          `把一个宽 ${n(p.kernel)} 步的卷积加到输入上。携带位置的是两端之外的零。`,
        ),
        ...(calls?.gatedRelativeBias
          ? [
              T(
                'Scores get a bias of the distance too, which every word turns up or down by a gate of its own.',
                '分数还加上距离的偏置，每个词用自己的门值把它调大或调小。',
              ),
            ]
          : []),
      ];
    case 'window':
      return [
        WINDOWS[p.kind as string],
        ...(p.absoluteRows
          ? [
              T(
                `A table of ${n(p.absoluteRows)} trained rows, one a patch, is added to the input as well.`,
                `输入还加上一张 ${n(p.absoluteRows)} 行的可训练的表，每个图块一行。`,
              ),
            ]
          : []),
      ];
    case 'none':
      return [
        T(
          'No encoding of positions: order comes from the recurrence or from the causal mask alone.',
          '没有位置编码：顺序只来自递归结构或因果掩码。',
        ),
      ];
    default:
      return [];
  }
}
