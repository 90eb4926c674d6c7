/** Rows of ALiBi: the kernel of assembly/alibi.ts writes whole blocks of them, masks included, without a stored diagonal. */
import { type Block, MAX_HEADS, UNLIMITED } from '../../runtime/block.ts';
import type { Engine } from '../../runtime/engine.ts';
import type { Filler } from './encoding.ts';

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

export function linearFiller(engine: Engine, slopes: Slopes, block: Block): Filler {
  const { kernels, coefficients } = engine;
  const { pairs, bfloat16, form } = slopes;
  const parts = partsOf(slopes);
  const byDistance = form !== 'key' && form !== 'key-last-zero';
  let own = 0;
  return {
    scratchBytes: 4 * ((Math.min(pairs.length, 2 * MAX_HEADS) + 3) & ~3),
    directRows: byDistance && block.columns <= EXPANDED_COLUMNS ? EXPANDED_ROWS - 1 : Number.POSITIVE_INFINITY,
    diagonal: undefined,
    load(pointer, head, heads) {
      own = pointer - 8 * head;
      const { f32 } = engine;
      for (let i = 0; i < 2 * heads; i++) f32[(pointer >>> 2) + i] = pairs[2 * head + i];
    },
    rows({ out, headStride, rowStride, head, heads, rows, columns, query, queries, key, keys }, piece) {
      const centre = form === 'key-last-zero' ? (piece.keyPositions?.at(-1) ?? piece.keys - 1) : 0;
      for (const part of parts) {
        const from = Math.max(head, part.from);
        const n = Math.min(head + heads, part.to) - from;
        if (n <= 0) continue;
        const left = Math.min(part.left, block.left);
        const right = Math.min(part.right, block.right);
        // biome-ignore format: grouped as the kernel declares it
        kernels.alibiRows(
          out + (from - head) * headStride, headStride, rowStride, own + 8 * from, n, rows, columns, query, queries,
          key, keys, part.centred, centre, left, right, block.maskValue, coefficients);
      }
      if (!bfloat16) return;
      const [height, length] = rowStride === 4 * columns ? [1, rows * columns] : [rows, columns];
      for (let h = 0; h < heads; h++) {
        for (let r = 0; r < height; r++) kernels.roundBfloat16(out + h * headStride + r * rowStride, length);
      }
    },
    fill({ pointer, stride, head, heads }, { first, count, list }) {
      for (const part of parts) {
        const from = Math.max(head, part.from);
        const n = Math.min(head + heads, part.to) - from;
        if (n <= 0) continue;
        const at = pointer + (from - head) * stride;
        if (list) {
          const open = (side: number) => (side === UNLIMITED ? Number.POSITIVE_INFINITY : side);
          // biome-ignore format: grouped as the kernel declares it
          kernels.slopeDistances(
            at, stride, own + 8 * from, n, list, count, open(part.left), open(part.right), block.maskValue);
          continue;
        }
        // a query and a first key that far apart, both of them int32
        const query = -Math.floor(first / 2);
        // biome-ignore format: grouped as the kernel declares it
        kernels.alibiRows(
          at, stride, 0, own + 8 * from, n, 1, count, query, 0, first + query, 0, 1, 0, part.left, part.right,
          block.maskValue, coefficients);
      }
      if (!bfloat16) return;
      for (let h = 0; h < heads; h++) kernels.roundBfloat16(pointer + h * stride, count);
    },
  };
}

function partsOf({ heads, form, pairs }: Slopes): Part[] {
  const total = pairs.length / 2;
  const parts: Part[] = [];
  const add = (from: number, to: number, left: number, right: number, centred: 0 | 1) => {
    if (from < to) parts.push({ from, to, left, right, centred });
  };
  if (form === 'nonsymmetric') {
    add(0, heads / 2, UNLIMITED, 0, 1);
    add(heads / 2, heads, 0, UNLIMITED, 1);
  } else add(0, heads, UNLIMITED, UNLIMITED, form === 'key' || form === 'key-last-zero' ? 0 : 1);
  add(heads, total, UNLIMITED, UNLIMITED, 1);
  return parts;
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The nearest number of bfloat16, ties to even. */
export function roundToBfloat16(x: number): number {
  float[0] = x;
  // infinities and numbers of eight bits stay as they are
  if ((bits[0] & 0xffff) === 0 || Number.isNaN(x)) return float[0];
  bits[0] += 0x7fff + ((bits[0] >>> 16) & 1);
  bits[0] &= 0xffff0000;
  return float[0];
}
