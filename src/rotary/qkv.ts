/**
 * Rotation of q and k inside a packed qkv, [B, S, Hq + 2 Hk, D] or [T, Hq + 2 Hk, D]: the query heads, the key heads, the
 * value heads. flash-attention `apply_rotary_emb_qkv_` (with num_heads_q: grouped queries).
 */
import { integer, oneOf, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Floats, gate, type Out } from '../runtime/gate.ts';
import { type ApplyRotaryOptions, rotate, rotationCall } from './apply.ts';
import { shapeOfVectors } from './geometry.ts';
import type { RotaryTable, TableDtype } from './table.ts';

export interface ApplyRotaryQKVOptions
  extends Pick<
    ApplyRotaryOptions,
    'shape' | 'positions' | 'offset' | 'cuSeqlens' | 'inverse' | 'outOfRange' | 'engine'
  > {
  /** Default 'BSHD'. */
  readonly layout?: 'BSHD' | 'THD';
  /** Heads of q, the first of the heads of qkv. */
  readonly queryHeads: number;
  /** Key heads, as many as value heads. Default: queryHeads. */
  readonly keyHeads?: number;
  /** Where the whole qkv goes, values included. Default: in place. */
  readonly out?: Out;
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
 * Two float32 products and one sum a number, in a fixed order: the same bits in every layout and on every runtime.
 * @param qkv [B, S, Hq + 2 Hk, D] or [T, Hq + 2 Hk, D]
 * @param table from rotaryTable
 * @param given how many query and key heads, positions or offset, `out` where qkv must stay
 * @returns qkv, or out
 * @throws as applyRotary
 * @see flash-attention apply_rotary_emb_qkv_
 * @example
 * const table = rotaryTable({ headDim: 64 }, { length: 16 });
 * console.log(applyRotaryQKV(Tensor.zeros([1, 16, 12, 64]), table, { queryHeads: 8, keyHeads: 2 }).shape); // [ 1, 16, 12, 64 ]
 */
export function applyRotaryQKV<T extends Floats>(
  qkv: T,
  table: RotaryTable<TableDtype>,
  given: ApplyRotaryQKVOptions & { readonly out?: undefined },
): T;
export function applyRotaryQKV<O extends Out>(
  qkv: Floats,
  table: RotaryTable<TableDtype>,
  given: ApplyRotaryQKVOptions & { readonly out: O },
): O;
export function applyRotaryQKV(qkv: Floats, table: RotaryTable<TableDtype>, given: ApplyRotaryQKVOptions): Floats {
  const o = take('applyRotaryQKV', given, OPTIONS);
  const layout = oneOf('layout', o.layout, ['BSHD', 'THD'], 'BSHD');
  const queryHeads = integer('queryHeads', o.queryHeads, 0, 2 ** 24);
  const keyHeads = integer('keyHeads', o.keyHeads, 0, 2 ** 24, queryHeads);
  const call = gate('applyRotaryQKV', o.engine);
  const source = o.out === undefined ? call.change('qkv', qkv) : call.flat('qkv', qkv);
  const shape = shapeOfVectors(source, o);
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
  const options = { shape: rotated, strides, positions, offset, cuSeqlens, inverse, outOfRange };
  const rotation = rotationCall(call, source, table, layout, options);
  if (o.out === undefined) {
    call.run((engine) => rotate(engine, rotation, source.pointer, source.pointer));
    return qkv;
  }
  const target = call.output('out', o.out, shape, 'float32', source);
  call.into(source, target);
  call.run((engine) => {
    if (source.pointer !== target.pointer && target.length > 0) {
      engine.kernels.copyRows(target.pointer, 0, source.pointer, 0, 1, target.length, 1);
    }
    rotate(engine, rotation, target.pointer, target.pointer);
  });
  return o.out;
}
