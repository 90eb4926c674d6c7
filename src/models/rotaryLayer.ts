/** The numbers of a rotary table, as both readers give them. */
import type { RotaryFrequencies } from '../rotary/frequencies.ts';
import type { OpenSpec } from '../rotary/spec.ts';

/** `long`: beyond the length from which another list of frequencies is used. */
export function tableNumbers(spec: OpenSpec, main: RotaryFrequencies, long: RotaryFrequencies | undefined) {
  return {
    spec,
    ropeType: spec.ropeType ?? 'default',
    invFreq: Array.from(main.float32 as Float32Array),
    invFreqLong: long && Array.from(long.float32 as Float32Array),
    attentionFactor: main.attentionFactor,
    headDim: spec.headDim,
    rotaryDim: main.rotaryDim,
    rotaryOffset: main.rotaryOffset,
    pairing: main.pairing,
    outputPairing: main.outputPairing,
    rotationSign: main.rotationSign,
    mropeSection: spec.mropeSection,
    mropeLayout: spec.mropeLayout,
    mropeStreams: main.streams && Array.from(main.streams, (stream) => 'thwe'[stream]).join(''),
  };
}
