/** Rows of the bias family that read queries and keys: scores of content and distance, q.k included on both sides. */
import {
  conformerScores,
  debertaScores,
  decomposedRelativeScores,
  gatedRelativeBias,
  localRelativeScores,
  shawScores,
  Tensor,
  transformerXlScores,
} from 'posenc';
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
/** A grid of SAM between its windows (14) and its global layers (64). */
const SIDE = 28;
/** Gemma 3n's audio encoder: 10 seconds in chunks of 12, 12 keys before each query. */
const LOCAL = { heads: 8, length: 250, dim: 192, left: 12, chunk: 12, cap: 50, scores: [1, 8, 21, 12, 24] } as const;

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
        'typed JS': (own) =>
          peers.transformerXlScores(q.plain, k.plain, r.plain, u.plain, v.plain, SCALE, true, SIZES, own),
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
  producer('bias.conformer.scores', SCORES, (out) => {
    const [q, k, r] = [both(out, QUERIES, 1), both(out, QUERIES, 2), both(out, [HEADS, 2 * LENGTH - 1, DIM], 3)];
    const [u, v] = [both(out, [HEADS, DIM], 4), both(out, [HEADS, DIM], 5)];
    const options = { u: u.ours, v: v.ours, scale: SCALE, out };
    return {
      ours: () => conformerScores(q.ours, k.ours, r.ours, options),
      peers: {
        'typed JS': (own) =>
          peers.transformerXlScores(q.plain, k.plain, r.plain, u.plain, v.plain, SCALE, false, SIZES, own),
      },
      tolerance,
    };
  }),
  producer('bias.decomposed.scores', [BATCH, HEADS, SIDE ** 2, SIDE ** 2], (out) => {
    const size = [BATCH, HEADS, SIDE ** 2, DIM];
    const [q, k] = [both(out, size, 1), both(out, size, 2)];
    const [h, w] = [both(out, [2 * SIDE - 1, DIM], 3), both(out, [2 * SIDE - 1, DIM], 4)];
    const options = { querySize: [SIDE, SIDE], scale: SCALE, out } as const;
    const sizes = { ...SIZES, queryLength: SIDE ** 2, keyLength: SIDE ** 2 };
    return {
      ours: () => decomposedRelativeScores(q.ours, k.ours, h.ours, w.ours, options),
      peers: {
        'typed JS': (own) => peers.decomposedScores(q.plain, k.plain, h.plain, w.plain, SIDE, SCALE, sizes, own),
      },
      tolerance: 2e-5,
    };
  }),
  producer('bias.local.scores', LOCAL.scores, (out) => {
    const { heads, length, dim, left, chunk, cap } = LOCAL;
    const size = [1, heads, length, dim];
    const [q, k, r] = [both(out, size, 1), both(out, size, 2), both(out, [heads, left + 1, dim], 3)];
    const options = { contextLeft: left + 1, softcap: cap, chunkSize: chunk, out };
    const sizes = { batch: 1, heads, queryLength: length, keyLength: length, dim };
    return {
      ours: () => localRelativeScores(q.ours, k.ours, r.ours, options),
      peers: {
        'typed JS': (own) => peers.localScores(q.plain, k.plain, r.plain, left, chunk, cap, sizes, own),
      },
      tolerance: 2e-5,
    };
  }),
  producer('bias.gated.matrix', SCORES, (out) => {
    const [position, hidden] = [both(out, SCORES.slice(1), 1), both(out, [BATCH, LENGTH, HEADS * DIM], 2)];
    const [weight, constant] = [both(out, [8, DIM], 3), both(out, [HEADS], 4)];
    const options = { weight: weight.ours, constant: constant.ours, out };
    return {
      ours: () => gatedRelativeBias(position.ours, hidden.ours, options),
      peers: {
        'typed JS': (own) => peers.gatedBias(position.plain, hidden.plain, weight.plain, constant.plain, SIZES, own),
      },
      tolerance,
    };
  }),
];
