/** Where the measurements happen: one engine with room for every row, and the floor loops on its memory. */
import { createEngine, type Engine } from 'posenc';
import { type Floors, floorsOn } from './floor/compile.ts';

export interface Lab {
  readonly engine: Engine;
  readonly floors: Floors;
}

/** `memoryBytes` are reserved, and committed by the system as they are touched; views never go stale. Default 512 MiB. */
export async function openLab(memoryBytes = 2 ** 29): Promise<Lab> {
  const engine = createEngine({ initialBytes: memoryBytes, fixed: true });
  return { engine, floors: await floorsOn(engine) };
}
