/** Views of FIRE, TUPE and masks. Weights are random stand-ins. */
import { attentionMask, fire, tupe } from '../library.ts';
import { T } from '../text.ts';
import { nearIsHigh, smoothTable } from '../trained.ts';
import { around, call, noise, type Params, slider, steps, toggle, type View } from '../view.ts';
import { CAUSAL, HEADS, headPanels, headSlider, LENGTH } from './bias.ts';
import { attends, key, notThere, query } from './common.ts';
import { products, termsOf, termToggles } from './ideas.ts';
import { keysOf, queries, WIDTH } from './words.ts';

const num = (value: unknown) => value as number;
const sizes = (p: Params) => ({ heads: num(p.heads), head: num(p.head), length: num(p.length) });

const fireView: View = {
  id: 'fire',
  title: T('FIRE', 'FIRE'),
  names: ['FIRE', 'functional interpolation'],
  sources: [{ label: 'Li et al. 2023 (arXiv 2310.04418)', href: 'https://arxiv.org/abs/2310.04418' }],
  what: T(
    'A network is fed the logarithm of the distance, divided by that of the query’s own position: distance as a share of the text read so far. Beyond a learned threshold every query sees the same range from 0 to 1, however long the text, which is why it extrapolates. Rows then differ from each other: this bias is not a function of distance alone.',
    '网络的输入是距离的对数除以查询自身位置的对数：即距离占已读文本的比例。超过可学习的阈值后，无论文本多长，每个查询看到的输入都在 0 到 1 之间，因此能外推。于是各行不再相同：这种偏置不只是距离的函数。',
  ),
  formula: ['b_{i,j} = \\mathrm{MLP} ( \\frac{ \\ln ( c (i-j) + 1 ) }{ \\ln ( c \\max ( i, L ) + 1 ) } )'],
  controls: [
    HEADS,
    headSlider,
    LENGTH,
    slider('c', T('c', 'c'), 0.1, 0.01, 2, 0.01),
    slider('threshold', T('Threshold L', '阈值 L'), 16, 1, 256),
    slider('seed', T('Random weights', '随机权重'), 1, 1, 20),
    CAUSAL,
  ],
  compute(p, work) {
    const { heads, length: n } = sizes(p);
    const width = 32;
    const seed = 50 * num(p.seed);
    const layers = [
      { weight: noise(width, seed + 1).map((x) => 2 * x), bias: noise(width, seed + 2) },
      { weight: noise(width * heads, seed + 3).map((x) => x / 3), bias: noise(heads, seed + 4) },
    ];
    const bias = fire({
      layers,
      c: num(p.c),
      initL: num(p.threshold),
      keyLength: n,
      causal: p.causal === true,
      out: work.out('bias', [heads, n, n]),
    });
    return headPanels(() => bias.data, sizes(p), around(bias.data), 'diverging');
  },
  code: (p) => ({
    given: {
      layers: `[\n  { weight: new Float32Array(32), bias: new Float32Array(32) },\n  { weight: new Float32Array(${32 * num(p.heads)}), bias: new Float32Array(${p.heads}) },\n]`,
    },
    ts: call(
      'fire',
      { layers: '=layers', c: p.c, initL: p.threshold, keyLength: p.length, causal: p.causal },
      { c: 0.1, initL: 512, causal: false },
    ),
    torch: `d = (i - j).clamp(min=0)\nx = (${p.c} * d + 1).log() / ((${p.c} * i.clamp(min=${p.threshold}) + 1).log() + 1e-6)\nbias = mlp(x[..., None]).permute(2, 0, 1)`,
    llama: notThere,
  }),
};

