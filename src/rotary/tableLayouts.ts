/**
 * Tables from caches made elsewhere, and tables written out in the storage orders other implementations keep: transformers'
 * full-width tables, vLLM's and GPT-J's halves side by side, bert4keras' and ggml's alternation, Meta's complex numbers.
 */
import { finite, integer, oneOf, take } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { type Call, type Floats, gate, type Out, type Place } from '../runtime/gate.ts';
import type { NumberList } from '../runtime/lists.ts';
import type { EngineOption, PairOutOption } from '../runtime/options.ts';
import { rowsIn, sameShape } from '../runtime/shapes.ts';
import { type Dtype, Tensor } from '../runtime/tensor.ts';
import type { TableDtype } from './fill.ts';
import { mropeStreams } from './sections.ts';
import type { MropeLayout, Pairing } from './spec.ts';
import { selectRows } from './streams.ts';
import { outPair, placeTable, RotaryTable, rowOf, widen } from './table.ts';

/** cos and sin apart, h = rotaryDim / 2 or d = rotaryDim columns each. */
const SPLIT = ['half', 'full_duplicated', 'full_interleaved', 'per_channel'] as const;
/** cos and sin in one table, d columns. */
const JOINED = ['cos_sin_concat', 'sin_cos_concat', 'cos_sin_interleaved', 'sin_cos_interleaved', 'complex'] as const;

/**
 * How a table is stored. cos and sin apart: 'half' [n, h]; 'full_duplicated' [n, d] = f, f; 'full_interleaved' [n, d] = every
 * f twice; 'per_channel' [n, d]: every channel its own. In one table [n, d]: 'cos_sin_concat' (vLLM), 'sin_cos_concat'
 * (GPT-J), 'cos_sin_interleaved' (ggml), 'sin_cos_interleaved' (bert4keras), 'complex' [n, h, 2] (Meta).
 */
export type TableLayout = (typeof SPLIT)[number] | (typeof JOINED)[number];
type Joined = (typeof JOINED)[number];
type Split = (typeof SPLIT)[number];

const isJoined = (layout: TableLayout): layout is Joined => (JOINED as readonly string[]).includes(layout);

/** First column and step of cos and of sin in a joined row of h pairs. */
function places(layout: Joined, h: number): { cos: number; sin: number; step: number } {
  switch (layout) {
    case 'cos_sin_concat':
      return { cos: 0, sin: h, step: 1 };
    case 'sin_cos_concat':
      return { cos: h, sin: 0, step: 1 };
    case 'sin_cos_interleaved':
      return { cos: 1, sin: 0, step: 2 };
    case 'cos_sin_interleaved':
    case 'complex':
      return { cos: 0, sin: 1, step: 2 };
  }
}

const range = (count: number, value: (i: number) => number) => Array.from({ length: count }, (_, i) => value(i));

type Cache = Tensor<'float16'> | Tensor<'bfloat16'> | Floats;

/** Options of rotaryTableFrom. */
export interface RotaryCaches extends EngineOption {
  /** Cosines, in the shape `shape` describes. 16-bit ones only as a Tensor, in layout 'half'. */
  readonly cos?: Cache;
  /** Sines, likewise. */
  readonly sin?: Cache;
  /** Both in one array, with a joined layout. Instead of `cos` and `sin`. */
  readonly table?: Cache;
  /** Shape of plain arrays: [n, width], rows by position; or [..., S, width], one row per token. */
  readonly shape?: readonly number[];
  /** Default 'half'. */
  readonly tableLayout?: TableLayout;
  /** Default 'half'. */
  readonly pairing?: Pairing;
  /** Default: `pairing`. */
  readonly outputPairing?: Pairing;
  /** Default 0. */
  readonly rotaryOffset?: number;
  /** Position of row 0. Default 0. */
  readonly start?: number;
}

const FROM = [
  'cos',
  'sin',
  'table',
  'shape',
  'tableLayout',
  'pairing',
  'outputPairing',
  'rotaryOffset',
  'start',
  'engine',
] as const;

