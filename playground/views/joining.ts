/** Views of how positions join the words: merge modes, and memory tokens between segments. */
import { merge, rmtMask, rmtPositionIds, rmtSegments, sinusoidal } from '../library.ts';
import { T } from '../text.ts';
import { around, choice, noise, slider, type View } from '../view.ts';
import { channel, key, notThere, position, query } from './common.ts';

const num = (value: unknown) => value as number;
const DIM = 48;

const JOIN: Record<string, string> = {
  add: 'x + p',
  mul: 'x * p',
  mulPlusOne: 'x * (1 + p)',
  concat: 'torch.cat((x, p.expand(*x.shape[:-1], -1)), -1)',
};

const mergeView: View = {
  id: 'merge',
  title: T('Add, multiply or concatenate', '融合方式：相加、相乘或拼接'),
  names: ['相乘式', '相乘', '融合', '融合式', '相加', '拼接', 'multiplicative', 'concat', 'add or multiply'],
  sources: [
    { label: 'Su 2020 (kexue.fm/archives/8130)', href: 'https://kexue.fm/archives/8130' },
    { label: 'bert4keras, PositionEmbedding', href: 'https://github.com/bojone/bert4keras' },
  ],
  what: T(
    'How a position row joins a word vector. Adding is the rule; multiplying works too, and comes in two forms that differ by one. Concatenating, followed by a matrix, is the sum of two projections, so adding is the special case in which both share one. Words here are random, positions sinusoidal.',
    '位置行如何与词向量结合。通常是相加；相乘也可行，有两种相差一的写法。拼接后再乘矩阵，等于两个投影之和，因此相加是两者共用同一投影的特例。这里的词是随机的，位置是正弦的。',
  ),
  porters: T(
    '“Multiply” changed its meaning in bert4keras: earlier versions compute x · p, later ones x · (1 + p).',
    'bert4keras 的“相乘”前后含义不同：早期版本是 x · p，后来是 x · (1 + p)。',
  ),
  formula: ['x + p, \\quad x \\odot p, \\quad x \\odot ( 1 + p ), \\quad [ x, p ]', '[ x, p ] W = x W_1 + p W_2'],
  controls: [
    choice('mode', T('Way', '方式'), 'add', [
      ['add', T('add', '相加')],
      ['mul', T('multiply', '相乘')],
      ['mulPlusOne', T('multiply by (1 + p)', '乘以 (1 + p)')],
      ['concat', T('concatenate', '拼接')],
    ]),
    slider('at', T('Position of the word', '词的位置'), 5, 0, 127),
    slider('length', T('Positions', '位置数'), 64, 8, 128),
    slider('size', T('Size of the word vectors', '词向量大小'), 0.5, 0, 2, 0.1),
  ],
  compute(p, work) {
    const n = num(p.length);
    const x = work.out('x', [n, DIM]);
    x.data.set(noise(n * DIM, 91).map((value) => value * num(p.size)));
    const table = sinusoidal({ length: n, dim: DIM, out: work.out('p', [n, DIM]) });
    const wide = p.mode === 'concat' ? 2 * DIM : DIM;
    const joined = merge(x, table, { mode: p.mode as 'add', out: work.out('joined', [n, wide]) });
    const few = 8;
    const at = Math.min(num(p.at), n - 1);
    const piece = (data: ArrayLike<number>, width: number, from = 0) =>
      Float64Array.from({ length: few }, (_, c) => data[at * width + from + c]);
    const all = (['add', 'mul', 'mulPlusOne'] as const).map((mode) => ({
      mode,
      values: piece(merge(x, table, { mode, out: work.out(mode, [n, DIM]) }).data, DIM),
    }));
    const names = { add: T('x + p', 'x + p'), mul: T('x · p', 'x · p'), mulPlusOne: T('x · (1 + p)', 'x · (1 + p)') };
    return [
      {
        kind: 'bars',
        label: T(
          `One word at position ${at}, eight channels: four ways to join`,
          `位置 ${at} 的一个词，八个维度：四种结合方式`,
        ),
        rows: [
          { name: T('word x', '词 x'), values: piece(x.data, DIM) },
          { name: T('position p', '位置 p'), values: piece(table.data, DIM) },
          ...all.map(({ mode, values }) => ({ name: names[mode], values, strong: mode === p.mode })),
          {
            name: T('[x, p] side by side', '[x, p] 并排'),
            values: [...piece(x.data, DIM), ...piece(table.data, DIM)],
            strong: p.mode === 'concat',
          },
        ],
      },
      {
        kind: 'map',
        label: T('What the first layer receives', '第一层收到的内容'),
        data: () => joined.data,
        rows: n,
        cols: wide,
        palette: 'diverging',
        range: around(joined.data),
        rowTitle: position,
        colTitle: channel,
        through: 'column',
      },
    ];
  },
  code: (p) => ({
    given: { x: `Tensor.zeros([${p.length}, ${DIM}])` },
    ts: `merge(x, sinusoidal({ length: ${p.length}, dim: ${DIM} }), { mode: '${p.mode}' })`,
    torch: JOIN[p.mode as string],
    llama: T('No flag: the model decides.', '没有对应参数：由模型决定。'),
  }),
};

