/**
 * The comparisons with other libraries: the same numbers by ours and by each competitor, compared before they are timed, then
 * timed in turns. Besides the call itself ours is timed with what it costs to copy plain arrays in and out.
 */
import {
  alibi,
  alibiSlopes,
  applyRotary,
  type Engine,
  invFreq,
  mropeIndex,
  positionIds,
  type RotarySpec,
  type RotaryTableOptions,
  rotaryTable,
  scope,
  sinusoidal,
  Tensor,
  t5Bias,
} from 'posenc';
import { numbers } from './case.ts';
import { typedAlibi, typedT5 } from './peers/bias.ts';
import type {
  AlibiProblem,
  Competitor,
  MaskProblem,
  MropeProblem,
  RotaryProblem,
  SinusoidalProblem,
} from './peers/external/competitor.ts';
import { typed as typedRotary } from './peers/rotary.ts';
import { typed as typedSinusoidal, typedTwoLevel } from './peers/sinusoidal.ts';
import { mropeTable as typedMrope, torchTable as typedTorch } from './peers/table.ts';
import { compare } from './row.ts';
import { leastTimes } from './targets.ts';
import { interleaveAsync, type TimerOptions } from './timer.ts';

type Offers<P> = (problem: P) => readonly Competitor[] | Promise<readonly Competitor[]>;

/** What an external library can take part in. */
export interface Library {
  readonly name: string;
  readonly rotary?: Offers<RotaryProblem>;
  readonly sinusoidal?: Offers<SinusoidalProblem>;
  readonly alibi?: Offers<AlibiProblem>;
  readonly mropeIds?: Offers<MropeProblem>;
  readonly maskIds?: Offers<MaskProblem>;
}

/** What is timed of ours, prepared. */
interface Ours {
  readonly run: () => unknown;
  /** The same from a plain array (if it reads one) and to a new one. */
  readonly copying: () => unknown;
  /** The numbers after so many operations in a row. */
  readonly expected: (nodes: number) => Float32Array;
}

export interface Versus {
  /** family.encoding.size */
  readonly id: string;
  /** Tokens, positions or rows. */
  readonly tokens: number;
  readonly ours: (engine: Engine) => Ours;
  readonly competitors: (library: Library) => readonly Competitor[] | Promise<readonly Competitor[]>;
  /** Plain JavaScript, which needs no library. */
  readonly plain: () => readonly Competitor[];
}

/** Times in nanoseconds. */
export interface Comparison {
  readonly id: string;
  /** Best time of our public call, `out` reused, and of the one that copies in and out. */
  readonly ours: number;
  readonly copying: number;
  readonly others: readonly {
    readonly name: string;
    readonly time: number;
    /** time / ours, and time / copying. */
    readonly slower: number;
    readonly slowerThanCopying: number;
    /** What `slower` is to be at least. */
    readonly target?: number;
  }[];
}

/** A competitor in plain JavaScript, which writes to its own array. */
function plain(name: string, length: number, tolerance: number, fill: (own: Float32Array) => void): Competitor {
  const own = new Float32Array(length);
  const run = () => {
    fill(own);
    return own;
  };
  return { name, run, read: run, tolerance };
}

/** tfjs in plain JavaScript takes seconds for more tokens than this. */
const SLOW = 128;
const HEADS = 40;
const DIM = 128;

function rotary(pairing: 'half' | 'interleaved', length: number): Versus {
  const shape = [length, HEADS, DIM];
  const x = numbers(shape);
  const options = { layout: 'THD' } as const;
  const tableOn = (engine: Engine) => rotaryTable({ headDim: DIM, pairing }, { length, engine });
  const rows = () =>
    scope(() => {
      const { cos, sin } = rotaryTable({ headDim: DIM, pairing }, { length });
      return [cos.toFloat32Array(), sin.toFloat32Array()] as const;
    });
  return {
    id: `rotary.${pairing}.${shape.join('x')}`,
    tokens: length,
    ours: (engine) => {
      const table = tableOn(engine);
      const vectors = Tensor.from(x, shape, { engine });
      return {
        run: () => applyRotary(vectors, table, options),
        copying: () => {
          vectors.data.set(x);
          applyRotary(vectors, table, options);
          return vectors.data.slice();
        },
        expected: (nodes) => {
          vectors.data.set(x);
          for (let i = 0; i < nodes; i++) applyRotary(vectors, table, options);
          return vectors.toFloat32Array();
        },
      };
    },
    competitors: (library) => {
      if (library.name === 'tfjs-cpu' && length > SLOW) return [];
      const [cos, sin] = rows();
      return library.rotary?.({ length, heads: HEADS, dim: DIM, x, cos, sin, pairing }) ?? [];
    },
    plain: () => {
      const turn = typedRotary(shape, ...rows(), pairing);
      const own = x.slice();
      const read = () => {
        const made = x.slice();
        turn(made);
        return made;
      };
      return [{ name: 'typed JS', run: () => turn(own), read, tolerance: 3e-7 }];
    },
  };
}

