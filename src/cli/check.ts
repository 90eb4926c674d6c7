/** posenc check: compares a user's numbers with the expected ones and says what is different. */
import { Command } from 'commander';
import { fromHF, type RotarySpec } from '../index.ts';
import { alternatives, rotationDifferences, tableDifferences } from './differences.ts';
import { toJson } from './explain.ts';
import { readJson } from './input.ts';
import { example, rotarySpec, type SpecOptions, withSpec } from './options.ts';
import type { Preset } from './presets.ts';
import { CliError, EXIT, type Shell } from './shell.ts';
import { checkSuite, onlyForSuite, type SuiteOptions, several } from './suite.ts';
import { largestDifference, type Numbers, ownPreset, presetOf, type Vector, vectorOf } from './vectors.ts';

interface Finding {
  readonly output: string;
  readonly ok: boolean;
  readonly maxError: number;
  readonly tolerance: number;
  /** What is different, in words. */
  readonly messages: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;
type CheckOptions = SpecOptions & SuiteOptions & { name?: string; tolerance?: number; suite?: boolean };
const OUTPUTS = ['inv_freq', 'cos', 'sin', 'rotated', 'table', 'bias'] as const;

export function checkCommand(shell: Shell): Command {
  return withSpec(
    new Command('check').description('compares your numbers with the expected ones: what is different, and why'),
  )
    .argument('<file>', 'JSON: what `posenc vectors` prints, with your outputs in place of ours; - is standard input')
    .option('--name <name>', 'the vectors it belongs to (default: its "name")')
    .option('--tolerance <abs>', 'largest difference allowed (default: what float32 angles need)', Number)
    .option('--suite', 'the file holds results of the conformance suite, { "case id": numbers }: docs/conformance.md')
    .option('--group <name>', 'suite: only cases of this group (may be repeated)', several)
    .option('--flag <name>', 'suite: only cases with this flag (may be repeated)', several)
    .option('--vectors <dir>', 'suite: where posenc-vectors is (default: as it is installed here)')
    .option('--tight', 'suite: what is allowed to code that repeats the float32 operations of the source')
    .option('--badge', 'suite: one line, such as posenc-vectors 1.0: 467 / 512')
    .option('--json', 'the findings as JSON')
    .addHelpText(
      'after',
      `${example(
        'posenc check mine.json',
        'posenc check mine.json --config config.json',
        'posenc check --suite results.json',
      )}
The file needs "name" (or "spec", or "config", or an option that says it) and "outputs" with any of
${OUTPUTS.join(', ')}; your own "positions" and "inputs": {"x": ...} if they are others.
Arrays are {"shape": [...], "data": [...]} or nested lists.
`,
    )
    .action(async (file: string, options: CheckOptions) => {
      if (options.suite) return checkSuite(file, options, shell);
      onlyForSuite(options);
      const given = await readJson(file, shell);
      if (typeof given !== 'object' || given === null || Array.isArray(given)) {
        throw new CliError(EXIT.input, `${file}: expected an object with "outputs"`);
      }
      const findings = await check(given as Fields, options, shell);
      if (findings.some(({ ok }) => !ok)) shell.exitCode = EXIT.difference;
      await shell.write(options.json ? toJson(findings) : findings.map(words).join(''));
    });
}

function words({ output, ok, maxError, tolerance, messages }: Finding): string {
  const error = `largest difference ${maxError.toPrecision(3)}, allowed ${tolerance.toPrecision(3)}`;
  const first = ok ? `ok      ${output}: ${error}\n` : `differs ${output}: ${error}\n`;
  return first + messages.map((message) => `        ${message}\n`).join('');
}

async function check(
  given: Fields,
  options: SpecOptions & { name?: string; tolerance?: number },
  shell: Shell,
): Promise<Finding[]> {
  const preset = await presetFor(given, options, shell);
  const inputs = (given.inputs ?? given) as Fields;
  const outputs = (given.outputs ?? given) as Fields;
  const positions =
    given.positions === undefined ? undefined : Array.from(numbersOf('positions', given.positions, 'float64').data);
  const x = inputs.x === undefined ? undefined : numbersOf('x', inputs.x);
  const vector = vectorOf(String(given.name ?? 'own'), preset, { positions, x });
  const names = OUTPUTS.filter((name) => outputs[name] !== undefined && vector.outputs[name] !== undefined);
  if (names.length === 0) {
    throw new CliError(EXIT.input, `outputs: none of ${Object.keys(vector.outputs).join(', ')} is there`);
  }
  const got = Object.fromEntries(names.map((name) => [name, numbersOf(name, outputs[name])]));
  return names.map((name) => compare(name, got, vector, options.tolerance ?? vector.tolerance[name]));
}

async function presetFor(given: Fields, options: SpecOptions & { name?: string }, shell: Shell): Promise<Preset> {
  const context = options.context ?? (typeof given.context === 'number' ? given.context : undefined);
  if (options.config !== undefined || options.spec !== undefined || options.headDim !== undefined) {
    return ownPreset(await rotarySpec(options, shell, context ?? 4096), context);
  }
  if (options.name !== undefined) return presetOf(options.name);
  if (given.spec !== undefined) return ownPreset(given.spec as RotarySpec, context);
  if (given.config !== undefined) {
    return ownPreset(
      fromHF(given.config as object, { layerType: options.layerType, context: context ?? 4096 }).rotary,
      context,
    );
  }
  if (typeof given.name === 'string') return presetOf(given.name);
  throw new CliError(
    EXIT.input,
    'name: missing; say what is expected with "name", "spec" or "config", or --name, --config',
  );
}

/** {"shape", "data"}, or nested lists. */
function numbersOf(
  name: string,
  value: unknown,
  dtype: 'float32' | 'float64' = 'float32',
): Numbers & { data: Float32Array } {
  const named = value as { shape?: unknown; data?: unknown };
  const wrapped = typeof value === 'object' && value !== null && !Array.isArray(value);
  const shape: number[] = [];
  let list: unknown = wrapped ? named.data : value;
  for (let inner = list; Array.isArray(inner); inner = inner[0]) shape.push(inner.length);
  if (!Array.isArray(list))
    throw new CliError(EXIT.input, `${name}: expected {"shape", "data"} or nested lists of numbers`);
  list = list.flat(Number.POSITIVE_INFINITY);
  const data = (list as unknown[]).map((item) => (item === '-Infinity' ? Number.NEGATIVE_INFINITY : item));
  const size = wrapped && Array.isArray(named.shape) ? (named.shape as number[]) : shape;
  const bad = data.findIndex((item) => typeof item !== 'number' || Number.isNaN(item));
  if (bad >= 0) throw new CliError(EXIT.input, `${name}[${bad}]: expected a number, got ${JSON.stringify(data[bad])}`);
  if (size.reduce((product, n) => product * n, 1) !== data.length) {
    throw new CliError(EXIT.input, `${name}: ${data.length} numbers for shape [${size.join(', ')}]`);
  }
  const make = dtype === 'float64' ? Float64Array : Float32Array;
  return { shape: size, data: make.from(data as number[]) as Float32Array };
}

function compare(name: string, got: Readonly<Record<string, Numbers>>, vector: Vector, tolerance: number): Finding {
  const want = vector.outputs[name];
  const { data } = got[name];
  const { preset } = vector;
  const expected = widened(name, want, data.length, preset);
  const maxError = name === 'inv_freq' ? relativeDifference(data, expected) : largestDifference(data, expected);
  if (maxError <= tolerance) return { output: name, ok: true, maxError, tolerance, messages: [] };
  const messages = ((): string[] => {
    if (data.length !== expected.length) {
      return [
        `your output has ${data.length} numbers, expected ${want.data.length} (shape [${want.shape.join(', ')}])`,
      ];
    }
    if (preset.kind !== 'rotary') return alternatives(vector, data, tolerance);
    if (name === 'rotated') return rotationDifferences(vector, data, tolerance);
    return tableDifferences(name, vector, got);
  })();
  return { output: name, ok: false, maxError, tolerance, messages };
}

/** cos and sin of full width are tables too: every value twice, in the order of the pairing. */
function widened(name: string, want: Numbers, length: number, preset: Preset): Float32Array {
  if (preset.kind !== 'rotary' || !['cos', 'sin'].includes(name) || length !== 2 * want.data.length) return want.data;
  const h = want.shape[1];
  return Float32Array.from({ length }, (_, i) => {
    const [row, column] = [Math.floor(i / (2 * h)), i % (2 * h)];
    return want.data[row * h + (preset.spec.pairing === 'interleaved' ? column >> 1 : column % h)];
  });
}

function relativeDifference(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < got.length; i++) worst = Math.max(worst, Math.abs(got[i] - want[i]) / (Math.abs(want[i]) || 1));
  return worst;
}
