/** What each bundler bundles: the main entry and the reference in one program. Prints the fingerprint. */
import { fingerprint, sinusoidal } from 'posenc';
import { sinusoidal as plain } from 'posenc/reference';

const options = { length: 5, dim: 16, offset: 1000 };
const [ours, theirs] = [sinusoidal(options).data, plain(options).data];
if (ours.some((x, i) => Math.abs(x - theirs[i]) > 1e-7)) throw new Error('the reference differs');
console.log(fingerprint());
