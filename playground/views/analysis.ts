/** Section 2, further views: decay curves, permutation, the four terms of a score. */
import {
  fourTermDecomposition,
  hybridScores,
  merge,
  permutationError,
  permuteRows,
  ropeDecayBound,
  sinusoidal,
  sinusoidalGram,
  Tensor,
} from '../library.ts';
import { grouped, show, T, type Text, tr } from '../text.ts';
import {
  around,
  button,
  choice,
  type MapPanel,
  noise,
  type Panel,
  type Params,
  type Series,
  slider,
  steps,
  type TermKey,
  toggle,
  type View,
  type Workspace,
} from '../view.ts';
import { channel } from './common.ts';
import { termsOf, termToggles } from './ideas.ts';
import { keysOf } from './words.ts';

const num = (value: unknown) => value as number;

const COMPARED = [1, 10, 100, 500, 10000, 500000, 1000000];

export const decayView: View = {
  id: 'decay',
  title: T('Long-range decay, base by base', '远程衰减：逐个底数比较'),
  names: ['远程衰减', '底数', 'base', 'rope theta', 'theta', 'long-range decay', 'decay', '衰减曲线', '内积衰减'],
  sources: [
    { label: 'RoFormer, §3.4.3 (arXiv 2104.09864)', href: 'https://arxiv.org/abs/2104.09864' },
    { label: 'Su 2024, the base of RoPE (kexue.fm/archives/10122)', href: 'https://kexue.fm/archives/10122' },
    { label: 'Vaswani et al. 2017 (arXiv 1706.03762)', href: 'https://arxiv.org/abs/1706.03762' },
  ],
  what: T(
    'How much two equal vectors can still agree at a distance. The base decides: with base 1 nothing decays, small bases fall fast and come back in waves, large bases fall slowly, which is what long contexts want. The upper bound is the one proved for RoPE; the other choice is the plain sum of cosines, the product of two sinusoidal rows.',
    '两个相同的向量隔开一段距离后还能保持多少一致。取决于底数：底数为 1 时完全不衰减，小底数降得快并成波回升，大底数降得慢，这正是长上下文所需。上界是针对 RoPE 证明的；另一选项是余弦之和，即两行正弦编码的内积。',
  ),
  symbols: {
    B: [T('bound of a score', '分数的上界')],
    s: [T('distance', '距离')],
    j: [T('counts the pairs', '逐组计数')],
    k: [T('number of the pair', '第几组')],
    i: [T('imaginary unit', '虚数单位')],
    b: [T('base', '底数（base）')],
  },
  formula: [
    'B ( s ) = \\frac{2}{d} \\sum_{j=1}^{d/2} | \\sum_{k=0}^{j-1} e^{i s \\theta_k} |',
    'p_n \\cdot p_{n+s} = \\sum_{k=0}^{d/2-1} \\cos ( s \\theta_k ), \\quad \\theta_k = b^{-2k/d}',
  ],
  controls: [
    choice('curve', T('Curve', '曲线'), 'bound', [
      ['bound', T('RoPE’s upper bound', 'RoPE 的上界')],
      ['gram', T('product of sinusoidal rows', '正弦编码行的内积')],
    ]),
    steps('dim', T('Channels', '维度'), 128, [16, 32, 64, 128, 256]),
    steps('reach', T('Farthest distance', '最远距离'), 256, [64, 128, 256, 512, 1024, 4096, 16384]),
    slider('own', T('Your base: 10 to the power', '你的 base：10 的幂'), 4.5, 0, 7, 0.1),
    ...COMPARED.map((base) => toggle(`b${base}`, T(`Base ${grouped(base)}`, `底数 ${grouped(base)}`), true)),
  ],
  compute(p, work) {
    const reach = num(p.reach);
    const points = Math.min(reach, 512);
    const distances = Float64Array.from({ length: points + 1 }, (_, i) => Math.round((i * reach) / points));
    const curve = p.curve === 'bound' ? ropeDecayBound : sinusoidalGram;
    const own = Math.round(10 ** num(p.own));
    const bases = COMPARED.filter((base) => p[`b${base}`] && base !== own);
    const series = [...bases, own].map((base): Series => {
      const values = work.take(curve({ dim: num(p.dim), base, distances, engine: work.engine }));
      return {
        name:
          base === own
            ? T(`yours: ${grouped(base)}`, `你的：${grouped(base)}`)
            : T(`base ${grouped(base)}`, `底数 ${grouped(base)}`),
        dashed: base === own,
        x: distances,
        y: Float64Array.from(values.data),
      };
    });
    return [
      {
        kind: 'curves',
        label:
          p.curve === 'bound' ? T('Upper bound of the score', '分数的上界') : T('Product of two rows', '两行的内积'),
        x: { title: T('distance', '距离') },
        y: p.curve === 'bound' ? { title: T('B(s)', 'B(s)'), min: 0 } : { title: T('product', '内积') },
        series,
        marks: [{ x: Math.min(reach, 64), label: T(`distance ${Math.min(reach, 64)}`, `距离 ${Math.min(reach, 64)}`) }],
        height: 380,
      },
    ];
  },
  code: (p) => ({
    ts: `${p.curve === 'bound' ? 'ropeDecayBound' : 'sinusoidalGram'}({ dim: ${p.dim}, base: 10000, length: ${p.reach} })`,
    torch:
      p.curve === 'bound'
        ? 'torch.polar(torch.ones_like(a), a).cumsum(-1).abs().mean(-1)  # a = s[:, None] * freq'
        : '(s[:, None] * freq).cos().sum(-1)',
    llama: T('--rope-freq-base sets the base.', '用 --rope-freq-base 设置底数。'),
  }),
};

