/** Section 5, further views: two axes, windows, and tables that are resized. */
import {
  AXIAL_PRESETS,
  type AxialPreset,
  type AxialSpec,
  axialTable,
  beitBias,
  maxvitBias,
  resizePositionTable,
  sincos2d,
  swinBias,
  swinRelativePositionIndex,
  swinV2Bias,
  swinV2Coordinates,
  type Tensor,
} from '../library.ts';
import { same, T, type Text } from '../text.ts';
import {
  around,
  call,
  choice,
  extent,
  type MapPanel,
  noise,
  type Params,
  slider,
  steps,
  toggle,
  type View,
  type Workspace,
} from '../view.ts';
import { notThere, pair } from './common.ts';

const num = (value: unknown) => value as number;
const row = T('row', '行');
const column = T('column', '列');
export const SIDE = slider('side', T('Patches a side', '每边图块数'), 14, 4, 24);

/** The query patch: two sliders, so that it can be chosen with the keyboard. */
export const AT = (most: number) => [
  slider('y', T('Query: row', '查询：行'), 4, 0, most),
  slider('x', T('Query: column', '查询：列'), 6, 0, most),
];
export const chosen = (p: Params, side: number): [number, number] => [
  Math.min(num(p.y), side - 1),
  Math.min(num(p.x), side - 1),
];

/** A picture-like grid of numbers. */
export function grid(
  label: Text,
  data: () => ArrayLike<number>,
  rows: number,
  cols: number,
  more: Partial<MapPanel>,
): MapPanel {
  return {
    kind: 'map',
    label,
    data,
    rows,
    cols,
    palette: 'sequential',
    range: [0, 1],
    rowTitle: row,
    colTitle: column,
    square: true,
    ...more,
  };
}

const sincos: View = {
  id: 'sincos2d',
  title: T('Sines over two axes', '两个轴上的正弦'),
  names: ['MAE', 'DETR', '2D 正弦', '二维'],
  sources: [
    { label: 'He et al. 2021, MAE (arXiv 2111.06377)', href: 'https://arxiv.org/abs/2111.06377' },
    { label: 'Carion et al. 2020, DETR (arXiv 2005.12872)', href: 'https://arxiv.org/abs/2005.12872' },
  ],
  what: T(
    'Half of the channels are a sinusoid of the column, half of the row. The map shows how similar every patch’s vector is to that of one patch: the encoding knows neighbourhood in both directions, and rows and columns stand out as a cross. Which half comes first differs between code bases.',
    '一半维度是列号的正弦编码，一半是行号的。图中显示每个图块的向量与某个图块的相似度：编码在两个方向上都懂得邻近，行与列显出十字形。哪一半在前，各家代码不同。',
  ),
  porters: T(
    'MAE’s variables say height where the width is: columns come first. DETR counts from 1.',
    'MAE 的变量名写作高，实际是宽：列在前。DETR 从 1 开始计数。',
  ),
  symbols: {
    y: [T('row of the patch', '图块的行')],
    x: [T('column of the patch', '图块的列')],
  },
  formula: ['p_{y,x} = [ \\mathrm{sincos} ( x ), \\mathrm{sincos} ( y ) ]'],
  controls: [
    choice('variant', T('Layout', '布局'), 'mae', [
      ['mae', T('MAE: columns first', 'MAE：列在前')],
      ['timm', T('timm: sines first', 'timm：正弦在前')],
    ]),
    SIDE,
    steps('dim', T('Channels', '维度'), 64, [16, 32, 64, 128, 256]),
    slider('channel', T('Channel shown', '显示的维度'), 2, 0, 63),
    ...AT(23),
  ],
  compute(p, work) {
    const [side, dim] = [num(p.side), num(p.dim)];
    const out = work.out('table', [side * side, dim]);
    const table = sincos2d({ variant: p.variant as 'mae', grid: [side, side], dim, out });
    const [y, x] = chosen(p, side);
    const shown = Math.min(num(p.channel), dim - 1);
    const like = new Float32Array(side * side);
    const from = (y * side + x) * dim;
    for (let t = 0; t < like.length; t++)
      for (let c = 0; c < dim; c++) like[t] += (table.data[t * dim + c] * table.data[from + c] * 2) / dim;
    return [
      grid(
        T(`Similarity to the patch at row ${y}, column ${x}`, `与第 ${y} 行第 ${x} 列图块的相似度`),
        () => like,
        side,
        side,
        {
          range: extent(like),
        },
      ),
      grid(T(`Channel ${shown} over the picture`, `维度 ${shown} 在图像上的样子`), () => table.data, side, side, {
        start: shown,
        rowStride: side * dim,
        colStride: dim,
        palette: 'diverging',
        range: [-1, 1],
      }),
    ];
  },
  code: (p) => ({
    ts: `sincos2d({ variant: '${p.variant}', grid: [${p.side}, ${p.side}], dim: ${p.dim} })`,
    torch:
      p.variant === 'mae'
        ? `get_2d_sincos_pos_embed(${p.dim}, ${p.side})`
        : `build_sincos2d_pos_embed([${p.side}, ${p.side}], dim=${p.dim})`,
    llama: notThere,
  }),
};

