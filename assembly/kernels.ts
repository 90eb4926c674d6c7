// Every exported kernel, in one list. `npm run build:wasm` writes their types, src/runtime/kernels.ts, from it.
export { phasePlan, phaseRows, phaseAt, sincosTorch, torchRows } from "./phase";
export { iteratedAngles } from "./iterated";
export { rotate, rotateStep } from "./rotate";
export { gatherColumns, selectStreams, scaleRows } from "./columns";
export { alibiRows, slopeDistances } from "./diagonal";
export {
  expandRows, distanceRow, maskRow, fillRows, transposeEntries, pickRows, gatherDistances, maskBytes,
} from "./toeplitz";
export { bucketRows } from "./buckets";
export { kerpleRows, cosineSums, divideRows, signedDistances, logDistances, fireRow } from "./distance";
export {
  joinRows, copyRows, idsWithin, lookupRows, normalizeRows, hierarchicalRows, transposeRows,
} from "./rows";
export { resizeGrid } from "./resize";
export { recurrentMlp, gruLayer, integrateFlow } from "./recurrent";
export { packDepthwise, depthwise3x3, groupedConv1d, normalizeTaps } from "./conv";
export { phaseStrided, projectedPhase, complexOrderRows, multiplesOfRow, phaseSums } from "./fourier";
export { shiftAdd, gatherAdd, bucketWeights, segmentAdd, maskBand, maskCells } from "./relative";
export { narrowFloat16, widenFloat16 } from "./math/float16";
export { roundBfloat16, narrowBfloat16, widenBfloat16 } from "./math/bfloat16";
export { gridRows, classRows, indexRow, gridCoordinates, scaleFloats } from "./grid";
export { mapUnary, mapUnary64, mapPow, mapPow64 } from "./math/unary";
export { linear, productTransposed, product, layerNormRows } from "./dense";
export { seedLanes, axisAngles, angleLanes, narrowAngles, lanesToTable, turnLanes } from "./lanes";
export { turn } from "./turn";
export { polar } from "./polar";
