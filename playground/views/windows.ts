/** Views of positions in windows, pictures and videos, beyond those of grids.ts. Tables are smooth stand-ins. */
import {
  coarseGridIds,
  decomposedRelativeScores,
  learnedPositions2d,
  offsetBias,
  resizeRelativeTable,
  shiftedWindowMask,
  sincos3d,
  swinBias,
} from '../library.ts';
import { same, T, type Text } from '../text.ts';
import { distanceTable, smoothTable } from '../trained.ts';
import { around, type Control, choice, extent, type Params, slider, toggle, type View } from '../view.ts';
import { notThere } from './common.ts';
import { held } from './content.ts';
import { AT, attract, chosen, grid, SIDE } from './grids.ts';
import { COMMON, WIDTH } from './words.ts';

const num = (value: unknown) => value as number;
const within = (side: (p: Params) => number, ...controls: readonly Control[]): Control[] =>
  controls.map((control) => ({ ...control, limit: (p: Params) => side(p) - 1 }) as Control);
const sideOf = (p: Params) => num(p.side);

/** [frames, height, width] as one picture, the frames side by side. */
function sideBySide(frames: number, side: number, value: (frame: number, cell: number) => number): Float64Array {
  return Float64Array.from({ length: frames * side * side }, (_, i) => {
    const [row, col] = [Math.floor(i / (frames * side)), i % (frames * side)];
    return value(Math.floor(col / side), row * side + (col % side));
  });
}
const frameColumn = (side: number) => (c: number) => `${Math.floor(c / side)}:${c % side}`;
const FRAME_COLUMN = T('frame : column', '帧 : 列');

const decomposed: View = {
  id: 'decomposed',
  title: T('SAM, MViT: rows plus columns', 'SAM、MViT：行加列'),
  names: ['decomposed relative positions', 'SAM', 'MViTv2', 'ViTDet', 'Segment Anything', '分解的相对位置'],
  sources: [
    { label: 'Li et al. 2021, MViTv2 (arXiv 2112.01526)', href: 'https://arxiv.org/abs/2112.01526' },
    { label: 'Li et al. 2022, ViTDet (arXiv 2203.16527)', href: 'https://arxiv.org/abs/2203.16527' },
  ],
  what: T(
    'A vector for every offset of a large picture would be too many. So there are two short tables: one for the distance in rows, one for the distance in columns. The query is multiplied with a vector of each, and the two products are added. See the two parts, and their sum.',
    '为大图像的每个偏移都存一个向量太多了。于是只用两张短表：一张管行距，一张管列距。查询与两张表中各一个向量相乘，再把两个积相加。下面是两部分与它们的和。',
  ),
  porters: T(
    'The scale 1 / √d belongs to q · k alone: the position terms are added unscaled. SAM and ViTDet resize tables of another size linearly; MViTv2 does not.',
    '缩放 1 / √d 只用于 q · k：位置项不缩放。SAM 与 ViTDet 会把尺寸不同的表线性缩放，MViTv2 不会。',
  ),
  symbols: {
    k: [T('key: the patch that is looked at', '键：被看的图块')],
    R: [T('learned vector of a distance in rows', '行距的可学习向量')],
    C: [T('learned vector of a distance in columns', '列距的可学习向量')],
    y: [T('row', '行'), 'y'],
    x: [T('column', '列'), 'x'],
  },
  formula: ['S_{i,j} = \\frac{ q_i \\cdot k_j }{\\sqrt{d}} + q_i \\cdot R_{y_i - y_j} + q_i \\cdot C_{x_i - x_j}'],
  controls: [{ ...SIDE, max: 16, value: 12 }, ...within(sideOf, ...AT(15))],
  compute(p, work) {
    const side = num(p.side);
    const n = side * side;
    const [y, x] = chosen(p, side);
    const shape = [1, 1, n, WIDTH];
    const q = held(work, 'q', shape, new Float32Array(n * WIDTH));
    for (let i = 0; i < n; i++) q.data.set(COMMON, i * WIDTH);
    const rows = 2 * side - 1;
    const tables = [distanceTable(side - 1, COMMON, 23), distanceTable(side - 1, COMMON, 29)];
    const none = new Float32Array(rows * WIDTH);
    const part = (byRow: boolean, byColumn: boolean) => {
      const h = held(work, 'h', [rows, WIDTH], byRow ? tables[0] : none);
      const w = held(work, 'w', [rows, WIDTH], byColumn ? tables[1] : none);
      const from = y * side + x;
      const o = { querySize: [side, side] as const, content: false, rows: [from, from + 1] as const };
      return Float64Array.from(work.take(decomposedRelativeScores(q, q, h, w, o)).data);
    };
    const sum = part(true, true);
    const range = around(sum);
    const map = (label: Text, data: Float64Array) =>
      grid(label, () => data, side, side, { palette: 'diverging', range });
    return [
      map(
        T(`Both: what the patch at ${y}, ${x} adds for every patch`, `两者之和：图块（${y}, ${x}）对各图块所加的分`),
        sum,
      ),
      map(T('Distance in rows', '行距部分'), part(true, false)),
      map(T('Distance in columns', '列距部分'), part(false, true)),
    ];
  },
  code: (p) => ({
    given: {
      q: `Tensor.zeros([1, 12, ${num(p.side) ** 2}, 64])`,
      k: `Tensor.zeros([1, 12, ${num(p.side) ** 2}, 64])`,
      relPosH: `Tensor.zeros([${2 * num(p.side) - 1}, 64])`,
      relPosW: `Tensor.zeros([${2 * num(p.side) - 1}, 64])`,
    },
    ts: `decomposedRelativeScores(q, k, relPosH, relPosW, { querySize: [${p.side}, ${p.side}] })`,
    torch:
      "rel_h = torch.einsum('bhwc,hkc->bhwk', q, Rh)\nrel_w = torch.einsum('bhwc,wkc->bhwk', q, Rw)\nattn = attn + rel_h[..., :, None] + rel_w[..., None, :]",
    llama: notThere,
  }),
};

