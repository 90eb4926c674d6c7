// The kernels: no heap, no data, no state, so that they run in any memory, the engine's own or a caller's.
export * from "./kernels";
