/** Strips of the encodings that add a number for the distance to the score, and of those that join two. */
import {
  alibi,
  applyRotary,
  attentionMask,
  dynamicBias,
  fire,
  kerple,
  naiveRelativeBias,
  rotaryTable,
  sandwich,
  Tensor,
  type Tensor as TensorType,
  t5Bias,
} from '../library.ts';
import { same, T, type Text } from '../text.ts';
import { fallingLayers, nearIsHigh } from '../trained.ts';
import type { Workspace } from '../view.ts';
import {
  DIM,
  type Gesture,
  type Place,
  plainScores,
  positionsOf,
  queriesAndKeys,
  rowOf,
  type Strip,
  TRAINED,
} from './strip.ts';

/** One head: its bias for the row of the picked word, at the positions where the words are. */
const at = (place: Place, work: Workspace) => ({
  queryPositions: positionsOf(place),
  keyPositions: positionsOf(place),
  rows: rowOf(place).rows,
  engine: work.engine,
});

const T5_TABLE = nearIsHigh(16, 1, (row) => (row % 8) * 0.9);
const NAIVE = nearIsHigh(2 * TRAINED - 1, 1, (row) => Math.abs(row - TRAINED + 1));
const FIRE = fallingLayers(24, 1, 101, 14);
const NETWORK = fallingLayers(24, 1, 111, 5);
const count = (layers: readonly { weight: Float32Array; bias: Float32Array }[]) =>
  layers.reduce((sum, { weight, bias }) => sum + weight.length + bias.length, 0);

interface Rule {
  readonly id: string;
  readonly title: Text;
  readonly first?: readonly Gesture[];
  readonly causal?: boolean;
  readonly learned: number;
  readonly bias: (place: Place, work: Workspace) => TensorType;
}

const t5 = (place: Place, work: Workspace) => {
  const table = work.out('t5', [16, 1]);
  table.data.set(T5_TABLE);
  return t5Bias(table, { numBuckets: 16, maxDistance: 20, ...at(place, work) });
};

const RULES: readonly Rule[] = [
  {
    id: 'alibi',
    title: T('ALiBi', 'ALiBi（线性偏置）'),
    first: ['swap', 'slide', 'stretch'],
    learned: 0,
    bias: (place, work) => alibi({ heads: 1, slopes: [0.25], ...at(place, work) }),
  },
  {
    id: 't5',
    title: T('T5 buckets', 'T5 分桶'),
    first: ['swap', 'slide', 'stretch'],
    learned: T5_TABLE.length,
    bias: t5,
  },
  {
    id: 'kerple',
    title: same('KERPLE'),
    first: ['swap', 'slide'],
    causal: true,
    learned: 2,
    bias: (place, work) => kerple({ kind: 'log', p: [1.2], a: [1], ...at(place, work) }),
  },
  {
    id: 'sandwich',
    title: same('Sandwich'),
    causal: true,
    learned: 0,
    bias: (place, work) => sandwich({ heads: 1, dim: 64, ...at(place, work) }),
  },
  {
    id: 'fire',
    title: same('FIRE'),
    causal: true,
    learned: count(FIRE) + 2,
    bias: (place, work) => fire({ layers: FIRE, initL: 8, c: 0.5, ...at(place, work) }),
  },
  {
    id: 'dynamic-bias',
    title: T('Network of the distance', '距离的网络'),
    learned: count(NETWORK),
    bias: (place, work) => {
      // the network sees how far, not on which side
      const signed = { layers: NETWORK, logDistance: true, activation: 'relu' as const };
      return dynamicBias({ ...signed, ...at(place, work) });
    },
  },
];

export const biasStrips: readonly Strip[] = [
  ...RULES.map(
    ({ bias, ...rule }): Strip => ({
      ...rule,
      view: rule.id,
      scores: (place, work) => {
        const [q, k] = queriesAndKeys(place, work);
        return plainScores(place, work, q, k, work.take(bias(place, work)));
      },
    }),
  ),
  {
    id: 'naive',
    view: 'naive',
    title: T('A number per distance', '每个距离一个数'),
    learned: NAIVE.length,
    scores(place, work) {
      // distances beyond the table have no number
      if (place.count > TRAINED) return undefined;
      const table = work.out('naive', [2 * TRAINED - 1, 1]);
      table.data.set(NAIVE);
      const [q, k] = queriesAndKeys(place, work);
      return plainScores(place, work, q, k, work.take(naiveRelativeBias(table, at(place, work))));
    },
  },
  {
    id: 'mask',
    view: 'mask',
    title: T('Causal mask alone', '仅因果掩码'),
    causal: true,
    learned: 0,
    scores(place, work) {
      const [q, k] = queriesAndKeys(place, work);
      const mask = attentionMask({
        queryLength: place.count,
        keyLength: place.count,
        window: [-1, 0],
        engine: work.engine,
      });
      const row = Tensor.from(
        mask.data.slice(place.query * place.count, (place.query + 1) * place.count),
        [1, 1, place.count],
        { engine: work.engine },
      );
      work.take(mask);
      return plainScores(place, work, q, k, work.take(row));
    },
  },
  {
    id: 'hybrid',
    view: 'hybrid',
    title: T('RoPE + T5 bias', '复合：RoPE＋T5'),
    learned: T5_TABLE.length,
    scores(place, work) {
      const [q, k] = queriesAndKeys(place, work);
      const { count: length, offset } = place;
      const spec = { headDim: DIM, ropeTheta: Math.max(1.0001, place.base) };
      const table = work.take(rotaryTable(spec, { length, offset, engine: work.engine }));
      for (const x of [q, k]) applyRotary(x, table, { layout: 'BHSD', offset });
      return plainScores(place, work, q, k, work.take(t5(place, work)));
    },
  },
];