const FRAMES = 4;
const shifted: View = {
  id: 'shifted-window',
  title: T('Shifted windows', '移位窗口'),
  names: ['shifted window', 'SW-MSA', 'cyclic shift', '移位窗口', '滑移窗口', 'window mask'],
  sources: [
    { label: 'Liu et al. 2021, Swin §3.2 (arXiv 2103.14030)', href: 'https://arxiv.org/abs/2103.14030' },
    { label: 'Liu et al. 2021, Video Swin (arXiv 2106.13230)', href: 'https://arxiv.org/abs/2106.13230' },
  ],
  what: T(
    'Attention stays inside windows, so neighbours on two sides of a border never meet. Every second layer moves the borders: the picture is rolled, and what falls off one edge comes in at the other. Then a window can hold patches that are not neighbours at all; a mask keeps them apart. Choose a patch near an edge.',
    '注意力只在窗口内进行，边界两侧的邻居永远碰不到。于是每隔一层把边界移动：图像循环滚动，从一边出去的从另一边进来。这样一个窗口里会有根本不相邻的图块，由掩码把它们隔开。试着选一个靠边的图块。',
  ),
  porters: T(
    'All published code adds −100 instead of −∞. A picture is padded to whole windows before it is rolled.',
    '公开代码加的都是 −100 而不是 −∞。图像先补齐到整数个窗口，再滚动。',
  ),
  symbols: {
    z: [T('which piece of its window a patch is in', '图块在窗口中属于哪一块')],
    S: [T('score, before the softmax', '分数（softmax 之前）')],
  },
  formula: ['S_{i,j} \\leftarrow S_{i,j} - 100, \\quad z_i \\ne z_j'],
  controls: [
    slider('count', T('Windows a side', '每边窗口数'), 3, 1, 4),
    slider('window', T('Window', '窗口边长'), 4, 2, 7),
    { ...slider('shift', T('Rolled by', '滚动距离'), 2, 0, 6), limit: (p: Params) => num(p.window) - 1 },
    ...within((p) => num(p.count) * num(p.window), ...AT(27)).map((c, i) => ({ ...c, value: i ? 6 : 1 }) as Control),
    toggle('video', T('Video: windows of two frames', '视频：窗口含两帧')),
  ],
  compute(p, work) {
    const [window, shift] = [num(p.window), Math.min(num(p.shift), num(p.window) - 1)];
    const side = num(p.count) * window;
    const [y, x] = chosen(p, side);
    const video = p.video === true;
    const frames = video ? FRAMES : 1;
    const mask = work.take(
      shiftedWindowMask({
        gridSize: video ? [frames, side, side] : [side, side],
        windowSize: video ? [2, window, window] : [window, window],
        shiftSize: video ? [1, shift, shift] : [shift, shift],
        dtype: 'uint8',
        engine: work.engine,
      }),
    );
    const n = mask.shape[1];
    /** Window of a cell of the picture, and its number in it, after rolling. */
    const place = (t: number, row: number, col: number) => {
      const rolled = [
        [video ? (t - 1 + frames) % frames : 0, video ? 2 : 1, frames],
        [(row - shift + side) % side, window, side],
        [(col - shift + side) % side, window, side],
      ];
      let [at, token] = [0, 0];
      for (const [cell, size, whole] of rolled) {
        at = at * Math.ceil(whole / size) + Math.floor(cell / size);
        token = token * size + (cell % size);
      }
      return [at, token];
    };
    const [own, query] = place(0, y, x);
    const seen = sideBySide(frames, side, (t, cell) => {
      const [row, col] = [Math.floor(cell / side), cell % side];
      if (t === 0 && row === y && col === x) return 3;
      const [at, token] = place(t, row, col);
      if (at !== own) return 0;
      return mask.data[(own * n + query) * n + token] ? 1 : 2;
    });
    const KINDS = [
      T('in another window', '在别的窗口'),
      T('is seen', '看得到'),
      T('in the window, but masked', '在同一窗口但被掩码'),
      T('the query', '查询'),
    ];
    return [
      grid(
        T(`What the patch at row ${y}, column ${x} sees`, `第 ${y} 行第 ${x} 列的图块看得到什么`),
        () => seen,
        side,
        frames * side,
        {
          palette: 'categories',
          range: [0, 3],
          legend: KINDS,
          cell: (_r, _c, v) => KINDS[v],
          ...(video ? { colTitle: FRAME_COLUMN, colAt: frameColumn(side) } : {}),
        },
      ),
      grid(T('The mask of that window', '该窗口的掩码'), () => mask.data, n, n, {
        start: own * n * n,
        rowTitle: T('query', '查询'),
        colTitle: T('key', '键'),
      }),
    ];
  },
  code: (p) => {
    const side = num(p.count) * num(p.window);
    const shift = Math.min(num(p.shift), num(p.window) - 1);
    const list = (first: number, rest: number) => `[${p.video ? `${first}, ` : ''}${rest}, ${rest}]`;
    return {
      ts: `shiftedWindowMask({ gridSize: ${list(FRAMES, side)}, windowSize: ${list(2, num(p.window))}, shiftSize: ${list(1, shift)} })`,
      torch:
        'regions = window_partition(region_ids, window)  # numbered before rolling\nmask = regions[:, None, :] - regions[:, :, None]\nmask = mask.masked_fill(mask != 0, -100.0)',
      llama: notThere,
    };
  },
};

