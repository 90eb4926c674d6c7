/**
 * Operation codes, written once for both languages: the facade imports them, and so do the kernels (the AssemblyScript compiler
 * puts the numbers in place). Nothing but `export const NAME = integer;` may stand here.
 */

// Elementwise functions: mapUnary, mapUnary64, the activation of linear (assembly/math/unary.ts)
export const IDENTITY = 0;
export const RELU = 1;
export const SIGMOID = 2;
export const SILU = 3;
export const GELU = 4;
export const TANH = 5;
export const EXP = 6;
export const EXPM1 = 7;
export const LOG = 8;
export const LOG1P = 9;
export const SOFTPLUS = 10;
export const ERF = 11;

// How joinRows joins x and p: x + p, x p, x (1 + p) (assembly/join.ts)
export const JOIN_ADD = 0;
export const JOIN_MULTIPLY = 1;
export const JOIN_MULTIPLY_PLUS_ONE = 2;

// What happens to the words of an output: replaced, added to, multiplied (diagonals, grids)
export const REPLACE = 0;
export const ADD = 1;
export const MULTIPLY = 2;

// Where sines and cosines go: two outputs, pairs in one, or one of them alone (assembly/phase.ts)
export const SIN_AND_COS = 0;
export const SIN_COS_PAIRS = 1;
export const COS_SIN_PAIRS = 2;
export const SIN_ONLY = 3;
export const COS_ONLY = 4;

// What complexOrderRows writes: cosines and sines apart, in pairs, their sum (assembly/fourier.ts)
export const ORDER_APART = 0;
export const ORDER_PAIRS = 1;
export const ORDER_SUM = 2;

// What phaseSums adds up (assembly/fourier.ts)
export const SUM_OF_COSINES = 0;
export const MEAN_MODULUS = 1;

// Bits of the mode of rotate and changes of pairing (assembly/rotate.ts, assembly/reRotate.ts)
export const LOAD_INTERLEAVED = 1;
export const STORE_INTERLEAVED = 2;
export const INVERSE = 4;

// Forms of KERPLE (assembly/kerple.ts)
export const KERPLE_LOG = 0;
export const KERPLE_POWER = 1;
export const KERPLE_WEIGHT = 2;

// A flow of FLOATER: its kind, and how it is integrated (assembly/recurrent.ts)
export const FLOW_LINEAR = 0;
export const FLOW_CONVOLUTIONAL = 1;
export const EULER = 0;
export const MIDPOINT = 1;
export const RK4_THREE_EIGHTHS = 2;
export const RK4_CLASSICAL = 3;
