/** Views of the scores that encoders of sound use, and of relatives of theirs. Words and tables are made up to look trained. */
import {
  clippedRelativeBias,
  compactRelativeTable,
  conformerScores,
  gatedRelativeBias,
  localRelativeScores,
  relativeGate,
  sinusoidal,
  t5Bias,
} from '../library.ts';
import { show, T } from '../text.ts';
import { distanceTable, nearIsHigh } from '../trained.ts';
import { around, call, choice, noise, type Params, slider, steps, toggle, type View } from '../view.ts';
import { attends, channel, distance, key, notThere, query } from './common.ts';
import { GRID, held, kept, LENGTH, MEMORY, qk, xlTerms } from './content.ts';
import { termsOf, termToggles } from './ideas.ts';
import { COMMON, keysOf, queries, WIDTH, wordsOf } from './words.ts';

const num = (value: unknown) => value as number;

const conformer: View = {
  id: 'conformer',
  title: T('Conformer (speech)', 'Conformer（语音）'),
  names: ['Conformer', 'Parakeet', 'FastConformer', 'NeMo', 'ESPnet'],
  sources: [
    { label: 'Gulati et al. 2020 (arXiv 2005.08100)', href: 'https://arxiv.org/abs/2005.08100' },
    {
      label: 'transformers, Parakeet',
      href: 'https://github.com/huggingface/transformers/blob/main/src/transformers/models/parakeet/modeling_parakeet.py',
    },
  ],
  what: T(
    'The four terms of Transformer-XL for sound. A recording is heard as a whole, so a query looks both ways: the table has a row for every distance, before and after. Press a term to switch it off and see what it adds.',
    '把 Transformer-XL 的四项用于声音。录音是整段听的，所以查询同时看前后：表为前后每个距离各存一行。按一下某一项可关掉它，看它的贡献。',
  ),
  porters: T(
    'Public code multiplies with the whole table, then shifts the padded product into place (rel_shift). Row r stands for query minus key, from K − 1 down to 1 − K; here each row is read where it belongs.',
    '公开代码先与整张表相乘，再把补零后的乘积错位对齐（rel_shift）。第 r 行对应“查询减键”，从 K − 1 降到 1 − K；本库直接读取对应的行。',
  ),
  formula: ['S_{i,j} = \\frac{ ( q_i + u ) \\cdot k_j + ( q_i + v ) \\cdot r_{i-j} }{\\sqrt{d}}'],
  controls: [...termToggles(['cc', 'cp', 'pc', 'pp']), LENGTH, MEMORY],
  compute(p, work) {
    const n = num(p.length);
    const keys = n + num(p.memory);
    const positions = Int32Array.from({ length: 2 * keys - 1 }, (_, row) => keys - 1 - row);
    const out = work.out('table', [positions.length, WIDTH]);
    const table = sinusoidal({ positions, dim: WIDTH, arrangement: 'concat', out });
    return [xlTerms(work, p, n, keys, table, conformerScores)];
  },
  code: (p) => ({
    given: { ...qk(p, num(p.memory)), u: `Tensor.zeros([1, ${WIDTH}])`, v: `Tensor.zeros([1, ${WIDTH}])` },
    ts: `const keys = ${num(p.length) + num(p.memory)};\nconst positions = Int32Array.from({ length: 2 * keys - 1 }, (_, row) => keys - 1 - row);\nconst rows = sinusoidal({ positions, dim: ${WIDTH} });\nconst r = Tensor.from(rows.data, [1, positions.length, ${WIDTH}]); // after the layer's own projection\nconformerScores(q, k, r, { u, v })`,
    torch:
      'ac = (q + u) @ k.transpose(-2, -1)\nbd = rel_shift((q + v) @ r.transpose(-2, -1))[..., :k.shape[-2]]\nscores = (ac + bd) / d ** 0.5',
    llama: notThere,
  }),
};

