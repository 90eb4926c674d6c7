/** posenc vectors: inputs and expected outputs as JSON, for implementations in other languages. */
import { Command } from 'commander';
import {
  alibi,
  applyRotary,
  type RotarySpec,
  rotaryFrequencies,
  rotaryTable,
  sinusoidal,
  type Tensor,
} from '../index.ts';
import { jsonNumber } from './formats.ts';
import { example, rotarySpec, type SpecOptions, withSpec } from './options.ts';
import { POSITIONS, PRESETS, type Preset } from './presets.ts';
import { CliError, EXIT, type Shell } from './shell.ts';
import { listSuite, type SuiteOptions, several } from './suite.ts';

export interface Numbers {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What is computed for a preset: x in, everything else out. */
export interface Vector {
  readonly name: string;
  readonly preset: Preset;
  readonly positions?: readonly number[];
  readonly x?: Numbers;
  readonly outputs: Readonly<Record<string, Numbers>>;
  /** Largest difference allowed for each output; of inv_freq relative. */
  readonly tolerance: Readonly<Record<string, number>>;
  /** What float32 needs at a position p, a + b |p|, by output: `check --strict`. Of inv_freq and bias relative to the value. */
  readonly byPosition: Readonly<Record<string, readonly [a: number, b: number]>>;
}

const HEADS = 2;

/** Multiples of 1 / 64 in [-2, 2): exact in every format. */
function noise(count: number): Float32Array {
  let state = 20240607;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >> 24) / 64;
  });
}

/** Computes the outputs of a preset, for other tokens if x and positions are given. */
export function vectorOf(
  name: string,
  preset: Preset,
  given: { readonly positions?: readonly number[]; readonly x?: Numbers } = {},
): Vector {
  if (preset.kind === 'sinusoidal') {
    const table = take(sinusoidal({ ...preset.options }));
    return { name, preset, outputs: { table }, tolerance: { table: 1e-5 }, byPosition: { table: [4e-7, 1.5e-7] } };
  }
  if (preset.kind === 'alibi') {
    const bias = take(alibi({ ...preset.options }));
    return { name, preset, outputs: { bias }, tolerance: { bias: 1e-6 }, byPosition: { bias: [2e-7, 0] } };
  }
  const { spec } = preset;
  const positions = given.positions ?? preset.positions ?? POSITIONS;
  const context = preset.context ?? Math.max(1, Math.floor(positions.reduce((a, b) => Math.max(a, b), 0)) + 1);
  const tokens = positions.length / (spec.mropeSection?.length ?? 1);
  const x = given.x ?? { shape: [tokens, HEADS, spec.headDim], data: noise(tokens * HEADS * spec.headDim) };
  const rank = x.shape.length;
  if (rank < 2 || rank > 3 || x.shape[0] !== tokens || x.shape[rank - 1] !== spec.headDim) {
    throw new CliError(
      EXIT.input,
      `x: expected [${tokens}, heads, ${spec.headDim}] for ${tokens} positions, got [${x.shape.join(', ')}]`,
    );
  }
  const { ladder, float32, attentionFactor } = rotaryFrequencies(spec, { context });
  const table = rotaryTable(spec, { positions: [...positions], context });
  const rotated = Float32Array.from(x.data);
  applyRotary(rotated, table, { layout: 'THD', shape: rank === 2 ? [tokens, 1, spec.headDim] : x.shape });
  // admits angles in float32, position times frequency rounded once or twice
  const largest = positions.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const size = x.data.reduce((a, b) => Math.max(a, Math.abs(b)), 1);
  const angle = Math.abs(attentionFactor) * (2e-6 + 1.5e-7 * largest);
  const [a, b] = [4e-7 * Math.abs(attentionFactor), 1.5e-7 * Math.abs(attentionFactor)];
  return {
    name,
    preset,
    positions,
    x,
    outputs: {
      inv_freq: { shape: [ladder.hi.length], data: float32 ?? Float32Array.from(ladder.hi) },
      // rotationSign turns q and k, the tables keep the positive angle
      cos: take(table.cos),
      sin: take(table.sin),
      rotated: { shape: x.shape, data: rotated },
    },
    tolerance: { inv_freq: 1e-6, cos: angle, sin: angle, rotated: 2 * size * angle },
    byPosition: { inv_freq: [1e-6, 0], cos: [a, b], sin: [a, b], rotated: [2 * size * a, 2 * size * b] },
  };
}

function take(tensor: Tensor): Numbers {
  const data = tensor.toFloat32Array();
  tensor.dispose();
  return { shape: tensor.shape, data };
}

/** Largest difference; Infinity where one is finite and the other is not. */
export function largestDifference(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < got.length; i++) {
    const error = got[i] === want[i] ? 0 : Math.abs(got[i] - want[i]);
    worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  }
  return worst;
}

