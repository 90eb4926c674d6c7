/**
 * PoPE, polar coordinate position embedding: the magnitude of a channel is softplus(x), its angle position x frequency, with a
 * learned shift of the angle on the keys. Not a rotation: d channels become 2 d. arXiv 2509.10534; x-transformers
 * PolarEmbedding.
 */
import { torchLadder } from '../phase/float32.ts';
import { ladder } from '../phase/ladder.ts';
import { laneTable, type Phases } from '../phase/lanes.ts';
import { checkFrequencies, exactRows, torchRows } from '../phase/plan.ts';
import { type RowOptions, rowsOf } from '../phase/positions.ts';
import { finite, oneOf, size, take } from '../runtime/arguments.ts';
import { PosencError, show } from '../runtime/errors.ts';
import { type Call, type Floats, gate, type Out } from '../runtime/gate.ts';
import { MAX_MADE, type NumberList } from '../runtime/lists.ts';
import type { EngineOption, PairOutOption } from '../runtime/options.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { Precision } from './spec.ts';
import { outPair } from './table.ts';

/**
 * cos and sin of every channel's angle, for applyPope.
 * @example
 * console.log(popeTable({ dim: 16, length: 8 }) instanceof PopeTable); // true
 */
export class PopeTable {
  /** [n, d]; with a bias [heads, n, d]. */
  readonly cos: Tensor;
  /** Likewise. */
  readonly sin: Tensor;
  /** Position of row 0; undefined when the rows follow a list of positions (row t then belongs to token t). */
  readonly start: number | undefined;
  /** Number of rows. */
  readonly length: number;
  /** Channels, d. */
  readonly dim: number;
  /** With a bias: heads that have rows of their own. */
  readonly heads: number | undefined;

  /** @internal */
  constructor(parts: Omit<PopeTable, 'dispose'>) {
    this.cos = parts.cos;
    this.sin = parts.sin;
    this.start = parts.start;
    this.length = parts.length;
    this.dim = parts.dim;
    this.heads = parts.heads;
  }

  /** Gives cos and sin back; idempotent. */
  dispose(): void {
    this.cos.dispose();
    this.sin.dispose();
  }
}

export type PopeTableOptions = RowOptions &
  PairOutOption &
  EngineOption & {
    /** Channels of a head, d. */
    readonly dim: number;
    /** Frequency j = ropeTheta^(-j / d). Default 10000. */
    readonly ropeTheta?: number;
    /** Keys: radians added to the angles, [heads, d] flat, clamped to [-2 pi, 0]. Default none (queries). */
    readonly bias?: NumberList;
    /** 'exact': angles in fixed point (with a bias in float64). 'torch': in float32. Default 'exact'. */
    readonly precision?: Exclude<Precision, 'ggml'>;
  };

/**
 * The table of queries, or with `bias` that of keys.
 * cos and sin are correctly rounded.
 * @param given `dim` channels, `length` or `positions`, of keys the learned `bias` [heads, d]
 * @returns cos and sin [n, d]; with `bias` [heads, n, d]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY
 * @see PoPE, arXiv 2509.10534; x-transformers PolarEmbedding
 * @example
 * console.log(popeTable({ dim: 16, length: 8 }).cos.shape); // [ 8, 16 ]
 */
export function popeTable(given: PopeTableOptions): PopeTable {
  const o = take('popeTable', given, [
    'length',
    'positions',
    'offset',
    'dim',
    'ropeTheta',
    'bias',
    'precision',
    'out',
    'engine',
  ]);
  const call = gate('popeTable', o.engine);
  const { rows, count } = rowsOf(call, o);
  const dim = size('dim', o.dim, 1, 65536);
  const base = finite('ropeTheta', o.ropeTheta, { above: 0 }, 10000);
  const single = oneOf('precision', o.precision, ['exact', 'torch'], 'exact') === 'torch';
  const bias = o.bias === undefined ? undefined : biasOf(call, o.bias, dim);
  const heads = bias && bias.length / dim;
  const shape = heads === undefined ? [count, dim] : [heads, count, dim];
  const { cos, sin } = outPair(call, o.out, shape);
  const float32 = torchLadder({ base, count: dim, denominator: 2 * dim });
  const exact = ladder({ base, count: dim, denominator: dim });
  checkFrequencies(exact);
  // with a bias rows are written from a list of positions
  if (bias !== undefined) size('length', count, 0, MAX_MADE);
  return call.run((engine) => {
    const stride = 4 * dim;
    if (bias === undefined) {
      const target = { store: 'split', first: sin.pointer, second: cos.pointer, stride } as const;
      if (single) torchRows(engine, float32, rows, 1, 1, target);
      else exactRows(engine, exact, rows, 1, target);
    } else {
      // the bias is a second axis on which every token stands at 1
      const places = new Float64Array(2 * count);
      for (let t = 0; t < count; t++) {
        places[2 * t] = 'positions' in rows ? rows.positions[t] : rows.start + t;
        places[2 * t + 1] = 1;
      }
      for (let head = 0; head < bias.length / dim; head++) {
        const frequencies = new Float64Array(2 * dim);
        frequencies.set(single ? float32 : exact.hi);
        frequencies.set(bias.subarray(head * dim, (head + 1) * dim), dim);
        const phases: Phases = { kind: 'sum', axes: 2, frequencies, count: dim, single };
        const skip = head * count * stride;
        laneTable(engine, phases, places, count, { sin: sin.pointer + skip, cos: cos.pointer + skip, stride });
      }
    }
    const start = 'positions' in rows ? undefined : rows.start;
    return new PopeTable({ cos: cos.tensor, sin: sin.tensor, start, length: count, dim, heads });
  });
}

