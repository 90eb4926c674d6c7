/**
 * The gauge of torch and ggml tables against what they claim: cos and sin of the float32 angle, rounded once. The angle is
 * fl32(fl32(p) x frequency), of the float32 frequencies that invFreq gives; the truth is that of the BigInt authority. phase.ts
 * shows what the float32 angle itself costs.
 */
import type { Api } from '../golden-runner/api.ts';
import type { Row } from './gauge.ts';
import * as hp from './highPrecision.ts';
import { random } from './random.ts';
import { ErrorStatistics } from './statistics.ts';

const DIM = 64;
const PAIRS = DIM / 2;
const LIMIT = { maxUlp: 0.505, minCorrect: 0.999 };
/** Every value comes from BigInt, so there are fewer of them. */
const SHARE = 1 / 64;

const RANGES: readonly (readonly [name: string, from: number, to: number, step: number])[] = [
  ['0 .. 512', 0, 512, 1],
  ['512 .. 10^4', 512, 1e4, 1],
  ['10^4 .. 2^19', 1e4, 2 ** 19, 1],
  ['2^19 .. 2^24', 2 ** 19, 2 ** 24, 1],
  ['-2^20 .. 0', -(2 ** 20), 0, 1],
  ['multiples of 1/8, |p| < 2^17', -(2 ** 17), 2 ** 17, 1 / 8],
];

interface Table {
  readonly cos: ArrayLike<number>;
  readonly sin: ArrayLike<number>;
}

/** The angles of positions, [positions][PAIRS], and the table that is to hold their cosines and sines. */
interface Kernel {
  readonly precision: string;
  readonly make: (api: Api, positions: number[]) => { angles: ArrayLike<number>; table: Table };
}

const KERNELS: readonly Kernel[] = [
  {
    precision: 'torch, its angle',
    make(api, positions) {
      const spec = { headDim: DIM, ropeTheta: 1e4, precision: 'torch' };
      const { invFreq } = api.invFreq(spec);
      const { cos, sin } = api.rotaryTable(spec, { positions });
      const angles = positions.flatMap((p) => Array.from(invFreq as number[], (f) => Math.fround(Math.fround(p) * f)));
      return { angles, table: { cos: cos.data, sin: sin.data } };
    },
  },
  {
    precision: 'ggml, its angle',
    make(api, positions) {
      const { cos, sin } = api.ggmlRotaryTable({ nDims: DIM, mode: 'NEOX' }, { positions });
      const factor = Math.fround(1e4 ** Math.fround(-2 / DIM));
      const angles = positions.flatMap((p) => {
        let theta = Math.fround(p);
        return Array.from({ length: PAIRS }, () => {
          const angle = theta;
          theta = Math.fround(theta * factor);
          return angle;
        });
      });
      return { angles, table: { cos: cos.data, sin: sin.data } };
    },
  },
];

export const angles = (api: Api, values: number): Row[] =>
  KERNELS.flatMap((kernel) => RANGES.map((range, index) => measure(api, kernel, range, values * SHARE, index + 1)));

function measure(
  api: Api,
  { precision, make }: Kernel,
  [range, from, to, step]: (typeof RANGES)[number],
  values: number,
  seed: number,
): Row {
  const source = random(seed);
  const statistics = new ErrorStatistics();
  while (statistics.count < values) {
    const positions = Array.from({ length: 16 }, () => step * source.integer(from / step, to / step));
    const { angles: found, table } = make(api, positions);
    for (let i = 0; i < found.length; i++) {
      const [sin, cos] = hp.sincos(hp.fromNumber(found[i])).map(hp.toDoubleDouble);
      statistics.add(table.cos[i], ...cos);
      statistics.add(table.sin[i], ...sin);
      statistics.addDirection(table.cos[i], table.sin[i], cos[0], sin[0]);
    }
  }
  return { kernel: 'rotary table', precision, range, statistics, limit: LIMIT, breaches: [] };
}