function table(length: number, dim: number): Versus {
  const options = { length, dim, arrangement: 'concat' } as const;
  const size = length * dim;
  return {
    id: `absolute.sinusoidal.${length}x${dim}`,
    tokens: length,
    ours: (engine) => {
      const out = Tensor.zeros([length, dim], { engine });
      const run = () => sinusoidal({ ...options, out });
      return { run, copying: () => run().data.slice(), expected: () => run().toFloat32Array() };
    },
    competitors: (library) => library.sinusoidal?.({ length, dim }) ?? [],
    plain: () => [
      plain('JS, our algorithm', size, 1.2e-7, typedTwoLevel(length, dim)),
      plain('typed JS', size, 1.2e-7, typedSinusoidal(length, dim, 'concat')),
    ],
  };
}

function bias(heads: number, length: number): Versus {
  const shape = [heads, length, length];
  const slopes = () => scope(() => alibiSlopes({ heads }).toFloat32Array());
  return {
    id: `bias.alibi.${shape.join('x')}`,
    tokens: length,
    ours: (engine) => {
      const out = Tensor.zeros(shape, { engine });
      const options = { heads, queryLength: length, keyLength: length, out };
      const run = () => alibi(options);
      return { run, copying: () => run().data.slice(), expected: () => run().toFloat32Array() };
    },
    competitors: (library) =>
      library.name === 'tfjs-cpu' ? [] : (library.alibi?.({ length, slopes: slopes() }) ?? []),
    plain: () => [plain('typed JS', heads * length * length, 1.2e-7, typedAlibi(shape, false, 0, slopes()))],
  };
}

/** cos and sin [length, dim / 2] one after the other, as `rotaryTable` makes them of a specification. */
function rotaryTables(
  name: string,
  length: number,
  spec: RotarySpec,
  given: RotaryTableOptions,
  typed: (out: Float32Array) => void,
): Versus {
  const half = length * (DIM / 2);
  return {
    id: `rotary.table.${name}.${length}x${DIM}`,
    tokens: length,
    ours: (engine) => {
      const both = Tensor.zeros([2 * half], { engine });
      const out = { cos: both.data.subarray(0, half), sin: both.data.subarray(half) };
      const run = () => rotaryTable(spec, { ...given, out, engine });
      const read = () => {
        run();
        return both.toFloat32Array();
      };
      return { run, copying: read, expected: read };
    },
    competitors: () => [],
    // the angles are rounded to float32 the same way on both sides
    plain: () => [plain('typed JS', 2 * half, 1.2e-7, typed)],
  };
}

function torchTables(length: number): Versus {
  const spec = { headDim: DIM, precision: 'torch' } as const;
  const frequencies = Float32Array.from(invFreq(spec).invFreq);
  return rotaryTables('torch', length, spec, { length }, typedTorch(length, frequencies));
}

/** Text, then pictures of 32 tokens a row: positions of time, row and column. */
function mropeTables(length: number): Versus {
  const sections = [16, 24, 24];
  const text = 16;
  const positions = Int32Array.from({ length: 3 * length }, (_, n) => {
    const [stream, t] = [Math.floor(n / length), n % length];
    if (t < text || stream === 0) return Math.min(t, text);
    return text + (stream === 1 ? Math.floor((t - text) / 32) : (t - text) % 32);
  });
  const spec = { headDim: DIM, mropeSection: sections, mropeLayout: 'chunked' } as const;
  return rotaryTables('mrope', length, spec, { positions }, typedMrope(positions, length, sections));
}

function t5(heads: number, length: number): Versus {
  const shape = [heads, length, length];
  const entries = numbers([32, heads]);
  return {
    id: `bias.t5.${shape.join('x')}`,
    tokens: length,
    ours: (engine) => {
      const out = Tensor.zeros(shape, { engine });
      const table = Tensor.from(entries, [32, heads], { engine });
      const run = () => t5Bias(table, { queryLength: length, keyLength: length, bidirectional: true, out });
      return { run, copying: () => run().data.slice(), expected: () => run().toFloat32Array() };
    },
    competitors: () => [],
    plain: () => [plain('typed JS', heads * length * length, 0, typedT5(shape, entries, true))],
  };
}

