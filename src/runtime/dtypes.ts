/** The number formats of a Tensor. float16 and bfloat16 are carried as their bits in a Uint16Array. */
export type Dtype = 'float32' | 'float64' | 'int32' | 'uint8' | 'float16' | 'bfloat16';

export type TensorData<D extends Dtype> = {
  float32: Float32Array<ArrayBuffer>;
  float64: Float64Array<ArrayBuffer>;
  int32: Int32Array<ArrayBuffer>;
  uint8: Uint8Array<ArrayBuffer>;
  float16: Uint16Array<ArrayBuffer>;
  bfloat16: Uint16Array<ArrayBuffer>;
}[D];

/** @internal */
export const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
} as const;

/** @internal Bytes of an element. */
export const BYTES = { float32: 4, float64: 8, int32: 4, uint8: 1, float16: 2, bfloat16: 2 } as const;

/** @internal The typed array of each dtype, by name. */
export const KINDS = {
  float32: 'Float32Array',
  float64: 'Float64Array',
  int32: 'Int32Array',
  uint8: 'Uint8Array',
  float16: 'Uint16Array',
  bfloat16: 'Uint16Array',
} as const;
