// Learned tables: rows looked up by id, scaled on the way, and rows scaled to a given length. Sizes in floats, strides in bytes.

/** out[t] = factor x table[ids[t]]; the row of an id outside 0 .. tableRows - 1 is zero. Strides in bytes. */
export function lookupRows(
  out: usize, outStride: usize, table: usize, tableRows: i32, width: usize, ids: usize, n: usize, factor: f32,
): void {
  const bytes = width << 2;
  while (n) {
    const id = load<i32>(ids);
    let run: usize = 1;
    if (<u32>id >= <u32>tableRows) memory.fill(out, 0, bytes);
    else {
      // rows that follow each other on both sides are one long row
      if (outStride == bytes) {
        const most = min(n, <usize>(tableRows - id));
        const four = i32x4.add(i32x4.splat(id), i32x4(0, 1, 2, 3));
        while (run + 4 <= most) {
          const next = i32x4.add(four, i32x4.splat(<i32>run));
          if (!i32x4.all_true(i32x4.eq(v128.load(ids + (run << 2)), next))) break;
          run += 4;
        }
        while (run < most && load<i32>(ids + (run << 2)) == id + <i32>run) run++;
      }
      scaleRun(out, table + <usize>id * bytes, run * width, factor);
    }
    n -= run;
    ids += run << 2;
    out += run * outStride;
  }
}

/** out = factor x a, n floats. */
function scaleRun(out: usize, a: usize, n: usize, factor: f32): void {
  const scale = f32x4.splat(factor);
  for (const end = a + ((n >> 5) << 7); a < end; a += 128, out += 128) {
    v128.store(out, f32x4.mul(v128.load(a), scale));
    v128.store(out, f32x4.mul(v128.load(a, 16), scale), 16);
    v128.store(out, f32x4.mul(v128.load(a, 32), scale), 32);
    v128.store(out, f32x4.mul(v128.load(a, 48), scale), 48);
    v128.store(out, f32x4.mul(v128.load(a, 64), scale), 64);
    v128.store(out, f32x4.mul(v128.load(a, 80), scale), 80);
    v128.store(out, f32x4.mul(v128.load(a, 96), scale), 96);
    v128.store(out, f32x4.mul(v128.load(a, 112), scale), 112);
  }
  for (const end = a + (((n & 31) >> 2) << 4); a < end; a += 16, out += 16) v128.store(out, f32x4.mul(v128.load(a), scale));
  for (let rest = n & 3; rest; rest--, a += 4, out += 4) store<f32>(out, load<f32>(a) * factor);
}

/** Every row times factor / max(its length, epsilon), in place. */
export function normalizeRows(x: usize, rows: usize, width: usize, epsilon: f64, factor: f64): void {
  for (; rows; rows--) {
    const end = x + (width << 2);
    let sum: f64 = 0;
    for (let a = x; a < end; a += 4) {
      const v = <f64>load<f32>(a);
      sum += v * v;
    }
    const scale = factor / max<f64>(Math.sqrt(sum), epsilon);
    for (; x < end; x += 4) store<f32>(x, <f32>(<f64>load<f32>(x) * scale));
  }
}
