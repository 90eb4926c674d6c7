/** A model's normal form in words, numbers and curves. */
import type { Explanation, NormalForm, RotaryLayer } from '../../src/models/index.ts';
import { h } from '../dom.ts';
import { PosencError, type RotarySpec, rotaryFrequencies } from '../library.ts';
import { grouped, same, show, T, type Text, tr } from '../text.ts';
import type { CurvePanel, Series } from '../view.ts';
import { searched } from '../views/rotary.ts';
import { FAMILIES } from './families.ts';

type Table = Explanation['tables'][number];

/** A number of positions: grouped in thousands when large, never as a power of ten. */
const whole = (value: number) => (value >= 100 ? grouped(Math.round(value)) : show(value, 3));

/** A range as one number or two. */
const between = (range: readonly number[], digits = 4) => {
  const [low, high] = [range[0], range[range.length - 1]].map((value) =>
    digits === 0 ? whole(value) : show(value, digits),
  );
  return low === high ? T(low, low) : T(`${low} to ${high}`, `${low} 至 ${high}`);
};
const positions = (n: number): Text => T(`${grouped(n)} positions`, `${grouped(n)} 个位置`);

export function factsOf(form: NormalForm, explanation: Explanation): [Text, Text][] {
  const facts: [Text, Text][] = [
    [T('Model type', '模型类型'), same(form.modelType)],
    [T('Positions', '位置编码'), FAMILIES[form.family]?.[0] ?? same(form.family)],
  ];
  if (form.maxPositionEmbeddings)
    facts.push([
      T('max_position_embeddings', '配置的长度（max_position_embeddings）'),
      positions(form.maxPositionEmbeddings),
    ]);
  if (explanation.supported)
    facts.push([T('Longest context supported', '支持的最大长度'), positions(explanation.supported)]);
  if (form.layers) {
    const { count, nope } = form.layers;
    facts.push([
      T('Layers', '层数'),
      nope.length > 0
        ? T(`${count}, ${nope.length} of them without rotation`, `${count}，其中 ${nope.length} 层不旋转`)
        : same(String(count)),
    ]);
  }
  for (const [label, layer] of Object.entries(form.layerTypes ?? {}))
    facts.push([
      label === 'default'
        ? T('Attention factor', '注意力因子')
        : T(`Attention factor, ${label}`, `注意力因子（${label}）`),
      same(show(layer.attentionFactor)),
    ]);
  return facts;
}

const CHANGE: Record<string, Text> = {
  kept: T('are kept as trained', '与训练时相同'),
  blended: T('are blended between kept and divided', '部分插值'),
  divided: T('are slowed by the whole factor', '按完整倍数放慢（插值）'),
  own: T('have a divisor of their own', '各有自己的除数'),
  still: T('do not turn at all', '完全不转'),
};

