// The ABI: every exported kernel, in one list. src/runtime/abi.ts types it; a test holds the two equal.
export { phasePlan, phaseRows, phaseAt, sincosTorch } from "./phase";
export { rotate } from "./rotate";
export { alibiRows } from "./diagonal";
export { expandRows } from "./toeplitz";
export { addRows, multiplyRows, multiplyPlusOneRows, copyRows } from "./rows";
export { roundBfloat16 } from "./math/bfloat16";
export { mapUnary, mapUnary64, mapPow, mapPow64 } from "./math/unary";
export { linear, productTransposed, product, layerNormRows } from "./dense";
export { seedLanes, axisAngles, angleLanes, narrowAngles, lanesToTable, turnLanes } from "./lanes";
export { turn } from "./turn";
export { permuteColumns, fillRows } from "./axial";
export { polar } from "./polar";
