/**
 * Llama 4's query temperature applied: what its layers without positions do instead of a rotation (transformers
 * modeling_llama4). The factor itself is queryScale.
 */
import { oneOf, take } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { type Floats, gate } from '../runtime/gate.ts';
import type { NumberList } from '../runtime/lists.ts';
import type { EngineOption } from '../runtime/options.ts';
import { type GeometryOptions, geometryOf, LAYOUTS } from './geometry.ts';
import { queryScale } from './softmaxScale.ts';

export interface ScaleQueryOptions extends Pick<GeometryOptions, 'layout' | 'heads' | 'shape'>, EngineOption {
  /** Absolute positions, [S] or [B, S] flattened (THD, TD: [T]). Default 0, 1, 2 ... */
  readonly positions?: NumberList;
  /** Default 8192. */
  readonly floorScale?: number;
  /** Default 0.1. */
  readonly attnScale?: number;
}

/**
 * Multiplies every query by the temperature of its position, in place: what Llama 4 does instead of a rotation on its layers
 * without positions.
 * The factor is float64, each product is rounded once.
 * @param q queries, in the layout's shape
 * @param given positions, floorScale and attnScale, the layout
 * @returns q
 * @throws ERR_SHAPE, ERR_OPTION, ERR_POSITION
 * @see transformers modeling_llama4, attn_temperature_tuning
 * @example
 * const q = Tensor.from([1, 1], [1, 1, 1, 2]);
 * console.log(scaleQuery(q, { positions: [8191] }).data[0].toFixed(4)); // 1.0693
 */
export function scaleQuery<T extends Floats>(q: T, given: ScaleQueryOptions = {}): T {
  const o = take('scaleQuery', given, ['layout', 'heads', 'shape', 'positions', 'floorScale', 'attnScale', 'engine']);
  const layout = oneOf('layout', o.layout, LAYOUTS, 'BSHD');
  const call = gate('scaleQuery', o.engine);
  const x = call.change('q', q);
  const { batch, sequence, heads, channels } = geometryOf(x, layout, o);
  const list = o.positions === undefined ? undefined : call.positions('positions', o.positions).data;
  if (list && list.length !== sequence && list.length !== batch * sequence) {
    throw new PosencError(
      'ERR_SHAPE',
      `positions: expected ${sequence} (shared by the batch) or ${batch * sequence}, got ${list.length}`,
    );
  }
  const { floorScale, attnScale } = o;
  const scales = Float32Array.from(list ?? { length: sequence }, (position, t) =>
    queryScale(list ? position : t, { floorScale, attnScale }),
  );
  call.run((engine) => {
    // a run of vectors per batch, or per batch and head, whose rows follow the tokens
    const runs = layout === 'BHSD' ? heads : 1;
    const width = (heads * channels) / Math.max(1, runs);
    const block = Math.floor(engine.scratchBytes / 4);
    const pointer = engine.scratch();
    for (let b = 0; b < batch; b++) {
      const first = scales.length === sequence ? 0 : b * sequence;
      for (let row = 0; row < sequence; row += block) {
        const n = Math.min(block, sequence - row);
        engine.f32.set(scales.subarray(first + row, first + row + n), pointer >>> 2);
        for (let run = 0; run < runs; run++) {
          const at = x.pointer + 4 * width * ((b * runs + run) * sequence + row);
          engine.kernels.scaleRows(at, 4 * width, pointer, n, width);
        }
      }
    }
  });
  return q;
}
