/** Views of the scores that join content and distance. Words are made up to mean something, tables to look trained. */
import {
  debertaRelativePositions,
  debertaScores,
  factoredScores,
  hybridScores,
  nezhaScores,
  nezhaTable,
  shawIndex,
  shawScores,
  sinusoidal,
  type Tensor,
  transformerXlScores,
  transformerXlTable,
  xlnetPositions,
  xlnetScores,
} from '../library.ts';
import { T } from '../text.ts';
import { direction, distanceTable } from '../trained.ts';
import {
  around,
  choice,
  extent,
  type MapPanel,
  type Params,
  slider,
  steps,
  type TermsPanel,
  toggle,
  type View,
  type Workspace,
} from '../view.ts';
import { attends, key, notThere, query } from './common.ts';
import { termsOf, termToggles } from './ideas.ts';
import { COMMON, keysOf, queries, WIDTH } from './words.ts';

const num = (value: unknown) => value as number;
const DIM = WIDTH;
export const LENGTH = slider('length', T('Words', '词数'), 10, 4, 48);
export const MEMORY = slider('memory', T('Memory before the segment', '片段之前的记忆'), 4, 0, 16);

export function held(work: Workspace, name: string, shape: readonly number[], data: Float32Array): Tensor {
  const tensor = work.out(name, shape);
  tensor.data.set(data);
  return tensor;
}

/** Nouns are what is worth looking at, wherever one stands: u. */
const NOUNS = direction(DIM, 302, 0.5);
/** Cosines count, sines do not: a projection, and v. */
const PROJECTED = Float32Array.from({ length: DIM }, (_, c) => (c >= DIM / 2 ? 1 : 0));

export function indexMap(index: Tensor<'int32'>, diverging = false): MapPanel {
  const [rows, cols] = index.shape;
  return {
    kind: 'map',
    label: T('Row of the relative table that each cell uses', '每个单元格使用相对位置表的哪一行'),
    data: () => index.data,
    rows,
    cols,
    palette: diverging ? 'diverging' : 'sequential',
    range: diverging ? around(index.data) : extent(index.data),
    rowTitle: query,
    colTitle: key,
    cell: (r, c, v) => attends(r, c, v),
    square: true,
  };
}

/** Queries and keys as a reader has them. */
export const qk = (p: Params, before = 0) => ({
  q: `Tensor.zeros([1, 1, ${p.length}, ${DIM}])`,
  k: `Tensor.zeros([1, 1, ${num(p.length) + before}, ${DIM}])`,
});
export const GRID = T('The terms of its score; press one to switch it off', '分数的各项；按一下可关掉');
export const zeros = (work: Workspace, name: string, shape: readonly number[]): Tensor => {
  const tensor = work.out(name, shape);
  tensor.data.fill(0);
  return tensor;
};
/** A copy: the next call may renew the view. */
export const kept = (work: Workspace, scores: Tensor): Float64Array => Float64Array.from(work.take(scores).data);

/** What the scores of Transformer-XL, XLNet and Conformer share: two learned vectors stand where the position of the query stood. */
interface XlOptions {
  readonly u?: Tensor;
  readonly v?: Tensor;
  readonly content?: boolean;
}

/** Their four terms, each computed by itself. */
export function xlTerms(
  work: Workspace,
  p: Params,
  n: number,
  keys: number,
  table: Tensor,
  score: (q: Tensor, k: Tensor, r: Tensor, options: XlOptions) => Tensor,
): TermsPanel {
  const rows = table.shape[0];
  // what a trained projection does: the query's common part meets the cosines, which are one at distance 0
  const r = held(
    work,
    'r',
    [1, rows, DIM],
    table.data.map((x, i) => x * PROJECTED[i % DIM]),
  );
  const [q, k, none] = [queries(work, n, keys - n), keysOf(work, keys), zeros(work, 'none', [1, 1, n, DIM])];
  const [u, v] = [held(work, 'u', [1, DIM], NOUNS), held(work, 'v', [1, DIM], PROJECTED)];
  const nothing = zeros(work, 'nothing', [1, rows, DIM]);
  return termsOf(GRID, p, keys, {
    cc: { name: 'q · k', data: kept(work, score(q, k, nothing, {})) },
    cp: { name: 'q · r(i − j)', data: kept(work, score(q, k, r, { content: false })) },
    pc: { name: 'u · k', data: kept(work, score(none, k, nothing, { u })) },
    pp: { name: 'v · r(i − j)', data: kept(work, score(none, k, r, { v, content: false })) },
  });
}

