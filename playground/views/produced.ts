/** Views of positions that are learned or produced step by step. What training would find is random here. */
import {
  complexOrder,
  complexOrderFrequency,
  convPositional,
  floaterPositions,
  fourierFeatures,
  gaussianFourier,
  gruPositions,
  hierarchicalPositions,
  learnedPositions,
  nerfEncoding,
  peg,
  perceiverEncoding,
  recursivePositions,
  type Tensor,
  type TimestepPreset,
  timestepEmbedding,
  weightNorm,
} from '../library.ts';
import { same, show, T, type Text } from '../text.ts';
import { smoothTable } from '../trained.ts';
import {
  around,
  type Code,
  call,
  choice,
  type MapPanel,
  noise,
  type Panel,
  slider,
  steps,
  toggle,
  type View,
  type Workspace,
} from '../view.ts';
import { channel, notThere, position } from './common.ts';
import { way } from './ideas.ts';

const num = (value: unknown) => value as number;
const LENGTH = slider('length', T('Positions', '位置数'), 96, 8, 255);
const DIM = steps('dim', T('Channels', '维度'), 32, [8, 16, 32, 64, 128]);
const SEED = slider('seed', T('Random weights', '随机权重'), 1, 1, 20);

const floatTable = T('No flag: the table is stored in the model file.', '没有对应参数：表存放在模型文件里。');

/** A table of rows by position. */
function table(label: Text, tensor: Tensor, more: Partial<MapPanel> = {}): MapPanel {
  const [rows, cols] = tensor.shape.slice(-2);
  return {
    kind: 'map',
    label,
    data: () => tensor.data,
    rows,
    cols,
    palette: 'diverging',
    range: around(tensor.data),
    rowTitle: position,
    colTitle: channel,
    through: 'column',
    ...more,
  };
}

function random(work: Workspace, name: string, shape: readonly number[], seed: number, scale = 1): Tensor {
  const tensor = work.out(name, shape);
  const numbers = noise(tensor.length, seed);
  for (let i = 0; i < numbers.length; i++) numbers[i] *= scale;
  tensor.data.set(numbers);
  return tensor;
}

const learned: View = {
  id: 'learned',
  title: T('Learned table', '可学习位置表'),
  names: [
    '训练式',
    '可学习',
    '可训练',
    '学习式',
    'BERT',
    'GPT-2',
    'learnable',
    'trained',
    'lookup table',
    'APE',
    '位置嵌入',
  ],
  sources: [
    { label: 'Gehring et al. 2017, ConvS2S (arXiv 1705.03122)', href: 'https://arxiv.org/abs/1705.03122' },
    { label: 'BERT (arXiv 1810.04805)', href: 'https://arxiv.org/abs/1810.04805' },
  ],
  what: T(
    'A row of trained numbers for each position, looked up and added. BERT, GPT-2 and ViT do this. There is no row beyond the last one: the model cannot read further than it was trained. Training makes neighbouring rows alike, so that the table winds slowly through its space: GPT-2’s is a helix. The table here is made up to look like that.',
    '每个位置对应一行训练得到的数，查表后相加。BERT、GPT-2 与 ViT 采用此法。最后一行之后没有数据，因此模型无法读得比训练时更长。训练会让相邻的行彼此相似，于是整张表在空间里缓缓盘绕：GPT-2 的位置表就是一条螺旋线。这里的表是照此虚构的。',
  ),
  porters: T(
    'The row numbers differ: OPT begins at row 2, RoBERTa behind its padding row.',
    '行号各不相同：OPT 从第 2 行开始，RoBERTa 从填充行之后开始。',
  ),
  formula: ['x_n \\leftarrow x_n + W_{\\mathrm{id} ( n )}'],
  controls: [
    LENGTH,
    DIM,
    choice('rule', T('First row', '起始行'), '0', [
      ['0', T('0: BERT, GPT-2, ViT', '0：BERT、GPT-2、ViT')],
      ['2', T('2: OPT, BART', '2：OPT、BART')],
    ]),
    slider('rows', T('Rows of the table', '表的行数'), 64, 8, 128),
    toggle('normalize', T('Normalise rows (length 1)', '行归一化（长度为 1）')),
  ],
  compute(p, work) {
    const [n, dim] = [num(p.length), num(p.dim)];
    const there = Math.min(n, num(p.rows));
    const weights = work.out('weights', [num(p.rows) + 2, dim]);
    weights.data.set(smoothTable(num(p.rows) + 2, dim));
    const rows = work.out('rows', [n, dim]);
    rows.data.fill(Number.NEGATIVE_INFINITY);
    const made = learnedPositions(weights, {
      length: there,
      offset: Number(p.rule),
      l2Normalize: p.normalize === true,
      out: work.out('made', [there, dim]),
    });
    rows.data.set(made.data);
    const missing = n - there;
    return [
      table(T('The rows that are added; hatched: no row', '相加的各行；斜纹处没有行'), rows, {
        range: around(made.data),
      }),
      way(
        T('Two channels of the table: neighbours are alike', '表的两个维度：相邻的行彼此相似'),
        T('rows in order', '按顺序的各行'),
        made.data,
        there,
        dim,
        [1, 3],
      ),
      {
        kind: 'note',
        text:
          missing > 0
            ? T(
                `${missing} of ${n} positions have no row: a model with this table cannot go there.`,
                `${n} 个位置中有 ${missing} 个没有行：用这张表的模型去不了那里。`,
              )
            : T(`All ${n} positions have a row.`, `${n} 个位置都有对应的行。`),
      },
    ];
  },
  code: (p) => ({
    given: { weights: `Tensor.zeros([${num(p.rows) + 2}, ${p.dim}])` },
    ts: call(
      'learnedPositions',
      { length: Math.min(num(p.length), num(p.rows)), offset: Number(p.rule), l2Normalize: p.normalize },
      { offset: 0, l2Normalize: false },
      'weights',
    ),
    torch: `x = x + embedding(torch.arange(${p.length})${p.rule === '2' ? ' + 2' : ''})`,
    llama: floatTable,
  }),
};

