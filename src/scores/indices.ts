/** Integer matrices of a function of key minus query: which row of a table a cell uses. */
import { integer } from '../runtime/arguments.ts';
import { type BiasOptions, blockOf } from '../runtime/block.ts';
import type { Engine } from '../runtime/engine.ts';
import { checkOut, chooseEngine, output } from '../runtime/operands.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { MAX_LENGTH } from './content.ts';

export interface IndexOptions
  extends Pick<
    BiasOptions,
    'queryLength' | 'keyLength' | 'queryOffset' | 'queryPositions' | 'keyPositions' | 'rows' | 'engine'
  > {
  readonly out?: Tensor<'int32'>;
}

export const INDEX_OPTIONS = [
  'queryLength',
  'keyLength',
  'queryOffset',
  'queryPositions',
  'keyPositions',
  'rows',
  'out',
  'engine',
] as const;

/**
 * int32 [q, k], or the rows asked for, of f(key - query). Consecutive positions cost one evaluation a distance; every row is
 * then a window of them.
 */
export function indexRows(name: string, o: IndexOptions, f: (distance: number) => number): Tensor<'int32'> {
  const { queryLength, keyLength, queryOffset, queryPositions, keyPositions, rows } = o;
  integer('queryOffset', queryOffset, -MAX_LENGTH, MAX_LENGTH, 0);
  const block = blockOf(name, { queryLength, keyLength, queryOffset, queryPositions, keyPositions, rows });
  const engine: Engine = chooseEngine(o.engine, o.out);
  const shape = [block.rows, block.columns];
  checkOut(engine, o.out, shape, 'int32');
  const consecutive = block.queryPositions === undefined && block.keyPositions === undefined;
  // evaluated before the output exists: f may refuse a distance
  let window: Int32Array | undefined;
  const cell = new Map<number, number>();
  const value = (distance: number) => {
    let known = cell.get(distance);
    if (known === undefined) cell.set(distance, (known = f(distance)));
    return known;
  };
  if (consecutive && block.rows > 0 && block.columns > 0) {
    const from = -(block.query + block.rows - 1);
    window = Int32Array.from({ length: block.rows + block.columns - 1 }, (_, t) => f(from + t));
  }
  const distanceOf = (r: number, c: number) =>
    (block.keyPositions?.[c] ?? c) - (block.queryPositions?.[r] ?? block.query + r);
  if (!consecutive)
    for (let r = 0; r < block.rows; r++) for (let c = 0; c < block.columns; c++) value(distanceOf(r, c));
  const indices = output(engine, o.out, shape, 'int32');
  const data = indices.data;
  for (let r = 0; r < block.rows; r++) {
    const at = r * block.columns;
    if (window) data.set(window.subarray(block.rows - 1 - r, block.rows - 1 - r + block.columns), at);
    else for (let c = 0; c < block.columns; c++) data[at + c] = value(distanceOf(r, c));
  }
  return indices;
}
