/** Views of the relatives of rotation: xPos, with a decay, and PoPE, in polar coordinates. */
import { applyPope, applyRotary, popeTable, type RotarySpec, rotaryTable, xposTable } from '../library.ts';
import { T, type Text } from '../text.ts';
import { direction } from '../trained.ts';
import { noise, type Panel, type Params, slider, steps, type View, type Workspace } from '../view.ts';
import { BASES, notThere, pair, position } from './common.ts';

const num = (value: unknown) => value as number;
const spec = (p: Params): RotarySpec => ({ headDim: num(p.dim), ropeTheta: num(p.base), pairing: 'interleaved' });
const given = (p: Params, side: 'query' | 'key') => ({
  length: num(p.length),
  side,
  center: num(p.center),
  scaleBase: num(p.scale),
});

/** The score of one vector with itself, far and near: RoPE only swings, xPos falls. */
function falling(p: Params, work: Workspace): Panel {
  const [n, dim] = [num(p.length), num(p.dim)];
  const shape = [1, 1, n, dim];
  const vector = direction(dim, 3);
  const fill = (name: string) => {
    const x = work.out(name, shape);
    for (let i = 0; i < n; i++) x.data.set(vector, i * dim);
    return x;
  };
  const scores = (turned: (side: 'query' | 'key') => { data: Float32Array }) => {
    // copies: making the second may renew the view of the first
    const [q, k] = (['query', 'key'] as const).map((side) => Float64Array.from(turned(side).data));
    return Float64Array.from({ length: n }, (_, s) => {
      let sum = 0;
      // the query is the last word, the key s words before it
      for (let c = 0; c < dim; c++) sum += q[(n - 1) * dim + c] * k[(n - 1 - s) * dim + c];
      return sum / dim;
    });
  };
  const rope = work.take(rotaryTable(spec(p), { length: n, engine: work.engine }));
  const x = Float64Array.from({ length: n }, (_, s) => s);
  return {
    kind: 'curves',
    label: T('q · k of two equal vectors against distance', '两个相同向量的 q · k 随距离的变化'),
    x: { title: T('distance', '距离') },
    y: { title: T('q · k, 1 at distance 0', 'q · k（距离 0 时为 1）') },
    series: [
      {
        name: T('RoPE: swings', 'RoPE：来回摆动'),
        x,
        y: scores((side) => applyRotary(fill(`r${side}`), rope, { layout: 'BHSD' })),
      },
      {
        name: T('xPos: falls', 'xPos：逐渐衰减'),
        x,
        y: scores((side) => {
          const table = work.take(xposTable(spec(p), { ...given(p, side), engine: work.engine }));
          return applyRotary(fill(`x${side}`), table, { layout: 'BHSD' });
        }),
      },
    ],
    height: 280,
  };
}

const xpos: View = {
  id: 'xpos',
  title: T('xPos', 'xPos'),
  names: ['xPos', 'XPOS', 'LeX', '衰减'],
  sources: [{ label: 'Sun et al. 2022 (arXiv 2212.10554)', href: 'https://arxiv.org/abs/2212.10554' }],
  what: T(
    'RoPE with a decay: queries are multiplied by a factor that grows with their position, keys are divided by it, so that the product falls with distance, the fast pairs first. Only differences count, but the factors themselves grow without end; so one position is chosen as the centre, where the factor is one.',
    '带衰减的 RoPE：查询乘以随位置增大的因子，键除以它，于是内积随距离下降，快的组先衰减。只有差值起作用，但因子本身无界增长，因此选一个位置为中心，使其因子为一。',
  ),
  porters: T(
    'Only the ratio of two scales reaches a score, so each code centres elsewhere: in the middle of the sequence, of the table, or of the largest position. Keys in a cache must keep one centre.',
    '只有两个尺度之比进入分数，因此各家的中心不同：序列的中间、表的中间或最大位置的中间。缓存中的键必须始终用同一个中心。',
  ),
  symbols: {
    ζ: [T('decay of a pair, at most 1', '一组的衰减，不超过 1')],
    c: [T('number of the pair', '第几组')],
    R: [T('rotation by a position', '按位置旋转')],
    m: [T('position of the key', '键的位置')],
    n: [T('position of the query', '查询的位置')],
    s: [T('scale base, in positions', '尺度基数（位置数）')],
    γ: [T('0.4: keeps the slowest pair from vanishing', '0.4：使衰减最快的组不致消失')],
    k: [T('key: the word that is looked at', '键：被看的词')],
  },
  formula: [
    'q_n \\mapsto \\zeta_c^{n/s} R_n q_n, \\quad k_m \\mapsto \\zeta_c^{-m/s} R_m k_m',
    '\\zeta_c = \\frac{2c/d + \\gamma}{1 + \\gamma}',
  ],
  controls: [
    slider('length', T('Positions', '位置数'), 128, 8, 512),
    steps('dim', T('Channels of a head', '每头维度'), 64, [16, 32, 64, 128]),
    steps('base', T('Base (rope theta)', '底数（rope theta）'), 10000, BASES.slice(1)),
    steps('scale', T('Scale of the decay', '衰减尺度'), 64, [32, 64, 128, 256, 512, 1024]),
    slider('center', T('Centre', '中心'), 64, 0, 512),
  ],
  compute(p, work) {
    const map = (side: 'query' | 'key', label: Text): Panel => {
      const table = work.take(xposTable(spec(p), { ...given(p, side), engine: work.engine }));
      return {
        kind: 'map',
        label,
        data: () => table.cos.data,
        rows: num(p.length),
        cols: num(p.dim) / 2,
        palette: 'diverging',
        range: [-1.5, 1.5],
        rowTitle: position,
        colTitle: pair,
        ...(side === 'query' ? { through: 'column' } : {}),
      };
    };
    return [
      falling(p, work),
      map('query', T('Cosines for queries', '查询用的余弦')),
      map('key', T('Cosines for keys', '键用的余弦')),
    ];
  },
  code: (p) => ({
    ts: `xposTable({ headDim: ${p.dim}, ropeTheta: ${p.base}, pairing: 'interleaved' }, { length: ${p.length}, side: 'query', center: ${p.center}, scaleBase: ${p.scale} })`,
    torch: `zeta = (torch.arange(0, ${p.dim}, 2) / ${p.dim} + 0.4) / 1.4\nscale = zeta ** ((n[:, None] - ${p.center}) / ${p.scale})\nq, k = rotate(q) * scale, rotate(k) / scale`,
    llama: notThere,
  }),
};

