/**
 * One number for all the bits: a 64-bit FNV-1a hash over the outputs of a fixed battery. Equal on every runtime and machine;
 * a change of it is a change of major version.
 */
import { sinusoidal } from './absolute/sinusoidal.ts';
import { alibi } from './bias/alibi.ts';
import { applyRotary } from './rotary/apply.ts';
import type { RotarySpec } from './rotary/spec.ts';
import { rotaryTable } from './rotary/table.ts';
import { merge } from './rows/merge.ts';
import { createEngine } from './runtime/engine.ts';
import { Tensor } from './runtime/tensor.ts';

/** Deterministic numbers in [-1, 1), multiples of 2^-15. */
function noise(count: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >> 16) / 32768;
  });
}

/** The hash as 16 hexadecimal digits. */
export function fingerprint(): string {
  const engine = createEngine();
  let hash = 0xcbf29ce484222325n;
  const add = (tensor: Tensor) => {
    const bytes = new Uint8Array(tensor.data.buffer, tensor.byteOffset, tensor.data.byteLength);
    for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
    tensor.dispose();
  };
  try {
    const starts = [0, 131056, 2 ** 24 - 20, 2 ** 31 - 4096];
    for (const precision of ['exact', 'torch'] as const) {
      for (const offset of starts) {
        add(sinusoidal({ length: 40, dim: 34, offset, precision, engine }));
        add(
          sinusoidal({ length: 9, dim: 24, offset, precision, arrangement: 'concat', denominator: 'half-1', engine }),
        );
      }
      add(sinusoidal({ positions: [0, -1, 0.5, 1e-3, -7.25, 999, 1e6, 12345.678], dim: 20, precision, engine }));
      for (const spec of SPECS) {
        const table = rotaryTable({ ...spec, precision }, { length: 40, offset: 1000, engine });
        for (const layout of ['BSHD', 'BHSD'] as const) {
          const x = Tensor.from(
            noise(2 * 5 * 3 * spec.headDim),
            layout === 'BSHD' ? [2, 5, 3, spec.headDim] : [2, 3, 5, spec.headDim],
            { engine },
          );
          add(applyRotary(x, table, { layout, positions: [1000, 1039, 1020, 1001, 1001], inverse: layout === 'BHSD' }));
        }
        add(table.cos);
        add(table.sin);
      }
    }
    for (const form of ['distance', 'tril', 'key', 'key-last-zero'] as const) {
      add(alibi({ heads: 5, queryLength: 7, keyLength: 33, form, causal: form === 'distance', engine }));
    }
    const x = Tensor.from(noise(2 * 6 * 10), [2, 6, 10], { engine });
    const p = sinusoidal({ length: 6, dim: 10, engine });
    for (const mode of ['add', 'mul', 'mulPlusOne', 'concat'] as const) add(merge(x, p, { mode }));
  } finally {
    engine.dispose();
  }
  return hash.toString(16).padStart(16, '0');
}

const SPECS: readonly RotarySpec[] = [
  { headDim: 64, ropeTheta: 10000 },
  { headDim: 80, rotaryDim: 20, pairing: 'interleaved', ropeTheta: 10000 },
  {
    headDim: 128,
    ropeTheta: 500000,
    ropeType: 'llama3',
    factor: 8,
    lowFreqFactor: 1,
    highFreqFactor: 4,
    originalMaxPositionEmbeddings: 8192,
  },
  { headDim: 128, ropeTheta: 1e6, ropeType: 'yarn', factor: 4, originalMaxPositionEmbeddings: 32768 },
];