const hierarchical: View = {
  id: 'hierarchical',
  title: T('Hierarchical decomposition', '层次分解'),
  names: ['层次分解', '层次分解位置编码', '层次', 'hierarchical decomposition', '超长文本'],
  sources: [{ label: 'Su 2020 (kexue.fm/archives/7947)', href: 'https://kexue.fm/archives/7947' }],
  what: T(
    'A table of n learned rows serves n² positions: position i·n + j gets a mixture of row i and row j. The first n positions keep their rows exactly, so a trained BERT can be stretched from 512 to 262 144 positions before any fine-tuning. The mixing weight must not be one half, or (i, j) and (j, i) would be the same place.',
    'n 行可学习的表可用于 n² 个位置：位置 i·n + j 得到第 i 行与第 j 行的混合。前 n 个位置保持原样，因此训练好的 BERT 无需微调即可从 512 扩展到 262 144 个位置。混合权重不能为二分之一，否则 (i, j) 与 (j, i) 会是同一处。',
  ),
  porters: T(
    'Row 0 of the table belongs to both wheels, and the first n rows stay as they were trained. α = 0.5 is refused: places (i, j) and (j, i) would be one.',
    '表的第 0 行同属两个轮子，前 n 行与训练时完全一样。α = 0.5 会被拒绝：位置 (i, j) 与 (j, i) 将无法区分。',
  ),
  symbols: {
    q: [T('finished row', '得到的行')],
    i: [T('slow wheel', '慢轮的位置')],
    j: [T('fast wheel', '快轮的位置')],
    n: [T('rows of the small table', '小表的行数'), 'rows'],
    α: [T('share of the slow wheel', '慢轮的权重'), 'alpha'],
    u: [T('row of a wheel', '轮子的一行')],
    k: [T('number of a row', '行号')],
    p: [T('row of the small table', '小表的一行')],
  },
  formula: ['q_{i n + j} = \\alpha u_i + ( 1 - \\alpha ) u_j', 'u_k = \\frac{p_k - \\alpha p_0}{1 - \\alpha}'],
  controls: [
    { ...slider('at', T('Position', '位置'), 29, 0, 255), limit: (p) => num(p.rows) ** 2 - 1 },
    slider('rows', T('Rows of the table', '表的行数'), 12, 4, 16),
    slider('alpha', T('Alpha', '权重 α'), 0.4, 0.05, 0.95, 0.05),
    DIM,
  ],
  compute(p, work) {
    const [n, dim] = [num(p.rows), num(p.dim)];
    const weights = work.out('weights', [n, dim]);
    weights.data.set(smoothTable(n, dim, 43));
    // at one half the rule itself breaks down: the library refuses it, a little beside it shows why
    const alpha = Math.abs(num(p.alpha) - 0.5) < 1e-9 ? 0.4999 : num(p.alpha);
    const rows = hierarchicalPositions(weights, { length: n * n, alpha, out: work.out('rows', [n * n, dim]) });
    const at = num(p.at);
    const [i, j] = [Math.floor(at / n), at % n];
    const row = (s: number) => rows.data.slice(s * dim, s * dim + Math.min(dim, 16));
    const turned = row(j * n + i);
    const same = row(at).reduce((most, x, c) => Math.max(most, Math.abs(x - turned[c])), 0);
    const wheel = (k: number) => row(0).map((x, c) => (row(k)[c] - alpha * x) / (1 - alpha));
    return [
      {
        kind: 'bars',
        label: T(
          `Position ${at} = ${i} · ${n} + ${j}: two wheels, like an odometer`,
          `位置 ${at} = ${i} · ${n} + ${j}：两个转轮，像里程表`,
        ),
        rows: [
          { name: T(`slow wheel: row ${i}`, `慢轮：第 ${i} 行`), values: wheel(i) },
          { name: T(`fast wheel: row ${j}`, `快轮：第 ${j} 行`), values: wheel(j) },
          {
            name: T(
              `${show(alpha, 2)} slow + ${show(1 - alpha, 2)} fast`,
              `${show(alpha, 2)} 慢 + ${show(1 - alpha, 2)} 快`,
            ),
            values: row(at),
            strong: true,
          },
        ],
      },
      {
        kind: 'note',
        text: T(
          `Positions (${i}, ${j}) and (${j}, ${i}) differ by ${show(same, 3)}${i !== j && same < 0.05 ? ': almost one place, which is why alpha must not be one half' : ''}.`,
          `位置（${i}，${j}）与（${j}，${i}）相差 ${show(same, 3)}${i !== j && same < 0.05 ? '：几乎是同一处，所以 α 不能取二分之一' : ''}。`,
        ),
      },
      table(T('n² rows from n', '由 n 行得到 n² 行'), rows),
    ];
  },
  code: (p) => ({
    given: { weights: `Tensor.zeros([${p.rows}, ${p.dim}])` },
    ts: `hierarchicalPositions(weights, { length: ${num(p.rows) ** 2}, alpha: ${p.alpha === 0.5 ? 0.4999 : p.alpha} })`,
    torch: `u = (table - ${p.alpha} * table[:1]) / (1 - ${p.alpha})\nq = ${p.alpha} * u[s // ${p.rows}] + (1 - ${p.alpha}) * u[s % ${p.rows}]`,
    llama: notThere,
  }),
};

