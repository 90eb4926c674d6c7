/** Integer matrices of a function of key minus query: which row of a table a cell uses. */
import { integer } from '../runtime/arguments.ts';
import { type BiasOptions, type Block, blockOf, extremes } from '../runtime/block.ts';
import { gate } from '../runtime/gate.ts';
import type { OutOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { MAX_LENGTH } from './content.ts';

export interface IndexOptions
  extends Pick<
      BiasOptions,
      'queryLength' | 'keyLength' | 'queryOffset' | 'queryPositions' | 'keyPositions' | 'rows' | 'engine'
    >,
    OutOption<'int32'> {}

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
 * int32 [q, k], or the rows asked for, of f(key - query). `check` may refuse the smallest and largest distance; f must not
 * fail. Consecutive positions cost one evaluation a distance: every row is then a window of them.
 * @internal `o`: options that were taken.
 */
export function indexRows(
  name: string,
  o: IndexOptions,
  f: (distance: number) => number,
  check?: (nearest: number, furthest: number) => void,
): Tensor<'int32'> {
  const call = gate(name, o.engine);
  integer('queryOffset', o.queryOffset, -MAX_LENGTH, MAX_LENGTH, 0);
  const block = blockOf(call, o as BiasOptions);
  const [piece] = block.pieces;
  const reached = extremes(piece);
  if (check !== undefined && reached !== undefined) check(reached[0], reached[1]);
  const indices = call.output('out', o.out, [block.rows, block.columns], 'int32');
  return call.run((engine) => {
    if (indices.length > 0) writeIndices(engine.view('int32', indices.pointer, indices.length), block, f);
    return indices.tensor as unknown as Tensor<'int32'>;
  });
}

function writeIndices(data: Int32Array, { rows, columns, pieces }: Block, f: (distance: number) => number): void {
  const { query, queryPositions, keyPositions } = pieces[0];
  if (queryPositions === undefined && keyPositions === undefined) {
    // row 0, then every row is the one above it a column further, behind one new distance
    for (let c = 0; c < columns; c++) data[c] = f(c - query);
    for (let r = 1; r < rows; r++) {
      const at = r * columns;
      data.copyWithin(at + 1, at - columns, at - 1);
      data[at] = f(0 - query - r);
    }
    return;
  }
  const memo = new Map<number, number>();
  for (let r = 0; r < rows; r++) {
    const at = r * columns;
    for (let c = 0; c < columns; c++) {
      const distance = (keyPositions?.[c] ?? c) - (queryPositions?.[r] ?? query + r);
      let index = memo.get(distance);
      if (index === undefined) memo.set(distance, (index = f(distance)));
      data[at + c] = index;
    }
  }
}
