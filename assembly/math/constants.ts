// Byte offsets of the elementary functions' constants in the coefficient block; src/runtime/coefficients.ts writes them in
// this order. Names with a plural meaning start a polynomial, lowest power first.
export const ONE: usize = 104;
export const HALF: usize = 112;
export const TWO52: usize = 136;
export const SIGN: usize = 152;
/** i64: 1.0 - sqrt(1/2), as bits, cut to the upper half. */
export const LOG_SHIFT: usize = 208;
/** i64: the 52 bits of a mantissa. */
export const MANTISSA: usize = 216;
/** i64: sqrt(1/2), as bits, cut to the upper half. */
export const LOG_LEAST: usize = 224;
/** i64: keeps the upper 26 bits of a mantissa, so that products of such numbers are exact. */
export const UPPER: usize = 232;
export const LOG2E: usize = 240;
/** ln 2 in two parts; the first has 42 bits: its product with an exponent is exact. */
export const LN2_HIGH: usize = 248;
export const LN2_LOW: usize = 256;
/** 1.5 x 2^52: added to an integer it puts it, two's complement, into the low mantissa bits. */
export const ROUND: usize = 264;
export const EXP_MIN: usize = 272;
export const EXP_MAX: usize = 280;
export const EXPM1_MIN: usize = 288;
/** 11 coefficients. */
export const EXP: usize = 296;
export const MIN_NORMAL: usize = 384;
export const TWO54: usize = 392;
export const FIFTY_FOUR: usize = 400;
/** 2^52 + 1023. */
export const BIAS: usize = 408;
export const INF: usize = 416;
/** 8 coefficients. */
export const LOG: usize = 424;
export const POW_LIMIT: usize = 488;
export const POW_MAX: usize = 496;
export const TANH_MAX: usize = 504;
export const ERF_SMALL: usize = 512;
export const ERFC_MAX: usize = 520;
export const FOUR: usize = 528;
/** 12 coefficients. */
export const ERF: usize = 536;
/** 23 coefficients. */
export const ERFC: usize = 632;
export const SQRT_HALF: usize = 816;
export const SILU_MIN: usize = 824;
export const GELU_MAX: usize = 832;
