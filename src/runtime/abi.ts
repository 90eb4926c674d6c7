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
  rotate: 25,
  alibiRows: 17,
  expandRows: 8,
  addRows: 6,
  multiplyRows: 6,
  multiplyPlusOneRows: 6,
  copyRows: 7,
  roundBfloat16: 2,
} as const;

export type KernelName = keyof typeof KERNEL_ARITY;
export type Kernels = { readonly [K in KernelName]: (...parameters: number[]) => void };