/**
 * A table from caches made elsewhere (ONNX cos_cache / sin_cache, flash-attention, vLLM's cos_sin_cache, transformers' cos
 * and sin). Caches of more than two dimensions hold one row per token, as [B, S, width] of ONNX without position_ids does.
 * Tensors in layout 'half' are used as they are: dispose() of the table disposes them. Other layouts are copied; of the
 * duplicates in a full-width table the first is taken, and the last row must have two alike.
 * Numbers are used as they are, or copied.
 * @param given `cos` and `sin`, or one `table`, their layout and the pairing
 * @returns a RotaryTable over them, or over copies
 * @throws ERR_OPTION, ERR_SHAPE
 * @see onnxruntime RotaryEmbedding; vLLM cos_sin_cache: docs/rotary.md, table layouts
 * @example
 * const cos = Tensor.from([1, 1, 0.5, 0.5], [2, 2]);
 * const sin = Tensor.from([0, 0, 0.5, 0.5], [2, 2]);
 * console.log(rotaryTableFrom({ cos, sin, pairing: 'half' }).cos.shape); // [ 2, 2 ]
 */
export function rotaryTableFrom(
  given: RotaryCaches & { readonly cos: Tensor<'float16'>; readonly sin: Tensor<'float16'> },
): RotaryTable<'float16'>;
export function rotaryTableFrom(
  given: RotaryCaches & { readonly cos: Tensor<'bfloat16'>; readonly sin: Tensor<'bfloat16'> },
): RotaryTable<'bfloat16'>;
export function rotaryTableFrom(given: RotaryCaches): RotaryTable;
export function rotaryTableFrom(given: RotaryCaches): RotaryTable<TableDtype> {
  const o = take('rotaryTableFrom', given, FROM);
  const layout = oneOf('tableLayout', o.tableLayout, [...SPLIT, ...JOINED], 'half');
  const pairing = oneOf('pairing', o.pairing, ['half', 'interleaved'], 'half');
  const outputPairing = oneOf('outputPairing', o.outputPairing, ['half', 'interleaved'], pairing);
  const rotaryOffset = integer('rotaryOffset', o.rotaryOffset, 0, 2 ** 24, 0);
  const start = finite('start', o.start, {}, 0);
  const joined = isJoined(layout);
  const needs = joined ? ['table'] : ['cos', 'sin'];
  for (const name of ['cos', 'sin', 'table'] as const) {
    if ((o[name] === undefined) === needs.includes(name)) {
      throw new PosencError('ERR_OPTION', `${name}: tableLayout '${layout}' takes ${needs.join(' and ')}`);
    }
  }
  const call = gate('rotaryTableFrom', o.engine);
  const caches = needs.map((name) => placeCache(call, name, o[name as 'cos'], o.shape, layout));
  const shape = cacheShape(caches[0], layout);
  const width = shape[shape.length - 1];
  const n = rowsIn(shape);
  if (!joined) {
    const other = cacheShape(caches[1], layout);
    if (!sameShape(other, shape)) {
      throw new PosencError(
        'ERR_SHAPE',
        `sin: expected the shape of cos, [${shape.join(', ')}], got [${other.join(', ')}]`,
      );
    }
    if (caches[0].dtype !== caches[1].dtype) {
      throw new PosencError(
        'ERR_OPTION',
        `cos, sin: expected two tables of one dtype, float32, float16 or bfloat16; got ${caches[0].dtype} and ${caches[1].dtype}`,
      );
    }
  }
  const half = layout === 'half' ? width : width / 2;
  if (!Number.isInteger(half) || half === 0) {
    throw new PosencError('ERR_SHAPE', `${needs[0]}: tableLayout '${layout}' cannot be ${width} columns wide`);
  }
  if (layout === 'full_duplicated' || layout === 'full_interleaved') {
    for (const cache of caches) checkCopies(cache, layout, n, half);
  }
  const frame = {
    start: shape.length > 2 ? undefined : start,
    length: n,
    rotaryDim: 2 * half,
    rotaryOffset,
    pairing,
    outputPairing,
    partnerAngles: layout === 'per_channel',
  };
  if (layout === 'half') return asTheyAre(call, caches, [n, half], frame);
  const columns = layout === 'per_channel' ? width : half;
  const { cos, sin } = outPair(call, undefined, [n, columns]);
  return call.run((engine) => {
    if (joined) {
      const { cos: c, sin: s, step } = places(layout, half);
      const column = (first: number) => range(half, (i) => first + step * i);
      gather(engine, caches[0].pointer, width, cos, column(c));
      gather(engine, caches[0].pointer, width, sin, column(s));
    } else {
      const taken = channelColumns(layout, pairing, half);
      gather(engine, caches[0].pointer, width, cos, taken);
      gather(engine, caches[1].pointer, width, sin, taken);
    }
    return new RotaryTable({ ...frame, cos: cos.tensor, sin: sin.tensor });
  });
}

