/** View of xPos: rotation with a decay. */
import { type RotarySpec, xposTable } from '../../src/index.ts';
import { T, type Text } from '../text.ts';
import { type Panel, type Params, slider, steps, type View } from '../view.ts';
import { BASES, notThere, pair, position } from './common.ts';

const num = (value: unknown) => value as number;
const spec = (p: Params): RotarySpec => ({ headDim: num(p.dim), ropeTheta: num(p.base), pairing: 'interleaved' });
const given = (p: Params, side: 'query' | 'key') => ({
  length: num(p.length),
  side,
  center: num(p.center),
  scaleBase: num(p.scale),
});

export const xposView: View = {
  id: 'xpos',
  title: T('xPos', 'xPos'),
  sources: [{ label: 'Sun et al. 2022 (arXiv 2212.10554)', href: 'https://arxiv.org/abs/2212.10554' }],
  what: T(
    'RoPE with a decay: queries are multiplied by a factor that grows with their position, keys are divided by it, so that the product falls with distance, the fast pairs first. Only differences count, but the factors themselves grow without end; so one position is chosen as the centre, where the factor is one.',
    '带衰减的 RoPE：查询乘以随位置增大的因子，键除以它，于是内积随距离下降，快的通道对先衰减。只有差值起作用，但因子本身无界增长，因此选一个位置为中心，使其因子为一。',
  ),
  formula: [
    'q_n \\mapsto \\zeta_k^{n/s} R_n q_n, \\quad k_m \\mapsto \\zeta_k^{-m/s} R_m k_m',
    '\\zeta_k = \\frac{2k/d + \\gamma}{1 + \\gamma}',
  ],
  controls: [
    slider('length', T('Positions', '位置数'), 128, 8, 512),
    steps('dim', T('Channels of a head', '每头通道数'), 64, [16, 32, 64, 128]),
    steps('base', T('Base (rope theta)', '底数（rope theta）'), 10000, BASES.slice(1)),
    steps('scale', T('Scale of the decay', '衰减尺度'), 512, [32, 64, 128, 256, 512, 1024]),
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
        through: 'column',
      };
    };
    return [map('query', T('Cosines for queries', '查询用的余弦')), map('key', T('Cosines for keys', '键用的余弦'))];
  },
  code: (p) => ({
    ts: `xposTable({ headDim: ${p.dim}, ropeTheta: ${p.base}, pairing: 'interleaved' }, { length: ${p.length}, side: 'query', center: ${p.center}, scaleBase: ${p.scale} })`,
    torch: `zeta = (torch.arange(0, ${p.dim}, 2) / ${p.dim} + 0.4) / 1.4\nscale = zeta ** ((n[:, None] - ${p.center}) / ${p.scale})\nq, k = rotate(q) * scale, rotate(k) / scale`,
    llama: notThere,
  }),
};
