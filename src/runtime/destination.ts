/** Where the numbers of a bias or of scores go: into `out`, into a new Tensor, or onto scores that are there already. */
import { ADD, REPLACE } from './codes.ts';
import type { Dtype } from './dtypes.ts';
import { PosencError } from './errors.ts';
import type { Call, Floats, Place } from './gate.ts';
import type { OutOption } from './options.ts';
import { elementsOf, sameShape } from './shapes.ts';
import { viewOf } from './views.ts';

export interface DestinationOptions extends OutOption<Dtype> {
  /**
   * Scores [..., shape of the result] that the result is added to, in place; they are also what is returned. An array outside
   * the engine's memory is copied in, and back when the call has succeeded.
   */
  readonly addTo?: Floats;
}

export interface Destination {
  readonly place: Place;
  /** How many times the result fits into the scores, one after the other. */
  readonly repeats: number;
  /** REPLACE or ADD. */
  readonly mode: typeof REPLACE | typeof ADD;
}

/** @throws ERR_OPTION, ERR_SHAPE */
export function destinationOf(
  call: Call,
  o: DestinationOptions,
  shape: readonly number[],
  dtype: Dtype = 'float32',
): Destination {
  if (o.addTo === undefined) return { place: call.output('out', o.out, shape, dtype), repeats: 1, mode: REPLACE };
  if (o.out !== undefined) throw new PosencError('ERR_OPTION', 'out: has no meaning beside addTo');
  const size = elementsOf(shape);
  const plain = viewOf('addTo', o.addTo);
  const length = plain?.length ?? 0;
  const count = size === 0 ? (length === 0 ? 1 : 0) : length / size;
  if (plain !== undefined && !(Number.isInteger(count) && count > 0)) throw unfit(shape, `${length} numbers`);
  const said = plain === undefined ? undefined : count === 1 ? shape : [count, ...shape];
  const place = call.change('addTo', o.addTo, said, true);
  const inner = place.shape.slice(-shape.length);
  if (!sameShape(inner, shape) || (place.length === 0 && size > 0)) throw unfit(shape, `[${place.shape.join(', ')}]`);
  return { place, repeats: size === 0 ? 1 : place.length / size, mode: ADD };
}

function unfit(shape: readonly number[], got: string): PosencError {
  return new PosencError('ERR_SHAPE', `addTo: expected [..., ${shape.join(', ')}], got ${got}`);
}
