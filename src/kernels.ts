/**
 * `posenc/kernels`: the raw kernels, for engine authors who manage memory themselves. Pointers are trusted: see the
 * docstrings of `Kernels` for what each parameter means.
 *
 * @module kernels
 */

import type { Engine } from './runtime/engine.ts';
import type { Kernels } from './runtime/kernels.ts';

export { attach } from './runtime/attach.ts';
export { COEFFICIENT_BYTES, writeCoefficients } from './runtime/coefficients.ts';
export { createEngine, type Engine, type EngineOptions } from './runtime/engine.ts';
export type { KernelName, Kernels } from './runtime/kernels.ts';

/** The kernels of an engine, and the pointer of its coefficient block (the parameter `constants`). */
export function kernelsOf(engine: Engine): { kernels: Kernels; coefficients: number } {
  engine.assertUsable();
  return { kernels: engine.kernels, coefficients: engine.coefficients };
}
