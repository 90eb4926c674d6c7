// What axial tables need beside phases: frequencies of several axes that alternate within a row.

/**
 * Reorders the columns of n rows in place: column i of the result is column order[i] (int32) of the row. stride in bytes;
 * temp: 4 x width bytes.
 */
export function permuteColumns(x: usize, stride: usize, n: usize, width: usize, order: usize, temp: usize): void {
  const bytes = width << 2;
  for (; n; n--, x += stride) {
    for (let i: usize = 0; i < bytes; i += 4) store<f32>(temp + i, load<f32>(x + (<usize>load<i32>(order + i) << 2)));
    for (let i: usize = 0; i < bytes; i += 4) store<f32>(x + i, load<f32>(temp + i));
  }
}

/** n rows of the same number: the cosines and sines of tokens that have no place on the grid. */
export function fillRows(x: usize, count: usize, value: f32): void {
  for (const end = x + (count << 2); x < end; x += 4) store<f32>(x, value);
}
