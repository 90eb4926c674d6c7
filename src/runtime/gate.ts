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

/** float32 numbers as callers pass them. A plain Float32Array needs a shape beside it where more than one is possible: in the options, or as `data` with its `shape`. */
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

/**
 * An array of a call. Where it lies is known while the call computes. Members are declared and set in the constructor: fields of a
 * class are defined one by one, which costs more than a small encoding.
 */
export class Place {
  declare readonly option: string;
  declare readonly role: 'input' | 'change' | 'output' | 'work';
  declare readonly shape: readonly number[];
  declare readonly length: number;
  declare readonly dtype: Dtype;
  declare readonly byteLength: number;
  /** Byte offset in the engine's memory, once the call computes. */
  declare pointer: number;
  /** @internal The Tensor that was given, or that the call makes. */
  declare given: Tensor<Dtype> | undefined;
  /** @internal The typed array that was given, and what it was at that moment. */
  declare array: unknown;
  /** @internal */
  declare view: View | undefined;
  /** @internal Of an output: the input that may lie exactly there. Of an input outside the memory: the output it is copied into. */
  declare partner: Place | undefined;
  /** @internal Of an array outside the memory that is changed: whether the call returns a Tensor of the same numbers. */
  declare kept: boolean;
  /**
   * @internal Where it lies: in memory that was given ('there'), `offset` bytes into the working memory of the call, in a Tensor
   * that the call makes, or in the output that it is copied into.
   */
  declare where: 'there' | 'working' | 'made' | 'partner';
  /** @internal */
  declare offset: number;
  /** @internal The place that the call registered after this one. */
  declare next: Place | undefined;

