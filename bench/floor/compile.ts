/**
 * Compiles bench/floor/floor.ts with the package's own compiler and binds it to an engine's memory, so that the floor and
 * the kernel it is compared with write the same bytes of the same memory. The binary is kept in build/ under the hash of
 * its source.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Engine } from 'posenc';

/** Pointers and sizes in bytes. */
export interface Floors {
  /** Stores `value` everywhere. */
  fill(to: number, bytes: number, value: number): void;
  /** x *= factor, in place. */
  scale(x: number, bytes: number, factor: number): void;
  /** Loads `from`, stores `to`. */
  copy(to: number, from: number, bytes: number): void;
}

const here = dirname(fileURLToPath(import.meta.url));

async function compile(): Promise<Uint8Array<ArrayBuffer>> {
  const source = readFileSync(join(here, 'floor.ts'));
  const lock = readFileSync(join(here, '../../package-lock.json'));
  const hash = createHash('sha256').update(source).update(lock).digest('hex').slice(0, 16);
  const file = join(here, `../../build/floor.${hash}.wasm`);
  if (existsSync(file)) return new Uint8Array(readFileSync(file));
  const { default: asc } = await import('assemblyscript/asc');
  let binary: Uint8Array | undefined;
  // biome-ignore format: flags with their values
  const flags = [
    'floor.ts', '--baseDir', here, '--outFile', 'floor.wasm', '--runtime', 'stub', '--importMemory', '--noExportMemory',
    '-O3', '--noAssert', '--enable', 'simd',
  ];
  const { error, stderr } = await asc.main(flags, {
    writeFile: (_name: string, contents: Uint8Array | string) => {
      if (typeof contents !== 'string') binary = contents;
    },
  });
  if (error || !binary) throw new Error(`bench/floor/floor.ts does not compile: ${stderr.toString() || error}`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, binary);
  return new Uint8Array(binary);
}

/** The floor loops on the memory of `engine`. */
export async function floorsOn(engine: Engine): Promise<Floors> {
  const { instance } = await WebAssembly.instantiate(await compile(), { env: { memory: engine.memory } });
  return instance.exports as unknown as Floors;
}
