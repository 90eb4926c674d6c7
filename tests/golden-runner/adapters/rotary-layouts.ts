/** Half-width rows [n, h] as the references repeat them, for tables and for anything else they keep in that shape. */
import type { Output } from '../types.ts';

/** How a row of h numbers becomes one of 2 h. */
const ROWS = {
  full_duplicated: (row: readonly number[]) => [...row, ...row],
  full_interleaved: (row: readonly number[]) => row.flatMap((v) => [v, v]),
};

/** `lead` is the shape of the rows. */
export function repeated({ shape, data }: Output, layout: keyof typeof ROWS, lead: readonly number[]): Output {
  const [n, h] = shape;
  const out: number[] = [];
  for (let r = 0; r < n; r++) out.push(...ROWS[layout](Array.prototype.slice.call(data, r * h, (r + 1) * h)));
  return { shape: [...lead, 2 * h], data: out };
}
