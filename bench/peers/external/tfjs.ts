/** TensorFlow.js, eager operations on its WebAssembly (SIMD, one thread) or its plain JavaScript backend, no reading back. */
import {
  type AlibiProblem,
  angleTolerance,
  type Competitor,
  frequencies,
  type RotaryProblem,
  type SinusoidalProblem,
} from './competitor.ts';
import { folderOf, type Library, load } from './load.ts';

export async function open(backend: 'wasm' | 'cpu') {
  const tf = await load('@tensorflow/tfjs-core');
  tf.enableProdMode();
  const own = await load(`@tensorflow/tfjs-backend-${backend}`);
  if (backend === 'wasm') {
    own.setWasmPaths(`${folderOf('@tensorflow/tfjs-backend-wasm')}wasm-out/`);
    own.setThreadsCount(1);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs does not start its backend ${backend}`);
  // a backend that has started is switched to at once, without waiting
  const before = () => tf.setBackend(backend);
  const competitor = (
    operation: string,
    tolerance: number,
    make: () => Library,
    kept: readonly Library[],
  ): Competitor => ({
    name: `tfjs-${backend} ${operation}`,
    before,
    run: () => tf.tidy(make).dispose(),
    read: () => {
      before();
      const made = tf.tidy(make);
      const numbers = made.dataSync().slice();
      made.dispose();
      return numbers;
    },
    tolerance,
    dispose: () => {
      before();
      for (const tensor of kept) tensor.dispose();
    },
  });

  return {
    /** x cos + swapped(x) sin, the sign folded into sin: split, concat, two products, one sum. */
    rotary({ length, heads, dim, x, cos, sin, pairing }: RotaryProblem): Competitor[] {
      before();
      const pairs = dim / 2;
      const shape = pairing === 'half' ? [length, heads, 2, pairs] : [length, heads, pairs, 2];
      const axis = pairing === 'half' ? 2 : 3;
      const both = (row: Float32Array, first: number) => {
        const wide = new Float32Array(2 * row.length);
        for (let t = 0; t < length; t++) {
          for (let k = 0; k < pairs; k++) {
            const [i, j] = pairing === 'half' ? [k, k + pairs] : [2 * k, 2 * k + 1];
            wide[t * dim + i] = first * row[t * pairs + k];
            wide[t * dim + j] = row[t * pairs + k];
          }
        }
        return tf.tensor(wide, [length, 1, ...shape.slice(2)]);
      };
      const [vectors, cosines, sines] = [tf.tensor(x, shape), both(cos, 1), both(sin, -1)];
      const make = () => {
        const [a, b] = tf.split(vectors, 2, axis);
        return tf.add(tf.mul(vectors, cosines), tf.mul(tf.concat([b, a], axis), sines));
      };
      return [competitor('split, concat, mul, add', 3e-7, make, [vectors, cosines, sines])];
    },

    sinusoidal({ length, dim }: SinusoidalProblem): Competitor[] {
      before();
      const positions = tf.tensor(
        Float32Array.from({ length }, (_, i) => i),
        [length, 1],
      );
      const theta = tf.tensor(frequencies(dim), [1, dim / 2]);
      const make = () => {
        const angles = tf.mul(positions, theta);
        return tf.concat([tf.sin(angles), tf.cos(angles)], 1);
      };
      return [competitor('mul, sin, cos, concat', angleTolerance(length), make, [positions, theta])];
    },

    /** One product: the distances are there already. */
    alibi({ length, slopes }: AlibiProblem): Competitor[] {
      before();
      const distances = Float32Array.from(
        { length: length * length },
        (_, n) => -Math.abs(Math.floor(n / length) - (n % length)),
      );
      const distance = tf.tensor(distances, [1, length, length]);
      const slope = tf.tensor(slopes, [slopes.length, 1, 1]);
      return [competitor('mul', 1.2e-7, () => tf.mul(slope, distance), [distance, slope])];
    },
  };
}
