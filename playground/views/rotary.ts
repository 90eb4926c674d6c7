/** Views of the rotary family. */
import { applyRotary, type RotarySpec, rotaryFrequencies, rotaryTable } from '../library.ts';
import { grouped, show, T } from '../text.ts';
import { direction } from '../trained.ts';
import {
  type Code,
  choice,
  type Panel,
  type Params,
  slider,
  steps,
  toggle,
  type View,
  type Workspace,
} from '../view.ts';
import { BASES, pair, position } from './common.ts';
import { APART, PLACE, stretched, twoWords } from './ideas.ts';

const LENGTH = slider('length', T('Positions', '位置数'), 128, 8, 512);
const DIM = steps('dim', T('Channels of a head', '每头维度'), 128, [16, 32, 64, 80, 96, 128, 256]);
const BASE = steps('base', T('Base (rope theta)', '底数（rope theta）'), 10000, BASES.slice(1));
const OFFSET = slider('offset', T('First position', '起始位置'), 0, 0, 1000000);
const FACTOR = slider('factor', T('Factor', '扩展倍数'), 4, 1, 32, 0.5);
const TRAINED = steps('trained', T('Trained context', '训练长度'), 4096, [512, 1024, 2048, 4096, 8192, 32768, 131072]);

/** Where the far word of the dials stands. */
const FAR = steps('far', T('Far word at', '远处的词在'), 16384, [2048, 4096, 8192, 16384, 32768, 65536, 131072]);

const num = (value: unknown) => value as number;

/** Cosine and sine of every position and pair, and the frequencies beside the unscaled ones. */
function tables(p: Params, work: Workspace, spec: RotarySpec, context?: number): Panel[] {
  const length = num(p.length);
  const table = work.take(rotaryTable(spec, { length, offset: num(p.offset), context, engine: work.engine }));
  const pairs = table.rotaryDim / 2;
  const most = Math.max(1, spec.attentionFactor ?? 1, ...table.cos.data.subarray(0, pairs));
  const map = (name: 'cos' | 'sin'): Panel => ({
    kind: 'map',
    label: T(
      name === 'cos' ? 'Cosine of every angle' : 'Sine of every angle',
      name === 'cos' ? '各角度的余弦' : '各角度的正弦',
    ),
    data: () => table[name].data,
    rows: length,
    cols: pairs,
    palette: 'diverging',
    range: [-most, most],
    rowTitle: position,
    colTitle: pair,
    rowAt: (r) => r + num(p.offset),
    ...(name === 'cos' ? { through: 'column' } : {}),
  });
  return [map('cos'), map('sin')];
}

/** Frequencies do not change while a position is dragged. */
const known = new Map<string, Float64Array>();

/** Radians per position of every pair. */
function speedsOf(spec: RotarySpec, length?: number): Float64Array {
  const key = JSON.stringify([spec, length]);
  let made = known.get(key);
  if (!made) {
    if (known.size > 64) known.clear();
    made = rotaryFrequencies({ ...spec, precision: 'exact' }, { context: length }).ladder.hi;
    known.set(key, made);
  }
  return made;
}

const tsSpec = (spec: RotarySpec) =>
  `{ ${Object.entries(spec)
    .map(
      ([key, value]) =>
        `${key}: ${typeof value === 'string' ? `'${value}'` : Array.isArray(value) ? `[${value}]` : value}`,
    )
    .join(', ')} }`;

const torchTable = (p: Params) =>
  `angle = torch.arange(${p.offset}, ${num(p.offset) + num(p.length)})[:, None] * inv_freq\ncos, sin = angle.cos(), angle.sin()`;
const torchBase = (p: Params) => `inv_freq = ${p.base} ** (-torch.arange(0, ${p.dim}, 2) / ${p.dim})`;

const tsTable = (spec: RotarySpec, p: Params, context?: number) =>
  `rotaryTable(${tsSpec(spec)}, { length: ${p.length}${p.offset ? `, offset: ${p.offset}` : ''}${context ? `, context: ${context}` : ''} })`;

const ropeSpec = (p: Params): RotarySpec => ({
  headDim: num(p.dim),
  ropeTheta: num(p.base),
  ...(p.partial !== 1 ? { partialRotaryFactor: num(p.partial) } : {}),
  pairing: p.pairing as 'half' | 'interleaved',
});