const levit: View = {
  id: 'offset-bias',
  title: T('LeViT: offsets without a sign', 'LeViT：不分正负的偏移'),
  names: ['LeViT', 'EfficientFormer', 'TinyViT', 'attention bias', 'absolute offsets', '注意力偏置'],
  sources: [
    { label: 'Graham et al. 2021, LeViT (arXiv 2104.01136)', href: 'https://arxiv.org/abs/2104.01136' },
    { label: 'Li et al. 2022, EfficientFormer (arXiv 2206.01191)', href: 'https://arxiv.org/abs/2206.01191' },
  ],
  what: T(
    'Swin keeps a number for each signed offset. LeViT forgets the sign: two patches to the left and two to the right share a number, so the map is its own mirror image in both directions and needs a quarter of the numbers. Where the picture is halved, queries stand at every second patch.',
    'Swin 为每个带符号的偏移存一个数。LeViT 去掉符号：左边两格与右边两格共用一个数，因此图在两个方向上都对称，只需四分之一的数。在图像减半的层里，查询只站在每隔一个的图块上。',
  ),
  porters: T(
    'Published code numbers the offsets in the order in which it first meets them; that is |Δy| · width + |Δx| here.',
    '公开代码按首次遇到的顺序给偏移编号；这里就是 |Δy| · 宽 + |Δx|。',
  ),
  symbols: {
    y: [T('row of the query', '查询的行'), 'y'],
    x: [T('column of the query', '查询的列'), 'x'],
    v: [T('row of the key', '键的行')],
    u: [T('column of the key', '键的列')],
    b: [T('bias of an offset', '偏移的偏置')],
  },
  formula: ['b_{h,(y,x),(v,u)} = W_{h, |y - v|, |x - u|}'],
  controls: [
    { ...SIDE, max: 16 },
    ...within(sideOf, ...AT(15)),
    toggle('halved', T('Halved: queries at every second patch', '减半：查询隔一个取一个')),
  ],
  compute(p, work) {
    const side = num(p.side);
    const n = side * side;
    const stride = p.halved ? 2 : 1;
    const across = Math.ceil(side / stride);
    const [y, x] = chosen(p, side).map((at) => Math.floor(at / stride));
    const from = y * across + x;
    const row = (name: string, value: (dy: number, dx: number) => number) => {
      const table = held(
        work,
        name,
        [1, n],
        Float32Array.from({ length: n }, (_, i) => value(Math.floor(i / side), i % side)),
      );
      const o = { resolution: [side, side] as const, stride, rows: [from, from + 1] as const };
      return work.take(offsetBias(table, o)).data;
    };
    const numbers = row('numbers', (dy, dx) => dy * side + dx);
    const bias = row('bias', (dy, dx) => 1.4 / (1 + 0.12 * dy * dy + 0.05 * dx * dx) - 0.3);
    const at = T(`query at row ${y * stride}, column ${x * stride}`, `查询在第 ${y * stride} 行第 ${x * stride} 列`);
    return [
      grid(
        T(`Number of the table that each key uses, ${at.en}`, `各键使用表中第几个数，${at.zh}`),
        () => numbers,
        side,
        side,
        {
          range: [0, n - 1],
        },
      ),
      grid(T('The bias: a mirror image', '偏置：左右上下对称'), () => bias, side, side, {
        palette: 'diverging',
        range: [-1.1, 1.1],
      }),
    ];
  },
  code: (p) => ({
    given: { table: `Tensor.zeros([4, ${num(p.side) ** 2}])` },
    ts: `offsetBias(table, { resolution: [${p.side}, ${p.side}]${p.halved ? ', stride: 2' : ''} })`,
    torch: 'bias = attention_biases[:, idxs]  # idxs: number of (|dy|, |dx|)',
    llama: notThere,
  }),
};