const pope: View = {
  id: 'pope',
  title: T('PoPE: polar coordinates', 'PoPE：极坐标'),
  names: ['PoPE', '极坐标', 'polar'],
  sources: [{ label: 'PoPE 2025 (arXiv 2509.10534)', href: 'https://arxiv.org/abs/2509.10534' }],
  what: T(
    'RoPE turns pairs, so that a channel’s content also shifts its phase. PoPE separates what from where: each channel by itself gives a magnitude, which is never negative, and its angle is the position alone. A head of d channels becomes one of 2d. Magnitudes here are random.',
    'RoPE 旋转成对的维度，因此内容也会改变相位。PoPE 把“是什么”与“在哪里”分开：每个维度单独给出一个非负的模长，其角度只由位置决定。d 个维度的头变成 2d 个。这里的模长是随机的。',
  ),
  symbols: {
    c: [T('channel', '维度')],
  },
  formula: [
    'x_c \\mapsto \\ln ( 1 + e^{x_c} ) \\cdot ( \\cos n\\theta_c, \\sin n\\theta_c ), \\quad \\theta_c = b^{-c/d}',
  ],
  controls: [
    slider('length', T('Positions', '位置数'), 128, 8, 512),
    steps('dim', T('Channels of a head', '每头维度'), 64, [16, 32, 64, 128]),
    steps('base', T('Base (rope theta)', '底数（rope theta）'), 10000, BASES.slice(1)),
    slider('seed', T('Random weights', '随机权重'), 1, 1, 20),
  ],
  compute(p, work) {
    const [n, dim] = [num(p.length), num(p.dim)];
    const table = work.take(popeTable({ length: n, dim, ropeTheta: num(p.base), engine: work.engine }));
    const x = work.out('x', [1, n, 1, dim]);
    const one = noise(dim, 500 + num(p.seed));
    for (let i = 0; i < n; i++) x.data.set(one, i * dim);
    const y = applyPope(x, table, { out: work.out('y', [1, n, 1, 2 * dim]) });
    const map = (label: Text, data: () => ArrayLike<number>, cols: number, most: number): Panel => ({
      kind: 'map',
      label,
      data,
      rows: n,
      cols,
      palette: 'diverging',
      range: [-most, most],
      rowTitle: position,
      colTitle: T('channel', '维度'),
      through: 'column',
    });
    return [
      map(T('Cosine of every angle', '各角度的余弦'), () => table.cos.data, dim, 1),
      map(T('One vector at every position', '同一向量在各个位置'), () => y.data, 2 * dim, 1.4),
    ];
  },
  code: (p) => ({
    given: { q: `Tensor.zeros([1, ${p.length}, 8, ${p.dim}])` },
    ts: `const table = popeTable({ length: ${p.length}, dim: ${p.dim}, ropeTheta: ${p.base} });\napplyPope(q, table)`,
    torch: `angle = n[:, None] * ${p.base} ** (-torch.arange(${p.dim}) / ${p.dim})\nm = F.softplus(x)\ny = torch.cat((m * angle.cos(), m * angle.sin()), -1)`,
    llama: notThere,
  }),
};

export const relativesOfRotation: readonly View[] = [xpos, pope];
