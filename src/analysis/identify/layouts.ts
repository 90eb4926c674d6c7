/** Where the sines and cosines of each pair stand in a row: the arrangements that public code has. */
import type { Grid } from './numbers.ts';

export interface Layout {
  readonly name: 'interleaved' | 'concat' | 'half' | 'full_duplicated' | 'full_interleaved';
  /** Which stands first; of one function alone, which it is. */
  readonly order: 'sin-cos' | 'cos-sin' | 'sin' | 'cos';
  readonly pairs: number;
  /** Columns of each pair; -1 where an odd width leaves one out. */
  readonly sin?: readonly number[];
  readonly cos?: readonly number[];
  /** Columns of the table, and what its last ones are. */
  readonly width: number;
  readonly zeroColumn: boolean;
}

const list = (count: number, of: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => of(i));

/** Sines and cosines side by side. */
export function jointLayouts(grid: Grid): Layout[] {
  const { columns } = grid;
  const found: Layout[] = [];
  const add = (name: 'interleaved' | 'concat', width: number, zeroColumn: boolean): void => {
    const pairs = Math.ceil(width / 2);
    const second = Math.floor(width / 2);
    if (second === 0) return;
    const first = list(pairs, (k) => (name === 'interleaved' ? 2 * k : k));
    const other = list(pairs, (k) => (k >= second ? -1 : name === 'interleaved' ? 2 * k + 1 : pairs + k));
    found.push({ name, order: 'sin-cos', pairs, sin: first, cos: other, width: columns, zeroColumn });
    found.push({ name, order: 'cos-sin', pairs, sin: other, cos: first, width: columns, zeroColumn });
  };
  for (const name of ['interleaved', 'concat'] as const) add(name, columns, false);
  if (columns % 2 === 1 && isZero(grid, columns - 1))
    for (const name of ['interleaved', 'concat'] as const) add(name, columns - 1, true);
  return found;
}

function isZero({ rows, columns, data }: Grid, column: number): boolean {
  for (let r = 0; r < rows; r++) if (data[r * columns + column] !== 0) return false;
  return true;
}

/** cos and sin as two tables, put side by side: [rows, 2 n]. What holds every value twice is taken once. */
export function separateLayouts(cosine: Grid, sine: Grid): { readonly grid: Grid; readonly layout: Layout } {
  const name = foldOf(cosine) === foldOf(sine) ? foldOf(cosine) : 'half';
  const { rows, columns } = cosine;
  const pairs = name === 'half' ? columns : columns / 2;
  const data = new Float64Array(rows * 2 * columns);
  for (let r = 0; r < rows; r++) {
    data.set(cosine.data.subarray(r * columns, (r + 1) * columns), 2 * r * columns);
    data.set(sine.data.subarray(r * columns, (r + 1) * columns), (2 * r + 1) * columns);
  }
  const at = (k: number): number => (name === 'full_interleaved' ? 2 * k : k);
  return {
    grid: { rows, columns: 2 * columns, data },
    layout: {
      name,
      order: 'cos-sin',
      pairs,
      cos: list(pairs, at),
      sin: list(pairs, (k) => columns + at(k)),
      width: columns,
      zeroColumn: false,
    },
  };
}

/** One function alone. */
export function singleLayouts(grid: Grid): Layout[] {
  const name = foldOf(grid);
  const pairs = name === 'half' ? grid.columns : grid.columns / 2;
  const columns = list(pairs, (k) => (name === 'full_interleaved' ? 2 * k : k));
  const common = { name, pairs, width: grid.columns, zeroColumn: false } as const;
  return [
    { ...common, order: 'cos', cos: columns },
    { ...common, order: 'sin', sin: columns },
  ];
}

/** Whether every value stands there twice, and how. */
function foldOf({ rows, columns, data }: Grid): 'half' | 'full_duplicated' | 'full_interleaved' {
  if (columns % 2 === 1 || columns < 4) return 'half';
  const half = columns / 2;
  let [duplicated, interleaved] = [true, true];
  for (let r = 0; r < rows; r++) {
    for (let k = 0; k < half; k++) {
      const at = r * columns;
      duplicated &&= data[at + k] === data[at + half + k];
      interleaved &&= data[at + 2 * k] === data[at + 2 * k + 1];
    }
  }
  // where all rows are alike nothing is told
  return duplicated && interleaved
    ? 'half'
    : duplicated
      ? 'full_duplicated'
      : interleaved
        ? 'full_interleaved'
        : 'half';
}
