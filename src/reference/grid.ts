/** Time steps, tables over two and three axes, DETR's padded images: the formulas of the public code, cell by cell. */
import { div, exp, fixed, lnOf, mul, pi } from './fixed.ts';
import { quarterTurnRate, type SinCos, sincos, sincosAt } from './math.ts';
import { onlyKeys, output, type ReferenceTensor, type Shaped, tensor, word } from './result.ts';
import { routeFrequencies } from './routes.ts';

/** sin and cos of coordinate * scale * base^(-k / denominator), the frequencies made once. */
function phases(count: number, denominator: number, base: number, scale = 1): (k: number, at: number) => SinCos {
  const rates = Array.from({ length: count }, (_, k) =>
    quarterTurnRate(mul(fixed(scale), exp(-mul(div(fixed(k), fixed(denominator)), lnOf(base))))),
  );
  return (k, at) => sincosAt(at, rates[k]);
}

interface TimestepPreset {
  readonly flip: boolean;
  readonly shift: number;
  readonly scale?: number;
  readonly scaleOrder?: 'step' | 'angle';
  readonly frequencies?: string;
  readonly maxPeriod?: number;
  readonly minPeriod?: number;
  readonly fractional?: 'sine' | 'lerp';
}

const TIMESTEP_PRESETS: Readonly<Record<string, TimestepPreset>> = {
  ddpm: { flip: false, shift: 1 },
  'stable-diffusion': { flip: true, shift: 0 },
  sd3: { flip: true, shift: 0 },
  'guided-diffusion': { flip: true, shift: 0 },
  dit: { flip: true, shift: 0 },
  flux: { flip: true, shift: 0, scale: 1000, scaleOrder: 'step' },
  'f5-tts': { flip: false, shift: 1, scale: 1000, scaleOrder: 'step', frequencies: 'exp' },
  diffwave: { flip: false, shift: 1, maxPeriod: 1e-4, frequencies: 'pow10', fractional: 'lerp' },
  pi0: { flip: false, shift: 1, minPeriod: 4e-3, maxPeriod: 4, frequencies: 'float64' },
};

export interface TimestepEmbeddingOptions {
  readonly dim: number;
  readonly preset?: string;
  readonly flipSinToCos?: boolean;
  readonly downscaleFreqShift?: number;
  readonly scale?: number;
  readonly scaleOrder?: 'step' | 'angle';
  readonly maxPeriod?: number;
  readonly minPeriod?: number;
  readonly fractional?: 'sine' | 'lerp';
  readonly frequencies?: string;
  readonly invFreq?: ArrayLike<number>;
  readonly precision?: 'exact' | 'torch';
  readonly out?: Float32Array | Shaped;
}

/** [steps, dim]: [sin | cos] or flipped, then a zero column when dim is odd. */
export function timestepEmbedding(timesteps: ArrayLike<number>, options: TimestepEmbeddingOptions): ReferenceTensor {
  const { dim } = options;
  const preset = options.preset === undefined ? undefined : TIMESTEP_PRESETS[options.preset];
  const flip = options.flipSinToCos ?? preset?.flip;
  const shift = options.downscaleFreqShift ?? preset?.shift;
  if (flip === undefined || shift === undefined) throw new RangeError('preset: unknown, or flip and shift are missing');
  const half = Math.floor(dim / 2);
  const at = timestepPhases(half, half - shift, { ...preset, ...options });
  const lerp = (options.fractional ?? preset?.fractional) === 'lerp';
  const result = output([timesteps.length, dim], options.out);
  for (let t = 0; t < timesteps.length; t++) {
    const step = timesteps[t];
    const low = Math.floor(step);
    for (let k = 0; k < half; k++) {
      let { sin, cos } = lerp ? at(k, low) : at(k, step);
      if (lerp && step !== low) {
        const high = at(k, low + 1);
        sin = mixed(sin, high.sin, step - low);
        cos = mixed(cos, high.cos, step - low);
      }
      result.data[t * dim + k] = flip ? cos : sin;
      result.data[t * dim + half + k] = flip ? sin : cos;
    }
    if (dim % 2 === 1) result.data[t * dim + dim - 1] = 0;
  }
  return result;
}

/** low + (high - low) t, every step in float32. */
function mixed(low: number, high: number, t: number): number {
  const f32 = Math.fround;
  return f32(f32(low) + f32(f32(f32(high) - f32(low)) * f32(t)));
}

