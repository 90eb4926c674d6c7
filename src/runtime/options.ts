/** Options that many calls take: each is written, and explained, here alone. */
import type { Dtype } from './dtypes.ts';
import type { Engine } from './engine.ts';
import type { Out } from './gate.ts';

export interface EngineOption {
  /** The engine that computes. Default: the one that owns `out` or the Tensors given, else the default engine. */
  readonly engine?: Engine;
}

export interface OutOption<D extends Dtype = 'float32'> {
  /**
   * Where the result goes, and what is returned: a Tensor, or a typed array on the engine's memory, of the result's size and dtype.
   * Nothing is allocated then. It must not overlap an input unless the call says so. Default: a new Tensor.
   */
  readonly out?: Out<D>;
}

export interface PairOutOption<D extends Dtype = 'float32'> {
  /**
   * Where cos and sin go: Tensors, or typed arrays on the engine's memory, each of the size and dtype of one table. Nothing is
   * allocated then. Default: new Tensors.
   */
  readonly out?: { readonly cos: Out<D>; readonly sin: Out<D> };
}

export interface PrecisionOption {
  /**
   * 'exact': the real-valued formula, rounded once to float32, whatever the position. 'torch': float32 frequencies and products, the
   * numbers that PyTorch code computes. Default 'exact'.
   */
  readonly precision?: 'exact' | 'torch';
}
