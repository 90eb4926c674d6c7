// The default build: the kernels, and the runtime exports that @assemblyscript/loader needs to own blocks.
export * from "./kernels";

/** Runtime id of Float32Array, which the loader asks for when it makes a block. */
export const Float32ArrayId = idof<Float32Array>();
