/**
 * Writes cos and sin of rotary frequencies into rows: by precision, by position stream (M-RoPE), by dtype. Every value is a
 * function of its frequency and its position alone, so rows may be written in any blocks. RoFormer, arXiv 2104.09864.
 */
import type { Ladder } from '../phase/ladder.ts';
import { checkFrequencies, exactRows, type Rows, torchRows } from '../phase/plan.ts';
import { JOIN_MULTIPLY } from '../runtime/codes.ts';
import type { Engine } from '../runtime/engine.ts';
import { PosencError } from '../runtime/errors.ts';
import type { GgmlFrequencies } from './ggml.ts';
import type { Precision } from './spec.ts';
import { mixedRows } from './streams.ts';

/** What the numbers of a table are made of. */
export interface TableSource {
  readonly precision: Precision;
  readonly pairs: number;
  readonly ladder: Ladder;
  readonly float32?: Float32Array;
  readonly ggml?: GgmlFrequencies;
  readonly attentionFactor: number;
  readonly rotationSign: 1 | -1;
  readonly positionScale: number;
  readonly positionDivisor: number;
  /** Stream of each pair (of each channel with partnerAngles). */
  readonly streams?: Uint8Array;
  readonly partnerAngles: boolean;
}

export type TableDtype = 'float32' | 'float16' | 'bfloat16';

/** Where rows go: pointers of the first row; rows are dense. */
export interface TableTarget {
  readonly cos: number;
  readonly sin: number;
  readonly dtype: TableDtype;
}

/**
 * exactRows and torchRows leave the upper half of the arena alone: its first quarter holds rows whose pairs mix streams, the last
 * float32 rows on their way to 16 bits.
 */
const STAGE_SHARE = 4;
/** Widest table whose rows pass through the arena: ggml precision, mixed streams and 16-bit rows. */
const MAX_STAGED_PAIRS = 2048;

/** Numbers in a row of cos. */
export function rowWidth(source: TableSource): number {
  return source.partnerAngles ? 2 * source.pairs : source.pairs;
}

/** @throws ERR_SHAPE when rows do not fit the arena, ERR_OPTION for a frequency above 2^40 */
export function checkSource(source: TableSource, dtype: TableDtype): void {
  if (source.precision !== 'ggml') checkFrequencies(source.ladder);
  const staged = dtype !== 'float32' || source.precision === 'ggml' || source.streams !== undefined;
  if (staged && source.pairs > MAX_STAGED_PAIRS) {
    throw new PosencError(
      'ERR_SHAPE',
      `rotaryDim: at most ${2 * MAX_STAGED_PAIRS} channels with 16-bit tables, ggml precision or mropeSection, got ${2 * source.pairs}`,
    );
  }
}

/** Writes the rows. `rows`: one list, or one per stream, all of the same length. */
export function fillTable(engine: Engine, source: TableSource, rows: readonly Rows[], target: TableTarget): void {
  const count = countOf(rows[0]);
  if (count === 0) return;
  if (target.dtype === 'float32') {
    fillFloats(engine, source, rows, target.cos, target.sin);
    return;
  }
  const width = rowWidth(source);
  const bytes = engine.scratchBytes / STAGE_SHARE;
  const block = Math.floor(bytes / (8 * width));
  const narrow = target.dtype === 'float16' ? engine.kernels.narrowFloat16 : engine.kernels.narrowBfloat16;
  for (let row = 0; row < count; row += block) {
    const n = Math.min(block, count - row);
    // the arena's size is a multiple of 64, so a quarter of it starts on a multiple of 16
    const cos = engine.scratch(engine.scratchHolds) + engine.scratchBytes - bytes;
    const sin = cos + 4 * width * n;
    fillFloats(
      engine,
      source,
      rows.map((list) => part(list, row, n)),
      cos,
      sin,
    );
    narrow(target.cos + 2 * width * row, cos, width * n);
    narrow(target.sin + 2 * width * row, sin, width * n);
  }
}

export function countOf(rows: Rows): number {
  return 'positions' in rows ? rows.positions.length : rows.count;
}

export function part(rows: Rows, from: number, count: number): Rows {
  if ('positions' in rows) return { positions: rows.positions.subarray(from, from + count) };
  return { start: rows.start + from, count };
}

function fillFloats(engine: Engine, source: TableSource, rows: readonly Rows[], cos: number, sin: number): void {
  const { pairs, precision, streams, partnerAngles } = source;
  const width = rowWidth(source);
  const stride = 4 * width;
  for (let first = 0; first < width; first += pairs) {
    const taken = streams?.subarray(first, first + pairs);
    const mixed = rows.length > 1 ? taken : undefined;
    const c = cos + 4 * first;
    const s = sin + 4 * first;
    if (precision === 'ggml') iterated(engine, source, rows, taken, c, s, stride);
    else if (mixed) {
      const lists = rows.map((list) => (list as { positions: Float64Array }).positions);
      const bytes = engine.scratchBytes / STAGE_SHARE;
      const room = { pointer: engine.scratch(engine.scratchHolds) + 2 * bytes, bytes };
      const fill = (some: Rows, from: number, count: number, to: { cos: number; sin: number; stride: number }) =>
        direct(engine, source, some, { from, count }, to.cos, to.sin, to.stride);
      mixedRows(engine, lists, mixed, fill, { cos: c, sin: s, stride }, room);
    } else direct(engine, source, rows[0], { count: pairs, from: 0 }, c, s, stride);
    if (!partnerAngles) break;
  }
  if (source.rotationSign === -1) negate(engine, sin, width * countOf(rows[0]));
}

