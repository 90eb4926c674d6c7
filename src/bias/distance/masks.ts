/**
 * Attention masks: causal, sliding window, padding. Keys and queries meet at their ends (flash-attention 2.1, bottom-right
 * aligned): query row i stands at i + keys - queries. flash-attention `construct_local_mask` is the reference.
 */
import { boolean, oneOf, options } from '../../runtime/arguments.ts';
import { allowed, BIAS_OPTIONS, type Block, blockOf } from '../../runtime/block.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError } from '../../runtime/errors.ts';
import { checkOut, chooseEngine, output } from '../../runtime/operands.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import {
  batchList,
  type Filler,
  headCount,
  type KeyPadding,
  keyEnd,
  type ToeplitzOptions,
  toeplitz,
} from './toeplitz.ts';

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
  readonly out?: Tensor | Tensor<'uint8'> | Float32Array;
}

const OPTIONS = [
  ...BIAS_OPTIONS,
  'addTo',
  'queryLengths',
  'keyLengths',
  'keyLeftPad',
  'dtype',
  'heads',
  'padding',
] as const;

export function attentionMask(given: AttentionMaskOptions & { readonly dtype: 'uint8' }): Tensor<'uint8'>;
export function attentionMask(given: AttentionMaskOptions): Tensor;
/**
 * The mask of a window [left, right] (-1 is unlimited; causal is right = 0; Hugging Face's sliding_window W is [W - 1, 0]).
 * A query row that no key is allowed to is masked as a whole.
 * @returns [queryLength, keyLength], or [B, 1, queryLength, keyLength] with queryLengths, keyLengths or keyLeftPad
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 */
export function attentionMask(given: AttentionMaskOptions): Tensor | Tensor<'uint8'> {
  const o = options('attentionMask', given, OPTIONS);
  const dtype = oneOf('dtype', o.dtype, ['float32', 'uint8'], 'float32');
  const keyPadding: KeyPadding = oneOf('padding', o.padding, ['mask', 'flash'], 'mask');
  boolean('causal', o.causal, false);
  if (dtype === 'uint8') {
    for (const name of ['addTo', 'heads', 'maskValue'] as const) {
      if (o[name] !== undefined) throw new PosencError('ERR_OPTION', `${name}: has no meaning beside dtype 'uint8'`);
    }
    return byteMask(o, keyPadding);
  }
  const batched = (o.queryLengths ?? o.keyLengths ?? o.keyLeftPad) !== undefined;
  const heads = o.heads === undefined ? 1 : headCount('heads', o.heads);
  const squeeze = batched || o.heads !== undefined ? 0 : 1;
  return toeplitz({ name: 'attentionMask', heads, squeeze, keyPadding, bind: zeroFiller }, o as ToeplitzOptions);
}

function zeroFiller(engine: Engine): Filler {
  return {
    scratchBytes: 0,
    directRows: Number.POSITIVE_INFINITY,
    load() {},
    fill(to, { count }) {
      engine.kernels.fillRows(to.pointer, to.stride, to.heads, count, 0);
    },
  };
}

/** The list of key positions goes through the arena in parts. */
const PART = 4096;

function byteMask(o: AttentionMaskOptions, keyPadding: KeyPadding): Tensor<'uint8'> {
  const names = (['queryLengths', 'keyLengths', 'keyLeftPad'] as const).filter((name) => o[name] !== undefined);
  for (const name of ['queryPositions', 'keyPositions', 'queryOffset'] as const) {
    if (names.length > 0 && o[name] !== undefined) {
      throw new PosencError('ERR_OPTION', `${name}: has no meaning beside ${names[0]}`);
    }
  }
  const batches = names.length > 0 ? batchList(o) : undefined;
  const block: Block = blockOf(
    'attentionMask',
    batches ? ({ ...o, queryOffset: 0 } as ToeplitzOptions) : (o as ToeplitzOptions),
  );
  const engine = chooseEngine(o.engine, o.out);
  const shape = batches ? [batches.length, 1, block.rows, block.columns] : [block.rows, block.columns];
  checkOut(engine, o.out, shape, 'uint8');
  const mask = output(engine, o.out, shape, 'uint8');
  const { rows, columns } = block;
  const [low, high] = allowed(block);
  const scratch = engine.scratch();
  for (const [b, { shift, pad, keys }] of (batches ?? [{ shift: 0, pad: 0, keys: columns }]).entries()) {
    const end = batches ? keyEnd(keyPadding, block, pad + keys) : columns;
    for (let column = 0; column < columns; column += PART) {
      const n = block.keyPositions ? Math.min(PART, columns - column) : columns;
      if (block.keyPositions) engine.i32.set(block.keyPositions.subarray(column, column + n), scratch >>> 2);
      for (let row = 0; row < rows; row++) {
        const query = block.queryPositions ? block.queryPositions[row] : block.query + shift + row;
        const at = mask.byteOffset + (b * rows + row) * columns + column;
        // biome-ignore format: grouped as the kernel declares it
        engine.kernels.maskBytes(
          at, query + low, query + high, block.keyPositions ? scratch : 0, -pad, n, pad, end);
      }
      if (!block.keyPositions) break;
    }
  }
  return mask;
}
