/** Joining a position table with token embeddings: add, multiply, concatenate (bert4keras `PositionEmbedding` merge modes). */
import { elements, onlyKeys, output, type ReferenceTensor, type Shaped, shaped, word } from './result.ts';

export interface MergeOptions {
  /** add x+p; mul x*p; mulPlusOne x*(1+p); concat [x|p]; zero p alone. */
  readonly mode: 'add' | 'mul' | 'mulPlusOne' | 'concat' | 'zero';
  /** Shape [..., S, D] of x when x is a plain Float32Array. */
  readonly shape?: readonly number[];
  readonly out?: Float32Array | Shaped;
}

/**
 * x [..., S, D] with p [S, D], repeated over the leading dimensions, or p of x's own shape. For 'concat' p is [S, Dp] or
 * [..., S, Dp] and the result [..., S, D + Dp]. A plain Float32Array p has as many rows as its length allows.
 */
export function merge(x: Float32Array | Shaped, p: Float32Array | Shaped, options: MergeOptions): ReferenceTensor {
  onlyKeys('merge', options, ['mode', 'shape', 'out']);
  const mode = word('mode', options.mode, ['add', 'mul', 'mulPlusOne', 'concat', 'zero']);
  const { shape, data } = shaped('x', x, options.shape);
  if (shape.length < 2) throw new RangeError(`shape: expected [..., S, D], got [${shape}]`);
  if (data.length !== elements(shape)) throw new RangeError(`x: ${data.length} elements do not fill [${shape}]`);
  const [sequence, width] = shape.slice(-2);
  const rows = elements(shape.slice(0, -1));
  const table = p instanceof Float32Array ? p : p.data;
  const perToken = p instanceof Float32Array ? p.length === rows * width : p.shape.length > 2;
  const tableRows = perToken ? rows : sequence;
  const tableWidth = p instanceof Float32Array ? p.length / tableRows : p.shape[p.shape.length - 1];
  if (table.length !== tableRows * tableWidth || (mode !== 'concat' && tableWidth !== width)) {
    throw new RangeError(`p: expected [${sequence}, ${width}] or [${shape}], got ${table.length} elements`);
  }
  const outWidth = mode === 'concat' ? width + tableWidth : width;
  const result = output([...shape.slice(0, -1), outWidth], options.out);
  for (let row = 0; row < rows; row++) {
    const xs = data.subarray(row * width, (row + 1) * width);
    const ps = table.subarray((row % tableRows) * tableWidth, ((row % tableRows) + 1) * tableWidth);
    const target = result.data.subarray(row * outWidth, (row + 1) * outWidth);
    if (mode === 'concat') {
      target.set(xs);
      target.set(ps, width);
    } else {
      for (let c = 0; c < width; c++) target[c] = join(mode, xs[c], ps[c]);
    }
  }
  return result;
}

function join(mode: 'add' | 'mul' | 'mulPlusOne' | 'zero', x: number, p: number): number {
  if (mode === 'add') return x + p;
  if (mode === 'mul') return x * p;
  if (mode === 'mulPlusOne') return x * Math.fround(1 + p);
  return p;
}
