/**
 * Rows of the absolute family besides the sinusoidal table: other functions of the position, learned tables and what is made
 * of them, positions that follow from one another or from the tokens.
 */
import {
  compactRelativeTable,
  convPositional,
  floaterPositions,
  gruPositions,
  hierarchicalPositions,
  learnedPositions,
  nerfEncoding,
  peg,
  perceiverEncoding,
  resizePositionTable,
  sincos2d,
  Tensor,
  timestepEmbedding,
} from 'posenc';
import { type Case, joiner, numbers, producer } from './case.ts';
import * as peers from './peers/absolute.ts';

/** Weights small enough that what they are applied to again and again stays near 1. */
function weights(shape: readonly number[], seed: number, factor = 0.125): Float32Array {
  return numbers(shape, seed).map((x) => factor * x);
}

function gather(rows: number, dim: number): Case {
  return joiner('absolute.gather.learned', [rows, dim], (table, out) => {
    // every row once, in runs of 64 as packed sequences have them
    const ids = Int32Array.from({ length: rows }, (_, t) => ((((t >> 6) * 5 + 3) << 6) + (t & 63)) % rows);
    const options = { ids, out };
    const plain = table.toFloat32Array();
    return {
      ours: () => learnedPositions(table, options),
      peers: { 'typed JS': (own) => peers.gatherRows(own, plain, ids, dim) },
    };
  });
}

function hierarchical(length: number, dim: number): Case {
  return producer('absolute.hierarchical.rows', [length, dim], (out) => {
    const n = Math.ceil(Math.sqrt(length));
    const plain = numbers([n, dim]);
    const table = Tensor.from(plain, [n, dim], { engine: out.engine });
    const options = { length, out };
    return {
      ours: () => hierarchicalPositions(table, options),
      peers: { 'typed JS': (own) => peers.hierarchicalRows(own, plain, n, dim, length, 0.4) },
      tolerance: 2.4e-7,
    };
  });
}

function timestep(steps: number, dim: number): Case {
  return producer('absolute.timestep.cos-sin', [steps, dim], (out) => {
    const timesteps = Float32Array.from({ length: steps }, (_, i) => (i * 7919) % 1000);
    const options = { preset: 'stable-diffusion', dim, out } as const;
    const half = dim / 2;
    const theta = peers.frequencies(half, half);
    return {
      ours: () => timestepEmbedding(timesteps, options),
      peers: { 'typed JS': (own) => peers.timestepEmbedding(own, timesteps, dim, theta) },
      tolerance: 1.2e-7,
    };
  });
}

function grid(height: number, width: number, dim: number): Case {
  return producer('absolute.sincos.mae', [height * width, dim], (out) => {
    const options = { variant: 'mae', grid: [height, width], dim, out } as const;
    const theta = peers.frequencies(dim / 4, dim / 4);
    return {
      ours: () => sincos2d(options),
      peers: { 'typed JS': (own) => peers.sincos2d(own, height, width, dim, theta) },
      tolerance: 1.2e-7,
    };
  });
}

/** The middle of SD3's reference grid of 192 x 192. */
function tile(height: number, width: number, dim: number): Case {
  return producer('absolute.sincos.tile', [height * width, dim], (out) => {
    const offset = [(192 - height) >> 1, (192 - width) >> 1] as const;
    const shape = { grid: [height, width], offset, referenceGrid: [192, 192], baseSize: 64 } as const;
    const options = { variant: 'diffusers', ...shape, dim, out } as const;
    const theta = peers.frequencies(dim / 4, dim / 4);
    return {
      ours: () => sincos2d(options),
      peers: { 'typed JS': (own) => peers.sincosTile(own, [height, width], offset, 1 / 3, dim, theta) },
      tolerance: 1.2e-7,
    };
  });
}

function perceiver(side: number, numBands: number): Case {
  return producer('absolute.perceiver.grid', [side * side, 2 * (1 + 2 * numBands)], (out) => {
    const options = { grid: [side, side], maxResolution: side, numBands, out };
    return {
      ours: () => perceiverEncoding(options),
      peers: { 'typed JS': (own) => peers.perceiver(own, side, numBands) },
      tolerance: 1.2e-7,
    };
  });
}

function compact(length: number, dim: number): Case {
  return producer('absolute.compact.zipformer', [2 * length - 1, dim], (out) => {
    const options = { length, dim, out };
    return {
      ours: () => compactRelativeTable(options),
      peers: { 'typed JS': (own) => peers.compactRelative(own, length, dim) },
      tolerance: 1.2e-7,
    };
  });
}

function nerf(points: number, bands: number): Case {
  return producer('absolute.nerf.input-sin-cos', [points, 3 * (2 * bands + 1)], (out) => {
    const plain = numbers([points, 3]);
    const x = Tensor.from(plain, [points, 3], { engine: out.engine });
    const options = { numFrequencies: bands, out };
    return {
      ours: () => nerfEncoding(x, options),
      peers: { 'typed JS': (own) => peers.nerfEncoding(own, plain, 3, bands) },
      tolerance: 1.2e-7,
    };
  });
}

