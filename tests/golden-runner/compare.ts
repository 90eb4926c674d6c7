/** Element-wise comparison of one output with its golden array, by the rules of tests/golden/README.md. */
import type { Finding, Golden, Output, Tolerance } from './types.ts';

/**
 * Passes iff |got - want| <= abs + rel * |want| everywhere; integers, booleans and infinities must be equal;
 * a golden NaN is not compared.
 */
export function compare(name: string, got: Output | undefined, want: Golden, tolerance: Tolerance): Finding {
  if (got === undefined) return broken(name, `${name}: missing`);
  if (got.shape.length !== want.shape.length || got.shape.some((n, i) => n !== want.shape[i])) {
    return broken(name, `${name}: shape [${got.shape.join(', ')}], want [${want.shape.join(', ')}]`);
  }
  if (got.data.length !== want.data.length) {
    return broken(name, `${name}: ${got.data.length} values for shape [${got.shape.join(', ')}]`);
  }
  const exact = want.dtype === 'int32' || want.dtype === 'bool';
  let worst = -1;
  let worstRatio = -1;
  let maxAbs = 0;
  let allowed = 0;
  let wrong = 0;
  for (let i = 0; i < want.data.length; i++) {
    const w = want.data[i];
    if (Number.isNaN(w)) continue;
    const g = got.data[i];
    const limit = exact || !Number.isFinite(w) ? 0 : tolerance.abs + tolerance.rel * Math.abs(w);
    const error = distance(g, w);
    if (!(error <= limit)) wrong++;
    const ratio = error === 0 ? 0 : error / limit;
    if (ratio > worstRatio) {
      worstRatio = ratio;
      worst = i;
      maxAbs = error;
      allowed = limit;
    }
  }
  if (wrong === 0) return { output: name, ok: true, maxAbs, allowed };
  const [g, w] = [got.data[worst], want.data[worst]];
  const where = `${name}[${unravel(worst, want.shape).join(', ')}]`;
  const message = `${where}: got ${g}, want ${w}, allowed ${allowed}; ${wrong} of ${want.data.length} wrong`;
  return { output: name, ok: false, maxAbs, allowed, message };
}

/** |got - want|; 0 for equal infinities, Infinity for anything else that is not finite. */
function distance(got: number, want: number): number {
  if (got === want) return 0;
  const error = Math.abs(got - want);
  return Number.isNaN(error) ? Infinity : error;
}

function broken(output: string, message: string): Finding {
  return { output, ok: false, maxAbs: Infinity, allowed: 0, message };
}

function unravel(index: number, shape: readonly number[]): number[] {
  const result: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    result.unshift(index % shape[axis]);
    index = Math.floor(index / shape[axis]);
  }
  return result;
}
