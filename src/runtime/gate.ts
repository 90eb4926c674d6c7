/**
 * The gate: the one path that every public function which touches memory goes through.
 *
 *   take     one snapshot of the options (arguments.ts)
 *   resolve  every array becomes a place in memory or a private copy (lists.ts); sizes and overlaps are decided here
 *   reserve  all memory of the call; the only step that may grow it
 *   compute  kernels run on pointers; no check is left, so nothing can fail
 *   return   staged arrays are copied back, working memory is freed
 *
 * Views on the memory are taken after `reserve`, so growth cannot change a result; checks end before it, so a rejected call
 * leaves no trace; and whatever throws, everything the call has made is freed. How an encoding uses it:
 *
 *   const o = take('scaled', given, ['factor', 'shape', 'out', 'engine']);
 *   const factor = finite('factor', o.factor);
 *   const call = gate('scaled', o.engine);
 *   const input = call.input('x', x, o.shape);
 *   const output = call.output('out', o.out, input.shape, 'float32', input);   // may be x itself
 *   return call.run((engine) => {
 *     engine.kernels.scale(output.pointer, input.pointer, input.length, factor);
 *     return output.tensor;
 *   });
 *
 * What `compute` calls must not be able to fail: whatever can be wrong (a frequency that is too high, an id outside its table)
 * is checked before `run`, or a caller's `out` would be left half-written.
 */
import { BYTES, type Dtype, KINDS } from './dtypes.ts';
import { defaultEngine, Engine } from './engine.ts';
import { PosencError, show } from './errors.ts';
import { integerList, type Mask, maskList, type Numbers, numberList, positionList } from './lists.ts';
import { checkShape, elementsOf, sameShape } from './shapes.ts';
import { Tensor } from './tensor.ts';
import { lengthNow, type View, viewOf } from './views.ts';

/** float32 numbers as callers pass them. A plain Float32Array needs a shape beside it where more than one is possible. */
export type Floats =
  | Tensor
  | Float32Array
  | { readonly data: Tensor | Float32Array; readonly shape: readonly number[] };

/** Where a result goes: a Tensor, or a typed array of the result's kind on the engine's memory. */
export type Out<D extends Dtype = 'float32'> = Tensor<D> | (D extends 'float32' ? Float32Array : never);

/** Begins a call. `engine`: the option of that name, undefined where it is not given. */
export function gate(name: string, engine?: unknown): Call {
  return new Call(name, engine);
}

/** An array of a call. Where it lies is known while the call computes. */
export class Place {
  readonly option: string;
  readonly role: 'input' | 'change' | 'output' | 'work';
  readonly shape: readonly number[];
  readonly length: number;
  readonly dtype: Dtype;
  /** Byte offset in the engine's memory, once the call computes. */
  pointer = 0;
  /** @internal The Tensor that was given, or that the call makes. */
  given: Tensor<Dtype> | undefined;
  /** @internal The typed array that was given, and what it was at that moment. */
  array: unknown;
  /** @internal */
  view: View | undefined;
  /** @internal Of an output: the input that may lie exactly there. Of an input outside the memory: the output it is copied into. */
  partner: Place | undefined;
  /** @internal Of an array outside the memory that is changed: whether the call returns a Tensor of the same numbers. */
  kept = false;
  /**
   * @internal Where it lies: in memory that was given ('there'), `offset` bytes into the working memory of the call, in a Tensor
   * that the call makes, or in the output that it is copied into.
   */
  where: 'there' | 'working' | 'made' | 'partner' = 'made';
  /** @internal */
  offset = 0;

  /** @internal */
  constructor(role: Place['role'], option: string, shape: readonly number[], dtype: Dtype) {
    this.option = option;
    this.role = role;
    this.shape = shape;
    this.length = elementsOf(shape);
    this.dtype = dtype;
  }

  get byteLength(): number {
    return this.length * BYTES[this.dtype];
  }

  /** The numbers as they are before the call computes, for checks; not to be kept. */
  get values(): ArrayLike<number> {
    return (this.given?.data ?? this.array) as ArrayLike<number>;
  }

  /** The Tensor of an output, or of a change that the call returns; once the call computes. */
  get tensor(): Tensor {
    return this.given as unknown as Tensor;
  }
}

/** Blocks of working memory start on multiples of this. */
const ALIGNMENT = 16;

export class Call {
  readonly name: string;
  #engine: Engine | undefined;
  readonly #places: Place[] = [];