/** With the defaults that another implementation has to know. */
function resolved(preset: Exclude<Preset, { kind: 'rotary' }>): object {
  if (preset.kind === 'sinusoidal') {
    return {
      base: 10000,
      arrangement: 'interleaved',
      order: 'sin-cos',
      denominator: 'half',
      offset: 0,
      ...preset.options,
    };
  }
  const { keyLength = 0, queryLength = keyLength } = preset.options as { keyLength?: number; queryLength?: number };
  // queries are the last ones of the keys
  return { form: 'distance', slopes: 'press', queryOffset: keyLength - queryLength, ...preset.options };
}

/** The vector as a JSON text, one array a line. */
function vectorJson(vector: Vector): string {
  const { name, preset, positions, x, outputs, tolerance, byPosition } = vector;
  const array = ({ shape, data }: Numbers) =>
    `{"shape": ${JSON.stringify(shape)}, "dtype": "float32", "data": [${Array.from(data, jsonNumber).join(', ')}]}`;
  const parameters =
    preset.kind === 'rotary'
      ? { spec: { pairing: 'half', ...preset.spec }, ...(preset.context && { context: preset.context }) }
      : { options: resolved(preset) };
  const lines = [
    ...Object.entries({ schema: 'posenc-vectors/1', name, about: preset.about, kind: preset.kind, ...parameters }),
    ...(positions ? [['positions', positions]] : []),
  ].map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  if (x) lines.push(`  "inputs": {\n    "x": ${array(x)}\n  }`);
  const results = Object.entries(outputs).map(([key, value]) => `    ${JSON.stringify(key)}: ${array(value)}`);
  lines.push(
    `  "outputs": {\n${results.join(',\n')}\n  }`,
    `  "tolerance": ${JSON.stringify(tolerance)},
  "tolerance_by_position": ${JSON.stringify(byPosition)}`,
  );
  return `{\n${lines.join(',\n')}\n}\n`;
}

export function presetOf(name: string): Preset {
  if (!Object.hasOwn(PRESETS, name)) {
    throw new CliError(EXIT.usage, `no vectors '${name}'; there are ${Object.keys(PRESETS).join(', ')}`);
  }
  return PRESETS[name];
}

/** A rotary preset of the user's own model. */
export function ownPreset(spec: RotarySpec, context?: number): Preset {
  const { headDim, context: fixed }: { readonly headDim?: number; readonly context?: number } = spec;
  if (headDim === undefined) throw new CliError(EXIT.usage, 'headDim: expected the channels of a head, got undefined');
  const about = 'the specification that was given';
  const length = context ?? fixed;
  return { kind: 'rotary', about, spec: { ...spec, headDim }, ...(length !== undefined && { context: length }) };
}

export function vectorsCommand(shell: Shell): Command {
  return withSpec(new Command('vectors').description('test vectors as JSON: inputs and expected outputs'))
    .argument('[name]', 'without one: the list of names')
    .option('--all', 'the cases of the conformance suite, the package posenc-vectors: docs/conformance.md')
    .option('--group <name>', 'of the suite, only this group (may be repeated)', several)
    .option('--flag <name>', 'of the suite, only cases with this flag (may be repeated)', several)
    .option('--vectors <dir>', 'where posenc-vectors is (default: as it is installed here)')
    .option('--json', 'the list as JSON (vectors always are)')
    .addHelpText(
      'after',
      example(
        'posenc vectors llama3 > llama3.json',
        'posenc vectors --config config.json --context 8192',
        'posenc vectors',
        'posenc vectors --all --group rotary --flag LongPosition',
      ),
    )
    .action(async (name: string | undefined, options: SpecOptions & SuiteOptions & { all?: boolean }) => {
      if (options.all || options.group || options.flag) {
        if (name !== undefined) throw new CliError(EXIT.usage, `give a name or --all, --group, --flag, not both`);
        return listSuite(options, shell);
      }
      const own = options.config !== undefined || options.spec !== undefined || options.headDim !== undefined;
      if (name === undefined && !own) {
        const list = Object.entries(PRESETS).map(([key, { kind, about }]) => ({ name: key, kind, about }));
        const width = Math.max(...list.map((entry) => entry.name.length));
        const text = list.map((entry) => `${entry.name.padEnd(width)}  ${entry.about}\n`).join('');
        await shell.write(options.json ? `${JSON.stringify(list, null, 2)}\n` : text);
        return;
      }
      if (name !== undefined && own)
        throw new CliError(EXIT.usage, `give a name or --config, --spec, --head-dim, not both`);
      const context = options.context ?? POSITIONS[POSITIONS.length - 1] + 1;
      const preset =
        name !== undefined ? presetOf(name) : ownPreset(await rotarySpec(options, shell, context), context);
      await shell.write(vectorJson(vectorOf(name ?? 'own', preset)));
    });
}
