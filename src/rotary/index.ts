/**
 * `posenc/rotary`: rotary tables and what they rotate: every scaling, axial towers, xPos, PoPE, decoding, cached keys. The engine
 * and its Tensors come along.
 *
 * @module rotary
 */
export * from '../runtime/index.ts';
export { type ApplyRotaryOptions, applyRotary } from './apply.ts';
export {
  type AxialAnglesOptions,
  type AxialRows,
  type AxialTableOptions,
  axialAngles,
  axialTable,
} from './axial.ts';
export { type AxialPositionsOptions, axialPositions } from './axialPositions.ts';
export {
  AXIAL_PRESETS,
  type AxialCoordinates,
  type AxialFrequencies,
  type AxialPreset,
  type AxialSpec,
} from './axialPresets.ts';
export { type PrepareDecodeOptions, prepareDecode, RotaryDecode } from './decode.ts';
export { type DynamicState, dynamicState } from './dynamicState.ts';
export type { RotaryModel } from './form.ts';
export { type InvFreq, invFreq, type RotaryFrequencies, rotaryFrequencies } from './frequencies.ts';
export { type GgmlRope, type GgmlTableOptions, ggmlRotaryTable } from './ggmlTable.ts';
export { type GoldenGateOptions, goldenGateFrequencies } from './goldenGate.ts';
export { type RetableOptions, retable, type ShiftKeysOptions, shiftKeys, unrotate } from './keys.ts';
export {
  type MixedAxialOptions,
  mixedAxialTable,
  type RotaryTableFromAnglesOptions,
  rotaryTableFromAngles,
} from './learned.ts';
export { type ApplyPopeOptions, applyPope, PopeTable, type PopeTableOptions, popeTable } from './pope.ts';
export { type ApplyRotaryQKVOptions, applyRotaryQKV } from './qkv.ts';
export { type ScaleQueryOptions, scaleQuery } from './queryTemperature.ts';
export { ROPE_EXAMPLES, type RopeExample } from './rules/words.ts';
export { yarnMscale } from './rules/yarn.ts';
export { queryScale, softmaxScale } from './softmaxScale.ts';
export type { HeadSpec, MropeLayout, Pairing, Precision, RopeType, RotarySpec } from './spec.ts';
export { RotaryTable, type RotaryTableOptions, rotaryTable, type TableDtype } from './table.ts';
export {
  type MropeFromTable,
  mropeTableFrom,
  type RotaryCaches,
  rotaryTableAs,
  rotaryTableFrom,
  type TableAsOptions,
  type TableLayout,
} from './tableLayouts.ts';
export {
  type XposCachedOptions,
  type XposConvention,
  type XposOptions,
  xposCachedTables,
  xposCenter,
  xposTable,
} from './xpos.ts';