  /** @internal */
  constructor(name: string, engine: unknown) {
    this.name = name;
    if (engine === undefined) return;
    if (!(engine instanceof Engine)) {
      throw new PosencError(
        'ERR_OPTION',
        `engine: expected an engine made by createEngine or attach, got ${show(engine)}`,
      );
    }
    engine.assertUsable();
    this.#engine = engine;
  }

  /** Numbers that are read. `shape`: what the caller said beside a plain array, under the name `shapeName`. */
  input(option: string, x: unknown, shape?: unknown, dtype: Dtype = 'float32', shapeName = 'shape'): Place {
    return this.#read('input', option, x, dtype, { shape, shapeName });
  }

  /** The same where the other options imply the shape: a Tensor must have it, a plain array as many numbers. */
  sized(option: string, x: unknown, shape: readonly number[], dtype: Dtype = 'float32'): Place {
    return this.#read('input', option, x, dtype, { expected: shape });
  }

  /** The same where the shape does not matter. */
  flat(option: string, x: unknown, dtype: Dtype = 'float32'): Place {
    return this.#read('input', option, x, dtype, {});
  }

  /**
   * Numbers that are changed in place; `shape`: one they must hold, else a plain array is taken as a row. An array outside the memory is copied in, and back when the call has succeeded; with
   * `kept` the copy becomes a Tensor that the call returns.
   */
  change(option: string, x: unknown, shape?: readonly number[], kept = false): Place {
    const place = this.#read('change', option, x, 'float32', shape === undefined ? {} : { shape, shapeName: option });
    place.kept = kept;
    return place;
  }

  /**
   * The result: `out`, or a new Tensor. `partner`: an input that it may lie exactly on.
   * @throws ERR_OPTION, ERR_SHAPE
   */
  output(option: string, out: unknown, shape: readonly number[], dtype: Dtype = 'float32', partner?: Place): Place {
    const place = new Place('output', option, out === undefined ? checkShape('output shape', shape) : shape, dtype);
    place.partner = partner;
    this.#places.push(place);
    if (out === undefined) return place;
    if (out instanceof Tensor) {
      this.#tensor(option, out, dtype);
      place.given = out as Tensor<Dtype>;
    } else {
      place.view = viewOf(option, out);
      place.array = out;
      if (place.view?.kind !== KINDS[dtype]) throw unusableOut(option, out, dtype);
    }
    const length = place.view === undefined ? place.given!.length : place.view.length;
    if (length !== place.length) {
      throw new PosencError(
        'ERR_SHAPE',
        `${option}: needs [${shape.join(', ')}] = ${place.length} elements, got ${length}`,
      );
    }
    return place;
  }

  /** An input outside the memory is copied straight into `output` instead of working memory: the call changes it there. */
  into(input: Place, output: Place): void {
    input.partner = output;
  }

  /** Working memory, freed when the call ends. */
  work(bytes: number): Place {
    const place = new Place('work', 'work', [bytes], 'uint8');
    this.#places.push(place);
    return place;
  }

  /** Positions, as a copy of their own. @throws ERR_OPTION, ERR_POSITION, ERR_SHAPE */
  positions(option: string, value: unknown): Numbers {
    return this.#owned(positionList(option, value));
  }

  /** Integers from `min` to `max`, as a copy of their own. @throws ERR_OPTION (or `code`), ERR_SHAPE */
  integers(option: string, value: unknown, min: number, max: number, code?: 'ERR_OPTION' | 'ERR_POSITION'): Numbers {
    return this.#owned(integerList(option, value, min, max, code));
  }

  /** Finite numbers, as a copy of their own. @throws ERR_OPTION, ERR_SHAPE */
  numbers(option: string, value: unknown, length?: number): Numbers {
    return this.#owned(numberList(option, value, length));
  }

  /** A mask of 0 and 1 or booleans, as a copy of its own. @throws ERR_OPTION, ERR_SHAPE */
  mask(option: string, value: unknown): Mask {
    return this.#owned(maskList(option, value));
  }

  /** The engine of the call, once every array is registered: for sizes that depend on its scratch arena. */
  get engine(): Engine {
    this.#engine ??= defaultEngine();
    return this.#engine;
  }

  /** Numbers of another object of the engine, such as a table: they decide the engine like any Tensor. */
  belongsTo(engine: unknown): void {
    if (!(engine instanceof Engine)) return;
    if (this.#engine !== undefined && this.#engine !== engine) {
      throw new PosencError(
        'ERR_OPTION',
        'engine: Tensors of different engines in one call; make them with the same engine, or pass x.toFloat32Array()',
      );
    }
    this.#engine = engine;
  }

