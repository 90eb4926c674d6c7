/** What translating a rope block has to know of the record it belongs to. */
import type { MropeLayout } from '../rotary/spec.ts';

export interface ModelClass {
  /** The canonical model type. */
  readonly type: string;
  readonly mrope?: { readonly section: readonly number[]; readonly layout: MropeLayout };
  /** A dynamic block with `alpha` is a fixed base (HunYuan). */
  readonly alpha: boolean;
  /** Keys of a block beyond those of its rule. */
  readonly blockKeys: readonly string[];
}
