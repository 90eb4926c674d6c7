/** Views of the biases that depend on distance: one matrix per head, added onto the scores. */
import { type AlibiOptions, alibi, alibiSlopes } from '../library.ts';
import { show, T } from '../text.ts';
import {
  call,
  choice,
  type MapPanel,
  type Panel,
  type Params,
  type Series,
  type Slider,
  slider,
  steps,
  toggle,
  type View,
} from '../view.ts';
import { attends, distance, head, key, noFlag, query } from './common.ts';
import { attention, ruler } from './ideas.ts';

const num = (value: unknown) => value as number;

export const HEADS = steps('heads', T('Heads', '头数'), 8, [1, 2, 3, 4, 6, 8, 12, 16, 32]);
export const LENGTH = slider('length', T('Positions', '位置数'), 64, 8, 256);
/** The longest distance that the pictures call trained. */
export const TRAINED = 32;
export const CAUSAL = toggle('causal', T('Causal', '因果'), true);
export const headSlider: Slider = {
  ...slider('head', T('Head shown', '显示的头'), 0, 0, 31),
  limit: (p) => num(p.heads) - 1,
};

/** One head of a [heads, q, k] tensor, and every head as a function of distance. */
export function headPanels(
  data: () => ArrayLike<number>,
  p: { heads: number; head: number; length: number },
  range: readonly [number, number],
  palette: MapPanel['palette'] = 'sequential',
  as: Series['as'] = 'line',
): Panel[] {
  const { heads, length: n } = p;
  const shown = Math.min(p.head, heads - 1);
  return [
    {
      kind: 'map',
      label: T(`Bias of head ${shown}`, `第 ${shown} 头的偏置`),
      data,
      start: shown * n * n,
      rows: n,
      cols: n,
      palette,
      range,
      rowTitle: query,
      colTitle: key,
      cell: (r, c, v) => attends(r, c, v),
      square: true,
      through: 'row',
    },
    distances(data, heads, n, as),
  ];
}

/** The middle row of every head against key − query. */
function distances(data: () => ArrayLike<number>, heads: number, n: number, as: Series['as']): Panel {
  const row = n - 1;
  const from = data();
  const few = Array.from({ length: Math.min(heads, 5) }, (_, i) => Math.floor((i * heads) / Math.min(heads, 5)));
  const x = Float64Array.from({ length: n }, (_, j) => j - row);
  return {
    kind: 'curves',
    label: T('The last query: bias by distance, for several heads', '最后一个查询：若干头的偏置随距离变化'),
    x: { title: distance },
    y: { title: T('bias', '偏置') },
    series: few.map((h) => ({
      name: T(`${head.en} ${h}`, `${head.zh} ${h}`),
      x,
      as,
      y: Float64Array.from({ length: n }, (_, j) => from[(h * n + row) * n + j]),
    })),
  };
}

function alibiOptions(p: Params) {
  return {
    heads: num(p.heads),
    keyLength: num(p.length),
    slopes: p.slopes as 'press' | 'mpt' | 'geometric',
    form: p.form as NonNullable<AlibiOptions['form']>,
    causal: p.causal === true,
  } satisfies AlibiOptions;
}

