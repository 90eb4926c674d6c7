/** Section 2: what "relative" and "absolute" mean, seen on the scores of two constant vectors. */
import { alibi, applyRotary, hybridScores, rotaryTable, sinusoidal, type Tensor } from '../library.ts';
import { show, T } from '../text.ts';
import { direction, smoothTable } from '../trained.ts';
import { around, choice, extent, type Params, slider, steps, type View, type Workspace } from '../view.ts';
import { attends, distance, key, query } from './common.ts';

const num = (value: unknown) => value as number;
const DIM = 64;

/** Every query is the same vector, every key another one; only the encoding can make their scores differ. */
function scoresOf(p: Params, work: Workspace): Tensor {
  const n = num(p.length);
  const scores = work.out('scores', [1, 1, n, n]);
  const [own, other] = [direction(DIM, 3, 0.9), direction(DIM, 4, 0.9)];
  const alike = num(p.alike);
  const q = work.out('q', [1, 1, n, DIM]);
  const k = work.out('k', [1, 1, n, DIM]);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < DIM; c++) {
      q.data[i * DIM + c] = own[c];
      k.data[i * DIM + c] = alike * own[c] + Math.sqrt(1 - alike * alike) * other[c];
    }
  }
  const { encoding } = p;
  const offset = num(p.offset);
  if (encoding === 'sinusoidal' || encoding === 'learned') {
    const rows =
      encoding === 'sinusoidal'
        ? work.take(sinusoidal({ length: n, offset, dim: DIM, base: num(p.base), engine: work.engine })).data
        : smoothTable(offset + n, DIM).subarray(offset * DIM);
    for (const x of [q.data, k.data]) for (let i = 0; i < x.length; i++) x[i] += rows[i];
  }
  if (encoding === 'rope' || encoding === 'hybrid') {
    const table = work.take(
      rotaryTable({ headDim: DIM, ropeTheta: Math.max(2, num(p.base)) }, { length: n, offset, engine: work.engine }),
    );
    applyRotary(q, table, { layout: 'BHSD', offset });
    applyRotary(k, table, { layout: 'BHSD', offset });
  }
  const bias =
    encoding === 'alibi' || encoding === 'hybrid'
      ? work.take(alibi({ heads: 1, slopes: [0.05], keyLength: n, engine: work.engine }))
      : undefined;
  hybridScores(q, k, bias ?? null, { out: scores });
  return scores;
}

