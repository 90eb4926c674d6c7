/** The key-value pairs of a GGUF header, read through the name of their architecture, and what was read of them. */
import { show } from '../runtime/errors.ts';
import { type Bounds, checkNumber, type Fields, isFields, Notes, refuse, shorten } from './read.ts';
import type { GgufCondition, GgufGiven } from './records/gguf/facts.ts';

/** A list in a header: as long as the layers of a model can be. */
const MAX_LIST = 1 << 16;

/** Divisors that a file stores beside its weights, float32, one for each pair, and the sizes of another tensor. */
export interface GGUFTensors {
  /** rope_freqs.weight (Llama 3): what frequencies are divided by, no unit. */
  readonly ropeFreqs?: ArrayLike<number>;
  /** rope_factors_short.weight (Phi-3). */
  readonly ropeFactorsShort?: ArrayLike<number>;
  /** rope_factors_long.weight (Phi-3). */
  readonly ropeFactorsLong?: ArrayLike<number>;
  /** Sizes of position_embd.weight, if the file has it: learned rows of an MPT without ALiBi. */
  readonly positionEmbd?: readonly number[];
}

export class Header {
  readonly fields: Fields;
  readonly notes = new Notes(true);
  readonly arch: string;
  readonly tensors: GGUFTensors;

  constructor(metadata: unknown, tensors: GGUFTensors) {
    if (!isFields(metadata)) refuse('metadata', `expected the key-value pairs of a GGUF header, got ${show(metadata)}`);
    this.fields = metadata;
    this.tensors = tensors;
    const arch = this.#own('general.architecture');
    if (typeof arch !== 'string' || arch === '') refuse('general.architecture', `expected text, got ${show(arch)}`);
    this.arch = arch;
  }

  /** A key with the architecture in front. */
  key(name: string): string {
    return `${this.arch}.${name}`;
  }

  /** Names below the architecture. */
  names(): string[] {
    const prefix = `${this.arch}.`;
    return Object.keys(this.fields).flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []));
  }

  has(name: string): boolean {
    return Object.hasOwn(this.fields, this.key(name));
  }

  wasRead(name: string): boolean {
    return this.notes.consumed.has(this.key(name));
  }

  /** The value itself; 64-bit integers become numbers. */
  value(name: string): unknown {
    return this.#own(this.key(name));
  }

  number(name: string, bounds: Bounds = {}): number | undefined {
    const found = this.value(name);
    return found === undefined ? undefined : checkNumber(shorten(this.key(name)), found, bounds);
  }

  whole(name: string, max = 2 ** 31): number | undefined {
    return this.number(name, { integer: true, min: 1, max });
  }

  /** The first of several keys that is there. */
  given({ keys, fallback }: GgufGiven, bounds: Bounds): number {
    for (const name of keys) {
      const found = this.number(name, bounds);
      if (found !== undefined) return found;
    }
    if (fallback !== null) {
      if (keys.length > 0) this.notes.assume(this.key(keys[0]), fallback, 'default of the loader in llama.cpp');
      return fallback;
    }
    return refuse(shorten(this.key(keys[0])), `missing, and '${shorten(this.arch)}' cannot be read without it`);
  }

  /** A number, or a list of numbers or flags: flags count as 0 and 1. */
  list(name: string): { readonly values: readonly number[]; readonly scalar: boolean } | undefined {
    const found = this.value(name);
    if (found === undefined) return undefined;
    const path = shorten(this.key(name));
    const scalar = !Array.isArray(found) && !ArrayBuffer.isView(found);
    const length = scalar ? 1 : (found as ArrayLike<unknown>).length;
    if (!(length <= MAX_LIST)) refuse(path, `a list of ${length}; at most ${MAX_LIST}`);
    const items = scalar ? [found] : Array.from(found as ArrayLike<unknown>);
    const values = items.map((item, i) => {
      if (typeof item === 'boolean') return item ? 1 : 0;
      return checkNumber(scalar ? path : `${path}[${i}]`, typeof item === 'bigint' ? Number(item) : item, {
        integer: true,
      });
    });
    return { values, scalar };
  }

  holds(condition: GgufCondition): boolean {
    if ('tensor' in condition) return this.tensors[condition.tensor] !== undefined;
    const found = this.value(condition.key);
    if ('present' in condition) return (found !== undefined) === condition.present;
    if ('above' in condition) return typeof found === 'number' && found > condition.above;
    if ('is' in condition) return condition.is.some((value) => value === found);
    return !condition.isNot.some((value) => value === found);
  }

  #own(key: string): unknown {
    if (!Object.hasOwn(this.fields, key)) return undefined;
    this.notes.consumed.add(key);
    const found = this.fields[key];
    return typeof found === 'bigint' ? Number(found) : found;
  }
}