/** q · k / sqrt(d) of one vector at two places. */
function score(work: Workspace, spec: RotarySpec & { headDim?: number }, places: readonly [number, number]): number {
  const dim = spec.headDim as number;
  const x = work.out('pair', [2, 1, dim]);
  x.data.set(direction(dim, 3, 0.62));
  x.data.copyWithin(dim, 0, dim);
  const table = work.take(rotaryTable(spec, { positions: [...places], engine: work.engine }));
  applyRotary(x, table, { layout: 'THD' });
  let sum = 0;
  for (let c = 0; c < dim; c++) sum += x.data[c] * x.data[dim + c];
  return sum / Math.sqrt(dim);
}

const rope: View = {
  id: 'rope',
  title: T('RoPE', '旋转位置编码（RoPE）'),
  names: ['旋转位置编码', '旋转式', '旋转', 'rotary', 'rotary position embedding', 'RoFormer', '旋转式位置编码'],
  sources: [{ label: 'Su et al. 2021, RoFormer (arXiv 2104.09864)', href: 'https://arxiv.org/abs/2104.09864' }],
  what: T(
    'Instead of adding anything, rotate: each pair of channels of query and key is turned by an angle proportional to the position. The product of a query and a key then depends only on the distance between them. Almost every open language model since 2022 uses it.',
    '不做加法，而做旋转：查询和键的每组（两维）按与位置成正比的角度旋转，于是查询与键的内积只取决于二者的距离。2022 年以来的开源语言模型几乎都采用它。',
  ),
  porters: T(
    'Which channels form a pair is a choice (neighbours, or the two halves of the head), and mixing the two up is the classic porting bug.',
    '哪两维配成一组有两种约定（相邻，或前后两半），把两者弄混是移植模型时最常见的错误。',
  ),
  formula: [
    '( x_1, x_2 ) \\mapsto ( x_1 \\cos n\\theta_k - x_2 \\sin n\\theta_k, \\quad x_2 \\cos n\\theta_k + x_1 \\sin n\\theta_k )',
    '\\theta_k = b^{-2k/d}',
  ],
  controls: [
    PLACE,
    APART,
    BASE,
    DIM,
    LENGTH,
    OFFSET,
    steps('partial', T('Part of the head that rotates', '旋转部分的比例'), 1, [0.25, 0.5, 0.75, 1]),
    choice('pairing', T('Pairing', '配对'), 'half', [
      ['half', T('halves: i with i + d/2 (Llama, NeoX)', '前后两半：i 与 i + d/2（Llama、NeoX）')],
      ['interleaved', T('neighbours: 2i with 2i + 1 (GPT-J)', '相邻：2i 与 2i + 1（GPT-J）')],
    ]),
  ],
  compute(p, work) {
    const spec = ropeSpec(p);
    const words = [num(p.place), num(p.place) + num(p.apart)] as const;
    const [here, start] = [score(work, spec, words), score(work, spec, [0, num(p.apart)])];
    const panels: Panel[] = [
      twoWords(
        T(
          'Two words on eight pairs: move both, and the angle between them stays',
          '两个词在八组上：一起移动，夹角不变',
        ),
        speedsOf(spec),
        words,
      ),
      {
        kind: 'note',
        text: T(
          `Score of the two words: ${show(here, 5)} here, ${show(start, 5)} at the beginning of a text: apart by ${show(Math.abs(here - start), 2)}. Only the distance counts.`,
          `两个词的分数：此处 ${show(here, 5)}，在文首 ${show(start, 5)}，相差 ${show(Math.abs(here - start), 2)}。只有距离起作用。`,
        ),
      },
      ...tables(p, work, spec),
    ];
    // a vector of ones, rotated to every position: what the pairing does to the channels
    const x = work.out('ones', [num(p.length), 1, num(p.dim)]);
    x.data.fill(1);
    const table = work.take(rotaryTable(spec, { length: num(p.length), offset: num(p.offset), engine: work.engine }));
    applyRotary(x, table, { layout: 'THD', offset: num(p.offset) });
    panels.push({
      kind: 'map',
      label: T('A vector of ones, rotated to every position', '全一向量旋转到各个位置'),
      data: () => x.data,
      rows: num(p.length),
      cols: num(p.dim),
      palette: 'diverging',
      range: [-1.5, 1.5],
      rowTitle: position,
      colTitle: T('channel', '维度'),
      rowAt: (r) => r + num(p.offset),
      through: 'column',
    });
    return panels;
  },
  code: (p) => ({
    given: { q: `Tensor.zeros([1, ${p.length}, 8, ${p.dim}])` },
    ts: `const table = ${tsTable(ropeSpec(p), p)};\napplyRotary(q, table);`,
    torch: `${torchBase(p)}\n${torchTable(p)}\n${p.pairing === 'half' ? 'a, b = x.chunk(2, -1)' : 'a, b = x[..., 0::2], x[..., 1::2]'}\na, b = a * cos - b * sin, b * cos + a * sin`,
    llama: `--rope-freq-base ${p.base}`,
  }),
};

