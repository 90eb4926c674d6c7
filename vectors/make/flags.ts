/** What a case is about, read from its parameters and inputs; and what a failure of all cases of a flag usually means. */
import type { Draft, Loose } from './types.ts';

interface Flag {
  readonly about: string;
  /** What it usually means when these cases fail and others do not. */
  readonly usually: string;
  readonly holds: (draft: Draft) => boolean;
}

const numbers = (draft: Draft, ...names: string[]): number[] =>
  names.flatMap((name) => (draft.inputs[name]?.data ?? []).map(Number));
const positions = (draft: Draft) => numbers(draft, 'position_ids', 'positions', 'timesteps', 'pos_i', 'distance');
const pairing = ({ params }: Draft): string | undefined => {
  if (typeof params.pairing === 'string') return params.pairing.startsWith('half') ? 'half' : 'interleaved';
  if (typeof params.is_neox_style === 'boolean') return params.is_neox_style ? 'half' : 'interleaved';
  if (typeof params.interleaved === 'number') return params.interleaved === 1 ? 'interleaved' : 'half';
  if (typeof params.mode === 'string' && /^(NORMAL|NEOX|MROPE|IMROPE|VISION)$/.test(params.mode))
    return params.mode === 'NORMAL' ? 'interleaved' : 'half';
  return undefined;
};
const rotates = ({ outputs }: Draft) =>
  ['q', 'k', 'x', 'y', 'qkv', 'output'].some((name) => outputs[name] !== undefined);
const base = ({ params }: Draft) =>
  Number(params.rope_theta ?? params.freq_base ?? params.base ?? params.theta ?? 10000);
const config = ({ params }: Draft): Loose => params.config ?? {};
const expected = ({ source }: Draft): Loose => source.record.expected ?? {};
const tables = (draft: Draft): Loose[] => Object.values(expected(draft).per_layer_type ?? {});
const scaling = (draft: Draft): string =>
  String(
    draft.params.method ??
      draft.params.rope_type ??
      tables(draft)
        .map((table) => table.rope_type)
        .join(' '),
  );
const rotaryDim = ({ params }: Draft) =>
  Number(params.rotary_dim ?? params.n_dims ?? (params.rotary_embedding_dim || undefined));
const headDim = ({ params, inputs }: Draft) =>
  Number(params.head_dim ?? params.head_size ?? inputs.x?.shape.at(-1) ?? Number.NaN);
const masked = (draft: Draft) => draft.inputs.attention_mask;

/** Rows of a mask in which padding stands on the left (0 before a 1), or on the right. */
function padded(draft: Draft, side: 'left' | 'right'): boolean {
  const mask = masked(draft);
  if (mask === undefined) return false;
  const length = mask.shape.at(-1) ?? 1;
  return Array.from({ length: mask.data.length / length }, (_, row) =>
    mask.data.slice(row * length, (row + 1) * length),
  ).some((row) => row.includes(1) && (side === 'left' ? row[0] === 0 : row.at(-1) === 0));
}

/** T5's bucket of a distance with the logarithm in float64; the public code takes it in float32. */
export function bucketInFloat64(
  relative: number,
  bidirectional: boolean,
  numBuckets: number,
  maxDistance: number,
): number {
  let [offset, n, count] = [0, -relative, numBuckets];
  if (bidirectional) {
    count = Math.floor(count / 2);
    if (relative > 0) offset = count;
    n = Math.abs(relative);
  } else n = Math.max(0, n);
  const exact = Math.floor(count / 2);
  if (n < exact) return offset + n;
  const large = exact + Math.floor((Math.log(n / exact) / Math.log(maxDistance / exact)) * (count - exact));
  return offset + Math.min(large, count - 1);
}

/** Distances of a bucket case at which a float64 logarithm gives another bucket. */
export function float32Distances({ op, params, inputs, outputs }: Draft): number[] {
  if (op !== 't5_buckets') return [];
  const distances = inputs.relative_position.data.map(Number);
  const { bidirectional, num_buckets: count, max_distance: longest } = params as Loose;
  return distances.filter((d, i) => bucketInFloat64(d, bidirectional, count, longest) !== outputs.buckets.data[i]);
}

