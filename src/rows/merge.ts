/**
 * How position rows join the vectors of x: added (Vaswani et al., arXiv 1706.03762), multiplied (both forms of bert4keras),
 * concatenated, or alone.
 */
import { oneOf, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Floats, gate, type Out } from '../runtime/gate.ts';
import { JOIN } from '../runtime/operations.ts';
import type { EngineOption } from '../runtime/options.ts';
import { rowsIn } from '../runtime/shapes.ts';
import type { Tensor } from '../runtime/tensor.ts';

export interface MergeOptions extends EngineOption {
  /** 'add' x + p; 'mul' x p; 'mulPlusOne' x (1 + p); 'concat' [x | p]; 'zero' p alone. Default 'add'. */
  readonly mode?: 'add' | 'mul' | 'mulPlusOne' | 'concat' | 'zero';
  /** Shape of x, [..., S, D]; needed for a plain Float32Array. */
  readonly shape?: readonly number[];
  /** Shape of p, [S, Dp] or x's own; needed for a plain Float32Array. */
  readonly positionShape?: readonly number[];
  /** For 'add', 'mul' and 'mulPlusOne' it may be x itself. Default: a new Tensor. */
  readonly out?: Out;
}

const OPTIONS = ['mode', 'shape', 'positionShape', 'out', 'engine'] as const;
const MODES = ['add', 'mul', 'mulPlusOne', 'concat', 'zero'] as const;

/**
 * x joined with p. p [S, D] is repeated over the leading dimensions of x.
 * One float32 operation a number, rounded once.
 * @param x [..., S, D] float32
 * @param p [S, D] or x's shape
 * @param given the mode (default add), `out`
 * @returns float32, x's shape; for 'concat' [..., S, D + Dp]
 * @throws ERR_SHAPE, ERR_OPTION, ERR_DISPOSED, ERR_OUT_OF_MEMORY
 * @see Vaswani et al., arXiv 1706.03762, section 3.5; bert4keras PositionEmbedding
 * @example
 * const x = Tensor.from([1, 2, 3, 4], [2, 2]);
 * console.log(merge(x, sinusoidal({ length: 2, dim: 2 })).data); // Float32Array(4) [ 1, 3, 3.841470956802368, 4.540302276611328 ]
 */
export function merge(x: Floats, p: Floats, given: MergeOptions = {}): Tensor {
  const o = take('merge', given, OPTIONS);
  const mode = oneOf('mode', o.mode, MODES, 'add');
  const call = gate('merge', o.engine);
  const vectors = call.input('x', x, o.shape);
  const table = call.input('p', p, o.positionShape, 'float32', 'positionShape');
  const { shape } = vectors;
  const positionShape = table.shape;
  if (shape.length < 2 || positionShape.length < 2) {
    throw new PosencError(
      'ERR_SHAPE',
      `merge: x is [..., S, D] and p [S, D], got [${shape.join(', ')}] and [${positionShape.join(', ')}]`,
    );
  }
  const width = shape[shape.length - 1];
  const added = positionShape[positionShape.length - 1];
  if (!endsIn(shape, positionShape) || (mode !== 'concat' && added !== width)) {
    throw new PosencError(
      'ERR_SHAPE',
      `p: [${positionShape.join(', ')}] does not fit x [${shape.join(', ')}]; give p as [S, D]${mode === 'concat' ? ' with any D' : ''}`,
    );
  }
  const outShape = mode === 'concat' ? [...shape.slice(0, -1), width + added] : shape;
  const joined = call.output('out', o.out, outShape, 'float32', mode === 'concat' ? undefined : vectors);
  const rows = rowsIn(outShape);
  const period = rowsIn(positionShape);
  return call.run(({ kernels }) => {
    const to = joined.pointer;
    if (joined.length === 0) return joined.tensor;
    if (mode === 'zero') kernels.copyRows(to, 4 * width, table.pointer, 4 * width, rows, width, period);
    else if (mode !== 'concat') kernels.joinRows(to, vectors.pointer, table.pointer, rows, width, period, JOIN[mode]);
    else {
      const stride = 4 * (width + added);
      kernels.copyRows(to, stride, vectors.pointer, 4 * width, rows, width, rows);
      kernels.copyRows(to + 4 * width, stride, table.pointer, 4 * added, rows, added, period);
    }
    return joined.tensor;
  });
}

/** Whether the rows of p are the last dimensions of the rows of x. */
function endsIn(shape: readonly number[], positionShape: readonly number[]): boolean {
  const skip = shape.length - positionShape.length;
  if (skip < 0) return false;
  for (let i = 0; i + 1 < positionShape.length; i++) if (positionShape[i] !== shape[skip + i]) return false;
  return true;
}