/** Which model, the largest step, and how diffusers' function would be called. */
const TIMES: readonly { preset: TimestepPreset; name: string; most: number }[] = [
  { preset: 'ddpm', name: 'DDPM', most: 1000 },
  { preset: 'stable-diffusion', name: 'Stable Diffusion', most: 1000 },
  { preset: 'sd3', name: 'Stable Diffusion 3', most: 1000 },
  { preset: 'guided-diffusion', name: 'guided-diffusion', most: 1000 },
  { preset: 'dit', name: 'DiT, PixArt', most: 1000 },
  { preset: 'flux', name: 'FLUX', most: 1 },
  { preset: 'f5-tts', name: 'F5-TTS, CosyVoice', most: 1 },
  { preset: 'diffwave', name: 'DiffWave', most: 50 },
  { preset: 'pi0', name: 'π0, SmolVLA', most: 1 },
];
const timesOf = (preset: unknown) => TIMES.find((one) => one.preset === preset) as (typeof TIMES)[number];

const timestep: View = {
  id: 'timestep',
  title: T('Diffusion time steps', '扩散模型时间步'),
  names:
    'diffusion, 扩散, DDPM, timesteps, timestep embedding, 时间步, Stable Diffusion, SD3, DiT, F5-TTS, CosyVoice, DiffWave, π0, SmolVLA, guided-diffusion'.split(
      ', ',
    ),
  sources: [{ label: 'Ho et al. 2020, DDPM (arXiv 2006.11239)', href: 'https://arxiv.org/abs/2006.11239' }],
  what: T(
    'A diffusion model must know how noisy its input is: the time step is embedded by the same sinusoid. Models differ in which half comes first, how fast the waves are, and whether time runs from 0 to 1000 or from 0 to 1. Choose one and compare.',
    '扩散模型必须知道输入有多少噪声：时间步用同样的正弦方式嵌入。各模型的区别在于哪一半在前、波有多快，以及时间是从 0 到 1000 还是从 0 到 1。选一个比一比。',
  ),
  porters: T(
    'There is no default preset: sines or cosines first, d/2 or d/2 − 1, whole steps or steps from 0 to 1 all differ between models that look alike.',
    '没有默认预设：正弦在前还是余弦在前、除以 d/2 还是 d/2 − 1、步数是整数还是 0 到 1，看似相同的模型各不相同。',
  ),
  symbols: {
    e: [T('embedding of a step', '时间步的嵌入')],
    t: [T('time step', '时间步')],
    s: [T('scale of the steps', '时间步的缩放')],
    δ: [T('0 or 1, by model', '0 或 1，因模型而异'), 'preset'],
  },
  formula: ['e_t = [ \\sin ( s t \\omega_k ), \\cos ( s t \\omega_k ) ]', '\\omega_k = 10000^{-k / ( d/2 - \\delta )}'],
  controls: [
    choice(
      'preset',
      T('Model', '模型'),
      'ddpm',
      TIMES.map(({ preset, name }) => [preset, same(name)] as const),
    ),
    { ...DIM, value: 128 },
    slider('steps', T('Steps shown', '显示的步数'), 128, 16, 256),
  ],
  compute(p, work) {
    const [n, dim] = [num(p.steps), num(p.dim)];
    const { most } = timesOf(p.preset);
    const at = Float64Array.from({ length: n }, (_, i) => (most * i) / n);
    const rows = timestepEmbedding(at, { dim, preset: timesOf(p.preset).preset, out: work.out('rows', [n, dim]) });
    return [
      table(T('Embedding of each time step', '各时间步的嵌入'), rows, {
        rowTitle: T('time step', '时间步'),
        rowAt: (r) => +at[r].toPrecision(4),
        range: [-1, 1],
      }),
    ];
  },
  code: (p) => ({
    given: { timesteps: timesOf(p.preset).most === 1 ? '[0, 0.25, 0.999]' : '[0, 12, 49]' },
    ts: `timestepEmbedding(timesteps, { dim: ${p.dim}, preset: '${p.preset}' })`,
    torch:
      p.preset === 'diffwave'
        ? 'angle = t[:, None] * 10.0 ** (torch.arange(64) * 4.0 / 63.0)\nrows = torch.cat([angle.sin(), angle.cos()], 1)'
        : p.preset === 'pi0'
          ? `period = 4e-3 * (4.0 / 4e-3) ** torch.linspace(0, 1, ${num(p.dim) / 2}, dtype=torch.float64)\nangle = t[:, None] * (2 * math.pi / period)\nrows = torch.cat([angle.sin(), angle.cos()], 1)`
          : `get_timestep_embedding(${timesOf(p.preset).most === 1 ? '1000 * ' : ''}t, ${p.dim}, flip_sin_to_cos=${['ddpm', 'f5-tts'].includes(p.preset as string) ? 'False' : 'True'}, downscale_freq_shift=${['ddpm', 'f5-tts'].includes(p.preset as string) ? 1 : 0})`,
    llama: notThere,
  }),
};

