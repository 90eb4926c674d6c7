// The gate of WavLM's relative position bias.

/** out[r] = (z0 + z1 + z2 + z3, z4 + z5 + z6 + z7) of the eight floats of row r of z, summed in that order. */
export function halfSums(out: usize, z: usize, rows: usize): void {
  for (; rows; rows--, out += 8, z += 32) {
    store<f32>(out, load<f32>(z) + load<f32>(z, 4) + load<f32>(z, 8) + load<f32>(z, 12));
    store<f32>(out, load<f32>(z, 16) + load<f32>(z, 20) + load<f32>(z, 24) + load<f32>(z, 28), 4);
  }
}

/** out[r] = a (c constant - 1) + 2 for the pairs (a, c) of float32 at pairs + 8 r; out may be pairs. */
export function gateRows(out: usize, pairs: usize, rows: usize, constant: f32): void {
  for (; rows; rows--, out += 4, pairs += 8) {
    store<f32>(out, load<f32>(pairs) * (load<f32>(pairs, 4) * constant - 1.0) + 2.0);
  }
}