/** What a preset says about the axes of its table. */
function axesOf(preset: AxialPreset): { axes: number; least: number; single: boolean } {
  const { axes = 2, axesDim, pairingBlocks }: Partial<AxialSpec> = AXIAL_PRESETS[preset];
  const widths = Array.isArray(axesDim) ? (axesDim as readonly number[]) : [];
  const count = widths.length || (axesDim ? 3 : axes);
  return { axes: count, least: widths.reduce((sum, width) => sum + width, 0), single: pairingBlocks === 'axis' };
}

/** The grid and head of a preset: a video of two frames where it has a third axis. */
function axialCall(p: Params) {
  const preset = p.preset as AxialPreset;
  const { axes, least, single } = axesOf(preset);
  const side = num(p.side);
  const grid = axes === 2 ? [side, side] : axes === 3 ? [2, side, side] : [2, side, side, 1];
  return { spec: { preset, headDim: Math.max(num(p.dim), least) }, rows: { grid, ...(single ? { axis: 1 } : {}) } };
}

const axial: View = {
  id: 'axial',
  title: T('Axial RoPE: rows and columns rotate', '轴向 RoPE：按行与列旋转'),
  names:
    'axial, 轴向, RoPE-2D, 2D RoPE, 二维旋转, Pixtral, SAM 2, DINOv3, EVA-02, Flux, Wan, HunyuanVideo, Qwen-Image, CogVideoX 1.5, Z-Image, Lumina, V-JEPA 2, EfficientLoFTR, MiniMax-M3'.split(
      ', ',
    ),
  sources: [
    { label: 'Heo et al. 2024 (arXiv 2403.13298)', href: 'https://arxiv.org/abs/2403.13298' },
    { label: 'Fang et al. 2023, EVA-02 (arXiv 2303.11331)', href: 'https://arxiv.org/abs/2303.11331' },
  ],
  what: T(
    'Some pairs of channels turn with the row of a patch, the others with its column; scores then depend on the offset in both directions. Video models add an axis of time. Models disagree on everything else: which axis first, in blocks or in turns, in pixels or in parts of the picture. The menu holds every published arrangement the library knows. Of a video, the second frame is shown.',
    '一部分组随图块的行旋转，另一部分随列旋转；于是分数取决于两个方向的偏移。视频模型再加一条时间轴。其余细节各模型互不相同：哪个轴在前、成块还是轮流、按像素还是按图像比例。菜单列出本库所知的全部公开方案。视频显示第二帧。',
  ),
  porters: T(
    'A square picture hides a swap of rows and columns: test with another shape. V-JEPA 2 turns the two channels of a pair by different angles, which is no rotation; its checkpoints need it.',
    '正方形图像会掩盖行列颠倒：请用别的形状测试。V-JEPA 2 让一组的两维转不同的角度，那不是旋转；但它的权重需要如此。',
  ),
  symbols: {
    y: [T('row of the patch', '图块的行')],
    x: [T('column of the patch', '图块的列')],
  },
  formula: [
    T(
      '\\text{angle}_{(y,x),k} = y \\theta_k \\text{ or } x \\theta_k',
      '\\text{角度}_{(y,x),k} = y \\theta_k \\text{ 或 } x \\theta_k',
    ),
  ],
  controls: [
    choice(
      'preset',
      T('Model', '模型'),
      'qwen2-vl',
      Object.keys(AXIAL_PRESETS).map((name) => [name, same(name)] as const),
    ),
    SIDE,
    steps('dim', T('Channels of a head', '每头维度'), 64, [32, 64, 80, 128]),
    slider('pair', T('Pair shown', '显示的组'), 1, 0, 63),
  ],
  compute(p, work) {
    const side = num(p.side);
    const { spec, rows } = axialCall(p);
    const table = work.take(axialTable(spec, { ...rows, engine: work.engine }));
    const pairs = table.cos.shape[table.cos.shape.length - 1];
    const shown = Math.min(num(p.pair), pairs - 1);
    const tokens = side * side;
    // of a video, the second frame
    const first = (rows.grid.length > 2 ? tokens : 0) * pairs;
    return [
      grid(
        T(`Sine of pair ${shown} over the picture`, `第 ${shown} 组的正弦在图像上的样子`),
        () => table.sin.data,
        side,
        side,
        {
          start: first + shown,
          rowStride: side * pairs,
          colStride: pairs,
          palette: 'diverging',
          range: [-1, 1],
        },
      ),
      {
        kind: 'map',
        label: T('Sine of every patch and pair', '每个图块与组的正弦'),
        data: () => table.sin.data,
        start: first,
        rows: tokens,
        cols: pairs,
        palette: 'diverging',
        range: [-1, 1],
        rowTitle: T('patch', '图块'),
        colTitle: pair,
        cell: (r) =>
          T(`row ${Math.floor(r / side)}, column ${r % side}`, `第 ${Math.floor(r / side)} 行，第 ${r % side} 列`),
      },
    ];
  },
  code: (p) => ({
    ts: `axialTable({ preset: '${p.preset}', headDim: ${axialCall(p).spec.headDim} }, { ${Object.entries(
      axialCall(p).rows,
    )
      .map(([name, value]) => `${name}: ${Array.isArray(value) ? `[${value.join(', ')}]` : value}`)
      .join(', ')} })`,
    torch: 'angle = torch.cat([y[:, None] * freq, x[:, None] * freq], -1)\ncos, sin = angle.cos(), angle.sin()',
    llama: T('No flag: the vision part comes with --mmproj.', '没有对应参数：视觉部分随 --mmproj 加载。'),
  }),
};

