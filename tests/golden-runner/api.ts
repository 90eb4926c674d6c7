/**
 * The public surface the golden records are run through: what `src/index.ts` exports, or another build of it.
 * Typed loosely on purpose: options are assembled from the records' parameters at run time, and the library's own
 * checks, not the compiler, must catch a wrong one.
 */
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

// biome-ignore lint/suspicious/noExplicitAny: see above
export type Api = Readonly<Record<string, any>>;

export const DEFAULT_ENTRY = fileURLToPath(new URL('../../src/index.ts', import.meta.url));

export async function loadApi(entry: string = DEFAULT_ENTRY): Promise<Api> {
  return (await import(pathToFileURL(resolve(entry)).href)) as Api;
}
