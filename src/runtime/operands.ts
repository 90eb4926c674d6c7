/**
 * What encoders do with the arrays they are given: find the engine, find the memory, make or check the output. A Tensor, or
 * a Float32Array on the engine's own memory, is used in place; any other Float32Array is staged through the memory and, when
 * it is to be changed, copied back.
 */
import { defaultEngine, Engine } from './engine.ts';
import { PosencError, show } from './errors.ts';
import { checkShape, elementsOf } from './shapes.ts';
import { type Dtype, Tensor } from './tensor.ts';

/** The engine of a call: `engine`, else the owner of the Tensors among `operands`, else the default one. */
export function chooseEngine(given: unknown, ...operands: unknown[]): Engine {
  return engineOf(given, operands);
}

/** The same for a list that is there already. */
export function engineOf(given: unknown, operands: readonly unknown[]): Engine {
  let engine: Engine | undefined;
  if (given !== undefined) {
    if (!(given instanceof Engine)) {
      throw new PosencError(
        'ERR_OPTION',
        `engine: expected an engine made by createEngine or attach, got ${show(given)}`,
      );
    }
    engine = given;
  }
  for (let i = 0; i < operands.length; i++) {
    const operand = operands[i];
    if (!(operand instanceof Tensor)) continue;
    operand.assertUsable();
    if (engine !== undefined && engine !== operand.engine) {
      throw new PosencError(
        'ERR_OPTION',
        'engine: Tensors of different engines in one call; make them with the same engine, or pass x.toFloat32Array()',
      );
    }
    engine = operand.engine;
  }
  engine ??= defaultEngine();
  engine.assertUsable();
  return engine;
}

/** An array in the engine's memory. `finish` copies a staged array back when it was to be changed, and frees the staging block. */
export interface Operand {
  readonly pointer: number;
  readonly length: number;
  finish(): void;
}

const NOTHING = () => {};

/** float32 data as input, or with `writeBack` as data changed in place. Staging allocates. */
export function operand(option: string, engine: Engine, x: unknown, writeBack = false): Operand {
  if (x instanceof Tensor) {
    if (x.dtype !== 'float32')
      throw new PosencError('ERR_OPTION', `${option}: expected a float32 Tensor, got ${x.dtype}`);
    return { pointer: x.byteOffset, length: x.length, finish: NOTHING };
  }
  if (!(x instanceof Float32Array)) {
    throw new PosencError('ERR_OPTION', `${option}: expected a Tensor or a Float32Array, got ${show(x)}`);
  }
  if (x.buffer === engine.memory.buffer) return { pointer: x.byteOffset, length: x.length, finish: NOTHING };
  if (!engine.ownsMemory) {
    throw new PosencError(
      'ERR_OPTION',
      `${option}: an engine attached to your memory works in place; give a Float32Array on that memory`,
    );
  }
  const staged = Tensor.from(x, [x.length], { engine });
  return {
    pointer: staged.byteOffset,
    length: x.length,
    finish() {
      if (writeBack) x.set(staged.data);
      staged.dispose();
    },
  };
}

/** Number of elements an input has, before anything is staged. */
export function lengthOf(option: string, x: unknown): number {
  if (x instanceof Tensor || x instanceof Float32Array) return x.length;
  throw new PosencError('ERR_OPTION', `${option}: expected a Tensor or a Float32Array, got ${show(x)}`);
}

/** The shape of an input: a Tensor's own, or `shape` for a plain array (also allowed for a Tensor, to reshape it). */
export function shapeOf(option: string, x: unknown, shape: unknown): readonly number[] {
  const length = lengthOf(option, x);
  if (shape === undefined) {
    if (x instanceof Tensor) return x.shape;
    throw new PosencError('ERR_SHAPE', `shape: a plain Float32Array needs it, for ${option} of ${length} numbers`);
  }
  const sizes = checkShape('shape', shape);
  if (elementsOf(sizes) !== length) {
    throw new PosencError('ERR_SHAPE', `shape: [${sizes.join(', ')}] does not hold the ${length} numbers of ${option}`);
  }
  return sizes;
}

