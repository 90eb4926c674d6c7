/** Scores that a bias is added to: their shape checked against the bias, wherever their memory is. */
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import { lengthOf } from '../runtime/operands.ts';
import { Tensor } from '../runtime/tensor.ts';

/** How many times a bias of `shape` fits the scores [..., shape]. @throws ERR_SHAPE, ERR_OPTION */
export function repeatsOf(scores: Tensor | Float32Array, shape: readonly number[]): number {
  const length = lengthOf('addTo', scores);
  if (scores instanceof Tensor && scores.dtype !== 'float32') {
    throw new PosencError('ERR_OPTION', `addTo: expected a float32 Tensor, got ${scores.dtype}`);
  }
  const one = shape.reduce((product, n) => product * n, 1);
  const inner = scores instanceof Tensor ? scores.shape.slice(-shape.length) : shape;
  const fits = one === 0 ? length === 0 : length % one === 0 && length > 0;
  if (!fits || inner.length !== shape.length || inner.some((n, i) => n !== shape[i])) {
    const got = scores instanceof Tensor ? `[${scores.shape.join(', ')}]` : `${length} numbers`;
    throw new PosencError('ERR_SHAPE', `addTo: expected [..., ${shape.join(', ')}], got ${got}`);
  }
  return one === 0 ? 1 : length / one;
}

/** Whether scores can be changed in place; others are staged. @throws ERR_OPTION when they cannot be staged either */
export function inMemory(engine: Engine, scores: Tensor | Float32Array): boolean {
  if (scores instanceof Tensor || scores.buffer === engine.memory.buffer) return true;
  if (engine.ownsMemory) return false;
  throw new PosencError(
    'ERR_OPTION',
    'addTo: an engine attached to your memory works in place; give a Float32Array on that memory',
  );
}
