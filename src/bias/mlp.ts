/** The layers of bias networks: checked, brought into memory, run over blocks of rows with the kernels of assembly/dense.ts. */

import { options } from '../runtime/arguments.ts';
import { IDENTITY } from '../runtime/codes.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { lengthOf } from '../runtime/operands.ts';
import type { Tensor } from '../runtime/tensor.ts';

/** A linear layer y = x W^T + b, as PyTorch keeps it. */
export interface Layer {
  /** [out, in] */
  readonly weight: Tensor | Float32Array;
  /** [out]; none when left out. */
  readonly bias?: Tensor | Float32Array;
}

export interface CheckedLayer extends Layer {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}

/** Sizes of the layers follow from `inputs` and the lengths of the weights. @throws ERR_SHAPE, ERR_OPTION */
export function checkLayers(name: string, layers: readonly Layer[], inputs: number): CheckedLayer[] {
  if (!Array.isArray(layers) || layers.length === 0) {
    throw new PosencError('ERR_OPTION', `${name}: expected a list of { weight, bias }, got ${show(layers)}`);
  }
  let width = inputs;
  return layers.map((layer, i) => {
    const { weight, bias } = options(`${name}[${i}]`, layer, ['weight', 'bias']);
    const length = lengthOf(`${name}[${i}].weight`, weight);
    const outputs = length / width;
    const shape = 'shape' in weight ? weight.shape : [outputs, width];
    if (!Number.isInteger(outputs) || outputs === 0 || shape.length !== 2 || shape[1] !== width) {
      const got = 'shape' in weight ? `[${shape.join(', ')}]` : `${length} numbers`;
      throw new PosencError('ERR_SHAPE', `${name}[${i}].weight: expected [out, ${width}], got ${got}`);
    }
    const biases = bias === undefined ? outputs : lengthOf(`${name}[${i}].bias`, bias);
    if (biases !== outputs) {
      throw new PosencError('ERR_SHAPE', `${name}[${i}].bias: expected ${outputs} numbers, got ${biases}`);
    }
    const checked = { weight, bias, name: `${name}[${i}]`, inputs: width, outputs };
    width = outputs;
    return checked;
  });
}

/** The arrays of the layers with their names, in the order that `place` takes their pointers. */
export function tablesOf(layers: readonly CheckedLayer[]): (readonly [string, Tensor | Float32Array])[] {
  return layers.flatMap((layer) => [
    [`${layer.name}.weight`, layer.weight] as const,
    ...(layer.bias === undefined ? [] : [[`${layer.name}.bias`, layer.bias] as const]),
  ]);
}

export interface PlacedLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: number;
  /** 0 for none. */
  readonly bias: number;
}

export function place(layers: readonly CheckedLayer[], pointers: readonly number[]): PlacedLayer[] {
  let next = 0;
  return layers.map(({ inputs, outputs, bias }) => ({
    inputs,
    outputs,
    weight: pointers[next++],
    bias: bias === undefined ? 0 : pointers[next++],
  }));
}

/** Bytes of one of the two buffers that `run` needs for `rows` rows. */
export function bufferBytes(
  layers: readonly { readonly inputs: number; readonly outputs: number }[],
  rows: number,
): number {
  return (4 * rows * Math.max(...layers.map(({ inputs, outputs }) => Math.max(inputs, outputs))) + 15) & ~15;
}

/**
 * Runs rows through the layers, with `activation` after all but the last; the last gives columns [from, from + columns)
 * only. The rows start in buffer `a`. @returns the pointer of the result, rows of `columns` numbers, in `a` or `b`
 */
export function run(
  engine: Engine,
  layers: readonly PlacedLayer[],
  rows: number,
  activation: number,
  a: number,
  b: number,
  from: number,
  columns: number,
): number {
  let [x, y] = [a, b];
  for (const [i, { inputs, outputs, weight, bias }] of layers.entries()) {
    const last = i === layers.length - 1;
    const [skip, width] = last ? [from, columns] : [0, outputs];
    // biome-ignore format: grouped as the kernel declares it
    engine.kernels.linear(
      y, x, weight + 4 * inputs * skip, bias === 0 ? 0 : bias + 4 * skip, rows, inputs, width, 4 * inputs, 4 * width,
      last ? IDENTITY : activation, engine.coefficients);
    [x, y] = [y, x];
  }
  return x;
}