interface Scaling extends Omit<View, 'compute' | 'code'> {
  readonly spec: (p: Params) => RotarySpec;
  readonly context?: (p: Params) => number;
  readonly torch: (p: Params) => string;
  readonly llama: Code['llama'] | ((p: Params) => string);
}

/** A view of a frequency rule: the wavelengths before and after, and the table that results. */
const scaling = (s: Scaling): View => ({
  id: s.id,
  title: s.title,
  names: s.names,
  sources: s.sources,
  what: s.what,
  porters: s.porters,
  symbols: s.symbols,
  formula: s.formula,
  controls: [FAR, ...s.controls, { ...BASE }, DIM, LENGTH, OFFSET],
  compute(p, work) {
    const spec = s.spec(p);
    const context = s.context?.(p);
    const taught = speedsOf({ headDim: num(p.dim), ropeTheta: num(p.base) });
    const used = speedsOf(spec, context);
    const [plain, scaled] = [taught, used].map((list) => list.map((speed) => (2 * Math.PI) / speed));
    const x = Float64Array.from(plain.keys());
    const ratio = scaled.map((wave, i) => wave / plain[i]);
    const trained = num(p.trained ?? 4096);
    const far = num(p.far);
    const mark = [{ y: trained, label: T(`trained: ${grouped(trained)}`, `训练：${grouped(trained)}`) }];
    const fresh = (list: Float64Array) =>
      list.filter((f, k) => trained * taught[k] < 2 * Math.PI && far * f > trained * taught[k] * (1 + 1e-9)).length;
    return [
      stretched(
        T(
          `A word at position ${grouped(far)}; shaded: the angles of training, ${grouped(trained)} positions`,
          `位置 ${grouped(far)} 的词；阴影：训练见过的角度（${grouped(trained)} 个位置）`,
        ),
        used,
        taught,
        far,
        trained,
      ),
      {
        kind: 'note',
        text: T(
          `At ${grouped(far)}, ${fresh(taught)} of ${taught.length} pairs of plain RoPE leave the shaded arc; with this rule ${fresh(used)} do.`,
          `在位置 ${grouped(far)}，原始 RoPE 的 ${taught.length} 组中有 ${fresh(taught)} 组离开阴影；按此规则为 ${fresh(used)} 组。`,
        ),
      },
      {
        kind: 'curves',
        label: T('Wavelength of each pair', '各组的波长'),
        x: { title: pair },
        y: { title: T('positions per turn', '每转一圈的位置数'), log: true },
        series: [
          { name: T('unscaled', '未缩放'), x, y: plain, dashed: true },
          { name: s.title, x, y: scaled },
        ],
        marks: mark,
      },
      {
        kind: 'curves',
        label: T('How many times slower each pair turns', '各组减慢的倍数'),
        x: { title: pair },
        y: { title: T('times slower', '减慢倍数'), min: 0 },
        series: [{ name: s.title, x, y: ratio }],
      },
      ...tables(p, work, spec, context),
    ];
  },
  code: (p) => ({
    ts: tsTable(s.spec(p), p, s.context?.(p)),
    torch: s.torch(p),
    llama: typeof s.llama === 'function' ? s.llama(p) : s.llama,
  }),
});