function resize(from: readonly [number, number], to: readonly [number, number], dim: number): Case {
  return producer('absolute.resize.bicubic', [...to, dim], (out) => {
    const plain = numbers([...from, dim]);
    const table = Tensor.from(plain, [...from, dim], { engine: out.engine });
    const options = { to, out };
    return {
      ours: () => resizePositionTable(table, options),
      peers: { 'typed JS': (own) => peers.resizeBicubic(own, plain, from, to, dim) },
      tolerance: 1e-6,
    };
  });
}

function pegCase(height: number, width: number, channels: number): Case {
  return joiner('absolute.peg.3x3', [1, height * width, channels], (x, out) => {
    const [weight, bias] = [weights([channels, 9], 2), weights([channels], 3)];
    const { engine } = out;
    const options = {
      weight: Tensor.from(weight, [channels, 1, 3, 3], { engine }),
      bias: Tensor.from(bias, [channels], { engine }),
      height,
      width,
      out,
    };
    const plain = x.toFloat32Array();
    return {
      ours: () => peg(x, options),
      peers: { 'typed JS': (own) => peers.peg(own, plain, weight, bias, 1, height, width, channels) },
      tolerance: 1e-6,
    };
  });
}

function floater(length: number, dim: number): Case {
  return producer('absolute.floater.linear', [length, 1, 1, dim], (out) => {
    const { engine } = out;
    const start = numbers([dim]);
    const [w1, b1, w2, b2] = [
      weights([dim, dim + 1], 2),
      weights([dim], 3),
      weights([dim, dim + 1], 4),
      weights([dim], 5),
    ];
    const initial = Tensor.from(start, [1, 1, dim], { engine });
    const flow = {
      kind: 'linear',
      w1: Tensor.from(w1, [dim, dim + 1], { engine }),
      b1: Tensor.from(b1, [dim], { engine }),
      w2: Tensor.from(w2, [dim, dim + 1], { engine }),
      b2: Tensor.from(b2, [dim], { engine }),
    } as const;
    const options = { length, flow, out };
    return {
      ours: () => floaterPositions(initial, options),
      peers: {
        'typed JS': (own) => {
          own.set(start);
          peers.floater(own, dim, length, { w1, b1, w2, b2 }, 0.01, 5);
        },
      },
      tolerance: 1e-4,
    };
  });
}

function gru(length: number, dim: number): Case {
  return producer('absolute.gru.one-layer', [length, 1, dim], (out) => {
    const { engine } = out;
    const start = numbers([dim]);
    const plain = {
      weightIh: weights([3 * dim, 1], 2),
      weightHh: weights([3 * dim, dim], 3),
      biasIh: weights([3 * dim], 4),
      biasHh: weights([3 * dim], 5),
    };
    const layer = {
      weightIh: Tensor.from(plain.weightIh, [3 * dim, 1], { engine }),
      weightHh: Tensor.from(plain.weightHh, [3 * dim, dim], { engine }),
      biasIh: Tensor.from(plain.biasIh, [3 * dim], { engine }),
      biasHh: Tensor.from(plain.biasHh, [3 * dim], { engine }),
    };
    const hidden = Tensor.from(start, [1, 1, dim], { engine });
    const options = { length, layers: [layer], out };
    const state = new Float32Array(dim);
    return {
      ours: () => gruPositions(hidden, options),
      peers: {
        'typed JS': (own) => {
          state.set(start);
          peers.gru(own, dim, length, plain, state, 0.01);
        },
      },
      tolerance: 1e-5,
    };
  });
}

function convolution(length: number, channels: number, groups: number, taps: number): Case {
  return joiner('absolute.conv.wav2vec', [1, length, channels], (x, out) => {
    const width = channels / groups;
    const [weight, bias] = [weights([channels, width, taps], 2, 0.01), weights([channels], 3)];
    const { engine } = out;
    const options = {
      weight: Tensor.from(weight, [channels, width, taps], { engine }),
      bias: Tensor.from(bias, [channels], { engine }),
      groups,
      activation: 'none',
      out,
    } as const;
    const plain = x.toFloat32Array();
    return {
      ours: () => convPositional(x, options),
      peers: { 'typed JS': (own) => peers.convPositional(own, plain, weight, bias, length, channels, groups, taps) },
      tolerance: 1e-5,
    };
  });
}

export const positions: readonly Case[] = [
  timestep(1000, 320),
  grid(14, 14, 768),
  tile(64, 64, 1536),
  perceiver(56, 64),
  compact(512, 48),
  nerf(4096, 10),
  gather(512, 128),
  gather(2048, 128),
  gather(32768, 512),
  hierarchical(1024, 256),
  resize([37, 37], [64, 64], 768),
  pegCase(14, 14, 192),
  convolution(128, 256, 16, 64),
  floater(255, 64),
  gru(255, 64),
];
