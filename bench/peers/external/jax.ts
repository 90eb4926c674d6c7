/** @jax-js/jax on its WebAssembly device, jit-compiled, no reading back. */
import { angleTolerance, type Competitor, frequencies, type SinusoidalProblem } from './competitor.ts';
import { type Library, load } from './load.ts';

export async function open() {
  const jax = await load('@jax-js/jax');
  const devices: readonly string[] = await jax.init('wasm');
  if (!devices.includes('wasm')) throw new Error('jax-js has no WebAssembly device here');
  jax.defaultDevice('wasm');
  const np = jax.numpy;
  return {
    sinusoidal({ length, dim }: SinusoidalProblem): Competitor[] {
      const positions = np.array(Float32Array.from({ length }, (_, i) => i)).reshape([length, 1]);
      const theta = np.array(frequencies(dim)).reshape([1, dim / 2]);
      // an array is used up by the function it is given to; .ref keeps it
      const table = jax.jit((p: Library, f: Library) => {
        const angles = p.mul(f);
        return np.concatenate([np.sin(angles.ref), np.cos(angles)], 1);
      });
      const make = () => table(positions.ref, theta.ref);
      return [
        {
          name: 'jax-js jit',
          asynchronous: true,
          run: async () => {
            const made = make();
            await jax.blockUntilReady(made);
            made.dispose();
          },
          read: () => make().data(),
          tolerance: angleTolerance(length),
          dispose: () => {
            positions.dispose();
            theta.dispose();
          },
        },
      ];
    },
  };
}
