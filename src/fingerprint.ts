/**
 * One number for all the bits: a 64-bit FNV-1a hash over the outputs of a fixed battery. Equal on every runtime and machine;
 * a change of it is a change of major version.
 */
import { compactRelativeTable } from './absolute/compact.ts';
import { complexOrder } from './absolute/complexOrder.ts';
import { convPositional } from './absolute/convPositional.ts';
import { floaterPositions } from './absolute/floater.ts';
import { fourierFeatures, nerfEncoding, perceiverEncoding } from './absolute/fourier.ts';
import { peg } from './absolute/peg.ts';
import { gruPositions, recursivePositions } from './absolute/recursive.ts';
import { sincos2d, sincos3d } from './absolute/sincos.ts';
import { sinusoidal } from './absolute/sinusoidal.ts';
import { timestepEmbedding } from './absolute/timestep.ts';
import { alibi } from './bias/distance/alibi.ts';
import { clippedRelativeBias } from './bias/distance/clipped.ts';
import { dynamicBias } from './bias/distance/dynamicBias.ts';
import { fire } from './bias/distance/fire.ts';
import { kerple } from './bias/distance/kerple.ts';
import { sandwich } from './bias/distance/sandwich.ts';
import { t5Bias } from './bias/distance/t5.ts';
import { offsetBias } from './bias/window/offset.ts';
import { shiftedWindowMask } from './bias/window/shifted.ts';
import { swinBias } from './bias/window/swin.ts';
import { swinV2Bias } from './bias/window/swinV2.ts';
import { applyRotary } from './rotary/apply.ts';
import { axialTable } from './rotary/axial.ts';
import { goldenGateFrequencies } from './rotary/goldenGate.ts';
import { shiftKeys } from './rotary/keys.ts';
import { mixedAxialTable } from './rotary/learned.ts';
import { applyPope, popeTable } from './rotary/pope.ts';
import { ROPE_EXAMPLES } from './rotary/rules/words.ts';
import type { HeadSpec } from './rotary/spec.ts';
import { type RotaryTable, rotaryTable, type TableDtype } from './rotary/table.ts';
import { xposCachedTables, xposTable } from './rotary/xpos.ts';
import { hierarchicalPositions } from './rows/hierarchical.ts';
import { merge } from './rows/merge.ts';
import { resizePositionTable } from './rows/resize.ts';
import { resizeRelativeTable } from './rows/resizeRelative.ts';
import { createEngine, type Engine } from './runtime/engine.ts';
import { UNARY } from './runtime/operations.ts';
import { type Dtype, Tensor } from './runtime/tensor.ts';
import { conformerScores } from './scores/conformer.ts';
import { debertaScores } from './scores/deberta.ts';
import { decomposedRelativeScores } from './scores/decomposed.ts';
import { gatedRelativeBias } from './scores/gated.ts';
import { localRelativeScores } from './scores/local.ts';
import { shawScores } from './scores/shaw.ts';
import { transformerXlScores, transformerXlTable } from './scores/transformerXl.ts';

/** Deterministic numbers in [-1, 1), multiples of 2^-15. */
function noise(count: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >> 16) / 32768;
  });
}

/**
 * A hash over values of every encoding: the same 16 hexadecimal digits on every runtime and machine that computes the same
 * bits.
 * @returns 16 hexadecimal digits
 * @throws ERR_NO_SIMD, ERR_WASM_BLOCKED
 * @example
 * console.log(fingerprint().length); // 16
 */
export function fingerprint(): string {
  const engine = createEngine();
  let hash = 0xcbf29ce484222325n;
  const add = (...tensors: Tensor<Dtype>[]) => {
    for (const tensor of tensors) {
      const bytes = new Uint8Array(tensor.data.buffer, tensor.byteOffset, tensor.data.byteLength);
      for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
      tensor.dispose();
    }
  };
  try {
    for (const battery of [phases, rotations, biases, scores, rows, transcendental, modelsOfToday])
      battery(engine, add);
  } finally {
    engine.dispose();
  }
  return hash.toString(16).padStart(16, '0');
}

type Add = (...tensors: Tensor<Dtype>[]) => void;

const STARTS = [0, 131056, 2 ** 24 - 20, 2 ** 31 - 4096];
const PLAIN: HeadSpec = { headDim: 64, ropeTheta: 10000 };

