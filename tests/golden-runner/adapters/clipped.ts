/** Clipped scalar biases: Phi-4-multimodal's audio encoder, AlphaFold's relpos within and between chains. */
import { type Adapter, type Context, type GoldenRecord, type Output, type Outputs, Unsupported } from '../types.ts';
import { defined, floats, input, required, reshaped } from './shared.ts';

/** A table [rows, 1] that holds its own rows: its bias is the index. */
const rowNumbers = (rows: number) => ({ data: Float32Array.from({ length: rows }, (_, t) => t), shape: [rows, 1] });

function flag(record: GoldenRecord, key: string): boolean {
  const value = record.params[key] ?? false;
  if (typeof value === 'boolean') return value;
  throw new Unsupported(`parameter '${key}': unknown value ${JSON.stringify(value)}`);
}

function phi4(record: GoldenRecord, { api }: Context): Outputs {
  const { params } = record;
  const [maxDistance, symmetric] = [required(params, 'max_distance'), flag(record, 'symmetric')];
  const options = { keyLength: required(params, 'length'), symmetric };
  const { shape } = input(record, 'table');
  const bias = api.clippedRelativeBias(floats(record, 'table'), { ...options, shape });
  const index = api.clippedRelativeBias(rowNumbers(symmetric ? maxDistance : 2 * maxDistance), options);
  return { index: reshaped(index, index.shape.slice(1)), bias: reshaped(bias, [1, ...bias.shape]) };
}

/** Pairs of a list against itself, query minus key, the last row where groups differ. */
function pairs(record: GoldenRecord, context: Context, positions: string, groups: string | undefined, limit: number) {
  const { api } = context;
  const list = (name: string) => Array.from(input(record, name).data);
  const options = defined({
    queryPositions: list(positions),
    keyPositions: list(positions),
    queryGroups: groups === undefined ? undefined : list(groups),
    direction: 'query-key',
    layout: 'qkh',
  });
  const rows = 2 * limit + (groups === undefined ? 1 : 2);
  const index = api.clippedRelativeBias(rowNumbers(rows), options);
  const outputs: Outputs = { index: reshaped(index, index.shape.slice(0, 2)) as Output };
  if (record.inputs.table === undefined) return outputs;
  const { shape } = input(record, 'table');
  outputs.pair = api.clippedRelativeBias(floats(record, 'table'), { ...options, shape });
  return outputs;
}

function alphafold(record: GoldenRecord, context: Context): Outputs {
  const groups = flag(record, 'chains') ? 'asym_id' : undefined;
  return pairs(record, context, 'residue_index', groups, required(record.params, 'max_relative_idx'));
}

function chain(record: GoldenRecord, context: Context): Outputs {
  return pairs(record, context, 'sym_id', 'entity_id', required(record.params, 'max_relative_chain'));
}

const OP = { system: ['clipped-bias'], op: ['clipped_relative_bias'] };

export const clipped: Adapter[] = [
  {
    when: { ...OP, variant: ['phi4'] },
    params: ['max_distance', 'symmetric', 'length'],
    inputs: ['table'],
    run: phi4,
  },
  {
    when: { ...OP, variant: ['alphafold'] },
    params: ['max_relative_idx', 'chains'],
    inputs: ['residue_index', 'asym_id', 'table'],
    run: alphafold,
  },
  {
    when: { ...OP, variant: ['alphafold-chain'] },
    params: ['max_relative_chain'],
    inputs: ['entity_id', 'sym_id', 'table'],
    run: chain,
  },
];