const FADES = [1, 0.75, 0.55, 0.4];
const videoSwin: View = {
  id: 'video-swin',
  title: T('Video Swin: windows of frames', 'Video Swin：跨帧的窗口'),
  names: ['Video Swin', '3D window', '3-D window', '三维窗口', '视频窗口'],
  sources: [{ label: 'Liu et al. 2021, Video Swin (arXiv 2106.13230)', href: 'https://arxiv.org/abs/2106.13230' }],
  what: T(
    'A window of a video has frames as well as rows and columns, and an offset has three parts. The table has a number for each triple. Frames stand side by side here: the bias is strongest at the query itself and fades with the distance in time too. The numbers are smooth stand-ins.',
    '视频的窗口除了行和列还有帧，偏移由三部分组成，表为每个三元组存一个数。这里把各帧并排画出：偏置在查询处最强，随时间距离也逐渐减弱。数是平滑的示意值。',
  ),
  porters: T(
    'Where the input has fewer frames than the window, the table keeps its size; published code cuts the index, not the table (frames).',
    '输入帧数少于窗口时，表的大小不变；公开代码裁剪的是下标而不是表（frames）。',
  ),
  symbols: {
    t: [T('difference of frames', '帧的差')],
    y: [T('difference of rows', '行的差')],
    x: [T('difference of columns', '列的差')],
    b: [T('bias of an offset', '偏移的偏置')],
  },
  formula: ['b_{h} ( t, y, x ) = W_{(t,y,x), h}'],
  controls: [
    slider('frames', T('Frames of a window', '窗口的帧数'), 3, 2, 4),
    slider('side', T('Window', '窗口边长'), 7, 3, 9),
    { ...slider('t', T('Query: frame', '查询：帧'), 0, 0, 3), limit: (p: Params) => num(p.frames) - 1 },
    ...within(sideOf, ...AT(8)).map((c, i) => ({ ...c, value: 2 + i }) as Control),
  ],
  compute(p, work) {
    const [frames, side] = [num(p.frames), num(p.side)];
    const [y, x] = chosen(p, side);
    const t = Math.min(num(p.t), frames - 1);
    const wide = 2 * side - 1;
    const entries = (2 * frames - 1) * wide * wide;
    const table = held(
      work,
      'table',
      [entries, 1],
      Float32Array.from({ length: entries }, (_, i) => {
        const [dt, cell] = [Math.abs(Math.floor(i / wide / wide) - frames + 1), i % (wide * wide)];
        return FADES[dt] * attract(Math.floor(cell / wide) - side + 1, (cell % wide) - side + 1, 0);
      }),
    );
    const from = (t * side + y) * side + x;
    const bias = work.take(swinBias(table, { windowSize: [frames, side, side], rows: [from, from + 1] })).data;
    const shown = sideBySide(frames, side, (frame, cell) => bias[frame * side * side + cell]);
    return [
      grid(
        T(`Bias of the query in frame ${t}, row ${y}, column ${x}`, `查询在第 ${t} 帧第 ${y} 行第 ${x} 列时的偏置`),
        () => shown,
        side,
        frames * side,
        { palette: 'diverging', range: [-1.3, 1.3], colTitle: FRAME_COLUMN, colAt: frameColumn(side) },
      ),
    ];
  },
  code: (p) => ({
    given: { table: `Tensor.zeros([${(2 * num(p.frames) - 1) * (2 * num(p.side) - 1) ** 2}, 4])` },
    ts: `swinBias(table, { windowSize: [${p.frames}, ${p.side}, ${p.side}] })`,
    torch: 'bias = table[relative_position_index[:N, :N].reshape(-1)].view(N, N, heads).permute(2, 0, 1)',
    llama: notThere,
  }),
};

