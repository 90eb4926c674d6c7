/**
 * uvu's `test`, which ends every test by looking at the default engine: what a test made is disposed (it runs inside scope()),
 * and what is left over then is a leak of the package.
 */
import { test as plain } from 'uvu';
import { scope, Tensor } from '../../src/index.ts';

type Handler = () => void | Promise<void>;

function watched(name: string, handler: Handler): Handler {
  return async () => {
    // the default engine may be made anew during a test; the count belongs to the one that is there at its start
    const probe = Tensor.zeros([1]);
    const { engine } = probe;
    probe.dispose();
    const before = engine.usage().blocks;
    await scope(handler);
    if (engine.disposed) return;
    const { blocks } = engine.usage();
    if (blocks > before) throw new Error(`${name}: ${blocks - before} blocks are left over`);
  };
}

interface Test {
  (name: string, handler: Handler): void;
  run(): void;
}

export const test: Test = Object.assign((name: string, handler: Handler) => plain(name, watched(name, handler)), {
  run: () => plain.run(),
});