  /**
   * Reserves what the call needs, computes, and returns what `compute` returns. Whatever throws, everything that was made here
   * is freed.
   * @throws ERR_OPTION for overlaps and arrays an engine cannot use, ERR_DISPOSED, ERR_OUT_OF_MEMORY
   */
  run<T>(compute: (engine: Engine) => T): T {
    const { engine } = this;
    engine.assertUsable();
    const working = this.#locate(engine);
    this.#refuseOverlaps();
    const made: Tensor<Dtype>[] = [];
    let block: number | undefined;
    try {
      if (working > 0) block = engine.allocate(working);
      for (const place of this.#places) {
        if (place.where === 'working') place.pointer = block! + place.offset;
        else if (place.role === 'output' || place.kept) giveTensor(engine, place, made);
      }
      engine.beginCall();
      for (const place of this.#places) if (isForeign(place)) copyIn(engine, place);
      const result = compute(engine);
      for (const place of this.#places) {
        if (place.role === 'change' && isForeign(place)) copyBack(engine, place);
      }
      return result;
    } catch (error) {
      for (const tensor of made) tensor.dispose();
      throw error;
    } finally {
      if (block !== undefined) engine.free(block);
    }
  }

  #read(role: 'input' | 'change', option: string, x: unknown, dtype: Dtype, said: Said): Place {
    let data = x;
    let { shape, shapeName } = said;
    if (x instanceof Tensor) this.#tensor(option, x, dtype);
    const view = x instanceof Tensor ? undefined : viewOf(option, x);
    if (view === undefined && !(x instanceof Tensor)) {
      const pair = x as { data?: unknown; shape?: unknown } | null | undefined;
      const inner = pair !== null && typeof pair === 'object' ? pair.data : undefined;
      if (!(inner instanceof Tensor) && viewOf(`${option}.data`, inner) === undefined) throw unusable(option, x, dtype);
      if (shape !== undefined) {
        throw new PosencError('ERR_OPTION', `${shapeName}: ${option} brings its shape already; leave one of them out`);
      }
      [data, shape, shapeName] = [inner, pair!.shape, `${option}.shape`];
      if (inner instanceof Tensor) this.#tensor(`${option}.data`, inner, dtype);
    }
    const array = data instanceof Tensor ? undefined : (view ?? viewOf(`${option}.data`, data)!);
    if (array !== undefined && array.kind !== KINDS[dtype]) throw unusable(option, data, dtype);
    const length = array === undefined ? (data as Tensor).length : array.length;
    const place = new Place(role, option, sizesOf(option, data, length, shape, shapeName, said.expected), dtype);
    if (array === undefined) place.given = data as Tensor<Dtype>;
    else {
      place.view = array;
      place.array = data;
    }
    this.#places.push(place);
    return place;
  }

  #tensor(option: string, tensor: Tensor<Dtype>, dtype: Dtype): void {
    tensor.assertUsable();
    if (tensor.dtype !== dtype) {
      throw new PosencError('ERR_OPTION', `${option}: expected a ${dtype} Tensor, got ${tensor.dtype}`);
    }
    this.belongsTo(tensor.engine);
  }

  #owned<L extends { readonly owner: unknown }>(list: L): L {
    this.belongsTo(list.owner);
    return list;
  }

  /** Decides where every array lies. Returns how many bytes of working memory the call needs. */
  #locate(engine: Engine): number {
    let working = 0;
    for (const place of this.#places) {
      place.where = whereIs(engine, place);
      if (place.where !== 'working') continue;
      place.offset = working;
      working += Math.ceil(place.byteLength / ALIGNMENT) * ALIGNMENT;
    }
    return working;
  }

  /** A result that lay on anything else of the call would be wrong in silence. */
  #refuseOverlaps(): void {
    const places = this.#places;
    for (const a of places) {
      if (a.role === 'input' || a.where !== 'there' || a.length === 0) continue;
      for (const b of places) {
        if (b === a || b.where !== 'there') continue;
        if (a.pointer >= b.pointer + b.byteLength || b.pointer >= a.pointer + a.byteLength) continue;
        const partners = a.partner === b || b.partner === a;
        if (partners && a.pointer === b.pointer && a.byteLength === b.byteLength) continue;
        throw new PosencError(
          'ERR_OPTION',
          `${a.option}: overlaps ${b.option}; give ${partners ? `${b.option} itself or ` : ''}a separate block`,
        );
      }
    }
  }
}