/** Two places of the rotated channels, and an example of every rope type. A function: a constant would hold the rules in every bundle. */
function rotarySpecs(): readonly { readonly spec: HeadSpec; readonly context?: number }[] {
  const partial: HeadSpec = { headDim: 80, rotaryDim: 20, pairing: 'interleaved', ropeTheta: 10000 };
  return [{ spec: PLAIN }, { spec: partial }, ...Object.values(ROPE_EXAMPLES)];
}

function phases(engine: Engine, add: Add): void {
  for (const precision of ['exact', 'torch'] as const) {
    for (const offset of STARTS) {
      add(sinusoidal({ length: 40, dim: 34, offset, precision, engine }));
      const concat = { arrangement: 'concat', denominator: 'half-1' } as const;
      add(sinusoidal({ length: 9, dim: 24, offset, precision, ...concat, engine }));
    }
    const positions = [0, -1, 0.5, 1e-3, -7.25, 999, 1e6, 12345.678];
    add(sinusoidal({ positions, dim: 20, precision, engine }));
  }
  add(timestepEmbedding([0, 17, 999, 0.5], { dim: 33, preset: 'stable-diffusion', engine }));
  add(sincos2d({ variant: 'mae', dim: 24, grid: [3, 4], engine }));
  const x = Tensor.from(noise(15), [5, 3], { engine });
  add(nerfEncoding(x, { numFrequencies: 6, engine }));
  add(fourierFeatures(x, Tensor.from(noise(21), [7, 3], { engine })));
  add(
    complexOrder({
      ids: [0, 2, 1],
      positions: [1, 2, 3000],
      amplitude: Tensor.from(noise(15), [3, 5], { engine }),
      frequency: Tensor.from(noise(15), [3, 5], { engine }),
    }),
  );
}

function rotations(engine: Engine, add: Add): void {
  const both = (table: RotaryTable<TableDtype>) => add(table.cos, table.sin);
  for (const precision of ['exact', 'torch', 'ggml'] as const) {
    for (const { spec, context } of rotarySpecs()) {
      const table = rotaryTable({ ...spec, precision }, { length: 40, offset: 1000, context, engine });
      for (const layout of ['BSHD', 'BHSD'] as const) {
        const shape = layout === 'BSHD' ? [2, 5, 3, spec.headDim] : [2, 3, 5, spec.headDim];
        const x = Tensor.from(noise(30 * spec.headDim), shape, { engine });
        add(applyRotary(x, table, { layout, positions: [1000, 1039, 1020, 1001, 1001], inverse: layout === 'BHSD' }));
      }
      both(table);
    }
  }
  for (const dtype of ['float16', 'bfloat16'] as const) both(rotaryTable(PLAIN, { length: 20, dtype, engine }));
  const mrope = { headDim: 32, mropeSection: [4, 6, 6], mropeLayout: 'chunked' } as const;
  both(rotaryTable(mrope, { positions: [0, 1, 2, 5, 6, 7, 900, 3, 1], engine }));
  both(axialTable({ preset: 'qwen2-vl', headDim: 32 }, { grid: [3, 4], engine }));
  both(xposTable({ headDim: 32 }, { length: 12, side: 'key', center: 6, engine }));
  const pope = popeTable({ dim: 16, length: 7, engine });
  add(applyPope(Tensor.from(noise(7 * 2 * 16), [1, 7, 2, 16], { engine }), pope));
  add(shiftKeys(Tensor.from(noise(6 * 2 * 64), [1, 6, 2, 64], { engine }), -37, PLAIN));
}

