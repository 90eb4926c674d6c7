// The ABI: every exported kernel, in one list. src/runtime/abi.ts types it; a test holds the two equal.
export { phasePlan, phaseRows, phaseAt, sincosTorch } from "./phase";
export { rotate } from "./rotate";
export { alibiRows, slopeDistances } from "./diagonal";
export {
  expandRows, gatherDistances, distanceRow, maskRow, fillRows, transposeEntries, pickRows, maskBytes,
} from "./toeplitz";
export { bucketRows } from "./buckets";
export { kerpleRows, cosineSums, divideRows, signedDistances, logDistances, fireRow } from "./distance";
export { gridRows, classRows, indexRow, gridCoordinates, scaleFloats } from "./grid";
export {
  addRows, multiplyRows, multiplyPlusOneRows, copyRows, gatherRows, normalizeRows, hierarchicalRows, transposeRows,
} from "./rows";
export { resizeGrid } from "./resize";
export { phaseStrided, projectedPhase, complexOrderRows, multiplesOfRow, phaseSums } from "./fourier";
export { roundBfloat16 } from "./math/bfloat16";
export { mapUnary, mapUnary64, mapPow, mapPow64 } from "./math/unary";
export { linear, productTransposed, product, layerNormRows } from "./dense";
