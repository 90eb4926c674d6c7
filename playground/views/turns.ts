/** Further views of the rotary family: directions of a plane, pairs that stand still, queries that warm up. */
import { goldenGateFrequencies, mixedAxialTable, rotaryFrequencies, scaleQuery, type Tensor } from '../library.ts';
import { grouped, show, T } from '../text.ts';
import { call, choice, noise, slider, steps, type View, type Workspace } from '../view.ts';
import { BASES, notThere } from './common.ts';
import { held } from './content.ts';
import { grid } from './grids.ts';
import { APART, PLACE, twoWords } from './ideas.ts';

const num = (value: unknown) => value as number;

/** [2, heads, pairs], as a model might have learned them: every pair a direction of its own, slow ones as many as fast ones. */
function learnedDirections(work: Workspace, heads: number, pairs: number): Tensor {
  const angles = noise(heads * pairs, 77);
  const rough = noise(heads * pairs, 78);
  const list = new Float32Array(2 * heads * pairs);
  angles.forEach((turn, i) => {
    const length = 20 ** ((i % pairs) / (pairs - 1)) * (1 + 0.2 * rough[i]);
    list[i] = length * Math.sin(Math.PI * turn);
    list[heads * pairs + i] = length * Math.cos(Math.PI * turn);
  });
  return held(work, 'learned', [2, heads, pairs], list);
}

const mixed: View = {
  id: 'golden-gate',
  title: T('RoPE in any direction: Mixed, golden gate', '任意方向的 RoPE：Mixed、golden gate'),
  names: ['golden gate', 'RoPE-Mixed', 'mixed axial', 'Falcon-Perception', 'n-dimensional RoPE', 'nD RoPE', '混合轴向'],
  sources: [
    { label: 'Heo et al. 2024, RoPE-Mixed (arXiv 2403.13298)', href: 'https://arxiv.org/abs/2403.13298' },
    { label: 'Xiong 2025, n-dimensional RoPE', href: 'https://jerryxio.ng/posts/nd-rope' },
  ],
  what: T(
    'Axial RoPE turns a pair with the row or with the column, so it cannot tell a diagonal. Here each pair has a direction of its own in the plane, and turns with the distance along it: its waves run across the picture at an angle. RoPE-Mixed learns the directions; the golden gate rule spreads them evenly, without learning.',
    '轴向 RoPE 的一组只随行或只随列转，所以分不清对角线。这里每组在平面上有自己的方向，并随沿该方向的距离转动：它的波斜着穿过图像。RoPE-Mixed 学习这些方向；golden gate 规则不用学习，把它们均匀铺开。',
  ),
  porters: T(
    'Falcon-Perception takes frequencies from 1 to 20 for coordinates from −1 to 1. timm counts x before y: gridOrder [1, 0].',
    'Falcon-Perception 的频率从 1 到 20，坐标从 −1 到 1。timm 先 x 后 y：gridOrder 为 [1, 0]。',
  ),
  symbols: {
    y: [T('row of the patch', '图块的行')],
    x: [T('column of the patch', '图块的列')],
    ω: [T('radians per unit, down and across', '每单位的弧度（纵、横）')],
  },
  formula: [
    T(
      '\\text{angle}_{(y,x),k} = y \\omega_k^y + x \\omega_k^x',
      '\\text{角度}_{(y,x),k} = y \\omega_k^y + x \\omega_k^x',
    ),
  ],
  controls: [
    choice('rule', T('Directions', '方向'), 'golden', [
      ['golden', T('golden gate: evenly spread', 'golden gate：均匀铺开')],
      ['mixed', T('Mixed: learned (made up here)', 'Mixed：学习得到（此处虚构）')],
    ]),
    slider('side', T('Patches a side', '每边图块数'), 24, 8, 32),
    slider('pair', T('Pair shown', '显示的组'), 5, 0, 15),
    slider('head', T('Head shown', '显示的头'), 0, 0, 3),
  ],
  compute(p, work) {
    const [side, pairs, heads] = [num(p.side), 16, 4];
    const [pair, head] = [num(p.pair), num(p.head)];
    const frequencies =
      p.rule === 'golden'
        ? goldenGateFrequencies({
            heads,
            pairs,
            minFrequency: 1,
            maxFrequency: 20,
            out: work.out('golden', [2, heads, pairs]),
          })
        : learnedDirections(work, heads, pairs);
    const centre = (i: number) => (2 * i + 1) / side - 1;
    const positions = Float64Array.from({ length: 2 * side * side }, (_, i) =>
      centre(i % 2 ? (i >> 1) % side : Math.floor((i >> 1) / side)),
    );
    const table = work.take(mixedAxialTable(frequencies, { positions, engine: work.engine }));
    const of = (axis: number, h: number) =>
      Float64Array.from({ length: pairs }, (_, k) => frequencies.data[(axis * heads + h) * pairs + k]);
    const own = (axis: number) => of(axis, head).slice(pair, pair + 1);
    return [
      grid(
        T(`Sine of pair ${pair} over the picture`, `第 ${pair} 组的正弦在图像上的样子`),
        () => table.sin.data,
        side,
        side,
        {
          start: head * side * side * pairs + pair,
          rowStride: side * pairs,
          colStride: pairs,
          palette: 'diverging',
          range: [-1, 1],
        },
      ),
      {
        kind: 'curves',
        label: T('Where the pairs point, and how fast they turn', '各组指向何方、转多快'),
        x: { title: T('radians across', '横向弧度') },
        y: { title: T('radians down', '纵向弧度') },
        series: [
          { name: T(`head ${head}`, `头 ${head}`), x: of(1, head), y: of(0, head), as: 'points' },
          {
            name: T('other heads', '其余的头'),
            x: of(1, (head + 1) % heads),
            y: of(0, (head + 1) % heads),
            as: 'points',
          },
          { name: T(`pair ${pair}`, `第 ${pair} 组`), x: own(1), y: own(0), as: 'points' },
        ],
        height: 300,
      },
    ];
  },
  code: (p) => ({
    given: { ...(p.rule === 'mixed' ? { frequencies: 'Tensor.zeros([2, 4, 16])' } : {}) },
    ts: `${p.rule === 'golden' ? 'const frequencies = goldenGateFrequencies({ heads: 4, pairs: 16, minFrequency: 1, maxFrequency: 20 });\n' : ''}mixedAxialTable(frequencies, { grid: [${p.side}, ${p.side}] })`,
    torch:
      'angle = y[:, None, None] * freqs[0] + x[:, None, None] * freqs[1]  # [tokens, heads, pairs]\ncos, sin = angle.cos(), angle.sin()',
    llama: notThere,
  }),
};

