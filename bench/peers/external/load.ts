/** Modules from this folder's own node_modules. Typed as whatever they are: they may not be there. */

import { fileURLToPath } from 'node:url';

// biome-ignore lint/suspicious/noExplicitAny: the packages are installed by npm run bench:peers only
export type Library = any;

/** @throws what the import throws, when the package is not installed or does not run here */
export async function load(name: string): Promise<Library> {
  const module = await import(name);
  // CommonJS packages keep their exports under default
  return module.default && Object.keys(module.default).length > 1 ? module.default : module;
}

/** Folder of an installed package. */
export function folderOf(name: string): string {
  return fileURLToPath(new URL(`./node_modules/${name}/`, import.meta.url));
}