/**
 * Of the two copies one is taken, so a cache of the other full layout would become another table in silence. In the last row
 * neighbouring pairs differ most; one row is enough to tell.
 * @throws ERR_OPTION
 */
function checkCopies(cache: Place, layout: 'full_duplicated' | 'full_interleaved', rows: number, half: number): void {
  if (rows === 0) return;
  const { values } = cache;
  const last = (rows - 1) * 2 * half;
  const copies = (of: typeof layout) => {
    const [step, other] = of === 'full_duplicated' ? [1, half] : [2, 1];
    return range(half, (i) => last + step * i).every((at) => Object.is(values[at], values[at + other]));
  };
  if (copies(layout)) return;
  const other = layout === 'full_duplicated' ? 'full_interleaved' : 'full_duplicated';
  throw new PosencError(
    'ERR_OPTION',
    `tableLayout: the columns of ${cache.option} are no copies as '${layout}' has them; ${copies(other) ? `they are '${other}'` : `'per_channel' keeps both`}`,
  );
}

/** The columns of a full-width cache that a row of the table takes. */
function channelColumns(layout: Split, pairing: Pairing, half: number): number[] {
  if (layout === 'full_interleaved') return range(half, (i) => 2 * i);
  if (layout === 'full_duplicated') return range(half, (i) => i);
  if (pairing === 'half') return range(2 * half, (i) => i);
  return range(2 * half, (i) => (i < half ? 2 * i : 2 * (i - half) + 1));
}

/** A cache as an input of the call; 16-bit ones only as Tensors in layout 'half'. */
function placeCache(call: Call, name: string, cache: unknown, shape: unknown, layout: TableLayout): Place {
  const dtype: Dtype = cache instanceof Tensor ? (cache as Tensor<Dtype>).dtype : 'float32';
  if (!['float32', 'float16', 'bfloat16'].includes(dtype)) {
    throw new PosencError('ERR_OPTION', `${name}: expected a float32, float16 or bfloat16 Tensor, got ${dtype}`);
  }
  if (dtype !== 'float32' && layout !== 'half') {
    throw new PosencError('ERR_OPTION', `${name}: a ${dtype} cache needs tableLayout 'half', got '${layout}'`);
  }
  return call.input(name, cache, shape, dtype);
}

function cacheShape(cache: Place, layout: TableLayout): readonly number[] {
  let sizes = cache.shape;
  if (layout === 'complex') {
    if (sizes[sizes.length - 1] !== 2) {
      throw new PosencError('ERR_SHAPE', `shape: 'complex' ends in 2 (re, im), got [${sizes.join(', ')}]`);
    }
    sizes = [...sizes.slice(0, -2), 2 * (sizes[sizes.length - 2] ?? 0)];
  }
  if (sizes.length < 2) {
    throw new PosencError(
      'ERR_SHAPE',
      `shape: expected [n, width], or [..., S, width] with one row per token, got [${sizes.join(', ')}]`,
    );
  }
  return sizes;
}

/** Caches in the order of a table: used where they lie; those outside the memory are copied. */
function asTheyAre(
  call: Call,
  caches: readonly Place[],
  shape: readonly number[],
  frame: Omit<ConstructorParameters<typeof RotaryTable>[0], 'cos' | 'sin'>,
): RotaryTable<TableDtype> {
  const { memory } = call.engine;
  const copies = caches.map((cache, i) => {
    if (cache.given !== undefined || cache.view?.buffer === memory.buffer) return undefined;
    const copy = call.output(i === 0 ? 'cos' : 'sin', undefined, shape);
    call.into(cache, copy);
    return copy;
  });
  return call.run((engine) => {
    const [cos, sin] = caches.map((cache, i) => {
      const own = copies[i]?.tensor ?? (cache.given as unknown as Tensor | undefined);
      if (own !== undefined && sameShape(own.shape, shape)) return own;
      return new Tensor(engine, shape, cache.dtype as 'float32', cache.pointer, own);
    });
    const blocks = caches.flatMap((cache) => (cache.given === undefined ? [] : [cache.given as unknown as Tensor]));
    return new RotaryTable({ ...frame, cos, sin, blocks }) as RotaryTable<TableDtype>;
  });
}

