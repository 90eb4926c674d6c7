import { attach, fingerprint, sinusoidal } from 'posenc';

export default {
  fetch() {
    const memory = new WebAssembly.Memory({ initial: 4 });
    const engine = attach(memory, { scratch: { byteOffset: 65536, byteLength: 131072 } });
    const out = new Float32Array(memory.buffer, 0, 4);
    sinusoidal({ length: 1, dim: 4, out, engine });
    return new Response(out.join() === '0,1,0,1' ? fingerprint() : `attach gave ${out.join()}`);
  },
};