/** What the layers that share a table do. */
export function tableWords(layer: RotaryLayer, table: Table | undefined, context: number | undefined): Text[] {
  const { spec } = layer;
  const all = layer.rotaryDim === layer.headDim;
  const half = layer.pairing === 'half';
  const lines: Text[] = [
    T(
      `${all ? `All ${layer.headDim}` : `${layer.rotaryDim} of ${layer.headDim}`} channels of a head rotate; channels pair as ${half ? 'two halves (i with i + d/2)' : 'neighbours (2i with 2i + 1)'}.`,
      `每个头的 ${layer.headDim} 维中${all ? '全部' : `有 ${layer.rotaryDim} 个`}旋转；配对方式为${half ? '前后两半（i 与 i + d/2）' : '相邻（2i 与 2i + 1）'}。`,
    ),
    T(
      `The base is ${grouped(spec.ropeTheta ?? 10000)}; scaling: ${layer.ropeType}${spec.factor ? `, factor ${show(spec.factor)}` : ''}.`,
      `base 为 ${grouped(spec.ropeTheta ?? 10000)}；缩放方式：${layer.ropeType}${spec.factor ? `，倍数 ${show(spec.factor)}` : ''}。`,
    ),
  ];
  for (const group of table?.groups ?? []) {
    const which = group.first === group.last ? `${group.first}` : `${group.first}–${group.last}`;
    // fast pairs first, in both ranges: short waves, many turns
    const [waves, divisor] = [between(group.wavelength, 0), between(group.divisor)];
    const turns = group.turnsTrained.length > 0 ? between([...group.turnsTrained].reverse(), 3) : undefined;
    const moved = group.change === 'blended' || group.change === 'own' || group.change === 'divided';
    lines.push(
      T(
        `${group.count} pairs (${which}) ${CHANGE[group.change].en}${moved ? ` (divided by ${divisor.en})` : ''}${group.wavelength.length ? `: one turn takes ${waves.en} positions` : ''}${turns ? `; in training they made ${turns.en} turns` : ''}.`,
        `${group.count} 个组（${which}）${CHANGE[group.change].zh}${moved ? `（除以 ${divisor.zh}）` : ''}${group.wavelength.length ? `：转一圈需 ${waves.zh} 个位置` : ''}${turns ? `；训练中转过 ${turns.zh} 圈` : ''}。`,
      ),
    );
  }
  if (layer.attentionFactor !== 1)
    lines.push(
      T(
        `Cosines and sines are multiplied by ${show(layer.attentionFactor)}, scores therefore by ${show(layer.attentionFactor ** 2)}.`,
        `余弦与正弦乘以 ${show(layer.attentionFactor)}，因此分数乘以 ${show(layer.attentionFactor ** 2)}。`,
      ),
    );
  lines.push(
    T(
      `Scores are multiplied by ${show(layer.softmaxScale)} before the softmax.`,
      `softmax 之前分数乘以 ${show(layer.softmaxScale)}。`,
    ),
  );
  if (layer.lengthDependent) {
    const { rule, threshold } = layer.lengthDependent;
    lines.push(
      T(
        `Beyond ${grouped(threshold)} positions the ${rule} rule changes the frequencies${context === undefined ? '; choose a context to see it' : ''}.`,
        `超过 ${grouped(threshold)} 个位置后，${rule} 规则会改变频率${context === undefined ? '；选择上下文长度即可查看' : ''}。`,
      ),
    );
  }
  if (layer.mropeSection)
    lines.push(
      T(
        `Pairs are shared out to time, height and width: ${layer.mropeSection.join(', ')} (${layer.mropeLayout}).`,
        `组分给时间、高、宽：${layer.mropeSection.join('、')}（${layer.mropeLayout}）。`,
      ),
    );
  if (table) {
    const { torch, ggml } = table.angleError;
    lines.push(
      T(
        `Near position ${grouped(table.length)} float32 angles, as trained, are off by up to ${show(torch, 2)} radians; llama.cpp's by ${show(ggml, 2)}.`,
        `在位置 ${grouped(table.length)} 附近，训练所用的 float32 角度误差可达 ${show(torch, 2)} 弧度；llama.cpp 的误差可达 ${show(ggml, 2)}。`,
      ),
    );
  }
  return lines;
}

const turnOf = (frequencies: ArrayLike<number>): Float64Array =>
  Float64Array.from(frequencies, (f) => (2 * Math.PI) / f);
const indices = (n: number) => Float64Array.from({ length: n }, (_, i) => i);

/** Trained and requested context of a table. */
function contexts(
  layer: RotaryLayer,
  form: NormalForm,
  context: number | undefined,
): { trained: number; wanted: number } {
  const { originalMaxPositionEmbeddings, factor = 1 } = layer.spec;
  const configured = form.maxPositionEmbeddings ?? 4096;
  const trained = originalMaxPositionEmbeddings ?? configured;
  return { trained, wanted: context ?? Math.max(configured, Math.round(trained * factor)) };
}

const marks = (trained: number, wanted: number) => [
  { y: trained, label: T(`trained: ${grouped(trained)}`, `训练：${grouped(trained)}`) },
  ...(wanted === trained ? [] : [{ y: wanted, label: T(`wanted: ${grouped(wanted)}`, `所需：${grouped(wanted)}`) }]),
];

const AXES = {
  x: { title: T('pair', '组') },
  y: { title: T('wavelength, positions per turn', '波长（每圈位置数）'), log: true },
  height: 320,
} as const;

/** The frequencies of each layer type on one axis of wavelengths. */
export function wavelengthPanel(form: NormalForm, context: number | undefined): CurvePanel {
  const layers = Object.entries(form.layerTypes ?? {});
  const series: Series[] = layers.flatMap(([label, layer]) => {
    const name = label === 'default' ? T('this model', '此模型') : same(label);
    const own: Series[] = [{ name, x: indices(layer.invFreq.length), y: turnOf(layer.invFreq), as: 'points' }];
    if (layer.invFreqLong)
      own.push({
        name: T(`${name.en}, long texts`, `${name.zh}，长文本`),
        x: indices(layer.invFreqLong.length),
        y: turnOf(layer.invFreqLong),
        as: 'points',
      });
    return own;
  });
  const { trained, wanted } = contexts(layers[0][1], form, context);
  return {
    kind: 'curves',
    label: T('Wavelength of each pair', '各组的波长'),
    ...AXES,
    series,
    marks: marks(trained, wanted),
  };
}

