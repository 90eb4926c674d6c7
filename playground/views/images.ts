/** Section 5: positions of pictures. */
import { mropeIndex, type RotarySpec, rotaryFrequencies, rotaryTable } from '../library.ts';
import { T } from '../text.ts';
import { choice, slider, steps, type View } from '../view.ts';
import { pair, position } from './common.ts';

const num = (value: unknown) => value as number;
const STREAMS = [T('time', '时间'), T('height', '高'), T('width', '宽')];

interface Sections {
  readonly label: string;
  readonly section: readonly number[];
  readonly layout: 'chunked' | 'interleaved' | 'ernie_hw_alternating';
}
const MODELS: Record<string, Sections> = {
  qwen2: { label: 'Qwen2-VL', section: [16, 24, 24], layout: 'chunked' },
  qwen3: { label: 'Qwen3-VL', section: [24, 20, 20], layout: 'interleaved' },
  ernie: { label: 'ERNIE 4.5-VL', section: [22, 22, 20], layout: 'ernie_hw_alternating' },
};

const mrope: View = {
  id: 'mrope',
  title: T('M-RoPE: time, height and width in one head', 'M-RoPE：时间、高、宽共用一个头'),
  names: ['M-RoPE', '多模态', 'RoPE-2D', 'multimodal', 'Qwen2-VL', '图像位置'],
  sources: [
    { label: 'Qwen2-VL (arXiv 2409.12191)', href: 'https://arxiv.org/abs/2409.12191' },
    { label: 'Qwen3-VL (arXiv 2511.21631)', href: 'https://arxiv.org/abs/2511.21631' },
  ],
  what: T(
    'A picture token has three positions: frame, row and column. Each pair of channels listens to one of them. Qwen2-VL cuts the head into blocks, which leaves the slow pairs to width alone; Qwen3-VL deals the three out in turn. Text tokens carry the same number three times, so for text it is plain RoPE.',
    '图像词元有三个位置：帧、行、列。每个组只听从其中一个。Qwen2-VL 把头切成块，于是慢的组全归宽度；Qwen3-VL 则轮流分配。文本词元三个数相同，因此对文本而言就是普通 RoPE。',
  ),
  porters: T(
    'Where text goes on after a video: transformers up to 5.2 and vLLM count on from the largest position of all three streams, transformers from 5.3 on from the sides of the picture.',
    '视频之后文本从哪里继续：transformers 5.2 及以前与 vLLM 从三个流的最大位置接着数，transformers 5.3 起从图像的边长接着数。',
  ),
  symbols: {
    s: [T('stream of a pair', '一组所属的位置流')],
    t: [T('time', '时间')],
    h: [T('height', '高')],
    w: [T('width', '宽')],
  },
  formula: [
    T(
      '\\text{angle}_{n,k} = p_n^{(s_k)} \\cdot b^{-2k/d}, \\quad s_k \\in \\lbrace t, h, w \\rbrace',
      '\\text{角度}_{n,k} = p_n^{(s_k)} \\cdot b^{-2k/d}, \\quad s_k \\in \\lbrace t, h, w \\rbrace',
    ),
  ],
  controls: [
    choice(
      'model',
      T('Model', '模型'),
      'qwen2',
      Object.entries(MODELS).map(([id, { label }]) => [id, T(label, label)] as const),
    ),
    slider('height', T('Picture: rows of tokens', '图像：行数'), 6, 2, 16),
    slider('width', T('Picture: columns of tokens', '图像：列数'), 9, 2, 16),
    slider('frames', T('Frames: more than one is a video', '帧数：多于一帧即视频'), 2, 1, 4),
    slider('text', T('Text tokens before and after', '前后文本词元数'), 6, 1, 24),
    steps('base', T('Base: models use 1 000 000', 'base：模型用 1 000 000'), 100, [10, 100, 1000, 10000, 1000000]),
  ],
  compute(p, work) {
    const { section, layout } = MODELS[p.model as string];
    const [rows, cols, text] = [num(p.height), num(p.width), num(p.text)];
    const frames = num(p.frames);
    const kind = frames > 1 ? 2 : 1;
    const types = [...Array(text).fill(0), ...Array(frames * rows * cols).fill(kind), ...Array(text).fill(0)];
    const grid: [number, number, number][] = [[frames, 2 * rows, 2 * cols]];
    const n = types.length;
    const ids = mropeIndex({
      model: 'qwen2_vl',
      tokenTypes: [types],
      ...(frames > 1 ? { videoGridThw: grid } : { imageGridThw: grid }),
    }).positionIds;
    const streams = [0, 1, 2].map((s) => ids.data.subarray(s * n, (s + 1) * n));
    const spec: RotarySpec = { headDim: 128, ropeTheta: num(p.base), mropeSection: section, mropeLayout: layout };
    const table = work.take(rotaryTable(spec, { positions: ids.data, engine: work.engine }));
    const pairs = table.rotaryDim / 2;
    const colours = rotaryFrequencies(spec).streams as Uint8Array;
    const x = Float64Array.from({ length: n }, (_, t) => t);
    return [
      {
        kind: 'map',
        label: T('Which position each pair listens to', '每个组听从哪个位置'),
        data: () => colours,
        rows: 1,
        cols: pairs,
        palette: 'categories',
        range: [0, 2],
        rowTitle: T('stream', '位置流'),
        colTitle: pair,
        rowAt: () => '',
        legend: STREAMS,
        height: 54,
      },
      {
        kind: 'curves',
        label: T('The three positions of every token', '每个词元的三个位置'),
        x: { title: T('token', '词元') },
        y: { title: position },
        series: streams.map((y, s) => ({ name: STREAMS[s], x, y, as: 'points' as const })),
        height: 260,
      },
      {
        kind: 'map',
        label: T('Sine of every token and pair', '每个词元与组的正弦'),
        data: () => table.sin.data,
        rows: n,
        cols: pairs,
        palette: 'diverging',
        range: [-1, 1],
        rowTitle: T('token', '词元'),
        colTitle: pair,
        cell: (r) =>
          T(
            `time ${streams[0][r]}, height ${streams[1][r]}, width ${streams[2][r]}`,
            `时间 ${streams[0][r]}，高 ${streams[1][r]}，宽 ${streams[2][r]}`,
          ),
      },
    ];
  },
  code: (p) => {
    const { section, layout } = MODELS[p.model as string];
    return {
      given: {
        text: `new Array<number>(${p.text}).fill(0)`,
        picture: `new Array<number>(${num(p.frames) * num(p.height) * num(p.width)}).fill(${num(p.frames) > 1 ? 2 : 1})`,
      },
      ts: `const { positionIds } = mropeIndex({ model: 'qwen2_vl', tokenTypes: [[...text, ...picture, ...text]], ${num(p.frames) > 1 ? 'video' : 'image'}GridThw: [[${p.frames}, ${2 * num(p.height)}, ${2 * num(p.width)}]] });\nrotaryTable({ headDim: 128, ropeTheta: ${p.base}, mropeSection: [${section}], mropeLayout: '${layout}' }, { positions: positionIds.data })`,
      torch: `angle = position_ids[:, :, None] * inv_freq  # [3, tokens, pairs]\nangle = angle.gather(0, stream_of_pair.expand(1, tokens, -1))[0]`,
      llama: T(
        'No flag: --mmproj loads the vision part, the sections come from the model file.',
        '没有对应参数：--mmproj 加载视觉部分，分段取自模型文件。',
      ),
    };
  },
};

export const imageViews: readonly View[] = [mrope];
