/**
 * Attention masks: causal, sliding window, padding. Keys and queries meet at their ends (flash-attention 2.1, bottom-right
 * aligned): query row i stands at i + keys - queries. flash-attention `construct_local_mask` is the reference.
 */
import { oneOf, take } from '../../runtime/arguments.ts';
import {
  allowed,
  BATCH_OPTIONS,
  BIAS_OPTIONS,
  type Block,
  blockOf,
  headCount,
  type KeyPadding,
  type Piece,
  refuse,
} from '../../runtime/block.ts';
import type { Engine } from '../../runtime/engine.ts';
import { type Call, gate, type Out } from '../../runtime/gate.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { encodingOf, type Filler, type ToeplitzOptions } from './encoding.ts';
import { toeplitz } from './toeplitz.ts';

export interface AttentionMaskOptions extends Omit<ToeplitzOptions, 'out' | 'diagonal'> {
  /**
   * 'float32': 0 where attention is allowed, maskValue elsewhere, to be added to scores. 'uint8': 1 where it is allowed, 0
   * elsewhere. Default 'float32'.
   */
  readonly dtype?: 'float32' | 'uint8';
  /** Repeats the mask for this many heads, such as those of the scores in addTo. Default: [q, k], or [B, 1, q, k]. */
  readonly heads?: number;
  /**
   * 'mask': keys beyond keyLengths get maskValue. 'flash': as flash-attention's test code, which leaves padding to its
   * caller: nothing more is masked, except keys after number keyLengths where the window has a left limit. Default 'mask'.
   */
  readonly padding?: 'mask' | 'flash';
  /** Where the mask goes: a Tensor of `dtype`, or a Float32Array on the engine's memory; nothing is allocated. Default: a new Tensor. */
  readonly out?: Out | Out<'uint8'>;
}

const OPTIONS = [...BIAS_OPTIONS, ...BATCH_OPTIONS, 'addTo', 'dtype', 'heads', 'padding'] as const;

/**
 * The mask of a window [left, right] (-1 is unlimited; causal is right = 0; Hugging Face's sliding_window W is [W - 1, 0]).
 * A query row that no key is allowed to is masked as a whole.
 * Values are exact: 0 and maskValue, or 1 and 0.
 * @param given lengths or positions, `causal` or a `window`, padding, the dtype
 * @returns [queryLength, keyLength], or [B, 1, queryLength, keyLength] with queryLengths, keyLengths or keyLeftPad; cuSeqlens
 * makes it block-diagonal
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see Dao, flash-attention 2.1, construct_local_mask
 * @example
 * console.log(attentionMask({ queryLength: 2, keyLength: 3, causal: true, dtype: 'uint8' }).data); // Uint8Array(6) [ 1, 1, 0, 1, 1, 1 ]
 */
export function attentionMask(given: AttentionMaskOptions & { readonly dtype: 'uint8' }): Tensor<'uint8'>;
export function attentionMask(given: AttentionMaskOptions): Tensor;
/**
 * The mask of a window [left, right] (-1 is unlimited; causal is right = 0; Hugging Face's sliding_window W is [W - 1, 0]).
 * A query row that no key is allowed to is masked as a whole.
 * @returns [queryLength, keyLength], or [B, 1, queryLength, keyLength] with queryLengths, keyLengths or keyLeftPad; cuSeqlens
 * makes it block-diagonal
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 */
export function attentionMask(given: AttentionMaskOptions): Tensor | Tensor<'uint8'> {
  const o = take('attentionMask', given, OPTIONS);
  const dtype = oneOf('dtype', o.dtype, ['float32', 'uint8'], 'float32');
  const keyPadding = oneOf('padding', o.padding, ['mask', 'flash'], 'mask');
  const call = gate('attentionMask', o.engine);
  if (dtype === 'uint8') {
    refuse(o, "dtype 'uint8'", ['addTo', 'heads', 'maskValue']);
    return byteMask(call, o, keyPadding);
  }
  const heads = o.heads === undefined ? 1 : headCount('heads', o.heads);
  const batched = o.queryLengths !== undefined || o.keyLengths !== undefined || o.keyLeftPad !== undefined;
  const squeeze = batched || o.heads !== undefined ? 0 : 1;
  return toeplitz(call, encodingOf(heads, zeroFiller, { squeeze, keyPadding }), o as ToeplitzOptions);
}

function zeroFiller(engine: Engine): Filler {
  return {
    scratchBytes: 0,
    directRows: Number.POSITIVE_INFINITY,
    rows: undefined,
    diagonal: undefined,
    load() {},
    fill(to, { count }) {
      engine.kernels.fillRows(to.pointer, to.stride, to.heads, count, 0);
    },
  };
}

/** The list of key positions goes through the arena in parts. */
const PART = 4096;

function byteMask(call: Call, o: AttentionMaskOptions, keyPadding: KeyPadding): Tensor<'uint8'> {
  const block = blockOf(call, o as ToeplitzOptions, keyPadding);
  const { rows, columns, batch } = block;
  const shape = batch === undefined ? [rows, columns] : [batch, 1, rows, columns];
  const mask = call.output('out', o.out, shape, 'uint8');
  return call.run((engine) => {
    if (mask.length > 0) for (const piece of block.pieces) writeBytes(engine, mask.pointer, block, piece);
    return mask.tensor as unknown as Tensor<'uint8'>;
  });
}

function writeBytes(engine: Engine, out: number, block: Block, piece: Piece): void {
  const { rows, columns } = block;
  const { queryPositions, keyPositions, start, end } = piece;
  const [low, high] = allowed(block);
  const list = engine.scratch();
  const part = keyPositions ? PART : columns;
  for (let column = 0; column < columns; column += part) {
    const n = Math.min(part, columns - column);
    if (keyPositions) engine.i32.set(keyPositions.subarray(column, column + n), list >>> 2);
    for (let row = 0; row < piece.rows; row++) {
      const query = queryPositions ? queryPositions[row] : piece.query + row;
      const at = out + (piece.batch * rows + piece.row + row) * columns + column;
      // biome-ignore format: grouped as the kernel declares it
      engine.kernels.maskBytes(at, query + low, query + high, keyPositions ? list : 0, -start, n, start, end);
    }
  }
}
