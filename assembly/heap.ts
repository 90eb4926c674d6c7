// The heap of an engine that owns its memory: nothing but the runtime that @assemblyscript/loader makes blocks with.

/** Runtime id of Float32Array, which the loader asks for when it makes a block. */
export const Float32ArrayId = idof<Float32Array>();
