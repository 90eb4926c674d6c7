/** Pictures of biases: those with numbers of their own, and the ids of T5's buckets and Swin's windows, whose numbers are learned. */
import { swinRelativePositionIndex, type Tensor, t5Buckets } from '../index.ts';
import { type BiasArguments, biasSource } from './bias.ts';
import { type ModelOptions, readModel } from './input.ts';
import { parseJson } from './json.ts';
import { CliError, EXIT, type Shell } from './shell.ts';
import type { Source } from './stream.ts';

export const BIASES = ['alibi', 'kerple', 'sandwich', 't5', 'swin'] as const;
export type BiasKind = (typeof BIASES)[number];

/** What is drawn, and how it is called. */
export interface BiasPicture {
  readonly source: Source;
  readonly title: string;
  readonly x: string;
  readonly y: string;
}

/** Numbers that make the shape visible where a model has learned ones. */
const SHOWN: Readonly<Partial<Record<BiasKind, string>>> = { kerple: '{"p": [1], "a": [1]}' };

export async function biasPicture(
  kind: BiasKind,
  given: BiasArguments & ModelOptions,
  shell: Shell,
): Promise<BiasPicture> {
  if (kind === 'swin' || (kind === 't5' && !given.options?.includes('"table"'))) return ids(kind, given, shell);
  const { heads, config } = given;
  const options = given.options ?? SHOWN[kind];
  const own = options !== undefined && (kind === 'kerple' || kind === 't5') ? undefined : heads;
  const source = await biasSource(
    { ...given, kind, options, heads: own ?? (config || kind === 'kerple' || kind === 't5' ? undefined : 8) },
    shell,
  );
  const name = { alibi: 'ALiBi', kerple: 'KERPLE', sandwich: 'Sandwich', t5: 'T5' }[kind];
  return { source, title: name, x: 'key', y: 'query' };
}

/** Whole numbers as a picture. */
async function ids(kind: 't5' | 'swin', given: BiasArguments & ModelOptions, shell: Shell): Promise<BiasPicture> {
  const { options = '{}', length } = given;
  const model = given.config === undefined ? {} : await ofModel(kind, given.config, given, shell);
  const more = parseJson(options, '--options');
  if (typeof more !== 'object' || more === null || Array.isArray(more))
    throw new CliError(EXIT.usage, '--options: expected a JSON object');
  const tensor = (kind === 't5'
    ? t5Buckets({ queryLength: length, keyLength: length, ...model, ...more })
    : swinRelativePositionIndex({ windowSize: [7, 7], ...model, ...more })) as unknown as Tensor<'int32'>;
  const [rows, width] = tensor.shape;
  const data = Float32Array.from(tensor.data);
  tensor.dispose();
  const source: Source = {
    entries: [{ name: 'ids', shape: [rows, width] }],
    shape: [rows, width],
    planes: 1,
    rows,
    width,
    dtype: 'float32',
    metadata: {},
    block: (from, to) => [data.subarray(from * width, to * width)],
  };
  return kind === 't5'
    ? { source, title: "T5's bucket of each distance", x: 'key', y: 'query' }
    : { source, title: "Swin's row of the bias table", x: 'cell', y: 'cell' };
}

/** What a model's own file says of them; of several stages the first. */
async function ofModel(kind: 't5' | 'swin', config: string, given: ModelOptions, shell: Shell): Promise<object> {
  const form = await readModel(config, shell, given);
  const { t5Bias, swinBias } = form.calls ?? {};
  const [first] = kind === 't5' ? [t5Bias].flat() : [swinBias].flat();
  if (first === undefined)
    throw new CliError(
      EXIT.input,
      `--config ${config}: the family of '${form.modelType}' is ${form.family}, not ${kind}`,
    );
  const { numBuckets, maxDistance, bidirectional, windowSize } = first as Readonly<Record<string, unknown>>;
  return kind === 't5' ? { numBuckets, maxDistance, bidirectional } : { windowSize };
}
