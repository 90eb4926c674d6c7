/** The layers of bias networks: checked, brought into memory, run over blocks of rows with the kernels of assembly/dense.ts. */
import { take } from '../runtime/arguments.ts';
import { IDENTITY } from '../runtime/codes.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import type { Call, Floats, Place } from '../runtime/gate.ts';
import { viewOf } from '../runtime/views.ts';

/** A linear layer y = x W^T + b, as PyTorch keeps it. */
export interface Layer {
  /** [out, in] */
  readonly weight: Floats;
  /** [out]; none when left out. */
  readonly bias?: Floats;
}

export interface NetworkLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Place;
  readonly bias: Place | undefined;
}

/** More layers than any network of biases has. */
const MAX_LAYERS = 256;

/** Sizes of the layers follow from `inputs` and the lengths of the weights. @throws ERR_SHAPE, ERR_OPTION */
export function checkLayers(call: Call, name: string, layers: unknown, inputs: number): NetworkLayer[] {
  const count = Array.isArray(layers) ? layers.length : 0;
  if (count === 0 || count > MAX_LAYERS) {
    throw new PosencError(
      'ERR_OPTION',
      `${name}: expected a list of 1 to ${MAX_LAYERS} { weight, bias }, got ${show(layers)}`,
    );
  }
  let width = inputs;
  const checked = new Array<NetworkLayer>(count);
  for (let i = 0; i < count; i++) {
    const option = `${name}[${i}]`;
    const layer = take(option, (layers as readonly Layer[])[i], ['weight', 'bias']);
    const weight = call.flat(`${option}.weight`, layer.weight);
    const outputs = weight.length / width;
    const { shape } = weight;
    const plain = viewOf(option, layer.weight) !== undefined;
    if (!Number.isInteger(outputs) || outputs === 0 || !(plain || (shape.length === 2 && shape[1] === width))) {
      const got = plain ? `${weight.length} numbers` : `[${shape.join(', ')}]`;
      throw new PosencError('ERR_SHAPE', `${option}.weight: expected [out, ${width}], got ${got}`);
    }
    const bias = layer.bias === undefined ? undefined : call.flat(`${option}.bias`, layer.bias);
    if (bias !== undefined && bias.length !== outputs) {
      throw new PosencError('ERR_SHAPE', `${option}.bias: expected ${outputs} numbers, got ${bias.length}`);
    }
    checked[i] = { inputs: width, outputs, weight, bias };
    width = outputs;
  }
  return checked;
}

/** Bytes of one of the two buffers that `run` needs for `rows` rows. */
export function bufferBytes(layers: readonly NetworkLayer[], rows: number): number {
  let widest = 0;
  for (const { inputs, outputs } of layers) widest = Math.max(widest, inputs, outputs);
  return Math.ceil((4 * rows * widest) / 16) * 16;
}

/**
 * Runs rows through the layers, with `activation` after all but the last; the last gives columns [from, from + columns)
 * only. The rows start in buffer `a`. @returns the pointer of the result, rows of `columns` numbers, in `a` or `b`
 */
export function run(
  engine: Engine,
  layers: readonly NetworkLayer[],
  rows: number,
  activation: number,
  a: number,
  b: number,
  from: number,
  columns: number,
): number {
  let [x, y] = [a, b];
  for (let i = 0; i < layers.length; i++) {
    const { inputs, outputs, weight, bias } = layers[i];
    const last = i === layers.length - 1;
    const [skip, width] = last ? [from, columns] : [0, outputs];
    // biome-ignore format: grouped as the kernel declares it
    engine.kernels.linear(
      y, x, weight.pointer + 4 * inputs * skip, bias === undefined ? 0 : bias.pointer + 4 * skip, rows, inputs, width,
      4 * inputs, 4 * width, last ? IDENTITY : activation, engine.coefficients);
    [x, y] = [y, x];
  }
  return x;
}