const rmt: View = {
  id: 'rmt',
  title: T('RMT: memory handed on', 'RMT：传递记忆（循环记忆词元）'),
  names: ['RMT', '循环记忆', '记忆', 'memory tokens', 'recurrent memory transformer', 'recurrent memory'],
  sources: [
    { label: 'Bulatov et al. 2022 (arXiv 2207.06881)', href: 'https://arxiv.org/abs/2207.06881' },
    { label: 'booydar/recurrent-memory-transformer', href: 'https://github.com/booydar/recurrent-memory-transformer' },
  ],
  what: T(
    'A long text is cut into segments; each is read with memory tokens in front and behind, and what stands in the rear memory afterwards goes in front of the next. The positions of the base model run over everything. Under the causal mask the front memory cannot see the segment, the rear memory sees all of it. Where the cuts fall is a choice on which the public wrappers disagree.',
    '长文本被切成若干段；每段前后各放若干记忆词元，读完后尾部记忆的内容成为下一段的前部记忆。基础模型的位置编号贯穿全部。在因果掩码下，前部记忆看不到本段，尾部记忆能看到全部。切口落在哪里，各家公开实现并不一致。',
  ),
  porters: T(
    'The wrapper for decoders cuts a text into segments from the left, the one for encoders from the right.',
    '解码器的封装从左边切分片段，编码器的封装从右边切分。',
  ),
  symbols: {
    m: [T('memory tokens', '记忆词元')],
    s: [T('words of a segment', '片段的词')],
    t: [T('number of the segment', '片段号')],
    h: [T('what the model makes of them', '模型的输出')],
  },
  formula: ["[ m, s_t, m ] \\to [ \\cdot, h_t, m' ], \\quad m \\leftarrow m'"],
  controls: [
    slider('length', T('Tokens', '词元数'), 100, 10, 200),
    slider('segment', T('Segment size', '每段词元数'), 24, 4, 64),
    slider('memory', T('Memory tokens', '记忆词元数'), 4, 1, 12),
    slider('step', T('Segments read so far', '已读段数'), 3, 1, 6),
    choice('alignment', T('Cut', '切分'), 'left', [
      ['left', T('from the start: short one last', '从开头切：末段较短')],
      ['right', T('from the end: short one first', '从末尾切：首段较短')],
      ['center', T('equal parts', '均分')],
    ]),
  ],
  compute(p, work) {
    const [length, memory] = [num(p.length), num(p.memory)];
    const segments = rmtSegments({ length, segmentSize: num(p.segment), alignment: p.alignment as 'left' });
    const owner = new Float64Array(length);
    for (const [s, segment] of segments.entries()) owner.fill(s % 7, segment.start, segment.start + segment.length);
    const tokens = segments[0].length;
    const n = tokens + 2 * memory;
    const mask = rmtMask({ data: new Int32Array(tokens).fill(1), shape: [1, tokens] }, { memoryTokens: memory });
    const ids = rmtPositionIds({ memoryTokens: memory, length: tokens });
    const sees = work.out('sees', [n, n]);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sees.data[i * n + j] = j <= i ? Number(mask.data[j]) : 0;
    const place = (i: number) => (i < memory ? 0 : i < memory + tokens ? 1 : 2);
    const names = [T('front memory', '前部记忆'), T('segment', '本段'), T('rear memory', '尾部记忆')];
    return [
      {
        kind: 'train',
        label: T(
          'Segments as trains: the memory behind one is carried to the front of the next',
          '分段如列车：前一段尾部的记忆传到下一段头部',
        ),
        segments,
        memory,
        shown: num(p.step) - 1,
      },
      {
        kind: 'map',
        label: T('Which segment each token falls into', '每个词元落在哪一段'),
        data: () => owner,
        rows: 1,
        cols: length,
        palette: 'categories',
        range: [0, 6],
        rowTitle: T('text', '文本'),
        colTitle: T('token', '词元'),
        rowAt: () => '',
        legend: Array.from({ length: Math.min(7, segments.length) }, (_, s) => T(`segment ${s}`, `第 ${s} 段`)),
        height: 54,
      },
      {
        kind: 'map',
        label: T('Who sees whom in the first segment', '首段中谁能看到谁'),
        data: () => sees.data,
        rows: n,
        cols: n,
        palette: 'sequential',
        range: [0, 1],
        rowTitle: query,
        colTitle: key,
        rowAt: (r) => ids[r],
        colAt: (c) => ids[c],
        cell: (r, c) =>
          T(`${names[place(r)].en} to ${names[place(c)].en}`, `${names[place(r)].zh} → ${names[place(c)].zh}`),
        square: true,
      },
    ];
  },
  code: (p) => ({
    ts: `rmtSegments({ length: ${p.length}, segmentSize: ${p.segment}, alignment: '${p.alignment}' })`,
    torch: 'for segment in segments:\n    h = model(torch.cat((memory, segment, memory), 1))\n    memory = h[:, -m:]',
    llama: notThere,
  }),
};

export const joiningViews: readonly View[] = [mergeView, rmt];