const SHAW: Record<string, { beyond: 'clip' | 'zero'; direction: 'key-query' | 'query-key' }> = {
  shaw: { beyond: 'clip', direction: 'key-query' },
  bert: { beyond: 'clip', direction: 'query-key' },
  music: { beyond: 'zero', direction: 'key-query' },
};

const shaw: View = {
  id: 'shaw',
  title: T('Shaw (RPR): a vector for every distance', 'Shaw（RPR）：每个距离一个向量'),
  names: [
    'RPR',
    '相对位置编码',
    '经典式',
    'relative position representations',
    'relative positional encoding',
    '截断',
    'Shaw',
  ],
  sources: [
    { label: 'Shaw et al. 2018 (arXiv 1803.02155)', href: 'https://arxiv.org/abs/1803.02155' },
    { label: 'Music Transformer (arXiv 1809.04281)', href: 'https://arxiv.org/abs/1809.04281' },
  ],
  what: T(
    'The first relative encoding: each clipped distance has a learned vector, and a query is multiplied not only with the key but with the vector of the distance between them. Beyond the clip distance all keys look equally far. BERT variants count the distance the other way round; the Music Transformer gives far keys nothing.',
    '最早的相对编码：每个（截断后的）距离有一个可学习向量，查询不仅与键相乘，还与二者距离对应的向量相乘。超过截断距离后，所有键看起来一样远。BERT 的变体把距离反过来数；Music Transformer 对更远的键不给任何值。',
  ),
  porters: T(
    'BERT’s relative variants in transformers count query minus key; the table is turned round. The second half of the method adds a table to the values too (shawValues).',
    'transformers 中 BERT 的相对变体按“查询减键”计数，表的方向相反。该方法的另一半还给值加上一张表（shawValues）。',
  ),
  formula: ['S_{i,j} = \\frac{ q_i \\cdot k_j + q_i \\cdot R_{\\clip ( j - i, -c, c ) + c} }{\\sqrt{d}}'],
  controls: [
    ...termToggles(['cc', 'cp']),
    LENGTH,
    slider('clip', T('Clip distance', '截断距离'), 4, 1, 32),
    choice('variant', T('Variant', '变体'), 'shaw', [
      ['shaw', T('Shaw: key minus query, clipped', 'Shaw：键减查询，截断')],
      ['bert', T('BERT: query minus key', 'BERT：查询减键')],
      ['music', T('Music Transformer: nothing beyond', 'Music Transformer：更远为零')],
    ]),
  ],
  compute(p, work) {
    const [n, clip] = [num(p.length), num(p.clip)];
    const variant = SHAW[p.variant as string];
    const table = held(work, 'table', [2 * clip + 1, DIM], distanceTable(clip, COMMON));
    const index = work.take(shawIndex({ keyLength: n, maxRelativePosition: clip, ...variant, engine: work.engine }));
    const [q, k] = [queries(work, n), keysOf(work, n)];
    const cc = kept(work, hybridScores(q, k, null));
    const cp = kept(work, shawScores(q, k, table, { ...variant, content: false }));
    const middle = Math.floor(n / 2);
    const row = (at: number) => Float64Array.from({ length: n }, (_, j) => cp[at * n + j]);
    return [
      termsOf(GRID, p, n, { cc: { name: 'q · k', data: cc }, cp: { name: 'q · R(clip(j − i))', data: cp } }),
      {
        kind: 'ruler',
        label: T(
          `The ruler of word ${middle}: beyond ${clip} all marks are one`,
          `第 ${middle} 个词的尺子：超过 ${clip} 只剩一格`,
        ),
        from: -middle,
        values: row(middle),
        groups: Int32Array.from({ length: n }, (_, j) => index.data[middle * n + j]),
        unit: T('position term of the score', '分数中的位置项'),
      },
      indexMap(index),
    ];
  },
  code: (p) => {
    const { beyond, direction } = SHAW[p.variant as string];
    return {
      given: { ...qk(p), table: `Tensor.zeros([${2 * num(p.clip) + 1}, ${DIM}])` },
      ts: `shawScores(q, k, table, { beyond: '${beyond}', direction: '${direction}' })`,
      torch: `index = (${direction === 'key-query' ? 'j - i' : 'i - j'}).clamp(-${p.clip}, ${p.clip}) + ${p.clip}\nscores = (q @ k.T + torch.einsum('id,ijd->ij', q, table[index])) / d ** 0.5`,
      llama: notThere,
    };
  },
};

