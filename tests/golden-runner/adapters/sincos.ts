/** Tables over two and three axes: tatp22, MAE, diffusers, timm, tensor2tensor, DETR, CogVideoX, V-JEPA, Prithvi. */
import { type Adapter, type Context, type GoldenRecord, type Outputs, type Params, Unsupported } from '../types.ts';
import { defined, input, number, required } from './shared.ts';

/** A size that may be one number for a square. */
function grid(params: Params, key: string): [number, number] {
  const value = params[key];
  if (typeof value === 'number') return [value, value];
  if (Array.isArray(value) && value.length === 2) return [value[0], value[1]];
  throw new Unsupported(`parameter '${key}': expected a size or two, got ${JSON.stringify(value)}`);
}

/** Zero rows in front: `cls_token`, and how many when `extra_tokens` says so. */
function prefix(params: Params): number {
  const extra = number(params, 'extra_tokens');
  return params.cls_token === true ? (extra ?? 1) : 0;
}

function twoAxes(record: GoldenRecord, { api, precision }: Context): Outputs {
  const { params } = record;
  const base = number(params, 'temperature') ?? number(params, 'base');
  const table = (options: Record<string, unknown>) => api.sincos2d(defined({ base, precision, ...options }));
  switch (params.variant) {
    case 'tatp22':
      return {
        table: table({
          variant: 'tatp22',
          grid: [required(params, 'x'), required(params, 'y')],
          dim: required(params, 'channels'),
        }),
      };
    case 'mae':
      return {
        table: table({
          variant: 'mae',
          grid: grid(params, 'grid_size'),
          dim: required(params, 'embed_dim'),
          prefixTokens: prefix(params),
        }),
      };
    case 'diffusers':
      return {
        table: table({
          variant: 'diffusers',
          grid: grid(params, 'grid_size'),
          dim: required(params, 'embed_dim'),
          prefixTokens: prefix(params),
          baseSize: number(params, 'base_size'),
          interpolationScale: number(params, 'interpolation_scale'),
          offset: params.offset,
          referenceGrid: params.reference_grid,
        }),
      };
    case 'timm':
      return {
        table: table({
          variant: 'timm',
          grid: grid(params, 'feat_shape'),
          dim: required(params, 'dim'),
          reverseCoord: params.reverse_coord,
          interleaveSinCos: params.interleave_sin_cos,
        }),
      };
    case 't2t-nd':
      return {
        table: table({
          variant: 't2t',
          grid: [required(params, 'h'), required(params, 'w')],
          dim: required(params, 'channels'),
          minTimescale: number(params, 'min_timescale'),
          maxTimescale: number(params, 'max_timescale'),
        }),
      };
    default: {
      const normalize = params.normalize === true;
      const mask = input(record, 'mask');
      return {
        pos: table({
          variant: 'detr',
          mask: { data: mask.data, shape: mask.shape },
          dim: 2 * required(params, 'num_pos_feats'),
          normalize,
          scale: normalize ? number(params, 'scale') : undefined,
          eps: normalize ? number(params, 'eps') : undefined,
          // mmdetection and its kin add the offset only where they normalize
          positionOffset: normalize ? number(params, 'position_offset') : undefined,
        }),
      };
    }
  }
}

/** V-JEPA and Prithvi-EO. */
function video(record: GoldenRecord, { api, precision }: Context): Outputs {
  const { params } = record;
  const table = api.sincos3d(
    defined({
      variant: params.variant,
      grid: params.grid_size,
      dim: required(params, 'embed_dim'),
      base: number(params, 'temperature') ?? number(params, 'base'),
      uniformPower: params.uniform_power,
      prefixTokens: prefix(params),
      precision,
    }),
  );
  return { table };
}

function threeAxes(record: GoldenRecord, { api, precision }: Context): Outputs {
  const { params } = record;
  if (params.variant === 'tatp22') {
    const table = api.sincos3d({
      variant: 'tatp22',
      grid: [required(params, 'x'), required(params, 'y'), required(params, 'z')],
      dim: required(params, 'channels'),
      precision,
    });
    return { table };
  }
  const [width, height] = grid(params, 'spatial_size');
  const table = api.sincos3d(
    defined({
      variant: 'cogvideox',
      grid: [required(params, 'temporal_size'), height, width],
      dim: required(params, 'embed_dim'),
      spatialInterpolationScale: number(params, 'spatial_interpolation_scale'),
      temporalInterpolationScale: number(params, 'temporal_interpolation_scale'),
      precision,
    }),
  );
  return { table };
}

export const sincos: Adapter[] = [
  {
    when: {
      system: ['sincos-2d'],
      op: [undefined, 'sincos2d_crop', 'sincos2d_offset'],
      variant: ['tatp22', 'mae', 'diffusers', 'timm', 't2t-nd', 'detr'],
    },
    params: [
      'offset',
      'reference_grid',
      'pos_embed_max_size',
      'position_offset',
      'x',
      'y',
      'h',
      'w',
      'channels',
      'layout',
      'grid_size',
      'embed_dim',
      'cls_token',
      'extra_tokens',
      'base_size',
      'interpolation_scale',
      'feat_shape',
      'dim',
      'temperature',
      'base',
      'reverse_coord',
      'interleave_sin_cos',
      'min_timescale',
      'max_timescale',
      'num_pos_feats',
      'normalize',
      'scale',
      'eps',
    ],
    inputs: ['mask'],
    run: twoAxes,
  },
  {
    when: { system: ['sincos-3d'], op: [undefined], variant: ['tatp22', 'diffusers'] },
    params: [
      'x',
      'y',
      'z',
      'channels',
      'layout',
      'embed_dim',
      'spatial_size',
      'temporal_size',
      'spatial_interpolation_scale',
      'temporal_interpolation_scale',
    ],
    inputs: [],
    run: threeAxes,
  },
  {
    when: { system: ['sincos-3d'], op: ['sincos3d'], variant: ['vjepa', 'prithvi'] },
    params: ['embed_dim', 'grid_size', 'uniform_power', 'cls_token', 'extra_tokens', 'temperature', 'base'],
    inputs: [],
    run: video,
  },
];