const local: View = {
  id: 'local-scores',
  title: T('Gemma 3n, Gemma 4: local sound', 'Gemma 3n、Gemma 4：局部的声音'),
  names: ['Gemma 3n', 'Gemma 4 audio', 'USM', 'local relative scores', 'chunked attention', '局部注意力', '分块'],
  sources: [
    { label: 'Google USM (arXiv 2303.01037)', href: 'https://arxiv.org/abs/2303.01037' },
    {
      label: 'transformers, Gemma3nAudioAttention',
      href: 'https://github.com/huggingface/transformers/blob/main/src/transformers/models/gemma3n/modeling_gemma3n.py',
    },
  ],
  what: T(
    'A moment of sound depends on what is around it. Each query sees a few keys before it and a few after; each of these distances has a learned vector. A cap keeps every score within bounds before the mask is applied. Words stand for moments here.',
    '一瞬间的声音只与它附近有关。每个查询只看前面几个键和后面几个键；每个距离各有一个可学习向量。在加掩码之前，用一个上限把分数限制在范围内。这里用词代表各个时刻。',
  ),
  porters: T(
    'context_left counts the query itself: it sees context_left − 1 keys before it. The published code works in chunks of queries (chunkSize here); the cap comes before the mask, not after it.',
    'context_left 把查询自身也算在内：它前面只能看到 context_left − 1 个键。公开代码按查询分块计算（此处为 chunkSize）；上限在掩码之前起作用，而不是之后。',
  ),
  symbols: { c: [T('cap', '上限'), 'cap'], l: [T('keys that are seen back', '向前可见的键数'), 'left'] },
  formula: ['S_{i,j} = c \\tanh ( \\frac{ q_i \\cdot k_j + q_i \\cdot r_{l-1-(i-j)} }{c} )'],
  controls: [
    ...termToggles(['cc', 'cp']),
    { ...LENGTH, value: 12 },
    slider('left', T('Sees back, itself included', '向前可见（含自身）'), 4, 1, 16),
    slider('right', T('Sees ahead', '向后可见'), 1, 0, 8),
    steps('cap', T('Cap', '上限'), 50, [1, 2, 5, 10, 50]),
  ],
  compute(p, work) {
    const [n, left, right] = [num(p.length), num(p.left), num(p.right)];
    const count = left + right;
    const wide = Math.max(left, right + 1);
    // rows of the distances left - 1 down to -right, near ones high
    const vectors = distanceTable(wide, COMMON);
    const from = (wide - left + 1) * WIDTH;
    const r = held(work, 'r', [1, count, WIDTH], vectors.slice(from, from + count * WIDTH));
    const nothing = work.out('nothing', [1, count, WIDTH]);
    nothing.data.fill(0);
    const [q, k] = [queries(work, n), keysOf(work, n)];
    const o = { contextLeft: left, contextRight: right, scale: 1 / Math.sqrt(WIDTH) };
    const score = (table: typeof r, more: object) => kept(work, localRelativeScores(q, k, table, { ...o, ...more }));
    const capped = score(r, { softcap: num(p.cap) });
    return [
      termsOf(GRID, p, n, {
        cc: { name: 'q · k', data: score(nothing, {}) },
        cp: { name: 'q · r(i − j)', data: score(r, { content: false }) },
      }),
      {
        kind: 'map',
        label: T(`Both, capped at ±${p.cap}: hatched is not seen`, `两项之和，限制在 ±${p.cap} 内：斜线处看不到`),
        data: () => capped,
        rows: n,
        cols: n,
        palette: 'diverging',
        range: around(capped),
        rowTitle: query,
        colTitle: key,
        cell: attends,
        square: true,
      },
    ];
  },
  code: (p) => ({
    given: { ...qk(p), r: `Tensor.zeros([1, ${num(p.left) + num(p.right)}, ${WIDTH}])` },
    ts: `localRelativeScores(q, k, r, { contextLeft: ${p.left}, contextRight: ${p.right}, softcap: ${p.cap} })`,
    torch: `scores = q @ k.transpose(-2, -1) + relative_shift(q @ r.transpose(-2, -1))\nscores = torch.tanh(scores / ${p.cap}) * ${p.cap}\nscores = scores.masked_fill(~local_mask, float('-inf'))`,
    llama: notThere,
  }),
};

