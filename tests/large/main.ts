/**
 * npm run test:large: sizes no unit test has, through the public API. An engine filled beyond 2 GiB, tables of a million rows,
 * biases of a gibibyte; each compared bit for bit with the same rows made small, near its start, in its middle and at its end.
 * Then every public function with one number at a limit: it ends within two seconds, with a result or a PosencError.
 * One line a check; exit 1 when one failed. Needs 4 GiB.
 */
import { alibi, applyRotary, createEngine, PosencError, rotaryTable, sinusoidal, Tensor } from '../../src/index.ts';
import { GENERATORS } from '../surface/generators.ts';
import { runLarge } from '../surface/large.ts';

const GIB = 2 ** 30;
let [passed, failed, calls] = [0, 0, 0];
function check(name: string, run: () => void): void {
  const start = performance.now();
  try {
    run();
    passed++;
    console.log(`${name.padEnd(44)} ok ${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s`);
  } catch (error) {
    failed++;
    console.log(`${name.padEnd(44)} failed: ${(error as Error).stack}`);
  }
}
function same(got: ArrayLike<number>, want: ArrayLike<number>): void {
  if (got.length !== want.length) throw new Error(`${got.length} numbers, not ${want.length}`);
  for (let i = 0; i < got.length; i++)
    if (!Object.is(got[i], want[i])) throw new Error(`${i}: ${got[i]}, not ${want[i]}`);
}

const ROWS = 2 ** 20;
const AT = [0, ROWS / 2 - 3, ROWS - 8];

check('a table of a million rows', () => {
  const engine = createEngine();
  using table = sinusoidal({ length: ROWS, dim: 128, engine });
  for (const offset of AT) {
    using part = sinusoidal({ length: 8, dim: 128, offset, engine });
    same(table.data.subarray(offset * 128, (offset + 8) * 128), part.data);
  }
  engine.dispose();
});

check('an engine filled beyond 2 GiB, and still of use', () => {
  const engine = createEngine();
  const tables: ReturnType<typeof rotaryTable>[] = [];
  // cos and sin: half a gibibyte each table
  for (let i = 0; i < 5; i++) tables.push(rotaryTable({ headDim: 128 }, { length: ROWS, engine }));
  const last = tables[4];
  if (last.sin.byteOffset < 2 * GIB) throw new Error(`the last table lies at ${last.sin.byteOffset}`);
  for (const offset of AT) {
    const part = rotaryTable({ headDim: 128 }, { length: 8, offset, engine });
    for (const table of [tables[0], last]) {
      same(table.cos.data.subarray(offset * 64, (offset + 8) * 64), part.cos.data);
      same(table.sin.data.subarray(offset * 64, (offset + 8) * 64), part.sin.data);
    }
    part.dispose();
  }
  const x = Float32Array.from({ length: 128 }, (_, i) => Math.fround(i / 7 - 9));
  const [low, high] = [tables[0], last].map((table) => {
    const copy = Tensor.from(x, [1, 1, 1, 128], { engine });
    applyRotary(copy, table, { positions: [ROWS - 1] });
    return copy.toFloat32Array();
  });
  same(high, low);
  for (const table of tables) table.dispose();
  rotaryTable({ headDim: 128 }, { length: ROWS, engine }).dispose();
  engine.dispose();
});

check('a bias of nearly a gibibyte', () => {
  const engine = createEngine();
  const options = { heads: 15, queryLength: 4096, keyLength: 4096, causal: true, engine };
  using whole = alibi(options);
  for (const row of [0, 2047, 4088]) {
    using part = alibi({ ...options, rows: [row, row + 8] });
    for (const head of [0, 7, 14]) {
      const at = (head * 4096 + row) * 4096;
      same(whole.data.subarray(at, at + 8 * 4096), part.data.subarray(head * 8 * 4096, (head + 1) * 8 * 4096));
    }
  }
  engine.dispose();
});

check('3 GiB of Tensors, then one of nearly a gibibyte', () => {
  const engine = createEngine();
  const length = 2 ** 26;
  const tensors = Array.from({ length: 12 }, () => Tensor.zeros([length], { engine }));
  for (const [i, tensor] of tensors.entries()) tensor.data.fill(i + 1);
  // the last GiB holds no block of a GiB any more, and what was made stays
  let refused = false;
  try {
    for (;;) tensors.push(Tensor.zeros([length], { engine }));
  } catch (error) {
    refused = error instanceof PosencError && error.code === 'ERR_OUT_OF_MEMORY';
  }
  if (!refused) throw new Error('running out is no ERR_OUT_OF_MEMORY');
  for (let i = 0; i < 12; i++) {
    const { data } = tensors[i];
    for (let at = 0; at < length; at += 1021)
      if (data[at] !== i + 1) throw new Error(`Tensor ${i} has changed at ${at}`);
  }
  for (const tensor of tensors) tensor.dispose();
  if (engine.usage().blocks !== 0) throw new Error('blocks are left over');
  using last = Tensor.zeros([2 ** 28 - 16], { engine });
  last.data.fill(7);
  if (last.data[2 ** 28 - 17] !== 7) throw new Error('the last Tensor is not written');
  engine.dispose();
});

for (const name of Object.keys(GENERATORS)) {
  try {
    for (const seed of [1, 2]) calls += runLarge(name, seed);
  } catch (error) {
    failed++;
    console.log(`${name} failed: ${(error as Error).message}`);
  }
}
passed += calls;
console.log(`${calls} calls of ${Object.keys(GENERATORS).length} functions with a number at a limit`);

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