const resizeBias: View = {
  id: 'resize-bias',
  title: T('A larger window: resizing a bias table', '更大的窗口：缩放偏置表'),
  names: ['resize_rel_pos_bias_table', 'geometric resize', 'resized bias', '缩放偏置表', '偏置表插值'],
  sources: [
    { label: 'Bao et al. 2021, BEiT (arXiv 2106.08254)', href: 'https://arxiv.org/abs/2106.08254' },
    { label: 'timm', href: 'https://github.com/huggingface/pytorch-image-models' },
  ],
  what: T(
    'A table of offsets was learned for one window. For a larger one, near offsets should keep their numbers: one patch to the left means the same in any picture. So the old rows are laid out with growing steps, close together in the middle and far apart at the edges, until they reach the new window; new rows are read off between them.',
    '偏移表是为一种窗口学的。窗口变大时，近处的偏移应保持原来的数：左边一格在任何图像里意思都一样。于是旧行按越来越大的间距铺开，中间密、两边疏，直到铺满新窗口；新行在它们之间读出。',
  ),
  porters: T(
    'BEiT’s recipe finds the growth by bisection and copies its last three rows. Swin’s own code resizes bicubically instead.',
    'BEiT 的做法用二分法求增长率，最后三行原样复制。Swin 自己的代码则用双三次插值。',
  ),
  symbols: {
    x: [T('place of a row of the table', '表中一行的位置')],
    q: [T('growth of the steps', '间距的增长率')],
    k: [T('number of the row, from the middle', '从中间数起的行号')],
  },
  formula: ['x_k = \\pm ( 1 + q + q^2 + \\dots + q^{k-1} )'],
  controls: [
    slider('from', T('Trained window', '训练窗口边长'), 7, 3, 14),
    slider('to', T('Wanted window', '所需窗口边长'), 12, 3, 24),
  ],
  compute(p, work) {
    const [from, to] = [num(p.from), num(p.to)];
    const [narrow, wide] = [2 * from - 1, 2 * to - 1];
    const table = held(
      work,
      'table',
      [narrow * narrow, 1],
      Float32Array.from({ length: narrow * narrow }, (_, i) =>
        attract(Math.floor(i / narrow) - from + 1, (i % narrow) - from + 1, 0),
      ),
    );
    const o = { from: [from, from] as const, to: [to, to] as const };
    const made = resizeRelativeTable(table, { ...o, out: work.out('made', [wide * wide, 1]) });
    const range = around(table.data);
    const line = (data: ArrayLike<number>, size: number) =>
      Float64Array.from({ length: size }, (_, i) => data[((size - 1) / 2) * size + i]);
    const places = (size: number) => Float64Array.from({ length: size }, (_, i) => i - (size - 1) / 2);
    const [old, now] = [T('trained', '训练时'), T('resized', '缩放后')];
    const offsets = (size: number) => ({
      palette: 'diverging' as const,
      range,
      rowTitle: T('row offset', '行偏移'),
      colTitle: T('column offset', '列偏移'),
      rowAt: (r: number) => r - size + 1,
      colAt: (c: number) => c - size + 1,
    });
    return [
      {
        kind: 'curves',
        label: T('In one row of the picture: the middle stays, the edges stretch', '同一行内：中间不变，两边拉开'),
        x: { title: T('column offset', '列偏移') },
        y: { title: T('bias', '偏置') },
        series: [
          { name: old, x: places(narrow), y: line(table.data, narrow), as: 'points' },
          { name: now, x: places(wide), y: line(made.data, wide) },
        ],
      },
      grid(T(`As trained: window ${from}`, `训练时：窗口 ${from}`), () => table.data, narrow, narrow, offsets(from)),
      grid(T(`Resized: window ${to}`, `缩放后：窗口 ${to}`), () => made.data, wide, wide, offsets(to)),
    ];
  },
  code: (p) => ({
    given: { table: `Tensor.zeros([${(2 * num(p.from) - 1) ** 2}, 12])` },
    ts: `resizeRelativeTable(table, { to: [${p.to}, ${p.to}] })`,
    torch: `resize_rel_pos_bias_table(table, (${p.to}, ${p.to}), (${2 * num(p.to) - 1} ** 2, heads))`,
    llama: notThere,
  }),
};

