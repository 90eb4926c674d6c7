/**
 * Rows of the bias family: ALiBi, the expansion of a diagonal that every other bias of the distance uses, those biases
 * themselves, windows of images, and a matrix larger than memory in blocks of rows.
 */
import {
  alibi,
  clippedRelativeBias,
  expandDiagonal,
  kerple,
  offsetBias,
  sandwich,
  shiftedWindowMask,
  swinBias,
  Tensor,
  t5Bias,
} from 'posenc';
import { type Case, numbers, producer } from './case.ts';
import {
  typedAlibi,
  typedClipped,
  typedExpand,
  typedKerple,
  typedOffsets,
  typedSandwich,
  typedShifted,
  typedSwin,
  typedT5,
  writtenAlibi,
} from './peers/bias.ts';

/** [heads, queries, keys] */
const SHAPES = { small: [4, 128, 128], cache: [4, 256, 256], large: [32, 1024, 1024], decode: [32, 1, 8192] } as const;

function alibiCase(name: string, shape: readonly number[], causal: boolean): Case {
  return producer(`bias.alibi.${name}`, shape, (out) => {
    const [heads, queryLength, keyLength] = shape;
    const options = { heads, queryLength, keyLength, causal, out };
    return {
      ours: () => alibi(options),
      peers: {
        'typed JS': typedAlibi(shape, causal),
        'JS as written': out.length <= 2 ** 18 ? writtenAlibi(shape, causal) : undefined,
      },
      tolerance: 1.2e-7,
    };
  });
}

function expandCase(shape: readonly number[]): Case {
  return producer('bias.expand.matrix', shape, (out) => {
    const [heads, queryLength, keyLength] = shape;
    const size = [heads, queryLength + keyLength - 1];
    const diagonal = Tensor.from(numbers(size), size, { engine: out.engine });
    const options = { queryLength, keyLength, out };
    return {
      ours: () => expandDiagonal(diagonal, options),
      peers: { 'typed JS': typedExpand(shape, diagonal.toFloat32Array()) },
    };
  });
}

/** T5's bias into `out`, its table as a plain array for peers, and the call. */
function t5(out: Tensor, [heads, queryLength, keyLength]: readonly number[]) {
  // one query is a decoder's, whose buckets are all for the keys before it
  const bidirectional = queryLength > 1;
  const plain = numbers([32, heads]);
  const table = Tensor.from(plain, [32, heads], { engine: out.engine });
  const options = { queryLength, keyLength, bidirectional, out };
  return { plain, bidirectional, run: () => t5Bias(table, options) };
}

function t5Case(name: string, shape: readonly number[]): Case {
  return producer(`bias.t5.${name}`, shape, (out) => {
    const { run, plain, bidirectional } = t5(out, shape);
    return { ours: run, peers: { 'typed JS': typedT5(shape, plain, bidirectional) } };
  });
}

/** KERPLE and Sandwich: shown beside T5, a table look-up, at the same size. */
function kerpleCase(name: string, shape: readonly number[]): Case {
  return producer(`bias.kerple.${name}`, shape, (out) => {
    const [heads, queryLength, keyLength] = shape;
    const p = numbers([heads], 2).map((x) => 1.5 + x);
    const a = numbers([heads], 3).map((x) => 1.5 + x);
    const options = { p, a, queryLength, keyLength, out };
    return {
      ours: () => kerple(options),
      beside: { name: 't5', run: t5(out, shape).run },
      peers: { 'typed JS': typedKerple(shape, p, a) },
      tolerance: 1.2e-7,
    };
  });
}

function sandwichCase(name: string, shape: readonly number[]): Case {
  return producer(`bias.sandwich.${name}`, shape, (out) => {
    const [heads, queryLength, keyLength] = shape;
    const options = { heads, queryLength, keyLength, out };
    return {
      ours: () => sandwich(options),
      beside: { name: 't5', run: t5(out, shape).run },
      peers: { 'typed JS': typedSandwich(shape, 128) },
      tolerance: 1.2e-7,
    };
  });
}

function swinCase(window: readonly [number, number] | readonly [number, number, number], heads: number): Case {
  const tokens = window.reduce((product, side) => product * side, 1);
  return producer(`bias.swin.${window.join('x')}`, [heads, tokens, tokens], (out) => {
    const size = [window.reduce((product, side) => product * (2 * side - 1), 1), heads];
    const table = Tensor.from(numbers(size), size, { engine: out.engine });
    const options = { windowSize: window, out };
    return {
      ours: () => swinBias(table, options),
      peers: { 'typed JS': typedSwin(window, heads, table.toFloat32Array()) },
    };
  });
}

