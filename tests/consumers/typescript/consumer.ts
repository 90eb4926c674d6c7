/** Compiled, never run: the declarations under `skipLibCheck: false`, with nothing but the libraries of each tsconfig. */
import {
  alibi,
  applyRotary,
  attach,
  createEngine,
  type Engine,
  fromHF,
  merge,
  PosencError,
  type PosencErrorCode,
  type RotarySpec,
  rotaryTable,
  scope,
  sinusoidal,
  Tensor,
} from 'posenc';
import { init } from 'posenc/init';
import { type Kernels, kernelsOf } from 'posenc/kernels';
import * as reference from 'posenc/reference';

export function tables(config: Record<string, unknown>): Float32Array<ArrayBuffer> {
  using table = sinusoidal({ length: 512, dim: 384, precision: 'torch' });
  const spec: RotarySpec = { headDim: 64, ropeTheta: 10000, pairing: 'interleaved' };
  using rotary = rotaryTable(spec, { length: 16 });
  const x: Tensor = Tensor.zeros([1, 16, 2, 64]);
  applyRotary(x, rotary, { layout: 'BSHD' });
  const layer = fromHF(config).rotary;
  if (layer) rotaryTable(layer, { length: 4 }).dispose();
  const bias = scope(() => alibi({ heads: 8, keyLength: 64, causal: true }));
  merge(table, table, { mode: 'add' });
  const shape: readonly number[] = bias.shape;
  const plain: Float32Array = reference.sinusoidal({ length: shape[0], dim: 4 }).data;
  x.data.set(plain.subarray(0, 4));
  return bias.data;
}

export function engines(memory: Parameters<typeof attach>[0]): Kernels {
  using engine: Engine = createEngine({ fixed: true, initialBytes: 1 << 22 });
  attach(memory, { scratch: { byteOffset: 0, byteLength: 1 << 20 } }).dispose();
  const bytes: number = engine.memory.buffer.byteLength + memory.buffer.byteLength;
  engine.memory.grow(bytes);
  return kernelsOf(engine).kernels;
}

export function codeOf(error: unknown): PosencErrorCode | undefined {
  return error instanceof PosencError ? error.code : undefined;
}

export const ready: Promise<void> = init(new Uint8Array(8));

// @ts-expect-error a misspelt option is refused
sinusoidal({ length: 4, dim: 4, bas: 10 });
// @ts-expect-error so is a word that does not exist
rotaryTable({ headDim: 8, pairing: 'both' }, { length: 2 });
// @ts-expect-error and a memory that is none
attach(7, { scratch: { byteOffset: 0, byteLength: 1 } });
