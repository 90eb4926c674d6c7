/**
 * The ABI: every exported kernel with the number of its parameters. All parameters are numbers (pointers and strides in
 * bytes, sizes in elements); what they mean is said beside the kernel in assembly/. A test holds this list equal to the
 * exports of the binaries.
 */
export const KERNEL_ARITY = {
  phasePlan: 3,
  phaseRows: 11,
  phaseAt: 11,
  sincosTorch: 14,
  iteratedAngles: 11,
  rotate: 25,
  rotateStep: 3,
  gatherColumns: 8,
  selectStreams: 9,
  scaleRows: 5,
  alibiRows: 17,
  expandRows: 8,
  addRows: 6,
  multiplyRows: 6,
  multiplyPlusOneRows: 6,
  copyRows: 7,
  gatherRows: 8,
  normalizeRows: 5,
  hierarchicalRows: 7,
  transposeRows: 7,
  resizeGrid: 15,
  phaseStrided: 12,
  projectedPhase: 10,
  complexOrderRows: 18,
  multiplesOfRow: 4,
  phaseSums: 9,
  recurrentMlp: 11,
  gruLayer: 16,
  integrateFlow: 12,
  packDepthwise: 4,
  depthwise3x3: 11,
  groupedConv1d: 12,
  normalizeTaps: 6,
  narrowFloat16: 3,
  widenFloat16: 7,
  roundBfloat16: 2,
  narrowBfloat16: 3,
  widenBfloat16: 5,
  mapUnary: 5,
  mapUnary64: 5,
  mapPow: 5,
  mapPow64: 5,
  linear: 11,
  productTransposed: 10,
  product: 10,
  layerNormRows: 7,
} as const;

export type KernelName = keyof typeof KERNEL_ARITY;
export type Kernels = { readonly [K in KernelName]: (...parameters: number[]) => void };

/** Operation codes of mapUnary and of linear's activation (assembly/math/unary.ts). */
export const UNARY = {
  identity: 0,
  relu: 1,
  sigmoid: 2,
  silu: 3,
  gelu: 4,
  tanh: 5,
  exp: 6,
  expm1: 7,
  log: 8,
  log1p: 9,
  softplus: 10,
  erf: 11,
} as const;
