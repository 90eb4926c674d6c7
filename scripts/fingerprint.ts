// npm run fingerprint: the hash of the fixed battery of outputs; equal on every runtime and machine.
import { fingerprint } from '../src/index.ts';

console.log(fingerprint());