const proportional: View = {
  id: 'p-rope',
  title: T('p-RoPE: slow pairs stand still', 'p-RoPE：慢的组不转'),
  names: ['p-RoPE', 'proportional', 'partial rotary', '部分旋转', 'Gemma 4'],
  sources: [{ label: 'Barbero et al. 2024 (arXiv 2410.06205)', href: 'https://arxiv.org/abs/2410.06205' }],
  what: T(
    'The slowest pairs of RoPE hardly turn; models use them to carry meaning, and a very long text disturbs them after all. p-RoPE lets them stand still for good: the fast pairs tell where a word is, the others only what it is. Gemma 4 turns a quarter of the pairs.',
    'RoPE 中最慢的组几乎不转，模型用它们承载含义，但极长的文本终究会扰动它们。p-RoPE 干脆让它们永远不转：快的组说明词在哪里，其余的只说明词是什么。Gemma 4 只转四分之一的组。',
  ),
  porters: T(
    'This is not partial rotation: the exponent is divided by the whole head, and channel i pairs with i + d/2 of the whole head.',
    '这与部分旋转不同：指数除以整个头的维度，第 i 维与整个头的第 i + d/2 维配对。',
  ),
  symbols: { p: [T('share of the pairs that turn', '转动的组所占比例'), 'share'] },
  formula: ['\\theta_k = b^{-2k/d} \\quad ( k < p d / 2 ), \\quad 0'],
  controls: [
    PLACE,
    APART,
    steps('share', T('Share that turns', '转动的比例'), 0.25, [0.125, 0.25, 0.5, 0.75, 1]),
    steps('base', T('Base (rope theta)', '底数（rope theta）'), 1000000, BASES.slice(1)),
  ],
  compute(p) {
    const spec = {
      headDim: 64,
      ropeTheta: num(p.base),
      ropeType: 'proportional',
      partialRotaryFactor: num(p.share),
    } as const;
    const speeds = rotaryFrequencies(spec).ladder.hi;
    const still = speeds.filter((speed) => speed === 0).length;
    const x = Float64Array.from(speeds.keys());
    const words = [num(p.place), num(p.place) + num(p.apart)] as const;
    return [
      twoWords(
        T(
          `Two words on eight pairs: ${still} of ${speeds.length} pairs never move`,
          `两个词在八组上：${speeds.length} 组中有 ${still} 组从不转动`,
        ),
        speeds,
        words,
      ),
      {
        kind: 'curves',
        label: T('How fast each pair turns', '各组的转速'),
        x: { title: T('pair', '组') },
        y: { title: T('radians per position', '每个位置的弧度') },
        series: [
          { name: T('p-RoPE', 'p-RoPE'), x, y: speeds, as: 'steps' },
          {
            name: T('plain RoPE', '原始 RoPE'),
            x,
            y: rotaryFrequencies({ headDim: 64, ropeTheta: num(p.base) }).ladder.hi,
            dashed: true,
          },
        ],
      },
    ];
  },
  code: (p) => ({
    ts: `rotaryTable({ headDim: 64, ropeTheta: ${p.base}, ropeType: 'proportional', partialRotaryFactor: ${p.share} }, { length: 512 })`,
    torch: `inv_freq = ${p.base} ** (-torch.arange(0, 64, 2) / 64)\ninv_freq[${Math.floor(32 * num(p.share))}:] = 0`,
    llama: notThere,
  }),
};

