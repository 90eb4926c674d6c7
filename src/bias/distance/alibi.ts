/**
 * ALiBi: a bias linear in the distance, one slope per head. Press et al., arXiv 2108.12409. Forms of the public
 * implementations (BLOOM, MPT, GPT-NeoX, flash-attention, Falcon): docs/bias.md.
 */
import { amend, oneOf, size, take } from '../../runtime/arguments.ts';
import { BATCH_OPTIONS, type Block, blockOf, refuse } from '../../runtime/block.ts';
import { PosencError, show } from '../../runtime/errors.ts';
import { type Call, gate } from '../../runtime/gate.ts';
import type { MaskList, NumberList } from '../../runtime/lists.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { LinearFiller, roundToBfloat16, type Slopes } from './alibiRows.ts';
import { type AlibiSlopeOptions, MOST_HEADS, SLOPE_OPTIONS, slopesOf } from './alibiSlopes.ts';
import { encodingOf, TOEPLITZ_OPTIONS, type ToeplitzOptions } from './encoding.ts';
import { toeplitz } from './toeplitz.ts';

/** [B, keyLength] of 0 (padding) and 1. */
export type AttentionMask = MaskList;

export interface AlibiOptions extends AlibiSlopeOptions, ToeplitzOptions {
  /** Heads of the output; those beyond `heads` are zero. Default: heads. */
  readonly totalHeads?: number;
  /**
   * 'distance' -m|i - j|; 'tril' -m max(i - j, 0) (GPT-NeoX); 'key' m j (Press); 'key-last-zero' m (j - (keyLength - 1))
   * (MPT; with keyPositions or keyLengths the last key there); 'nonsymmetric': heads / 2 slopes used twice, the first half of
   * the heads sees keys up to the query, the second half keys from the query on. 'key' and 'key-last-zero' are no function of
   * the distance: they have no addTo, diagonal or keyLeftPad. Default 'distance'.
   */
  readonly form?: 'distance' | 'tril' | 'key' | 'key-last-zero' | 'nonsymmetric';
  /** BLOOM: m (cumsum(mask) - 1) mask, [B, totalHeads, 1, keyLength]. */
  readonly mask?: AttentionMask;
  /**
   * Slopes of their own for keys up to the query and from the query on, as learned by encoders: leftSlopes |i - j| and
   * rightSlopes |i - j|, sign included, [heads] each. Instead of `slopes`, both together, form 'distance'.
   */
  readonly leftSlopes?: NumberList;
  /** The slopes from the query on: see `leftSlopes`. */
  readonly rightSlopes?: NumberList;
  /** Rounds slope, product and maskValue to bfloat16 (Falcon). Default: float32. */
  readonly rounding?: 'float32' | 'bfloat16';
}

const OPTIONS = [
  ...SLOPE_OPTIONS,
  ...TOEPLITZ_OPTIONS,
  'totalHeads',
  'form',
  'mask',
  'rounding',
  'leftSlopes',
  'rightSlopes',
] as const;
const FORMS = ['distance', 'tril', 'key', 'key-last-zero', 'nonsymmetric'] as const;

/**
 * The bias matrix, or a block of its rows.
 * Slopes are rounded once, and so is each product with a distance.
 * @param given the number of heads, lengths or positions, a form or slopes of your own
 * @returns float32 [totalHeads, queryLength, keyLength] (or the rows asked for); with `mask` or lengths per batch a leading [B]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Press et al., ALiBi, arXiv 2108.12409, section 3
 * @example
 * console.log(alibi({ heads: 8, queryLength: 1, keyLength: 4 }).data.slice(0, 4)); // Float32Array(4) [ -1.5, -1, -0.5, 0 ]
 */
export function alibi(given: AlibiOptions): Tensor {
  const o = take('alibi', given, OPTIONS);
  const form = oneOf('form', o.form, FORMS, 'distance');
  const rounding = oneOf('rounding', o.rounding, ['float32', 'bfloat16'], 'float32');
  const heads = size('heads', o.heads, 1, MOST_HEADS);
  const total = size('totalHeads', o.totalHeads, heads, MOST_HEADS, heads);
  const call = gate('alibi', o.engine);
  const bfloat16 = rounding === 'bfloat16';
  const pairs = pairsOf(call, o, form, heads, total, bfloat16);
  if (form === 'key' || form === 'key-last-zero' || o.mask !== undefined) checkKeyForm(o);
  const block = o.mask === undefined ? blockOf(call, o) : maskedBlock(call, o);
  const slopes: Slopes = { heads, form: o.mask === undefined ? form : 'key', pairs, bfloat16 };
  const placed = bfloat16 ? { ...block, maskValue: roundToBfloat16(block.maskValue) } : block;
  return toeplitz(
    call,
    encodingOf(total, (engine) => new LinearFiller(engine, slopes, placed)),
    o,
    placed,
  );
}

