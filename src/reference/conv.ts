/** The two convolutions that make positions of their zero padding, in float64. */
import { erf } from './math.ts';
import { type ReferenceTensor, type Shaped, tensor } from './result.ts';

/** [B, L, C]; a sequence alone is a batch of one. */
function sequences({ shape }: Shaped): readonly number[] {
  return shape.length === 2 ? [1, ...shape] : shape;
}

/** CPVT's PEG: x [B, H W, C] or [H W, C], weight [C, 1, 3, 3]. */
export function peg(
  x: Shaped,
  options: {
    weight: Float32Array;
    bias?: Float32Array;
    height: number;
    width: number;
    stride?: number;
    residual?: boolean;
  },
): ReferenceTensor {
  const { weight, bias, height, width, stride = 1, residual = stride === 1 } = options;
  const [batch, , channels] = sequences(x);
  const [rows, columns] = [Math.ceil(height / stride), Math.ceil(width / stride)];
  const result = tensor([...x.shape.slice(0, -2), rows * columns, channels]);
  const at = (b: number, y: number, c: number, channel: number) =>
    y < 0 || y >= height || c < 0 || c >= width ? 0 : x.data[((b * height + y) * width + c) * channels + channel];
  for (let b = 0; b < batch; b++) {
    for (let y = 0; y < rows; y++) {
      for (let c = 0; c < columns; c++) {
        for (let channel = 0; channel < channels; channel++) {
          let sum = bias?.[channel] ?? 0;
          for (let t = 0; t < 9; t++) {
            const [dy, dx] = [Math.floor(t / 3) - 1, (t % 3) - 1];
            sum += weight[channel * 9 + t] * at(b, y * stride + dy, c * stride + dx, channel);
          }
          if (residual) sum += at(b, y, c, channel);
          result.data[((b * rows + y) * columns + c) * channels + channel] = sum;
        }
      }
    }
  }
  return result;
}

/** w[:, :, t] = g[t] v[:, :, t] / |v[:, :, t]|. */
export function weightNorm(v: Shaped, g: Float32Array): ReferenceTensor {
  const taps = v.shape[2];
  const norm = new Float64Array(taps);
  v.data.forEach((value, i) => {
    norm[i % taps] += value * value;
  });
  return tensor(
    v.shape,
    v.data.map((value, i) => (g[i % taps] * value) / Math.sqrt(norm[i % taps])),
  );
}

/** wav2vec 2.0's positions: x [B, L, C] or [L, C], weight [C, C / groups, taps]. */
export function convPositional(
  x: Shaped,
  options: { weight: Shaped; bias?: Float32Array; groups?: number; activation?: 'gelu' | 'none' },
): ReferenceTensor {
  const { weight, bias, groups = 1, activation = 'gelu' } = options;
  const [batch, length, channels] = sequences(x);
  const width = channels / groups;
  const taps = weight.shape[2];
  const padding = Math.floor(taps / 2);
  const result = tensor(x.shape);
  for (let b = 0; b < batch; b++) {
    for (let l = 0; l < length; l++) {
      for (let o = 0; o < channels; o++) {
        let sum = bias?.[o] ?? 0;
        for (let c = 0; c < width; c++) {
          const channel = Math.floor(o / width) * width + c;
          for (let t = 0; t < taps; t++) {
            const at = l + t - padding;
            if (at < 0 || at >= length) continue;
            sum += weight.data[(o * width + c) * taps + t] * x.data[(b * length + at) * channels + channel];
          }
        }
        result.data[(b * length + l) * channels + o] =
          activation === 'gelu' ? 0.5 * sum * (1 + erf(sum * Math.SQRT1_2)) : sum;
      }
    }
  }
  return result;
}
