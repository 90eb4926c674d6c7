// The ABI: every exported kernel, in one list. src/runtime/abi.ts types it; a test holds the two equal.
export { phasePlan, phaseRows, phaseAt, sincosTorch, torchRows } from "./phase";
export { iteratedAngles } from "./iterated";
export { rotate, rotateStep } from "./rotate";
export { gatherColumns, selectStreams, scaleRows } from "./columns";
export { alibiRows } from "./diagonal";
export { expandRows, gatherRows, distanceRow, maskRow, fillRows, transposeEntries, pickRows } from "./toeplitz";
export { bucketRows } from "./buckets";
export { kerpleRows, cosineSums, divideRows, signedDistances, logDistances, fireRow } from "./distance";
export { addRows, multiplyRows, multiplyPlusOneRows, copyRows } from "./rows";
export { shiftAdd, gatherAdd, bucketWeights, segmentAdd, maskBand, maskCells } from "./relative";
export { narrowFloat16, widenFloat16 } from "./math/float16";
export { roundBfloat16, narrowBfloat16, widenBfloat16 } from "./math/bfloat16";
export { mapUnary, mapUnary64, mapPow, mapPow64 } from "./math/unary";
export { linear, productTransposed, product, layerNormRows } from "./dense";
