/** Compiled by every TypeScript from 5.0 on, never run: no `using`, no generic typed arrays, every door. */
import { fingerprint, init, sinusoidal, Tensor } from 'posenc';
import { sincos2d } from 'posenc/absolute';
import { ropeDecayBound } from 'posenc/analysis';
import { type AlibiOptions, alibi } from 'posenc/bias';
import { init as load } from 'posenc/init';
import { kernelsOf } from 'posenc/kernels';
import { explain, fromHF } from 'posenc/models';
import kernels from 'posenc/posenc.simd.wasm';
import { positionIds } from 'posenc/positions';
import * as reference from 'posenc/reference';
import { applyRotary, type RotarySpec, type RotaryTable, rotaryTable } from 'posenc/rotary';
import { merge } from 'posenc/rows';
import { shawIndex } from 'posenc/scores';

const x = Tensor.zeros([1, 4, 2, 8]);
export const data: Float32Array = x.data;
export const first: number = x.data[0];
// @ts-expect-error the data of a Tensor are numbers, not just anything
export const nothing: string = x.data;

const spec: RotarySpec = { headDim: 8, pairing: undefined };
const options: AlibiOptions = { heads: 2, keyLength: 4, causal: undefined };
const table: RotaryTable = rotaryTable(spec, { length: 4, out: undefined });
applyRotary(x, table, { positions: undefined });
merge(sinusoidal({ length: 4, dim: 8, offset: undefined, engine: x.engine }), alibi(options));
fromHF({ model_type: 'llama' }, { context: undefined });
load(kernels).then(() => init());
reference.sinusoidal({ length: 1, dim: 2 });
export const made = [explain, fingerprint, kernelsOf, positionIds, ropeDecayBound, shawIndex, sincos2d];
x.dispose();
// @ts-expect-error a misspelt option is refused
sinusoidal({ length: 4, dim: 4, bas: 10 });
