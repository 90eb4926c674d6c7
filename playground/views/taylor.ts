/** What a position adds to a score, by Taylor: the only term that knows both positions is the mixed one. */
import { sinusoidal, taylorDecomposition } from '../library.ts';
import { show, T } from '../text.ts';
import { direction } from '../trained.ts';
import { slider, type View } from '../view.ts';

const num = (value: unknown) => value as number;
const DIM = 32;

export const taylorView: View = {
  id: 'taylor',
  title: T('Taylor: where both positions meet', '泰勒展开：两个位置在哪里相遇'),
  names: ['泰勒', '泰勒展开', 'Taylor', 'expansion of a score'],
  sources: [{ label: 'Su 2021 (kexue.fm/archives/8231)', href: 'https://kexue.fm/archives/8231' }],
  what: T(
    'Take the two position vectors as small changes of the words and expand the score. First-order terms know one position each; only one second-order term has both, and so only it can tell a distance. That this term should depend on m − n alone leads to sines and cosines.',
    '把两个位置向量看作词向量的小扰动，对分数做泰勒展开。一阶项各只含一个位置；只有一个二阶项同时含有两个位置，因此只有它能表达距离。要求这一项只取决于 m − n，就得到正弦与余弦。',
  ),
  formula: [
    'f \\approx f_0 + p_m \\cdot g_m + p_n \\cdot g_n + \\frac{1}{2} p_m \\cdot H_{mm} p_m + \\frac{1}{2} p_n \\cdot H_{nn} p_n + p_m \\cdot H_{mn} p_n',
  ],
  symbols: {
    f: [T('score', '分数')],
    g: [T('slope of the score with one word', '分数对一个词的梯度')],
    H: [T('how the slopes change', '二阶导数')],
    m: [T('position of the query', '查询的位置'), 'm'],
    n: [T('position of the key', '键的位置'), 'n'],
  },
  controls: [
    slider('m', T('Query at m', '查询在 m'), 12, 0, 60),
    slider('n', T('Key at n', '键在 n'), 7, 0, 60),
    slider('size', T('Size of the position vectors', '位置向量大小'), 0.5, 0.1, 1, 0.1),
  ],
  compute(p, work) {
    const [m, n] = [num(p.m), num(p.n)];
    const last = 66;
    const table = sinusoidal({ length: last, dim: DIM, out: work.out('p', [last, DIM]) });
    const row = (s: number) => table.data.slice(s * DIM, (s + 1) * DIM).map((x) => x * num(p.size));
    const [x, y] = [direction(DIM, 51, 0.8), direction(DIM, 52, 0.8)];
    const eye = new Float32Array(DIM * DIM);
    for (let c = 0; c < DIM; c++) eye[c * DIM + c] = 1;
    // the score is x · y: its slope with one word is the other
    const at = (i: number, j: number) =>
      taylorDecomposition({ pm: row(i), pn: row(j), gradientM: y, gradientN: x, hessianMN: eye, f: 0 });
    const here = at(m, n);
    const shift = 5;
    const moved = at(m + shift, n + shift);
    return [
      {
        kind: 'bars',
        label: T(
          `What the positions add, term by term: here, and ${shift} further on`,
          `位置带来的各项：此处，以及后移 ${shift} 位之后`,
        ),
        rows: (
          [
            ['firstM', T('m alone', '只含 m')],
            ['firstN', T('n alone', '只含 n')],
            ['secondM', T('m twice', 'm 两次')],
            ['secondN', T('n twice', 'n 两次')],
            ['mixed', T('m and n', 'm 与 n')],
          ] as const
        ).map(([key, name]) => ({ name, values: [here[key], moved[key]], strong: key === 'mixed' })),
      },
      {
        kind: 'note',
        text: T(
          `Moved on by ${shift}, the mixed term changes by ${show(Math.abs(here.mixed - moved.mixed), 2)}, the first-order ones by ${show(Math.abs(here.firstM - moved.firstM), 2)} and ${show(Math.abs(here.firstN - moved.firstN), 2)}: only the mixed one is a matter of distance.`,
          `后移 ${shift} 位，交叉项变化 ${show(Math.abs(here.mixed - moved.mixed), 2)}，两个一阶项变化 ${show(Math.abs(here.firstM - moved.firstM), 2)} 与 ${show(Math.abs(here.firstN - moved.firstN), 2)}：只有交叉项取决于距离。`,
        ),
      },
    ];
  },
  code: () => ({
    given: {
      pm: 'new Float32Array(32)',
      pn: 'new Float32Array(32)',
      gradientM: 'new Float32Array(32)',
      gradientN: 'new Float32Array(32)',
      hessianMN: 'new Float32Array(32 * 32)',
    },
    ts: 'taylorDecomposition({ pm, pn, gradientM, gradientN, hessianMN })',
    torch: 'mixed = pm @ hessian_mn @ pn',
    llama: T('Nothing to set.', '无需设置。'),
  }),
};
