/**
 * Wrong programs: each is one call under a comment that says what the compiler and the library must answer.
 *
 *     // compile: words of the compiler's message, or 'accepts' | run: words of the library's message
 *
 * wrong.test.ts gives this file to tsc and runs every call. It is outside the project's own compilation, which must be clean.
 */
import {
  alibi,
  applyRotary,
  fromGGUF,
  fromHF,
  invFreq,
  popeTable,
  rotaryTable,
  shiftKeys,
  sinusoidal,
  Tensor,
  timestepEmbedding,
  toLlamaCpp,
  xposTable,
} from '../../src/index.ts';

const rows = { length: 4 } as const;
const llama = { model_type: 'llama', hidden_size: 64, num_attention_heads: 4, rope_theta: 10000 } as const;
const gemma = {
  ...llama,
  model_type: 'gemma3_text',
  head_dim: 16,
  layer_types: ['sliding_attention', 'full_attention'],
} as const;
const form = fromHF(llama);
const lists = { shortFactor: [1, 1], longFactor: [1, 2] };

export const wrong: readonly (() => unknown)[] = [
  // compile: 'betaFast' does not exist in type | run: betaFast: has no effect with ropeType 'llama3'
  () =>
    rotaryTable(
      {
        headDim: 64,
        ropeType: 'llama3',
        factor: 8,
        lowFreqFactor: 1,
        highFreqFactor: 4,
        originalMaxPositionEmbeddings: 8192,
        betaFast: 32,
      },
      rows,
    ),
  // compile: lowFreqFactor, highFreqFactor | run: lowFreqFactor
  () => rotaryTable({ headDim: 64, ropeType: 'llama3', factor: 8, originalMaxPositionEmbeddings: 8192 }, rows),
  // compile: 'maxPositionEmbeddings' is missing | run: originalMaxPositionEmbeddings
  () => rotaryTable({ headDim: 64, ropeType: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4 }, rows),
  // compile: maxPositionEmbeddings | run: factor
  () => rotaryTable({ headDim: 64, ropeType: 'yarn', originalMaxPositionEmbeddings: 4096 }, rows),
  // compile: MaxPositionEmbeddings | run: originalMaxPositionEmbeddings
  () => rotaryTable({ headDim: 64, ropeType: 'yarn', factor: 4 }, rows),
  // compile: 'lowFreqFactor' does not exist in type | run: lowFreqFactor: has no effect with ropeType 'yarn'
  () =>
    rotaryTable(
      { headDim: 64, ropeType: 'yarn', factor: 4, originalMaxPositionEmbeddings: 4096, lowFreqFactor: 1 },
      rows,
    ),
  // compile: 'factor' is missing | run: factor
  () => rotaryTable({ headDim: 64, ropeType: 'linear' }, rows),
  // compile: 'originalMaxPosition' does not exist | run: unknown option 'originalMaxPosition'
  () => rotaryTable({ headDim: 64, ropeType: 'linear', factor: 2, originalMaxPosition: 4 }, rows),
  // compile: not assignable | run: factor: has no effect with ropeType 'default'
  () => rotaryTable({ headDim: 64, factor: 4 }, rows),
  // compile: not assignable | run: linearRounding: has no effect with ropeType 'default'
  () => rotaryTable({ headDim: 64, linearRounding: 'position' }, rows),
  // compile: 'context' does not exist in type | run: context: has no effect with ropeType 'linear'
  () => rotaryTable({ headDim: 64, ropeType: 'linear', factor: 4, context: 8192 }, rows),
  // compile: 'maxPositionEmbeddings' is missing | run: maxPositionEmbeddings
  () => rotaryTable({ headDim: 64, ropeType: 'dynamic', factor: 2 }, rows),
  // compile: not assignable to type 'undefined' | run: 'alpha' or 'factor'
  () => rotaryTable({ headDim: 64, ropeType: 'ntk', alpha: 8, factor: 4 }, rows),
  // compile: not assignable | run: alpha: ropeType 'ntk' needs
  () => rotaryTable({ headDim: 64, ropeType: 'ntk' }, rows),
  // compile: 'longFactor' is missing | run: longFactor
  () =>
    rotaryTable(
      { headDim: 4, ropeType: 'longrope', shortFactor: [1, 1], originalMaxPositionEmbeddings: 4, factor: 2 },
      rows,
    ),
  // compile: longMscale | run: longMscale
  () =>
    rotaryTable(
      { headDim: 4, ropeType: 'longrope', ...lists, originalMaxPositionEmbeddings: 4, shortMscale: 1 },
      { length: 8 },
    ),
  // compile: not assignable | run: ropeType: expected
  () => rotaryTable({ headDim: 64, ropeType: 'Yarn', factor: 4 }, rows),
  // compile: Did you mean to write 'ropeTheta'? | run: did you mean 'ropeTheta'
  () => rotaryTable({ headDim: 64, rope_theta: 10000 }, rows),
  // compile: not assignable | run: headDim: expected the channels of a head
  () => rotaryTable({ ropeTheta: 10000 }, rows),
  // compile: '{ rotaryDim: number; partialRotaryFactor: number; }' is not assignable | run: headDim: expected the channels of a head
  () => rotaryTable({ rotaryDim: 64, partialRotaryFactor: 0.5 }, rows),
  // compile: Argument of type '{}' | run: give 'length' (consecutive positions) or 'positions'
  () => rotaryTable({ headDim: 64 }, {}),
  // compile: Types of property 'positions' are incompatible | run: either 'length' or 'positions'
  () => rotaryTable({ headDim: 64 }, { length: 2, positions: [0, 1] }),
  // compile: Types of property 'positions' are incompatible | run: either 'offset' or 'positions'
  () => rotaryTable({ headDim: 64 }, { offset: 2, positions: [0, 1] }),
  // compile: 'length' is missing | run: give 'length' (consecutive positions) or 'positions'
  () => sinusoidal({ dim: 8, offset: 4 }),
  // compile: Types of property 'positions' are incompatible | run: either 'length' or 'positions'
  () => popeTable({ dim: 8, length: 2, positions: [0, 1] }),
  // compile: 'positions' is missing | run: give 'length' (consecutive positions) or 'positions'
  () => xposTable({ headDim: 8 }, { side: 'query', center: 0 }),
  // compile: not assignable | run: precision: not read beside a model's form
  () => rotaryTable({ ...form, precision: 'exact' }, rows),
  // compile: 'typo' does not exist | run: typo: not read beside a model's form
  () => rotaryTable({ ...form, typo: 1 }, rows),
  // compile: not assignable to parameter of type 'object' | run: expected the object of a config.json
  () => fromHF('./config.json'),
  // compile: not assignable to parameter of type 'object' | run: metadata
  () => fromGGUF('./model.gguf'),
  // compile: Type '"full"' is not assignable to type '"full_attention" | "sliding_attention" | ClassLayerType | run: no layer type
  () => fromHF(gemma, { layerType: 'full' }),
  // compile: Type '"float64"' is not assignable to type 'Precision | run: precision: expected
  () => fromHF(llama, { precision: 'float64' }),
  // compile: not assignable | run: preset: give one of
  () => timestepEmbedding([1], { dim: 8 }),
  // compile: 'downscaleFreqShift' is missing | run: preset: give one of
  () => timestepEmbedding([1], { dim: 8, flipSinToCos: true }),
  // compile: 'length' does not exist in type | run: unknown option 'length'
  () => invFreq({ headDim: 8 }, { length: 4 }),
  // compile: '"bshd"' is not assignable to type | run: layout: expected
  () => applyRotary(Tensor.zeros([1, 4, 1, 16]), rotaryTable(form, rows), { layout: 'bshd' }),
  // compile: 'length' does not exist in type | run: unknown option 'length'
  () => shiftKeys(new Float32Array(64), 1, { headDim: 16 }, { shape: [1, 4, 1, 16], length: 4 }),
  // compile: 'ctx' does not exist in type | run: unknown option 'ctx'
  () => toLlamaCpp(form, { ctx: 4 }),
  // compile: accepts | run: headDim is 64
  () => applyRotary(Tensor.zeros([1, 4, 1, 128]), rotaryTable({ headDim: 64 }, rows)),
  // compile: accepts | run: highFreqFactor: expected at least lowFreqFactor
  () =>
    rotaryTable(
      {
        headDim: 64,
        ropeType: 'llama3',
        factor: 8,
        lowFreqFactor: 4,
        highFreqFactor: 1,
        originalMaxPositionEmbeddings: 8192,
      },
      rows,
    ),
  // compile: accepts | run: Length
  () => alibi({ heads: 8 }),
];