  /** @internal */
  constructor(role: Place['role'], option: string, shape: readonly number[], length: number, dtype: Dtype) {
    this.option = option;
    this.role = role;
    this.shape = shape;
    this.length = length;
    this.dtype = dtype;
    this.byteLength = dtype === 'float32' ? 4 * length : BYTES[dtype] * length;
    this.pointer = 0;
    this.given = undefined;
    this.array = undefined;
    this.view = undefined;
    this.partner = undefined;
    this.kept = false;
    this.where = 'made';
    this.offset = 0;
    this.next = undefined;
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
  declare readonly name: string;
  /** @internal The engine as far as it is known; `engine` decides. */
  declare known: Engine | undefined;
  /** @internal The places in the order of their registration. */
  declare first: Place | undefined;
  /** @internal */
  declare last: Place | undefined;

  /** @internal */
  constructor(name: string, engine: unknown) {
    this.name = name;
    this.known = undefined;
    this.first = undefined;
    this.last = undefined;
    if (engine === undefined) return;
    if (!(engine instanceof Engine)) {
      throw new PosencError(
        'ERR_OPTION',
        `engine: expected an engine made by createEngine or attach, got ${show(engine)}`,
      );
    }
    engine.assertUsable();
    this.known = engine;
  }

  /** Numbers that are read. `shape`: what the caller said beside a plain array, under the name `shapeName`. */
  input(option: string, x: unknown, shape?: unknown, dtype: Dtype = 'float32', shapeName = 'shape'): Place {
    return read(this, 'input', option, x, dtype, shape, shapeName, undefined);
  }

  /** The same where the other options imply the shape: a Tensor must have it, a plain array as many numbers. */
  sized(option: string, x: unknown, shape: readonly number[], dtype: Dtype = 'float32'): Place {
    return read(this, 'input', option, x, dtype, undefined, undefined, shape);
  }

  /** The same where the shape does not matter. */
  flat(option: string, x: unknown, dtype: Dtype = 'float32'): Place {
    return read(this, 'input', option, x, dtype, undefined, undefined, undefined);
  }

  /**
   * Numbers that are changed in place; `shape`: one they must hold, else a plain array is taken as a row. An array outside the
   * memory is copied in, and back when the call has succeeded; with `kept` the copy becomes a Tensor that the call returns.
   */
  change(option: string, x: unknown, shape?: readonly number[], kept = false): Place {
    const shapeName = shape === undefined ? undefined : option;
    const place = read(this, 'change', option, x, 'float32', shape, shapeName, undefined);
    place.kept = kept;
    return place;
  }

  /**
   * The result: `out`, or a new Tensor. `partner`: an input that it may lie exactly on.
   * @throws ERR_OPTION, ERR_SHAPE
   */
  output(option: string, out: unknown, shape: readonly number[], dtype: Dtype = 'float32', partner?: Place): Place {
    const sizes = out === undefined ? checkShape('output shape', shape) : shape;
    const place = new Place('output', option, sizes, elementsOf(sizes), dtype);
    place.partner = partner;
    register(this, place);
    if (out === undefined) return place;
    let length: number;
    if (out instanceof Tensor) {
      useTensor(this, option, out, dtype);
      place.given = out as Tensor<Dtype>;
      length = out.length;
    } else {
      const view = viewOf(option, out);
      if (view?.kind !== KINDS[dtype]) throw unusableOut(option, out, dtype);
      place.view = view;
      place.array = out;
      length = view.length;
    }
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
    const place = new Place('work', 'work', [bytes], bytes, 'uint8');
    register(this, place);
    return place;
  }

  /** Positions, as a copy of their own. @throws ERR_OPTION, ERR_POSITION, ERR_SHAPE */
  positions(option: string, value: unknown): Numbers {
    return owned(this, positionList(option, value));
  }

  /** Integers from `min` to `max`, as a copy of their own. @throws ERR_OPTION (or `code`), ERR_SHAPE */
  integers(option: string, value: unknown, min: number, max: number, code?: 'ERR_OPTION' | 'ERR_POSITION'): Numbers {
    return owned(this, integerList(option, value, min, max, code));
  }

  /** Finite numbers, as a copy of their own. @throws ERR_OPTION, ERR_SHAPE */
  numbers(option: string, value: unknown, length?: number): Numbers {
    return owned(this, numberList(option, value, length));
  }

  /** A mask of 0 and 1 or booleans, as a copy of its own. @throws ERR_OPTION, ERR_SHAPE */
  mask(option: string, value: unknown): Mask {
    return owned(this, maskList(option, value));
  }

  /** The engine of the call, once every array is registered: for sizes that depend on its scratch arena. */
  get engine(): Engine {
    this.known ??= defaultEngine();
    return this.known;
  }

  /** Numbers of another object of the engine, such as a table: they decide the engine like any Tensor. */
  belongsTo(engine: unknown): void {
    if (!(engine instanceof Engine)) return;
    if (this.known !== undefined && this.known !== engine) {
      throw new PosencError(
        'ERR_OPTION',
        'engine: Tensors of different engines in one call; make them with the same engine, or pass x.toFloat32Array()',
      );
    }
    this.known = engine;
  }

  /**
   * Reserves what the call needs, computes, and returns what `compute` returns. Whatever throws, everything that was made here
   * is freed.
   * @throws ERR_OPTION for overlaps and arrays an engine cannot use, ERR_DISPOSED, ERR_OUT_OF_MEMORY
   */
  run<T>(compute: (engine: Engine) => T): T {
    const { engine } = this;
    engine.assertUsable();
    const working = locate(engine, this.first);
    refuseOverlaps(this.first);
    let block: number | undefined;
    try {
      if (working > 0) block = engine.allocate(working);
      for (let place = this.first; place !== undefined; place = place.next) {
        if (place.where === 'working') place.pointer = block! + place.offset;
        else if (place.role === 'output' || place.kept) giveTensor(engine, place);
      }
      engine.beginCall();
      for (let place = this.first; place !== undefined; place = place.next) {
        if (isForeign(place)) copyIn(engine, place);
      }
      const result = compute(engine);
      for (let place = this.first; place !== undefined; place = place.next) {
        if (place.role === 'change' && isForeign(place)) copyBack(engine, place);
      }
      return result;
    } catch (error) {
      for (let place = this.first; place !== undefined; place = place.next) {
        if (place.where === 'made') place.given?.dispose();
      }
      throw error;
    } finally {
      if (block !== undefined) engine.free(block);
    }
  }
}

function register(call: Call, place: Place): void {
  if (call.last === undefined) call.first = place;
  else call.last.next = place;
  call.last = place;
}

/**
 * An array that is read, or changed. `shape`: said by the caller under the name `shapeName`; `expected`: implied by the call; a
 * plain array without either is a row.
 */
function read(
  call: Call,
  role: 'input' | 'change',
  option: string,
  x: unknown,
  dtype: Dtype,
  shape: unknown,
  shapeName: string | undefined,
  expected: readonly number[] | undefined,
): Place {
  if (x instanceof Tensor) {
    useTensor(call, option, x, dtype);
    const same = shape === undefined && expected === undefined;
    const sizes = same ? x.shape : sizesOf(option, x, x.length, shape, shapeName, expected);
    const place = new Place(role, option, sizes, x.length, dtype);
    place.given = x as Tensor<Dtype>;
    register(call, place);
    return place;
  }
  const view = viewOf(option, x);
  if (view === undefined) {
    const pair = x !== null && typeof x === 'object' ? (x as { data?: unknown; shape?: unknown }) : undefined;
    const { data, shape: own } = pair ?? {};
    if (!(data instanceof Tensor) && viewOf(`${option}.data`, data) === undefined) throw unusable(option, x, dtype);
    if (shape !== undefined) {
      throw new PosencError('ERR_OPTION', `${shapeName}: ${option} brings its shape already; leave one of them out`);
    }
    return read(call, role, option, data, dtype, own, `${option}.shape`, expected);
  }
  if (view.kind !== KINDS[dtype]) throw unusable(option, x, dtype);
  const sizes = sizesOf(option, x, view.length, shape, shapeName, expected);
  const place = new Place(role, option, sizes, view.length, dtype);
  place.view = view;
  place.array = x;
  register(call, place);
  return place;
}

function useTensor(call: Call, option: string, tensor: Tensor<Dtype>, dtype: Dtype): void {
  tensor.assertUsable();
  if (tensor.dtype !== dtype) {
    throw new PosencError('ERR_OPTION', `${option}: expected a ${dtype} Tensor, got ${tensor.dtype}`);
  }
  if (call.known !== tensor.engine) call.belongsTo(tensor.engine);
}

function owned<L extends { readonly owner: unknown }>(call: Call, list: L): L {
  if (list.owner !== undefined) call.belongsTo(list.owner);
  return list;
}

/** Decides where every array lies. Returns how many bytes of working memory the call needs. */
function locate(engine: Engine, first: Place | undefined): number {
  let working = 0;
  for (let place = first; place !== undefined; place = place.next) {
    place.where = whereIs(engine, place);
    if (place.where !== 'working') continue;
    place.offset = working;
    working += Math.ceil(place.byteLength / ALIGNMENT) * ALIGNMENT;
  }
  return working;
}

/** A result that lay on anything else of the call would be wrong in silence. */
function refuseOverlaps(first: Place | undefined): void {
  for (let a = first; a !== undefined; a = a.next) {
    if (a.role === 'input' || a.where !== 'there' || a.length === 0) continue;
    for (let b = first; b !== undefined; b = b.next) {
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
function giveTensor(engine: Engine, place: Place): void {
  const { given, shape, dtype } = place;
  if (place.where === 'there') {
    if (given !== undefined && (place.kept || sameShape(given.shape, shape))) return;
    place.given = new Tensor(engine, shape, dtype, place.pointer, given);
    return;
  }
  place.given = new Tensor(engine, shape, dtype);
  place.pointer = place.given.byteOffset;
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