/** to[t][i] = from[t][columns[i]], rows of `width`. */
function gather(
  engine: Engine,
  from: number,
  width: number,
  to: Place,
  columns: readonly number[],
  place: { column: number; step: number; width: number } = { column: 0, step: 1, width: columns.length },
): void {
  const { kernels } = engine;
  const n = to.length / place.width;
  // the list of columns passes through the arena in pieces
  const room = engine.scratchBytes >>> 2;
  for (let done = 0; done < columns.length; done += room) {
    const indices = engine.scratch();
    const some = columns.slice(done, done + room);
    engine.i32.set(some, indices >>> 2);
    const at = to.pointer + 4 * (place.column + place.step * done);
    kernels.gatherColumns(at, 4 * place.width, 4 * place.step, from, 4 * width, n, some.length, indices);
  }
}

export interface TableAsOptions<L extends TableLayout> {
  /** The storage order wanted. */
  readonly tableLayout: L;
  /** Where it goes: `{ cos, sin }`, for a joined layout one Tensor or view. float32 only. Default: new Tensors. */
  readonly out?: L extends Joined ? Out : { readonly cos: Out; readonly sin: Out };
}

/**
 * A table in another storage order, as float32: for caches that another program reads.
 * Numbers are copied, 16-bit ones widened.
 * @param table from rotaryTable and its like
 * @param given the `tableLayout`
 * @returns { cos, sin } for 'half' [rows, pairs], 'full_duplicated', 'full_interleaved' and 'per_channel' [rows, 2 pairs]; else one
 *   Tensor [rows, 2 pairs]
 * @throws ERR_OPTION, ERR_SHAPE
 * @see transformers, vLLM, bert4keras, ggml, Meta Llama: docs/rotary.md, table layouts
 * @example
 * const table = rotaryTable({ headDim: 16 }, { length: 4 });
 * console.log(rotaryTableAs(table, { tableLayout: 'cos_sin_concat' }).shape); // [ 4, 16 ]
 */
export function rotaryTableAs<L extends TableLayout>(
  table: RotaryTable<TableDtype>,
  given: TableAsOptions<L>,
): L extends Joined ? Tensor : { cos: Tensor; sin: Tensor };
export function rotaryTableAs(
  table: RotaryTable<TableDtype>,
  given: TableAsOptions<TableLayout>,
): Tensor | { cos: Tensor; sin: Tensor } {
  if (!(table instanceof RotaryTable)) {
    throw new PosencError('ERR_OPTION', `table: expected what rotaryTable returns, got ${show(table)}`);
  }
  const o = take('rotaryTableAs', given, ['tableLayout', 'out']);
  const layout = oneOf('tableLayout', o.tableLayout, [...SPLIT, ...JOINED]);
  if (table.heads !== undefined || table.batches !== undefined) {
    throw new PosencError(
      'ERR_OPTION',
      'table: has rows of its own per batch or head; take its cos and sin as they are',
    );
  }
  const { length: n, rotaryDim: d } = table;
  const h = d / 2;
  if (table.partnerAngles && (isJoined(layout) || layout === 'half')) {
    throw new PosencError(
      'ERR_OPTION',
      `tableLayout: the channels of a pair have angles of their own, which '${layout}' cannot hold; use 'per_channel'`,
    );
  }
  const call = gate('rotaryTableAs');
  placeTable(call, 'table', table);
  // 16-bit rows are widened on their way
  const wide = call.work(table.dtype === 'float32' ? 0 : 8 * table.cos.length);
  const floats = (engine: Engine): readonly [cos: number, sin: number] => {
    if (table.dtype === 'float32') return [table.cos.byteOffset, table.sin.byteOffset];
    const sin = wide.pointer + 4 * table.cos.length;
    widen(engine, table, wide.pointer, sin, 0, table.length);
    return [wide.pointer, sin];
  };
  if (isJoined(layout)) {
    const result = call.output('out', o.out, layout === 'complex' ? [n, h, 2] : [n, d]);
    const { cos, sin, step } = places(layout, h);
    const columns = range(h, (i) => i);
    return call.run((engine) => {
      const [c, s] = floats(engine);
      gather(engine, c, h, result, columns, { column: cos, step, width: d });
      gather(engine, s, h, result, columns, { column: sin, step, width: d });
      return result.tensor;
    });
  }
  const columns = splitColumns(layout, table, h);
  const { cos, sin } = outPair(call, o.out, [n, columns.length]);
  return call.run((engine) => {
    const [c, s] = floats(engine);
    gather(engine, c, table.width, cos, columns);
    gather(engine, s, table.width, sin, columns);
    return { cos: cos.tensor, sin: sin.tensor };
  });
}