const fourier: View = {
  id: 'fourier',
  title: T('Fourier features (NeRF)', '傅里叶特征（NeRF）'),
  names: ['NeRF', '傅里叶', 'fourier features', 'random features', 'instant-ngp', 'NCSN++', 'Perceiver', '随机傅里叶'],
  sources: [
    { label: 'Mildenhall et al. 2020 (arXiv 2003.08934)', href: 'https://arxiv.org/abs/2003.08934' },
    { label: 'Tancik et al. 2020 (arXiv 2006.10739)', href: 'https://arxiv.org/abs/2006.10739' },
  ],
  what: T(
    'A network fed bare coordinates draws blurred pictures; fed their sines and cosines at many frequencies it draws sharp ones. NeRF doubles the frequency from band to band, others draw them at random or space them evenly up to the size of a pixel.',
    '只给网络坐标，它画出的图是模糊的；给它许多频率的正弦与余弦，就能画得清晰。NeRF 让频率逐带加倍，别的方法随机抽取频率，或均匀排到一个像素为止。',
  ),
  porters: T(
    'The NeRF paper writes a factor π, the released code has none. tiny-cuda-nn and Hunyuan3D have it, and order the columns differently.',
    'NeRF 论文写有因子 π，公开代码没有。tiny-cuda-nn 与 Hunyuan3D 有，而且列的顺序也不同。',
  ),
  symbols: {
    γ: [T('features of a coordinate', '坐标的特征')],
    x: [T('coordinate', '坐标')],
    L: [T('number of bands', '频带数'), 'bands'],
  },
  formula: [
    '\\gamma ( x ) = [ x, \\sin ( 2^0 x ), \\cos ( 2^0 x ), \\dots, \\sin ( 2^{L-1} x ), \\cos ( 2^{L-1} x ) ]',
  ],
  controls: [
    choice('variant', T('Variant', '变体'), 'nerf', [
      ['nerf', T('NeRF, as released', 'NeRF（公开代码）')],
      ['paper', T('NeRF paper, instant-ngp: times π', 'NeRF 论文、instant-ngp：乘 π')],
      ['random', T('random directions (Tancik)', '随机方向（Tancik）')],
      ['gaussian', T('random, of a number (NCSN++)', '随机，用于一个数（NCSN++）')],
      ['perceiver', T('Perceiver: up to the pixel', 'Perceiver：频率到像素为止')],
    ]),
    slider('bands', T('Bands', '频带数'), 6, 1, 10),
    toggle('log', T('Doubling frequencies', '频率逐次加倍'), true),
    toggle('input', T('With the coordinate itself', '包含坐标本身'), true),
    slider('points', T('Points', '采样点数'), 192, 16, 256),
  ],
  compute(p, work) {
    const [n, bands] = [num(p.points), num(p.bands)];
    const x = work.out('x', [n, 1]);
    const data = x.data;
    for (let i = 0; i < n; i++) data[i] = (2 * i) / (n - 1) - 1;
    const weights = () => random(work, `weights${bands}`, [bands], 9, 4);
    const out = (width: number) => work.out(`rows${width}`, [n, width]);
    const made = (): Tensor => {
      switch (p.variant) {
        case 'random': {
          const matrix = random(work, `matrix${bands}`, [bands, 1], 9, 4);
          return fourierFeatures(x, matrix, { out: out(2 * bands) });
        }
        case 'gaussian':
          return gaussianFourier(x, weights(), { log: false, out: out(2 * bands) });
        case 'perceiver':
          return perceiverEncoding({
            grid: [n],
            maxResolution: 64,
            numBands: bands,
            concatPos: p.input === true,
            out: out(2 * bands + (p.input ? 1 : 0)),
          });
        default:
          return nerfEncoding(x, {
            numFrequencies: bands,
            logSampling: p.log === true,
            includeInput: p.input === true,
            timesPi: p.variant === 'paper',
            out: out(2 * bands + (p.input ? 1 : 0)),
          });
      }
    };
    return [
      table(T('Features of a coordinate from −1 to 1', '坐标从 −1 到 1 的特征'), made(), {
        rowTitle: T('coordinate', '坐标'),
        colTitle: T('feature', '特征'),
        rowAt: (r) => +((2 * r) / (n - 1) - 1).toFixed(2),
        range: [-1, 1],
      }),
    ];
  },
  code: (p): Code => {
    const bands = num(p.bands);
    const two = 'y = torch.cat([torch.sin(2 * math.pi * x @ B.T), torch.cos(2 * math.pi * x @ B.T)], -1)';
    if (p.variant === 'random')
      return {
        given: { x: 'Tensor.zeros([16, 3])', matrix: `Tensor.zeros([${bands}, 3])` },
        ts: 'fourierFeatures(x, matrix)',
        torch: two,
        llama: notThere,
      };
    if (p.variant === 'gaussian')
      return {
        given: { x: 'Tensor.zeros([16])', weights: `Tensor.zeros([${bands}])` },
        ts: 'gaussianFourier(x, weights, { log: false })',
        torch: two.replaceAll('x @ B.T', 'x[:, None] * w'),
        llama: notThere,
      };
    if (p.variant === 'perceiver')
      return {
        ts: call(
          'perceiverEncoding',
          { grid: [p.points], maxResolution: 64, numBands: bands, concatPos: p.input },
          { concatPos: true },
        ),
        torch: `bands = torch.linspace(1, 32, ${bands})\ny = torch.cat([${p.input ? 'x, ' : ''}(math.pi * x * bands).sin(), (math.pi * x * bands).cos()], -1)`,
        llama: notThere,
      };
    return {
      given: { x: 'Tensor.zeros([16, 3])' },
      ts: call(
        'nerfEncoding',
        { numFrequencies: bands, logSampling: p.log, includeInput: p.input, timesPi: p.variant === 'paper' },
        { logSampling: true, includeInput: true, timesPi: false },
        'x',
      ),
      torch: `bands = ${p.variant === 'paper' ? 'math.pi * ' : ''}${p.log ? `2 ** torch.linspace(0, ${bands - 1}, ${bands})` : `torch.linspace(1, ${2 ** (bands - 1)}, ${bands})`}\ny = torch.cat([${p.input ? 'x, ' : ''}*[f(x * b) for b in bands for f in (torch.sin, torch.cos)]], -1)`,
      llama: notThere,
    };
  },
};