interface Rule {
  readonly name: Text;
  readonly spec: RotarySpec;
  readonly dashed?: boolean;
}

/** Every scaling, from the trained to the wanted context, on the model's own base and width. */
export function comparison(form: NormalForm, context: number | undefined): { panel: CurvePanel; table: HTMLElement } {
  const layer = Object.values(form.layerTypes ?? {})[0];
  const { trained, wanted } = contexts(layer, form, context);
  const factor = Math.max(1, wanted / trained);
  const base = { headDim: layer.rotaryDim, ropeTheta: layer.spec.ropeTheta ?? 10000 };
  const own = layer.ropeType === 'longrope' ? layer.spec : undefined;
  const rules: Rule[] = [
    { name: T('none', '不缩放'), spec: base },
    { name: T('linear', '线性'), spec: { ...base, ropeType: 'linear', factor } },
    { name: T('NTK-aware', 'NTK-aware'), spec: { ...base, ropeType: 'ntk', alpha: factor } },
    {
      name: T('dynamic NTK', '动态 NTK'),
      // with factor 1 its base grows by the length alone, and meets NTK-aware at the wanted length
      spec: { ...base, ropeType: 'dynamic', factor: 1, maxPositionEmbeddings: trained },
      dashed: true,
    },
    { name: T('YaRN', 'YaRN'), spec: { ...base, ropeType: 'yarn', factor, originalMaxPositionEmbeddings: trained } },
    {
      name: own
        ? T('LongRoPE, its own lists', 'LongRoPE（模型自带的表）')
        : T('LongRoPE, made-up lists', 'LongRoPE（示意表）'),
      spec: {
        ...base,
        ropeType: 'longrope',
        factor,
        originalMaxPositionEmbeddings: trained,
        shortFactor: own?.shortFactor ?? searched(layer.rotaryDim, 1),
        longFactor: own?.longFactor ?? searched(layer.rotaryDim, factor),
      },
    },
    {
      name: T('Llama 3', 'Llama 3'),
      spec: {
        ...base,
        ropeType: 'llama3',
        factor,
        lowFreqFactor: 1,
        highFreqFactor: 4,
        originalMaxPositionEmbeddings: trained,
      },
    },
  ];
  const body = h('tbody');
  const series: Series[] = [];
  const taught = turnOf(rotaryFrequencies(base).ladder.hi);
  for (const { name, spec, dashed } of rules) {
    try {
      const { ladder, attentionFactor } = rotaryFrequencies(spec, { context: wanted });
      const waves = turnOf(ladder.hi);
      series.push({ name, x: indices(waves.length), y: waves, dashed });
      // a pair that never closed its circle, and would turn further than it ever did
      const fresh = waves.filter(
        (wave, k) => taught[k] > trained && wanted / wave > (trained / taught[k]) * (1 + 1e-9),
      ).length;
      body.append(
        h(
          'tr',
          {},
          h('th', { scope: 'row' }, tr(name)),
          h('td', { class: 'number' }, show(attentionFactor)),
          h('td', { class: 'number' }, grouped(Math.round(Math.max(...waves)))),
          h('td', { class: 'number' }, `${fresh} / ${waves.length}`),
        ),
      );
    } catch (error) {
      if (!(error instanceof PosencError)) throw error;
      body.append(h('tr', {}, h('th', { scope: 'row' }, tr(name)), h('td', { colspan: 3, lang: 'en' }, error.message)));
    }
  }
  const head = h(
    'tr',
    {},
    h('th', { scope: 'col' }, tr(T('Scaling', '缩放'))),
    h('th', { scope: 'col', class: 'number' }, tr(T('Attention factor', '注意力因子'))),
    h('th', { scope: 'col', class: 'number' }, tr(T('Longest wavelength', '最长波长'))),
    h(
      'th',
      { scope: 'col', class: 'number' },
      tr(T('Pairs that meet angles never seen (fewer is better)', '会遇到陌生角度的组（越少越好）')),
    ),
  );
  const label = T(
    `Scalings from ${grouped(trained)} to ${grouped(wanted)} positions`,
    `从 ${grouped(trained)} 扩展到 ${grouped(wanted)} 个位置的各种缩放`,
  );
  return {
    panel: { kind: 'curves', label, ...AXES, series, marks: marks(trained, wanted) },
    table: h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': tr(label) },
      h('table', {}, h('thead', {}, head), body),
    ),
  };
}
