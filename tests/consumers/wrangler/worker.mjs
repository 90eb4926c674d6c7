/** The edge developer's Worker: one encoder, no ceremony. */
import { sinusoidal } from 'posenc';

export default {
  fetch() {
    return new Response(sinusoidal({ length: 512, dim: 384 }).toFloat32Array());
  },
};