const common = (p: Params) => ({ headDim: num(p.dim), ropeTheta: num(p.base) });

const linear = scaling({
  id: 'linear',
  title: T('Position interpolation (PI)', '位置插值（PI）'),
  names: ['位置插值', 'PI', 'position interpolation', '线性内插', '内插', '插值'],
  sources: [{ label: 'Chen et al. 2023 (arXiv 2306.15595)', href: 'https://arxiv.org/abs/2306.15595' }],
  what: T(
    'The simplest way to make a model read further than it was trained: squeeze the positions, so that position 8000 is given the angles of position 2000. Every pair turns slower by the same factor. No angle is new to the model, but neighbours become harder to tell apart, and fine-tuning is needed.',
    '让模型读得比训练时更长的最简单办法：压缩位置，使第 8000 个位置得到第 2000 个位置的角度。所有组以相同倍数减慢。模型不会遇到新角度，但相邻位置更难区分，因此需要微调。',
  ),
  porters: T(
    'Older files write {"type": "linear"}, newer ones {"rope_type": "linear"}; some divide the positions instead of the frequencies, which rounds differently in float32.',
    '旧文件写作 {"type": "linear"}，新文件写作 {"rope_type": "linear"}；有的代码除的是位置而不是频率，在 float32 中舍入不同。',
  ),
  formula: ['\\theta_k = \\frac{1}{s} b^{-2k/d}'],
  controls: [FACTOR],
  spec: (p) => ({ ...common(p), ropeType: 'linear', factor: num(p.factor) }),
  torch: (p) => `${torchBase(p)} / ${p.factor}\n${torchTable(p)}`,
  llama: (p) => `--rope-scaling linear --rope-scale ${p.factor} --rope-freq-base ${p.base}`,
});

const ntk = scaling({
  id: 'ntk',
  title: T('NTK-aware', 'NTK-aware（调整 base）'),
  names: ['NTK-aware', 'NTK', 'NTK RoPE', 'NTK-RoPE', '调整 base'],
  sources: [
    { label: 'bloc97 2023, r/LocalLLaMA', href: 'https://www.reddit.com/r/LocalLLaMA/comments/14lz7j5/' },
    { label: 'Su 2023 (kexue.fm/archives/9706)', href: 'https://kexue.fm/archives/9706' },
  ],
  what: T(
    'Raise the base so that the slowest pair slows by the whole factor and the fastest not at all: high frequencies keep neighbours apart, low frequencies stretch over the longer text. It works without fine-tuning for moderate factors.',
    '提高底数，使最慢的组减慢整个倍数，而最快的完全不变：高频仍能区分邻居，低频铺满更长的文本。倍数不大时无需微调。',
  ),
  porters: T(
    'alpha is not the factor of the context: the base grows by alpha^(d/(d−2)).',
    'alpha 不是上下文的倍数：底数增大为 alpha^(d/(d−2)) 倍。',
  ),
  formula: ['\\theta_k = (b \\alpha^{d/(d-2)})^{-2k/d}'],
  controls: [{ ...FACTOR, key: 'alpha', label: T('Alpha', '参数 α') }],
  spec: (p) => ({ ...common(p), ropeType: 'ntk', alpha: num(p.alpha) }),
  torch: (p) =>
    `base = ${p.base} * ${p.alpha} ** (${p.dim} / (${p.dim} - 2))\ninv_freq = base ** (-torch.arange(0, ${p.dim}, 2) / ${p.dim})\n${torchTable(p)}`,
  llama: (p) => `--rope-freq-base ${Math.round(num(p.base) * num(p.alpha) ** (num(p.dim) / (num(p.dim) - 2)))}`,
});

