/** Views of the biases with learned numbers: buckets, kernels, networks. Weights here are smooth or random stand-ins. */
import { alibi, dynamicBias, kerple, naiveRelativeBias, sandwich, t5Bias, t5Buckets } from '../library.ts';
import { T, type Text } from '../text.ts';
import { fallingLayers, nearIsHigh } from '../trained.ts';
import {
  around,
  call,
  choice,
  extent,
  type Params,
  type RulerPanel,
  slider,
  steps,
  toggle,
  type View,
  type Workspace,
} from '../view.ts';
import { CAUSAL, HEADS, headPanels, headSlider, LENGTH, TRAINED } from './bias.ts';
import { attends, key, noFlag, notThere, query } from './common.ts';
import { ruler } from './ideas.ts';

const num = (value: unknown) => value as number;
const sizes = (p: Params) => ({ heads: num(p.heads), head: num(p.head), length: num(p.length) });

const t5Options = (p: Params) => ({
  keyLength: num(p.length),
  numBuckets: num(p.buckets),
  maxDistance: num(p.far),
  bidirectional: p.both === true,
});

const t5: View = {
  id: 't5',
  title: T('T5 buckets', 'T5 分桶偏置'),
  names: ['T5', '相对位置偏置', '分桶', 'T5 式', 'relative position bias', 'bucket', 'relative bias'],
  sources: [
    { label: 'Raffel et al. 2019 (arXiv 1910.10683)', href: 'https://arxiv.org/abs/1910.10683' },
    {
      label: 'transformers, T5Attention',
      href: 'https://github.com/huggingface/transformers/blob/main/src/transformers/models/t5/modeling_t5.py',
    },
  ],
  what: T(
    'Distances fall into buckets: one for each short distance, then ever wider ones up to a maximum, beyond which all share the last. Each head learns one number per bucket. In the encoder, keys before and after the query have buckets of their own. The numbers here are made up to look trained, near ones high; which cells share one is real.',
    '距离落入分桶：近距离一桶一个，之后桶越来越宽，直到最大距离，更远的共用最后一桶。每个头为每个桶学一个数。编码器中，查询之前与之后的键各有自己的桶。这里的数是照训练结果的样子虚构的（近处高）；哪些单元格共用一桶是真实的。',
  ),
  porters: T(
    'The bucket is the floor of a logarithm. PyTorch takes it in float32, and at a few distances float64 gives another bucket; models were trained with the first.',
    '桶号是对数取整。PyTorch 用 float32 计算，在少数距离上 float64 会得到另一个桶；模型是按前者训练的。',
  ),
  formula: [
    'b_{h,i,j} = W_{\\mathrm{bucket} ( j - i ), h}',
    '\\mathrm{bucket} ( n ) = n \\quad ( n < N/2 ), \\quad \\min ( \\frac{N}{2} + \\lfloor \\frac{\\ln ( 2n/N )}{\\ln ( 2M/N )} \\cdot \\frac{N}{2} \\rfloor, N - 1 )',
  ],
  controls: [
    HEADS,
    headSlider,
    LENGTH,
    steps('buckets', T('Buckets', '桶数'), 32, [8, 16, 32, 64]),
    steps('far', T('Largest distance', '最大距离'), 128, [40, 64, 128, 256, 1024]),
    toggle('both', T('Both directions (encoder)', '双向（编码器）'), true),
  ],
  compute(p, work) {
    const o = t5Options(p);
    const { heads, length: n } = sizes(p);
    const table = work.out('table', [o.numBuckets, heads]);
    const half = o.bidirectional ? o.numBuckets / 2 : o.numBuckets;
    table.data.set(nearIsHigh(o.numBuckets, heads, (row) => row % half));
    const buckets = work.take(t5Buckets({ ...o, engine: work.engine }));
    const bias = t5Bias(table, { ...o, out: work.out('bias', [heads, n, n]) });
    const head = Math.min(num(p.head), heads - 1);
    const last = (n - 1) * n;
    return [
      ruler(
        T('A ruler whose marks get wider: far words share one', '刻度越来越宽的尺子：远处的词共用一格'),
        bias.data,
        n,
        head,
        { groups: Int32Array.from({ length: n }, (_, d) => buckets.data[last + n - 1 - d]) },
      ),
      {
        kind: 'map',
        label: T('Bucket of each pair of positions', '每一对位置所属的桶'),
        data: () => buckets.data,
        rows: n,
        cols: n,
        palette: 'sequential',
        range: [0, o.numBuckets - 1],
        rowTitle: query,
        colTitle: key,
        cell: (r, c, v) => attends(r, c, v),
        square: true,
        through: 'row',
      },
      ...headPanels(() => bias.data, sizes(p), around(bias.data), 'diverging', 'steps'),
    ];
  },
  code: (p) => ({
    given: { table: `Tensor.zeros([${p.buckets}, ${p.heads}])` },
    ts: call('t5Bias', t5Options(p), { numBuckets: 32, maxDistance: 128, bidirectional: true }, 'table'),
    torch: `bucket = T5Attention._relative_position_bucket(j - i, bidirectional=${p.both ? 'True' : 'False'}, num_buckets=${p.buckets}, max_distance=${p.far})\nbias = table[bucket].permute(2, 0, 1)`,
    llama: noFlag,
  }),
};