type Variant3 = 'cogvideox' | 'vjepa' | 'prithvi' | 't2t';
const sincosVideo: View = {
  id: 'sincos3d',
  title: T('Sines over time, rows and columns', '时间、行、列上的正弦'),
  names: ['3D sinusoidal', '3D 正弦', 'CogVideoX', 'V-JEPA', 'Prithvi', '三维正弦'],
  sources: [
    { label: 'Yang et al. 2024, CogVideoX (arXiv 2408.06072)', href: 'https://arxiv.org/abs/2408.06072' },
    { label: 'Bardes et al. 2024, V-JEPA (arXiv 2404.08471)', href: 'https://arxiv.org/abs/2404.08471' },
  ],
  what: T(
    'The channels are divided among three axes: some count frames, some rows, some columns. The frames stand side by side, and colour says how alike each token is to the chosen one: near in the picture and near in time. How many channels time gets differs: a quarter in CogVideoX, half in V-JEPA.',
    '维度分给三个轴：一些数帧，一些数行，一些数列。各帧并排画出，颜色表示每个词元与选定词元有多像：图像上近、时间上也近。时间占多少维度各不相同：CogVideoX 四分之一，V-JEPA 一半。',
  ),
  symbols: { y: [T('row', '行'), 'y'], x: [T('column', '列'), 'x'], t: [T('frame', '帧'), 't'] },
  formula: ['p_{t,y,x} = [ \\mathrm{sincos} ( t ), \\mathrm{sincos} ( x ), \\mathrm{sincos} ( y ) ]'],
  controls: [
    choice('variant', T('Layout', '布局'), 'vjepa', [
      ['cogvideox', same('CogVideoX')],
      ['vjepa', same('V-JEPA')],
      ['prithvi', same('Prithvi')],
      ['t2t', same('tensor2tensor')],
    ]),
    slider('frames', T('Frames', '帧数'), 4, 1, 6),
    { ...SIDE, max: 14, value: 10 },
    { ...slider('t', T('Chosen: frame', '选定：帧'), 1, 0, 5), limit: (p: Params) => num(p.frames) - 1 },
    ...within(sideOf, ...AT(13)),
  ],
  compute(p, work) {
    const [frames, side, dim] = [num(p.frames), num(p.side), 96];
    const [y, x] = chosen(p, side);
    const t = Math.min(num(p.t), frames - 1);
    const variant = p.variant as Variant3;
    const data = work.take(sincos3d({ variant, grid: [frames, side, side], dim, engine: work.engine })).data;
    const from = ((t * side + y) * side + x) * dim;
    const like = sideBySide(frames, side, (frame, cell) => {
      const other = (frame * side * side + cell) * dim;
      let sum = 0;
      for (let c = 0; c < dim; c++) sum += data[from + c] * data[other + c];
      return (2 * sum) / dim;
    });
    return [
      grid(
        T(`Likeness to the token in frame ${t}, row ${y}, column ${x}`, `与第 ${t} 帧第 ${y} 行第 ${x} 列词元的相似度`),
        () => like,
        side,
        frames * side,
        { range: extent(like), colTitle: FRAME_COLUMN, colAt: frameColumn(side) },
      ),
    ];
  },
  code: (p) => ({
    ts: `sincos3d({ variant: '${p.variant}', grid: [${p.frames}, ${p.side}, ${p.side}], dim: 96 })`,
    torch: 'pos = torch.cat([sincos(t, dim_t), sincos(x, dim_x), sincos(y, dim_y)], -1)',
    llama: notThere,
  }),
};