const GATE_HEADS = 2;
const gated: View = {
  id: 'gated',
  title: T('WavLM: a bias with a gate', 'WavLM：带门控的偏置'),
  names: ['WavLM', 'gated relative position bias', 'relative gate', '门控', 'XLM-E'],
  sources: [
    { label: 'Chen et al. 2021, WavLM (arXiv 2110.13900)', href: 'https://arxiv.org/abs/2110.13900' },
    { label: 'Chi et al. 2021, XLM-E (arXiv 2106.16138)', href: 'https://arxiv.org/abs/2106.16138' },
  ],
  what: T(
    'T5 gives a distance the same number whatever the word. Here every word turns that number up or down: a small layer makes a gate from the word’s own vector, and the whole row of the bias is multiplied by it. So a word that needs its neighbours can ask for them more strongly. The weights are made up.',
    'T5 对同一距离总是给同一个数，与词无关。这里每个词可以把它调大或调小：一个小网络由词自身的向量算出门值，整行偏置都乘以它。需要邻居的词就能更强地要求邻居。权重是虚构的。',
  ),
  porters: T(
    'The gate reads the input of the attention layer, cut into heads, not its queries. The eight outputs are summed in two groups of four before the sigmoids.',
    '门值读取的是注意力层的输入（按头切开），不是查询。八个输出先四个一组求和，再过 sigmoid。',
  ),
  symbols: {
    g: [T('gate of a query', '查询的门值')],
    c: [T('a number of the head', '每头一个数'), 'constant'],
    b: [T('bias of the distance', '距离的偏置')],
    a: [T('first sum of the layer', '小网络的第一个和')],
    e: [T('second sum of the layer', '小网络的第二个和')],
  },
  formula: ["b'_{h,i,j} = g_{h,i} b_{h,j-i}", 'g_{h,i} = \\sigma ( a_i ) ( \\sigma ( e_i ) c_h - 1 ) + 2'],
  controls: [
    LENGTH,
    slider('word', T('Word that looks', '看的词'), 4, 0, 47),
    slider('head', T('Head shown', '显示的头'), 0, 0, GATE_HEADS - 1),
    slider('constant', T('Constant of the heads', '各头的常数'), 3, 0, 6, 0.25),
  ].map((control) => (control.key === 'word' ? { ...control, limit: (p: Params) => num(p.length) - 1 } : control)),
  compute(p, work) {
    const n = num(p.length);
    const head = num(p.head);
    const word = Math.min(num(p.word), n - 1);
    const width = WIDTH / GATE_HEADS;
    const hidden = held(work, 'hidden', [1, n, WIDTH], keysOf(work, n).data);
    // eight outputs that answer to the kind of a word
    const weight = held(
      work,
      'weight',
      [8, width],
      noise(8 * width, 5).map((x) => 0.45 * x),
    );
    const gate = { weight, constant: new Float32Array(GATE_HEADS).fill(num(p.constant)) };
    const table = held(
      work,
      'buckets',
      [32, GATE_HEADS],
      nearIsHigh(32, GATE_HEADS, (row) => row % 16),
    );
    const bias = t5Bias(table, { keyLength: n, out: work.out('bias', [GATE_HEADS, n, n]) });
    const made = work.take(gatedRelativeBias(bias, hidden, gate));
    const gates = work.take(relativeGate(hidden, gate));
    const words = wordsOf(n);
    const row = (data: ArrayLike<number>) =>
      Float64Array.from({ length: n }, (_, j) => data[(head * n + word) * n + j]);
    const own = gates.data[head * n + word];
    const range = around(made.data);
    return [
      {
        kind: 'ruler',
        label: T(
          `“${words[word]}” turns its ruler by ${show(own, 3)}`,
          `“${words[word]}”把自己的尺子调到 ${show(own, 3)} 倍`,
        ),
        from: -word,
        values: row(made.data),
        name: T('with its gate', '乘以门值'),
        others: [{ name: T('the same for all words', '所有词都一样'), values: row(bias.data) }],
        unit: T('added to the score', '加到分数上的数'),
      },
      {
        kind: 'map',
        label: T('The gated bias: every row has its own strength', '带门控的偏置：每行强弱不同'),
        data: () => made.data,
        start: head * n * n,
        rows: n,
        cols: n,
        palette: 'diverging',
        range,
        rowTitle: query,
        colTitle: key,
        cell: attends,
        square: true,
      },
    ];
  },
  code: (p) => ({
    given: {
      table: `Tensor.zeros([32, ${GATE_HEADS}])`,
      hidden: `Tensor.zeros([1, ${p.length}, ${WIDTH}])`,
      weight: `Tensor.zeros([8, ${WIDTH / GATE_HEADS}])`,
    },
    ts: `const bias = t5Bias(table, { keyLength: ${p.length} });\ngatedRelativeBias(bias, hidden, { weight, constant: Float32Array.of(${new Array(GATE_HEADS).fill(p.constant).join(', ')}) })`,
    torch:
      'gate_a, gate_b = torch.sigmoid(linear(x).view(*x.shape[:-1], 2, 4).sum(-1)).chunk(2, dim=-1)\nbias = (gate_a * (gate_b * const - 1) + 2) * position_bias',
    llama: notThere,
  }),
};