/** Clamped as the references clamp it, in float32. */
function biasOf(call: Call, given: NumberList, dim: number): Float64Array {
  const list = call.numbers('bias', given).data;
  if (list.length === 0 || list.length % dim !== 0) {
    throw new PosencError('ERR_SHAPE', `bias: expected [heads, ${dim}] numbers, got ${list.length}`);
  }
  const least = Math.fround(-2 * Math.PI);
  return Float64Array.from(list, (value) => Math.max(least, Math.min(0, Math.fround(value))));
}

export interface ApplyPopeOptions extends EngineOption {
  /** B batch, S sequence, H heads, D channels of a head. Default 'BSHD'. */
  readonly layout?: 'BSHD' | 'BHSD';
  /** Sizes in the order of the layout: needed for a plain Float32Array. */
  readonly shape?: readonly number[];
  /** Position of the first token, for tables of consecutive positions. Default: the table's first. */
  readonly offset?: number;
  /** Where the result goes, [..., 2 d]. */
  readonly out?: Out;
}

/**
 * [softplus(x) cos | softplus(x) sin] along the last axis.
 * softplus is rounded once from float64, then two float32 products.
 * @param x q or k, in the layout's shape; a plain Float32Array outside the engine's memory is copied in
 * @param table from popeTable
 * @param given layout, positions or offset
 * @returns [..., 2 d]
 * @throws ERR_OPTION, ERR_SHAPE, ERR_POSITION, ERR_OUT_OF_MEMORY, ERR_DISPOSED
 * @see PoPE, arXiv 2509.10534; x-transformers PolarEmbedding
 * @example
 * console.log(applyPope(Tensor.zeros([1, 8, 2, 16]), popeTable({ dim: 16, length: 8 })).shape); // [ 1, 8, 2, 32 ]
 */
export function applyPope(x: Floats, table: PopeTable, given: ApplyPopeOptions = {}): Tensor {
  const o = take('applyPope', given, ['layout', 'shape', 'offset', 'out', 'engine']);
  if (!(table instanceof PopeTable)) {
    throw new PosencError('ERR_OPTION', `table: expected what popeTable returns, got ${show(table)}`);
  }
  const layout = oneOf('layout', o.layout, ['BSHD', 'BHSD'], 'BSHD');
  const call = gate('applyPope', o.engine);
  const source = call.input('x', x, o.shape);
  call.flat('table.cos', table.cos);
  call.flat('table.sin', table.sin);
  const { shape } = source;
  if (shape.length !== 4) {
    throw new PosencError('ERR_SHAPE', `shape: layout '${layout}' has 4 sizes, got [${shape.join(', ')}]`);
  }
  const [batch, outer, inner, dim] = shape;
  const [tokens, heads] = layout === 'BSHD' ? [outer, inner] : [inner, outer];
  if (dim !== table.dim) throw new PosencError('ERR_SHAPE', `table: has ${table.dim} channels, but x has ${dim}`);
  if (table.heads !== undefined && table.heads !== heads) {
    throw new PosencError('ERR_SHAPE', `table: has rows for ${table.heads} heads, but x has ${heads}`);
  }
  const first = firstRow(table, tokens, o.offset);
  const out = call.output('out', o.out, [batch, outer, inner, 2 * dim]);
  return call.run((engine) => {
    if (out.length === 0) return out.tensor;
    const vector = 4 * dim;
    const row = vector * inner;
    const perHead = table.heads === undefined ? 0 : vector * table.length;
    const steps = layout === 'BSHD' ? [vector, perHead] : [perHead, vector];
    // biome-ignore format: grouped as the kernel declares it
    engine.kernels.polar(
      out.pointer, source.pointer, table.cos.byteOffset + first * vector, table.sin.byteOffset + first * vector, dim,
      batch, outer, inner, row * outer, row, vector, 2 * row * outer, 2 * row, 2 * vector, 0, steps[0], steps[1],
      engine.coefficients);
    return out.tensor;
  });
}

function firstRow(table: PopeTable, tokens: number, offset: unknown): number {
  if (table.start === undefined) {
    if (offset !== undefined) {
      throw new PosencError(
        'ERR_OPTION',
        'offset: the table was built from positions, one row per token; leave it out',
      );
    }
    if (table.length !== tokens) {
      throw new PosencError(
        'ERR_SHAPE',
        `table: its ${table.length} rows follow positions, but x has ${tokens} tokens`,
      );
    }
    return 0;
  }
  const row = finite('offset', offset, {}, table.start) - table.start;
  if (!Number.isInteger(row) || row < 0 || row + tokens > table.length) {
    throw new PosencError(
      'ERR_POSITION',
      `offset: ${tokens} tokens from ${row + table.start} leave the table of ${table.length} rows, which holds ${table.start} to ${table.start + table.length - 1}`,
    );
  }
  return row;
}
