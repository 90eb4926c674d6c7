// What kernels of a computed distance share. Distances (key minus query) are float64 numbers at `list`, or consecutive from
// `first` when it is 0; a value depends on its distance alone.

/** Distances t and t + 1; past the end of a list the last one again. */
// @ts-ignore: decorator
@inline
export function pairAt(first: f64, list: usize, t: usize, count: usize): v128 {
  if (list) {
    const a = list + (t << 3);
    return f64x2.replace_lane(f64x2.splat(load<f64>(a)), 1, load<f64>(t + 1 < count ? a + 8 : a));
  }
  const d = first + <f64>t;
  return f64x2.replace_lane(f64x2.splat(d), 1, d + 1.0);
}

/** Rounds two lanes to float32 and stores them, or the first alone at the end of a row. */
// @ts-ignore: decorator
@inline
export function storePair(out: usize, value: v128, both: bool): void {
  const rounded = f32x4.demote_f64x2_zero(value);
  if (both) v128.store64_lane(out, rounded, 0);
  else v128.store32_lane(out, rounded, 0);
}