const clipped: View = {
  id: 'clipped-bias',
  title: T('Clipped bias: Phi-4, AlphaFold', '截断偏置：Phi-4、AlphaFold'),
  names: ['clipped relative bias', 'AlphaFold', 'Phi-4 multimodal', 'relpos', '截断偏置', '蛋白质'],
  sources: [
    { label: 'Jumper et al. 2021, AlphaFold (Nature 596)', href: 'https://doi.org/10.1038/s41586-021-03819-2' },
    {
      label: 'transformers, Phi-4 multimodal',
      href: 'https://github.com/huggingface/transformers/blob/main/src/transformers/models/phi4_multimodal/modeling_phi4_multimodal.py',
    },
  ],
  what: T(
    'One learned number for each distance up to a limit; everything farther shares the last number on its side. AlphaFold places the residues of a protein like this, and pairs of two different chains share one more number, because no distance along a chain joins them. The numbers are made up.',
    '每个距离一个可学习的数，直到某个上限；更远的一律共用这一侧的最后一个数。AlphaFold 就这样排布蛋白质的残基；不同链之间没有链上距离，所以共用另外一个数。这里的数是虚构的。',
  ),
  porters: T(
    'Phi-4 counts key minus query, AlphaFold query minus key. With an even number of rows, row 0 of the distances is the one after the middle.',
    'Phi-4 按“键减查询”计数，AlphaFold 按“查询减键”。行数为偶数时，距离 0 对应中间之后的那一行。',
  ),
  formula: ['b_{h,i,j} = W_{\\clip ( j - i, -c, c ) + c, h}'],
  controls: [
    choice('model', T('Model', '模型'), 'phi4', [
      ['phi4', T('Phi-4 multimodal: key minus query', 'Phi-4 multimodal：键减查询')],
      ['alphafold', T('AlphaFold: query minus key', 'AlphaFold：查询减键')],
    ]),
    slider('length', T('Positions', '位置数'), 32, 8, 96),
    slider('clip', T('Limit', '上限'), 6, 1, 32),
    toggle('chains', T('Two chains', '两条链')),
  ],
  compute(p, work) {
    const [n, clip] = [num(p.length), num(p.clip)];
    const rows = 2 * clip + 1;
    const numbers = nearIsHigh(rows, 1, (row) => Math.abs(row - clip));
    // a protein's chain has a direction
    for (let row = 0; row < rows; row++) numbers[row] += row < clip ? 0.4 : 0;
    const table = held(
      work,
      `table${p.chains}`,
      [rows + (p.chains ? 1 : 0), 1],
      p.chains ? Float32Array.of(...numbers, -2.2) : numbers,
    );
    const groups = Int32Array.from({ length: n }, (_, i) => (2 * i < n ? 0 : 1));
    const bias = clippedRelativeBias(table, {
      keyLength: n,
      direction: p.model === 'phi4' ? 'key-query' : 'query-key',
      ...(p.chains ? { queryGroups: groups } : {}),
      out: work.out('bias', [1, n, n]),
    });
    const middle = Math.floor(n / 2) - 1;
    const groupOf = (j: number) =>
      p.chains && groups[j] !== groups[middle] ? -99 : Math.max(-clip, Math.min(clip, j - middle));
    return [
      {
        kind: 'ruler',
        label: T(`A ruler that ends at ${clip}: beyond it all are one`, `量到 ${clip} 为止的尺子：更远的都算一格`),
        from: -middle,
        values: Float64Array.from({ length: n }, (_, j) => bias.data[middle * n + j]),
        groups: Int32Array.from({ length: n }, (_, j) => groupOf(j)),
        unit: T('added to the score', '加到分数上的数'),
      },
      {
        kind: 'map',
        label: p.chains
          ? T('The bias; the corners join two chains', '偏置；两角是两条链之间')
          : T('The bias of every pair', '每一对的偏置'),
        data: () => bias.data,
        rows: n,
        cols: n,
        palette: 'diverging',
        range: around(bias.data),
        rowTitle: query,
        colTitle: key,
        cell: attends,
        square: true,
      },
    ];
  },
  code: (p) => ({
    given: {
      table: `Tensor.zeros([${2 * num(p.clip) + 1 + (p.chains ? 1 : 0)}, 8])`,
      ...(p.chains
        ? { chains: `Int32Array.from({ length: ${p.length} }, (_, i) => (2 * i < ${p.length} ? 0 : 1))` }
        : {}),
    },
    ts: call(
      'clippedRelativeBias',
      {
        keyLength: p.length,
        direction: p.model === 'phi4' ? 'key-query' : 'query-key',
        queryGroups: p.chains ? '=chains' : undefined,
      },
      { direction: 'key-query' },
      'table',
    ),
    torch: `d = ${p.model === 'phi4' ? 'j - i' : 'i - j'}\nindex = d.clamp(-${p.clip}, ${p.clip}) + ${p.clip}${p.chains ? `\nindex = torch.where(same_chain, index, ${2 * num(p.clip) + 1})` : ''}\nbias = table[index].permute(2, 0, 1)`,
    llama: notThere,
  }),
};

