/** The golden configurations, revived as their README says. */
import { readdirSync, readFileSync } from 'node:fs';
import { revive } from '../golden-runner/adapters/configs.ts';

const root = new URL('../golden/', import.meta.url);

/** The records of one directory, by file name. */
export function readGolden<T>(directory: string): [name: string, record: T][] {
  return readdirSync(new URL(directory, root))
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name, JSON.parse(readFileSync(new URL(`${directory}/${name}`, root), 'utf8'), revive) as T]);
}