/** Options are read one after the other: what a getter did to an earlier array is noticed here. */
function whereIs(engine: Engine, place: Place): Place['where'] {
  const { given, view, role } = place;
  if (given !== undefined) {
    given.assertUsable();
    place.pointer = given.byteOffset;
    return 'there';
  }
  if (view === undefined) return role === 'work' ? 'working' : 'made';
  if (lengthNow(place.array) !== view.length) {
    throw new PosencError('ERR_SHAPE', `${place.option}: its length changed during the call`);
  }
  if (view.buffer === engine.memory.buffer) {
    if (place.length > 0) engine.assertInBlock(place.option, view.byteOffset, place.byteLength);
    place.pointer = view.byteOffset;
    return 'there';
  }
  if (role === 'output') throw unusableOut(place.option, place.array, place.dtype);
  if (!engine.ownsMemory) {
    throw new PosencError(
      'ERR_OPTION',
      `${place.option}: an engine attached to your memory works in place; give a ${view.kind} on that memory`,
    );
  }
  if (place.kept) return 'made';
  return role === 'input' && place.partner !== undefined ? 'partner' : 'working';
}

/** The Tensor of a result: the one given, a view of what was given, or a new one. */
function giveTensor(engine: Engine, place: Place, made: Tensor<Dtype>[]): void {
  const { given, shape, dtype } = place;
  if (place.where === 'there') {
    if (given !== undefined && (place.kept || sameShape(given.shape, shape))) return;
    place.given = new Tensor(engine, shape, dtype, place.pointer, given);
    return;
  }
  place.given = new Tensor(engine, shape, dtype);
  place.pointer = place.given.byteOffset;
  made.push(place.given);
}

/** Whether an array outside the memory stands for the place. */
function isForeign(place: Place): boolean {
  return place.array !== undefined && place.where !== 'there';
}

function copyIn(engine: Engine, place: Place): void {
  if (place.where === 'partner') place.pointer = place.partner!.pointer;
  engine.view(place.dtype, place.pointer, place.length).set(place.array as Float32Array);
}

function copyBack(engine: Engine, place: Place): void {
  Float32Array.prototype.set.call(place.array, engine.view(place.dtype, place.pointer, place.length));
}

function unusable(option: string, x: unknown, dtype: Dtype): PosencError {
  return new PosencError(
    'ERR_OPTION',
    `${option}: expected a ${dtype} Tensor, a ${KINDS[dtype]} or { data, shape }, got ${show(x)}`,
  );
}

function unusableOut(option: string, out: unknown, dtype: Dtype): PosencError {
  return new PosencError(
    'ERR_OPTION',
    `${option}: expected a ${dtype} Tensor or a ${KINDS[dtype]} on the engine's memory, got ${show(out)}`,
  );
}

/** What is known of the shape of an input: said by the caller, expected by the call, or neither. */
interface Said {
  readonly shape?: unknown;
  readonly shapeName?: string;
  readonly expected?: readonly number[];
}

function sizesOf(
  option: string,
  data: unknown,
  length: number,
  shape: unknown,
  shapeName: string | undefined,
  expected: readonly number[] | undefined,
): readonly number[] {
  if (shape !== undefined) {
    const sizes = checkShape(shapeName ?? 'shape', shape);
    if (elementsOf(sizes) !== length) {
      throw new PosencError(
        'ERR_SHAPE',
        `${shapeName}: [${sizes.join(', ')}] does not hold the ${length} numbers of ${option}`,
      );
    }
    return expected === undefined ? sizes : expectShape(option, sizes, expected);
  }
  if (data instanceof Tensor) return expected === undefined ? data.shape : expectShape(option, data.shape, expected);
  if (expected !== undefined) {
    return elementsOf(expected) === length ? expected : expectShape(option, [length], expected);
  }
  if (shapeName === undefined) return [length];
  throw new PosencError('ERR_SHAPE', `${shapeName}: a plain array needs it, for ${option} of ${length} numbers`);
}

function expectShape(option: string, got: readonly number[], expected: readonly number[]): readonly number[] {
  if (sameShape(got, expected)) return expected;
  throw new PosencError('ERR_SHAPE', `${option}: expected [${expected.join(', ')}], got [${got.join(', ')}]`);
}
