/** Two encodings at once: a rotation for what is near, a bias for how far. */
import { alibi, applyRotary, hybridScores, rotaryTable, type Tensor, t5Bias } from '../library.ts';
import { T } from '../text.ts';
import { direction, nearIsHigh } from '../trained.ts';
import { choice, slider, steps, type View, type Workspace } from '../view.ts';
import { attends, BASES, distance, key, notThere, query } from './common.ts';

const num = (value: unknown) => value as number;
const DIM = 64;

/** Queries and keys that are all one vector, [1, 1, n, DIM]. */
function alike(work: Workspace, name: string, n: number): Tensor {
  const x = work.out(name, [1, 1, n, DIM]);
  const vector = direction(DIM, 3, 0.8);
  for (let i = 0; i < n; i++) x.data.set(vector, i * DIM);
  return x;
}

const hybrid: View = {
  id: 'hybrid',
  title: T('Hybrid: rotation and bias', '复合式：旋转加偏置'),
  names: ['复合', '复合式', '混合', 'Hybrid', 'T5 + RoPE', 'RoPE + ALiBi', 'combined'],
  sources: [
    { label: 'Su et al. 2021, RoFormer (arXiv 2104.09864)', href: 'https://arxiv.org/abs/2104.09864' },
    { label: 'Raffel et al. 2019, T5 (arXiv 1910.10683)', href: 'https://arxiv.org/abs/1910.10683' },
  ],
  what: T(
    'Nothing forbids two encodings: the rotation acts on queries and keys before their product, the bias is added after it. The rotation tells neighbours apart finely, the bias makes far words fade; the sum is still relative.',
    '两种编码可以同时使用：旋转作用于内积之前的查询与键，偏置加在内积之后。旋转细致地区分近处的词，偏置让远处的词淡出；其和仍然是相对的。',
  ),
  formula: ['S_{i,j} = \\frac{ ( R_i q ) \\cdot ( R_j k ) }{\\sqrt{d}} + b_{j-i}'],
  symbols: {
    R: [T('rotation by a position', '按位置旋转')],
    b: [T('bias of a distance', '距离的偏置'), 'bias'],
    k: [T('key: the word that is looked at', '键：被看的词')],
  },
  controls: [
    choice('bias', T('Bias', '偏置'), 't5', [
      ['t5', T('T5 buckets', 'T5 分桶')],
      ['alibi', T('ALiBi', 'ALiBi 线性偏置')],
    ]),
    slider('strength', T('Strength of the bias', '偏置强度'), 0.5, 0, 2, 0.1),
    steps('base', T('Base (rope theta)', '底数（rope theta）'), 10000, BASES.slice(1)),
    slider('length', T('Positions', '位置数'), 64, 8, 128),
  ],
  compute(p, work) {
    const n = num(p.length);
    const strength = num(p.strength);
    const [q, k] = [alike(work, 'q', n), alike(work, 'k', n)];
    const weights = work.out('weights', [32, 1]);
    weights.data.set(nearIsHigh(32, 1, (row) => row % 16).map((x) => x * strength));
    const bias =
      p.bias === 't5'
        ? t5Bias(weights, { keyLength: n, out: work.out('bias', [1, n, n]) })
        : alibi({ heads: 1, slopes: [0.1 * strength], keyLength: n, out: work.out('bias', [1, n, n]) });
    const only = Float64Array.from(work.take(hybridScores(q, k, bias)).data.subarray((n - 1) * n));
    const table = work.take(rotaryTable({ headDim: DIM, ropeTheta: num(p.base) }, { length: n, engine: work.engine }));
    for (const x of [q, k]) applyRotary(x, table, { layout: 'BHSD' });
    const turned = Float64Array.from(work.take(hybridScores(q, k, null)).data.subarray((n - 1) * n));
    const both = hybridScores(q, k, bias, { out: work.out('both', [1, 1, n, n]) });
    const last = Float64Array.from(both.data.subarray((n - 1) * n));
    const x = Float64Array.from({ length: n }, (_, j) => j - n + 1);
    const low = last.reduce((a, b) => Math.min(a, b));
    return [
      {
        kind: 'curves',
        label: T('Score of the last word, all words alike', '最后一个词的分数（所有词相同）'),
        x: { title: distance },
        y: { title: T('score', '分数') },
        series: [
          { name: T('rotation alone', '仅旋转'), x, y: turned },
          { name: T('bias alone', '仅偏置'), x, y: only, as: 'steps' },
          { name: T('both', '两者'), x, y: last },
        ],
        height: 300,
      },
      {
        kind: 'map',
        label: T('Both: every pair of positions', '两者：每一对位置'),
        data: () => both.data,
        rows: n,
        cols: n,
        palette: 'sequential',
        range: [low, last[n - 1]],
        rowTitle: query,
        colTitle: key,
        cell: attends,
        square: true,
      },
    ];
  },
  code: (p) => ({
    given: {
      q: `Tensor.zeros([1, 1, ${p.length}, 64])`,
      k: `Tensor.zeros([1, 1, ${p.length}, 64])`,
      ...(p.bias === 't5' ? { weights: 'Tensor.zeros([32, 1])' } : {}),
    },
    ts: `const table = rotaryTable({ headDim: 64, ropeTheta: ${p.base} }, { length: ${p.length} });\nfor (const x of [q, k]) applyRotary(x, table, { layout: 'BHSD' });\nhybridScores(q, k, ${p.bias === 't5' ? `t5Bias(weights, { keyLength: ${p.length} })` : `alibi({ heads: 1, keyLength: ${p.length} })`})`,
    torch: 'scores = rotate(q) @ rotate(k).transpose(-1, -2) / d ** 0.5 + bias',
    llama: notThere,
  }),
};

export const hybridViews: readonly View[] = [hybrid];
