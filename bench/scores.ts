/** Rows of the bias family that read queries and keys: scores of content and distance, q.k included on both sides. */
import { debertaScores, shawScores, Tensor, transformerXlScores } from 'posenc';
import { type Case, numbers, producer } from './case.ts';
import * as peers from './peers/relative.ts';

/** [B, H, L, d] of queries and keys; scores are [B, H, L, L]. */
const [BATCH, HEADS, LENGTH, DIM] = [1, 12, 512, 64];
const QUERIES = [BATCH, HEADS, LENGTH, DIM];
const SCORES = [BATCH, HEADS, LENGTH, LENGTH];
const SIZES: peers.Sizes = { batch: BATCH, heads: HEADS, queryLength: LENGTH, keyLength: LENGTH, dim: DIM };
/** Sums of 64 or 128 products in float32 against float64. */
const tolerance = 5e-6;
const SCALE = 1 / 8;

/** The same numbers as a Tensor of ours and as the plain array a peer reads. */
function both(out: Tensor, shape: readonly number[], seed: number): { ours: Tensor; plain: Float32Array } {
  const plain = numbers(shape, seed);
  return { ours: Tensor.from(plain, shape, { engine: out.engine }), plain };
}

export const scores: readonly Case[] = [
  producer('bias.shaw.scores', SCORES, (out) => {
    const clip = 128;
    const [q, k, table] = [both(out, QUERIES, 1), both(out, QUERIES, 2), both(out, [2 * clip + 1, DIM], 3)];
    const options = { scale: SCALE, out };
    return {
      ours: () => shawScores(q.ours, k.ours, table.ours, options),
      peers: { 'typed JS': (own) => peers.shawScores(q.plain, k.plain, table.plain, clip, SCALE, SIZES, own) },
      tolerance,
    };
  }),
  producer('bias.transformerXl.scores', SCORES, (out) => {
    const [q, k, r] = [both(out, QUERIES, 1), both(out, QUERIES, 2), both(out, [HEADS, LENGTH, DIM], 3)];
    const [u, v] = [both(out, [HEADS, DIM], 4), both(out, [HEADS, DIM], 5)];
    // causal on both sides: the peer skips what it masks
    const options = { u: u.ours, v: v.ours, scale: SCALE, out };
    return {
      ours: () => transformerXlScores(q.ours, k.ours, r.ours, options),
      peers: {
        'typed JS': (own) => peers.transformerXlScores(q.plain, k.plain, r.plain, u.plain, v.plain, SCALE, SIZES, own),
      },
      tolerance,
    };
  }),
  producer('bias.deberta.scores', SCORES, (out) => {
    const span = 256;
    const buckets = { positionBuckets: span, maxRelativePositions: 512 };
    const size = [HEADS, 2 * span, DIM];
    const [q, k, posKey, posQuery] = [QUERIES, QUERIES, size, size].map((shape, i) => both(out, shape, i + 1));
    const options = { ...buckets, posKey: posKey.ours, posQuery: posQuery.ours, scale: SCALE, out };
    return {
      ours: () => debertaScores(q.ours, k.ours, options),
      peers: {
        'typed JS': peers.debertaTyped(q.plain, k.plain, posKey.plain, posQuery.plain, span, 512, SCALE, SIZES),
      },
      tolerance,
    };
  }),
];