const zipformer: View = {
  id: 'zipformer',
  title: T('Zipformer: compact distances', 'Zipformer：压缩的距离'),
  names: ['Zipformer', 'compact relative positions', 'icefall', 'k2', '压缩距离'],
  sources: [
    { label: 'Yao et al. 2023, Zipformer (arXiv 2310.11230)', href: 'https://arxiv.org/abs/2310.11230' },
    { label: 'icefall', href: 'https://github.com/k2-fsa/icefall' },
  ],
  what: T(
    'A recording has thousands of moments, and far ones need no exact distance. The logarithm of the distance becomes an angle that never reaches a quarter of a turn, and the columns are waves of that angle. Near distances get very different rows, far ones almost the same: compare with the sinusoid, whose waves never end.',
    '录音有成千上万个时刻，远处的无需精确距离。距离的对数变成一个永远转不到四分之一圈的角度，各列是这个角度的波。近处的行差别大，远处的行几乎一样：与永不停歇的正弦编码对比即可看出。',
  ),
  porters: T(
    'Columns alternate cosine and sine of 1, 2, 3 … times the angle, and the last column is 1 instead of a sine.',
    '各列依次是角度 1、2、3…倍的余弦与正弦，最后一列不是正弦而是 1。',
  ),
  symbols: {
    φ: [T('angle of a distance', '距离的角度')],
    x: [T('distance', '距离')],
    c: [T('square root of the width', '维度的平方根')],
    f: [T('length factor', '长度因子'), 'factor'],
  },
  formula: [
    '\\phi ( x ) = \\mathrm{atan} ( \\frac{ 2 \\pi c }{ f d } \\sign ( x ) \\ln ( \\frac{ |x| + c }{c} ) )',
    'r_x = [ \\cos \\phi, \\sin \\phi, \\cos 2 \\phi, \\sin 2 \\phi, \\dots ]',
  ],
  controls: [
    slider('length', T('Distances on each side', '每侧距离数'), 64, 8, 200),
    steps('dim', T('Channels', '维度'), 48, [16, 32, 48, 64, 96]),
    slider('factor', T('Length factor', '长度因子'), 1, 1, 8, 0.5),
  ],
  compute(p, work) {
    const [n, dim] = [num(p.length), num(p.dim)];
    const rows = 2 * n - 1;
    const distances = Int32Array.from({ length: rows }, (_, row) => row - n + 1);
    const table = compactRelativeTable({
      length: n,
      dim,
      lengthFactor: num(p.factor),
      out: work.out('table', [rows, dim]),
    });
    const waves = sinusoidal({ positions: distances, dim, out: work.out('waves', [rows, dim]) });
    const like = (data: ArrayLike<number>) =>
      Float64Array.from({ length: rows }, (_, row) => {
        let sum = 0;
        for (let c = 0; c < dim; c++) sum += data[row * dim + c] * data[(n - 1) * dim + c];
        return (2 * sum) / dim;
      });
    return [
      {
        kind: 'curves',
        label: T('How alike a distance is to distance 0', '各距离与距离 0 有多像'),
        x: { title: distance },
        y: { title: T('likeness', '相似度') },
        series: [
          { name: T('compact', '压缩'), x: distances, y: like(table.data) },
          { name: T('sinusoid', '正弦'), x: distances, y: like(waves.data), dashed: true },
        ],
      },
      {
        kind: 'map',
        label: T('The table: one row a distance', '表：每个距离一行'),
        data: () => table.data,
        rows,
        cols: dim,
        palette: 'diverging',
        range: [-1, 1],
        rowTitle: distance,
        colTitle: channel,
        rowAt: (r) => r - n + 1,
      },
    ];
  },
  code: (p) => ({
    ts: call('compactRelativeTable', { length: p.length, dim: p.dim, lengthFactor: p.factor }, { lengthFactor: 1 }),
    torch: `x = torch.arange(${1 - num(p.length)}, ${p.length})\nc = ${p.dim} ** 0.5\nx = c * x.sign() * ((x.abs() + c).log() - math.log(c))\nphi = (x / (${p.factor} * ${p.dim} / (2 * math.pi))).atan()`,
    llama: notThere,
  }),
};

export const speechScoreViews: readonly View[] = [conformer, local, zipformer];
export const speechBiasViews: readonly View[] = [gated, clipped];
