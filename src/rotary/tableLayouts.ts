/**
 * Tables from caches made elsewhere, and tables written out in the storage orders other implementations keep: transformers'
 * full-width tables, vLLM's and GPT-J's halves side by side, bert4keras' and ggml's alternation, Meta's complex numbers.
 */
import { finite, integer, oneOf, options } from '../runtime/arguments.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { type Positions, positions } from '../runtime/lists.ts';
import { checkOut, chooseEngine, operand, output, shapeOf } from '../runtime/operands.ts';
import { Tensor } from '../runtime/tensor.ts';
import type { TableDtype } from './fill.ts';
import { mropeStreams } from './sections.ts';
import type { MropeLayout, Pairing } from './spec.ts';
import { RotaryTable } from './table.ts';

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

type Numbers = Tensor<'float32'> | Tensor<'float16'> | Tensor<'bfloat16'> | Float32Array;

/** Options of rotaryTableFrom. */
export interface RotaryCaches {
  /** The caches, or with a joined layout `table` alone. 16-bit ones only as Tensors, in layout 'half'. */
  readonly cos?: Numbers;
  readonly sin?: Numbers;
  readonly table?: Numbers;
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
  readonly engine?: Engine;
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
 * duplicates in a full-width table the first is taken.
 * @throws ERR_OPTION, ERR_SHAPE
 */
export function rotaryTableFrom(
  given: RotaryCaches & { readonly cos: Tensor<'float16'>; readonly sin: Tensor<'float16'> },
): RotaryTable<'float16'>;
export function rotaryTableFrom(
  given: RotaryCaches & { readonly cos: Tensor<'bfloat16'>; readonly sin: Tensor<'bfloat16'> },
): RotaryTable<'bfloat16'>;
export function rotaryTableFrom(given: RotaryCaches): RotaryTable;
export function rotaryTableFrom(given: RotaryCaches): RotaryTable<TableDtype> {
  const o = options('rotaryTableFrom', given, FROM);
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
  const first = joined ? 'table' : 'cos';
  const shape = cacheShape(first, o[first], o.shape, layout);
  const width = shape[shape.length - 1];
  const n = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  if (!joined) {
    const other = cacheShape('sin', o.sin, o.shape, layout);
    if (other.length !== shape.length || other.some((size, i) => size !== shape[i])) {
      throw new PosencError(
        'ERR_SHAPE',
        `sin: expected the shape of cos, [${shape.join(', ')}], got [${other.join(', ')}]`,
      );
    }
  }
  const half = layout === 'half' ? width : width / 2;
  if (!Number.isInteger(half) || half === 0) {
    throw new PosencError('ERR_SHAPE', `${first}: tableLayout '${layout}' cannot be ${width} columns wide`);
  }
  const engine = chooseEngine(o.engine, ...needs.map((name) => o[name as 'cos']));
  const frame = {
    start: shape.length > 2 ? undefined : start,
    length: n,
    rotaryDim: 2 * half,
    rotaryOffset,
    pairing,
    outputPairing,
    partnerAngles: layout === 'per_channel',
  };
  if (layout === 'half') {
    const [cos, sin] = asTheyAre(engine, o.cos!, o.sin!, [n, half]);
    return new RotaryTable({ ...frame, cos, sin });
  }
  for (const name of needs as ('cos' | 'sin' | 'table')[]) {
    const cache = o[name];
    if (cache instanceof Tensor && cache.dtype !== 'float32') {
      throw new PosencError('ERR_OPTION', `${name}: a ${cache.dtype} cache needs tableLayout 'half', got '${layout}'`);
    }
  }
  const cos = output(engine, undefined, [n, layout === 'per_channel' ? width : half]);
  const sin = output(engine, undefined, cos.shape);
  if (joined) {
    const { cos: c, sin: s, step } = places(layout, half);
    const source = operand('table', engine, o.table);
    gather(
      engine,
      source.pointer,
      width,
      cos,
      range(half, (i) => c + step * i),
    );
    gather(
      engine,
      source.pointer,
      width,
      sin,
      range(half, (i) => s + step * i),
    );
    source.finish();
  } else {
    const columns = channelColumns(layout, pairing, half);
    for (const [name, to] of [
      ['cos', cos],
      ['sin', sin],
    ] as const) {
      const source = operand(name, engine, o[name]);
      gather(engine, source.pointer, width, to, columns);
      source.finish();
    }
  }
  return new RotaryTable({ ...frame, cos, sin });
}

/** The columns of a full-width cache that a row of the table takes. */
function channelColumns(layout: Split, pairing: Pairing, half: number): number[] {
  if (layout === 'full_interleaved') return range(half, (i) => 2 * i);
  if (layout === 'full_duplicated') return range(half, (i) => i);
  if (pairing === 'half') return range(2 * half, (i) => i);
  return range(2 * half, (i) => (i < half ? 2 * i : 2 * (i - half) + 1));
}

function cacheShape(name: string, cache: unknown, shape: unknown, layout: TableLayout): readonly number[] {
  if (!(cache instanceof Tensor) && !(cache instanceof Float32Array)) {
    throw new PosencError('ERR_OPTION', `${name}: expected a Tensor or a Float32Array, got ${show(cache)}`);
  }
  let sizes = shapeOf(name, cache, shape);
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

function asTheyAre(engine: Engine, cos: Numbers, sin: Numbers, shape: number[]): [Tensor, Tensor] {
  const dtypeOf = (x: Numbers) => (x instanceof Tensor ? x.dtype : 'float32');
  const dtype = dtypeOf(cos);
  if (dtypeOf(sin) !== dtype || !['float32', 'float16', 'bfloat16'].includes(dtype)) {
    throw new PosencError(
      'ERR_OPTION',
      `cos, sin: expected two tables of one dtype, float32, float16 or bfloat16; got ${dtype} and ${dtypeOf(sin)}`,
    );
  }
  const own = (x: Numbers) =>
    x instanceof Tensor || x.buffer === engine.memory.buffer
      ? output(engine, x, shape, dtype as 'float32')
      : Tensor.from(x, shape, { engine });
  return [own(cos), own(sin)];
}

/** to[t][i] = from[t][columns[i]], rows of `width`. */
function gather(
  engine: Engine,
  from: number,
  width: number,
  to: Tensor,
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
    const at = to.byteOffset + 4 * (place.column + place.step * done);
    kernels.gatherColumns(at, 4 * place.width, 4 * place.step, from, 4 * width, n, some.length, indices);
  }
}

export interface TableAsOptions<L extends TableLayout> {
  readonly tableLayout: L;
  /** Where it goes: `{ cos, sin }`, for a joined layout one Tensor or view. float32 only. Default: new Tensors. */
  readonly out?: L extends Joined ? Tensor | Float32Array : { cos: Tensor | Float32Array; sin: Tensor | Float32Array };
}

/**
 * A table in another storage order, as float32: for caches that another program reads.
 * @returns { cos, sin } for 'half', 'full_duplicated', 'full_interleaved', 'per_channel'; else one Tensor
 * @throws ERR_OPTION, ERR_SHAPE
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
  const o = options('rotaryTableAs', given, ['tableLayout', 'out']);
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
  if (isJoined(layout)) {
    const shape = layout === 'complex' ? [n, h, 2] : [n, d];
    const engine = chooseEngine(undefined, table.cos, o.out);
    checkOut(engine, o.out, shape);
    const result = output(engine, o.out, shape);
    const { cos, sin, step } = places(layout, h);
    const columns = range(h, (i) => i);
    withFloats(table, (c, s) => {
      gather(engine, c, h, result, columns, { column: cos, step, width: d });
      gather(engine, s, h, result, columns, { column: sin, step, width: d });
    });
    return result;
  }
  const columns = splitColumns(layout, table, h);
  const out = o.out === undefined ? undefined : options('out', o.out as { cos: Tensor; sin: Tensor }, ['cos', 'sin']);
  const engine = chooseEngine(undefined, table.cos, out?.cos, out?.sin);
  const shape = [n, columns.length];
  checkOut(engine, out?.cos, shape);
  checkOut(engine, out?.sin, shape);
  const result = { cos: output(engine, out?.cos, shape), sin: output(engine, out?.sin, shape) };
  withFloats(table, (c, s) => {
    gather(engine, c, table.width, result.cos, columns);
    gather(engine, s, table.width, result.sin, columns);
  });
  return result;
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

/** Pointers of the table's float32 numbers; 16-bit ones are widened into a block for the time being. */
function withFloats(table: RotaryTable<TableDtype>, use: (cos: number, sin: number) => void): void {
  const { engine } = table.cos;
  if (table.dtype === 'float32') {
    use(table.cos.byteOffset, table.sin.byteOffset);
    return;
  }
  const block = output(engine, undefined, [2, table.cos.length]);
  const sin = block.byteOffset + 4 * table.cos.length;
  widen(engine, table, block.byteOffset, sin, 0, table.length);
  use(block.byteOffset, sin);
  block.dispose();
}

/** @internal Rows of a 16-bit table as float32 rows at cos and sin; `rows`: int32 list or 0. */
export function widen(
  engine: Engine,
  table: RotaryTable<TableDtype>,
  cos: number,
  sin: number,
  rows: number,
  n: number,
): void {
  const { widenFloat16, widenBfloat16 } = engine.kernels;
  for (const [to, from] of [
    [cos, table.cos.byteOffset],
    [sin, table.sin.byteOffset],
  ]) {
    if (table.dtype === 'float16') widenFloat16(to, from, rows, n, table.width, 2 ** 112, 2 ** 16);
    else widenBfloat16(to, from, rows, n, table.width);
  }
}

export interface MropeFromTable {
  /** The streams one after another, [3, n] or [4, n] flat (position_ids [3, B, S] of com.microsoft.MRotaryEmbedding). */
  readonly positions: Positions;
  readonly mropeSection: readonly number[];
  /** Default 'chunked'. */
  readonly mropeLayout?: MropeLayout;
  readonly out?: { readonly cos: Tensor | Float32Array; readonly sin: Tensor | Float32Array };
}

/**
 * M-RoPE from a table of consecutive positions: every pair takes the row of its stream (ONNX Runtime's MRotaryEmbedding,
 * vLLM). The result has one row per token. For a table of your own, rotaryTable with mropeSection needs no such detour.
 * @returns cos and sin [n, rotaryDim / 2], row-aligned
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION (names the index, the position and the table's range)
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
  const o = options('mropeTableFrom', given, ['positions', 'mropeSection', 'mropeLayout', 'out']);
  const h = table.rotaryDim / 2;
  const layout = oneOf(
    'mropeLayout',
    o.mropeLayout,
    ['chunked', 'interleaved', 'ernie_hw_alternating', 'hunyuan_fullwidth'],
    'chunked',
  );
  const streams = mropeStreams(o.mropeSection, layout, h);
  const count = o.mropeSection.length;
  const list = positions('positions', o.positions);
  if (list.length % count !== 0) {
    throw new PosencError(
      'ERR_SHAPE',
      `positions: expected ${count} streams of equal length, got ${list.length} numbers`,
    );
  }
  const n = list.length / count;
  const rows = Int32Array.from(list, (position, index) => rowOf(table, position, index));
  const { engine } = table.cos;
  const width = streams.length;
  const out = o.out === undefined ? undefined : options('out', o.out, ['cos', 'sin']);
  chooseEngine(engine, out?.cos, out?.sin);
  checkOut(engine, out?.cos, [n, width]);
  checkOut(engine, out?.sin, [n, width]);
  const cos = output(engine, out?.cos, [n, width]);
  const sin = output(engine, out?.sin, [n, width]);
  const plan = engine.scratch();
  const bytes = new Uint8Array((width + 3) & ~3);
  bytes.set(streams);
  engine.i32.set(new Int32Array(bytes.buffer), plan >>> 2);
  const indices = plan + bytes.length;
  const block = Math.floor((engine.scratchBytes - bytes.length) / (4 * count));
  for (let row = 0; row < n; row += block) {
    const some = Math.min(block, n - row);
    for (let s = 0; s < count; s++) {
      engine.i32.set(rows.subarray(s * n + row, s * n + row + some), (indices >>> 2) + s * some);
    }
    for (const [to, from] of [
      [cos, table.cos],
      [sin, table.sin],
    ]) {
      for (let first = 0; first < width; first += h) {
        const at = to.byteOffset + 4 * (width * row + first);
        // biome-ignore format: grouped as the kernel declares it
        engine.kernels.selectStreams(
          at, 4 * width, from.byteOffset, 4 * h, indices, 4 * some, plan + first, some, h);
      }
    }
  }
  const { headDim, rotaryDim, rotaryOffset, pairing, outputPairing } = table;
  const frame = { start: undefined, length: n, headDim, rotaryDim, rotaryOffset, pairing, outputPairing };
  return new RotaryTable({ ...frame, cos, sin, partnerAngles: width > h });
}

/** @internal The row of an absolute position. @throws ERR_POSITION */
export function rowOf(
  table: RotaryTable<TableDtype>,
  position: number,
  index: number,
  fix = 'build a longer table',
): number {
  const row = position - table.start!;
  if (row >= 0 && row < table.length && Number.isInteger(row)) return row;
  throw new PosencError(
    'ERR_POSITION',
    `positions: token ${index} is at ${position}, but the table of ${table.length} rows holds ${table.start} to ${table.start! + table.length - 1}; ${fix}`,
  );
}
