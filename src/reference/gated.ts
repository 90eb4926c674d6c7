/** WavLM's gated relative position bias (arXiv 2110.13900). See scores/gated.ts. */
import { sigmoid } from './mlp.ts';
import { onlyKeys, type ReferenceTensor, type Shaped, tensor } from './result.ts';

export interface RelativeGateOptions {
  /** [8, d] */
  readonly weight: Shaped;
  /** [8] */
  readonly bias?: Shaped;
  readonly constant: ArrayLike<number>;
}

/** hidden [B, L, H d]; [B, H, L]. */
export function relativeGate(hidden: Shaped, o: RelativeGateOptions): ReferenceTensor {
  onlyKeys('relativeGate', o, ['weight', 'bias', 'constant']);
  const [batch, length, width] = hidden.shape;
  const heads = o.constant.length;
  const dim = width / heads;
  const gates = tensor([batch, heads, length]);
  let n = 0;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < length; i++) {
        const sums = [0, 0];
        for (let t = 0; t < 8; t++) {
          let z = o.bias?.data[t] ?? 0;
          for (let c = 0; c < dim; c++) {
            z += o.weight.data[t * dim + c] * hidden.data[(b * length + i) * width + h * dim + c];
          }
          sums[t < 4 ? 0 : 1] += z;
        }
        gates.data[n++] = sigmoid(sums[0]) * (sigmoid(sums[1]) * o.constant[h] - 1) + 2;
      }
    }
  }
  return gates;
}

export interface GatedRelativeBiasOptions extends RelativeGateOptions {
  readonly rows?: readonly [number, number];
  readonly addTo?: Float32Array;
}

/** positionBias [H, L, k], all rows; [B, H, L, k]. */
export function gatedRelativeBias(positionBias: Shaped, hidden: Shaped, o: GatedRelativeBiasOptions): ReferenceTensor {
  onlyKeys('gatedRelativeBias', o, ['weight', 'bias', 'constant', 'rows', 'addTo']);
  const { rows, addTo, ...layer } = o;
  const gates = relativeGate(hidden, layer);
  const [batch, heads, length] = gates.shape;
  const columns = positionBias.shape[2];
  const [from, to] = rows ?? [0, length];
  const out = tensor([batch, heads, to - from, columns]);
  let n = 0;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = from; i < to; i++) {
        const gate = gates.data[(b * heads + h) * length + i];
        for (let j = 0; j < columns; j++, n++) {
          out.data[n] = (addTo?.[n] ?? 0) + gate * positionBias.data[(h * length + i) * columns + j];
        }
      }
    }
  }
  return out;
}
