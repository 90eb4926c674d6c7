/**
 * The constants block: what kernels read instead of literals, because V8 builds a v128 literal anew in every pass of a loop. One
 * engine holds it once and passes its pointer, the parameter `constants` of a kernel. Here are its byte offsets, read by both
 * languages; coefficients.ts writes the values there. A name in _TERMS starts the coefficients of a polynomial, lowest power
 * first, 8 bytes each; everything is float64 unless said. Nothing but `export const NAME = integer;` may stand here.
 */

// Sine and cosine (assembly/math/sincos.ts)
/** pi / 2. */
export const HALF_PI = 0;
/** 6 coefficients. */
export const SIN_TERMS = 8;
/** 6 coefficients. */
export const COS_TERMS = 56;
export const ONE = 104;
export const HALF = 112;
export const ONE_AND_HALF = 120;
/** 0.7: an angle below it is taken as it is, radians. */
export const DIRECT_LIMIT = 128;
/** 2^52: added to a smaller number it puts its whole part into the low bits. */
export const TWO52 = 136;
/** i64: the sign bit. */
export const SIGN = 144;
/** i64: an eighth of a turn, where a turn is 2^64. */
export const EIGHTH_TURN = 152;
/** i64: the low 32 bits. */
export const LOW32 = 160;
/** i64: 2^64 / (2 pi), the turns of frequency 1. */
export const TURN_HIGH = 168;
/** i64: the next 64 bits below. */
export const TURN_LOW = 176;
/** float32: the lane numbers 0 1 2 3. */
export const LANE_NUMBERS = 184;

// Elementary functions (assembly/math)
/** i64: 1.0 - sqrt(1/2), as bits, cut to the upper half. */
export const LOG_SHIFT = 200;
/** i64: the 52 bits of a mantissa. */
export const MANTISSA = 208;
/** i64: sqrt(1/2), as bits, cut to the upper half. */
export const LOG_LEAST = 216;
/** i64: keeps the upper 26 bits of a mantissa, so that products of such numbers are exact. */
export const UPPER = 224;
export const LOG2E = 232;
/** ln 2 in two parts; the first has 42 bits: its product with an exponent is exact. */
export const LN2_HIGH = 240;
export const LN2_LOW = 248;
/** 1.5 x 2^52: added to an integer it puts it, two's complement, into the low mantissa bits. */
export const ROUND = 256;
export const EXP_MIN = 264;
export const EXP_MAX = 272;
export const EXPM1_MIN = 280;
/** 11 coefficients. */
export const EXP_TERMS = 288;
export const MIN_NORMAL = 376;
export const TWO54 = 384;
export const FIFTY_FOUR = 392;
/** 2^52 + 1023. */
export const BIAS = 400;
export const INF = 408;
/** 8 coefficients. */
export const LOG_TERMS = 416;
export const POW_LIMIT = 480;
export const POW_MAX = 488;
export const TANH_MAX = 496;
export const ERF_SMALL = 504;
export const ERFC_MAX = 512;
export const FOUR = 520;
/** 12 coefficients. */
export const ERF_TERMS = 528;
/** 23 coefficients. */
export const ERFC_TERMS = 624;
export const SQRT_HALF = 808;
export const SILU_MIN = 816;
export const GELU_MAX = 824;

// Sine and cosine of float32 angles (assembly/angles.ts)
export const TWO_OVER_PI = 832;
/** The first 33 bits of pi / 2: its product with an integer below 2^20 is exact. */
export const HALF_PI_HIGH = 840;
/** The next 53. */
export const HALF_PI_LOW = 848;
/** 4 coefficients. */
export const SHORT_SIN_TERMS = 856;
/** 4 coefficients. */
export const SHORT_COS_TERMS = 888;
/** 512, radians. */
export const NEAR_ANGLE = 920;
/** 2^19, radians. */
export const FAR_ANGLE = 928;
export const TWO_TO_MINUS_50 = 936;