/** `out` checked against what will be written into it, without allocating: undefined stays undefined. */
export function checkOut(engine: Engine, out: unknown, shape: readonly number[], dtype: Dtype = 'float32'): void {
  if (out === undefined) {
    checkShape('output shape', shape);
    return;
  }
  const length = elementsOf(shape);
  if (out instanceof Tensor) {
    if (out.dtype !== dtype) throw new PosencError('ERR_OPTION', `out: expected a ${dtype} Tensor, got ${out.dtype}`);
  } else if (!(out instanceof Float32Array) || out.buffer !== engine.memory.buffer || dtype !== 'float32') {
    throw new PosencError(
      'ERR_OPTION',
      `out: expected a ${dtype} Tensor${dtype === 'float32' ? " or a Float32Array on the engine's memory" : ''}, got ${show(out)}`,
    );
  }
  if (out.length !== length) {
    throw new PosencError('ERR_SHAPE', `out: needs [${shape.join(', ')}] = ${length} elements, got ${out.length}`);
  }
}

/** The output Tensor: `out` itself, a borrowed Tensor over a view, or a new one. Call after checkOut. */
export function output<D extends Dtype = 'float32'>(
  engine: Engine,
  out: unknown,
  shape: readonly number[],
  dtype: D = 'float32' as D,
): Tensor<D> {
  if (out instanceof Tensor) {
    return (sameShape(out.shape, shape) ? out : new Tensor(engine, shape, dtype, out.byteOffset)) as Tensor<D>;
  }
  if (out instanceof Float32Array) return new Tensor(engine, shape, dtype, out.byteOffset);
  return new Tensor(engine, shape, dtype);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Fails when two ranges of the engine's memory overlap without being the same one. */
export function checkOverlap(a: string, b: string, x: unknown, y: unknown, same = true): void {
  if (!(x instanceof Tensor || x instanceof Float32Array) || !(y instanceof Tensor || y instanceof Float32Array))
    return;
  const [p, q] = [x.byteOffset, y.byteOffset];
  if (p >= q + y.byteLength || q >= p + x.byteLength || (same && p === q)) return;
  // asked last: the offsets of most arrays are apart, and the getter of a memory's buffer is slow
  if (bufferOf(x) !== bufferOf(y)) return;
  throw new PosencError('ERR_OPTION', `${b}: overlaps ${a}; give ${same ? `${a} itself or ` : ''}a separate block`);
}

function bufferOf(x: Tensor | Float32Array): ArrayBufferLike {
  return x instanceof Tensor ? x.engine.memory.buffer : x.buffer;
}

/**
 * Stages several float32 inputs, runs `run` with their pointers in the same order (0 for undefined), and frees the staging
 * blocks however it ends.
 */
export function withOperands<T>(
  engine: Engine,
  inputs: readonly (readonly [option: string, x: unknown])[],
  run: (...pointers: number[]) => T,
): T {
  const staged: Operand[] = [];
  try {
    const pointers = inputs.map(([option, x]) => {
      if (x === undefined) return 0;
      const one = operand(option, engine, x);
      staged.push(one);
      return one.pointer;
    });
    return run(...pointers);
  } finally {
    for (const one of staged) one.finish();
  }
}

/** Fails unless `x` has exactly the shape that the other inputs imply; a plain array only has a length. */
export function checkShapeOf(option: string, x: unknown, shape: readonly number[]): void {
  const length = shape.reduce((product, n) => product * n, 1);
  const got = x instanceof Tensor ? x.shape : [lengthOf(option, x)];
  const same = x instanceof Tensor ? got.length === shape.length && got.every((n, i) => n === shape[i]) : true;
  if (!same || lengthOf(option, x) !== length) {
    throw new PosencError('ERR_SHAPE', `${option}: expected [${shape.join(', ')}], got [${got.join(', ')}]`);
  }
}
