// The rows of a table whose index is a distance that is clipped at both ends (Phi-4-multimodal, AlphaFold).

/**
 * out[t] = stride x row, int32; row = clip(sign d + centre, 0, last), or min(|d|, last) when sign is 0, for the distances
 * d = first + t, or float64 numbers at `list` when it is not 0. Where the int32 at groups + 4 t is not `group`, row = other;
 * groups 0: no such row.
 */
export function clippedRows(
  out: usize, list: usize, first: f64, count: usize, sign: i32, centre: i32, last: i32, stride: i32, groups: usize,
  group: i32, other: i32,
): void {
  for (let t: usize = 0; t < count; t++) {
    const d = list ? load<f64>(list + (t << 3)) : first + <f64>t;
    const place = sign == 0 ? Math.abs(d) : <f64>sign * d + <f64>centre;
    let row = <i32>max<f64>(0.0, min<f64>(place, <f64>last));
    if (groups && load<i32>(groups + (t << 2)) != group) row = other;
    store<i32>(out + (t << 2), stride * row);
  }
}