const nezha: View = {
  id: 'nezha',
  title: T('NEZHA', 'NEZHA（哪吒）'),
  names: ['NEZHA', '哪吒'],
  sources: [{ label: 'Wei et al. 2019 (arXiv 1909.00204)', href: 'https://arxiv.org/abs/1909.00204' }],
  what: T(
    'Shaw with a fixed table: the vector of a distance is the sinusoidal row of the shifted index, for keys and values alike. Nothing is learned, so any clip distance works without training.',
    '带固定表的 Shaw：一个距离的向量就是平移后下标对应的正弦行，键与值共用。没有可学习参数，因此任何截断距离都可直接使用。',
  ),
  porters: T(
    'The table serves scores and values alike (nezhaScores, nezhaValues), and is interleaved: sine, cosine, sine, cosine.',
    '同一张表既用于分数也用于值（nezhaScores、nezhaValues），并按正弦、余弦交替排列。',
  ),
  formula: ['S_{i,j} = \\frac{ q_i \\cdot k_j + q_i \\cdot p_{\\clip ( j - i, -c, c ) + c} }{\\sqrt{d}}'],
  controls: [
    ...termToggles(['cc', 'cp']),
    LENGTH,
    slider('clip', T('Clip distance', '截断距离'), 8, 1, 64),
    toggle('learned', T('Shaw’s learned table instead', '换成 Shaw 的可学习表')),
  ],
  compute(p, work) {
    const [n, clip] = [num(p.length), num(p.clip)];
    const fixed = nezhaTable({ dim: DIM, maxRelativePosition: clip, out: work.out('fixed', [2 * clip + 1, DIM]) });
    const table = p.learned ? held(work, 'learned', [2 * clip + 1, DIM], distanceTable(clip, COMMON)) : fixed;
    const [q, k] = [queries(work, n), keysOf(work, n)];
    const cc = kept(work, hybridScores(q, k, null));
    const cp = kept(work, nezhaScores(q, k, table, { content: false }));
    return [
      termsOf(GRID, p, n, { cc: { name: 'q · k', data: cc }, cp: { name: 'q · p(clip(j − i))', data: cp } }),
      {
        kind: 'map',
        label: p.learned ? T('A learned table, made up', '可学习的表（虚构）') : T('The fixed table', '固定的表'),
        data: () => table.data,
        rows: 2 * clip + 1,
        cols: DIM,
        palette: 'diverging',
        range: around(table.data),
        rowTitle: T('key − query', '键 − 查询'),
        colTitle: T('channel', '维度'),
        rowAt: (r) => r - clip,
      },
    ];
  },
  code: (p) => ({
    given: qk(p),
    ts: `const table = nezhaTable({ dim: ${DIM}, maxRelativePosition: ${p.clip} });\nnezhaScores(q, k, table)`,
    torch: `table = sinusoidal(${2 * num(p.clip) + 1}, ${DIM})\nscores = (q @ k.T + torch.einsum('id,ijd->ij', q, table[index])) / d ** 0.5`,
    llama: notThere,
  }),
};