/** A function of the key alone has no diagonal. */
function checkKeyForm(o: AlibiOptions): void {
  const name = (['addTo', 'diagonal', 'keyLeftPad'] as const).find((key) => o[key] !== undefined);
  const learned = o.leftSlopes === undefined ? undefined : 'leftSlopes';
  const beside = name ?? learned;
  if (beside === undefined) return;
  const option = o.mask === undefined ? 'form' : 'mask';
  throw new PosencError(
    'ERR_OPTION',
    `${option}: ${show(o[option])} is not a function of the distance alone, which ${beside} needs`,
  );
}

/** Per head: what the distance is multiplied by up to 0, and above it; heads beyond `heads` have 0. */
function pairsOf(
  call: Call,
  o: AlibiOptions,
  form: Slopes['form'],
  heads: number,
  total: number,
  bfloat16: boolean,
): number[] {
  const pairs = new Array<number>(2 * total);
  for (let i = 2 * heads; i < pairs.length; i++) pairs[i] = 0;
  if (o.leftSlopes !== undefined || o.rightSlopes !== undefined) {
    refuse(o, 'leftSlopes', ['slopes', 'alibiBiasMax', 'rounding']);
    if (form !== 'distance') {
      throw new PosencError('ERR_OPTION', `form: leftSlopes and rightSlopes belong to 'distance', got '${form}'`);
    }
    const left = call.numbers('leftSlopes', o.leftSlopes, heads).data;
    const right = call.numbers('rightSlopes', o.rightSlopes, heads).data;
    for (let h = 0; h < heads; h++) {
      pairs[2 * h] = -left[h];
      pairs[2 * h + 1] = right[h];
    }
    return pairs;
  }
  if (form === 'nonsymmetric' && heads % 2 !== 0) {
    throw new PosencError('ERR_OPTION', `heads: form 'nonsymmetric' needs an even number, got ${heads}`);
  }
  // slopes that are chosen here serve both halves, those of a list are the caller's own
  const twice = form === 'nonsymmetric' && (o.slopes === undefined || typeof o.slopes === 'string');
  const slopes = slopesOf(call, o, twice ? heads / 2 : heads);
  const sameSign = o.mask !== undefined || form === 'key' || form === 'key-last-zero';
  const none = form === 'tril' && !sameSign;
  for (let h = 0; h < heads; h++) {
    const given = slopes[h < slopes.length ? h : h - slopes.length];
    const slope = bfloat16 ? roundToBfloat16(given) : given;
    pairs[2 * h] = slope;
    pairs[2 * h + 1] = sameSign ? slope : none ? 0 : -slope;
  }
  return pairs;
}

/** BLOOM: one row a batch, whose keys stand at the number of valid keys before them. */
function maskedBlock(call: Call, o: AlibiOptions): Block {
  refuse(o, 'mask', ['queryPositions', 'keyPositions', 'cuSeqlens', ...BATCH_OPTIONS, 'form', 'queryLength', 'rows']);
  const { data, shape } = call.mask('mask', o.mask);
  if (shape.length !== 2 || shape[0] === 0) {
    throw new PosencError('ERR_SHAPE', `mask: expected [B, keyLength], at least one row, got [${shape.join(', ')}]`);
  }
  const [batch, columns] = shape;
  const block = blockOf(call, amend(o, { queryLength: 1, keyLength: o.keyLength ?? columns }));
  if (block.columns !== columns) {
    throw new PosencError('ERR_SHAPE', `keyLength: ${block.columns} contradicts the ${columns} columns of mask`);
  }
  const pieces = Array.from({ length: batch }, (_, b) => {
    let seen = 0;
    const keyPositions = Int32Array.from(data.subarray(b * columns, (b + 1) * columns), (m) => {
      seen += m;
      return (seen - 1) * m;
    });
    return { ...block.pieces[0], batch: b, keyPositions };
  });
  return { ...block, batch, pieces };
}