const byParts = scaling({
  id: 'ntk-by-parts',
  title: T('NTK by parts', '分段 NTK'),
  names: ['by parts', '分段 NTK', 'NTK-by-parts'],
  sources: [
    { label: 'Peng et al. 2023, YaRN §3.2 (arXiv 2309.00071)', href: 'https://arxiv.org/abs/2309.00071' },
    { label: 'jquesnelle/yarn', href: 'https://github.com/jquesnelle/yarn' },
  ],
  what: T(
    'The step between NTK-aware and YaRN: pairs that turn often within the trained context stay, pairs that never complete a turn are interpolated linearly, and those in between get the raised base. YaRN later dropped the middle piece and added the amplitude.',
    '介于 NTK 感知与 YaRN 之间的一步：在训练长度内转很多圈的组保持不变，一圈都转不完的做线性插值，中间的用提高后的底数。YaRN 后来去掉了中间部分，并加上幅度校正。',
  ),
  symbols: {
    g: [T('share that keeps its speed', '保持原速的比例')],
    h: [T('share with the raised base', '用提高后底数的比例')],
  },
  formula: [
    "\\theta'_k = ( 1 - g_k ) ( ( 1 - h_k ) \\frac{\\theta_k}{s} + h_k \\theta_k^{\\mathrm{ntk}} ) + g_k \\theta_k",
  ],
  controls: [FACTOR, TRAINED],
  spec: (p) => ({
    ...common(p),
    ropeType: 'ntk-by-parts',
    factor: num(p.factor),
    originalMaxPositionEmbeddings: num(p.trained),
  }),
  torch: (p) =>
    `${torchBase(p)}\nntk = base_ntk ** (-torch.arange(0, ${p.dim}, 2) / ${p.dim})\nmiddle = torch.lerp(inv_freq / ${p.factor}, ntk, h)\ninv_freq = torch.lerp(middle, inv_freq, g)`,
  llama: T(
    'llama.cpp does not implement this rule; yarn is its successor.',
    'llama.cpp 没有实现此规则；YaRN 是它的后继。',
  ),
});

const dynamic = scaling({
  id: 'dynamic',
  title: T('Dynamic NTK', '动态 NTK'),
  names: ['dynamic NTK', '动态 NTK', 'dynamic'],
  sources: [
    { label: 'emozilla 2023, r/LocalLLaMA', href: 'https://www.reddit.com/r/LocalLLaMA/comments/14mrgpr/' },
    {
      label: 'transformers, rope_type "dynamic"',
      href: 'https://github.com/huggingface/transformers/blob/main/src/transformers/modeling_rope_utils.py',
    },
  ],
  what: T(
    'As NTK-aware, but the base grows with the length actually served: up to the trained context nothing changes. Keys cached with an old base do not match a new one, so a cache must be rotated again when the length grows.',
    '与 NTK 感知相同，但底数随实际长度增大：在训练长度以内什么都不变。用旧底数缓存的键与新底数不匹配，长度增长后缓存须重新旋转。',
  ),
  porters: T(
    'One name, several rules: transformers recomputes the base from the length in use, vLLM fixes it at the longest length, HunYuan gives alpha itself. Cached keys keep the base they were written with.',
    '同名不同规则：transformers 按当前长度重算底数，vLLM 固定为最长长度，HunYuan 直接给出 alpha。缓存的键保留写入时的底数。',
  ),
  formula: ["b' = b ( \\frac{s L}{L_0} - (s - 1) )^{d/(d-2)}", "\\theta_k = {b'}^{-2k/d}"],
  controls: [
    { ...FACTOR, value: 2 },
    TRAINED,
    steps('context', T('Length served', '实际长度'), 16384, [512, 2048, 4096, 8192, 16384, 32768, 131072, 524288]),
  ],
  spec: (p) => ({ ...common(p), ropeType: 'dynamic', factor: num(p.factor), maxPositionEmbeddings: num(p.trained) }),
  context: (p) => num(p.context),
  torch: (p) =>
    `L = max(${p.context}, ${p.trained})\nbase = ${p.base} * (${p.factor} * L / ${p.trained} - (${p.factor} - 1)) ** (${p.dim} / (${p.dim} - 2))\ninv_freq = base ** (-torch.arange(0, ${p.dim}, 2) / ${p.dim})`,
  llama: T(
    'llama.cpp has no dynamic rule; a fixed --rope-freq-base comes close at one length.',
    'llama.cpp 没有动态规则；固定的 --rope-freq-base 只能在某一长度上近似。',
  ),
});