function offsetCase(side: number, heads: number): Case {
  const tokens = side * side;
  return producer(`bias.offset.${side}x${side}`, [heads, tokens, tokens], (out) => {
    const plain = numbers([tokens, heads]);
    const turned = Float32Array.from(plain, (_, t) => plain[(t % tokens) * heads + Math.floor(t / tokens)]);
    const table = Tensor.from(turned, [heads, tokens], { engine: out.engine });
    const options = { resolution: [side, side], out } as const;
    return {
      ours: () => offsetBias(table, options),
      peers: { 'typed JS': typedOffsets([side, side], heads, plain) },
    };
  });
}

/** Phi-4-multimodal's audio encoder: 16 heads, 500 distances either way. */
function clippedCase(shape: readonly number[]): Case {
  return producer('bias.clipped.matrix', shape, (out) => {
    const [heads, queryLength, keyLength] = shape;
    const plain = numbers([1000, heads]);
    const table = Tensor.from(plain, [1000, heads], { engine: out.engine });
    const options = { queryLength, keyLength, out };
    return {
      ours: () => clippedRelativeBias(table, options),
      peers: { 'typed JS': typedClipped(shape, 500, plain) },
    };
  });
}

/** Swin's first stage: 56 x 56 patches in windows of 7. */
const shiftedCase = producer('bias.shifted.56x56', [64, 49, 49], (out) => {
  const options = { gridSize: [56, 56], windowSize: [7, 7], shiftSize: [3, 3], out } as const;
  return { ours: () => shiftedWindowMask(options), peers: { 'typed JS': typedShifted([56, 56], 7, 3) } };
});

/** 64 heads x 32768 x 32768, 256 GiB, through one block of 64 MiB: a call makes the next 8 rows. */
const STREAM = { heads: 64, length: 32768, rows: 8 };
const BLOCK = [STREAM.heads, STREAM.rows, STREAM.length];

/** Rows [from, from + rows) of a call after another, spread over the matrix. */
function ranges(): () => readonly [number, number] {
  let from = STREAM.length / 2;
  return () => {
    from = (from + 4099 * STREAM.rows) % STREAM.length;
    return [from, from + STREAM.rows];
  };
}

const streams: readonly Case[] = [
  producer('bias.stream.alibi', BLOCK, (out) => {
    const [next, theirs] = [ranges(), ranges()];
    const { heads, length: keyLength } = STREAM;
    return {
      ours: () => alibi({ heads, keyLength, rows: next(), out }),
      peers: { 'typed JS': (own) => typedAlibi(BLOCK, false, theirs()[0])(own) },
      tolerance: 1.2e-7,
    };
  }),
  producer('bias.stream.t5', BLOCK, (out) => {
    const [next, theirs] = [ranges(), ranges()];
    const plain = numbers([32, STREAM.heads]);
    const table = Tensor.from(plain, [32, STREAM.heads], { engine: out.engine });
    const { length: keyLength } = STREAM;
    return {
      ours: () => t5Bias(table, { keyLength, rows: next(), out }),
      peers: { 'typed JS': (own) => typedT5(BLOCK, plain, true, theirs()[0])(own) },
    };
  }),
];

const byShape = (make: (name: string, shape: readonly number[]) => Case): Case[] => [
  make('matrix', SHAPES.small),
  make('matrix', SHAPES.large),
  make('decode', SHAPES.decode),
];

export const bias: readonly Case[] = [
  alibiCase('matrix', SHAPES.cache, false),
  alibiCase('causal', SHAPES.cache, true),
  alibiCase('matrix', SHAPES.small, false),
  alibiCase('matrix', SHAPES.large, false),
  alibiCase('causal', SHAPES.small, true),
  alibiCase('causal', SHAPES.large, true),
  alibiCase('decode', SHAPES.decode, true),
  expandCase(SHAPES.small),
  expandCase(SHAPES.large),
  ...byShape(t5Case),
  ...byShape(kerpleCase),
  ...byShape(sandwichCase),
  swinCase([7, 7], 3),
  swinCase([12, 12], 6),
  swinCase([8, 7, 7], 3),
  offsetCase(14, 4),
  clippedCase([16, 512, 512]),
  shiftedCase,
  ...streams,
];
