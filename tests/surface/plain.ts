/** Calls that need no memory of the engine: ids, models, analysis. */
import { readdirSync, readFileSync } from 'node:fs';
import { ENGINES, explain, fromHF } from '../../src/index.ts';
import type { Random } from '../support/random.ts';
import type { Generator } from './generators.ts';
import { List } from './material.ts';

const folder = new URL('../../examples/configs/', import.meta.url);
const CONFIGS = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as object);

const LLAMA = CONFIGS.find((config) => (config as { model_type?: string }).model_type === 'llama')!;

const noEngine = (generator: (random: Random) => unknown[]): Generator => {
  return (random) => ({ args: generator(random), engine: false });
};

const mask = (random: Random) => {
  const [b, s] = [random.int(1, 3), random.int(1, 6)];
  return new List(
    Array.from({ length: b * s }, () => random.int(0, 1)),
    [b, s],
    'mask',
  );
};

export const plain: Readonly<Record<string, Generator>> = {
  knownModels: noEngine(() => []),
  positionIds: noEngine((random) => [random.pick<object>([{ mask: mask(random) }, { length: 5, offset: 3 }])]),
  coarseGridIds: noEngine((random) => [{ grid: [random.int(1, 5), random.int(1, 5)], patchesPerSide: 8 }]),
  mropeIndex: noEngine(() => [
    {
      model: 'qwen2_vl',
      inputIds: [[1, 9, 8, 8, 8, 8, 2]],
      imageGridThw: [[1, 4, 4]],
      imageTokenId: 8,
      videoTokenId: 7,
      spatialMergeSize: 2,
    },
  ]),
  mropeDecode: noEngine((random) => [{ ropeDeltas: [random.int(-5, 5)], cacheLength: 7, newTokens: 2 }]),
  visionPositions: noEngine((random) => [{ gridThw: [[1, 2 * random.int(1, 3), 4]], spatialMergeSize: 2 }]),
  xposCenter: noEngine((random) => ['torchscale', { length: random.int(0, 99) }]),
  yarnMscale: noEngine((random) => [random.int(1, 40)]),
  softmaxScale: noEngine((random) => [{ headDim: random.int(1, 256) }]),
  queryScale: noEngine((random) => [random.int(0, 99999)]),
  dynamicState: noEngine((random) => [
    { headDim: 8, ropeType: 'dynamic', factor: 2, maxPositionEmbeddings: random.int(8, 99) },
  ]),
  rmtSegments: noEngine((random) => [{ length: random.int(0, 20), segmentSize: random.int(1, 7), alignment: 'right' }]),
  rmtPositionIds: noEngine((random) => [{ memoryTokens: random.int(0, 3), length: random.int(0, 9) }]),
  rmtMask: noEngine((random) => [mask(random), { memoryTokens: random.int(0, 3) }]),
  rmtEncoderIds: noEngine(() => [
    new List([5, 6, 7], [3]),
    { memoryIds: new List([1, 2], [2]), clsId: 101, sepId: 102, padId: 0, inputSize: 12 },
  ]),
  taylorDecomposition: noEngine((random) => {
    const list = (n: number) => new List(Array.from(random.floats(n)), [n], 'number');
    return [{ pm: list(2), pn: list(3), gradientM: list(2), gradientN: list(3), hessianMN: list(6) }];
  }),
  diagnose: noEngine((random) => {
    const x = new List(Array.from(random.floats(4 * 8)), [32], 'number');
    return [{ x, rotated: x, positions: new List([0, 1, 2, 3], [4]), shape: [1, 4, 1, 8] }];
  }),
  fromHF: noEngine((random) => [random.pick(CONFIGS), { context: 4096, strict: false }]),
  describeExplanation: noEngine((random) => [explain(random.pick(CONFIGS), { context: 4096 })]),
  toHF: noEngine(() => [fromHF(CONFIGS[0], { context: 4096 })]),
  fromGGUF: noEngine(() => [
    {
      'general.architecture': 'llama',
      'llama.block_count': 2,
      'llama.context_length': 4096,
      'llama.embedding_length': 64,
      'llama.attention.head_count': 4,
    },
  ]),
  explain: noEngine((random) => [random.pick(CONFIGS), { context: 4096 }]),
  explainForm: noEngine(() => [fromHF(CONFIGS[0], { context: 4096 })]),
  extend: noEngine((random) => [random.pick(CONFIGS), { context: random.int(1, 300000) }]),
  extendForm: noEngine((random) => [fromHF(random.pick(CONFIGS)), { context: random.int(1, 300000) }]),
  forEngine: noEngine((random) => [
    fromHF(random.pick(CONFIGS)),
    random.pick(ENGINES),
    { context: random.int(1, 300000) },
  ]),
  identify: noEngine((random) => [
    new List(Array.from(random.floats(48)), [6, 8], 'number'),
    random.int(0, 1) === 0 ? {} : { divisors: Array.from(random.floats(4), (f) => 1 + Math.abs(f)) },
  ]),
  describe: noEngine(() => [fromHF(CONFIGS[0], { context: 4096 })]),
  toLlamaCpp: noEngine(() => [fromHF(LLAMA, { context: 4096 })]),
  toOnnxCaches: (random) => ({ args: [fromHF(LLAMA, { context: 4096 }), { length: random.int(1, 9) }] }),
};