/** Frequencies [from, from + count), all at the same positions. */
function direct(
  engine: Engine,
  source: Pick<
    TableSource,
    'precision' | 'ladder' | 'float32' | 'attentionFactor' | 'positionScale' | 'positionDivisor'
  >,
  rows: Rows,
  { from, count }: { from: number; count: number },
  cos: number,
  sin: number,
  stride: number,
): void {
  const target = { store: 'split', first: sin, second: cos, stride } as const;
  const { attentionFactor: amplitude } = source;
  if (source.precision === 'exact') {
    exactRows(engine, source.ladder, rows, amplitude, target, from, count);
    return;
  }
  // a memo knows float32 frequencies by their array, so the whole of it goes as it is
  const all = source.float32!;
  const frequencies = from === 0 && count === all.length ? all : all.subarray(from, from + count);
  const { positionScale, positionDivisor } = source;
  torchRows(engine, frequencies, dividedRows(rows, positionDivisor), positionScale, amplitude, target);
}

/** Positions divided in float32, as a reference that scales the position does it. */
function dividedRows(rows: Rows, divisor: number): Rows {
  if (divisor === 1) return rows;
  const d = Math.fround(divisor);
  const at = 'positions' in rows ? (i: number) => rows.positions[i] : (i: number) => rows.start + i;
  return { positions: Float64Array.from({ length: countOf(rows) }, (_, i) => Math.fround(Math.fround(at(i)) / d)) };
}

/** Rows of angles that are iterated products handled at once, a multiple of 4; their positions begin the arena. */
const ITERATED_ROWS = 128;
/** What the kernel keeps for itself. */
const ITERATED_SCRATCH = 96;

function iterated(
  engine: Engine,
  source: TableSource,
  rows: readonly Rows[],
  streams: Uint8Array | undefined,
  cos: number,
  sin: number,
  stride: number,
): void {
  const { kernels, coefficients } = engine;
  const { pairs } = source;
  const { thetaScale, freqScale, freqFactors, mix, mscale, restarts } = source.ggml!;
  const positions = engine.scratch();
  const scratch = positions + 4 * ITERATED_ROWS * rows.length;
  const factors = scratch + ITERATED_SCRATCH;
  const weights = factors + 4 * pairs;
  const plan = weights + 4 * pairs;
  if (freqFactors) engine.f32.set(freqFactors, factors >>> 2);
  if (mix) engine.f32.set(mix, weights >>> 2);
  const planned = streams !== undefined || restarts !== undefined;
  if (planned) {
    const bytes = new Uint8Array((pairs + 3) & ~3);
    for (let i = 0; i < pairs; i++) bytes[i] = (streams?.[i] ?? 0) | ((restarts?.[i] ?? 0) << 4);
    engine.i32.set(new Int32Array(bytes.buffer), plan >>> 2);
  }
  const count = countOf(rows[0]);
  const scale = Math.fround(source.positionScale);
  const streamBytes = rows.length > 1 ? 4 * ITERATED_ROWS : 0;
  const { f32 } = engine;
  for (let row = 0; row < count; row += ITERATED_ROWS) {
    const n = Math.min(ITERATED_ROWS, count - row);
    rows.forEach((list, stream) => {
      const at = (positions >>> 2) + stream * ITERATED_ROWS;
      if ('positions' in list) for (let t = 0; t < n; t++) f32[at + t] = Math.fround(list.positions[row + t]) * scale;
      else for (let t = 0; t < n; t++) f32[at + t] = Math.fround(list.start + row + t) * scale;
    });
    // biome-ignore format: grouped as the kernel declares it
    kernels.iteratedRows(
      sin + row * stride, cos + row * stride, stride, positions, streamBytes, n, pairs, thetaScale, freqScale,
      freqFactors ? factors : 0, mix ? weights : 0, planned ? plan : 0, mscale, scratch, coefficients);
  }
}

const NEGATIONS = 4096;

/** sin of the negated angle; -1 times a number is exact. */
function negate(engine: Engine, x: number, count: number): void {
  const minus = engine.scratch();
  engine.f32.fill(-1, minus >>> 2, (minus >>> 2) + NEGATIONS);
  const rows = Math.floor(count / NEGATIONS);
  const tail = count - rows * NEGATIONS;
  const { joinRows } = engine.kernels;
  if (rows > 0) joinRows(x, x, minus, rows, NEGATIONS, 1, JOIN_MULTIPLY);
  const rest = x + 4 * rows * NEGATIONS;
  if (tail > 0) joinRows(rest, rest, minus, 1, tail, 1, JOIN_MULTIPLY);
}