export const scoresView: View = {
  id: 'scores',
  title: T('The same two words at every pair of places', '同样两个词放在每一对位置上'),
  names: ['relative', 'absolute or relative', 'relative or absolute', '相对还是绝对', '相对性', '相对', '绝对'],
  sources: [
    { label: 'RoFormer, §3.2 (arXiv 2104.09864)', href: 'https://arxiv.org/abs/2104.09864' },
    { label: 'Shaw et al. 2018 (arXiv 1803.02155)', href: 'https://arxiv.org/abs/1803.02155' },
  ],
  what: T(
    'Take one query vector and one key vector and put them at every pair of positions. A relative encoding gives the same score along every diagonal: the score depends only on how far apart the two are. In the plot the line is the mean at each distance, the band holds every cell: a bare line means relative, a band means that absolute places matter too.',
    '取一个查询向量和一个键向量，放到每一对位置上。相对编码在每条对角线上给出相同的分数：分数只取决于二者的距离。图中的线是每个距离的平均值，色带包含每个单元格：只有一条线表示“相对”，出现色带表示绝对位置也起作用。',
  ),
  symbols: {
    f: [T('what an encoding makes of a vector and its place', '编码由向量与位置得到的结果')],
    g: [T('a function of the distance', '距离的函数')],
  },
  formula: [
    'S_{i,j} = f(q,i) \\cdot f(k,j)',
    T('\\text{relative: } S_{i,j} = g(q,k,j-i)', '\\text{相对：} S_{i,j} = g(q,k,j-i)'),
  ],
  controls: [
    choice('encoding', T('Encoding', '编码'), 'rope', [
      ['none', T('none', '无')],
      ['sinusoidal', T('sinusoidal, added', '正弦，相加')],
      ['learned', T('learned table, added', '可学习表，相加')],
      ['rope', T('RoPE', 'RoPE')],
      ['alibi', T('ALiBi', 'ALiBi')],
      ['hybrid', T('RoPE and ALiBi together', 'RoPE 加 ALiBi')],
    ]),
    slider('alike', T('How alike the two words are', '两个词有多相似'), 1, 0, 1, 0.05),
    slider('length', T('Positions', '位置数'), 48, 8, 96),
    steps('base', T('Base', '底数'), 10000, [10, 100, 500, 1000, 10000, 500000, 1000000]),
    slider('offset', T('First position', '起始位置'), 0, 0, 4096),
  ],
  compute(p, work) {
    const n = num(p.length);
    const scores = scoresOf(p, work);
    const y = Float64Array.from(scores.data);
    const mean = new Float64Array(2 * n - 1);
    const least = new Float64Array(2 * n - 1).fill(Number.POSITIVE_INFINITY);
    const most = new Float64Array(2 * n - 1).fill(Number.NEGATIVE_INFINITY);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const t = j - i + n - 1;
        mean[t] += y[i * n + j] / (n - Math.abs(j - i));
        least[t] = Math.min(least[t], y[i * n + j]);
        most[t] = Math.max(most[t], y[i * n + j]);
      }
    }
    const spread = most.reduce((max, high, t) => Math.max(max, high - least[t]), 0);
    const relative = spread < 1e-4;
    const [low, high] = extent(y);
    const blind = high - low < 1e-4;
    const x = Float64Array.from(mean.keys(), (t) => t - n + 1);
    return [
      {
        kind: 'map',
        label: T('Score of every pair of positions', '每一对位置的分数'),
        data: () => scores.data,
        rows: n,
        cols: n,
        palette: low < 0 && high > 0 ? 'diverging' : 'sequential',
        range: low < 0 && high > 0 ? around(y) : blind ? [low - 1, low + 1] : [low, high],
        rowTitle: query,
        colTitle: key,
        rowAt: (r) => r + num(p.offset),
        colAt: (c) => c + num(p.offset),
        cell: (r, c, v) => attends(r + num(p.offset), c + num(p.offset), v),
        square: true,
      },
      {
        kind: 'curves',
        label: T('The same scores against distance', '同样的分数，按距离排列'),
        x: { title: distance },
        y: { title: T('score', '分数') },
        series: [
          {
            name: T('mean; the band holds every pair of positions', '平均；色带包含每一对位置'),
            x,
            y: mean,
            low: least,
            high: most,
          },
        ],
        height: 340,
      },
      {
        kind: 'note',
        text: blind
          ? T(
              `Neither: all scores are the same, within ${show(high - low, 2)}. It knows no position at all.`,
              `都不是：所有分数都相同，相差不超过 ${show(high - low, 2)}。它完全不知道位置。`,
            )
          : relative
            ? T(
                `Relative: at equal distance the scores differ by at most ${show(spread, 2)}.`,
                `相对：距离相同时，分数最多相差 ${show(spread, 2)}。`,
              )
            : T(
                `Absolute: at equal distance the scores differ by up to ${show(spread, 3)}.`,
                `绝对：距离相同时，分数相差可达 ${show(spread, 3)}。`,
              ),
      },
    ];
  },
  code: (p) => {
    const n = num(p.length);
    const given = { q: `Tensor.zeros([1, 1, ${n}, ${DIM}])`, k: `Tensor.zeros([1, 1, ${n}, ${DIM}])` };
    const torch = 'scores = f(q, i) @ f(k, j).transpose(-1, -2) / d ** 0.5';
    const llama = T('Nothing to set.', '无需设置。');
    const rows = `sinusoidal({ length: ${n}, dim: ${DIM}, base: ${p.base}, offset: ${p.offset} })`;
    const rotate = `const table = rotaryTable({ headDim: ${DIM}, ropeTheta: ${p.base} }, { length: ${n}, offset: ${p.offset} });\nfor (const x of [q, k]) applyRotary(x, table, { layout: 'BHSD', offset: ${p.offset} });\n`;
    const bias = `alibi({ heads: 1, slopes: [0.05], keyLength: ${n} })`;
    switch (p.encoding) {
      case 'sinusoidal':
        return { given, ts: `const p = ${rows};\nhybridScores(merge(q, p), merge(k, p), null)`, torch, llama };
      case 'learned':
        return {
          given: { ...given, weights: `Tensor.zeros([${n + num(p.offset)}, ${DIM}])` },
          ts: `const p = learnedPositions(weights, { length: ${n}, offset: ${p.offset} });\nhybridScores(merge(q, p), merge(k, p), null)`,
          torch,
          llama,
        };
      case 'rope':
        return { given, ts: `${rotate}hybridScores(q, k, null)`, torch, llama };
      case 'hybrid':
        return { given, ts: `${rotate}hybridScores(q, k, ${bias})`, torch, llama };
      case 'alibi':
        return { given, ts: `hybridScores(q, k, ${bias})`, torch, llama };
      default:
        return { given, ts: 'hybridScores(q, k, null)', torch, llama };
    }
  },
};
