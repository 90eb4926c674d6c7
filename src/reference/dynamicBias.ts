/** x-transformers `DynamicPositionBias`: a network of the signed distance query minus key. */
import { BIAS_OPTIONS, type BiasOptions, biasMatrix } from './bias.ts';
import { type Activation, type Layer, network, outputsOf, signedLog } from './mlp.ts';
import { onlyKeys, type ReferenceTensor } from './result.ts';

export interface DynamicBiasOptions extends BiasOptions {
  readonly layers: readonly Layer[];
  /** Default 'silu'. */
  readonly activation?: Activation;
  /** Default false. */
  readonly logDistance?: boolean;
}

export function dynamicBias(options: DynamicBiasOptions): ReferenceTensor {
  onlyKeys('dynamicBias', options, [...BIAS_OPTIONS, 'layers', 'activation', 'logDistance']);
  const { layers, activation = 'silu', logDistance = false } = options;
  const memo = new Map<number, number[]>();
  return biasMatrix(options, outputsOf(layers, 1), ({ head, i, j }) => {
    const distance = i - j;
    let values = memo.get(distance);
    if (values === undefined) {
      values = network(layers, [logDistance ? signedLog(distance) : distance], activation);
      memo.set(distance, values);
    }
    return values[head];
  });
}
