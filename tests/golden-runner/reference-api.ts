/**
 * The reference under the names of the public API, for `npm run golden -- DIR --api tests/golden-runner/reference-api.ts`:
 * its tensors are plain objects, its frequencies a list.
 */
import * as reference from '../../src/reference/index.ts';
import type { RotarySpec } from '../../src/rotary/spec.ts';

export * from '../../src/reference/index.ts';

type Shaped = { readonly shape: readonly number[]; readonly data: Float32Array };

export const Tensor = {
  from: (data: ArrayLike<number>, shape: readonly number[]): Shaped => ({ shape, data: Float32Array.from(data) }),
  zeros: (shape: readonly number[]): Shaped => ({
    shape,
    data: new Float32Array(shape.reduce((product, n) => product * n, 1)),
  }),
};

export function rotaryFrequencies(spec: RotarySpec, { context }: { context?: number } = {}) {
  const { invFreq, attentionFactor } = reference.invFreq(spec, { context });
  const float32 = spec.precision === 'torch' ? Float32Array.from(invFreq) : undefined;
  return { ladder: { hi: invFreq }, float32, pairs: invFreq.length, attentionFactor };
}

type Table = reference.ReferenceRotaryTable;
const withWidth = (table: Table) => ({ ...table, width: table.cos.shape[1] });
export const rotaryTable = (...given: Parameters<typeof reference.rotaryTable>) =>
  withWidth(reference.rotaryTable(...given));

/** x or out itself, as the API returns it. */
export function applyRotary(
  x: Float32Array,
  table: Table,
  options: Parameters<typeof reference.applyRotary>[2] = {},
): Float32Array | Shaped {
  reference.applyRotary(x, table, options);
  return options.out ?? x;
}

export const applyRotaryQKV = (...given: Parameters<typeof reference.applyRotaryQKV>): Float32Array =>
  reference.applyRotaryQKV(...given).data;