export const FLAGS = {
  PairingHalf: {
    about: 'Channel j turns with channel j + rotary_dim / 2 (rotate_half; GPT-NeoX, Llama of transformers).',
    usually:
      'your rotation is interleaved (channels 2j and 2j + 1); weights converted for the other pairing need permuted rows',
    holds: (draft) => rotates(draft) && pairing(draft) === 'half',
  },
  PairingInterleaved: {
    about: 'Channel 2j turns with channel 2j + 1 (GPT-J, the original RoFormer, Llama of Meta, ggml NORMAL).',
    usually: 'your rotation pairs halves (rotate_half); repeat each angle for neighbours instead of repeating the row',
    holds: (draft) => rotates(draft) && pairing(draft) === 'interleaved',
  },
  PartialRotary: {
    about: 'Only rotary_dim of the head_dim channels turn, the rest passes through untouched.',
    usually: 'all channels are turned, or the frequencies are made from head_dim instead of rotary_dim',
    holds: (draft) => rotaryDim(draft) < headDim(draft) || Number(draft.params.partial_rotary_factor ?? 1) < 1,
  },
  Base: {
    about: 'A base (rope_theta) other than 10000.',
    usually: 'the base is fixed at 10000 in your code',
    holds: (draft) => base(draft) !== 10000 && Number.isFinite(base(draft)) && draft.source.group === 'rotary',
  },
  LongPosition: {
    about: 'Positions of 65536 and more.',
    usually: 'positions or angles are kept in 16 bits, or float32 angles are multiplied up step by step',
    holds: (draft) => positions(draft).some((p) => Math.abs(p) >= 65536),
  },
  NegativePosition: {
    about: 'Positions below zero.',
    usually: 'positions are read as unsigned numbers',
    holds: (draft) => positions(draft).some((p) => p < 0),
  },
  FractionalPosition: {
    about: 'Positions that are no integers.',
    usually: 'positions are cut to integers',
    holds: (draft) => positions(draft).some((p) => !Number.isInteger(p)),
  },
  ArbitraryPositions: {
    about: 'Positions that do not count 0, 1, 2: a batch with its own positions, gaps, a cache that is continued.',
    usually: 'the row index is used as the position; position_ids or the offset is ignored',
    holds: (draft) => {
      const list = positions(draft);
      return list.length > 1 && list.some((p, i) => p !== i);
    },
  },
  ExactAngles: {
    about: 'Numbers rounded once from the true value, at every position.',
    usually:
      'your angles are float32: the product position x frequency is already off by an ulp; public PyTorch code is so too',
    holds: (draft) =>
      draft.params.system === 'rotary/exact_tables' || String(draft.source.record.tolerance?.why).includes('float64;'),
  },
  Scaling: {
    about: 'Frequencies of a context extension: linear, dynamic, YaRN, LongRoPE, llama3, proportional, NTK.',
    usually: 'rope_scaling is read and not applied',
    holds: (draft) =>
      /linear|dynamic|yarn|longrope|llama3|proportional|ntk/i.test(scaling(draft)) ||
      Number(draft.params.freq_scale ?? 1) !== 1 ||
      Number(draft.params.ext_factor ?? 0) !== 0,
  },
  AttentionFactor: {
    about: 'cos and sin are multiplied by an amplitude (YaRN, LongRoPE).',
    usually: 'the attention factor is left out of the tables',
    holds: (draft) => {
      const { attention_factor: given, attention_scaling: scaled, attn_factor: ggml } = draft.params;
      const factors = [
        given,
        scaled,
        ggml,
        ...tables(draft).map((t) => t.attention_factor),
        draft.outputs.attention_factor?.data[0],
      ];
      return factors.some((f) => typeof f === 'number' && f !== 1);
    },
  },
  RotationSign: {
    about: 'The rotation turns the other way: x cos + rotate(x) (-sin), or the conjugate.',
    usually: 'the sign of sin is fixed in your code',
    holds: ({ params }) => params.rotation_sign === -1 || params.conjugate === true || params.back === true,
  },
  SequenceLength: {
    about: 'Frequencies depend on the length in use; also the lengths at which they switch.',
    usually: 'frequencies are made once, for one length',
    holds: (draft) => /dynamic|longrope/.test(scaling(draft)) || typeof draft.params.seq_len === 'number',
  },
  BoundaryLength: {
    about:
      'A length or distance exactly at a border: the original context, one more, a full bucket, the end of a table.',
    usually: '< where <= is meant, or off by one between length and last position',
    holds: (draft) => {
      const {
        seq_len: length,
        original_max_position_embeddings: original,
        max_position_embeddings: most,
      } = draft.params as Loose;
      const near = (border: unknown) =>
        typeof border === 'number' && typeof length === 'number' && Math.abs(length - border) <= 1;
      return near(original) || near(most) || draft.params.out_of_range === 'identity' || /_buckets$/.test(draft.op);
    },
  },
  Float32Bucket: {
    about: 'Distances whose bucket depends on the logarithm being taken in float32.',
    usually:
      'the logarithm is taken in float64: at a few distances the bucket is one lower or higher than in the trained model',
    holds: (draft) => float32Distances(draft).length > 0,
  },
  Bucket: {
    about: 'Relative distances fall into buckets, logarithmic from a half on (T5, DeBERTa).',
    usually: 'a bucket off by one, the sign of the distance (key minus query), or bidirectional taken for causal',
    holds: (draft) => /_buckets$/.test(draft.op) || draft.op === 't5' || draft.params.num_buckets !== undefined,
  },
  LeftPadding: {
    about: 'Rows of a batch begin with padding.',
    usually: 'positions count from the first column instead of the first real token',
    holds: (draft) => padded(draft, 'left'),
  },
  RightPadding: {
    about: 'Rows of a batch end with padding.',
    usually: 'positions go on counting in the padding',
    holds: (draft) => padded(draft, 'right'),
  },
  NoPE: {
    about: 'Layers without any positions among others, or a model without any.',
    usually: 'every layer is rotated',
    holds: (draft) => expected(draft).family === 'none' || (expected(draft).layers?.nope?.length ?? 0) > 0,
  },
  LayerTypes: {
    about: 'Several tables in one model, by layer.',
    usually: 'one table is used for all layers',
    holds: (draft) => tables(draft).length > 1,
  },
  AlibiSlopes: {
    about: 'Slopes of heads.',
    usually: 'the rule for head counts that are no power of two, or an exponent off by one',
    holds: (draft) => draft.op.startsWith('alibi') || draft.outputs.num_heads !== undefined,
  },
  OddDim: {
    about: 'An odd number of channels.',
    usually: 'the last channel: sources disagree whether it is zero, cut or a sine without its cosine',
    holds: ({ params }) =>
      [params.d_model, params.channels, params.embedding_dim].some((d) => typeof d === 'number' && d % 2 === 1),
  },
  FrequencyLadder: {
    about: 'Which denominator the exponent has: d, d / 2 - 1, and so on.',
    usually: 'the ladder ends at 1 / base instead of one step before it, or the other way round',
    holds: ({ params }) => params.exponent_denominator !== undefined && params.exponent_denominator !== 'd',
  },
  Concat: {
    about: 'All sines first, then all cosines.',
    usually: 'your table is interleaved (sin, cos, sin, cos)',
    holds: ({ params, op }) => params.layout === 'concat' && op.startsWith('sinusoidal'),
  },
  Interleaved: {
    about: 'A sine and a cosine of each frequency side by side.',
    usually: 'your table is concatenated (all sines, then all cosines)',
    holds: ({ params, op }) => params.layout === 'interleaved' && op.startsWith('sinusoidal'),
  },
  Packed: {
    about: 'Several sequences one after another, with cu_seqlens.',
    usually: 'positions go on counting over the border of two sequences',
    holds: ({ inputs }) => Object.keys(inputs).some((name) => name.startsWith('cu_seqlens')),
  },
  Sections: {
    about: 'Several position streams share the channels of a head (M-RoPE).',
    usually: 'chunked sections where interleaved ones are meant, or every channel gets the temporal stream',
    holds: ({ params, op, source }) =>
      params.mrope_section != null ||
      params.sections != null ||
      source.group === 'mrope-index' ||
      op.startsWith('mrope'),
  },
  Vision: {
    about: 'Rows, columns and frames of a grid.',
    usually: 'rows and columns exchanged, or the order of axes in a head',
    holds: ({ params, op, inputs }) =>
      /axial|vision|2d|3d|swin|beit|maxvit|grid/.test(`${op} ${params.system}`) || inputs.image_grid_thw !== undefined,
  },
  ReadsFile: {
    about: "What a model's config.json or GGUF header means.",
    usually: 'a key with another name, a class default that the file leaves out, or a nested text part',
    holds: ({ source }) => ['configs', 'gguf', 'extend', 'llama-cpp'].includes(source.group),
  },
  MustRefuse: {
    about:
      'Input that has no right answer: it must be refused, or at least reported, by a message that names the cause.',
    usually: 'numbers are computed in silence',
    holds: ({ source }) =>
      source.group === 'configs-bad' ||
      source.record.params?.expect === 'error' ||
      expected({ source } as Draft).outcome === 'error',
  },
} as const satisfies Readonly<Record<string, Flag>>;

export type FlagName = keyof typeof FLAGS;

export function flagsOf(draft: Draft): FlagName[] {
  const names = Object.keys(FLAGS) as FlagName[];
  const refused = FLAGS.MustRefuse.holds(draft);
  return names.filter(
    (name) => (refused ? ['MustRefuse', 'LeftPadding'].includes(name) : true) && FLAGS[name].holds(draft),
  );
}

/** What a config sets, for comments. */
export const modelType = (draft: Draft): string =>
  String(config(draft).model_type ?? config(draft).text_config?.model_type ?? '');
