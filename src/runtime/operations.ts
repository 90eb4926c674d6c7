/** Operation codes by the words of the options: for callers that are given a word. What knows its operation imports the code. */
import * as code from './codes.ts';

/** Operations of mapUnary and of linear's activation (assembly/math/unary.ts). */
export const UNARY = {
  identity: code.IDENTITY,
  relu: code.RELU,
  sigmoid: code.SIGMOID,
  silu: code.SILU,
  gelu: code.GELU,
  tanh: code.TANH,
  exp: code.EXP,
  expm1: code.EXPM1,
  log: code.LOG,
  log1p: code.LOG1P,
  softplus: code.SOFTPLUS,
  erf: code.ERF,
} as const;

/** How joinRows joins x and p: x + p, x p, x (1 + p) (assembly/join.ts). */
export const JOIN = {
  add: code.JOIN_ADD,
  mul: code.JOIN_MULTIPLY,
  mulPlusOne: code.JOIN_MULTIPLY_PLUS_ONE,
} as const;
