// @ts-nocheck: AssemblyScript, compiled by bench/floor/compile.ts and never part of the package.
//
// The floors: the least a kernel that writes these bytes can do in 128-bit WebAssembly. Four vectors a turn, immediate
// offsets, the constant splatted from a parameter. Sizes in bytes, any multiple of 4.

/** Producers: every byte is stored once. */
export function fill(to: usize, bytes: usize, value: f32): void {
  const v = f32x4.splat(value);
  const end = to + bytes;
  const whole = to + (bytes & ~63);
  while (to < whole) {
    v128.store(to, v, 0);
    v128.store(to, v, 16);
    v128.store(to, v, 32);
    v128.store(to, v, 48);
    to += 64;
  }
  while (to < end) {
    store<f32>(to, value);
    to += 4;
  }
}

/** In place: every byte is loaded, multiplied and stored. */
export function scale(x: usize, bytes: usize, factor: f32): void {
  const c = f32x4.splat(factor);
  const end = x + bytes;
  const whole = x + (bytes & ~63);
  while (x < whole) {
    v128.store(x, f32x4.mul(v128.load(x, 0), c), 0);
    v128.store(x, f32x4.mul(v128.load(x, 16), c), 16);
    v128.store(x, f32x4.mul(v128.load(x, 32), c), 32);
    v128.store(x, f32x4.mul(v128.load(x, 48), c), 48);
    x += 64;
  }
  while (x < end) {
    store<f32>(x, load<f32>(x) * factor);
    x += 4;
  }
}

/** From one buffer to another: every byte is loaded from `from` and stored to `to`. */
export function copy(to: usize, from: usize, bytes: usize): void {
  const end = to + bytes;
  const whole = to + (bytes & ~63);
  while (to < whole) {
    v128.store(to, v128.load(from, 0), 0);
    v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
    to += 64;
    from += 64;
  }
  while (to < end) {
    store<f32>(to, load<f32>(from));
    to += 4;
    from += 4;
  }
}
