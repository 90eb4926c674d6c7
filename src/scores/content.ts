/**
 * The options, checks and memory that the content-relative scores share: queries and keys as [B, H, L, d], scores as
 * [B, H, q, k], tables, masks, row blocks. The arithmetic is in relative.ts.
 */
import { boolean, finite, integer } from '../runtime/arguments.ts';
import { type BiasOptions, blockOf } from '../runtime/block.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { numbers } from '../runtime/lists.ts';
import { checkOut, checkOverlap, chooseEngine, type Operand, operand, output } from '../runtime/operands.ts';
import { checkShape } from '../runtime/shapes.ts';
import { Tensor } from '../runtime/tensor.ts';
import {
  type CellMask,
  clear,
  type Frame,
  fromRow,
  MAX_DIM,
  maskBandOf,
  maskCellsOf,
  productTerm,
  type Source,
  type ValueFrame,
  valueTerm,
} from './relative.ts';

/** A Tensor, or a plain array with its shape. A plain array outside the engine's memory is copied into it for the call. */
export type Shaped = Tensor | { readonly data: Float32Array; readonly shape: readonly number[] };

/** Integers with a shape: masks, segments. */
export interface ShapedIntegers {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

export interface ScoreOptions extends Pick<BiasOptions, 'rows' | 'causal' | 'window' | 'maskValue' | 'out' | 'engine'> {
  /** Position of query row 0; key column 0 has position 0. */
  readonly queryOffset?: number;
  /** Multiplied into every term that the scheme scales. */
  readonly scale?: number;
  /** false leaves out the product of queries and keys: the position terms alone. Default true. */
  readonly content?: boolean;
  /** 1 keeps a cell, 0 masks it: [B | 1, k], [B | 1, q, k] or [B | 1, H | 1, q, k]; q counts all queries, whatever `rows`. */
  readonly mask?: ShapedIntegers;
  /**
   * Scores [B, H, q, k] (the rows asked for) that the result is added to, in place; they are also what is returned. A
   * Float32Array outside the engine's memory is staged and copied back. Masked cells become maskValue.
   */
  readonly addTo?: Tensor | Float32Array;
}

export const SCORE_OPTIONS = [
  'queryOffset',
  'rows',
  'causal',
  'window',
  'mask',
  'maskValue',
  'scale',
  'content',
  'addTo',
  'out',
  'engine',
] as const;

export interface ValueOptions extends Pick<BiasOptions, 'rows' | 'out' | 'engine'> {
  /** Position of query row 0; key column 0 has position 0. Default: keys - queries. */
  readonly queryOffset?: number;
  /** false leaves out the product of probabilities and values: the position term alone. Default true. */
  readonly content?: boolean;
  /** [B, H, q, d] (the rows asked for) that the result is added to, in place, and what is returned. */
  readonly addTo?: Tensor | Float32Array;
}

export const VALUE_OPTIONS = ['queryOffset', 'rows', 'content', 'addTo', 'out', 'engine'] as const;

/** Positions and lengths stay below this, so that every distance fits an int32. */
export const MAX_LENGTH = 2 ** 30;
const UNLIMITED = 2 ** 31 - 1;

/** The shape of an array, checked against its length. */
export function shapeOfArray(option: string, x: Shaped | undefined): readonly number[] {
  if (x instanceof Tensor) return x.shape;
  const { data, shape } = parts(option, x);
  if (!(data instanceof Float32Array)) {
    throw new PosencError('ERR_OPTION', `${option}.data: expected a Float32Array, got ${show(data)}`);
  }
  return sizesOf(option, data, shape);
}

function parts(option: string, x: unknown): { data?: unknown; shape?: unknown } {
  if (x !== null && typeof x === 'object' && !ArrayBuffer.isView(x) && !Array.isArray(x)) return x;
  throw new PosencError('ERR_OPTION', `${option}: expected a Tensor or { data, shape }, got ${show(x)}`);
}

function sizesOf(option: string, data: ArrayLike<unknown>, shape: unknown): readonly number[] {
  const sizes = checkShape(`${option}.shape`, shape);
  const length = sizes.reduce((product, n) => product * n, 1);
  if (length === data.length) return sizes;
  throw new PosencError(
    'ERR_SHAPE',
    `${option}: shape [${sizes.join(', ')}] needs ${length} numbers, got ${data.length}`,
  );
}

/** Fails unless `shape` is one of the forms; a number must be met, a letter may be anything. Returns the form's index. */
export function expectShape(
  option: string,
  shape: readonly number[],
  ...forms: (readonly (number | string)[])[]
): number {
  const found = forms.findIndex(
    (form) => form.length === shape.length && form.every((n, i) => typeof n === 'string' || n === shape[i]),
  );
  if (found >= 0) return found;
  const allowed = forms.map((form) => `[${form.join(', ')}]`).join(' or ');
  throw new PosencError('ERR_SHAPE', `${option}: expected ${allowed}, got [${shape.join(', ')}]`);
}

/** Integers with their shape, as int32. */
export function integers(option: string, given: ShapedIntegers): { data: Int32Array; shape: readonly number[] } {
  const { data, shape } = parts(option, given);
  const list = numbers(`${option}.data`, data);
  return { data: list instanceof Int32Array ? list : Int32Array.from(list), shape: sizesOf(option, list, shape) };
}

/** Where a batch, head and row of a contiguous array begin, in elements; 0 for a dimension of size 1 that is shared. */
function strides(
  sizes: readonly [number, number, number],
  width: number,
): { batch: number; head: number; row: number } {
  const [batch, heads, rows] = sizes;
  return {
    batch: batch === 1 ? 0 : heads * rows * width,
    head: heads === 1 ? 0 : rows * width,
    row: rows === 1 ? 0 : width,
  };
}

/** Every array of a call, by option name. */
export type Arrays = Readonly<Record<string, Shaped | undefined>>;

/** What a scheme computes with when everything is in place. */
export interface Work<F> {
  readonly frame: F;
  /** A [B, H, rows, d] or [H, rows, d] or [rows, d] array, from the first row on. */
  source(name: string, layout?: 'heads-last'): Source;
  /** A [H, d] array, one row a head. */
  perHead(name: string): Source;
}

interface Sizes {
  readonly batch: number;
  readonly heads: number;
  readonly queryLength: number;
  readonly keyLength: number;
}

interface ScoreCall extends Sizes {
  readonly name: string;
  readonly options: ScoreOptions;
  readonly arrays: Arrays;
  readonly queryOffset: number;
  /** Masks of the scheme itself: like `causal` and `window`. */
  readonly causal?: boolean;
  readonly left?: number;
}

/** B, H, L, d of queries, checked for size. */
export function queriesOf(
  option: string,
  q: Shaped,
): { batch: number; heads: number; queryLength: number; dim: number } {
  const shape = shapeOfArray(option, q);
  expectShape(option, shape, ['B', 'H', 'q', 'd']);
  const [batch, heads, queryLength, dim] = shape;
  if (dim < 1 || dim > MAX_DIM) {
    throw new PosencError('ERR_SHAPE', `${option}: expected a head dimension from 1 to ${MAX_DIM}, got ${dim}`);
  }
  return { batch, heads, queryLength, dim };
}

/** Key length of [B, H, k, d], against the queries. */
export function keysOf(option: string, k: Shaped, batch: number, heads: number, dim: number): number {
  const shape = shapeOfArray(option, k);
  expectShape(option, shape, [batch, heads, 'k', dim]);
  return shape[2];
}

/** Rows of a table [rows, d], [H, rows, d] or [B, H, rows, d]. */
export function tableRows(option: string, table: Shaped, batch: number, heads: number, dim: number): number {
  const shape = shapeOfArray(option, table);
  expectShape(option, shape, ['rows', dim], [heads, 'rows', dim], [batch, heads, 'rows', dim]);
  const rows = shape[shape.length - 2];
  if (rows < 1) throw new PosencError('ERR_SHAPE', `${option}: expected at least one row, got ${rows}`);
  return rows;
}

export function queryOffsetOf(o: { readonly queryOffset?: number }, fallback: number): number {
  return integer('queryOffset', o.queryOffset, -MAX_LENGTH, MAX_LENGTH, fallback);
}

/** Checks, allocates, computes: `content` (if asked for) and then what `run` adds, then the masks. */
export function scores(
  call: ScoreCall,
  content: {
    readonly q: string;
    readonly k: string;
    readonly bias?: string;
    readonly dim: number;
    readonly scale: number;
  },
  run: (work: Work<Frame> & { readonly first: number }) => void,
): Tensor {
  const { name, options: o, arrays, batch, heads, queryLength, keyLength, queryOffset } = call;
  const withContent = boolean('content', o.content, true);
  const limits = { queryLength, keyLength, queryOffset };
  if (queryLength > MAX_LENGTH || keyLength > MAX_LENGTH) {
    throw new PosencError(
      'ERR_SHAPE',
      `${name}: expected at most 2^30 queries and keys, got ${queryLength} and ${keyLength}`,
    );
  }
  const block = blockOf(name, {
    ...limits,
    rows: o.rows,
    window: o.window,
    causal: o.causal ?? call.causal,
    maskValue: o.maskValue,
  });
  const first = block.query - queryOffset;
  const mask = o.mask === undefined ? undefined : cellMask('mask', o.mask, call, first);
  const left = Math.min(block.left, call.left ?? UNLIMITED);
  const shape = [batch, heads, block.rows, block.columns];
  return intoTarget(o, shape, arrays, (engine, out, add) => {
    const banded = left !== UNLIMITED || block.right !== UNLIMITED;
    const band = banded ? { left, right: block.right } : undefined;
    const frame = { engine, out, batch, heads, rows: block.rows, columns: block.columns, query: block.query, band };
    return (work) => {
      if (withContent) {
        const q = fromRow(work.source(content.q), first);
        const bias = content.bias !== undefined && arrays[content.bias] ? work.perHead(content.bias) : undefined;
        productTerm(frame, q, bias, work.source(content.k), content.dim, content.scale, add);
      } else if (!add) {
        clear(frame);
      }
      run({ ...work, frame, first });
      if (band) maskBandOf(frame, band, block.maskValue);
      if (mask) maskCellsOf(frame, mask, block.maskValue);
    };
  });
}

/** A mask or a segment matrix over the cells, from query row `first` on. */
export function cellMask(option: string, given: ShapedIntegers, sizes: Sizes, first: number): CellMask {
  const { data, shape } = integers(option, given);
  const { batch, heads, queryLength, keyLength } = sizes;
  const some = (n: number, i: number) => (shape[i] === 1 ? 1 : n);
  expectShape(
    option,
    shape,
    [some(batch, 0), keyLength],
    [some(batch, 0), queryLength, keyLength],
    [some(batch, 0), some(heads, 1), queryLength, keyLength],
  );
  if (shape.length === 2) return { data, ...strides([shape[0], 1, 1], keyLength), row: 0, start: 0 };
  const heads4 = shape.length === 4 ? shape[1] : 1;
  const cells = strides([shape[0], heads4, queryLength], keyLength);
  return { data, ...cells, row: keyLength, start: first * keyLength };
}

/**
 * out = (content ? P v : 0) + what `run` adds; P [B, H, q, k] are all rows, whatever `rows`.
 * @internal
 */
export function values(
  name: string,
  o: ValueOptions,
  probabilities: Shaped,
  v: Shaped | null,
  tables: Arrays,
  dimOf: (batch: number, heads: number) => number,
  run: (work: Work<ValueFrame>, p: Source) => void,
): Tensor {
  const shape = shapeOfArray('probabilities', probabilities);
  expectShape('probabilities', shape, ['B', 'H', 'q', 'k']);
  const [batch, heads, queryLength, keyLength] = shape;
  const dim = dimOf(batch, heads);
  const content = boolean('content', o.content, true);
  if (content) expectShape('v', shapeOfArray('v', v ?? undefined), [batch, heads, keyLength, dim]);
  const queryOffset = queryOffsetOf(o, keyLength - queryLength);
  const block = blockOf(name, { queryLength, keyLength, queryOffset, rows: o.rows });
  const arrays = { probabilities, ...(content ? { v: v! } : {}), ...tables };
  return intoTarget(o, [batch, heads, block.rows, dim], arrays, (engine, out, add) => {
    const frame = { engine, out, batch, heads, rows: block.rows, columns: keyLength, query: block.query, dim };
    return (work) => {
      const p = fromRow(work.source('probabilities'), block.query - queryOffset);
      if (content) valueTerm(frame, p, work.source('v'), add);
      else if (!add) engine.f32.fill(0, out / 4, out / 4 + batch * heads * block.rows * dim);
      run({ ...work, frame }, p);
    };
  });
}

/** The target of a call, and its arrays in the engine's memory, for the duration of the computation. */
function intoTarget(
  o: { readonly out?: unknown; readonly addTo?: unknown; readonly engine?: unknown },
  shape: readonly number[],
  arrays: Arrays,
  bind: (engine: Engine, out: number, add: boolean) => (work: Omit<Work<never>, 'frame'>) => void,
): Tensor {
  const named = Object.entries(arrays).filter((entry): entry is [string, Shaped] => entry[1] !== undefined);
  const plain = (x: Shaped) => (x instanceof Tensor ? x : x.data);
  if (o.addTo !== undefined && o.out !== undefined) {
    throw new PosencError('ERR_OPTION', 'addTo: the result goes there; leave out out');
  }
  const engine = chooseEngine(o.engine, ...named.map(([, x]) => x), o.out, o.addTo);
  if (o.addTo !== undefined) checkAddTo(engine, o.addTo, shape);
  const foreign = o.addTo instanceof Float32Array && o.addTo.buffer !== engine.memory.buffer ? o.addTo : undefined;
  const given = foreign ? undefined : (o.addTo ?? o.out);
  checkOut(engine, given, shape);
  for (const [name, x] of named) checkOverlap(name, o.addTo === undefined ? 'out' : 'addTo', plain(x), given, false);
  const target = foreign ? Tensor.from(foreign, shape, { engine }) : output(engine, given, shape);
  if (target.length === 0) return target;
  const pointers = new Map<string, number>();
  const staged: Operand[] = [];
  try {
    for (const [name, x] of named) {
      const array = operand(name, engine, plain(x));
      staged.push(array);
      pointers.set(name, array.pointer);
    }
    bind(
      engine,
      target.byteOffset,
      o.addTo !== undefined,
    )({
      source(name, layout) {
        const sizes = shapeOfArray(name, arrays[name]);
        const dim = sizes[sizes.length - 1];
        const pointer = pointers.get(name)!;
        if (layout === 'heads-last') return { pointer, batch: 0, head: 4 * dim, row: 4 * dim * sizes[1] };
        const [batch, heads, rows] = [1, 1, ...sizes.slice(0, -1)].slice(-3) as [number, number, number];
        const { batch: b, head, row } = strides([batch, heads, rows], dim);
        return { pointer, batch: 4 * b, head: 4 * head, row: 4 * (row || dim) };
      },
      perHead: (name) => ({
        pointer: pointers.get(name)!,
        batch: 0,
        head: 4 * shapeOfArray(name, arrays[name])[1],
        row: 0,
      }),
    });
  } catch (error) {
    if (foreign) target.dispose();
    throw error;
  } finally {
    for (const array of staged) array.finish();
  }
  if (foreign) foreign.set(target.data);
  return target;
}

function checkAddTo(engine: Engine, addTo: unknown, shape: readonly number[]): void {
  if (!(addTo instanceof Float32Array || (addTo instanceof Tensor && addTo.dtype === 'float32'))) {
    throw new PosencError('ERR_OPTION', `addTo: expected a float32 Tensor or a Float32Array, got ${show(addTo)}`);
  }
  if (addTo.length !== shape.reduce((product, n) => product * n, 1)) {
    throw new PosencError('ERR_SHAPE', `addTo: needs [${shape.join(', ')}], got ${addTo.length} numbers`);
  }
  if (addTo instanceof Float32Array && addTo.buffer !== engine.memory.buffer && !engine.ownsMemory) {
    throw new PosencError('ERR_OPTION', 'addTo: an engine attached to your memory needs a Float32Array on that memory');
  }
}

/** The scale of a call: as given, or 1 / sqrt(n). */
export function scaleOf(o: { readonly scale?: number }, n: number): number {
  return finite('scale', o.scale, {}, 1 / Math.sqrt(n));
}
