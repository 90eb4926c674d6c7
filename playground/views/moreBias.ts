/** Views of FIRE, TUPE and masks. Weights are random stand-ins. */
import { alibi, attentionMask, fire, positionIds, tupe } from '../library.ts';
import { T } from '../text.ts';
import { fallingLayers, nearIsHigh, smoothTable } from '../trained.ts';
import { around, call, extent, noise, type Params, slider, steps, toggle, type View } from '../view.ts';
import { CAUSAL, HEADS, headPanels, headSlider, LENGTH } from './bias.ts';
import { attends, key, notThere, query } from './common.ts';
import { products, ruler, termsOf, termToggles } from './ideas.ts';
import { keysOf, queries, WIDTH } from './words.ts';

const num = (value: unknown) => value as number;
/** Where three texts begin, and the last one ends. */
function starts(p: Params): number[] {
  const [first, second] = [num(p.first), num(p.first) + num(p.second)];
  return [0, first, second, second + num(p.third)];
}
const sizes = (p: Params) => ({ heads: num(p.heads), head: num(p.head), length: num(p.length) });

const fireView: View = {
  id: 'fire',
  title: T('FIRE', 'FIRE'),
  names: ['FIRE', 'functional interpolation'],
  sources: [{ label: 'Li et al. 2023 (arXiv 2310.04418)', href: 'https://arxiv.org/abs/2310.04418' }],
  what: T(
    'A network is fed the logarithm of the distance, divided by that of the query’s own position: distance as a share of the text read so far. Beyond a learned threshold every query sees the same range from 0 to 1, however long the text, which is why it extrapolates. Rows then differ from each other: this bias is not a function of distance alone. The weights are made up to look trained.',
    '网络的输入是距离的对数除以查询自身位置的对数：即距离占已读文本的比例。超过可学习的阈值后，无论文本多长，每个查询看到的输入都在 0 到 1 之间，因此能外推。于是各行不再相同：这种偏置不只是距离的函数。权重是照训练结果的样子虚构的。',
  ),
  symbols: {
    c: [T('learned: where the logarithm bends', '可学习：对数在何处弯曲'), 'c'],
    L: [T('learned threshold', '可学习的阈值'), 'threshold'],
  },
  formula: ['b_{i,j} = \\mathrm{MLP} ( \\frac{ \\ln ( c (i-j) + 1 ) }{ \\ln ( c \\max ( i, L ) + 1 ) } )'],
  controls: [
    HEADS,
    headSlider,
    LENGTH,
    slider('c', T('c', 'c'), 0.1, 0.01, 2, 0.01),
    slider('threshold', T('Threshold L', '阈值 L'), 16, 1, 256),
    slider('seed', T('Made-up weights', '虚构的权重'), 1, 1, 20),
    CAUSAL,
  ],
  compute(p, work) {
    const { heads, length: n } = sizes(p);
    const bias = fire({
      layers: fallingLayers(32, heads, 50 * num(p.seed) + 1, 14),
      c: num(p.c),
      initL: num(p.threshold),
      keyLength: n,
      causal: p.causal === true,
      out: work.out('bias', [heads, n, n]),
    });
    const head = Math.min(num(p.head), heads - 1);
    const last = ruler(
      T(
        'The same distances from an early query and from the last: a far word weighs less in a short text',
        '早的查询与最后的查询看同样的距离：文本越短，远处的词越轻',
      ),
      bias.data,
      n,
      head,
    );
    const early = Math.min(n - 1, Math.max(2, Math.floor(n / 3)));
    const row = (head * n + early) * n;
    return [
      {
        ...last,
        name: T(`query ${n - 1}`, `查询 ${n - 1}`),
        others: [
          {
            name: T(`query ${early}`, `查询 ${early}`),
            values: Float64Array.from({ length: early + 1 }, (_, d) => bias.data[row + early - d]),
          },
        ],
      },
      ...headPanels(() => bias.data, sizes(p), around(bias.data), 'diverging'),
    ];
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
  symbols: {
    U: [T('projections of positions', '位置的投影')],
  },
  formula: [
    'S_{i,j} = \\frac{ (x_i W^{\\mathrm{Q}}) \\cdot (x_j W^{\\mathrm{K}}) }{\\sqrt{2d}} + \\frac{ (p_i U^{\\mathrm{Q}}) \\cdot (p_j U^{\\mathrm{K}}) }{\\sqrt{2d}} + b_{j-i}',
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
  porters: T(
    'With fewer queries than keys, flash-attention up to 2.0 aligned the two at their beginnings; since 2.1 at their ends. A window of W in Hugging Face is [W − 1, 0] here.',
    '查询少于键时，flash-attention 2.0 及以前按开头对齐，2.1 起按末端对齐。Hugging Face 的窗口 W 在这里写作 [W − 1, 0]。',
  ),
  symbols: {
    l: [T('keys seen back', '向前可见的键数'), 'left'],
    r: [T('keys seen ahead', '向后可见的键数'), 'right'],
  },
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

const packed: View = {
  id: 'packed',
  title: T('Packed texts: positions start again', '打包序列：位置重新计数'),
  names: ['packed sequences', 'cuSeqlens', 'cu_seqlens', 'varlen', 'sequence packing', '打包', '变长序列'],
  sources: [{ label: 'flash-attention, varlen', href: 'https://github.com/Dao-AILab/flash-attention' }],
  what: T(
    'Training wastes nothing if short texts stand in one row, end to end. Then positions must start again with every text, and no word may see a word of another text. One list says where the texts begin and end; masks, biases and scores all take it. With the right list a packed text computes exactly what it would alone.',
    '把短文本首尾相接放在一行里，训练就不浪费。此时每篇文本的位置必须重新从零数起，任何词都不能看到别的文本的词。一个列表说明各篇从哪里到哪里；掩码、偏置和分数都接受它。列表正确时，打包后的结果与单独计算完全相同。',
  ),
  porters: T(
    'cu_seqlens has one number more than there are texts: it begins with 0 and ends with the length of the row. RoPE takes the positions (positionIds), everything else takes the list.',
    'cu_seqlens 比文本数多一个数：以 0 开头，以整行长度结尾。RoPE 使用位置（positionIds），其余都使用这个列表。',
  ),
  symbols: {
    n: [T('position of a word in its text', '词在自己文本中的位置')],
    i: [T('place in the row', '在整行中的位置')],
    c: [T('beginning of its text', '所在文本的起点')],
  },
  formula: ['n_i = i - c_i'],
  controls: [
    slider('first', T('Words of the first text', '第一篇的词数'), 10, 1, 32),
    slider('second', T('Words of the second text', '第二篇的词数'), 17, 1, 32),
    slider('third', T('Words of the third text', '第三篇的词数'), 6, 1, 32),
    toggle('alibi', T('With ALiBi', '加 ALiBi'), true),
  ],
  compute(p, work) {
    const cuSeqlens = starts(p);
    const n = cuSeqlens[3];
    const places = Float64Array.from({ length: n }, (_, i) => i);
    const out = work.out(`bias${n}`, p.alibi ? [1, n, n] : [n, n]);
    const o = { queryLength: n, cuSeqlens, causal: true, out };
    const bias = p.alibi ? alibi({ heads: 1, slopes: [0.25], ...o }) : attentionMask(o);
    const positions = Float64Array.from(positionIds({ cuSeqlens }).data);
    return [
      {
        kind: 'map',
        label: T('Who may see whom: every text for itself', '谁能看到谁：各篇互不相见'),
        data: () => bias.data,
        rows: n,
        cols: n,
        palette: 'sequential',
        range: [Math.min(-1, ...extent(bias.data)), 0],
        rowTitle: query,
        colTitle: key,
        cell: attends,
        square: true,
      },
      {
        kind: 'curves',
        label: T('The position of every word', '每个词的位置'),
        x: { title: T('place in the row', '在整行中的位置') },
        y: { title: T('position', '位置'), min: 0 },
        series: [
          { name: T('starts again', '重新计数'), x: places, y: positions, as: 'steps' },
          { name: T('counted through', '一直数下去'), x: places, y: places, dashed: true },
        ],
        marks: cuSeqlens.slice(1, 3).map((x) => ({ x, label: T('next text', '下一篇') })),
      },
    ];
  },
  code: (p) => {
    const list = `[${starts(p).join(', ')}]`;
    return {
      ts: `const cuSeqlens = ${list};\nconst { data: positions } = positionIds({ cuSeqlens }); // for RoPE: { positions }\n${
        p.alibi ? 'alibi({ heads: 8, ' : 'attentionMask({ '
      }queryLength: ${starts(p)[3]}, cuSeqlens, causal: true })`,
      torch: `position_ids = torch.cat([torch.arange(n) for n in lengths])\nmask = (text_of[:, None] == text_of) & (j <= i)`,
      llama: notThere,
    };
  },
};

export const moreBiasViews: readonly View[] = [fireView, tupeView, maskView, packed];
