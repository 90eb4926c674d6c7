/**
 * What every bias that depends on key minus query alone shares: an encoding says how to fill a diagonal, this file makes of
 * it the diagonal itself, the matrix, a block of its rows, or an addition onto scores, for any positions, mask, batch or
 * packed sequences.
 */
import { boolean } from '../../runtime/arguments.ts';
import {
  allowed,
  BATCH_OPTIONS,
  type Block,
  blockOf,
  extremes,
  MAX_HEADS,
  refuse,
  UNLIMITED,
} from '../../runtime/block.ts';
import { MULTIPLY } from '../../runtime/codes.ts';
import { destinationOf } from '../../runtime/destination.ts';
import type { Engine } from '../../runtime/engine.ts';
import { PosencError, show } from '../../runtime/errors.ts';
import type { Call } from '../../runtime/gate.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import type { Encoding, Filler, ToeplitzOptions } from './encoding.ts';
import { Writer } from './writer.ts';

/**
 * The bias in the form the options ask for.
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 */
export function toeplitz(call: Call, encoding: Encoding, o: ToeplitzOptions, given?: Block): Tensor {
  const { heads, width, headsLast, squeeze, range } = encoding;
  const diagonal = boolean('diagonal', o.diagonal, false);
  if (diagonal) refuse(o, 'diagonal', ['queryPositions', 'keyPositions', 'cuSeqlens', 'addTo', ...BATCH_OPTIONS]);
  if (encoding.consecutiveOnly) checkConsecutive(call, o);
  const block = given ?? blockOf(call, o, encoding.keyPadding);
  if (range !== undefined) checkRange(call, range, block);
  const entries = Math.max(0, block.rows + block.columns - 1);
  const sizes = diagonal ? [heads, entries] : [heads, block.rows, block.columns];
  const shape = headsLast ? [...sizes.slice(1), width] : squeeze > 0 ? sizes.slice(squeeze) : sizes;
  if (block.batch !== undefined) shape.unshift(block.batch);
  const { place, repeats, mode } = destinationOf(call, o, shape, encoding.dtype);
  return call.run((engine) => {
    if (place.length === 0) return place.tensor;
    if (diagonal) {
      const stride = 4 * entries * width;
      const filler = encoding.bind(engine, block);
      for (let head = 0; head < heads; head += MAX_HEADS) {
        const writer = writerFrom(engine, encoding, filler, block, head);
        const to = { pointer: place.pointer + head * stride, stride, head, heads: writer.heads };
        writer.fill(to, 1 - block.rows - block.pieces[0].query, entries);
      }
      return place.tensor;
    }
    const { factor } = encoding;
    const added = o.addTo !== undefined;
    if (factor !== undefined && added) {
      const unmasked = { ...block, left: UNLIMITED, right: UNLIMITED };
      writeMatrices(engine, factor, unmasked, place.pointer, repeats, MULTIPLY);
    }
    writeMatrices(engine, encoding, block, place.pointer, repeats, added && encoding.multiply ? MULTIPLY : mode);
    return place.tensor;
  });
}

function writeMatrices(
  engine: Engine,
  encoding: Encoding,
  block: Block,
  out: number,
  repeats: number,
  mode: number,
): void {
  const { heads, width } = encoding;
  const { pieces } = block;
  const matrix = 4 * block.rows * block.columns * width;
  const all = heads * matrix;
  const batches = block.batch ?? 1;
  const filler = encoding.bind(engine, block);
  for (let head = 0; head < heads; head += MAX_HEADS) {
    const writer = writerFrom(engine, encoding, filler, block, head);
    for (let r = 0; r < repeats; r++) {
      for (let i = 0; i < pieces.length; i++) {
        writer.write(out + (r * batches + pieces[i].batch) * all + head * matrix, pieces[i], mode);
      }
    }
  }
}

/** For heads from `head` on, nearly always all of them: only many need more room for their parameters than the arena has. */
function writerFrom(engine: Engine, encoding: Encoding, filler: Filler, block: Block, head: number): Writer {
  return new Writer(engine, encoding, filler, block, head, Math.min(MAX_HEADS, encoding.heads - head));
}

function checkConsecutive(call: Call, o: ToeplitzOptions): void {
  for (const name of ['queryPositions', 'keyPositions', 'cuSeqlens', ...BATCH_OPTIONS] as const) {
    if (o[name] === undefined) continue;
    throw new PosencError(
      'ERR_OPTION',
      `${name}: this form of ${call.name} is defined for consecutive rows of one sequence`,
    );
  }
}

function checkRange(call: Call, range: NonNullable<Encoding['range']>, block: Block): void {
  const [low, high] = allowed(block);
  for (const piece of block.pieces) {
    const reached = extremes(piece);
    if (reached === undefined) continue;
    const [nearest, furthest] = [Math.max(reached[0], low), Math.min(reached[1], high)];
    if (nearest > furthest || (nearest >= range.low && furthest <= range.high)) continue;
    // positions may leave out the distances in between: what is reached is the two ends
    throw new PosencError(
      'ERR_POSITION',
      `${range.option}: ${call.name} covers key minus query from ${range.low} to ${range.high}, the lengths or positions reach ${show(nearest < range.low ? nearest : furthest)}`,
    );
  }
}