const alibiView: View = {
  id: 'alibi',
  title: T('ALiBi', 'ALiBi 线性偏置'),
  names: ['ALiBi', '线性偏置', 'attention with linear biases', 'linear bias'],
  sources: [{ label: 'Press et al. 2021 (arXiv 2108.12409)', href: 'https://arxiv.org/abs/2108.12409' }],
  what: T(
    'No vector at all: from every score subtract the distance times a slope, one slope per head. Steep heads look close, flat heads look far. A word beyond the trained length only costs a little more than the one before it, so longer texts still make sense: this is extrapolation. BLOOM and MPT use it.',
    '完全不用向量：每个分数减去“距离 × 斜率”，每个头一个斜率。陡的头看近处，平的头看远处。超出训练长度的词只比前一个多扣一点，因此能外推到比训练更长的文本。BLOOM 与 MPT 采用它。',
  ),
  porters: T(
    'Public implementations write four different matrices that agree only after a causal softmax, and order the slopes differently when the number of heads is not a power of two.',
    '各家公开实现写出四种不同的矩阵，只有经过因果 softmax 后才一致；头数不是二的幂时，斜率的顺序也各不相同。',
  ),
  formula: ['S_{h,i,j} = \\frac{q_i \\cdot k_j}{\\sqrt{d}} - m_h |i - j|', 'm_h = 2^{-8 (h+1) / H}'],
  controls: [
    HEADS,
    headSlider,
    LENGTH,
    choice('slopes', T('Slopes', '斜率'), 'press', [
      ['press', T('Press, BLOOM', 'Press、BLOOM')],
      ['mpt', T('MPT', 'MPT')],
      ['geometric', T('one geometric row', '单一等比数列')],
    ]),
    choice('form', T('Form', '形式'), 'distance', [
      ['distance', T('distance: −m|i − j|', '距离：−m|i − j|')],
      ['tril', T('GPT-NeoX: −m·max(i − j, 0)', 'GPT-NeoX：−m·max(i − j, 0)')],
      ['key', T('key: +m·j (Press)', '键：+m·j（Press）')],
      ['key-last-zero', T('key, last zero (MPT)', '键，末位为零（MPT）')],
    ]),
    CAUSAL,
  ],
  compute(p, work) {
    const o = alibiOptions(p);
    const bias = alibi({ ...o, out: work.out('bias', [o.heads, o.keyLength, o.keyLength]) });
    const slopes = work.take(alibiSlopes({ heads: o.heads, slopes: o.slopes, engine: work.engine }));
    const most = Math.max(...slopes.data) * (o.keyLength - 1);
    const shown = Math.min(num(p.head), o.heads - 1);
    // a flat head has a range of its own, or nothing of it could be seen
    const own = slopes.data[shown] * (o.keyLength - 1) || most;
    const range: [number, number] = o.form === 'key' ? [0, own] : [-own, 0];
    const row = ruler(
      T(
        `Head ${shown} as a ruler: every word back costs ${show(slopes.data[shown], 3)}`,
        `第 ${shown} 头的尺子：每远一个词扣 ${show(slopes.data[shown], 3)}`,
      ),
      bias.data,
      o.keyLength,
      shown,
      { trained: TRAINED },
    );
    const panels: Panel[] = [
      row,
      {
        kind: 'curves',
        label: T('What is left of attention, all words alike', '注意力还剩多少（所有词相同）'),
        x: { title: T('distance', '距离') },
        y: { title: T('share of attention', '注意力占比'), min: 0 },
        series: attention(row.values),
        marks: [{ x: TRAINED, label: T('trained up to here', '训练到此为止') }],
      },
    ];
    return panels
      .concat(headPanels(() => bias.data, { heads: o.heads, head: shown, length: o.keyLength }, range))
      .concat({
        kind: 'note',
        text: T(`Slope of head ${shown}: ${slopes.data[shown]}`, `第 ${shown} 头的斜率：${slopes.data[shown]}`),
      });
  },
  code(p) {
    const o = alibiOptions(p);
    const inside: Record<string, string> = {
      distance: '-(i - j).abs()',
      tril: '-(i - j).clamp(min=0)',
      key: 'j',
      'key-last-zero': `j - ${o.keyLength - 1}`,
    };
    return {
      ts: call('alibi', o, { slopes: 'press', form: 'distance', causal: false }),
      torch: `i, j = torch.arange(${o.keyLength})[:, None], torch.arange(${o.keyLength})\nbias = slopes[:, None, None] * (${inside[o.form]})${o.causal ? "\nbias = bias.masked_fill(j > i, float('-inf'))" : ''}`,
      llama: noFlag,
    };
  },
};

export const biasViews: readonly View[] = [alibiView];
