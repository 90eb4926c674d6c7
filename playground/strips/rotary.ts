/** Strips of the encodings that rotate: RoPE, its scalings, xPos, PoPE. */
import {
  applyPope,
  applyRotary,
  popeTable,
  type RotarySpec,
  rotaryFrequencies,
  rotaryTable,
  type Tensor,
  xposTable,
} from '../library.ts';
import { same, T, type Text } from '../text.ts';
import type { Workspace } from '../view.ts';
import { searched } from '../views/rotary.ts';
import { DIM, type Gesture, type Place, plainScores, queriesAndKeys, type Strip, TRAINED } from './strip.ts';

const base = (place: Place) => ({ headDim: DIM, ropeTheta: Math.max(1.0001, place.base) });
/** How many times longer than in training the text is. */
const factor = ({ offset, count }: Place): number => Math.max(1, (offset + count) / TRAINED);

interface Rule {
  readonly id: string;
  readonly title: Text;
  readonly first?: readonly Gesture[];
  readonly spec: (place: Place) => RotarySpec;
}

const RULES: readonly Rule[] = [
  { id: 'rope', title: T('RoPE', '旋转式（RoPE）'), first: ['swap', 'slide', 'stretch'], spec: base },
  {
    id: 'linear',
    title: T('RoPE, interpolated (PI)', 'RoPE＋位置插值（PI）'),
    first: ['stretch'],
    spec: (place) => ({ ...base(place), ropeType: 'linear', factor: factor(place) }),
  },
  {
    id: 'ntk',
    title: T('RoPE, NTK-aware', 'RoPE＋NTK-aware'),
    first: ['stretch'],
    spec: (place) => ({ ...base(place), ropeType: 'ntk', alpha: factor(place) }),
  },
  {
    id: 'ntk-by-parts',
    title: T('RoPE, NTK by parts', 'RoPE＋分段 NTK'),
    spec: (place) => ({
      ...base(place),
      ropeType: 'ntk-by-parts',
      factor: factor(place),
      originalMaxPositionEmbeddings: TRAINED,
    }),
  },
  {
    id: 'dynamic',
    title: T('RoPE, dynamic NTK', 'RoPE＋动态 NTK'),
    spec: (place) => ({ ...base(place), ropeType: 'dynamic', factor: 1, maxPositionEmbeddings: TRAINED }),
  },
  {
    id: 'yarn',
    title: T('RoPE, YaRN', 'RoPE＋YaRN'),
    first: ['stretch'],
    spec: (place) => ({
      ...base(place),
      ropeType: 'yarn',
      factor: factor(place),
      originalMaxPositionEmbeddings: TRAINED,
      attentionFactor: 1,
    }),
  },
  {
    id: 'llama3',
    title: T('RoPE, Llama 3.1', 'RoPE＋Llama 3.1'),
    spec: (place) => ({
      ...base(place),
      ropeType: 'llama3',
      factor: factor(place),
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalMaxPositionEmbeddings: TRAINED,
    }),
  },
  {
    id: 'longrope',
    title: T('RoPE, LongRoPE', 'RoPE＋LongRoPE'),
    spec: (place) => ({
      ...base(place),
      ropeType: 'longrope',
      factor: factor(place),
      originalMaxPositionEmbeddings: TRAINED,
      shortFactor: searched(DIM, 1),
      longFactor: searched(DIM, factor(place)),
      attentionFactor: 1,
    }),
  },
];

/** Queries and keys rotated to their positions. */
function rotated(place: Place, work: Workspace, spec: RotarySpec): [Tensor, Tensor] {
  const [q, k] = queriesAndKeys(place, work);
  const { count, offset } = place;
  const table = work.take(rotaryTable(spec, { length: count, offset, context: offset + count, engine: work.engine }));
  for (const x of [q, k]) applyRotary(x, table, { layout: 'BHSD', offset });
  return [q, k];
}

const speedsOf = (spec: RotarySpec, length: number) => rotaryFrequencies(spec, { context: length }).ladder.hi;

export const rotaryStrips: readonly Strip[] = [
  ...RULES.map(
    ({ id, title, first, spec }): Strip => ({
      id,
      view: id,
      title,
      first,
      learned: 0,
      speeds: (place) => ({
        trained: speedsOf(base(place), TRAINED),
        used: speedsOf(spec(place), place.offset + place.count),
      }),
      scores: (place, work) => plainScores(place, work, ...rotated(place, work, spec(place))),
    }),
  ),
  {
    id: 'xpos',
    view: 'xpos',
    title: same('xPos'),
    learned: 0,
    scores(place, work) {
      const [q, k] = queriesAndKeys(place, work);
      const { count, offset } = place;
      for (const [x, side] of [
        [q, 'query'],
        [k, 'key'],
      ] as const) {
        const spec: RotarySpec = { ...base(place), pairing: 'interleaved' };
        const table = work.take(
          xposTable(spec, { length: count, offset, side, scaleBase: 16, center: 0, engine: work.engine }),
        );
        applyRotary(x, table, { layout: 'BHSD', offset });
      }
      return plainScores(place, work, q, k);
    },
  },
  {
    id: 'pope',
    view: 'pope',
    title: same('PoPE'),
    learned: DIM,
    scores(place, work) {
      const { count, offset } = place;
      const [q, k] = queriesAndKeys(place, work);
      const options = { length: offset + count, dim: DIM, ropeTheta: place.base, engine: work.engine };
      const table = work.take(popeTable(options));
      const shape = [1, 1, count, 2 * DIM];
      const turned = [q, k].map((x, i) =>
        applyPope(x, table, { layout: 'BHSD', offset, out: work.out(`turned${i}${count}`, shape) }),
      );
      return plainScores(place, work, turned[0], turned[1]).map((score) => score * Math.SQRT2);
    },
  },
];
