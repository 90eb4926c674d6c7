/** A small network, layer by layer, in float64. */
import { erf, exp, log, tanh } from './math.ts';
import type { Shaped } from './result.ts';

/** y = x W^T + b: weight [out, in], bias [out]. */
export interface Layer {
  readonly weight: Float32Array | Shaped;
  readonly bias?: Float32Array | Shaped;
}

const ACTIVATIONS = {
  relu: (x: number): number => Math.max(x, 0),
  silu: (x: number): number => x / (1 + exp(-x)),
  gelu: (x: number): number => 0.5 * x * (1 + erf(x / Math.sqrt(2))),
  tanh,
} as const;

export type Activation = keyof typeof ACTIVATIONS;

export function sigmoid(x: number): number {
  return 1 / (1 + exp(-x));
}

/** sign(x) ln(|x| + 1). */
export function signedLog(x: number): number {
  return Math.sign(x) * log(Math.abs(x) + 1);
}

function dataOf(x: Float32Array | Shaped): Float32Array {
  return x instanceof Float32Array ? x : x.data;
}

export function outputsOf(layers: readonly Layer[], inputs: number): number {
  return layers.reduce((width, { weight }) => dataOf(weight).length / width, inputs);
}

export function network(layers: readonly Layer[], input: readonly number[], activation: Activation): number[] {
  let x = [...input];
  for (const [i, { weight, bias }] of layers.entries()) {
    const w = dataOf(weight);
    const b = bias === undefined ? undefined : dataOf(bias);
    const y: number[] = [];
    for (let out = 0; out < w.length / x.length; out++) {
      const sum = x.reduce((total, value, k) => total + value * w[out * x.length + k], 0) + (b?.[out] ?? 0);
      y.push(i < layers.length - 1 ? ACTIVATIONS[activation](sum) : sum);
    }
    x = y;
  }
  return x;
}
