/** Conversions, elementwise functions and products in JavaScript with typed arrays. */

type Half = 'bfloat16' | 'float16';

/** 16-bit codes as float32; float16 through a table of its exponents. */
export function widen(dtype: Half, codes: Uint16Array) {
  if (dtype === 'bfloat16') {
    return (out: Float32Array): void => {
      const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
      for (let i = 0; i < codes.length; i++) bits[i] = codes[i] << 16;
    };
  }
  const powers = Float64Array.from({ length: 32 }, (_, e) => 2 ** (Math.max(e, 1) - 25));
  return (out: Float32Array): void => {
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i];
      const exponent = (code >> 10) & 31;
      const fraction = (code & 1023) + (exponent ? 1024 : 0);
      const magnitude =
        exponent === 31 ? (code & 1023 ? Number.NaN : Number.POSITIVE_INFINITY) : fraction * powers[exponent];
      out[i] = code & 0x8000 ? -magnitude : magnitude;
    }
  };
}

/** float32 as 16-bit codes, rounded to nearest even; its own array of codes is what it returns. */
export function narrow(dtype: Half, x: Float32Array) {
  const bits = new Uint32Array(x.buffer, x.byteOffset, x.length);
  const codes = new Uint16Array(x.length);
  if (dtype === 'bfloat16') {
    return (): Uint16Array => {
      for (let i = 0; i < x.length; i++) {
        const b = bits[i];
        codes[i] = (b & 0x7fffffff) > 0x7f800000 ? (b >>> 16) | 64 : (b + 0x7fff + ((b >>> 16) & 1)) >>> 16;
      }
      return codes;
    };
  }
  const float = new Float32Array(1);
  const word = new Uint32Array(float.buffer);
  return (): Uint16Array => {
    for (let i = 0; i < x.length; i++) {
      const magnitude = bits[i] & 0x7fffffff;
      let code: number;
      if (magnitude >= 0x47800000) code = magnitude > 0x7f800000 ? 0x7e00 : 0x7c00;
      else if (magnitude < 0x38800000) {
        float[0] = Math.abs(x[i]) + 0.5;
        code = word[0] - 0x3f000000;
      } else code = (magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
      codes[i] = ((bits[i] >>> 16) & 0x8000) | code;
    }
    return codes;
  };
}

const FUNCTIONS: Readonly<Record<string, (x: number) => number>> = {
  identity: (x) => x,
  relu: (x) => Math.max(x, 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  silu: (x) => x / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
};

/** One function over an array; undefined for those JavaScript does not have (erf, gelu). */
export function unary(name: string, x: Float32Array) {
  const f = FUNCTIONS[name];
  if (!f) return undefined;
  // a function of its own for each: one that is called with many becomes a slow one
  const loop = new Function('f', 'x', 'out', 'for (let i = 0; i < x.length; i++) out[i] = f(x[i]);');
  return (out: Float32Array): void => loop(f, x, out);
}

export function power(x: Float32Array, exponent: number, out: Float32Array): void {
  for (let i = 0; i < x.length; i++) out[i] = x[i] ** exponent;
}

/** out = a b^T + bias; a [m, d], b [n, d]. */
export function productTransposed(
  a: Float32Array,
  b: Float32Array,
  m: number,
  n: number,
  d: number,
  out: Float32Array,
  bias?: Float32Array,
): void {
  for (let i = 0, at = 0; i < m; i++) {
    for (let j = 0; j < n; j++, at++) {
      let sum = bias ? bias[j] : 0;
      for (let c = 0, x = i * d, y = j * d; c < d; c++, x++, y++) sum += a[x] * b[y];
      out[at] = sum;
    }
  }
}

/** out = a b; a [m, d], b [d, n]: a row of b after another, so that all reads are consecutive. */
export function product(a: Float32Array, b: Float32Array, m: number, n: number, d: number, out: Float32Array): void {
  for (let i = 0; i < m; i++) {
    const row = i * n;
    out.fill(0, row, row + n);
    for (let c = 0; c < d; c++) {
      const factor = a[i * d + c];
      for (let j = 0, y = c * n; j < n; j++, y++) out[row + j] += factor * b[y];
    }
  }
}
