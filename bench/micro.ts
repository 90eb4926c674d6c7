/**
 * First useful calls of the public API, in operations a second, on the package `benchmark`: what a newcomer's program sees,
 * argument checks and (where said) allocation included. The rows of main.ts say how fast the kernels are.
 */
import Benchmark from 'benchmark';
import { alibi, applyRotary, fromHF, merge, rotaryTable, sinusoidal, Tensor } from 'posenc';
import { numbers } from './case.ts';

export interface Micro {
  readonly name: string;
  readonly prepare: () => () => unknown;
}

const LLAMA = {
  model_type: 'llama',
  hidden_size: 4096,
  num_attention_heads: 32,
  max_position_embeddings: 131072,
  rope_theta: 500000,
  rope_scaling: {
    rope_type: 'llama3',
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  },
};

export const MICROS: readonly Micro[] = [
  {
    name: 'sinusoidal 512x384, new output',
    prepare: () => () => sinusoidal({ length: 512, dim: 384 }).dispose(),
  },
  {
    name: 'sinusoidal 512x384, reused output',
    prepare: () => {
      const out = Tensor.zeros([512, 384]);
      return () => sinusoidal({ length: 512, dim: 384, out });
    },
  },
  {
    name: 'rotaryTable 4096x128, new output',
    prepare: () => () => rotaryTable({ headDim: 128 }, { length: 4096 }).dispose(),
  },
  {
    name: 'a configuration of Llama 3.1 to a table of 8192, new output',
    prepare: () => () => rotaryTable(fromHF(LLAMA).rotary!, { length: 8192 }).dispose(),
  },
  {
    name: 'applyRotary, one token, 40 heads of 128',
    prepare: () => {
      const table = rotaryTable({ headDim: 128 }, { length: 4096 });
      const q = Tensor.from(numbers([1, 1, 40, 128]), [1, 1, 40, 128]);
      let position = 0;
      return () => applyRotary(q, table, { offset: position++ & 4095 });
    },
  },
  {
    name: 'applyRotary, 128 tokens, 40 heads of 128',
    prepare: () => {
      const table = rotaryTable({ headDim: 128 }, { length: 4096 });
      const q = Tensor.from(numbers([1, 128, 40, 128]), [1, 128, 40, 128]);
      return () => applyRotary(q, table);
    },
  },
  {
    name: 'alibi 8 heads 128x128, causal, reused output',
    prepare: () => {
      const out = Tensor.zeros([8, 128, 128]);
      return () => alibi({ heads: 8, queryLength: 128, keyLength: 128, causal: true, out });
    },
  },
  {
    name: 'merge add [4, 128, 384] + [128, 384], reused output',
    prepare: () => {
      const x = Tensor.from(numbers([4, 128, 384]), [4, 128, 384]);
      const p = sinusoidal({ length: 128, dim: 384 });
      const out = Tensor.zeros([4, 128, 384]);
      return () => merge(x, p, { out });
    },
  },
];

export interface MicroResult {
  readonly name: string;
  /** Operations a second. */
  readonly hz: number;
  /** Relative margin of error in percent. */
  readonly rme: number;
}

/** @throws what a benchmark threw: `benchmark` itself keeps errors to itself */
export function runMicros(micros: readonly Micro[], maxTime: number): MicroResult[] {
  const suite = new Benchmark.Suite();
  for (const { name, prepare } of micros) suite.add(name, prepare(), { maxTime });
  const results: MicroResult[] = [];
  suite.on('cycle', ({ target }: { target: Benchmark }) => {
    const { error } = target as unknown as { error?: unknown };
    if (error) throw new Error(`${target.name}: ${error}`, { cause: error });
    results.push({ name: target.name!, hz: target.hz, rme: target.stats.rme });
  });
  suite.run({ async: false });
  if (results.length !== micros.length) throw new Error(`${micros.length - results.length} benchmarks did not finish`);
  return results;
}