/** A smooth stand-in for a trained table of offsets: near offsets attract, with a direction per head. */
export function offsets(
  work: Workspace,
  name: string,
  shape: readonly number[],
  sides: number,
  at: (dy: number, dx: number, head: number) => number,
  heads: number,
  headsFirst: boolean,
): Tensor {
  const tensor = work.out(name, shape);
  const data = tensor.data;
  const side = 2 * sides - 1;
  for (let dy = 0; dy < side; dy++)
    for (let dx = 0; dx < side; dx++)
      for (let head = 0; head < heads; head++) {
        const cell = dy * side + dx;
        data[headsFirst ? head * side * side + cell : cell * heads + head] = at(dy - sides + 1, dx - sides + 1, head);
      }
  return tensor;
}

export const attract = (dy: number, dx: number, head: number) => {
  const [ay, ax] = [Math.sin(head * 2.1), Math.cos(head * 2.1)];
  const across = dy * ax - dx * ay;
  const along = dy * ay + dx * ax;
  return 1.5 / (1 + 0.25 * across * across + 0.04 * (along + 1.5) * (along + 1.5)) - 0.3;
};

const swin: View = {
  id: 'swin',
  title: T('Swin, BEiT, MaxViT: a number for every offset', 'Swin、BEiT、MaxViT：每个偏移一个数'),
  names: ['Swin', 'BEiT', 'MaxViT', '窗口', 'RPE'],
  sources: [
    { label: 'Liu et al. 2021, Swin (arXiv 2103.14030)', href: 'https://arxiv.org/abs/2103.14030' },
    { label: 'Bao et al. 2021, BEiT (arXiv 2106.08254)', href: 'https://arxiv.org/abs/2106.08254' },
    { label: 'Tu et al. 2022, MaxViT (arXiv 2204.01697)', href: 'https://arxiv.org/abs/2204.01697' },
  ],
  what: T(
    'Inside a window, each pair of patches has an offset in rows and columns, and each offset a learned number per head. The index map is the same whatever was learned: choose a query patch to see which table row every key uses. BEiT adds three rows for its class token; MaxViT counts key minus query, the other way round. The numbers are smooth stand-ins.',
    '在一个窗口内，每对图块有一个行列偏移，每个偏移为每个头学一个数。下标图与学到什么无关：选一个查询图块，看每个键使用表的哪一行。BEiT 为类别词元多加三行；MaxViT 用键减查询，方向相反。这里的数是平滑的示意值。',
  ),
  porters: T(
    'Swin counts query minus key, MaxViT key minus query. BEiT has three more rows for its class token, at the end.',
    'Swin 按“查询减键”计数，MaxViT 按“键减查询”。BEiT 在末尾为类别词元多加三行。',
  ),
  symbols: {
    y: [T('row of the query', '查询的行'), 'y'],
    x: [T('column of the query', '查询的列'), 'x'],
    v: [T('row of the key', '键的行')],
    u: [T('column of the key', '键的列')],
    H: [T('height of the window', '窗口的高'), 'side'],
    W: [T('width of the window', '窗口的宽'), 'side'],
    T: [T('learned numbers', '可学习的数')],
    b: [T('bias of an offset', '偏移的偏置')],
  },
  formula: ['b_{h,(y,x),(v,u)} = T_{ ( y - v + H - 1 ) ( 2 W - 1 ) + x - u + W - 1, h }'],
  controls: [
    choice('model', T('Model', '模型'), 'swin', [
      ['swin', same('Swin')],
      ['beit', same('BEiT')],
      ['maxvit', same('MaxViT')],
    ]),
    slider('side', T('Window', '窗口边长'), 7, 3, 14),
    ...AT(13).map((control, i) => ({ ...control, value: 2 + i })),
    slider('head', T('Head shown', '显示的头'), 0, 0, 3),
  ],
  compute(p, work) {
    const side = num(p.side);
    const tokens = side * side;
    const heads = 4;
    const [y, x] = chosen(p, side);
    const windowSize: [number, number] = [side, side];
    const extra = p.model === 'beit' ? 1 : 0;
    const n = tokens + extra;
    const index = work.take(swinRelativePositionIndex({ windowSize, classToken: extra === 1, engine: work.engine }));
    const entries = (2 * side - 1) ** 2;
    const out = work.out('bias', [heads, n, n]);
    if (p.model === 'maxvit') {
      maxvitBias(offsets(work, 'maxvit', [heads, 2 * side - 1, 2 * side - 1], side, attract, heads, true), { out });
    } else {
      const table = offsets(work, 'table', [entries + 3 * extra, heads], side, attract, heads, false);
      if (extra) beitBias(table, { windowSize, out });
      else swinBias(table, { windowSize, out });
    }
    const from = (y * side + x + extra) * n + extra;
    const start = num(p.head) * n * n;
    return [
      grid(
        T(`Table row that each key uses, query at row ${y}, column ${x}`, `各键使用的表行，查询在第 ${y} 行第 ${x} 列`),
        () => index.data,
        side,
        side,
        {
          start: from,
          rowStride: side,
          range: [0, entries - 1],
        },
      ),
      grid(T('Bias of that query towards each key', '该查询对各键的偏置'), () => out.data, side, side, {
        start: start + from,
        rowStride: side,
        palette: 'diverging',
        range: [-1.3, 1.3],
      }),
      grid(T('The whole matrix', '整个矩阵'), () => out.data, n, n, {
        start,
        palette: 'diverging',
        range: [-1.3, 1.3],
        rowTitle: T('query patch', '查询图块'),
        colTitle: T('key patch', '键图块'),
      }),
    ];
  },
  code: (p) => ({
    given: {
      table:
        p.model === 'maxvit'
          ? `Tensor.zeros([4, ${2 * num(p.side) - 1}, ${2 * num(p.side) - 1}])`
          : `Tensor.zeros([${(2 * num(p.side) - 1) ** 2 + (p.model === 'beit' ? 3 : 0)}, 4])`,
    },
    ts: p.model === 'maxvit' ? 'maxvitBias(table)' : `${p.model}Bias(table, { windowSize: [${p.side}, ${p.side}] })`,
    torch: 'bias = table[relative_position_index.view(-1)].view(N, N, heads).permute(2, 0, 1)',
    llama: notThere,
  }),
};

