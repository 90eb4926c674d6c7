/**
 * What a typed array is, asked of the language and not of the object: a subclass cannot answer for itself, and an array of
 * another realm (node:vm, an iframe, jest) answers like one of ours. ECMAScript, section 23.2.3.
 */
import { PosencError } from './errors.ts';

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
const getterOf = (name: PropertyKey) => Object.getOwnPropertyDescriptor(typedArray, name)!.get!;
// the getters of %TypedArray%: a subclass cannot answer for itself, and an array of another realm answers like one of ours
const kindGetter = getterOf(Symbol.toStringTag);
const lengthGetter = getterOf('length');
const offsetGetter = getterOf('byteOffset');
const bufferGetter = getterOf('buffer');

/** The kind of a typed array ('Float32Array' ...), whatever realm it is of; undefined for everything else. */
export function kindOf(value: unknown): string | undefined {
  return kindGetter.call(value);
}

export function lengthNow(array: unknown): number {
  return lengthGetter.call(array);
}

/** A typed array as it is now: asked once, not through methods that a subclass may have replaced. */
export interface View {
  readonly kind: string;
  readonly length: number;
  readonly byteOffset: number;
  readonly buffer: ArrayBufferLike;
}

/** @throws ERR_DISPOSED for an array whose buffer is gone */
export function viewOf(option: string, value: unknown): View | undefined {
  const kind = kindGetter.call(value);
  if (kind === undefined) return undefined;
  const length = lengthGetter.call(value);
  const buffer = bufferGetter.call(value);
  if (length === 0) assertAttached(option, buffer);
  return { kind, length, byteOffset: offsetGetter.call(value), buffer };
}

function assertAttached(option: string, buffer: ArrayBufferLike): void {
  try {
    new Uint8Array(buffer);
  } catch (cause) {
    throw new PosencError(
      'ERR_DISPOSED',
      `${option}: its buffer is detached; it was transferred, or the engine's memory has grown since the view was taken: read .data again`,
      { cause },
    );
  }
}

/** The same elements of a memory that has grown since the view was taken. */
export function viewAgain({ kind, byteOffset, length }: View, buffer: ArrayBufferLike): Float32Array {
  const array = globalThis[kind as 'Float32Array'];
  return new array(buffer as ArrayBuffer, byteOffset, length);
}
