/** Attention masks as flash-attention's `construct_local_mask` states them, with keys beyond keyLengths masked besides. */
import { BIAS_OPTIONS, type BiasOptions, biasMatrix } from './bias.ts';
import { onlyKeys, type ReferenceTensor } from './result.ts';

export interface AttentionMaskOptions extends BiasOptions {
  /** Default: [q, k], or [B, 1, q, k]. */
  readonly heads?: number;
  /** Default 'mask'. */
  readonly padding?: 'mask' | 'flash';
}

/** 0 where a query may attend, maskValue elsewhere. */
export function attentionMask(options: AttentionMaskOptions): ReferenceTensor {
  onlyKeys('attentionMask', options, [...BIAS_OPTIONS, 'heads', 'padding']);
  const { padding = 'mask', maskValue = Number.NEGATIVE_INFINITY, keyLengths, keyLeftPad } = options;
  const mask = biasMatrix(options, options.heads ?? 1, () => 0);
  const [rows, columns] = mask.shape.slice(-2);
  const batched = mask.shape.length === 4;
  const cells = (options.heads ?? 1) * rows * columns;
  for (let at = 0; batched && at < mask.data.length; at++) {
    const b = Math.floor(at / cells);
    const pad = keyLeftPad?.[b] ?? 0;
    const keys = keyLengths?.[b] ?? columns - pad;
    const key = (at % columns) - pad;
    const leftLimit = (options.window?.[0] ?? -1) >= 0;
    if (padding === 'mask' ? key >= keys : leftLimit && key > keys) mask.data[at] = maskValue;
  }
  return batched || options.heads !== undefined ? mask : { ...mask, shape: [rows, columns] };
}
