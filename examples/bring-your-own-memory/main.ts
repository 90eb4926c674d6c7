/**
 * node --import tsx examples/bring-your-own-memory/main.ts: posenc rotates queries and keys where they lie in the memory of
 * another WebAssembly module, which then computes attention scores from them. Nothing is copied between the two.
 */
import { readFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';
import { applyRotary, attach, createEngine, rotaryTable, Tensor } from 'posenc';

const DIM = 64;
const KEYS = 32;

/** Compiles the other module; it exports its memory. */
async function compileOther(): Promise<WebAssembly.Module> {
  const source = readFileSync(new URL('./assembly/attention.ts', import.meta.url), 'utf8');
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    ['attention.ts', '--config', 'none', '-O3', '--runtime', 'stub', '--outFile', 'attention.wasm'],
    {
      readFile: (name: string) => (name === 'attention.ts' ? source : null),
      writeFile: (name: string, contents: Uint8Array | string) => {
        if (name === 'attention.wasm') binary = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary) throw new Error(stderr.toString());
  return new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>);
}

interface Other {
  readonly memory: WebAssembly.Memory;
  allocate(bytes: number): number;
  scores(q: number, k: number, rows: number, dim: number, out: number): void;
}
const abort = () => {
  throw new Error('the other module aborted');
};
const other = new WebAssembly.Instance(await compileOther(), { env: { abort } }).exports as unknown as Other;

// everything posenc touches is given to it by the owner of the memory
const pointers = {
  scratch: other.allocate(1 << 17),
  cos: other.allocate(4 * KEYS * (DIM / 2)),
  sin: other.allocate(4 * KEYS * (DIM / 2)),
  q: other.allocate(4 * DIM),
  k: other.allocate(4 * KEYS * DIM),
  scores: other.allocate(4 * KEYS),
};
const view = (pointer: number, length: number) => new Float32Array(other.memory.buffer, pointer, length);
const engine = attach(other.memory, { scratch: { byteOffset: pointers.scratch, byteLength: 1 << 17 } });
const table = rotaryTable(
  { headDim: DIM, ropeTheta: 10000 },
  {
    length: KEYS,
    engine,
    out: { cos: view(pointers.cos, KEYS * (DIM / 2)), sin: view(pointers.sin, KEYS * (DIM / 2)) },
  },
);

const numbers = Float32Array.from({ length: DIM }, (_, i) => Math.fround(((i * 37) % 19) / 19 - 0.5));
view(pointers.q, DIM).set(numbers);
for (let row = 0; row < KEYS; row++) view(pointers.k + 4 * DIM * row, DIM).set(numbers);

applyRotary(view(pointers.q, DIM), table, { shape: [1, 1, 1, DIM], offset: KEYS - 1, engine });
applyRotary(view(pointers.k, KEYS * DIM), table, { shape: [1, KEYS, 1, DIM], engine });
other.scores(pointers.q, pointers.k, KEYS, DIM, pointers.scores);

const scores = view(pointers.scores, KEYS);
console.log(`scores of a query at ${KEYS - 1} by distance:`);
for (const distance of [0, 1, 2, 4, 8, 16, 31]) {
  console.log(`  ${String(distance).padStart(2)}  ${scores[KEYS - 1 - distance].toFixed(4)}`);
}

// the same rotation in an engine of posenc's own: equal, bit for bit
const own = createEngine();
const copy = Tensor.zeros([1, KEYS, 1, DIM], { engine: own });
for (let row = 0; row < KEYS; row++) copy.data.set(numbers, row * DIM);
applyRotary(copy, rotaryTable({ headDim: DIM, ropeTheta: 10000 }, { length: KEYS, engine: own }));
const same = view(pointers.k, KEYS * DIM).every((x, i) => Object.is(x, copy.data[i]));
console.log(same ? 'same bits as in an engine of its own' : 'DIFFERENT from an engine of its own');
process.exitCode = same && scores.indexOf(Math.max(...scores)) === KEYS - 1 ? 0 : 1;
