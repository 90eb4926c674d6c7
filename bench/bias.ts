/** Rows of the bias family: ALiBi, and the expansion of a diagonal that every other bias of the distance uses. */
import { alibi, expandDiagonal, Tensor } from 'posenc';
import { type Case, numbers, producer } from './case.ts';
import { typedAlibi, typedExpand, writtenAlibi } from './peers/bias.ts';

/** [heads, queries, keys] */
const SHAPES = { small: [4, 128, 128], large: [32, 1024, 1024], decode: [32, 1, 8192] } as const;

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

export const bias: readonly Case[] = [
  alibiCase('matrix', SHAPES.small, false),
  alibiCase('matrix', SHAPES.large, false),
  alibiCase('causal', SHAPES.small, true),
  alibiCase('causal', SHAPES.large, true),
  alibiCase('decode', SHAPES.decode, true),
  expandCase(SHAPES.small),
  expandCase(SHAPES.large),
];
