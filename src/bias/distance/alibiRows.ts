/** Rows of ALiBi: the kernel of assembly/alibi.ts writes whole blocks of them, masks included, without a stored diagonal. */
import { type Block, MAX_HEADS, type Piece, UNLIMITED } from '../../runtime/block.ts';
import type { Engine } from '../../runtime/engine.ts';
import type { Distances, Filler, HeadRows, Tile } from './encoding.ts';

export interface Slopes {
  /** Heads of their own; the others are zero. */
  readonly heads: number;
  readonly form: 'distance' | 'tril' | 'key' | 'key-last-zero' | 'nonsymmetric';
  /** Per head: what the distance key minus query (or the key itself) is multiplied by up to 0, and above it. */
  readonly pairs: readonly number[];
  readonly bfloat16: boolean;
}

/** Heads that are treated alike: what they see besides the window, and what their distances count from. */
interface Part {
  readonly from: number;
  readonly to: number;
  readonly left: number;
  readonly right: number;
  readonly centred: 0 | 1;
}

/** From this many rows on, and up to rows of this many columns, copying one diagonal is cheaper than computing each row. */
const EXPANDED_ROWS = 16;
const EXPANDED_COLUMNS = 512;

/** A class: an object with three closures of its own costs as much as a row. */
export class LinearFiller implements Filler {
  declare readonly scratchBytes: number;
  declare readonly directRows: number;
  declare readonly diagonal: undefined;
  declare readonly engine: Engine;
  declare readonly slopes: Slopes;
  declare readonly block: Block;
  declare readonly parts: readonly Part[];
  /** Where the slopes of head 0 would lie. */
  declare own: number;

  constructor(engine: Engine, slopes: Slopes, block: Block) {
    const { pairs, form } = slopes;
    const byDistance = form !== 'key' && form !== 'key-last-zero';
    this.scratchBytes = 4 * ((Math.min(pairs.length, 2 * MAX_HEADS) + 3) & ~3);
    this.directRows = byDistance && block.columns <= EXPANDED_COLUMNS ? EXPANDED_ROWS - 1 : Number.POSITIVE_INFINITY;
    this.diagonal = undefined;
    this.engine = engine;
    this.slopes = slopes;
    this.block = block;
    this.parts = partsOf(slopes);
    this.own = 0;
  }

  load(pointer: number, head: number, heads: number): void {
    this.own = pointer - 8 * head;
    const { f32 } = this.engine;
    const { pairs } = this.slopes;
    for (let i = 0; i < 2 * heads; i++) f32[(pointer >>> 2) + i] = pairs[2 * head + i];
  }

  rows(tile: Tile, piece: Piece): void {
    const { out, headStride, rowStride, head, heads, rows, columns, query, queries, key, keys } = tile;
    const { engine, slopes, block, parts } = this;
    const { kernels, coefficients } = engine;
    const centre = slopes.form === 'key-last-zero' ? (piece.keyPositions?.at(-1) ?? piece.keys - 1) : 0;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      const from = Math.max(head, part.from);
      const n = Math.min(head + heads, part.to) - from;
      if (n <= 0) continue;
      const left = Math.min(part.left, block.left);
      const right = Math.min(part.right, block.right);
      // biome-ignore format: grouped as the kernel declares it
      kernels.alibiRows(
        out + (from - head) * headStride, headStride, rowStride, this.own + 8 * from, n, rows, columns, query, queries,
        key, keys, part.centred, centre, left, right, block.maskValue, coefficients);
    }
    if (!slopes.bfloat16) return;
    const [height, length] = rowStride === 4 * columns ? [1, rows * columns] : [rows, columns];
    for (let h = 0; h < heads; h++) {
      for (let r = 0; r < height; r++) kernels.roundBfloat16(out + h * headStride + r * rowStride, length);
    }
  }

  fill(to: HeadRows, distances: Distances): void {
    const { pointer, stride, head, heads } = to;
    const { first, count, list } = distances;
    const { engine, slopes, block, parts } = this;
    const { kernels, coefficients } = engine;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      const from = Math.max(head, part.from);
      const n = Math.min(head + heads, part.to) - from;
      if (n <= 0) continue;
      const at = pointer + (from - head) * stride;
      if (list) {
        const open = (side: number) => (side === UNLIMITED ? Number.POSITIVE_INFINITY : side);
        // biome-ignore format: grouped as the kernel declares it
        kernels.slopeDistances(
          at, stride, this.own + 8 * from, n, list, count, open(part.left), open(part.right), block.maskValue);
        continue;
      }
      // a query and a first key that far apart, both of them int32
      const query = -Math.floor(first / 2);
      // biome-ignore format: grouped as the kernel declares it
      kernels.alibiRows(
        at, stride, 0, this.own + 8 * from, n, 1, count, query, 0, first + query, 0, 1, 0, part.left, part.right,
        block.maskValue, coefficients);
    }
    if (!slopes.bfloat16) return;
    for (let h = 0; h < heads; h++) kernels.roundBfloat16(pointer + h * stride, count);
  }
}

function partsOf({ heads, form, pairs }: Slopes): Part[] {
  const total = pairs.length / 2;
  const zero: Part = { from: heads, to: total, left: UNLIMITED, right: UNLIMITED, centred: 1 };
  if (form === 'nonsymmetric') {
    return [
      { from: 0, to: heads / 2, left: UNLIMITED, right: 0, centred: 1 },
      { from: heads / 2, to: heads, left: 0, right: UNLIMITED, centred: 1 },
      zero,
    ];
  }
  const centred = form === 'key' || form === 'key-last-zero' ? 0 : 1;
  const own: Part = { from: 0, to: heads, left: UNLIMITED, right: UNLIMITED, centred };
  return heads < total ? [own, zero] : [own];
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The nearest number of bfloat16, ties to even; x is no NaN. */
export function roundToBfloat16(x: number): number {
  float[0] = x;
  bits[0] += 0x7fff + ((bits[0] >>> 16) & 1);
  bits[0] &= 0xffff0000;
  return float[0];
}
