/**
 * The values of the constants block (constants.ts holds the offsets, which the kernels share), written once per engine.
 */

/** sin and cos on [-pi/4, pi/4]: fdlibm __kernel_sin and __kernel_cos. */
const SIN = [
  -0.16666666666666632, 0.00833333333332249, -0.0001984126982985795, 2.7557313707070068e-6, -2.5050760253406863e-8,
  1.58969099521155e-10,
];
const COS = [
  0.0416666666666666, -0.001388888888887411, 2.480158728947673e-5, -2.7557314351390663e-7, 2.087572321298175e-9,
  -1.1359647557788195e-11,
];

/** The same with as many terms as float32 needs: FreeBSD msun, k_sinf.c and k_cosf.c; errors below 2^-37 and 2^-34. */
const SHORT_SIN = [-0.16666666641626524, 0.008333329385889463, -0.00019839334836096632, 2.718311493989822e-6];
const SHORT_COS = [-0.499999997251031, 0.04166662332373906, -0.001388676377460993, 2.439044879627741e-5];

/** (e^r - 1 - r) / r^2, |r| <= ln 2 / 2. These four: interpolated at Chebyshev nodes in 90 digits, error below 2^-54. */
const EXP = [
  0.5, 0.1666666666666667, 0.04166666666666667, 0.008333333333326136, 0.0013888888888883748, 0.00019841269874820627,
  2.4801587325547743e-5, 2.7557255400206422e-6, 2.75572736431103e-7, 2.5105217004720745e-8, 2.0914686968086876e-9,
];
/** Q: ln((1 + s) / (1 - s)) = 2 s + s^3 Q(s^2), |s| <= 0.172. */
const LOG = [
  0.6666666666666666, 0.4000000000000088, 0.2857142857080323, 0.2222222239180047, 0.18181795630884753,
  0.15386240205813478, 0.13268759668560612, 0.13086767009948175,
];
/** erf(x) / x - 1 in x^2, |x| <= 0.875. */
const ERF = [
  0.1283791670955126, -0.3761263890318374, 0.11283791670954353, -0.026866170644942594, 0.005223977623059443,
  -0.0008548326845690305, 0.00012055324561705379, -1.492538720169797e-5, 1.6456607597388118e-6, -1.6289242608284092e-7,
  1.4122777660357666e-8, -8.666276629203472e-10,
];
/** (1 + 2 x) e^(x^2) erfc(x) - 1 in q = (x - 4) / (x + 4), 0 <= x <= 30. */
const ERFC = [
  0.2329951186255525, -0.139621116840563, 0.015379652102619512, 0.06809705425474666, -0.10103906603627971,
  0.09373283499652771, -0.06633036581319794, 0.03716751556571174, -0.01619773403952656, 0.00503196973767563,
  -0.000757773473253444, -0.00019925546993862576, 0.00015062277973082035, -2.4403079119243878e-5, -1.122611190011319e-5,
  5.7172007073389786e-6, 3.0324186618894764e-7, -8.335707797974609e-7, 6.139001016255127e-8, 1.1363818318583681e-7,
  -7.591060963704628e-9, -1.294881161729725e-8, -1.5902204583903627e-9,
];

/** The float32 numbers 0, 1, 2, 3. */
const LANES = [0x3f80000000000000n, 0x4040000040000000n];

/** The block, 8 bytes a value, in the order of the offsets: numbers are float64, bigints 64-bit words. Names: constants.ts. */
const BLOCK: readonly (number | bigint)[] = [
  Math.PI / 2, // HALF_PI
  ...SIN, // SIN_TERMS
  ...COS, // COS_TERMS
  1, // ONE
  0.5, // HALF
  1.5, // ONE_AND_HALF
  0.7, // DIRECT_LIMIT
  2 ** 52, // TWO52
  0x8000000000000000n, // SIGN
  0x2000000000000000n, // EIGHTH_TURN
  0x00000000ffffffffn, // LOW32
  0x28be60db9391054an, // TURN_HIGH
  0x7f09d5f47d4d3770n, // TURN_LOW
  ...LANES, // LANE_NUMBERS
  0x00095f6200000000n, // LOG_SHIFT
  0x000fffffffffffffn, // MANTISSA
  0x3fe6a09e00000000n, // LOG_LEAST
  0xfffffffff8000000n, // UPPER
  Math.LOG2E, // LOG2E
  0.6931471805598903, // LN2_HIGH
  5.497923018708371e-14, // LN2_LOW
  1.5 * 2 ** 52, // ROUND
  -746, // EXP_MIN
  710, // EXP_MAX
  -50, // EXPM1_MIN
  ...EXP, // EXP_TERMS
  2 ** -1022, // MIN_NORMAL
  2 ** 54, // TWO54
  54, // FIFTY_FOUR
  2 ** 52 + 1023, // BIAS
  Number.POSITIVE_INFINITY, // INF
  ...LOG, // LOG_TERMS
  1000, // POW_LIMIT
  2 ** 900, // POW_MAX
  20, // TANH_MAX
  0.875, // ERF_SMALL
  30, // ERFC_MAX
  4, // FOUR
  ...ERF, // ERF_TERMS
  ...ERFC, // ERFC_TERMS
  Math.SQRT1_2, // SQRT_HALF
  -1000, // SILU_MIN
  42, // GELU_MAX
  2 / Math.PI, // TWO_OVER_PI
  1.5707963267341256, // HALF_PI_HIGH
  6.077100506506192e-11, // HALF_PI_LOW
  ...SHORT_SIN, // SHORT_SIN_TERMS
  ...SHORT_COS, // SHORT_COS_TERMS
  512, // NEAR_ANGLE
  2 ** 19, // FAR_ANGLE
  2 ** -50, // TWO_TO_MINUS_50
];

export const COEFFICIENT_BYTES = 8 * BLOCK.length;

/** Writes the constants block, COEFFICIENT_BYTES at byteOffset, a multiple of 8. */
export function writeCoefficients(buffer: ArrayBuffer, byteOffset: number): void {
  const floats = new Float64Array(buffer, byteOffset, BLOCK.length);
  const words = new BigUint64Array(buffer, byteOffset, BLOCK.length);
  BLOCK.forEach((value, i) => {
    if (typeof value === 'bigint') words[i] = value;
    else floats[i] = value;
  });
}