const transformerXl: View = {
  id: 'transformer-xl',
  title: T('Transformer-XL', 'Transformer-XL'),
  names: ['XLNet 式', 'Transformer-XL', 'XL', '循环', 'segment recurrence'],
  sources: [{ label: 'Dai et al. 2019, §3.3 (arXiv 1901.02860)', href: 'https://arxiv.org/abs/1901.02860' }],
  what: T(
    'Segments of a long text, each with the states of the one before as memory. An absolute table would give two words the same place, so distance takes its place: the query meets a projected sinusoid of the distance, and two learned vectors u and v stand for the position of the query.',
    '长文本分段处理，每段以前一段的状态为记忆。若用绝对表，两个词会得到同一位置，于是改用距离：查询与“距离的正弦投影”相乘，并用两个可学习向量 u、v 代替查询自身的位置。',
  ),
  porters: T(
    'Public code shifts a product into place (rel_shift); what it leaves above the diagonal is garbage that the mask removes.',
    '公开代码把乘积错位对齐（rel_shift）；对角线以上留下的是无意义的数，由掩码去掉。',
  ),
  formula: ['S_{i,j} = \\frac{ ( q_i + u ) \\cdot k_j + ( q_i + v ) \\cdot r_{i-j} }{\\sqrt{d}}, \\quad j \\le i'],
  controls: [
    ...termToggles(['cc', 'cp', 'pc', 'pp']),
    LENGTH,
    MEMORY,
    slider('clamp', T('Distances count up to (0: no limit)', '距离上限（0：不限）'), 0, 0, 64),
  ],
  compute(p, work) {
    const n = num(p.length);
    const keys = n + num(p.memory);
    const table = transformerXlTable({
      keyLength: keys,
      dim: DIM,
      clampLen: num(p.clamp),
      out: work.out('table', [keys, DIM]),
    });
    return [xlTerms(work, p, n, keys, table, transformerXlScores)];
  },
  code: (p) => ({
    given: { ...qk(p, num(p.memory)), u: `Tensor.zeros([1, ${DIM}])`, v: `Tensor.zeros([1, ${DIM}])` },
    ts: `const keys = ${num(p.length) + num(p.memory)};\nconst rows = transformerXlTable({ keyLength: keys, dim: ${DIM}, clampLen: ${p.clamp} });\nconst r = Tensor.from(rows.data, [1, keys, ${DIM}]); // after the layer's own projection\ntransformerXlScores(q, k, r, { u, v })`,
    torch:
      "AC = torch.einsum('bhid,bhjd->bhij', q + u, k)\nBD = rel_shift(torch.einsum('bhid,hjd->bhij', q + v, r))\nscores = (AC + BD) / d ** 0.5",
    llama: notThere,
  }),
};

const xlnet: View = {
  id: 'xlnet',
  title: T('XLNet', 'XLNet'),
  names: ['XLNet'],
  sources: [{ label: 'Yang et al. 2019 (arXiv 1906.08237)', href: 'https://arxiv.org/abs/1906.08237' }],
  what: T(
    'Transformer-XL in both directions: the table holds distances of either sign, so that a word can be predicted from what follows too. Half a batch may read the text backwards, with negated distances.',
    '双向的 Transformer-XL：表中包含正负两种距离，因此也能根据后文预测一个词。批次的一半可以倒着读文本，距离取反。',
  ),
  porters: T(
    'The table begins one row before Transformer-XL’s. attn_mask has 1 for what goes; mask here has 1 for what stays.',
    '表比 Transformer-XL 的早一行开始。attn_mask 中 1 表示去掉；这里的 mask 中 1 表示保留。',
  ),
  formula: ['S_{i,j} = \\frac{ ( q_i + u ) \\cdot k_j + ( q_i + v ) \\cdot r_{i-j} }{\\sqrt{d}}'],
  controls: [
    ...termToggles(['cc', 'cp', 'pc', 'pp']),
    LENGTH,
    MEMORY,
    slider('clamp', T('Distances count up to (0: no limit)', '距离上限（0：不限）'), 0, 0, 64),
    choice('direction', T('Reading', '阅读方向'), 'forward', [
      ['forward', T('forwards', '正向')],
      ['backward', T('backwards', '反向')],
    ]),
  ],
  compute(p, work) {
    const n = num(p.length);
    const keys = n + num(p.memory);
    const positions = xlnetPositions({
      queryLength: n,
      keyLength: keys,
      clampLen: num(p.clamp),
      direction: p.direction as 'forward' | 'backward',
    });
    const table = work.out('table', [positions.length, DIM]);
    sinusoidal({ positions, dim: DIM, arrangement: 'concat', out: table });
    return [
      xlTerms(work, p, n, keys, table, (q, k, r, { u, v, content }) =>
        xlnetScores(q, k, r, { rWBias: u, rRBias: v, content }),
      ),
    ];
  },
  code: (p) => ({
    given: qk(p, num(p.memory)),
    ts: `const positions = xlnetPositions({ queryLength: ${p.length}, keyLength: ${num(p.length) + num(p.memory)}, clampLen: ${p.clamp}, direction: '${p.direction}' });\nconst rows = sinusoidal({ positions, dim: ${DIM}, arrangement: 'concat' });\nconst r = Tensor.from(rows.data, [1, positions.length, ${DIM}]); // after the layer's own projection\nxlnetScores(q, k, r)`,
    torch:
      "ac = torch.einsum('ibnd,jbnd->bnij', q + r_w_bias, k)\nbd = rel_shift(torch.einsum('ibnd,jbnd->bnij', q + r_r_bias, r))\nscores = (ac + bd) * scale",
    llama: notThere,
  }),
};