/** Two layers that answer high for a small offset and less the farther it is, in both directions, as trained ones do. */
function nearLayers(width: number, seed: number) {
  const [rough, other] = [noise(width, seed + 1), noise(width, seed + 2)];
  const last = width - 1;
  const weight = new Float32Array(2 * width);
  for (let i = 0; i < last; i++) weight[2 * i + (i % 2)] = (i & 2 ? 1 : -1) * (1 + 0.4 * rough[i]);
  // the last unit is always on: what an offset of zero gets
  const bias = new Float32Array(width);
  bias[last] = 1;
  return [{ weight, bias }, { weight: other.map((x, i) => (i === last ? 1.5 : -0.42 * (1 + 0.6 * x))) }];
}

const swinV2: View = {
  id: 'swin-v2',
  title: T('Swin V2: a network of the offset', 'Swin V2：偏移的神经网络'),
  names: ['Swin V2', 'log-spaced'],
  sources: [{ label: 'Liu et al. 2021, Swin V2 §3.3 (arXiv 2111.09883)', href: 'https://arxiv.org/abs/2111.09883' }],
  what: T(
    'A table belongs to one window size. A small network of the offset fits any: it is fed logarithms of the offset, so that a larger window reaches only a little beyond what was trained, and its answer is squeezed into 0 to 16. The weights are made up to look trained.',
    '查表只适用于一种窗口大小。偏移的小网络适用于任何大小：输入是偏移的对数，因此更大的窗口只比训练范围多出一点；输出被压到 0 至 16 之间。权重是照训练结果的样子虚构的。',
  ),
  porters: T(
    'Where a checkpoint names a trained window, offsets are divided by that window minus one, not by the window in use. The last layer of the network has no bias.',
    '若检查点写明训练窗口，偏移就除以该窗口边长减一，而不是当前窗口。网络最后一层没有偏移项。',
  ),
  symbols: {
    b: [T('bias of an offset', '偏移的偏置')],
    Δ: [T('offset in rows or columns', '行或列的偏移')],
    u: [T('what the network is fed', '网络的输入')],
    v: [T('offset in parts of the trained window', '相对训练窗口的偏移')],
    W: [T('side of the trained window', '训练窗口边长'), 'trained'],
  },
  formula: [
    'b_{h} ( \\Delta ) = 16 \\sigma ( \\mathrm{MLP} ( u )_h ), \\quad u = \\frac{ \\sign ( v ) \\log_2 ( 1 + |v| ) }{3}, \\quad v = \\frac{8 \\Delta}{W - 1}',
  ],
  controls: [
    slider('side', T('Window', '窗口边长'), 8, 3, 14),
    slider('trained', T('Trained window', '训练窗口边长'), 8, 3, 14),
    ...AT(13).map((control, i) => ({ ...control, value: 2 + i })),
    slider('seed', T('Made-up weights', '虚构的权重'), 1, 1, 20),
  ],
  compute(p, work) {
    const side = num(p.side);
    const [n, width] = [side * side, 32];
    const [y, x] = chosen(p, side);
    const windowSize: [number, number] = [side, side];
    const pretrainedWindowSize: [number, number] = [num(p.trained), num(p.trained)];
    const layers = nearLayers(width, 600 * num(p.seed));
    const bias = swinV2Bias({ windowSize, pretrainedWindowSize, layers, out: work.out('bias', [1, n, n]) });
    const all = 2 * side - 1;
    const coordinates = swinV2Coordinates({ windowSize, pretrainedWindowSize, out: work.out('at', [all, all, 2]) });
    return [
      grid(T('Bias of the query towards each key', '该查询对各键的偏置'), () => bias.data, side, side, {
        start: (y * side + x) * n,
        rowStride: side,
        range: [0, 16],
      }),
      grid(T('Row coordinate that the network is fed', '网络输入的行坐标'), () => coordinates.data, all, all, {
        rowStride: 2 * all,
        colStride: 2,
        palette: 'diverging',
        range: around(coordinates.data),
        rowTitle: T('row offset', '行偏移'),
        colTitle: T('column offset', '列偏移'),
        rowAt: (r) => r - side + 1,
        colAt: (c) => c - side + 1,
      }),
    ];
  },
  code: (p) => ({
    given: {
      layers: `[\n  { weight: new Float32Array(64), bias: new Float32Array(32) },\n  { weight: new Float32Array(32) },\n]`,
    },
    ts: `swinV2Bias({ windowSize: [${p.side}, ${p.side}], pretrainedWindowSize: [${p.trained}, ${p.trained}], layers })`,
    torch: 'bias = 16 * torch.sigmoid(cpb_mlp(relative_coords_table)[relative_position_index])',
    llama: notThere,
  }),
};