const complex: View = {
  id: 'complex-order',
  title: T('Complex order', '复数式位置编码（Complex Order）'),
  names: ['复数式', '复数', '复数序', 'complex', 'complex order', 'complex valued'],
  sources: [{ label: 'Wang et al. 2020 (arXiv 1912.12333)', href: 'https://arxiv.org/abs/1912.12333' }],
  what: T(
    'The word itself is a wave: each word has an amplitude, a frequency and a phase in every dimension, and its value at a position is the wave at that point, a complex number. Position is not added to the word; the word is a function of position. Here one word is shown at every position.',
    '词本身就是一列波：每个词在每个维度上有振幅、频率和相位，它在某位置的值就是波在该点的复数值。位置不是加到词上的；词是位置的函数。这里展示同一个词在各个位置的值。',
  ),
  porters: T('The released code counts positions from 1 and has no phase.', '公开代码的位置从 1 开始，并且没有相位。'),
  symbols: {
    z: [T('the word at a position, a complex number', '词在某位置的值（复数）')],
    r: [T('amplitude', '振幅')],
    w: [T('the word', '词'), 'word'],
    i: [T('imaginary unit', '虚数单位')],
    φ: [T('phase', '相位')],
    k: [T('channel', '维度')],
    ω: [T('radians per position', '每个位置的弧度')],
  },
  formula: ['z_{n,k} = r_{w,k} \\cdot \\exp ( i ( \\omega_{w,k} n + \\phi_{w,k} ) )'],
  controls: [
    LENGTH,
    DIM,
    slider('word', T('Word', '词'), 3, 1, 16),
    toggle('phase', T('With a phase', '使用相位'), true),
  ],
  compute(p, work) {
    const [n, dim] = [num(p.length), num(p.dim)];
    const words = 17;
    const frequency = complexOrderFrequency({ vocabulary: words, dim, out: work.out('frequency', [words, dim]) });
    const amplitude = work.out('amplitude', [words, dim]);
    amplitude.data.fill(1);
    const z = complexOrder({
      ids: new Int32Array(n).fill(num(p.word)),
      positions: Int32Array.from({ length: n }, (_, i) => i + 1),
      amplitude,
      frequency,
      phase: p.phase ? random(work, 'phase', [words, dim], 43, 3) : undefined,
      out: work.out('z', [2, n, dim]),
    });
    const pairOf = Math.min(4, dim - 1);
    const circle = Float64Array.from({ length: 2 * n }, (_, i) => z.data[(i % 2) * n * dim + (i >> 1) * dim + pairOf]);
    const part = (label: Text, start: number) => table(label, z, { start, range: [-1, 1], rowAt: (r) => r + 1 });
    return [
      {
        ...way(
          T(`The word is its spin: dimension ${pairOf} at every position`, `词就是它的旋转：第 ${pairOf} 维在各个位置`),
          T(`word ${num(p.word)}`, `词 ${num(p.word)}`),
          circle,
          Math.min(n, 25),
          2,
          [0, 1],
        ),
        axes: [T('real part', '实部'), T('imaginary part', '虚部')],
      },
      part(T('Real part', '实部'), 0),
      part(T('Imaginary part', '虚部'), n * dim),
    ];
  },
  code: (p) => ({
    given: {
      ids: 'new Int32Array([5, 9, 5])',
      positions: 'new Int32Array([1, 2, 3])',
      amplitude: `Tensor.zeros([10, ${p.dim}])`,
      frequency: `complexOrderFrequency({ vocabulary: 10, dim: ${p.dim} })`,
      ...(p.phase ? { phase: `Tensor.zeros([10, ${p.dim}])` } : {}),
    },
    ts: `complexOrder({ ids, positions, amplitude, frequency${p.phase ? ', phase' : ''} })`,
    torch: `angle = positions[:, None] * frequency[ids]${p.phase ? ' + phase[ids]' : ''}\nz = torch.polar(amplitude[ids], angle)`,
    llama: notThere,
  }),
};

/** A matrix that turns pairs of channels, each by its own angle, times a gain; seed −1: it turns nothing. */
function turning(work: Workspace, name: string, dim: number, gain: number, seed: number): Tensor {
  const tensor = work.out(name, [dim, dim]);
  const { data } = tensor;
  const rough = noise(dim * dim, seed + 7);
  for (let i = 0; i < data.length; i++) data[i] = seed < 0 ? 0 : (0.12 * rough[i]) / Math.sqrt(dim);
  for (let k = 0; k + 1 < dim; k += 2) {
    const angle = seed < 0 ? 0 : 0.7 / (1 + k / 6);
    data[k * dim + k] += gain * Math.cos(angle);
    data[(k + 1) * dim + k + 1] += gain * Math.cos(angle);
    data[k * dim + k + 1] -= gain * Math.sin(angle);
    data[(k + 1) * dim + k] += gain * Math.sin(angle);
  }
  return tensor;
}

/** The way that rows take, what becomes of it, and the rows as a map. */
function walk(rows: Tensor, n: number, dim: number): Panel[] {
  const { data } = rows;
  const size = (i: number) => Math.hypot(...data.slice(i * dim, (i + 1) * dim));
  const step = (i: number) =>
    Math.hypot(...Array.from({ length: dim }, (_, c) => data[i * dim + c] - data[(i - 1) * dim + c]));
  const [first, end, last] = [step(1), step(n - 1), size(n - 1)];
  const [en, zh] =
    last > 4 * Math.max(1, size(1))
      ? ['it grows without end', '无限增长']
      : end < 0.05 * first
        ? ['it settles', '趋于静止']
        : ['it goes round', '绕圈'];
  return [
    way(
      T('Each position comes from the one before', '每个位置由前一个得出'),
      T('the way of the recursion', '递推的轨迹'),
      data,
      n,
      dim,
      [0, 1],
    ),
    {
      kind: 'note',
      text: T(
        `After ${n} steps ${en}: the last step is ${show(end, 2)} long, the first was ${show(first, 2)}; the last row has length ${show(last, 3)}.`,
        `走 ${n} 步后${zh}：最后一步长 ${show(end, 2)}，第一步长 ${show(first, 2)}；末行长度为 ${show(last, 3)}。`,
      ),
    },
    table(T('Rows, each from the one before', '逐行递推'), rows, { rows: n, cols: dim }),
  ];
}