const TOKEN = { imageTokenId: 151655, videoTokenId: 151656, visionStartTokenId: 151652 } as const;

/** Ids of Qwen2-VL: 16 tokens of text, a picture of side x side tokens, 16 of text. */
function pictureIds(side: number): Versus {
  const length = 16 + side * side + 16;
  const inputIds = new Int32Array(length).fill(1000);
  inputIds[15] = TOKEN.visionStartTokenId;
  inputIds.fill(TOKEN.imageTokenId, 16, 16 + side * side);
  const grid = Int32Array.of(1, 2 * side, 2 * side);
  const shape = [1, length];
  const run = () =>
    mropeIndex({
      model: 'qwen2_vl',
      inputIds: { data: inputIds, shape },
      imageGridThw: { data: grid, shape: [1, 3] },
      dtype: 'int64',
    });
  return {
    id: `positions.mrope.${length}`,
    tokens: length,
    ours: () => ({ run, copying: run, expected: () => Float32Array.from(run().positionIds.data, Number) }),
    competitors: (library) => library.mropeIds?.({ inputIds, shape, grid, ...TOKEN }) ?? [],
    plain: () => [],
  };
}

/** Ids of a batch padded on the left. */
function maskedIds(batch: number, length: number): Versus {
  const shape = [batch, length];
  const mask = Int32Array.from({ length: batch * length }, (_, i) =>
    i % length < (Math.floor(i / length) * length) / (2 * batch) ? 0 : 1,
  );
  const run = () => positionIds({ mask: { data: mask, shape }, masked: 1, dtype: 'int64' });
  return {
    id: `positions.mask.${shape.join('x')}`,
    tokens: length,
    ours: () => ({ run, copying: run, expected: () => Float32Array.from(run().data, Number) }),
    competitors: (library) => library.maskIds?.({ mask, shape }) ?? [],
    plain: () => [],
  };
}

export const VERSUS: readonly Versus[] = [
  ...(['half', 'interleaved'] as const).flatMap((pairing) => [1, 16, 128, 1024].map((s) => rotary(pairing, s))),
  table(512, 512),
  table(4096, 1024),
  bias(12, 512),
  bias(32, 1024),
  torchTables(512),
  mropeTables(512),
  t5(12, 512),
  pictureIds(32),
  maskedIds(8, 512),
];

/** @throws Error when a competitor's numbers are not ours */
export async function contest(
  versus: Versus,
  libraries: readonly Library[],
  engine: Engine,
  options: TimerOptions,
): Promise<Comparison> {
  const competitors = [...versus.plain()];
  try {
    for (const library of libraries) competitors.push(...(await versus.competitors(library)));
    return await scope(async () => {
      const ours = versus.ours(engine);
      for (const { name, read, tolerance, nodes = 1 } of competitors) {
        compare(`${versus.id}: '${name}'`, ours.expected(nodes), await read(), tolerance);
      }
      const [own, copying, ...others] = await interleaveAsync(
        [{ name: 'ours', run: ours.run }, { name: 'copying', run: ours.copying }, ...competitors],
        options,
      );
      const times = perNode(
        others.map(({ name, best }, i) => ({ name, time: best, nodes: competitors[i].nodes ?? 1 })),
      );
      return {
        id: versus.id,
        ours: own.best,
        copying: copying.best,
        others: times.map(({ name, time }) => {
          const target = leastTimes(versus.id, versus.tokens, name);
          const slower = time / own.best;
          return { name, time, slower, slowerThanCopying: time / copying.best, ...(target && { target }) };
        }),
      };
    });
  } finally {
    for (const { dispose } of competitors) await dispose?.();
  }
}

/** A chain that follows its single node becomes the time of one more node: input and output cancel. */
export function perNode(
  list: readonly { name: string; time: number; nodes: number }[],
): { name: string; time: number }[] {
  return list.map(({ name, time, nodes }, i) =>
    nodes === 1
      ? { name, time }
      : { name: name.replace(/, \d+ nodes$/, ', per node'), time: (time - list[i - 1].time) / (nodes - 1) },
  );
}

/** What misses its target. */
export function misses({ id, others }: Comparison): string[] {
  return others.flatMap(({ name, slower, target }) =>
    target !== undefined && !(slower >= target)
      ? [`${id}: ${name} is ${slower.toFixed(2)} times slower; target ${target.toFixed(1)}`]
      : [],
  );
}