const MODES = {
  bicubic: { mode: 'bicubic' },
  antialias: { mode: 'bicubic', antialias: true },
  bilinear: { mode: 'bilinear' },
  nearest: { mode: 'nearest' },
} as const;

const resize: View = {
  id: 'resize',
  title: T('A larger picture: resizing the table', '更大的图像：缩放位置表'),
  names: ['插值位置表', 'ViT', 'interpolation of a table', '缩放'],
  sources: [
    { label: 'Dosovitskiy et al. 2020, ViT (arXiv 2010.11929)', href: 'https://arxiv.org/abs/2010.11929' },
    {
      label: 'torch.nn.functional.interpolate',
      href: 'https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html',
    },
  ],
  what: T(
    'A vision transformer learned one row per patch of a small picture. For a larger one the table is treated as a picture itself and enlarged. The rules of PyTorch are repeated to the last digit: bicubic with −0.75, with −0.5 when antialiased, even when enlarging. The picture here stands for one channel of a trained table.',
    '视觉 Transformer 为小图像的每个图块学了一行。图像变大时，就把表本身当作图像放大。这里逐位重现 PyTorch 的规则：双三次插值系数为 −0.75，抗锯齿时为 −0.5，即使是放大。这里的图像代表训练所得表的一个维度。',
  ),
  porters: T(
    'torch with antialias uses −0.5 instead of −0.75, also when enlarging; scale_factor is not the ratio of the sizes.',
    'torch 开启抗锯齿时系数是 −0.5 而不是 −0.75，放大时也如此；scale_factor 并不等于尺寸之比。',
  ),
  symbols: {
    p: [T('table', '位置表')],
    y: [T('row wanted', '目标行')],
    x: [T('column wanted', '目标列')],
    a: [T('row of the table', '表的行')],
    b: [T('column of the table', '表的列')],
    w: [T('weights of the interpolation', '插值权重')],
  },
  formula: ["p'_{y,x} = \\sum_{a} \\sum_{b} w_{y,a} w_{x,b} p_{a,b}"],
  controls: [
    choice('mode', T('Interpolation', '插值'), 'bicubic', [
      ['bicubic', T('bicubic (ViT, DINOv2, MAE)', '双三次（ViT、DINOv2、MAE）')],
      ['antialias', T('bicubic, antialiased (timm)', '双三次，抗锯齿（timm）')],
      ['bilinear', T('bilinear (BEiT)', '双线性（BEiT）')],
      ['nearest', T('nearest', '最近邻')],
    ]),
    slider('from', T('Trained grid', '训练网格'), 14, 4, 24),
    slider('to', T('Wanted grid', '所需网格'), 24, 4, 48),
    toggle('rough', T('A rough table', '粗糙的表')),
  ],
  compute(p, work) {
    const [from, to] = [num(p.from), num(p.to)];
    const table = work.out('table', [from * from, 1]);
    const data = table.data;
    const rough = noise(from * from, 81);
    for (let t = 0; t < data.length; t++) {
      const [y, x] = [Math.floor(t / from) / from - 0.45, (t % from) / from - 0.55];
      data[t] = p.rough ? rough[t] : Math.cos(9 * Math.sqrt(x * x + y * y)) * (1 - Math.abs(x)) + 0.4 * y;
    }
    const resized = resizePositionTable(table, {
      to: [to, to],
      ...MODES[p.mode as keyof typeof MODES],
      out: work.out('resized', [to * to, 1]),
    });
    const range = around(data);
    return [
      grid(T(`As trained: ${from} × ${from}`, `训练时：${from} × ${from}`), () => table.data, from, from, {
        palette: 'diverging',
        range,
      }),
      grid(T(`Resized: ${to} × ${to}`, `缩放后：${to} × ${to}`), () => resized.data, to, to, {
        palette: 'diverging',
        range,
      }),
    ];
  },
  code: (p) => ({
    given: { table: `Tensor.zeros([${num(p.from) ** 2}, 64])` },
    ts: call(
      'resizePositionTable',
      { to: [p.to, p.to], ...MODES[p.mode as keyof typeof MODES] },
      { mode: 'bicubic' },
      'table',
    ),
    torch: `F.interpolate(table.view(1, ${p.from}, ${p.from}, -1).permute(0, 3, 1, 2), size=(${p.to}, ${p.to}), mode='${MODES[p.mode as keyof typeof MODES].mode}'${p.mode === 'antialias' ? ', antialias=True' : ''})`,
    llama: notThere,
  }),
};

export const gridViews: readonly View[] = [sincos, axial, swin, swinV2, resize];
