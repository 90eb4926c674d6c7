/** What reading a model costs: the time of a call, and what a bundle carries of the records. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHF } from '../../src/models/hf.ts';
import { readGolden } from './golden.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Files of src that a bundle of these exports holds. */
async function filesOf(...names: string[]): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents: `export { ${names.join(', ')} } from './src/index.ts';`, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    metafile: true,
  });
  return Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
}

test('a table alone carries no record and no reader', async () => {
  const files = await filesOf('rotaryTable');
  assert.ok(files.includes('src/rotary/table.ts'));
  assert.equal(
    files.filter((path) => path.startsWith('src/models/')),
    [],
  );
});

test('a reader of config.json carries no record of GGUF files', async () => {
  const files = await filesOf('fromHF', 'rotaryTable');
  assert.ok(files.includes('src/models/records/llama.ts'));
  assert.equal(
    files.filter((path) => /\/gguf/.test(path)),
    [],
  );
  assert.not.ok(files.includes('src/rotary/rules/words.ts'), 'nor what rope types are called elsewhere');
});

test('a configuration is read within 2 ms', () => {
  for (const [name, item] of readGolden('configs')) {
    const { config } = item as { config: object };
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 10; i++) {
      const from = performance.now();
      fromHF(config);
      best = Math.min(best, performance.now() - from);
    }
    assert.ok(best < 2, `${name}: ${best} ms`);
  }
});

test.run();