const LONGEST = 20;
const temperature: View = {
  id: 'query-temperature',
  title: T('Llama 4: queries warm up', 'Llama 4：查询随位置升温'),
  names: ['attention temperature', 'temperature tuning', 'iRoPE', 'scaleQuery', 'Llama 4', '注意力温度', '温度'],
  sources: [
    {
      label: 'transformers, Llama 4',
      href: 'https://github.com/huggingface/transformers/blob/main/src/transformers/models/llama4/modeling_llama4.py',
    },
  ],
  what: T(
    'The more words there are, the thinner attention is spread: a word that matters drowns in a long text. So every query is multiplied by a number that grows with the logarithm of its position, which sharpens the softmax. Llama 4 does this on its layers without RoPE. Below, one word stands out by a few points among words that are all alike.',
    '词越多，注意力摊得越薄：重要的词会淹没在长文本里。于是每个查询乘以一个随位置的对数增长的数，使 softmax 更尖锐。Llama 4 在没有 RoPE 的层里这样做。下图中，一个词比其余完全相同的词高出几分。',
  ),
  porters: T(
    'The position counts from 1, and the number changes only every floor_scale positions. Layers with RoPE are left alone.',
    '位置从 1 数起，每隔 floor_scale 个位置这个数才变一次。有 RoPE 的层不受影响。',
  ),
  symbols: {
    n: [T('position of the query', '查询的位置')],
    f: [T('floor scale', '取整尺度'), 'floor'],
    a: [T('how strongly', '强度'), 'attn'],
  },
  formula: ['q_n \\leftarrow q_n ( 1 + a \\ln ( 1 + \\lfloor \\frac{n + 1}{f} \\rfloor ) )'],
  controls: [
    steps('floor', T('Floor scale', '取整尺度'), 8192, [256, 1024, 4096, 8192, 16384]),
    slider('attn', T('Strength', '强度'), 0.1, 0, 0.5, 0.05),
    slider('lead', T('How far the word stands out', '该词高出的分数'), 10, 2, 16),
  ],
  compute(p, work) {
    const x = Float64Array.from({ length: 4 * LONGEST + 1 }, (_, i) => Math.round(2 ** (i / 4)));
    const n = x.length;
    const q = work.out('q', [1, n, 1, 1]);
    q.data.fill(1);
    scaleQuery(q, { positions: x, floorScale: num(p.floor), attnScale: num(p.attn) });
    const factors = Float64Array.from(q.data);
    const share = (factor: (i: number) => number) =>
      Float64Array.from(x, (length, i) => {
        const own = Math.exp(factor(i) * num(p.lead));
        return own / (own + length);
      });
    const at = { title: T('position of the query', '查询的位置'), log: true };
    return [
      {
        kind: 'curves',
        label: T('What one important word keeps of attention', '一个重要的词还占多少注意力'),
        x: at,
        y: { title: T('share of attention', '注意力占比'), min: 0 },
        series: [
          { name: T('with temperature', '有温度'), x, y: share((i) => factors[i]) },
          { name: T('without', '无温度'), x, y: share(() => 1), dashed: true },
        ],
      },
      {
        kind: 'curves',
        label: T('The number that a query is multiplied by', '查询所乘的数'),
        x: at,
        y: { title: T('factor', '倍数'), min: 1 },
        series: [{ name: T('factor', '倍数'), x, y: factors, as: 'steps' }],
      },
      {
        kind: 'note',
        text: T(
          `At position ${grouped(x[n - 1])} queries are multiplied by ${show(factors[n - 1], 3)}.`,
          `在位置 ${grouped(x[n - 1])}，查询乘以 ${show(factors[n - 1], 3)}。`,
        ),
      },
    ];
  },
  code: (p) => ({
    given: { q: 'Tensor.zeros([1, 512, 8, 64])' },
    ts: call(
      'scaleQuery',
      { floorScale: p.floor, attnScale: p.attn },
      { floorScale: 8192, attnScale: 0.1 },
      'q',
    ).replace(', {  })', ')'),
    torch: `scale = torch.log1p(torch.floor((position + 1.0) / ${p.floor})) * ${p.attn} + 1.0\nq = q * scale[:, None]`,
    llama: notThere,
  }),
};

export const turningViews: readonly View[] = [proportional, mixed, temperature];
