/** The asynchronous door: the external binary, then the same engine for the main entry. */
import { fingerprint, sinusoidal } from 'posenc';
import { init } from 'posenc/init';
import { kernelsOf } from 'posenc/kernels';

await init();
const { engine } = sinusoidal({ length: 1, dim: 2 });
if (typeof kernelsOf(engine).kernels.joinRows !== 'function' && Object.keys(kernelsOf(engine).kernels).length === 0)
  throw new Error('no kernels');
console.log(fingerprint());
