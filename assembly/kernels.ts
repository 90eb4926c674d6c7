// Every exported kernel, in one list. `npm run build:wasm` writes their types, src/runtime/kernels.ts, from it.
export { sincosTorch, torchRows } from "./angles";
export { phasePlan, phaseRows, phaseAt } from "./phase";
export { iteratedRows } from "./ggml";
export { rotate, rotateStep } from "./rotate";
export { seedLanes, axisAngles, angleLanes, narrowAngles, lanesToTable, reRotateLanes } from "./lanes";
export { reRotate } from "./reRotate";
export { polar } from "./pope";
export { phaseStrided, projectedPhase, complexOrderRows, multiplesOfRow, phaseSums } from "./fourier";
export { alibiRows, slopeDistances } from "./alibi";
export { bucketRows } from "./t5";
export { kerpleRows } from "./kerple";
export { cosineSums, divideRows } from "./sandwich";
export { clippedRows } from "./clipped";
export { signedDistances } from "./dynamicBias";
export { logDistances, fireRow } from "./fire";
export {
  expandRows, distanceRow, maskRow, fillRows, transposeEntries, pickRows, gatherDistances, maskBytes,
} from "./diagonal";
export { gridRows, classRows, indexRow, gridCoordinates, scaleFloats } from "./grid";
export { decomposedAdd } from "./decomposed";
export { halfSums, gateRows } from "./gated";
export { shiftAdd, gatherAdd, bucketWeights, segmentAdd, maskBand, maskCells } from "./relative";
export { joinRows } from "./join";
export { gatherColumns, selectStreams, scaleRows, copyRows, transposeRows } from "./gather";
export { lookupRows, normalizeRows } from "./lookup";
export { hierarchicalRows } from "./hierarchical";
export { resizeGrid } from "./resize";
export { recurrentMlp, gruLayer, integrateFlow } from "./recurrent";
export { packDepthwise, depthwise3x3, groupedConv1d, normalizeTaps } from "./conv";
export { linear, productTransposed, product, layerNormRows } from "./dense";
export { mapUnary, mapUnary64, mapPow, mapPow64 } from "./math/unary";
export { narrowFloat16, widenFloat16 } from "./math/float16";
export { roundBfloat16, narrowBfloat16, widenBfloat16 } from "./math/bfloat16";
