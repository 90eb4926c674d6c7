/** Strips of the encodings that give every position a row of its own. */
import {
  complexOrder,
  complexOrderFrequency,
  convPositional,
  floaterPositions,
  gruPositions,
  hierarchicalPositions,
  learnedPositions,
  merge,
  recursivePositions,
  sinusoidal,
  type Tensor,
} from '../library.ts';
import { T } from '../text.ts';
import { smoothTable } from '../trained.ts';
import { noise, type Workspace } from '../view.ts';
import { alike, DIM, type Place, plainScores, queriesAndKeys, type Strip, TRAINED } from './strip.ts';

const SIZE = 0.9;
const last = ({ offset, count }: Place) => offset + count;

/** Scores after rows [count, DIM] have joined queries and keys. */
function joined(place: Place, work: Workspace, rows: Tensor, mode: 'add' | 'mulPlusOne' = 'add'): Float64Array {
  const [q, k] = queriesAndKeys(place, work);
  merge(q, rows, { mode, out: q });
  merge(k, rows, { mode, out: k });
  return plainScores(place, work, q, k);
}

const scaled = (data: Float32Array, size: number) => {
  for (let i = 0; i < data.length; i++) data[i] *= size;
};

function sines(place: Place, work: Workspace): Tensor {
  const { count, offset, base } = place;
  const rows = sinusoidal({ length: count, dim: DIM, offset, base, out: work.out(`rows${count}`, [count, DIM]) });
  scaled(rows.data, SIZE);
  return rows;
}

const ladder = (base: number) => Float64Array.from({ length: DIM / 2 }, (_, k) => base ** ((-2 * k) / DIM));
const speeds = ({ base }: Place) => ({ trained: ladder(base), used: ladder(base) });

const TABLE = smoothTable(TRAINED, DIM, 41, SIZE);
/** Rows of the table that hierarchical decomposition starts from. */
const FEW = 10;
const SMALL = smoothTable(FEW, DIM, 43, SIZE);

/** Weights of a shape on the engine. */
function held(work: Workspace, name: string, shape: readonly number[], data: Float32Array): Tensor {
  const tensor = work.out(name, shape);
  tensor.data.set(data);
  return tensor;
}

/** The rows of a producer that always begins at position 0, from the first word on. */
function fromStart(place: Place, work: Workspace, make: (length: number) => Tensor, size = 1): Tensor {
  const made = work.take(make(last(place)));
  const rows = work.out(`from${place.count}`, [place.count, DIM]);
  rows.data.set(made.data.subarray(place.offset * DIM, last(place) * DIM));
  scaled(rows.data, size);
  return rows;
}

const W = (count: number, seed: number, size: number) => noise(count, seed).map((x) => x * size);
const RECURRENCE = {
  initial: W(DIM, 61, 1),
  w1: W(DIM * DIM, 62, Math.sqrt(3 / DIM) * 1.1),
  b1: W(DIM, 63, 0.1),
  w2: W(DIM * DIM, 64, Math.sqrt(3 / DIM) * 1.1),
  b2: W(DIM, 65, 0.1),
};
const GRU = {
  weightIh: W(3 * DIM, 71, 1),
  weightHh: W(3 * DIM * DIM, 72, Math.sqrt(3 / DIM)),
  biasIh: W(3 * DIM, 73, 0.1),
  biasHh: W(3 * DIM, 74, 0.1),
};
const FLOW = {
  kind: 'linear' as const,
  w1: W(DIM * (DIM + 1), 81, Math.sqrt(4 / DIM)),
  b1: W(DIM, 82, 0.3),
  w2: W(DIM * (DIM + 1), 83, Math.sqrt(4 / DIM)),
  b2: W(DIM, 84, 0.3),
};
const TAPS = 9;
const KERNEL = W(DIM * TAPS, 91, 0.6);
const sum = (...lists: readonly ArrayLike<number>[]) => lists.reduce((total, { length }) => total + length, 0);