/** Parameters that differ from head to head, as training would leave them. */
const spread = (heads: number, from: number, to: number) =>
  Array.from({ length: heads }, (_, h) => from + ((to - from) * h) / Math.max(1, heads - 1));

const kerpleOptions = (p: Params) => ({
  kind: p.kind as 'log' | 'power',
  p: spread(num(p.heads), num(p.p) / 4, num(p.p)),
  a: spread(num(p.heads), num(p.a), num(p.a) / 8),
  keyLength: num(p.length),
  causal: p.causal === true,
});

/** One head beside its relatives on one ruler: ALiBi falls straight, T5 in steps; all less their value at distance 0. */
function compared(name: Text, data: ArrayLike<number>, p: Params, work: Workspace): RulerPanel {
  const { heads, head, length: n } = sizes(p);
  const shown = Math.min(head, heads - 1);
  const line = work.take(alibi({ heads: 1, slopes: [0.0625], keyLength: n, rows: [n - 1, n], engine: work.engine }));
  const weights = work.out('t5 weights', [32, 1]);
  weights.data.set(nearIsHigh(32, 1, (row) => row % 16).map((x) => 0.35 * x));
  const steps = work.take(t5Bias(weights, { keyLength: n, rows: [n - 1, n] }));
  const back = (from: ArrayLike<number>) => Float64Array.from({ length: n }, (_, d) => from[n - 1 - d] - from[n - 1]);
  const own = ruler(name, data, n, shown).values;
  return ruler(
    T(`${name.en} beside ALiBi and T5, relative to distance 0`, `${name.zh} 与 ALiBi、T5 并列（以距离 0 为准）`),
    data,
    n,
    shown,
    {
      name,
      values: Float64Array.from(own, (value) => value - own[0]),
      others: [
        { name: T('ALiBi', 'ALiBi'), values: back(line.data) },
        { name: T('T5', 'T5'), values: back(steps.data) },
      ],
      trained: TRAINED,
    },
  );
}

const kerpleView: View = {
  id: 'kerple',
  title: T('KERPLE', 'KERPLE'),
  names: ['KERPLE', '核'],
  sources: [{ label: 'Chi et al. 2022 (arXiv 2205.09921)', href: 'https://arxiv.org/abs/2205.09921' }],
  what: T(
    'ALiBi with a shape that is learned: each head has two positive numbers, and the penalty grows with the logarithm of the distance, or with a power of it. The logarithm keeps far keys visible, which is why it extrapolates well. Here the heads run from one end of the parameters to the other.',
    '形状可学习的 ALiBi：每个头有两个正数，惩罚随距离的对数（或幂）增长。对数让远处的键仍然可见，因而外推良好。这里各头的参数从一端变到另一端。',
  ),
  symbols: {
    p: [T('learned: strength or power', '可学习：强度或幂'), 'p'],
    a: [T('learned: scale', '可学习：尺度'), 'a'],
  },
  formula: [
    'b^{\\mathrm{log}}_{h,i,j} = - p_h \\ln ( 1 + a_h ( i - j ) )',
    'b^{\\mathrm{power}}_{h,i,j} = - a_h ( i - j )^{p_h}',
  ],
  controls: [
    HEADS,
    headSlider,
    LENGTH,
    choice('kind', T('Kernel', '核函数'), 'log', [
      ['log', T('logarithm', '对数')],
      ['power', T('power', '幂')],
    ]),
    slider('p', T('Largest p', '最大 p'), 1, 0.1, 2, 0.05),
    slider('a', T('Largest a', '最大 a'), 1, 0.05, 2, 0.05),
    CAUSAL,
  ],
  compute(p, work) {
    const { heads, length: n } = sizes(p);
    const bias = kerple({ ...kerpleOptions(p), out: work.out('bias', [heads, n, n]) });
    return [
      compared(T('KERPLE', 'KERPLE'), bias.data, p, work),
      ...headPanels(() => bias.data, sizes(p), [extent(bias.data)[0], 0]),
    ];
  },
  code: (p) => ({
    given: {
      p: `[${kerpleOptions(p).p.map((x) => +x.toFixed(3))}]`,
      a: `[${kerpleOptions(p).a.map((x) => +x.toFixed(3))}]`,
    },
    ts: call('kerple', { ...kerpleOptions(p), p: '=p', a: '=a' }, { kind: 'log', causal: false }),
    torch:
      p.kind === 'log'
        ? 'bias = -p * torch.log(1 + a * (i - j).clamp(min=0))'
        : 'bias = -a * (i - j).clamp(min=0) ** p',
    llama: notThere,
  }),
};

