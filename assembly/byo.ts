// The same kernels for a caller's own memory: no heap, no data, no state.
export * from "./kernels";