/** The column of a row of the table that each column of a full-width one takes. */
function splitColumns(layout: Split, { partnerAngles, pairing }: RotaryTable<TableDtype>, h: number): number[] {
  if (layout === 'half') return range(h, (i) => i);
  const interleaved = layout === 'full_interleaved' || (layout === 'per_channel' && pairing === 'interleaved');
  const second = partnerAngles ? h : 0;
  return range(2 * h, (i) => {
    const pair = interleaved ? i >> 1 : i % h;
    return pair + (interleaved ? i % 2 : Math.floor(i / h)) * second;
  });
}

export interface MropeFromTable extends PairOutOption {
  /** The streams one after another, [3, n] or [4, n] flat (position_ids [3, B, S] of com.microsoft.MRotaryEmbedding). */
  readonly positions: NumberList;
  /** Pairs of each stream: [t, h, w], or [t, h, w, e]. */
  readonly mropeSection: readonly number[];
  /** Default 'chunked'. */
  readonly mropeLayout?: MropeLayout;
}

/**
 * M-RoPE from a table of consecutive positions: every pair takes the row of its stream (ONNX Runtime's MRotaryEmbedding,
 * vLLM). The result has one row per token. For a table of your own, rotaryTable with mropeSection needs no such detour.
 * Numbers of the table are copied.
 * @param table of consecutive positions
 * @param given `positions` [3, n] or [4, n] flat, the sections and their layout
 * @returns cos and sin [n, rotaryDim / 2], row-aligned
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION (names the index, the position and the table's range)
 * @see Wang et al., Qwen2-VL, arXiv 2409.12191; onnxruntime MRotaryEmbedding
 * @example
 * const table = rotaryTable({ headDim: 16 }, { length: 8 });
 * const streams = mropeTableFrom(table, { positions: [0, 1, 0, 2, 0, 3], mropeSection: [2, 3, 3] });
 * console.log(streams.cos.shape); // [ 2, 8 ]
 */
export function mropeTableFrom(table: RotaryTable, given: MropeFromTable): RotaryTable {
  if (
    !(table instanceof RotaryTable) ||
    table.start === undefined ||
    table.partnerAngles ||
    table.heads ||
    table.batches
  ) {
    throw new PosencError('ERR_OPTION', 'table: expected a plain table whose rows are consecutive positions');
  }
  if (table.dtype !== 'float32') {
    throw new PosencError('ERR_OPTION', `table: expected a float32 table, got ${table.dtype}`);
  }
  const o = take('mropeTableFrom', given, ['positions', 'mropeSection', 'mropeLayout', 'out']);
  const h = table.rotaryDim / 2;
  const layout = oneOf(
    'mropeLayout',
    o.mropeLayout,
    ['chunked', 'interleaved', 'ernie_hw_alternating', 'hunyuan_fullwidth'],
    'chunked',
  );
  const streams = mropeStreams(o.mropeSection, layout, h);
  const count = o.mropeSection.length;
  const call = gate('mropeTableFrom');
  placeTable(call, 'table', table);
  const list = call.positions('positions', o.positions).data;
  if (list.length % count !== 0) {
    throw new PosencError(
      'ERR_SHAPE',
      `positions: expected ${count} streams of equal length, got ${list.length} numbers`,
    );
  }
  const n = list.length / count;
  const rows = Int32Array.from(list, (position, index) => rowOf(table, position, index));
  const width = streams.length;
  const { cos, sin } = outPair(call, o.out, [n, width]);
  return call.run((engine) => {
    const lists = Array.from({ length: count }, (_, s) => rows.subarray(s * n, (s + 1) * n));
    for (let first = 0; first < width; first += h) {
      const half = streams.subarray(first, first + h);
      for (const [to, from] of [
        [cos.pointer, table.cos.byteOffset],
        [sin.pointer, table.sin.byteOffset],
      ]) {
        const target = { pointer: to + 4 * first, stride: 4 * width };
        selectRows(engine, lists, half, { pointer: from, stride: 4 * h }, target);
      }
    }
    const { headDim, rotaryDim, rotaryOffset, pairing, outputPairing } = table;
    const frame = { start: undefined, length: n, headDim, rotaryDim, rotaryOffset, pairing, outputPairing };
    return new RotaryTable({ ...frame, cos: cos.tensor, sin: sin.tensor, partnerAngles: width > h });
  });
}