function timestepPhases(
  half: number,
  denominator: number,
  options: Omit<TimestepEmbeddingOptions, 'dim' | 'preset'>,
): (k: number, at: number) => SinCos {
  const { scale = 1, scaleOrder = 'angle', maxPeriod = 10000, minPeriod, frequencies = 'exp-ratio', invFreq } = options;
  if (options.precision === 'torch' && (invFreq !== undefined || frequencies !== 'float64')) {
    const f32 = Math.fround;
    const list = invFreq ?? routeFrequencies(frequencies, { base: maxPeriod, count: half, denominator });
    return (k, at) => {
      const t = f32(at);
      const angle =
        scaleOrder === 'step' ? f32(f32(t * f32(scale)) * f32(list[k])) : f32(f32(scale) * f32(t * f32(list[k])));
      return sincos(angle);
    };
  }
  if (invFreq !== undefined) {
    const rates = Array.from(invFreq, (f) => quarterTurnRate(mul(fixed(scale), fixed(f))));
    return (k, at) => sincosAt(at, rates[k]);
  }
  if (minPeriod === undefined) return phases(half, denominator, maxPeriod, scale);
  const growth = lnOf(maxPeriod) - lnOf(minPeriod);
  const rates = Array.from({ length: half }, (_, k) => {
    const period = mul(fixed(minPeriod), exp(mul(div(fixed(k), fixed(denominator)), growth)));
    return quarterTurnRate(mul(fixed(scale), div(2n * pi(), period)));
  });
  return (k, at) => sincosAt(at, rates[k]);
}

export interface SincosOptions {
  readonly variant: 'tatp22' | 'mae' | 'diffusers' | 'timm' | 't2t' | 'cogvideox' | 'vjepa' | 'prithvi';
  readonly dim: number;
  readonly grid: readonly number[];
  readonly offset?: readonly number[];
  readonly base?: number;
  readonly prefixTokens?: number;
  readonly baseSize?: number;
  readonly interpolationScale?: number;
  readonly referenceGrid?: readonly number[];
  readonly uniformPower?: boolean;
  readonly spatialInterpolationScale?: number;
  readonly temporalInterpolationScale?: number;
  readonly reverseCoord?: boolean;
  readonly interleaveSinCos?: boolean;
  readonly minTimescale?: number;
  readonly maxTimescale?: number;
}

/** sincos2d and sincos3d but for 'detr'. */
export function sincosGrid(options: SincosOptions): ReferenceTensor {
  const { dim, grid, base = 10000, prefixTokens = 0 } = options;
  const variants = ['tatp22', 'mae', 'diffusers', 'timm', 't2t', 'cogvideox', 'vjepa', 'prithvi'] as const;
  const variant = word('variant', options.variant, variants);
  const offset = options.offset ?? grid.map(() => 0);
  // the cells in order, as coordinates
  const order = options.reverseCoord ? [...grid].reverse() : [...grid];
  const starts = options.reverseCoord ? [...offset].reverse() : offset;
  const total = order.reduce((a, b) => a * b, 1);
  const cells = Array.from({ length: total }, (_, index) => {
    let rest = index;
    const cell = new Array<number>(order.length);
    for (let axis = order.length - 1; axis >= 0; axis--) {
      cell[axis] = starts[axis] + (rest % order[axis]);
      rest = Math.floor(rest / order[axis]);
    }
    return cell;
  });
  const rows = prefixTokens + total;
  const flat = ['mae', 'diffusers', 'timm', 'vjepa', 'prithvi'].includes(variant);
  const shape = flat ? [rows, dim] : variant === 'cogvideox' ? [grid[0], grid[1] * grid[2], dim] : [...grid, dim];
  const table = tensor(shape);
  const columnsOf = columns();
  cells.forEach((cell, i) => {
    table.data.set(columnsOf(cell), (prefixTokens + i) * dim);
  });
  return table;

  function columns(): (cell: readonly number[]) => number[] {
    if (variant === 'tatp22') {
      const width = 2 * Math.ceil(dim / (2 * grid.length));
      const at = phases(width / 2, width / 2, base);
      return (cell) => cell.flatMap((c) => interleaved(at, c, width / 2)).slice(0, dim);
    }
    if (variant === 't2t') {
      const { minTimescale = 1, maxTimescale = 10000 } = options;
      const n = Math.floor(dim / (2 * grid.length));
      const at = phases(n, n - 1, maxTimescale / minTimescale, minTimescale);
      return (cell) => cell.flatMap((c) => halves(at, c, n));
    }
    if (variant === 'timm') {
      const at = phases(dim / 4, dim / 4, base);
      if (options.interleaveSinCos) return (cell) => cell.flatMap((c) => halves(at, c, dim / 4));
      return (cell) => {
        const both = cell.map((c) => halves(at, c, dim / 4));
        return [...both.flatMap((b) => b.slice(0, dim / 4)), ...both.flatMap((b) => b.slice(dim / 4))];
      };
    }
    if (variant === 'cogvideox') {
      const { temporalInterpolationScale = 1, spatialInterpolationScale = 1 } = options;
      const time = phases(dim / 8, dim / 8, base);
      const n = (3 * dim) / 16;
      const space = phases(n, n, base);
      return ([t, y, x]) => [
        ...halves(time, t / temporalInterpolationScale, dim / 8),
        ...halves(space, x / spatialInterpolationScale, n),
        ...halves(space, y / spatialInterpolationScale, n),
      ];
    }
    if (variant === 'prithvi' || variant === 'vjepa') {
      const third = 2 * Math.ceil(dim / 6);
      const widths = options.uniformPower ? [third, third, third] : [dim / 2, dim / 4, dim / 4];
      const blocks = variant === 'prithvi' ? [(3 * dim) / 8, (3 * dim) / 8, dim / 4] : widths;
      const at = blocks.map((width) => phases(width / 2, width / 2, base));
      return ([t, y, x]) => {
        const places = variant === 'prithvi' ? [x, y, t] : [t, y, x];
        return places.flatMap((place, i) => halves(at[i], place, blocks[i] / 2)).slice(0, dim);
      };
    }
    const at = phases(dim / 4, dim / 4, base);
    const { baseSize = 16, interpolationScale = 1, referenceGrid = grid } = options;
    const place = (index: number, size: number) =>
      variant === 'mae' ? index : index / (size / baseSize) / interpolationScale;
    return ([y, x]) => [
      ...halves(at, place(x, referenceGrid[1]), dim / 4),
      ...halves(at, place(y, referenceGrid[0]), dim / 4),
    ];
  }
}

