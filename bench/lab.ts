/** Where the measurements happen: one engine with room for every row, and the floor loops on its memory. */
import { createEngine, type Engine, Tensor } from 'posenc';
import { type Floors, floorsOn } from './floor/compile.ts';
import { OWN, type Own, type OwnFloor, ownFloor } from './floor/own.ts';

export interface Lab {
  readonly engine: Engine;
  readonly floors: Floors;
  /** The floors of kernels' own operations, and the numbers they load. */
  readonly own: ReadonlyMap<Own, OwnFloor>;
  readonly ones: Tensor;
}

/** `memoryBytes` are reserved, and committed by the system as they are touched; views never go stale. Default 512 MiB. */
export async function openLab(memoryBytes = 2 ** 29): Promise<Lab> {
  const engine = createEngine({ initialBytes: memoryBytes, fixed: true });
  const own = new Map<Own, OwnFloor>();
  for (const kernel of OWN) own.set(kernel, await ownFloor(engine, kernel));
  const ones = Tensor.from(new Float32Array(64).fill(1), [64], { engine });
  return { engine, floors: await floorsOn(engine), own, ones };
}