const yarn = scaling({
  id: 'yarn',
  title: T('YaRN', 'YaRN'),
  names: ['YaRN', 'yet another rope extension'],
  sources: [{ label: 'Peng et al. 2023 (arXiv 2309.00071)', href: 'https://arxiv.org/abs/2309.00071' }],
  what: T(
    'Decide pair by pair: those that turn often within the trained context are left alone, those that never complete a turn are interpolated, and a ramp joins the two. The longer context also flattens attention a little, which an amplitude on cos and sin corrects. DeepSeek, Qwen and gpt-oss use it.',
    '逐对决定：在训练长度内转过很多圈的保持不变，一圈都转不完的做插值，两者之间用斜坡连接。更长的上下文会让注意力略微变平，用乘在 cos 与 sin 上的幅度来校正。DeepSeek、Qwen 与 gpt-oss 采用它。',
  ),
  porters: T(
    '“truncate” decides whether the edges of the ramp are rounded to whole pairs; mscale and mscale_all_dim change the amplitude; DeepSeek squares it into the softmax scale.',
    'truncate 决定斜坡两端是否取整到整组；mscale 与 mscale_all_dim 改变幅度；DeepSeek 把它平方后并入 softmax 缩放。',
  ),
  formula: [
    "\\theta'_k = ( 1 - \\gamma_k ) \\frac{\\theta_k}{s} + \\gamma_k \\theta_k",
    '\\gamma_k = 1 - \\clip ( \\frac{k - k_{\\mathrm{fast}}}{k_{\\mathrm{slow}} - k_{\\mathrm{fast}}}, 0, 1 ), \\quad k_{\\beta} = \\frac{d \\ln ( L_0 / 2 \\pi \\beta )}{2 \\ln b}',
    T('\\text{amplitude} = 0.1 \\ln s + 1', '\\text{幅度} = 0.1 \\ln s + 1'),
  ],
  controls: [
    FACTOR,
    TRAINED,
    slider('fast', T('Beta fast', 'β 快'), 32, 2, 64),
    slider('slow', T('Beta slow', 'β 慢'), 1, 0.25, 8, 0.25),
    toggle('truncate', T('Round the ramp to whole pairs', '斜坡取整到组'), true),
  ],
  spec: (p) => ({
    ...common(p),
    ropeType: 'yarn',
    factor: num(p.factor),
    originalMaxPositionEmbeddings: num(p.trained),
    betaFast: num(p.fast),
    betaSlow: num(p.slow),
    ...(p.truncate ? {} : { truncate: false }),
  }),
  torch: (p) =>
    `${torchBase(p)}\nramp = ((torch.arange(${num(p.dim) / 2}) - low) / (high - low)).clamp(0, 1)\ninv_freq = inv_freq / ${p.factor} * ramp + inv_freq * (1 - ramp)\nscale = 0.1 * math.log(${p.factor}) + 1  # onto cos and sin`,
  llama: (p) =>
    `--rope-scaling yarn --rope-scale ${p.factor} --yarn-orig-ctx ${p.trained} --yarn-beta-fast ${p.fast} --yarn-beta-slow ${p.slow} --rope-freq-base ${p.base}`,
});

