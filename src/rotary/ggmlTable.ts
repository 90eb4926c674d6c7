/**
 * Tables from the arguments of `ggml_rope_ext` and `ggml_rope_multi` (llama.cpp): the modes are a pairing and the position
 * stream of each pair, the rest is a frequency vector and an amplitude. ggml src/ggml-cpu/ops.cpp.
 */

import * as dd from '../phase/dd.ts';
import { ladderFrom } from '../phase/ladder.ts';
import { type RowOptions, rowsOf } from '../phase/positions.ts';
import { finite, oneOf, size, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { gate } from '../runtime/gate.ts';
import { numbers } from '../runtime/lists.ts';
import type { EngineOption, PairOutOption } from '../runtime/options.ts';
import type { TableDtype, TableSource } from './fill.ts';
import { type GgmlParameters, ggmlFrequencies } from './ggml.ts';
import { correctionRange } from './rules/ramp.ts';
import { mropeStreams } from './sections.ts';
import { makeTable, type RotaryTable, splitStreams, type TableFrame } from './table.ts';

export interface GgmlRope extends GgmlParameters {
  /**
   * NORMAL: channels 2i and 2i + 1; the others: i and i + nDims / 2, in VISION i and i + nDims. MROPE, IMROPE and VISION take
   * four position streams t, h, w, e. Default 'NORMAL'.
   */
  readonly mode?: 'NORMAL' | 'NEOX' | 'MROPE' | 'IMROPE' | 'VISION';
  /** Pairs of each stream, [t, h, w, e]: MROPE, IMROPE, VISION. */
  readonly sections?: readonly number[];
  /** First rotated channel (ggml_rope_set_offset). Default 0. */
  readonly nOffs?: number;
  /** 'ggml': its float32 steps; 'exact': the same formula in real numbers. Default 'ggml'. */
  readonly precision?: 'ggml' | 'exact';
}

export type GgmlTableOptions<D extends TableDtype = 'float32'> = RowOptions &
  PairOutOption<D> &
  EngineOption & {
    /** Rows to reserve for extend(). Default: `length`. */
    readonly capacity?: number;
    /** 16-bit tables are rounded from float32. Default 'float32'. */
    readonly dtype?: D;
  };

const PARAMETERS = [
  'nDims',
  'freqBase',
  'freqScale',
  'extFactor',
  'attnFactor',
  'betaFast',
  'betaSlow',
  'nCtxOrig',
  'freqFactors',
  'mode',
  'sections',
  'nOffs',
  'precision',
] as const;

/**
 * The table that `ggml_rope_ext` would rotate with. `positions`: [T], or [4, T] flat (t, then h, w, e) in the modes with
 * sections, as llama.cpp passes them.
 * Angles are ggml's own iterated float32 products bit for bit; their cosines and sines are rounded once.
 * @param parameters the arguments of ggml_rope_ext, in camel case
 * @param given `length` or `positions`, dtype
 * @returns cos and sin [n, nDims / 2]; [n, nDims] in mode VISION
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see ggml src/ggml-cpu/ops.cpp, ggml_rope_cache_init
 * @example
 * console.log(ggmlRotaryTable({ nDims: 128, mode: 'NEOX', freqBase: 1e6 }, { length: 16 }).cos.shape); // [ 16, 64 ]
 */
export function ggmlRotaryTable<D extends TableDtype = 'float32'>(
  parameters: GgmlRope,
  given: GgmlTableOptions<D>,
): RotaryTable<D> {
  const p = take('ggml parameters', parameters, PARAMETERS);
  const mode = oneOf('mode', p.mode, ['NORMAL', 'NEOX', 'MROPE', 'IMROPE', 'VISION'], 'NORMAL');
  const precision = oneOf('precision', p.precision, ['ggml', 'exact'], 'ggml');
  const rotaryOffset = size('nOffs', p.nOffs, 0, 2 ** 24, 0);
  const vision = mode === 'VISION';
  const pairs = vision ? size('nDims', p.nDims, 2, 65536) : size('nDims', p.nDims, 2, 65536) / 2;
  const multi = vision || mode === 'MROPE' || mode === 'IMROPE';
  if (multi !== (p.sections !== undefined)) {
    throw new PosencError(
      'ERR_OPTION',
      multi
        ? `sections: mode '${mode}' needs the pairs of each stream, [t, h, w, e]`
        : `sections: for modes 'MROPE', 'IMROPE' and 'VISION', got mode '${mode}'`,
    );
  }
  const sections = p.sections;
  if (sections && numbers('sections', sections).length !== 4) {
    throw new PosencError('ERR_SHAPE', `sections: expected 4, [t, h, w, e], got ${sections.length}`);
  }
  const { mode: _m, sections: _s, nOffs: _n, precision: _p, ...rest } = p;
  const ggml = ggmlFrequencies({ ...rest, pairs });
  const streams = sections && mropeStreams(sections, mode === 'IMROPE' ? 'interleaved' : 'chunked', pairs);
  const restarts = vision ? restartsOf(sections!, pairs) : undefined;
  const source: TableSource & TableFrame = {
    precision,
    pairs,
    ladder: ladderOf(rest, streams, restarts, pairs),
    ggml: { ...ggml, restarts },
    attentionFactor: amplitude(rest),
    rotationSign: 1,
    positionScale: 1,
    positionDivisor: 1,
    streams,
    partnerAngles: false,
    rotaryDim: 2 * pairs,
    rotaryOffset,
    pairing: mode === 'NORMAL' ? 'interleaved' : 'half',
    outputPairing: mode === 'NORMAL' ? 'interleaved' : 'half',
  };
  const o = take('ggmlRotaryTable', given, ['length', 'positions', 'offset', 'capacity', 'dtype', 'out', 'engine']);
  const call = gate('ggmlRotaryTable', o.engine);
  const { rows } = rowsOf(call, o);
  return makeTable(call, source, splitStreams(rows, multi ? 4 : 1), o);
}

/** VISION: a stream starts again where its section begins; of sections that begin together only the first does. */
function restartsOf(sections: readonly number[], pairs: number): Uint8Array {
  const starts = [0, sections[0], sections[0] + sections[1], sections[0] + sections[1] + sections[2]];
  const total = starts[3] + sections[3];
  return Uint8Array.from({ length: pairs }, (_, i) => {
    const stream = starts.indexOf(i % total);
    return stream < 0 ? 0 : 1 << stream;
  });
}

/** The real-valued formula: freqBase^(-2k / nDims) / freqFactors (freqScale (1 - mix) + mix), k steps since the start. */
function ladderOf(p: GgmlParameters, streams: Uint8Array | undefined, restarts: Uint8Array | undefined, pairs: number) {
  const { nDims, freqBase = 10000, freqScale = 1, extFactor = 0, betaFast = 32, betaSlow = 1, nCtxOrig } = p;
  const steps = stepsOf(streams, restarts, pairs);
  const factors = p.freqFactors && Array.from(p.freqFactors);
  const key = [nDims, freqBase, freqScale, extFactor, betaFast, betaSlow, nCtxOrig, factors, steps].join(' ');
  return ladderFrom(`ggml ${key}`, () => {
    const lnBase = dd.neg(dd.ln(dd.from(freqBase)));
    const range =
      extFactor === 0
        ? undefined
        : correctionRange(
            { theta: freqBase, pairs, width: nDims },
            { fast: betaFast, slow: betaSlow, original: nCtxOrig!, truncate: true },
          );
    return steps.map((k, i) => {
      const plain = dd.exp(dd.divNumber(dd.mulNumber(lnBase, 2 * k), nDims));
      const scaled = factors ? dd.divNumber(plain, factors[i]) : plain;
      if (!range) return dd.mulNumber(scaled, freqScale);
      const width = Math.max(0.001, range.high.hi - range.low.hi);
      const ramp = Math.min(1, Math.max(0, (i - range.low.hi) / width));
      const mix = (1 - ramp) * extFactor;
      return dd.mul(scaled, dd.addNumber(dd.twoProduct(freqScale, 1 - mix), mix));
    });
  });
}

/** Multiplications between the start of a pair's stream and the pair. */
function stepsOf(streams: Uint8Array | undefined, restarts: Uint8Array | undefined, pairs: number): number[] {
  const since = [0, 0, 0, 0];
  return Array.from({ length: pairs }, (_, i) => {
    for (let stream = 0; stream < 4; stream++) {
      if (i > 0) since[stream]++;
      if ((restarts?.[i] ?? 0) & (1 << stream)) since[stream] = 0;
    }
    return since[streams?.[i] ?? 0];
  });
}

/** attnFactor (1 + ln(1 / freqScale) / 10) where extFactor is not 0. */
function amplitude({ freqScale = 1, extFactor = 0, attnFactor = 1 }: GgmlParameters): number {
  if (extFactor === 0) return attnFactor;
  finite('freqScale', freqScale, { above: 0 });
  return dd.mulNumber(dd.addNumber(dd.divNumber(dd.neg(dd.ln(dd.from(freqScale))), 10), 1), attnFactor).hi;
}