function biases(engine: Engine, add: Add): void {
  for (const form of ['distance', 'tril', 'key', 'key-last-zero'] as const) {
    add(alibi({ heads: 5, queryLength: 7, keyLength: 33, form, causal: form === 'distance', engine }));
  }
  const sizes = { queryLength: 9, keyLength: 300, engine } as const;
  add(t5Bias(Tensor.from(noise(96), [32, 3], { engine }), sizes));
  for (const kind of ['log', 'power'] as const) add(kerple({ kind, p: [0.5, 1.5], a: [0.3, 0.7], ...sizes }));
  add(sandwich({ heads: 3, ...sizes }));
  const layer = (inputs: number, outputs: number, bias = true) => ({
    weight: Tensor.from(noise(inputs * outputs), [outputs, inputs], { engine }),
    ...(bias && { bias: Tensor.from(noise(outputs), [outputs], { engine }) }),
  });
  const mlp = () => [layer(1, 16), layer(16, 4)];
  add(fire({ layers: mlp(), queryLength: 9, keyLength: 40, engine }));
  add(dynamicBias({ layers: mlp(), logDistance: true, queryLength: 9, keyLength: 40, engine }));
  add(swinBias(Tensor.from(noise(70), [35, 2], { engine }), { windowSize: [3, 4] }));
  add(swinBias(Tensor.from(noise(162), [81, 2], { engine }), { windowSize: [2, 2, 5], frames: 1 }));
  add(shiftedWindowMask({ gridSize: [3, 5, 4], windowSize: [2, 2, 3], engine }));
  add(offsetBias(Tensor.from(noise(24), [2, 12], { engine }), { resolution: [3, 4], stride: 2 }));
  const clipped = Tensor.from(noise(20), [10, 2], { engine });
  add(clippedRelativeBias(clipped, { queryLength: 9, keyLength: 30 }));
  add(clippedRelativeBias(clipped, { keyLength: 6, queryGroups: [1, 1, 1, 2, 2, 1], layout: 'qkh' }));
  add(swinV2Bias({ windowSize: [3, 4], layers: [layer(2, 16), layer(16, 2, false)], engine }));
}

function scores(engine: Engine, add: Add): void {
  const heads = (length: number) => Tensor.from(noise(2 * length * 12), [1, 2, length, 12], { engine });
  add(shawScores(heads(7), heads(7), Tensor.from(noise(9 * 12), [9, 12], { engine })));
  const r = transformerXlTable({ keyLength: 9, dim: 12, engine });
  add(transformerXlScores(heads(5), heads(9), Tensor.from(noise(2 * 9 * 12), [2, 9, 12], { engine })), r);
  const pos = () => Tensor.from(noise(2 * 8 * 12), [2, 8, 12], { engine });
  add(conformerScores(heads(5), heads(9), Tensor.from(noise(2 * 17 * 12), [2, 17, 12], { engine })));
  const local = Tensor.from(noise(2 * 5 * 12), [2, 5, 12], { engine });
  const context = { contextLeft: 4, contextRight: 1, softcap: 2 };
  add(localRelativeScores(heads(7), heads(7), local, context));
  add(localRelativeScores(heads(7), heads(7), local, { ...context, chunkSize: 3 }));
  const tables = [5, 9].map((n) => Tensor.from(noise(n * 12), [n, 12], { engine }));
  const grids = { querySize: [2, 3], keySize: [3, 2], prefixTokens: 1 } as const;
  add(decomposedRelativeScores(heads(7), heads(7), tables[0], tables[1], grids));
  const [weight, constant] = [Tensor.from(noise(40), [8, 5], { engine }), Tensor.from(noise(2), [2], { engine })];
  const hidden = Tensor.from(noise(70), [1, 7, 10], { engine });
  add(gatedRelativeBias(Tensor.from(noise(98), [2, 7, 7], { engine }), hidden, { weight, constant }));
  add(debertaScores(heads(6), heads(6), { posKey: pos(), posQuery: pos(), maxRelativePositions: 4 }));
}

function rows(engine: Engine, add: Add): void {
  const x = Tensor.from(noise(2 * 6 * 10), [2, 6, 10], { engine });
  const p = sinusoidal({ length: 6, dim: 10, engine });
  for (const mode of ['add', 'mul', 'mulPlusOne', 'concat'] as const) add(merge(x, p, { mode }));
  const table = Tensor.from(noise(12 * 7), [12, 7], { engine });
  add(hierarchicalPositions(table, { length: 40 }));
  for (const mode of ['bicubic', 'bilinear'] as const) {
    add(resizePositionTable(table, { from: [3, 4], to: [5, 7], mode, antialias: mode === 'bicubic' }));
  }
  const numbers = (...shape: number[]) => Tensor.from(noise(shape.reduce((a, b) => a * b, 1)), shape, { engine });
  const mlp = { w1: numbers(9, 6), b1: numbers(9), w2: numbers(6, 9), b2: numbers(6) };
  add(recursivePositions(numbers(6), { length: 12, ...mlp, residual: true }));
  const gru = { weightIh: numbers(18, 1), weightHh: numbers(18, 6), biasIh: numbers(18), biasHh: numbers(18) };
  add(gruPositions(numbers(1, 1, 6), { length: 12, layers: [gru] }));
  const flow = { kind: 'linear', w1: numbers(6, 7), b1: numbers(6), w2: numbers(6, 7), b2: numbers(6) } as const;
  for (const method of ['euler', 'midpoint', 'rk4-3/8', 'rk4-classic'] as const) {
    add(floaterPositions(numbers(1, 2, 6), { length: 9, flow, method }));
  }
  add(peg(numbers(1, 12, 8), { weight: numbers(8, 1, 3, 3), bias: numbers(8), height: 3, width: 4 }));
  add(convPositional(numbers(1, 9, 8), { weight: numbers(8, 4, 6), bias: numbers(8), groups: 2 }));
}

