/** The other module of the example: an inference engine in miniature, with its own memory and allocator. */

/** A block of `bytes` bytes, 16-byte aligned. */
export function allocate(bytes: usize): usize {
  return heap.alloc(bytes);
}

/** out[i] = q . k[i] for `rows` keys of `dim` channels. */
export function scores(q: usize, k: usize, rows: i32, dim: i32, out: usize): void {
  for (let i = 0; i < rows; i++) {
    let sum: f32 = 0;
    for (let c = 0; c < dim; c++) sum += load<f32>(q + (<usize>c << 2)) * load<f32>(k + (<usize>(i * dim + c) << 2));
    store<f32>(out + (<usize>i << 2), sum);
  }
}
