/**
 * Sinusoidal position table. Vaswani et al., arXiv 1706.03762, section 3.5:
 *   angle(p, k) = p * base^(-k / denominator),   value = sin, cos.
 * The public variants differ in arrangement, denominator, odd widths and one zeroed row: see docs/absolute.md.
 */
import { ladder } from '../phase/ladder.ts';
import { checkFrequencies, type Rows, type Target } from '../phase/plan.ts';
import { type RowOptions, rowsOf } from '../phase/positions.ts';
import { finite, oneOf, size, take } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import { gate, type Out } from '../runtime/gate.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { writeColumns, zeroColumns } from './axes.ts';

export interface SinusoidalOptions extends RowOptions {
  /** Columns of the table. */
  readonly dim: number;
  /** Default 10000. tensor2tensor: maxTimescale / minTimescale. */
  readonly base?: number;
  /** 'interleaved': sin, cos, sin, cos ... (the paper); 'concat': all sines, then all cosines. Default 'interleaved'. */
  readonly arrangement?: 'interleaved' | 'concat';
  /** 'half' = dim / 2 (the paper), 'half-1' (fairseq, Whisper), or a number. Default 'half'. */
  readonly denominator?: 'half' | 'half-1' | number;
  /**
   * What an odd dim does. 'error'; 'truncate': compute dim + 1 columns, drop the last; 'zero': the last column is zero
   * (fairseq, tensor2tensor); 'ceil': one sine more than cosines, denominator dim / 2 (XLM, Marian). Default 'error'.
   */
  readonly oddRule?: 'error' | 'truncate' | 'zero' | 'ceil';
  /** 'cos-sin' puts the cosine first. Default 'sin-cos'. */
  readonly order?: 'sin-cos' | 'cos-sin';
  /** Multiplied into every position. Default 1. */
  readonly scale?: number;
  /** Multiplied into every value. Default 1. */
  readonly amplitude?: number;
  /** Multiplied into every frequency (tensor2tensor). Default 1. */
  readonly minTimescale?: number;
  /** The row of this position is all zero (fairseq's padding_idx). */
  readonly zeroRow?: number;
  /** 'exact': the real-valued formula, rounded once. 'torch': float32 frequencies and products. Default 'exact'. */
  readonly precision?: 'exact' | 'torch';
  /** A Tensor, or a Float32Array on the engine's memory, of n * dim elements: nothing is allocated. */
  readonly out?: Out;
  readonly engine?: Engine;
}

const OPTIONS = [
  'length',
  'positions',
  'offset',
  'dim',
  'base',
  'arrangement',
  'denominator',
  'oddRule',
  'order',
  'scale',
  'amplitude',
  'minTimescale',
  'zeroRow',
  'precision',
  'out',
  'engine',
] as const;

/**
 * The table of `length` consecutive positions from `offset`, or of `positions`.
 * @returns float32 [n, dim]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 */
export function sinusoidal(given: SinusoidalOptions): Tensor {
  const o = take('sinusoidal', given, OPTIONS);
  const dim = size('dim', o.dim, 1, 2 ** 24);
  const base = finite('base', o.base, { above: 0 }, 10000);
  const arrangement = oneOf('arrangement', o.arrangement, ['interleaved', 'concat'], 'interleaved');
  const oddRule = oneOf('oddRule', o.oddRule, ['error', 'truncate', 'zero', 'ceil'], 'error');
  const order = oneOf('order', o.order, ['sin-cos', 'cos-sin'], 'sin-cos');
  const scale = finite('scale', o.scale, {}, 1);
  const amplitude = finite('amplitude', o.amplitude, {}, 1);
  const minTimescale = finite('minTimescale', o.minTimescale, {}, 1);
  const precision = oneOf('precision', o.precision, ['exact', 'torch'], 'exact');
  const zeroRow = o.zeroRow === undefined ? undefined : finite('zeroRow', o.zeroRow);
  const odd = dim % 2 === 1;
  if (odd && oddRule === 'error') {
    throw new PosencError(
      'ERR_OPTION',
      `dim: ${dim} is odd; choose an even dim, or an oddRule: 'truncate', 'zero' or 'ceil'`,
    );
  }
  const denominator = denominatorOf(o.denominator, dim, oddRule);
  const call = gate('sinusoidal', o.engine);
  const { rows, count } = rowsOf(call, o);

  // an odd width has one frequency whose cosine is left out, unless its last column is zero
  const pairs = Math.floor(dim / 2);
  const extra = odd && oddRule !== 'zero';
  const frequencies = ladder({
    base,
    count: pairs + (extra ? 1 : 0),
    denominator,
    // torch rounds the product of position and scale to float32 before the frequency enters
    scale: precision === 'exact' ? scale * minTimescale : minTimescale,
  });
  checkFrequencies(frequencies);
  const output = call.output('out', o.out, [count, dim]);
  return call.run((engine) => {
    const stride = 4 * dim;
    const at = (column: number) => output.pointer + 4 * column;
    const sinFirst = order === 'sin-cos';
    const how = { precision, scale, amplitude };
    const write = (target: Target, from: number, n: number) =>
      writeColumns(engine, frequencies, rows, how, target, from, n);
    if (arrangement === 'interleaved') {
      write({ store: order, first: at(0), stride }, 0, pairs);
    } else {
      const second = pairs + (extra ? 1 : 0);
      write({ store: 'split', first: at(sinFirst ? 0 : second), second: at(sinFirst ? second : 0), stride }, 0, pairs);
    }
    if (extra) {
      const column = arrangement === 'interleaved' ? dim - 1 : pairs;
      write({ store: sinFirst ? 'sin' : 'cos', first: at(column), stride }, pairs, 1);
    }
    if (odd && oddRule === 'zero') zeroColumns(engine, at(dim - 1), stride, count, 1);
    if (zeroRow !== undefined) {
      for (const row of rowsAt(rows, zeroRow)) zeroColumns(engine, at(row * dim), stride, 1, dim);
    }
    return output.tensor;
  });
}

function denominatorOf(given: SinusoidalOptions['denominator'], dim: number, oddRule: string): number {
  if (given === undefined || given === 'half') return oddRule === 'truncate' ? Math.ceil(dim / 2) : dim / 2;
  if (given === 'half-1') {
    const denominator = Math.floor(dim / 2) - 1;
    if (denominator > 0) return denominator;
    throw new PosencError(
      'ERR_OPTION',
      `denominator: 'half-1' is ${denominator} for dim ${dim}; use dim >= 4, or the number 1 as tensor2tensor does`,
    );
  }
  if (typeof given === 'string') oneOf('denominator', given, ['half', 'half-1']);
  return finite('denominator', given, { above: 0 });
}

function rowsAt(rows: Rows, position: number): number[] {
  if ('positions' in rows) return [...rows.positions.keys()].filter((row) => rows.positions[row] === position);
  const row = position - rows.start;
  return Number.isInteger(row) && row >= 0 && row < rows.count ? [row] : [];
}
