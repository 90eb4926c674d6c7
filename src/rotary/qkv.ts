/**
 * Rotation of q and k inside a packed qkv, [B, S, Hq + 2 Hk, D] or [T, Hq + 2 Hk, D]: the query heads, the key heads, the
 * value heads. flash-attention `apply_rotary_emb_qkv_` (with num_heads_q: grouped queries).
 */
import { integer, oneOf, options } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { checkOut, checkOverlap, chooseEngine, operand, output, shapeOf } from '../runtime/operands.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { type ApplyRotaryOptions, applyRotary } from './apply.ts';
import type { RotaryTable, TableDtype } from './table.ts';

export interface ApplyRotaryQKVOptions
  extends Pick<
    ApplyRotaryOptions,
    'shape' | 'positions' | 'offset' | 'cuSeqlens' | 'inverse' | 'outOfRange' | 'engine'
  > {
  /** Default 'BSHD'. */
  readonly layout?: 'BSHD' | 'THD';
  readonly queryHeads: number;
  /** Key heads, as many as value heads. Default: queryHeads. */
  readonly keyHeads?: number;
  /** Where the whole qkv goes, values included. Default: in place. */
  readonly out?: Tensor | Float32Array;
}

const OPTIONS = [
  'layout',
  'shape',
  'positions',
  'offset',
  'cuSeqlens',
  'inverse',
  'outOfRange',
  'queryHeads',
  'keyHeads',
  'out',
  'engine',
] as const;

/**
 * Rotates the query and key heads of a packed qkv and leaves the values alone.
 * @returns qkv, or out
 * @throws as applyRotary
 */
export function applyRotaryQKV<T extends Tensor | Float32Array>(
  qkv: T,
  table: RotaryTable<TableDtype>,
  given: ApplyRotaryQKVOptions & { readonly out?: undefined },
): T;
export function applyRotaryQKV<O extends Tensor | Float32Array>(
  qkv: Tensor | Float32Array,
  table: RotaryTable<TableDtype>,
  given: ApplyRotaryQKVOptions & { readonly out: O },
): O;
export function applyRotaryQKV(
  qkv: Tensor | Float32Array,
  table: RotaryTable<TableDtype>,
  given: ApplyRotaryQKVOptions,
): Tensor | Float32Array {
  const o = options('applyRotaryQKV', given, OPTIONS);
  const layout = oneOf('layout', o.layout, ['BSHD', 'THD'], 'BSHD');
  const queryHeads = integer('queryHeads', o.queryHeads, 0, 2 ** 24);
  const keyHeads = integer('keyHeads', o.keyHeads, 0, 2 ** 24, queryHeads);
  const shape = shapeOf('qkv', qkv, o.shape);
  const heads = queryHeads + 2 * keyHeads;
  if (shape.length !== layout.length || shape[shape.length - 2] !== heads) {
    throw new PosencError(
      'ERR_SHAPE',
      `shape: expected ${layout === 'THD' ? '[T' : '[B, S'}, ${queryHeads} + 2 * ${keyHeads} heads, D], got [${shape.join(', ')}]`,
    );
  }
  const channels = shape[shape.length - 1];
  const sequence = shape[shape.length - 3];
  const rotated = [...shape.slice(0, -2), queryHeads + keyHeads, channels];
  const strides = { batch: Math.max(1, sequence) * heads * channels, sequence: heads * channels, head: channels };
  const { positions, offset, cuSeqlens, inverse, outOfRange } = o;
  const engine = chooseEngine(o.engine, qkv, table?.cos, o.out);
  const call = { layout, shape: rotated, strides, positions, offset, cuSeqlens, inverse, outOfRange, engine };
  if (o.out === undefined) return applyRotary(qkv, table, call);
  checkOut(engine, o.out, shape);
  checkOverlap('qkv', 'out', qkv, o.out);
  // rows are checked before anything is written: a rotation of no heads does just that
  applyRotary(new Float32Array(0), table, { ...call, shape: [...shape.slice(0, -2), 0, channels], strides: undefined });
  const target = output(engine, o.out, shape);
  const source = operand('qkv', engine, qkv);
  if (source.pointer !== target.byteOffset) {
    engine.kernels.copyRows(target.byteOffset, 0, source.pointer, 0, 1, target.length, 1);
  }
  source.finish();
  applyRotary(target, table, call);
  return o.out;
}