const debertaOptions = (p: Params) =>
  p.version === 'v1'
    ? { maxRelativePositions: num(p.span) }
    : { positionBuckets: num(p.span), maxRelativePositions: num(p.far) };

const deberta: View = {
  id: 'deberta',
  title: T('DeBERTa: disentangled attention', 'DeBERTa：解耦注意力'),
  names: ['DeBERTa', 'DeBERTa 式', 'EMD', '解耦', 'disentangled', 'enhanced mask decoder', '解耦注意力'],
  sources: [
    { label: 'He et al. 2020 (arXiv 2006.03654)', href: 'https://arxiv.org/abs/2006.03654' },
    { label: 'DeBERTaV3 (arXiv 2111.09543)', href: 'https://arxiv.org/abs/2111.09543' },
  ],
  what: T(
    'Three products instead of one: content with content, content with the position of the key, position of the query with content. Where a word stands in the sentence comes in at the very end only, just before a word is predicted (EMD, the enhanced mask decoder). The second version puts far distances into logarithmic buckets.',
    '用三个内积代替一个：内容对内容、内容对键的位置、查询的位置对内容。词在句中的绝对位置只在最后、预测词之前加入（EMD，增强掩码解码器）。第二版把远距离放入对数分桶。',
  ),
  porters: T(
    'The paper writes the third product with the distance turned round; no released code does.',
    '论文把第三项的距离反了过来，而所有公开代码都没有。',
  ),
  symbols: {
    K: [T('vector of a distance, as a key', '距离的向量（作键）')],
    Q: [T('vector of a distance, as a query', '距离的向量（作查询）')],
    δ: [T('row of the table', '表的行')],
    s: [T('span', '跨度'), 'span'],
  },
  formula: [
    'S_{i,j} = \\frac{ q_i \\cdot k_j + q_i \\cdot K_{\\delta ( i,j )} + Q_{\\delta ( i,j )} \\cdot k_j }{\\sqrt{3d}}',
    '\\delta ( i,j ) = \\clip ( \\mathrm{bucket} ( i - j ) + s, 0, 2s - 1 )',
  ],
  controls: [
    ...termToggles(['cc', 'cp', 'pc']),
    LENGTH,
    choice('version', T('Version', '版本'), 'v3', [
      ['v1', T('v1: every distance', 'v1：每个距离')],
      ['v3', T('v2, v3: logarithmic buckets', 'v2、v3：对数分桶')],
    ]),
    steps('span', T('Span', '跨度'), 16, [4, 8, 16, 32, 64]),
    steps('far', T('Largest distance', '最大距离'), 128, [64, 128, 256, 512]),
  ],
  compute(p, work) {
    const n = num(p.length);
    const span = num(p.span);
    const o = debertaOptions(p);
    const index = work.take(debertaRelativePositions({ keyLength: n, ...o, form: 'index', span, engine: work.engine }));
    const [q, k] = [queries(work, n), keysOf(work, n)];
    const posKey = held(work, 'posKey', [2 * span, DIM], distanceTable(span, COMMON, 26).slice(0, 2 * span * DIM));
    const posQuery = held(work, 'posQuery', [2 * span, DIM], distanceTable(span, COMMON, 27).slice(0, 2 * span * DIM));
    // every term as in the score of three, which is divided by the root of 3 d
    const scale = 1 / Math.sqrt(3 * DIM);
    return [
      termsOf(GRID, p, n, {
        cc: { name: 'q · k', data: kept(work, hybridScores(q, k, null, { scale })) },
        cp: {
          name: 'q · K(δ)',
          data: kept(work, debertaScores(q, k, { ...o, posKey, posAttType: ['c2p'], content: false, scale })),
        },
        pc: {
          name: 'Q(δ) · k',
          data: kept(work, debertaScores(q, k, { ...o, posQuery, posAttType: ['p2c'], content: false, scale })),
        },
      }),
      indexMap(index),
    ];
  },
  code: (p) => ({
    given: {
      ...qk(p),
      posKey: `Tensor.zeros([${2 * num(p.span)}, ${DIM}])`,
      posQuery: `Tensor.zeros([${2 * num(p.span)}, ${DIM}])`,
    },
    ts: `debertaScores(q, k, { posKey, posQuery, ${Object.entries(debertaOptions(p))
      .map(([name, value]) => `${name}: ${value}`)
      .join(', ')} })`,
    torch:
      'index = (bucket(i - j) + span).clamp(0, 2 * span - 1)\nc2p = (q @ pos_key.T).gather(-1, index)\np2c = (k @ pos_query.T).gather(-1, index.T).T\nscores = (q @ k.T + c2p + p2c) / (3 * d) ** 0.5',
    llama: notThere,
  }),
};