const recursive: View = {
  id: 'recursive',
  title: T('Recursive', '递归式位置编码'),
  names: ['递归式', '递归', '递推', 'RNN', 'RNN 式', 'recursive', 'recurrent', 'GRU'],
  sources: [
    { label: 'Liu et al. 2020, §2 (arXiv 2003.09229)', href: 'https://arxiv.org/abs/2003.09229' },
    { label: 'Cho et al. 2014, GRU (arXiv 1406.1078)', href: 'https://arxiv.org/abs/1406.1078' },
  ],
  what: T(
    'The next position is computed from the one before, by a small network that is learned. There is no last row: it goes on as long as one likes. But it must be run step by step, and what it does far out depends on the network: it may settle, circle, or blow up.',
    '下一个位置由前一个位置经可学习的小网络算出。没有最后一行，想走多远都行。但必须一步步计算，而且走远之后的行为取决于网络：可能收敛、循环，也可能发散。',
  ),
  symbols: {
    f: [T('one step of the network', '网络走一步')],
    b: [T('offset of a layer', '层的偏移')],
  },
  formula: ['p_{n+1} = f ( p_n )', 'f ( p ) = W_2 \\tanh ( W_1 p + b_1 ) + b_2'],
  controls: [
    choice('kind', T('Network', '网络'), 'mlp', [
      ['mlp', T('two layers', '两层网络')],
      ['residual', T('two layers, added to the position', '两层网络，带残差')],
      ['gru', T('GRU fed the time', 'GRU，输入时间')],
    ]),
    slider('gain', T('Gain of the weights', '权重增益'), 1.3, 0.2, 3, 0.1),
    LENGTH,
    DIM,
    SEED,
  ],
  compute(p, work) {
    const [n, dim] = [num(p.length), num(p.dim)];
    const gain = num(p.gain);
    const seed = 100 * num(p.seed);
    const weights = (name: string, shape: readonly number[], s: number) =>
      random(work, name, shape, seed + s, gain * Math.sqrt(3 / shape[shape.length - 1]));
    if (p.kind === 'gru') {
      const layer = {
        weightIh: weights('ih', [3 * dim, 1], 1),
        weightHh: weights('hh', [3 * dim, dim], 2),
        biasIh: random(work, 'bih', [3 * dim], seed + 3, 0.1),
        biasHh: random(work, 'bhh', [3 * dim], seed + 4, 0.1),
      };
      const hidden = random(work, 'hidden', [1, 1, dim], seed + 5);
      const rows = work.take(gruPositions(hidden, { length: n, layers: [layer] }));
      return walk(rows, n, dim);
    }
    // channels turn in pairs, and a little at random: what a trained recursion does, made up
    const w1 = turning(work, 'w1', dim, gain, seed);
    const w2 = turning(work, 'w2', dim, 1, -1);
    const rows = recursivePositions(random(work, 'initial', [dim], seed + 6), {
      length: n,
      w1,
      b1: random(work, 'b1', [dim], seed + 8, 0.05),
      w2,
      b2: random(work, 'b2', [dim], seed + 10, 0.05),
      residual: p.kind === 'residual',
      out: work.out('rows', [n, dim]),
    });
    return walk(rows, n, dim);
  },
  code: (p) => ({
    given: (p.kind === 'gru'
      ? {
          hidden: `Tensor.zeros([1, 1, ${p.dim}])`,
          layers: `[{ weightIh: Tensor.zeros([${3 * num(p.dim)}, 1]), weightHh: Tensor.zeros([${3 * num(p.dim)}, ${p.dim}]), biasIh: Tensor.zeros([${3 * num(p.dim)}]), biasHh: Tensor.zeros([${3 * num(p.dim)}]) }]`,
        }
      : {
          initial: `new Float32Array(${p.dim})`,
          w1: `new Float32Array(${num(p.dim) ** 2})`,
          b1: `new Float32Array(${p.dim})`,
          w2: `new Float32Array(${num(p.dim) ** 2})`,
          b2: `new Float32Array(${p.dim})`,
        }) as Record<string, string>,
    ts:
      p.kind === 'gru'
        ? `gruPositions(hidden, { length: ${p.length}, layers })`
        : `recursivePositions(initial, { length: ${p.length}, w1, b1, w2, b2, residual: ${p.kind === 'residual'} })`,
    torch:
      p.kind === 'gru'
        ? `rows, _ = gru(0.01 * torch.arange(${p.length})[:, None], hidden)`
        : `rows = [initial]\nfor _ in range(${num(p.length) - 1}):\n    rows.append(${p.kind === 'residual' ? 'rows[-1] + ' : ''}w2 @ torch.tanh(w1 @ rows[-1] + b1) + b2)`,
    llama: notThere,
  }),
};

/** A flow that turns pairs of channels and draws them to a circle: made up to look trained. */
function swirl(work: Workspace, dim: number, seed: number) {
  const hidden = 2 * dim;
  const w1 = work.out('w1', [hidden, dim + 1]);
  const w2 = work.out('w2', [dim, hidden + 1]);
  w1.data.fill(0);
  w2.data.fill(0);
  const rough = noise(dim, seed + 1);
  for (let c = 0; c < dim; c++) {
    // relu(x) and relu(−x) give x back
    w1.data[c * (dim + 1) + c] = 1;
    w1.data[(dim + c) * (dim + 1) + c] = -1;
    const other = c % 2 === 0 ? Math.min(c + 1, dim - 1) : c - 1;
    const speed = (0.8 * (1 + 0.2 * rough[c - (c % 2)])) / (1 + Math.floor(c / 2) / 4);
    const sign = c % 2 === 0 ? -1 : 1;
    w2.data[c * (hidden + 1) + other] = sign * speed;
    w2.data[c * (hidden + 1) + dim + other] = -sign * speed;
    w2.data[c * (hidden + 1) + c] -= 0.03;
    w2.data[c * (hidden + 1) + dim + c] += 0.03;
  }
  return {
    kind: 'linear' as const,
    w1,
    b1: random(work, 'b1', [hidden], seed + 2, 0.05),
    w2,
    b2: random(work, 'b2', [dim], seed + 4, 0.05),
  };
}