const tupeView: View = {
  id: 'tupe',
  title: T('TUPE: untied positions', 'TUPE：解绑的位置'),
  names: ['TUPE', '解绑', 'untied'],
  sources: [{ label: 'Ke et al. 2020 (arXiv 2006.15595)', href: 'https://arxiv.org/abs/2006.15595' }],
  what: T(
    'Positions attend to positions, through projections of their own, and words to words; the mixed products are dropped. Added to that is T5’s relative bias, and the first token, which stands for the whole sentence, is untied from its place: its row and column are constant.',
    '位置用自己的投影关注位置，词关注词；交叉项被丢弃。再加上 T5 的相对偏置；代表整句的第一个词元与其位置解绑：它的行与列是常数。',
  ),
  formula: [
    'S_{i,j} = \\frac{ (x_i W^Q) \\cdot (x_j W^K) }{\\sqrt{2d}} + \\frac{ (p_i U^Q) \\cdot (p_j U^K) }{\\sqrt{2d}} + b_{j-i}',
  ],
  controls: [
    steps('heads', T('Heads', '头数'), 4, [1, 2, 4, 8]),
    headSlider,
    { ...slider('length', T('Words', '词数'), 10, 4, 48) },
    ...termToggles(['cc', 'pp']),
    toggle('relative', T('With the relative bias (TUPE-R)', '加相对偏置（TUPE-R）'), true),
    slider('seed', T('Random weights', '随机权重'), 1, 1, 20),
  ],
  compute(p, work) {
    const { heads, length: n } = sizes(p);
    const dim = 32;
    const seed = 70 * num(p.seed);
    const square = (s: number) => ({
      weight: noise(dim * dim, seed + s).map((x) => x / 3),
      bias: new Float32Array(dim),
    });
    const bias = tupe({
      length: n,
      heads,
      dim,
      positions: smoothTable(n + 1, dim, seed + 1),
      norm: { weight: new Float32Array(dim).fill(1), bias: new Float32Array(dim) },
      query: square(2),
      key: square(3),
      relativeTable: p.relative ? nearIsHigh(33, heads, (row) => row % 16, seed + 4) : undefined,
      out: work.out('bias', [heads, n, n]),
    });
    const shown = Math.min(num(p.head), heads - 1);
    const own = Float64Array.from(bias.data.subarray(shown * n * n, (shown + 1) * n * n));
    // both products are divided by the root of twice the width
    const content = products(work, queries(work, n), keysOf(work, n), 1 / Math.sqrt(2 * WIDTH));
    return [
      termsOf(
        T(
          'Words meet words, positions meet positions; the first row and column are reset',
          '词对词，位置对位置；首行与首列被重置',
        ),
        p,
        n,
        {
          cc: { name: 'x · x', data: Float64Array.from(content) },
          pp: { name: `p · p${p.relative ? ' + b(j − i)' : ''}`, data: own },
        },
      ),
      ...headPanels(() => bias.data, sizes(p), around(bias.data), 'diverging'),
    ];
  },
  code: (p) => ({
    given: {
      positions: `Tensor.zeros([${num(p.length) + 1}, 32])`,
      norm: '{ weight: new Float32Array(32).fill(1), bias: new Float32Array(32) }',
      query: '{ weight: new Float32Array(32 * 32), bias: new Float32Array(32) }',
      key: '{ weight: new Float32Array(32 * 32), bias: new Float32Array(32) }',
      ...(p.relative ? { relativeTable: `Tensor.zeros([33, ${p.heads}])` } : {}),
    },
    ts: `tupe({ length: ${p.length}, heads: ${p.heads}, positions, norm, query, key${p.relative ? ', relativeTable' : ''} })`,
    torch: `absolute = (ln(P) @ Uq) @ (ln(P) @ Uk).T / (2 * d) ** 0.5\nbias = reset_cls(absolute)${p.relative ? ' + t5_bias' : ''}`,
    llama: notThere,
  }),
};

const maskView: View = {
  id: 'mask',
  title: T('Masks: causal and sliding window', '掩码：因果与滑动窗口'),
  names: ['causal mask', '因果掩码', 'sliding window', '滑动窗口', 'NoPE', '掩码'],
  sources: [
    { label: 'Beltagy et al. 2020, Longformer (arXiv 2004.05150)', href: 'https://arxiv.org/abs/2004.05150' },
    { label: 'flash-attention 2.1', href: 'https://github.com/Dao-AILab/flash-attention' },
  ],
  what: T(
    'Which keys a query may see at all. A causal mask is a positional encoding too: it is how a decoder without any other encoding can still tell order. A sliding window of w keys makes cost linear; stacked layers still see w times their number. With fewer queries than keys, the two meet at their ends.',
    '规定查询能看到哪些键。因果掩码本身也是一种位置编码：没有其他编码的解码器正是靠它分辨顺序。宽度为 w 的滑动窗口使计算量变为线性；多层叠加后仍能看到层数乘 w 那么远。查询少于键时，两者按末端对齐。',
  ),
  formula: ['S_{i,j} \\leftarrow -\\infty, \\quad j < i - l \\mid j > i + r'],
  controls: [
    slider('queries', T('Queries', '查询数'), 48, 1, 96),
    slider('keys', T('Keys', '键数'), 64, 1, 96),
    slider('left', T('Sees back (−1: all)', '向前可见（−1：不限）'), 16, -1, 64),
    slider('right', T('Sees ahead (−1: all)', '向后可见（−1：不限）'), 0, -1, 64),
  ],
  compute(p, work) {
    const [rows, cols] = [num(p.queries), num(p.keys)];
    const mask = work.take(
      attentionMask({
        queryLength: rows,
        keyLength: cols,
        window: [num(p.left), num(p.right)],
        dtype: 'uint8',
        engine: work.engine,
      }),
    );
    return [
      {
        kind: 'map',
        label: T('Who may see whom', '谁能看到谁'),
        data: () => mask.data,
        rows,
        cols,
        palette: 'sequential',
        range: [0, 1],
        rowTitle: query,
        colTitle: key,
        rowAt: (r) => r + cols - rows,
        cell: (r, c, v) => attends(r + cols - rows, c, v ? 0 : Number.NEGATIVE_INFINITY),
        square: true,
      },
    ];
  },
  code: (p) => ({
    ts: `attentionMask({ queryLength: ${p.queries}, keyLength: ${p.keys}, window: [${p.left}, ${p.right}] })`,
    torch: `i = torch.arange(${p.queries})[:, None] + ${num(p.keys) - num(p.queries)}\nallowed = ${[num(p.left) >= 0 ? `(j >= i - ${p.left})` : '', num(p.right) >= 0 ? `(j <= i + ${p.right})` : ''].filter(Boolean).join(' & ') || 'torch.ones_like(i + j, dtype=bool)'}`,
    llama: T(
      'No flag: llama.cpp takes the window from the model file (attention.sliding_window).',
      '没有对应参数：llama.cpp 从模型文件读取窗口（attention.sliding_window）。',
    ),
  }),
};

export const moreBiasViews: readonly View[] = [fireView, tupeView, maskView];
