/** Reading the golden vectors, for the tests of this folder. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import type { LooseSpec, RotarySpec } from '../../src/rotary/spec.ts';

export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly number[];
}
export interface Golden {
  readonly name: string;
  readonly op: string;
  // biome-ignore lint/suspicious/noExplicitAny: parameters are what the references call them
  readonly params: Record<string, any>;
  readonly inputs: Record<string, GoldenTensor>;
  readonly outputs: Record<string, GoldenTensor>;
  readonly tolerance: { readonly abs: number; readonly rel: number };
}

export function golden(file: string): Golden[] {
  const url = new URL(`../golden/rotary/${file}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')).cases;
}

const NAMES: Record<string, keyof LooseSpec> = {
  head_dim: 'headDim',
  rotary_dim: 'rotaryDim',
  partial_rotary_factor: 'partialRotaryFactor',
  rope_theta: 'ropeTheta',
  rope_type: 'ropeType',
  max_position_embeddings: 'maxPositionEmbeddings',
  original_max_position_embeddings: 'originalMaxPositionEmbeddings',
  factor: 'factor',
  beta_fast: 'betaFast',
  beta_slow: 'betaSlow',
  mscale: 'mscale',
  mscale_all_dim: 'mscaleAllDim',
  truncate: 'truncate',
  attention_factor: 'attentionFactor',
  short_factor: 'shortFactor',
  long_factor: 'longFactor',
  low_freq_factor: 'lowFreqFactor',
  high_freq_factor: 'highFreqFactor',
};

/** The specification that a record's Hugging Face parameters describe. */
export function specOf(params: Record<string, unknown>, more: LooseSpec = {}): RotarySpec {
  const spec: Record<string, unknown> = { headDim: params.rotary_dim };
  for (const [theirs, ours] of Object.entries(NAMES)) {
    if (params[theirs] !== undefined && params[theirs] !== null) spec[ours] = params[theirs];
  }
  return { ...spec, ...more } as RotarySpec;
}

/** Element-wise |got - want| <= abs + rel |want|. */
export function close(got: ArrayLike<number>, want: readonly number[], abs: number, rel: number, what: string): void {
  assert.is(got.length, want.length, `${what}: length`);
  for (let i = 0; i < want.length; i++) {
    const error = Math.abs(got[i] - want[i]);
    assert.ok(error <= abs + rel * Math.abs(want[i]), `${what}[${i}]: got ${got[i]}, want ${want[i]}`);
  }
}