const WORDS = ['the', 'dog', 'bites', 'the', 'old', 'man'];
const WORDS_ZH = ['那', '狗', '咬', '那', '个', '人'];
const WIDTH = 16;

/** Plain attention: softmax of the scores times the inputs. The scores come from the package. */
function attention(x: Tensor, p: Tensor | undefined): Tensor {
  const { engine } = x;
  const n = x.shape[0];
  const input = Tensor.from(x.data, [1, 1, n, WIDTH], { engine });
  if (p) merge(input, p, { mode: 'add', out: input });
  const scores = hybridScores(input, input, null, {});
  const out = Tensor.zeros([n, WIDTH], { engine });
  const [from, weights, to] = [input.data, scores.data, out.data];
  for (let i = 0; i < n; i++) {
    let total = 0;
    for (let j = 0; j < n; j++) total += Math.exp(weights[i * n + j]);
    for (let j = 0; j < n; j++)
      for (let c = 0; c < WIDTH; c++) to[i * WIDTH + c] += (Math.exp(weights[i * n + j]) / total) * from[j * WIDTH + c];
  }
  input.dispose();
  scores.dispose();
  return out;
}

/** An order of n things, another for every seed; the first is no shuffle at all. */
function shuffle(n: number, seed: number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  if (seed === 0) return [...order.slice(1), 0];
  const random = noise(n, seed + 90);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(((random[i] + 1) / 2) * (i + 1)) % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

export const permutationView: View = {
  id: 'permutation',
  title: T('Shuffle the words', '打乱词序'),
  names: ['打乱', '打乱词序', '全对称', '对称性', 'permutation equivariance', 'bag of words', '词袋'],
  sources: [
    { label: 'Vaswani et al. 2017, §3.5 (arXiv 1706.03762)', href: 'https://arxiv.org/abs/1706.03762' },
    { label: 'Lee et al. 2018, Set Transformer (arXiv 1810.00825)', href: 'https://arxiv.org/abs/1810.00825' },
  ],
  what: T(
    'Without positions, attention sees a bag of words: shuffle the input and the very same outputs come back, shuffled. So “dog bites man” and “man bites dog” are one. To try it on a sentence of your own, swap two words on the first screen. Add a position table and this breaks, which is the whole point of it.',
    '没有位置信息时，注意力看到的是一袋词：打乱输入，得到的是同样的输出，只是跟着打乱。于是“狗咬人”与“人咬狗”没有区别。想用自己的句子试试，请在首页交换两个词。加上位置表，这一点就被打破，而这正是位置编码的意义。',
  ),
  symbols: {
    P: [T('a new order of the words', '词的新次序')],
    X: [T('word vectors', '词向量')],
    E: [T('position vectors', '位置向量')],
  },
  formula: [
    '\\mathrm{Att} ( P X ) = P \\mathrm{Att} ( X )',
    '\\mathrm{Att} ( P X + E ) \\ne P \\mathrm{Att} ( X + E )',
  ],
  controls: [
    toggle('encoded', T('Add sinusoidal positions', '加正弦位置编码')),
    button('seed', T('Shuffle again', '再打乱一次')),
  ],
  compute(p, work) {
    const n = WORDS.length;
    const vectors = noise(n * WIDTH, 61);
    // the same word twice is the same vector twice
    vectors.copyWithin(3 * WIDTH, 0, WIDTH);
    const x = work.out('x', [n, WIDTH]);
    x.data.set(vectors);
    const table = p.encoded
      ? sinusoidal({ length: n, dim: WIDTH, base: 100, out: work.out('p', [n, WIDTH]) })
      : undefined;
    const order = shuffle(n, num(p.seed));
    const shuffled = work.take(permuteRows(x, order));
    const before = work.take(attention(x, table));
    const after = work.take(attention(shuffled, table));
    const made: Tensor[] = [];
    const error = permutationError(
      (input) => {
        const result = attention(input, table);
        made.push(result);
        return result;
      },
      x,
      order,
    );
    for (const tensor of made) work.take(tensor);
    const range = around([...before.data, ...after.data]);
    const map = (label: Text, tensor: Tensor, words: (r: number) => string): MapPanel => ({
      kind: 'map',
      label,
      data: () => tensor.data,
      rows: n,
      cols: WIDTH,
      palette: 'diverging',
      range,
      rowTitle: T('word', '词'),
      colTitle: channel,
      rowAt: words,
      height: 220,
    });
    const word = (i: number) => tr(T(WORDS[i], WORDS_ZH[i]));
    return [
      map(T('Outputs for the sentence', '原句的输出'), before, word),
      map(T('Outputs for the shuffled sentence', '打乱后的输出'), after, (r) => word(order[r])),
      {
        kind: 'note',
        text:
          error < 1e-5
            ? T(
                `The same rows in another order: largest difference ${show(error, 2)}. Attention alone does not know order.`,
                `同样的行，只是换了次序：最大差 ${show(error, 2)}。注意力本身不知道顺序。`,
              )
            : T(
                `Every row has changed, by up to ${show(error, 3)}: now order matters.`,
                `每一行都变了，最多相差 ${show(error, 3)}：现在顺序起作用了。`,
              ),
      },
    ];
  },
  code: () => ({
    given: { attention: '(x: Tensor) => x', x: 'Tensor.zeros([6, 16])', permutation: '[0, 5, 2, 3, 4, 1]' },
    ts: 'permutationError(attention, x, permutation)',
    torch: '(att(x[perm]) - att(x)[perm]).abs().max()',
    llama: T('Nothing to set.', '无需设置。'),
  }),
};

/** Which terms the encodings keep; what they put in place of positions differs. */
const PRESETS: readonly (readonly [Text, readonly TermKey[]])[] = [
  [T('the absolute encodings', '绝对位置编码'), ['cc', 'cp', 'pc', 'pp']],
  [T('DeBERTa', 'DeBERTa'), ['cc', 'cp', 'pc']],
  [T('T5, TUPE, Kitaev and Klein', 'T5、TUPE、Kitaev–Klein'), ['cc', 'pp']],
  [T('Shaw, NEZHA', 'Shaw、NEZHA'), ['cc', 'cp']],
];

const TERMS = ['xx', 'xp', 'px', 'pp', 'total'] as const;

function fourTerms(p: Params, work: Workspace): Panel[] {
  const [n, dim] = [num(p.length), 32];
  const random = (name: string, shape: readonly number[], seed: number, scale = 1) => {
    const tensor = work.out(name, shape);
    tensor.data.set(noise(tensor.length, seed).map((value) => value * scale));
    return tensor;
  };
  // the words as they are; how large they are beside the positions is the reader's
  const x = work.out('x', [n, dim]);
  x.data.set(keysOf(work, n).data.map((value) => value * num(p.content)));
  const positions = sinusoidal({ length: n, dim, base: num(p.base), out: work.out('p', [n, dim]) });
  const wq = p.trained ? random('wq', [dim, dim], 72, 0.4) : identity(work, 'wq', dim);
  const wk = p.trained ? random('wk', [dim, dim], 73, 0.4) : identity(work, 'wk', dim);
  const terms = fourTermDecomposition({ x, p: positions, wq, wk, scale: 1 / Math.sqrt(dim) });
  const parts = { cc: terms.xx, cp: terms.xp, pc: terms.px, pp: terms.pp };
  for (const name of TERMS) work.take(terms[name]);
  const grid = termsOf(T('Switch the four terms on and off', '打开或关闭这四项'), p, n, {
    cc: { name: 'x A xᵀ', data: parts.cc.data },
    cp: { name: 'x A pᵀ', data: parts.cp.data },
    pc: { name: 'p A xᵀ', data: parts.pc.data },
    pp: { name: 'p A pᵀ', data: parts.pp.data },
  });
  const known = PRESETS.find(([, on]) =>
    (['cc', 'cp', 'pc', 'pp'] as const).every((k) => on.includes(k) === (p[k] !== false)),
  );
  const [a, b, c, d, total] = TERMS.map((name) => terms[name].data);
  const off = total.reduce((most, value, i) => Math.max(most, Math.abs(value - (a[i] + b[i] + c[i] + d[i]))), 0);
  return [
    grid,
    {
      kind: 'note',
      text: T(
        `${known ? `These terms are those of ${known[0].en}. ` : ''}The four add up to the score; largest rounding difference ${show(off, 2)}.`,
        `${known ? `这些正是${known[0].zh}的项。` : ''}四项相加即为分数；最大舍入差 ${show(off, 2)}。`,
      ),
    },
  ];
}

function identity(work: Workspace, name: string, dim: number): Tensor {
  const tensor = work.out(name, [dim, dim]);
  tensor.data.fill(0);
  for (let i = 0; i < dim; i++) tensor.data[i * dim + i] = 1;
  return tensor;
}

export const termsView: View = {
  id: 'terms',
  title: T('What is in a score: four terms', '分数由什么组成：四项'),
  names: ['四项', '展开', '内积', 'four terms', 'expansion', 'dot product', '内积展开'],
  sources: [
    { label: 'Transformer-XL, §3.3 (arXiv 1901.02860)', href: 'https://arxiv.org/abs/1901.02860' },
    { label: 'TUPE (arXiv 2006.15595)', href: 'https://arxiv.org/abs/2006.15595' },
  ],
  what: T(
    'Add a position vector to a word vector, multiply out, and the score falls into four parts. Only the last depends on the two positions alone. The relative encodings keep some and drop others: T5 keeps the first and adds a number, DeBERTa drops the last, TUPE keeps the first and the last.',
    '把位置向量加到词向量上，展开内积，分数就分成四部分。只有最后一项仅取决于两个位置。各种相对编码保留一些、丢弃一些：T5 保留第一项并加一个数，DeBERTa 丢掉最后一项，TUPE 保留第一项与最后一项。',
  ),
  symbols: {
    A: [T('what the layer learned: its query and key matrices', '层所学的查询与键矩阵之积')],
  },
  formula: [
    '( x_i + p_i ) A ( x_j + p_j )^\\top = x_i A x_j^\\top + x_i A p_j^\\top + p_i A x_j^\\top + p_i A p_j^\\top',
  ],
  controls: [
    ...termToggles(['cc', 'cp', 'pc', 'pp']),
    slider('length', T('Positions', '位置数'), 10, 4, 32),
    slider('content', T('Size of the word vectors', '词向量大小'), 1, 0, 2, 0.1),
    steps('base', T('Base', '底数'), 10000, [10, 100, 1000, 10000]),
    toggle('trained', T('Random W_q, W_k', '随机的 W_q、W_k')),
  ],
  compute: fourTerms,
  code: (p) => ({
    given: {
      x: `Tensor.zeros([${p.length}, 32])`,
      p: `sinusoidal({ length: ${p.length}, dim: 32 })`,
      wq: 'Tensor.zeros([32, 32])',
      wk: 'Tensor.zeros([32, 32])',
    },
    ts: 'const { xx, xp, px, pp, total } = fourTermDecomposition({ x, p, wq, wk });',
    torch: 'A = Wq @ Wk.T\nxx, xp, px, pp = x @ A @ x.T, x @ A @ p.T, p @ A @ x.T, p @ A @ p.T',
    llama: T('Nothing to set.', '无需设置。'),
  }),
};
