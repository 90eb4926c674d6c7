/** RotaryEmbedding of ONNX and of com.microsoft, MRotaryEmbedding: graphs of one node. */
import { pathToFileURL } from 'node:url';
import type { SuiteCase } from '../../../src/cli/suiteCase.ts';
import { model } from '../../recipes/onnx.ts';
import { casesOf, installed, type Loose, message, type Results } from './suite.ts';

/** In the order of the operator. */
const INPUTS: Readonly<Record<string, readonly string[]>> = {
  'ai.onnx': ['X', 'cos_cache', 'sin_cache', 'position_ids'],
  'com.microsoft': ['input', 'position_ids', 'cos_cache', 'sin_cache'],
};
const ATTRIBUTES = ['interleaved', 'rotary_embedding_dim', 'num_heads', 'mrope_section', 'mrope_layout'];

function typed({ inputs }: SuiteCase, name: string) {
  const { shape, data } = inputs[name];
  return name === 'position_ids'
    ? { type: 'int64' as const, shape, data: BigInt64Array.from(data.map((value) => BigInt(value))) }
    : { type: 'float32' as const, shape, data: Float32Array.from(data.map(Number)) };
}

export async function onnxruntime(build: 'onnxruntime-web/wasm' | 'onnxruntime-node'): Promise<Results> {
  const loaded: Loose = await import(pathToFileURL(installed.resolve(build)).href);
  const ort: Loose = loaded.InferenceSession ? loaded : loaded.default;
  if (build === 'onnxruntime-web/wasm') ort.env.wasm.numThreads = 1;
  const results: Results = {};
  for (const one of casesOf('onnx_rotary')) {
    const p = one.params as Loose;
    const names = INPUTS[p.domain].filter((name) => one.inputs[name] !== undefined);
    const graph = model(
      {
        op: p.op_type,
        ...(p.domain === 'ai.onnx' ? { opset: p.opset } : { domain: p.domain }),
        attributes: Object.fromEntries(ATTRIBUTES.filter((key) => p[key]).map((key) => [key, p[key]])),
      },
      names.map((name) => ({ name, type: typed(one, name).type, shape: typed(one, name).shape })),
      { name: 'output', type: 'float32', shape: one.inputs[INPUTS[p.domain][0]].shape },
    );
    try {
      const session = await ort.InferenceSession.create(graph, { logSeverityLevel: 4 });
      const feeds = names.map((name) => {
        const { type, shape, data } = typed(one, name);
        return [name, new ort.Tensor(type, data, shape)];
      });
      results[one.id] = { output: Array.from((await session.run(Object.fromEntries(feeds))).output.data) };
    } catch (error) {
      // an operator that a build does not have is no wrong answer
      results[one.id] = { skipped: message(error) };
    }
  }
  return results;
}
