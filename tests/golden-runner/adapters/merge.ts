/** Merging positions into x: bert4keras' modes, with `mul` as x*(1+p) (`mul_plus_one`) or as x*p. */
import { type Adapter, type Context, type GoldenRecord, type Output, type Outputs, Unsupported } from '../types.ts';
import { defined, floats, input, product } from './shared.ts';
import { sinusoidalOptions } from './sinusoidal.ts';

const MODES = ['add', 'mul', 'zero', 'concat'];

/** A table to merge: a Tensor of the API, or a plain array with its shape. */
interface Positions {
  readonly p: unknown;
  readonly positionShape?: readonly number[];
}

function run(record: GoldenRecord, { api, precision }: Context): Outputs {
  const x = input(record, 'x');
  const [length, dim] = x.shape.slice(-2);
  const mul = record.params.mul_plus_one === true ? 'mulPlusOne' : 'mul';

  /** The first rows of a learned table, as the references slice it. */
  const learned = (name: string): Positions => {
    const width = input(record, name).shape[1];
    return { p: floats(record, name).slice(0, length * width), positionShape: [length, width] };
  };
  const trigonometric = (): Positions => ({
    p: api.sinusoidal({ length, ...sinusoidalOptions(record.params, dim), precision }),
  });
  const merged = (mode: string, { p, positionShape }: Positions, shape: readonly number[]): Output =>
    api.merge(
      Float32Array.from(x.data.subarray(0, product(shape))),
      p,
      defined({ mode: mode === 'mul' ? mul : mode, shape, positionShape }),
    );

  const outputs: Outputs = {};
  for (const [name, want] of Object.entries(record.outputs)) {
    const [, source, plainName] = /^(head_|sinusoidal_)?(.*)$/.exec(name) ?? [];
    const mode = name === 'out' ? record.params.mode : plainName;
    if (typeof mode !== 'string' || !MODES.includes(mode)) {
      if (name === 'out') throw new Unsupported(`parameter 'mode': unknown value ${JSON.stringify(mode)}`);
      continue;
    }
    const generated = source === 'sinusoidal_' || name === 'out';
    const positions = generated
      ? trigonometric()
      : learned(mode === 'concat' && record.inputs.table_concat !== undefined ? 'table_concat' : 'table');
    // 'zero' returns p for as many leading dimensions as x has; the references return the bare table.
    outputs[name] = merged(mode, positions, mode === 'zero' ? want.shape : x.shape);
  }
  return outputs;
}

export const merge: Adapter[] = [
  {
    when: { system: ['merge'], mul_plus_one: [undefined, true, false] },
    params: ['mode', 'layout', 'base', 'exponent_denominator'],
    inputs: ['x', 'table', 'table_concat'],
    run,
  },
];