const floater: View = {
  id: 'floater',
  title: T('FLOATER: a flow', 'FLOATER：递归式的连续版'),
  names: ['FLOATER', 'ODE', 'neural ODE', '常微分方程', '连续动力系统'],
  sources: [
    { label: 'Liu et al. 2020 (arXiv 2003.09229)', href: 'https://arxiv.org/abs/2003.09229' },
    { label: 'xuanqing94/FLOATER', href: 'https://github.com/xuanqing94/FLOATER' },
  ],
  what: T(
    'Recursion made continuous: position is the solution of a differential equation whose right-hand side is learned. Rows between the integers exist too. The released code integrates with the 3/8 rule of Runge and Kutta; the classic rule differs in the last digits, Euler visibly.',
    '把递归变成连续的：位置是一个微分方程的解，方程右端由学习得到。整数之间也有对应的行。公开代码用龙格–库塔 3/8 法积分；经典四阶法只在末位有差别，欧拉法则差得明显。',
  ),
  porters: T(
    'torchdiffeq’s “rk4” is the 3/8 rule, not the classic one.',
    'torchdiffeq 的 “rk4” 是 3/8 法，不是经典法。',
  ),
  symbols: {
    h: [T('flow: a small network', '流：一个小网络')],
    t: [T('position, between the words too', '位置（词与词之间也有）')],
  },
  formula: [
    '\\frac{ \\mathrm{d} p }{ \\mathrm{d} t } = h ( p ( t ), t )',
    'p_{n+1} = p_n + \\int h ( p, t ) \\mathrm{d} t',
  ],
  controls: [
    choice('method', T('Integrator', '积分方法'), 'rk4-3/8', [
      ['rk4-3/8', T('Runge-Kutta, 3/8 rule', '龙格–库塔 3/8 法')],
      ['rk4-classic', T('Runge-Kutta, classic', '经典龙格–库塔')],
      ['midpoint', T('midpoint', '中点法')],
      ['euler', T('Euler', '欧拉法')],
    ]),
    { ...LENGTH, value: 64 },
    steps('dim', T('Channels', '维度'), 32, [8, 16, 32, 64]),
    slider('dt', T('Time between rows', '行间时间'), 0.4, 0.05, 1, 0.05),
    slider('substeps', T('Steps between rows', '行间步数'), 4, 1, 10),
    SEED,
  ],
  compute(p, work) {
    const [n, dim] = [num(p.length), num(p.dim)];
    const seed = 200 * num(p.seed);
    const flow = swirl(work, dim, seed);
    const initial = random(work, 'initial', [1, 1, dim], seed + 5);
    const [dt, substeps, method] = [num(p.dt), num(p.substeps), p.method as 'euler'];
    const rows = work.take(floaterPositions(initial, { length: n, flow, dt, substeps, method }));
    // the same flow in fine steps, and in Euler's coarse ones
    const fine = 3;
    const shown = Math.min(n, 28);
    const smooth = work.take(
      floaterPositions(initial, { length: shown * fine, flow, dt: dt / fine, substeps: 1, method: 'rk4-classic' }),
    );
    const euler = work.take(floaterPositions(initial, { length: shown, flow, dt, substeps: 1, method: 'euler' }));
    const column = (from: Tensor, count: number, c: number) =>
      Float64Array.from({ length: count }, (_, i) => from.data[i * dim + c]);
    const off = Math.hypot(
      ...Array.from(
        { length: dim },
        (_, c) => rows.data[(shown - 1) * dim + c] - smooth.data[(shown - 1) * fine * dim + c],
      ),
    );
    return [
      {
        kind: 'path',
        label: T('One curve; positions are beads on it', '一条曲线；位置是上面的珠子'),
        ways: [
          { name: T('the flow', '流'), x: column(smooth, shown * fine, 0), y: column(smooth, shown * fine, 1) },
          {
            name: T('Euler, one step a row', '欧拉法，每行一步'),
            x: column(euler, shown, 0),
            y: column(euler, shown, 1),
            dashed: true,
          },
        ],
        beads: Array.from({ length: shown }, (_, i) => ({ at: i, x: rows.data[i * dim], y: rows.data[i * dim + 1] })),
        axes: [T('channel 0', '第 0 维'), T('channel 1', '第 1 维')],
      },
      {
        kind: 'note',
        text: T(
          `After ${shown} rows the chosen integrator is ${show(off, 2)} away from fine steps.`,
          `走过 ${shown} 行后，所选积分方法与细步长相差 ${show(off, 2)}。`,
        ),
      },
      table(T('Rows along the flow', '沿流的各行'), rows, { rows: n, cols: dim }),
    ];
  },
  code: (p) => ({
    given: {
      initial: `Tensor.zeros([1, 1, ${p.dim}])`,
      flow: `{\n  kind: 'linear' as const,\n  w1: Tensor.zeros([64, ${num(p.dim) + 1}]),\n  b1: Tensor.zeros([64]),\n  w2: Tensor.zeros([${p.dim}, 65]),\n  b2: Tensor.zeros([${p.dim}]),\n}`,
    },
    ts: call(
      'floaterPositions',
      { length: p.length, flow: '=flow', dt: p.dt, substeps: p.substeps, method: p.method },
      { dt: 0.01, substeps: 5, method: 'rk4-3/8' },
      'initial',
    ),
    torch: `rows = odeint(flow, initial, ${p.dt} * torch.arange(${p.length}), method='${p.method === 'euler' || p.method === 'midpoint' ? p.method : 'rk4'}')`,
    llama: notThere,
  }),
};

export const learnedViews: readonly View[] = [learned, hierarchical, timestep, fourier, complex];
export const stepViews: readonly View[] = [recursive, floater];

