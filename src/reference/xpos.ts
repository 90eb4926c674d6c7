/** xPos: a rotary table times zeta^((t - center) / scaleBase), or its inverse for keys. arXiv 2212.10554. Exact precision. */
import type { RotarySpec } from '../rotary/spec.ts';
import { exactFrequencies, rotaryDims } from './frequencies.ts';
import { exp, log, quarterTurnRate, sincosAt } from './math.ts';
import { type PositionOptions, positionList, type ReferenceTensor, tensor } from './result.ts';

export interface XposOptions extends PositionOptions {
  readonly side: 'query' | 'key';
  readonly center: number;
  /** Default 512. */
  readonly scaleBase?: number;
  /** Default 0.4. */
  readonly gamma?: number;
}

interface XposTable {
  readonly cos: ReferenceTensor;
  readonly sin: ReferenceTensor;
}

export function xposTable(spec: RotarySpec, options: XposOptions): XposTable {
  const { side, center, scaleBase = 512, gamma = 0.4, ...rows } = options;
  const positions = positionList(rows);
  const { pairs } = rotaryDims(spec);
  const rates = exactFrequencies(spec, 1).map(quarterTurnRate);
  const cos = tensor([positions.length, pairs]);
  const sin = tensor([positions.length, pairs]);
  const sign = side === 'query' ? 1 : -1;
  positions.forEach((position, row) => {
    for (let i = 0; i < pairs; i++) {
      const zeta = (2 * i + gamma * 2 * pairs) / ((1 + gamma) * 2 * pairs);
      const decay = exp(sign * ((position - center) / scaleBase) * log(zeta));
      const pair = sincosAt(position, rates[i]);
      cos.data[row * pairs + i] = decay * pair.cos;
      sin.data[row * pairs + i] = decay * pair.sin;
    }
  });
  return { cos, sin };
}

/** Queries at the end of the keys; 'rotary-embedding-torch': each side is centred at half its own length. */
export function xposCachedTables(
  spec: RotarySpec,
  options: {
    readonly queryLength: number;
    readonly keyLength: number;
    readonly center: number | 'rotary-embedding-torch';
    readonly scaleBase?: number;
    readonly gamma?: number;
  },
): { readonly query: XposTable; readonly key: XposTable } {
  const { queryLength, keyLength, center, ...rest } = options;
  const side = (name: 'query' | 'key', length: number) =>
    xposTable(spec, {
      ...rest,
      side: name,
      length,
      offset: keyLength - length,
      center: typeof center === 'number' ? center : Math.floor(length / 2),
    });
  return { query: side('query', queryLength), key: side('key', keyLength) };
}
