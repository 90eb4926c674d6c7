/** Views of the encodings that are added to the input. */
import { rotaryFrequencies, type SinusoidalOptions, sinusoidal, sinusoidalGram } from '../library.ts';
import { T } from '../text.ts';
import { call, choice, type Params, slider, steps, type View } from '../view.ts';
import { BASES, channel, DIMS, position } from './common.ts';
import { APART, PLACE, twoWords } from './ideas.ts';

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

/** Radians per position of every pair. */
function speedsOf({ dim, base, denominator }: { dim: number; base: number; denominator: string }): Float64Array {
  if (denominator === 'half' && base > 1) return rotaryFrequencies({ headDim: dim, ropeTheta: base }).ladder.hi;
  const pairs = dim / 2;
  const bottom = denominator === 'half' ? pairs : Math.max(1, pairs - 1);
  return Float64Array.from({ length: pairs }, (_, k) => base ** (-k / bottom));
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
    'The encoding of the first Transformer: each pair of channels is a clock hand that turns at its own speed, from one radian per position to 10 000 times slower. The row of a position is added to its word. Fast hands tell neighbours apart, slow hands tell the beginning of a text from its end. Moving both words on turns both hands by the same angle, so their product depends on the distance alone; and it is the same before and behind.',
    '第一个 Transformer 所用的编码：每两维一组，像一根指针，各以自己的速度旋转，最快每个位置一弧度，最慢的要慢一万倍。每个位置对应的一行加到词向量上。快指针区分邻近位置，慢指针区分文章的开头与结尾。两个词一起后移，指针转过同样的角度，因此内积只取决于距离；而且前后对称，分不出先后。',
  ),
  porters: T(
    'Fairseq and Whisper put all sines first and divide by d/2 − 1 instead of d/2: the numbers look alike and are not interchangeable.',
    'Fairseq 与 Whisper 把所有正弦排在前面，并除以 d/2 − 1 而不是 d/2：数值看起来相似，却不能互换。',
  ),
  formula: ['p_{n,2k} = \\sin ( n \\cdot b^{-2k/d} )', 'p_{n,2k+1} = \\cos ( n \\cdot b^{-2k/d} )'],
  controls: [
    PLACE,
    APART,
    slider('length', T('Positions', '位置数'), 128, 8, 512),
    steps('dim', T('Channels', '维度'), 128, DIMS),
    steps('base', T('Base', '底数（base）'), 10000, BASES),
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
    const [a, b] = [num(p.place), num(p.place) + num(p.apart)];
    const speeds = speedsOf(o);
    const reach = 64;
    const distances = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
    const gram = work.take(
      sinusoidalGram({ dim: o.dim, base: o.base, distances: distances.map(Math.abs), engine: work.engine }),
    );
    return [
      twoWords(
        T('A row is a set of clocks: two words, two hands on each', '一行就是一组钟：两个词，各两根指针'),
        speeds,
        [a, b],
      ),
      {
        kind: 'curves',
        label: T('The product of two rows: the same before and behind', '两行的内积：前后对称'),
        x: { title: T('distance', '距离') },
        y: { title: T('product', '内积') },
        series: [{ name: T('pₙ · pₙ₊ₛ', 'pₙ · pₙ₊ₛ'), x: distances, y: Float64Array.from(gram.data) }],
        marks: [{ x: b - a, label: T(`${b - a} apart`, `相隔 ${b - a}`) }],
      },
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
