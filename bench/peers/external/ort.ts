/**
 * onnxruntime-web, WebAssembly execution provider, one thread: RotaryEmbedding as its own operator (com.microsoft) and as
 * ONNX's (opset 23), alone and nine in a row, and the sinusoidal table as a graph.
 */
import {
  angleTolerance,
  type Competitor,
  frequencies,
  type RotaryProblem,
  type SinusoidalProblem,
} from './competitor.ts';
import { type Library, load } from './load.ts';
import { type Model, type Node, onnxModel } from './onnx.ts';

/** Nodes of a chain: its time less that of a single node is the time of the others, without input and output. */
export const CHAIN = 9;

export async function open() {
  const ort = await load('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  // its module leaves a Worker among the globals of Node, from which other libraries conclude that this is a browser
  const { Worker } = globalThis;
  const first = await sinusoidal(ort, { length: 2, dim: 2 });
  await first.dispose?.();
  if (Worker === undefined) Reflect.deleteProperty(globalThis, 'Worker');
  else globalThis.Worker = Worker;
  return {
    rotary: async (problem: RotaryProblem): Promise<Competitor[]> =>
      Promise.all(
        (['com.microsoft', 'opset 23'] as const).flatMap((flavour) =>
          [1, CHAIN].map((nodes) => rotary(ort, problem, flavour, nodes)),
        ),
      ),
    sinusoidal: async (problem: SinusoidalProblem): Promise<Competitor[]> => [await sinusoidal(ort, problem)],
  };
}

async function session(ort: Library, model: Model, name: string, feed: Library): Promise<Competitor> {
  const made = await ort.InferenceSession.create(onnxModel(model), { executionProviders: ['wasm'] });
  const [input, output] = [model.inputs[0].name, model.outputs[0].name];
  const feeds = { [input]: feed };
  return {
    name,
    asynchronous: true,
    run: () => made.run(feeds),
    read: async () => (await made.run(feeds))[output].data,
    tolerance: 0,
    dispose: () => made.release(),
  };
}

async function rotary(
  ort: Library,
  { length, heads, dim, x, cos, sin, pairing }: RotaryProblem,
  flavour: 'com.microsoft' | 'opset 23',
  nodes: number,
): Promise<Competitor> {
  const shape = [1, length, heads * dim];
  const contributed = flavour === 'com.microsoft';
  const chain = Array.from({ length: nodes }, (_, i): Node => {
    const [from, to] = [`x${i}`, `x${i + 1}`];
    return {
      type: 'RotaryEmbedding',
      domain: contributed ? 'com.microsoft' : '',
      inputs: contributed ? [from, 'ids', 'cos', 'sin'] : [from, 'cos', 'sin', 'ids'],
      outputs: [to],
      attributes: { interleaved: pairing === 'interleaved' ? 1 : 0, ...(!contributed && { num_heads: heads }) },
    };
  });
  const model: Model = {
    inputs: [{ name: 'x0', shape }],
    outputs: [{ name: `x${nodes}`, shape }],
    nodes: chain,
    constants: [
      { name: 'ids', shape: [1, length], data: BigInt64Array.from({ length }, (_, i) => BigInt(i)) },
      { name: 'cos', shape: [length, dim / 2], data: cos },
      { name: 'sin', shape: [length, dim / 2], data: sin },
    ],
    opset: 23,
  };
  const name = `ORT-web ${flavour}${nodes > 1 ? `, ${nodes} nodes` : ', run()'}`;
  const made = await session(ort, model, name, new ort.Tensor('float32', x, shape));
  return { ...made, nodes, tolerance: 3e-7 * nodes };
}

async function sinusoidal(ort: Library, { length, dim }: SinusoidalProblem): Promise<Competitor> {
  const model: Model = {
    inputs: [{ name: 'positions', shape: [length, 1] }],
    outputs: [{ name: 'table', shape: [length, dim] }],
    nodes: [
      { type: 'Mul', inputs: ['positions', 'frequencies'], outputs: ['angles'] },
      { type: 'Sin', inputs: ['angles'], outputs: ['sines'] },
      { type: 'Cos', inputs: ['angles'], outputs: ['cosines'] },
      { type: 'Concat', inputs: ['sines', 'cosines'], outputs: ['table'], attributes: { axis: 1 } },
    ],
    constants: [{ name: 'frequencies', shape: [1, dim / 2], data: frequencies(dim) }],
    opset: 23,
  };
  const positions = new ort.Tensor(
    'float32',
    Float32Array.from({ length }, (_, i) => i),
    [length, 1],
  );
  return { ...(await session(ort, model, 'ORT-web Sin, Cos', positions)), tolerance: angleTolerance(length) };
}