const sandwichOptions = (p: Params) => ({
  heads: num(p.heads),
  dim: num(p.dim),
  base: num(p.base),
  form: p.form as 'paper' | 'nemo',
  keyLength: num(p.length),
  causal: p.causal === true,
});

const sandwichView: View = {
  id: 'sandwich',
  title: T('Sandwich', 'Sandwich'),
  names: ['Sandwich'],
  sources: [{ label: 'Chi et al. 2022 (arXiv 2212.10356)', href: 'https://arxiv.org/abs/2212.10356' }],
  what: T(
    'Take sinusoidal vectors, but use only their product with each other as a bias: a sum of cosines that falls with distance and wiggles. Nothing is learned; each head divides the curve by its own number. It shows that a sinusoid, stripped of its coupling to content, is a relative bias.',
    '取正弦向量，但只把它们之间的内积用作偏置：一组余弦之和，随距离下降并略有波动。没有可学习的参数；每个头把曲线除以自己的数。它说明正弦编码去掉与内容的耦合后就是一种相对偏置。',
  ),
  porters: T(
    'The paper divides by 8 (h + 1) / H; NeMo by 8 h / H, takes frequencies from the second pair on and subtracts d / 2.',
    '论文除以 8 (h + 1) / H；NeMo 除以 8 h / H，频率从第二组起，并减去 d / 2。',
  ),
  symbols: {
    k: [T('number of the pair', '第几组')],
  },
  formula: ['b_{h,i,j} = \\frac{1}{8 (h+1) / H} \\sum_{k=0}^{d/2-1} \\cos ( (i-j) 10000^{-2k/d} )'],
  controls: [
    HEADS,
    // a flat head: beside steep ones ALiBi and T5 would be one line at zero
    { ...headSlider, value: 7 },
    LENGTH,
    steps('dim', T('Width of the vectors', '向量宽度'), 128, [16, 32, 64, 128, 256]),
    steps('base', T('Base', '底数'), 10000, [100, 1000, 10000, 100000]),
    choice('form', T('Form', '形式'), 'paper', [
      ['paper', T('paper', '论文')],
      ['nemo', T('NeMo: zero at distance 0', 'NeMo：距离为 0 时为零')],
    ]),
    CAUSAL,
  ],
  compute(p, work) {
    const { heads, length: n } = sizes(p);
    const head = Math.min(num(p.head), heads - 1);
    const bias = sandwich({ ...sandwichOptions(p), out: work.out('bias', [heads, n, n]) });
    return [
      compared(T('Sandwich', 'Sandwich'), bias.data, p, work),
      // a range of its own, or a flat head would be one colour
      ...headPanels(() => bias.data, sizes(p), extent(bias.data.subarray(head * n * n, (head + 1) * n * n))),
    ];
  },
  code: (p) => ({
    ts: call('sandwich', sandwichOptions(p), { dim: 128, base: 10000, form: 'paper', causal: false }),
    torch: `freq = ${p.base} ** (-2 * torch.arange(${num(p.dim) / 2}) / ${p.dim})\nbias = ((i - j)[..., None] * freq).cos().sum(-1) / (8 * (h + 1) / ${p.heads})`,
    llama: notThere,
  }),
};