export const absoluteStrips: readonly Strip[] = [
  {
    id: 'none',
    title: T('No encoding', '无位置编码'),
    first: ['swap', 'slide', 'stretch'],
    learned: 0,
    scores: (place, work) => plainScores(place, work, ...queriesAndKeys(place, work)),
  },
  {
    id: 'sinusoidal',
    view: 'sinusoidal',
    title: T('Sinusoidal', '三角式（正弦）'),
    first: ['swap', 'slide', 'stretch'],
    learned: 0,
    speeds,
    scores: (place, work) => joined(place, work, sines(place, work)),
  },
  {
    id: 'learned',
    view: 'learned',
    title: T('Learned table (BERT)', '训练式（BERT）'),
    first: ['swap', 'slide', 'stretch'],
    learned: TABLE.length,
    scores(place, work) {
      // the last row is the end of the world for a table
      if (last(place) > TRAINED) return undefined;
      const { count, offset } = place;
      const out = work.out(`rows${count}`, [count, DIM]);
      const rows = learnedPositions(held(work, 'table', [TRAINED, DIM], TABLE), { length: count, offset, out });
      return joined(place, work, rows);
    },
  },
  {
    id: 'multiplied',
    view: 'merge',
    title: T('Sinusoidal, multiplied', '相乘式'),
    learned: 0,
    speeds,
    scores: (place, work) => joined(place, work, sines(place, work), 'mulPlusOne'),
  },
  {
    id: 'hierarchical',
    view: 'hierarchical',
    title: T('Hierarchical', '层次分解'),
    learned: SMALL.length,
    scores(place, work) {
      if (last(place) > FEW * FEW) return undefined;
      const weights = held(work, 'few', [FEW, DIM], SMALL);
      return joined(
        place,
        work,
        fromStart(place, work, (length) => hierarchicalPositions(weights, { length, alpha: 0.4 })),
      );
    },
  },
  {
    id: 'recursive',
    view: 'recursive',
    title: T('Recursive', '递归式'),
    learned: sum(RECURRENCE.initial, RECURRENCE.w1, RECURRENCE.b1, RECURRENCE.w2, RECURRENCE.b2),
    scores(place, work) {
      const { initial, ...layers } = RECURRENCE;
      const first = held(work, 'first', [DIM], initial);
      const w1 = held(work, 'w1', [DIM, DIM], layers.w1);
      const b1 = held(work, 'b1', [DIM], layers.b1);
      const w2 = held(work, 'w2', [DIM, DIM], layers.w2);
      const b2 = held(work, 'b2', [DIM], layers.b2);
      const rows = fromStart(place, work, (length) => recursivePositions(first, { length, w1, b1, w2, b2 }));
      return joined(place, work, rows);
    },
  },
  {
    id: 'gru',
    view: 'recursive',
    title: T('Recursive (GRU)', '递归式（GRU）'),
    learned: sum(GRU.weightIh, GRU.weightHh, GRU.biasIh, GRU.biasHh),
    scores(place, work) {
      const hidden = work.out('hidden', [1, 1, DIM]);
      hidden.data.fill(0.5);
      return joined(
        place,
        work,
        fromStart(place, work, (length) => gruPositions(hidden, { length, layers: [GRU] }), 1.4),
      );
    },
  },
  {
    id: 'floater',
    view: 'floater',
    title: T('FLOATER', 'FLOATER'),
    learned: sum(FLOW.w1, FLOW.b1, FLOW.w2, FLOW.b2),
    scores(place, work) {
      const initial = work.out('initial', [1, 1, DIM]);
      initial.data.set(W(DIM, 85, 0.8));
      return joined(
        place,
        work,
        fromStart(place, work, (length) => floaterPositions(initial, { length, flow: FLOW, dt: 0.05, substeps: 2 })),
      );
    },
  },
  {
    id: 'complex-order',
    view: 'complex-order',
    title: T('Complex order', '复数式'),
    learned: 3 * DIM,
    scores(place, work) {
      // one word at every place: the real part of z_i times the conjugate of z_j
      const { count, offset, query, base } = place;
      const frequency = complexOrderFrequency({ vocabulary: 2, dim: DIM, base, out: work.out('frequency', [2, DIM]) });
      const amplitude = work.out('amplitude', [2, DIM]);
      amplitude.data.fill(0.62);
      const z = work.take(
        complexOrder({
          ids: new Int32Array(count).fill(1),
          positions: Int32Array.from({ length: count }, (_, i) => offset + i),
          amplitude,
          frequency,
          engine: work.engine,
        }),
      );
      const part = count * DIM;
      const [q, k] = queriesAndKeys(place, work);
      const own = plainScores(place, work, q, k);
      return Float64Array.from(own, (score, j) => {
        let sum = 0;
        for (let c = 0; c < DIM; c++) {
          const [a, b] = [query * DIM + c, j * DIM + c];
          sum += z.data[a] * z.data[b] + z.data[part + a] * z.data[part + b];
        }
        return sum / Math.sqrt(DIM) + 0.5 * score;
      });
    },
  },
  {
    id: 'cnn',
    view: 'peg',
    title: T('CNN, zero padding', 'CNN 式（零填充）'),
    learned: KERNEL.length,
    scores(place, work) {
      // words before the sentence are all alike: it is the end of the text that leaks in
      const { count, content, offset } = place;
      const length = offset + count;
      const x = work.out(`x${length}`, [1, length, DIM]);
      for (let i = 0; i < offset; i++) x.data.set(alike(1), i * DIM);
      x.data.set(content, offset * DIM);
      const weight = held(work, 'kernel', [DIM, 1, TAPS], KERNEL);
      const y = convPositional(x, { weight, groups: DIM, out: work.out(`y${length}`, [1, length, DIM]) });
      const rows = held(work, `rows${count}`, [count, DIM], y.data.slice(offset * DIM));
      return joined(place, work, rows);
    },
  },
];