/** An x that is the same everywhere, so that whatever differs in the result is position. */
const pegView: View = {
  id: 'peg',
  title: T('CNN: position from zero padding', 'CNN 式：来自零填充的位置'),
  names: ['CNN 式', 'CNN', '卷积', '零填充', 'zero padding', 'CPVT', 'PEG', 'padding', 'convolution'],
  sources: [
    { label: 'Chu et al. 2021 (arXiv 2102.10882)', href: 'https://arxiv.org/abs/2102.10882' },
    { label: 'Islam et al. 2020 (arXiv 2001.08248)', href: 'https://arxiv.org/abs/2001.08248' },
  ],
  what: T(
    'A small convolution over the grid of patches, padded with zeros, is all the position a vision transformer needs. The input here is the same at every patch: what you see in the result is the border, leaking in. Each further layer carries it further inwards.',
    '在图块网格上做一次带零填充的小卷积，就足以让视觉 Transformer 知道位置。这里的输入处处相同：结果中看到的就是从边界渗入的信息，每多一层就向内传得更远。',
  ),
  symbols: {
    y: [T('words that know their place', '带有位置的词')],
  },
  formula: ['y = x + \\mathrm{conv}_{3 \\times 3} ( x )'],
  controls: [
    slider('size', T('Grid', '网格边长'), 14, 4, 32),
    slider('layers', T('Layers', '层数'), 1, 1, 8),
    toggle('residual', T('Plus the input', '加上输入'), true),
    SEED,
  ],
  compute(p, work) {
    const n = num(p.size);
    const weight = random(work, 'weight', [1, 1, 3, 3], 300 * num(p.seed), 0.5);
    let x = work.out('x0', [1, n * n, 1]);
    x.data.fill(1);
    for (let layer = 1; layer <= num(p.layers); layer++)
      x = peg(x, {
        weight,
        height: n,
        width: n,
        residual: p.residual === true,
        out: work.out(`x${layer}`, [1, n * n, 1]),
      });
    return [
      table(T('One channel of the result', '结果的一个维度'), x, {
        rows: n,
        cols: n,
        rowTitle: T('row', '行'),
        colTitle: T('column', '列'),
        square: true,
        through: 'row',
        palette: 'sequential',
        range: [Math.min(...x.data), Math.max(...x.data)],
      }),
    ];
  },
  code: (p) => ({
    given: { x: `Tensor.zeros([1, ${num(p.size) ** 2}, 8])`, weight: 'Tensor.zeros([8, 1, 3, 3])' },
    ts: `peg(x, { weight, height: ${p.size}, width: ${p.size}, residual: ${p.residual} })`,
    torch: `y = F.conv2d(x, weight, padding=1, groups=C)${p.residual ? ' + x' : ''}`,
    llama: notThere,
  }),
};

const convView: View = {
  id: 'conv',
  title: T('CNN over sound: wav2vec 2.0', 'CNN 式：wav2vec 2.0 的宽卷积'),
  names: ['wav2vec', 'wav2vec 2.0', 'speech', '语音'],
  sources: [{ label: 'Baevski et al. 2020 (arXiv 2006.11477)', href: 'https://arxiv.org/abs/2006.11477' }],
  what: T(
    'Speech has no fixed places, so wav2vec adds the result of one wide grouped convolution: each frame learns where it stands among its neighbours. On a constant input only the two ends, where the padding reaches, say anything at all.',
    '语音没有固定的位置，所以 wav2vec 加上一次宽的分组卷积的结果：每一帧从邻居得知自己所处之处。输入恒定时，只有填充触及的两端才携带信息。',
  ),
  porters: T(
    'An even kernel makes one frame too many; the last one is cut off. The weight is stored as direction and length (weight norm).',
    '偶数宽度的卷积会多出一帧，需去掉最后一帧。权重以方向和长度两部分存储（weight norm）。',
  ),
  symbols: {
    y: [T('sound that knows its place', '带有位置的声音')],
    w: [T('kernel', '卷积核')],
    t: [T('place in the kernel', '核内位置')],
    g: [T('length of the kernel at t', '核在 t 处的长度')],
    v: [T('direction of the kernel', '核的方向')],
  },
  formula: ['y = x + \\mathrm{gelu} ( \\mathrm{conv} ( x ) )', 'w_t = g_t \\frac{v_t}{|v_t|}'],
  controls: [
    slider('length', T('Frames', '帧数'), 128, 16, 256),
    steps('taps', T('Width of the convolution', '卷积宽度'), 32, [5, 8, 16, 31, 32, 64, 128]),
    steps('groups', T('Groups', '组数'), 4, [1, 2, 4, 8, 16]),
    SEED,
  ],
  compute(p, work) {
    const [n, taps, dim] = [num(p.length), num(p.taps), 16];
    const groups = num(p.groups);
    const v = random(work, 'v', [dim, dim / groups, taps], 400 * num(p.seed));
    const g = work.out('g', [taps]);
    g.data.fill(2);
    const weight = weightNorm(v, g, { out: work.out('weight', v.shape) });
    const x = work.out('x', [1, n, dim]);
    x.data.fill(1);
    const y = convPositional(x, { weight, groups, out: work.out('y', [1, n, dim]) });
    return [table(T('What is added to a constant input', '加到恒定输入上的内容'), y, { rowTitle: T('frame', '帧') })];
  },
  code: (p) => ({
    given: {
      v: `Tensor.zeros([16, ${16 / num(p.groups)}, ${p.taps}])`,
      g: `Tensor.from(new Float32Array(${p.taps}).fill(1), [${p.taps}])`,
      x: `Tensor.zeros([1, ${p.length}, 16])`,
    },
    ts: `const weight = weightNorm(v, g);\nconvPositional(x, { weight, groups: ${p.groups} })`,
    torch: `conv = weight_norm(nn.Conv1d(C, C, ${p.taps}, padding=${Math.floor(num(p.taps) / 2)}, groups=${p.groups}), dim=2)\ny = F.gelu(conv(x)${num(p.taps) % 2 === 0 ? '[..., :-1]' : ''})`,
    llama: notThere,
  }),
};

export const convolutionViews: readonly View[] = [pegView, convView];
