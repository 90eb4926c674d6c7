/** Section 4: how far angles, and with them cosines, are off in the number formats that models run in. */
import { type Precision, type RotarySpec, rotaryTable, type TableDtype } from '../library.ts';
import { grouped, show, T, type Text } from '../text.ts';
import { type Params, slider, steps, type View, type Workspace } from '../view.ts';
import { pair } from './common.ts';

const num = (value: unknown) => value as number;
const FARTHEST = 2 ** 24;
/** Half a unit in the last place of a float32 just below 1. */
const FLOOR = 2 ** -25;

/** The float32 nearest to x, with its last 16 bits rounded away. */
function toBfloat16(x: number): number {
  const bits = new Uint32Array(Float32Array.of(x).buffer);
  bits[0] = (bits[0] + 0x7fff + ((bits[0] >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0];
}

interface Way {
  readonly name: Text;
  readonly precision: Precision;
  readonly dtype?: TableDtype;
  /** Positions as they are before the table is made. */
  readonly positions?: (p: number) => number;
}

const WAYS: readonly Way[] = [
  { name: T("'exact': rounded once", "'exact'：只舍入一次"), precision: 'exact' },
  { name: T("'torch': float32 products", "'torch'：float32 乘积"), precision: 'torch' },
  { name: T("'ggml': repeated products", "'ggml'：逐次相乘"), precision: 'ggml' },
  { name: T('exact, stored as float16', '精确值，存为 float16'), precision: 'exact', dtype: 'float16' },
  { name: T('exact, stored as bfloat16', '精确值，存为 bfloat16'), precision: 'exact', dtype: 'bfloat16' },
  {
    name: T('positions rounded to bfloat16', '位置先舍入为 bfloat16'),
    precision: 'exact',
    positions: toBfloat16,
  },
];

/** Cosines and sines of some positions, in one of the ways, [positions, 2 * pairs]. */
function valuesOf(way: Way, spec: RotarySpec, positions: Float64Array, work: Workspace): Float64Array {
  const at = way.positions ? positions.map(way.positions) : positions;
  const table = rotaryTable(
    { ...spec, precision: way.precision },
    { positions: at, dtype: way.dtype ?? 'float32', engine: work.engine },
  );
  const [cos, sin] = [table.cos.toFloat32Array(), table.sin.toFloat32Array()];
  table.dispose();
  const pairs = table.rotaryDim / 2;
  const out = new Float64Array(2 * cos.length);
  for (let i = 0; i < cos.length; i++) {
    const row = Math.floor(i / pairs);
    out[row * 2 * pairs + (i % pairs)] = cos[i];
    out[row * 2 * pairs + pairs + (i % pairs)] = sin[i];
  }
  return out;
}

/** Odd positions, spread evenly on a logarithmic axis: even ones may be whole in fewer bits. */
const sampled = Float64Array.from(
  new Set(Array.from({ length: 145 }, (_, i) => (Math.round(2 ** (i / 6)) - 1) | 1)).values(),
).sort();

/** The last position of the chosen context. */
const last = (p: Params) => Math.round(2 ** num(p.power)) - 1;

const spec = (p: Params): RotarySpec & { readonly headDim: number } => ({
  headDim: num(p.dim),
  ropeTheta: num(p.base),
  pairing: 'half',
});

/** The curves over all positions do not change while the position is dragged. */
const known = new Map<string, Float64Array[]>();

function curvesOf(rope: RotarySpec & { readonly headDim: number }, work: Workspace): Float64Array[] {
  const key = `${rope.headDim} ${rope.ropeTheta}`;
  const before = known.get(key);
  if (before) return before;
  const width = rope.headDim;
  const exact = valuesOf(WAYS[0], rope, sampled, work);
  const curves = WAYS.map((way) => {
    const got = valuesOf(way, rope, sampled, work);
    return Float64Array.from(sampled, (_, row) => {
      let most = FLOOR;
      for (let c = row * width; c < (row + 1) * width; c++) most = Math.max(most, Math.abs(got[c] - exact[c]));
      return most;
    });
  });
  known.set(key, curves);
  return curves;
}

export const precisionView: View = {
  id: 'precision',
  title: T('How far off is a cosine?', '余弦差多少？'),
  names: ['精度', 'bfloat16', 'float16', 'bf16', 'fp16', '数值精度', '舍入'],
  sources: [
    { label: 'RoFormer (arXiv 2104.09864)', href: 'https://arxiv.org/abs/2104.09864' },
    {
      label: 'transformers, modeling_rope_utils.py',
      href: 'https://github.com/huggingface/transformers/blob/main/src/transformers/modeling_rope_utils.py',
    },
    { label: 'BFloat16 breaks down RoPE (arXiv 2411.13476)', href: 'https://arxiv.org/abs/2411.13476' },
    { label: 'ggml, ops.cpp (rope)', href: 'https://github.com/ggml-org/ggml' },
  ],
  what: T(
    'An angle is a position times a frequency. In float32 the frequency is rounded once and the product again, so the error of the angle grows with the position; PyTorch models were trained with exactly that error, and matching them means repeating it. Storing the exact value in 16 bits costs a constant error instead. Rounding the positions themselves to bfloat16, as some training code did by accident, merges neighbouring positions beyond 256.',
    '角度等于位置乘以频率。在 float32 中，频率舍入一次，乘积再舍入一次，角度误差随位置增大；PyTorch 模型正是带着这种误差训练的，要与之一致就得重现它。把精确值存成 16 位，代价则是恒定的误差。若把位置本身舍入为 bfloat16（某些训练代码曾误用），超过 256 的相邻位置就会合并。',
  ),
  symbols: {
    r: [T('step from one pair to the next', '相邻两组之间的比')],
  },
  formula: [
    T(
      '\\text{exact: } \\cos ( n \\theta_k ) \\text{ rounded once}',
      '\\text{exact：} \\cos ( n \\theta_k ) \\text{ 只舍入一次}',
    ),
    '\\mathrm{torch: } \\cos ( \\mathrm{fl} ( n \\cdot \\mathrm{fl} ( \\theta_k ) ) )',
    '\\mathrm{ggml: } \\cos ( \\mathrm{fl} ( \\dots \\mathrm{fl} ( n \\cdot r ) \\cdot r \\dots ) ), \\quad r = \\mathrm{fl} ( b^{-2/d} )',
  ],
  controls: [
    steps('dim', T('Channels of a head', '每头维度'), 128, [32, 64, 128, 256]),
    steps('base', T('Base (rope theta)', '底数（rope theta）'), 500000, [10000, 100000, 500000, 1000000, 10000000]),
    slider('power', T('Context, as a power of two', '上下文长度（以 2 为底的对数）'), 17, 1, 24, 0.125),
  ],
  compute(p, work) {
    const rope = spec(p);
    const pairs = num(p.dim) / 2;
    const here = Float64Array.of(last(p));
    const exactHere = valuesOf(WAYS[0], rope, here, work);
    const channels = Float64Array.from({ length: pairs }, (_, k) => k);
    const byPosition = curvesOf(rope, work);
    const byPair = WAYS.map((way) => {
      const got = valuesOf(way, rope, here, work);
      return Float64Array.from({ length: pairs }, (_, k) =>
        Math.max(FLOOR, Math.abs(got[k] - exactHere[k]), Math.abs(got[pairs + k] - exactHere[pairs + k])),
      );
    });
    const shown = WAYS.map((way, i) => ({ way, i }));
    return [
      {
        kind: 'curves',
        label: T('Largest error of cosine and sine over all pairs', '全部组中余弦与正弦的最大误差'),
        x: { title: T('position', '位置'), log: true, min: 1, max: FARTHEST },
        y: { title: T('error', '误差'), log: true, min: FLOOR / 2, max: 2 },
        series: shown.map(({ way, i }) => ({ name: way.name, x: sampled, y: byPosition[i] })),
        marks: [{ x: here[0], label: T(`position ${grouped(here[0])}`, `位置 ${grouped(here[0])}`) }],
        height: 330,
      },
      {
        kind: 'curves',
        label: T(`Error of each pair at position ${grouped(here[0])}`, `位置 ${grouped(here[0])} 处各组的误差`),
        x: { title: pair },
        y: { title: T('error', '误差'), log: true, min: FLOOR / 2, max: 2 },
        series: shown.map(({ way, i }) => ({ name: way.name, x: channels, y: byPair[i] })),
        height: 330,
      },
      {
        kind: 'note',
        text: T(
          `At position ${grouped(here[0])}: ${shown
            .slice(1)
            .map(({ way, i }) => `${way.name.en} ${show(Math.max(...byPair[i]), 2)}`)
            .join(
              '; ',
            )}. Errors are measured against 'exact', which is the true value rounded once to float32, at most ${show(2 ** -25, 2)} off; what is smaller is drawn there.`,
          `位置 ${grouped(here[0])}：${shown
            .slice(1)
            .map(({ way, i }) => `${way.name.zh} ${show(Math.max(...byPair[i]), 2)}`)
            .join(
              '；',
            )}。误差以 'exact' 为准，即真实值只舍入一次成 float32，误差至多 ${show(2 ** -25, 2)}；更小的误差画在该处。`,
        ),
      },
    ];
  },
  code: (p) => ({
    ts: `rotaryTable({ headDim: ${p.dim}, ropeTheta: ${p.base}, precision: 'exact' }, { positions: [${last(p)}] })\nrotaryTable({ headDim: ${p.dim}, ropeTheta: ${p.base}, precision: 'torch' }, { positions: [${last(p)}] })`,
    torch: `inv_freq = 1.0 / ${p.base} ** (torch.arange(0, ${p.dim}, 2).float() / ${p.dim})\n(torch.tensor([${last(p)}.0]) * inv_freq).cos()`,
    llama: `--rope-freq-base ${p.base}`,
  }),
};
