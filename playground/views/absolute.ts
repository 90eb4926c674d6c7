/** Views of the encodings that are added to the input. */
import { type SinusoidalOptions, sinusoidal } from '../../src/index.ts';
import { T } from '../text.ts';
import { call, choice, type Params, slider, steps, type View } from '../view.ts';
import { BASES, channel, DIMS, position } from './common.ts';

const num = (value: unknown) => value as number;

function sinusoidalOptions(p: Params) {
  return {
    length: num(p.length),
    dim: num(p.dim),
    offset: num(p.offset),
    base: num(p.base),
    arrangement: p.arrangement as 'interleaved' | 'concat',
    denominator: p.denominator as 'half' | 'half-1',
  } satisfies SinusoidalOptions;
}

const sinusoidalView: View = {
  id: 'sinusoidal',
  title: T('Sinusoidal', '正弦位置编码'),
  names: [
    '三角式',
    '三角函数',
    '三角',
    '正弦',
    'sin cos',
    'sine',
    'trigonometric',
    'Vaswani',
    'absolute',
    'absolute positional encoding',
    '绝对位置编码',
    '绝对位置',
    '维度',
  ],
  sources: [{ label: 'Vaswani et al. 2017, §3.5 (arXiv 1706.03762)', href: 'https://arxiv.org/abs/1706.03762' }],
  what: T(
    'The encoding of the first Transformer: each pair of channels is a clock hand that turns at its own speed, from one radian per position to 10 000 times slower. The row of a position is added to its token. Fast hands tell neighbours apart, slow hands tell the beginning of a text from its end. Fairseq and Whisper put all sines first and divide the exponent by one less: the numbers look alike and are not interchangeable.',
    '第一个 Transformer 所用的编码：每对通道像一根指针，各以自己的速度旋转，最快每个位置一弧度，最慢慢一万倍。每个位置对应的一行加到该词元的向量上。快指针区分邻近位置，慢指针区分文章的开头与结尾。Fairseq 与 Whisper 把所有正弦排在前面，指数的分母也少一：数值看起来相似，却不能互换。',
  ),
  formula: ['p_{n,2k} = \\sin ( n \\cdot b^{-2k/d} )', 'p_{n,2k+1} = \\cos ( n \\cdot b^{-2k/d} )'],
  controls: [
    slider('length', T('Positions', '位置数'), 128, 8, 512),
    steps('dim', T('Channels', '通道数'), 128, DIMS),
    steps('base', T('Base', '底数'), 10000, BASES),
    slider('offset', T('First position', '起始位置'), 0, 0, 100000),
    choice('arrangement', T('Arrangement', '排列'), 'interleaved', [
      ['interleaved', T('sin, cos, sin, cos … (the paper)', 'sin、cos 交错（论文）')],
      ['concat', T('all sines, then all cosines (fairseq)', '先全部 sin，后全部 cos（fairseq）')],
    ]),
    choice('denominator', T('Exponent divides by', '指数分母'), 'half', [
      ['half', T('d/2 (the paper)', 'd/2（论文）')],
      ['half-1', T('d/2 − 1 (fairseq, Whisper)', 'd/2 − 1（fairseq、Whisper）')],
    ]),
  ],
  compute(p, work) {
    const o = sinusoidalOptions(p);
    const table = sinusoidal({ ...o, out: work.out('table', [o.length, o.dim]) });
    return [
      {
        kind: 'map',
        label: T('The table: a row for each position', '编码表：每个位置一行'),
        data: () => table.data,
        rows: o.length,
        cols: o.dim,
        palette: 'diverging',
        range: [-1, 1],
        rowTitle: position,
        colTitle: channel,
        rowAt: (r) => r + o.offset,
        through: 'column',
      },
    ];
  },
  code(p) {
    const o = sinusoidalOptions(p);
    const den = o.denominator === 'half' ? `${o.dim} / 2` : `(${o.dim} / 2 - 1)`;
    const join =
      o.arrangement === 'interleaved'
        ? 'torch.stack((angle.sin(), angle.cos()), -1).flatten(-2)'
        : 'torch.cat((angle.sin(), angle.cos()), -1)';
    return {
      ts: call('sinusoidal', o, { base: 10000, offset: 0, arrangement: 'interleaved', denominator: 'half' }),
      torch: `n = torch.arange(${o.offset}, ${o.offset + o.length})\nfreq = ${o.base} ** (-torch.arange(${o.dim} // 2) / (${den}))\nangle = n[:, None] * freq\np = ${join}`,
      llama: T(
        'No flag: models with a table carry it in their weights.',
        '没有对应参数：带位置表的模型把表存放在权重里。',
      ),
    };
  },
};

export const absoluteViews: readonly View[] = [sinusoidalView];