const factored: View = {
  id: 'factored',
  title: T('Kitaev and Klein: two halves', 'Kitaev–Klein：内容与位置分开'),
  names: ['Kitaev-Klein', 'Kitaev', 'Klein', '分开', 'factored attention', '内容与位置'],
  sources: [{ label: 'Kitaev & Klein 2018 (arXiv 1805.01052)', href: 'https://arxiv.org/abs/1805.01052' }],
  what: T(
    'Every vector has a content half and a position half, and the halves never mix: the score is the sum of two products. So one can be switched off to see what it contributes, which is how the authors showed that a parser needs both.',
    '每个向量分为内容半与位置半，两半从不混合：分数是两个内积之和。于是可以关掉其中一个，看它的贡献；作者正是这样证明句法分析两者都需要。',
  ),
  porters: T('The scale stays 1 / √(c + p) when one half is switched off.', '关掉其中一半时，缩放仍为 1 / √(c + p)。'),
  formula: [
    'S_{i,j} = \\frac{ q_i^{\\mathrm{c}} \\cdot k_j^{\\mathrm{c}} + q_i^{\\mathrm{p}} \\cdot k_j^{\\mathrm{p}} }{\\sqrt{d}}',
  ],
  controls: [LENGTH, ...termToggles(['cc', 'pp'])],
  compute(p, work) {
    const n = num(p.length);
    const positions = sinusoidal({ length: n, dim: DIM, out: work.out('positions', [n, DIM]) });
    const [q, k] = [queries(work, n), keysOf(work, n)];
    const half = (content: boolean) =>
      kept(work, factoredScores(q, k, positions, positions, { content, position: !content }));
    return [
      termsOf(GRID, p, n, {
        cc: { name: 'qᶜ · kᶜ', data: half(true) },
        pp: { name: 'qᵖ · kᵖ', data: half(false) },
      }),
    ];
  },
  code: (p) => ({
    given: {
      qContent: `Tensor.zeros([1, 1, ${p.length}, ${DIM}])`,
      kContent: `Tensor.zeros([1, 1, ${p.length}, ${DIM}])`,
      qPosition: `sinusoidal({ length: ${p.length}, dim: ${DIM} })`,
      kPosition: `sinusoidal({ length: ${p.length}, dim: ${DIM} })`,
    },
    ts: `factoredScores(qContent, kContent, qPosition, kPosition, { content: ${p.cc !== false}, position: ${p.pp !== false} })`,
    torch: 'scores = (q_content @ k_content.T + q_position @ k_position.T) / d ** 0.5',
    llama: notThere,
  }),
};

export const contentViews: readonly View[] = [shaw, nezha, transformerXl, xlnet, deberta, factored];