function interleaved(at: (k: number, c: number) => SinCos, c: number, n: number): number[] {
  return Array.from({ length: n }, (_, k) => at(k, c)).flatMap(({ sin, cos }) => [sin, cos]);
}

function halves(at: (k: number, c: number) => SinCos, c: number, n: number): number[] {
  const list = Array.from({ length: n }, (_, k) => at(k, c));
  return [...list.map((p) => p.sin), ...list.map((p) => p.cos)];
}

export interface DetrOptions {
  readonly dim: number;
  /** [B, H, W], 1 = padding. */
  readonly mask: { readonly data: ArrayLike<number>; readonly shape: readonly number[] };
  readonly base?: number;
  readonly normalize?: boolean;
  readonly scale?: number;
  readonly eps?: number;
  readonly positionOffset?: number;
}

/** sincos2d({ variant: 'detr' }): [B, dim, H, W]. */
export function sincosDetr(options: DetrOptions): ReferenceTensor {
  onlyKeys('sincosDetr', options, ['dim', 'mask', 'base', 'normalize', 'scale', 'eps', 'positionOffset']);
  const { dim, mask, base = 10000, normalize = false, scale = 2 * Math.PI, eps = 1e-6, positionOffset = 0 } = options;
  const [batch, height, width] = mask.shape;
  const table = tensor([batch, dim, height, width]);
  const at = phases(dim / 4, dim / 4, base);
  const valid = (b: number, y: number, x: number) => 1 - mask.data[(b * height + y) * width + x];
  const count = (b: number, ys: number, xs: number, vertical: boolean) => {
    let sum = 0;
    if (vertical) for (let y = 0; y <= ys; y++) sum += valid(b, y, xs);
    else for (let x = 0; x <= xs; x++) sum += valid(b, ys, x);
    return sum;
  };
  for (let b = 0; b < batch; b++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let places = [count(b, y, x, true), count(b, y, x, false)];
        if (normalize) {
          const totals = [count(b, height - 1, x, true), count(b, y, width - 1, false)];
          places = places.map((p, i) => (p + positionOffset) * (scale / (totals[i] + eps)));
        }
        places
          .flatMap((p) => interleaved(at, p, dim / 4))
          .forEach((value, channel) => {
            table.data[((b * dim + channel) * height + y) * width + x] = value;
          });
      }
    }
  }
  return table;
}

/** Inner product of two sinusoidal rows at each distance, in float64. */
export function sinusoidalGram(options: { dim: number; base?: number; distances: ArrayLike<number> }): Float64Array {
  const { dim, base = 10000, distances } = options;
  const at = phases(dim / 2, dim / 2, base);
  return Float64Array.from(distances, (s) => {
    let sum = 0;
    for (let k = 0; k < dim / 2; k++) sum += at(k, s).cos;
    return sum;
  });
}

/** Su's bound at each distance, in float64. */
export function ropeDecayBound(options: { dim: number; base?: number; distances: ArrayLike<number> }): Float64Array {
  const { dim, base = 10000, distances } = options;
  const at = phases(dim / 2, dim / 2, base);
  return Float64Array.from(distances, (s) => {
    let [re, im, total] = [0, 0, 0];
    for (let k = 0; k < dim / 2; k++) {
      const { sin, cos } = at(k, s);
      re += cos;
      im += sin;
      total += Math.sqrt(re * re + im * im);
    }
    return total / (dim / 2);
  });
}
