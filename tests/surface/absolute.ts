/** Calls of posenc/absolute. */
import type { Random } from '../support/random.ts';
import type { Generator } from './generators.ts';
import { Floats, List } from './material.ts';

/** `length` and `offset`, or `positions`. */
export function rowOptions(random: Random, most = 12): { options: Record<string, unknown>; count: number } {
  const count = random.int(0, most);
  if (random.chance(0.5)) {
    const kind = random.chance(0.3) ? 'number' : 'integer';
    const values = Array.from({ length: count }, () =>
      kind === 'number' ? random() * 2000 - 500 : random.int(-3000, 2 ** 24),
    );
    return { options: { positions: new List(values, [count], kind) }, count };
  }
  const offset = random.pick([undefined, 0, 1, -5, 1000, 2 ** 24 - 3, 2 ** 31 - 4096]);
  return { options: { length: count, ...(offset !== undefined && { offset }) }, count };
}

export const floats = (random: Random, shape: readonly number[], range?: number) =>
  new Floats(
    random.floats(
      shape.reduce((a, b) => a * b, 1),
      range,
    ),
    shape,
  );

const axes2 = (random: Random) => [random.int(1, 5), random.int(1, 5)];

export const absolute: Readonly<Record<string, Generator>> = {
  sinusoidal(random) {
    const dim = random.int(1, 40);
    const odd = random.pick(['truncate', 'zero', 'ceil']);
    return {
      args: [
        {
          ...rowOptions(random).options,
          dim,
          arrangement: random.pick(['interleaved', 'concat']),
          ...(dim % 2 === 1 && { oddRule: odd }),
          ...(random.chance(0.3) && { order: 'cos-sin' }),
          ...(random.chance(0.3) && { scale: random.pick([0.5, 2, 1000]) }),
          ...(random.chance(0.3) && { amplitude: -3 }),
          ...(random.chance(0.2) && { zeroRow: 0 }),
          ...(random.chance(0.4) && { precision: 'torch' }),
          ...(random.chance(0.2) && dim > 3 && { preset: random.pick(['whisper', 'tensor2tensor', 'xlm']) }),
          ...(random.chance(0.2) && {
            invFreq: new List(Array(Math.floor(dim / 2)).fill(0.37), [Math.floor(dim / 2)], 'number'),
            oddRule: 'zero',
          }),
        },
      ],
      out: 'one',
    };
  },
  sinusoidalFrequencies: (random) => ({ args: [{ dim: 2 * random.int(1, 20) }], engine: false }),
  timestepEmbedding(random) {
    const n = random.int(0, 6);
    const whole = random.chance(0.5);
    const steps = new List(
      Array.from({ length: n }, () => (whole ? random.int(0, 999) : random() * 50)),
      [n],
      whole ? 'integer' : 'number',
    );
    const preset = random.pick(['ddpm', 'stable-diffusion', 'flux', 'f5-tts', 'diffwave', 'pi0']);
    const torch = random.chance(0.4) && { precision: 'torch', ...(preset !== 'diffwave' && { scale: 1000.5 }) };
    return { args: [steps, { dim: random.int(4, 33), preset, ...torch }], out: 'one' };
  },
  sincos2d(random) {
    const variant = random.pick(['tatp22', 'mae', 'diffusers', 'timm', 't2t', 'detr']);
    if (variant === 'detr' && random.chance(0.5)) {
      const shape = [random.int(1, 2), ...axes2(random)];
      const n = shape[0] * shape[1] * shape[2];
      const mask = new List(
        Array.from({ length: n }, () => random.int(0, 1)),
        shape,
        'mask',
      );
      const normalize = random.chance(0.5) && { normalize: true, positionOffset: -0.5 };
      return { args: [{ variant, dim: 4 * random.int(1, 4), mask, ...normalize }], out: 'one' };
    }
    const tile = variant === 'diffusers' && { offset: [1, 2], referenceGrid: [9, 9] };
    return { args: [{ variant, dim: 4 * random.int(2, 8), grid: axes2(random), ...tile }], out: 'one' };
  },
  sincos3d: (random) => ({
    args: [
      {
        variant: random.pick(['tatp22', 'cogvideox', 't2t', 'vjepa', 'prithvi']),
        dim: 16 * random.int(1, 3),
        grid: [random.int(1, 3), ...axes2(random)],
      },
    ],
    out: 'one',
  }),
  nerfEncoding: (random) => ({
    args: [
      floats(random, [random.int(1, 5), random.int(1, 3)]),
      {
        numFrequencies: random.int(1, 8),
        includeInput: random.chance(0.5),
        logSampling: random.chance(0.5),
        timesPi: random.chance(0.5),
        arrangement: random.pick(['bands', 'dimensions', 'concat']),
      },
    ],
    out: 'one',
  }),
  fourierFeatures(random) {
    const dims = random.int(1, 3);
    return {
      args: [floats(random, [random.int(1, 5), dims]), floats(random, [random.int(1, 6), dims], 8), {}],
      out: 'one',
    };
  },
  gaussianFourier(random) {
    const log = random.chance(0.5);
    const n = random.int(1, 6);
    const x = new Floats(
      random.floats(n).map((v) => Math.abs(v) + 0.01),
      [n],
    );
    return { args: [x, floats(random, [random.int(1, 7)], 8), { log, flipSinToCos: random.chance(0.5) }], out: 'one' };
  },
  pixelBands: (random) => ({
    args: [{ grid: axes2(random), numBands: random.int(1, 6), linearBands: random.chance(0.5) }],
  }),
  perceiverEncoding(random) {
    const grid = axes2(random);
    const n = 2 * random.int(0, 5);
    const where = random.chance(0.5) ? { grid } : { positions: new List(Array.from(random.floats(n)), [n], 'number') };
    const parts = { concatPos: random.chance(0.5), sineOnly: random.chance(0.3) };
    return { args: [{ ...where, maxResolution: [9, 224], numBands: random.int(1, 6), ...parts }], out: 'one' };
  },
  compactRelativeTable(random) {
    const n = random.int(0, 7);
    const distances = new List(
      Array.from({ length: n }, () => random.int(-40, 40)),
      [n],
    );
    const where = random.chance(0.5) ? { length: random.int(1, 9) } : { distances };
    return { args: [{ dim: 2 * random.int(1, 12), ...where }], out: 'one' };
  },
  complexOrder(random) {
    const [words, dim, n] = [random.int(1, 5), random.int(1, 6), random.int(1, 7)];
    return {
      args: [
        {
          ids: new List(
            Array.from({ length: n }, () => random.int(0, words - 1)),
            [n],
          ),
          positions: new List(
            Array.from({ length: n }, (_, i) => i + 1),
            [n],
          ),
          amplitude: floats(random, [words, dim]),
          frequency: floats(
            random,
            random.pick([
              [words, dim],
              [words, 1],
              [1, dim],
            ]),
          ),
          ...(random.chance(0.5) && { phase: floats(random, [words, dim]) }),
          form: random.pick(['planar', 'interleaved', 'sum']),
        },
      ],
      out: 'one',
    };
  },
  complexOrderFrequency: (random) => ({
    args: [{ vocabulary: random.int(1, 9), dim: random.int(1, 12) }],
    out: 'one',
  }),
  weightNorm(random) {
    const shape = [random.int(1, 4), random.int(1, 3), random.int(1, 9)];
    return { args: [floats(random, shape), floats(random, [shape[2]]), {}], out: 'one' };
  },
  convPositional(random) {
    const [groups, width, taps] = [random.int(1, 2), random.int(1, 4), random.int(1, 6)];
    const channels = groups * width;
    return {
      args: [
        floats(random, [random.int(1, 2), random.int(1, 9), channels]),
        {
          weight: floats(random, [channels, width, taps]),
          groups,
          ...(random.chance(0.5) && { bias: floats(random, [channels]) }),
          activation: random.pick(['gelu', 'none']),
        },
      ],
      out: 'one',
    };
  },
  peg(random) {
    const [height, width] = axes2(random);
    const channels = random.int(1, 9);
    return {
      args: [
        floats(random, [random.int(1, 2), height * width, channels]),
        {
          weight: floats(random, [channels, 1, 3, 3]),
          height,
          width,
          ...(random.chance(0.5) && { bias: floats(random, [channels]) }),
          ...(random.chance(0.3) && { stride: 2 }),
        },
      ],
      out: 'one',
    };
  },
  recursivePositions(random) {
    const [dim, hidden] = [random.int(1, 6), random.int(1, 6)];
    return {
      args: [
        floats(random, [dim]),
        {
          length: random.int(1, 6),
          w1: floats(random, [hidden, dim]),
          b1: floats(random, [hidden]),
          w2: floats(random, [dim, hidden]),
          b2: floats(random, [dim]),
          residual: random.chance(0.5),
        },
      ],
      out: 'one',
    };
  },
  gruPositions(random) {
    const [count, states, dim] = [random.int(1, 2), random.int(1, 2), random.int(1, 5)];
    const layers = Array.from({ length: count }, (_, l) => ({
      weightIh: floats(random, [3 * dim, l === 0 ? 1 : dim]),
      weightHh: floats(random, [3 * dim, dim]),
      biasIh: floats(random, [3 * dim]),
      biasHh: floats(random, [3 * dim]),
    }));
    return { args: [floats(random, [count, states, dim]), { length: random.int(0, 5), layers }], out: 'one' };
  },
  floaterPositions(random) {
    const [components, layers, dim, hidden] = [random.int(1, 2), random.int(1, 2), 2 * random.int(1, 3), 3];
    const linear = random.chance(0.5);
    const flow = linear
      ? {
          kind: 'linear',
          w1: floats(random, [hidden, dim + 1], 0.2),
          b1: floats(random, [hidden]),
          w2: floats(random, [dim, hidden + 1], 0.2),
          b2: floats(random, [dim]),
        }
      : {
          kind: 'conv',
          w1: floats(random, [2 * layers, layers + 1, 5], 0.2),
          b1: floats(random, [2 * layers]),
          w2: floats(random, [2 * layers + 1, layers, 5], 0.2),
          b2: floats(random, [layers]),
        };
    return {
      args: [
        floats(random, [components, layers, dim]),
        { length: random.int(1, 4), flow, method: random.pick(['euler', 'midpoint', 'rk4-3/8', 'rk4-classic']) },
      ],
      out: 'one',
    };
  },
};