/** Presets and encodings named after models: float32 routes, tiles, unequal axes. */
function modelsOfToday(engine: Engine, add: Add): void {
  for (const preset of ['whisper', 'tensor2tensor', 'transformer-xl'] as const) {
    add(sinusoidal({ preset, length: 20, offset: 1480, dim: 26, precision: 'torch', engine }));
  }
  for (const preset of ['ddpm', 'f5-tts', 'diffwave', 'pi0'] as const) {
    for (const precision of ['exact', 'torch'] as const) {
      add(timestepEmbedding([0, 0.25, 17, 49.5], { preset, dim: 22, scale: 3.7, precision, engine }));
    }
  }
  const tile = { grid: [3, 2], offset: [4, 5], referenceGrid: [12, 9] } as const;
  add(sincos2d({ variant: 'diffusers', dim: 12, ...tile, engine }));
  add(sincos2d({ variant: 'detr', dim: 12, grid: [3, 4], normalize: true, positionOffset: -0.5, engine }));
  add(sincos3d({ variant: 'vjepa', dim: 20, grid: [2, 3, 2], uniformPower: true, engine }));
  add(sincos3d({ variant: 'prithvi', dim: 16, grid: [2, 3, 2], prefixTokens: 1, engine }));
  const x = Tensor.from(noise(15), [5, 3], { engine });
  for (const arrangement of ['dimensions', 'concat'] as const) {
    add(nerfEncoding(x, { numFrequencies: 6, timesPi: true, arrangement }));
  }
  add(perceiverEncoding({ grid: [3, 4], maxResolution: [3, 224], numBands: 5, engine }));
  add(compactRelativeTable({ dim: 14, length: 30, engine }));
  const table = Tensor.from(noise(25 * 3), [25, 3], { engine });
  for (const mode of ['nearest', 'nearest-exact'] as const) add(resizePositionTable(table, { to: [9, 7], mode }));
  add(resizeRelativeTable(table, { to: [5, 4] }), table, x);
  const both = (...tables: RotaryTable<TableDtype>[]) => {
    for (const { cos, sin } of tables) add(cos, sin);
  };
  for (const precision of ['exact', 'torch'] as const) {
    for (const preset of ['flux', 'wan', 'cogvideox', 'z-image'] as const) {
      both(axialTable({ preset, headDim: 128, precision }, { grid: [2, 3, 4], engine }));
    }
  }
  const frequencies = goldenGateFrequencies({ heads: 2, pairs: 7, minFrequency: 1, maxFrequency: 20, engine });
  both(mixedAxialTable(frequencies, { positions: [0.5, -1, 0.25, 0.75] }));
  add(frequencies);
  const cached = { queryLength: 3, keyLength: 9, center: 'rotary-embedding-torch' } as const;
  const { query, key } = xposCachedTables({ headDim: 16 }, { ...cached, engine });
  both(query, key);
}

const MAGNITUDES = [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100];

/** The elementary functions, in both widths, over eight orders of magnitude. */
function transcendental(engine: Engine, add: Add): void {
  const { kernels, coefficients } = engine;
  const values = noise(64).map((v, i) => v * MAGNITUDES[i % 8]);
  for (const op of Object.values(UNARY)) {
    const single = Tensor.from(values, [64], { engine });
    kernels.mapUnary(single.byteOffset, single.byteOffset, 64, op, coefficients);
    const double = Tensor.zeros([64], { dtype: 'float64', engine });
    double.data.set(values);
    kernels.mapUnary64(double.byteOffset, double.byteOffset, 64, op, coefficients);
    add(single, double);
  }
  const base = Tensor.from(values.map(Math.abs), [64], { engine });
  kernels.mapPow(base.byteOffset, base.byteOffset, 64, 0.37, coefficients);
  add(base);
}