const learned2d: View = {
  id: 'learned-2d',
  title: T('DETR: a table of rows, a table of columns', 'DETR：行表与列表'),
  names: ['learned 2D', 'PositionEmbeddingLearned', '二维可学习', '行表', 'Conditional DETR'],
  sources: [{ label: 'Carion et al. 2020, DETR (arXiv 2005.12872)', href: 'https://arxiv.org/abs/2005.12872' }],
  what: T(
    'Instead of a row for each patch, one learned table for columns and one for rows; a patch gets both, one behind the other. A hundred rows serve a picture of fifty by fifty. Patches in the same row or column stay half alike, which shows as a cross. The tables are made up.',
    '不是每个图块一行，而是列一张表、行一张表；图块把两者首尾相接。一百行就够五十乘五十的图像用。同行或同列的图块有一半相同，所以图中出现十字。表是虚构的。',
  ),
  symbols: {
    C: [T('table of the columns', '列的表')],
    R: [T('table of the rows', '行的表')],
    y: [T('row', '行'), 'y'],
    x: [T('column', '列'), 'x'],
  },
  formula: ['p_{y,x} = [ C_x, R_y ]'],
  controls: [{ ...SIDE, max: 24, value: 16 }, ...within(sideOf, ...AT(23))],
  compute(p, work) {
    const [side, dim] = [num(p.side), 16];
    const [y, x] = chosen(p, side);
    const columns = held(work, 'columns', [50, dim], smoothTable(50, dim, 41));
    const rows = held(work, 'rows', [50, dim], smoothTable(50, dim, 47));
    const out = work.out('out', [2 * dim, side, side]);
    const { data } = learnedPositions2d(columns, rows, { height: side, width: side, out });
    const n = side * side;
    const like = new Float64Array(n);
    for (let c = 0; c < 2 * dim; c++)
      for (let i = 0; i < n; i++) like[i] += data[c * n + i] * data[c * n + y * side + x];
    return [
      grid(
        T(`Likeness to the patch at row ${y}, column ${x}`, `与第 ${y} 行第 ${x} 列图块的相似度`),
        () => like,
        side,
        side,
        { palette: 'diverging', range: around(like) },
      ),
      grid(T('A channel of the rows over the picture', '行表的一维在图像上的样子'), () => data, side, side, {
        start: (dim + 2) * n,
        palette: 'diverging',
        range: [-1, 1],
      }),
    ];
  },
  code: (p) => ({
    given: { columns: 'Tensor.zeros([50, 128])', rows: 'Tensor.zeros([50, 128])' },
    ts: `learnedPositions2d(columns, rows, { height: ${p.side}, width: ${p.side} })`,
    torch: `pos = torch.cat([col(torch.arange(w))[None].repeat(h, 1, 1), row(torch.arange(h))[:, None].repeat(1, w, 1)], -1)`,
    llama: notThere,
  }),
};

