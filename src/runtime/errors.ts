/**
 * The one error class of the package. A caller branches on `code`; a person reads `message`, which names the
 * option, the value it got, what is allowed and, where there is one, the fix.
 */
import { printable } from './printable.ts';

export type PosencErrorCode =
  /** A length, dimension or array does not have the size the other options imply. */
  | 'ERR_SHAPE'
  /** An option has the wrong type, is out of range, or contradicts another option. */
  | 'ERR_OPTION'
  /** A position lies outside the table or outside what can be computed. */
  | 'ERR_POSITION'
  /** A Tensor, table or engine was used after `dispose()`. */
  | 'ERR_DISPOSED'
  /** The engine's memory cannot hold the block; the engine itself stays usable. */
  | 'ERR_OUT_OF_MEMORY'
  /** The runtime has WebAssembly but no SIMD. */
  | 'ERR_NO_SIMD'
  /** The runtime refuses to compile WebAssembly (workerd, Content-Security-Policy). */
  | 'ERR_WASM_BLOCKED'
  /** A model configuration that cannot be read without guessing. */
  | 'ERR_CONFIG';

/**
 * The error of every public call: `code` says what kind, the message names the option, its value, what is allowed and the fix.
 * @example
 * try {
 *   alibi({ heads: 0, keyLength: 8 });
 * } catch (error) {
 *   console.log((error as PosencError).code); // ERR_SHAPE
 * }
 */
export class PosencError extends Error {
  /** What kind of mistake it is: what a program asks for. */
  readonly code: PosencErrorCode;

  constructor(code: PosencErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'PosencError';
    this.code = code;
  }
}

/** A value as an error message shows it: short, on one line, and never throwing itself. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${printable(value.length > 60 ? `${value.slice(0, 57)}...` : value)}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (value === null || typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) {
    const tag = Object.prototype.toString.call(value).slice(8, -1);
    return 'length' in value ? `${tag}(${String(value.length)})` : tag;
  }
  return 'an object';
}