const naive: View = {
  id: 'naive',
  title: T('A number for every distance (RPB)', '每个距离一个数（RPB）'),
  names: ['RPB', '朴素', 'one number per distance', 'naive'],
  sources: [{ label: 'T5, §2.1 (arXiv 1910.10683)', href: 'https://arxiv.org/abs/1910.10683' }],
  what: T(
    'The simplest learned relative bias: a table with one number for each distance and head, nothing shared, nothing clipped. It cannot go beyond the distances it was trained on. Numbers here are made up to look trained.',
    '最简单的可学习相对偏置：为每个距离、每个头各存一个数，不共享、不截断。它无法超出训练过的距离。这里的数是照训练结果的样子虚构的。',
  ),
  symbols: {
    M: [T('longest distance and one', '最长距离加一')],
  },
  formula: ['b_{h,i,j} = W_{j - i + M - 1, h}'],
  controls: [HEADS, headSlider, LENGTH, CAUSAL],
  compute(p, work) {
    const { heads, length: n } = sizes(p);
    const table = work.out('table', [2 * n - 1, heads]);
    table.data.set(nearIsHigh(2 * n - 1, heads, (row) => Math.abs(row - n + 1), 9));
    const bias = naiveRelativeBias(table, {
      keyLength: n,
      causal: p.causal === true,
      out: work.out('bias', [heads, n, n]),
    });
    const head = Math.min(num(p.head), heads - 1);
    return [
      ruler(
        T('A mark for every distance, and none beyond the last', '每个距离一格，最后一格之外没有刻度'),
        bias.data,
        n,
        head,
      ),
      ...headPanels(() => bias.data, sizes(p), around(bias.data), 'diverging'),
    ];
  },
  code: (p) => ({
    given: { table: `Tensor.zeros([${2 * num(p.length) - 1}, ${p.heads}])` },
    ts: `naiveRelativeBias(table, { keyLength: ${p.length}, causal: ${p.causal} })`,
    torch: `bias = table[j - i + ${p.length} - 1].permute(2, 0, 1)`,
    llama: notThere,
  }),
};

const dynamicView: View = {
  id: 'dynamic-bias',
  title: T('Dynamic position bias (a network)', '动态位置偏置（距离的网络）'),
  names: ['dynamic position bias', 'DPB', '距离网络', 'MLP bias'],
  sources: [
    { label: 'Swin V2, §3.3 (arXiv 2111.09883)', href: 'https://arxiv.org/abs/2111.09883' },
    { label: 'x-transformers, DynamicPositionBias', href: 'https://github.com/lucidrains/x-transformers' },
  ],
  what: T(
    'Instead of a table, a small network: it is fed the distance (or its logarithm) and returns one number per head. It answers for distances never seen, smoothly. It is run once for each distinct distance, not for each cell. The weights are made up to look trained.',
    '用小网络代替查表：输入距离（或其对数），输出每个头一个数。对没见过的距离也能平滑作答。每个不同的距离只运行一次，而不是每个单元格一次。权重是照训练结果的样子虚构的。',
  ),
  formula: [
    'b_{h,i,j} = \\mathrm{MLP} ( i - j )_h',
    'b_{h,i,j} = \\mathrm{MLP} ( \\sign ( i - j ) \\ln ( |i - j| + 1 ) )_h',
  ],
  controls: [
    HEADS,
    headSlider,
    LENGTH,
    toggle('log', T('Logarithm of the distance', '对距离取对数'), true),
    steps('width', T('Hidden width', '隐藏宽度'), 32, [4, 8, 16, 32, 64]),
    slider('seed', T('Made-up weights', '虚构的权重'), 1, 1, 20),
  ],
  compute(p, work) {
    const { heads, length: n } = sizes(p);
    const head = Math.min(num(p.head), heads - 1);
    const bias = dynamicBias({
      // distances run to the length, their logarithms to a few: a slope that fits both
      layers: fallingLayers(num(p.width), heads, 31 * num(p.seed), p.log ? 5 : 0.2),
      logDistance: p.log === true,
      keyLength: n,
      out: work.out('bias', [heads, n, n]),
    });
    return [
      ruler(
        T('A smooth ruler: the network answers past the trained distances too', '平滑的尺子：超出训练距离也能作答'),
        bias.data,
        n,
        head,
        { trained: TRAINED },
      ),
      ...headPanels(() => bias.data, sizes(p), around(bias.data), 'diverging'),
    ];
  },
  code: (p) => ({
    given: {
      layers: `[\n  { weight: new Float32Array(${p.width}), bias: new Float32Array(${p.width}) },\n  { weight: new Float32Array(${num(p.width) * num(p.heads)}), bias: new Float32Array(${p.heads}) },\n]`,
    },
    ts: `dynamicBias({ layers, logDistance: ${p.log}, keyLength: ${p.length} })`,
    torch: `d = (i - j).float()\n${p.log ? 'd = d.sign() * (d.abs() + 1).log()\n' : ''}bias = mlp(d[..., None]).permute(2, 0, 1)`,
    llama: notThere,
  }),
};

export const tableBiasViews: readonly View[] = [t5, kerpleView, sandwichView, naive, dynamicView];