const coarse: View = {
  id: 'coarse-grid',
  title: T('Any picture, one table (NaViT, Idefics)', '任意图像共用一张表（NaViT、Idefics）'),
  names: ['NaViT', 'Idefics2', 'SmolVLM', 'MiniCPM-V', 'fractional coordinates', '分数坐标', '任意分辨率'],
  sources: [{ label: 'Dehghani et al. 2023, NaViT §3.2 (arXiv 2307.06304)', href: 'https://arxiv.org/abs/2307.06304' }],
  what: T(
    'The table was learned for a square picture. A picture of another shape keeps it as it is: every patch takes the row that lies at the same place of the square. A small picture skips rows, a large one uses some twice. Nothing is interpolated.',
    '表是为正方形图像学的。别的形状也照用：每个图块取正方形中同一处的那一行。小图会跳过一些行，大图会重复使用一些行。不做任何插值。',
  ),
  porters: T(
    'The released float32 code compares i / n with k / N; where the two are equal it gives one less at a few sizes, and its versions differ there.',
    '公开的 float32 代码比较 i / n 与 k / N；两者相等时在少数尺寸上会少一，各版本也不一致。',
  ),
  symbols: {
    y: [T('row of the patch', '图块的行')],
    x: [T('column of the patch', '图块的列')],
    N: [T('side of the table', '表的边长'), 'table'],
    h: [T('rows of the picture', '图像的行数'), 'height'],
    w: [T('columns of the picture', '图像的列数'), 'width'],
  },
  formula: ['\\lfloor \\frac{y N}{h} \\rfloor N + \\lfloor \\frac{x N}{w} \\rfloor'],
  controls: [
    slider('table', T('Side of the table', '表的边长'), 14, 4, 32),
    slider('height', T('Rows of the picture', '图像行数'), 9, 1, 32),
    slider('width', T('Columns of the picture', '图像列数'), 20, 1, 32),
  ],
  compute(p) {
    const [side, height, width] = [num(p.table), num(p.height), num(p.width)];
    const ids = coarseGridIds({ patchesPerSide: side, grid: [height, width] }).data;
    const used = new Int32Array(side * side);
    for (const id of ids) used[id]++;
    return [
      grid(T('Row of the table that each patch takes', '每个图块取表的哪一行'), () => ids, height, width, {
        range: [0, side * side - 1],
        cell: (_r, _c, v) =>
          T(
            `place ${Math.floor(v / side)}, ${v % side} of the square`,
            `正方形中的（${Math.floor(v / side)}, ${v % side}）`,
          ),
      }),
      grid(T('How often each row of the table is used', '表的每一行用了几次'), () => used, side, side, {
        range: [0, Math.max(1, ...used)],
      }),
    ];
  },
  code: (p) => ({
    ts: `coarseGridIds({ patchesPerSide: ${p.table}, grid: [${p.height}, ${p.width}] })`,
    torch: `ids = torch.bucketize(fractional_h, bounds, right=True)[:, None] * ${p.table} + torch.bucketize(fractional_w, bounds, right=True)`,
    llama: notThere,
  }),
};

export const windowViews: readonly View[] = [
  decomposed,
  shifted,
  levit,
  videoSwin,
  resizeBias,
  sincosVideo,
  learned2d,
  coarse,
];