const llama3 = scaling({
  id: 'llama3',
  title: T('Llama 3.1', 'Llama 3.1'),
  names: ['Llama 3', 'llama3'],
  sources: [
    { label: 'Llama 3 herd of models (arXiv 2407.21783)', href: 'https://arxiv.org/abs/2407.21783' },
    {
      label: 'transformers, rope_type "llama3"',
      href: 'https://github.com/huggingface/transformers/blob/main/src/transformers/modeling_rope_utils.py',
    },
  ],
  what: T(
    'Three zones by wavelength: shorter than the trained context over the high factor stays, longer than the trained context over the low factor is interpolated, and in between the frequency is blended. No amplitude.',
    '按波长分三段：短于“训练长度 ÷ 高频因子”的保持不变，长于“训练长度 ÷ 低频因子”的做插值，中间平滑混合。没有幅度校正。',
  ),
  porters: T(
    'Both bounds are in turns within original_max_position_embeddings, not in positions of the longer context.',
    '两个界限以 original_max_position_embeddings 之内的圈数计，而不是更长上下文中的位置。',
  ),
  symbols: {
    h: [T('high_freq_factor', 'high_freq_factor')],
    l: [T('low_freq_factor', 'low_freq_factor')],
  },
  formula: [
    "\\theta'_k = ( 1 - \\gamma ) \\frac{\\theta_k}{s} + \\gamma \\theta_k",
    '\\gamma = \\clip ( \\frac{L_0 \\theta_k / 2 \\pi - l}{h - l}, 0, 1 )',
  ],
  controls: [
    { ...FACTOR, value: 8 },
    { ...TRAINED, value: 8192 },
    slider('low', T('Low frequency factor', '低频因子'), 1, 0.25, 3.75, 0.25),
    slider('high', T('High frequency factor', '高频因子'), 4, 4, 16, 0.5),
  ],
  spec: (p) => ({
    ...common(p),
    ropeType: 'llama3',
    factor: num(p.factor),
    lowFreqFactor: num(p.low),
    highFreqFactor: num(p.high),
    originalMaxPositionEmbeddings: num(p.trained),
  }),
  torch: (p) =>
    `${torchBase(p)}\nturns = ${p.trained} * inv_freq / (2 * math.pi)\ng = ((turns - ${p.low}) / (${p.high} - ${p.low})).clamp(0, 1)\ninv_freq = (1 - g) * inv_freq / ${p.factor} + g * inv_freq`,
  llama: T(
    'No flag: the divisors are stored in the model file as rope_freqs.weight.',
    '没有对应参数：各频率的除数以 rope_freqs.weight 存放在模型文件里。',
  ),
});

/** A made-up list of divisors, growing from 1 to `most`: LongRoPE's are found by search and stored in the configuration. */
export const searched = (dim: number, most: number) =>
  Array.from({ length: dim / 2 }, (_, k) => 1 + (most - 1) * Math.min(1, (2.2 * k) / dim) ** 3);

const longrope = scaling({
  id: 'longrope',
  title: T('LongRoPE', 'LongRoPE'),
  names: ['LongRoPE', 'Phi-3'],
  sources: [{ label: 'Ding et al. 2024 (arXiv 2402.13753)', href: 'https://arxiv.org/abs/2402.13753' }],
  what: T(
    'One divisor for each pair, found by an evolutionary search, in two lists: one for texts up to the trained context, one beyond. The Phi-3 and Phi-4 models ship such lists; the one drawn here is a smooth stand-in that grows from 1 to the largest divisor.',
    '每个组有自己的除数，由进化搜索得到，分两张表：一张用于训练长度以内，一张用于更长。Phi-3 与 Phi-4 模型附带这样的表；这里画的是从 1 平滑增长到最大除数的示意表。',
  ),
  porters: T(
    'There are two lists of divisors; which one holds is decided by the length in use, and the amplitude comes from the two configured contexts.',
    '共有两组除数；用哪一组取决于当前长度，幅度则由配置中的两个上下文长度得出。',
  ),
  formula: [
    '\\theta_k = \\frac{1}{\\lambda_k} b^{-2k/d}',
    T(
      '\\text{amplitude} = \\sqrt{ 1 + \\frac{\\ln s}{\\ln L_0} }',
      '\\text{幅度} = \\sqrt{ 1 + \\frac{\\ln s}{\\ln L_0} }',
    ),
  ],
  controls: [
    { ...FACTOR, value: 32, label: T('Largest divisor', '最大除数') },
    TRAINED,
    toggle('long', T('Beyond the trained context', '超出训练长度'), true),
  ],
  spec: (p) => ({
    ...common(p),
    ropeType: 'longrope',
    originalMaxPositionEmbeddings: num(p.trained),
    factor: num(p.factor),
    shortFactor: searched(num(p.dim), 1 + num(p.factor) / 32),
    longFactor: searched(num(p.dim), num(p.factor)),
  }),
  context: (p) => (p.long ? 2 * num(p.trained) : num(p.trained)),
  torch: (p) => `${torchBase(p)} / ${p.long ? 'long_factor' : 'short_factor'}\n${torchTable(p)}`,
  llama: T(
    'No flag: both lists are stored in the model file (rope_factors_long, rope_factors_short).',
    '没有对应参数：两张表都存放在模型文件里（rope_factors_long、rope_factors_short）。',
  ),
});

export const rotaryViews: readonly View[] = [rope, linear, ntk, byParts, dynamic, yarn, llama3, longrope];
