/** Strips of the encodings that multiply content with distance. Tables are trained-looking stand-ins. */
import {
  debertaScores,
  factoredScores,
  nezhaScores,
  nezhaTable,
  shawScores,
  sinusoidal,
  type Tensor,
  Tensor as TensorClass,
  transformerXlScores,
  transformerXlTable,
  tupe,
  xlnetPositions,
  xlnetScores,
} from '../library.ts';
import { same, T } from '../text.ts';
import { direction, distanceTable, nearIsHigh, smoothTable } from '../trained.ts';
import type { Workspace } from '../view.ts';
import { alike, DIM, type Place, plainScores, queriesAndKeys, rowOf, type Strip, TRAINED } from './strip.ts';

const SHARED = alike(1);
const CLIP = 4;
const SHAW = distanceTable(CLIP, SHARED);
const SPAN = 8;
const [POS_KEY, POS_QUERY] = [distanceTable(SPAN, SHARED, 26), distanceTable(SPAN, SHARED, 27)].map((t) =>
  t.slice(0, 2 * SPAN * DIM),
);
const U = direction(DIM, 24, 0.5);
/** The projection of the sinusoid: cosines, which are one at distance 0, are what a trained model turns towards. */
const TOWARD_COSINES = Float32Array.from({ length: DIM }, (_, c) => (c >= DIM / 2 ? 1.1 : 0));

const held = (work: Workspace, name: string, shape: readonly number[], data: Float32Array): Tensor => {
  const tensor = work.out(name, shape);
  tensor.data.set(data);
  return tensor;
};
const scoreRow = (work: Workspace, scores: Tensor) => Float64Array.from(work.take(scores).data);

const TUPE_ROWS = smoothTable(TRAINED + 1, DIM, 47);
const EYE = Float32Array.from({ length: DIM * DIM }, (_, i) => (i % (DIM + 1) === 0 ? 1 : 0));
const TUPE_T5 = nearIsHigh(33, 1, (row) => (row % 16) * 0.7, 48);

export const contentStrips: readonly Strip[] = [
  {
    id: 'shaw',
    view: 'shaw',
    title: T('Shaw (RPR)', '经典式（Shaw，RPR）'),
    first: ['swap', 'slide'],
    learned: SHAW.length,
    scores(place, work) {
      const [q, k] = queriesAndKeys(place, work);
      const table = held(work, 'shaw', [2 * CLIP + 1, DIM], SHAW);
      return scoreRow(work, shawScores(q, k, table, rowOf(place)));
    },
  },
  {
    id: 'nezha',
    view: 'nezha',
    title: T('NEZHA', 'NEZHA（哪吒）'),
    learned: 0,
    scores(place, work) {
      const [q, k] = queriesAndKeys(place, work);
      const table = work.take(nezhaTable({ dim: DIM, maxRelativePosition: 8, engine: work.engine }));
      return scoreRow(work, nezhaScores(q, k, table, rowOf(place)));
    },
  },
  {
    id: 'transformer-xl',
    view: 'transformer-xl',
    title: same('Transformer-XL'),
    causal: true,
    learned: DIM * DIM + 2 * DIM,
    scores(place, work) {
      const { count } = place;
      const [q, k] = queriesAndKeys(place, work);
      const table = transformerXlTable({ keyLength: count, dim: DIM, out: work.out(`xl${count}`, [count, DIM]) });
      const r = held(
        work,
        `xlr${count}`,
        [1, count, DIM],
        table.data.map((x, i) => x * TOWARD_COSINES[i % DIM]),
      );
      const [u, v] = [held(work, 'u', [1, DIM], U), held(work, 'v', [1, DIM], TOWARD_COSINES)];
      return scoreRow(work, transformerXlScores(q, k, r, { u, v, rows: rowOf(place).rows }));
    },
  },
  {
    id: 'xlnet',
    view: 'xlnet',
    title: same('XLNet'),
    learned: DIM * DIM + 2 * DIM,
    scores(place, work) {
      const { count } = place;
      const [q, k] = queriesAndKeys(place, work);
      const positions = xlnetPositions({ queryLength: count });
      const rows = positions.length;
      const table = work.out(`xn${count}`, [rows, DIM]);
      sinusoidal({ positions, dim: DIM, arrangement: 'concat', out: table });
      const r = held(
        work,
        `xnr${count}`,
        [1, rows, DIM],
        table.data.map((x, i) => x * TOWARD_COSINES[i % DIM]),
      );
      const [rWBias, rRBias] = [held(work, 'u', [1, DIM], U), held(work, 'v', [1, DIM], TOWARD_COSINES)];
      return scoreRow(work, xlnetScores(q, k, r, { rWBias, rRBias, rows: rowOf(place).rows }));
    },
  },
  {
    id: 'deberta',
    view: 'deberta',
    title: T('DeBERTa', 'DeBERTa（解耦）'),
    learned: POS_KEY.length + POS_QUERY.length,
    scores(place, work) {
      const [q, k] = queriesAndKeys(place, work);
      const posKey = held(work, 'posKey', [2 * SPAN, DIM], POS_KEY);
      const posQuery = held(work, 'posQuery', [2 * SPAN, DIM], POS_QUERY);
      return scoreRow(work, debertaScores(q, k, { posKey, posQuery, maxRelativePositions: SPAN, ...rowOf(place) }));
    },
  },
  {
    id: 'tupe',
    view: 'tupe',
    title: same('TUPE'),
    learned: TUPE_ROWS.length + 2 * DIM * DIM + TUPE_T5.length,
    scores(place: Place, work) {
      // rows are absolute: those before the sentence count, and there is none beyond the table
      const length = place.offset + place.count;
      if (length > TRAINED) return undefined;
      const row = place.offset + place.query;
      const eye = { weight: EYE, bias: new Float32Array(DIM) };
      const bias = work.take(
        tupe({
          length,
          heads: 1,
          dim: DIM,
          positions: TUPE_ROWS,
          norm: { weight: new Float32Array(DIM).fill(0.55), bias: new Float32Array(DIM) },
          query: eye,
          key: eye,
          relativeTable: TUPE_T5,
          rows: [row, row + 1],
          engine: work.engine,
        }),
      );
      const own = TensorClass.from(bias.data.slice(place.offset), [1, 1, place.count], { engine: work.engine });
      const [q, k] = queriesAndKeys(place, work);
      return plainScores(place, work, q, k, work.take(own));
    },
  },
  {
    id: 'factored',
    view: 'factored',
    title: T('Kitaev and Klein', 'Kitaev–Klein（分开）'),
    learned: 0,
    scores(place, work) {
      const { count, offset } = place;
      const [q, k] = queriesAndKeys(place, work);
      const rows = sinusoidal({ length: count, dim: DIM, offset, out: work.out(`rows${count}`, [count, DIM]) });
      return scoreRow(work, factoredScores(q, k, rows, rows, rowOf(place))).map((score) => score * Math.SQRT2);
    },
  },
];
