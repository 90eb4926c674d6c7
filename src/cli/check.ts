/** posenc check: compares a user's numbers with the expected ones and says what is different. */
import { Command } from 'commander';
import { fromHF, type RotarySpec } from '../index.ts';
import { alternatives, rotationDifferences, tableDifferences } from './differences.ts';
import { toJson } from './explain.ts';
import { readJson } from './input.ts';
import { example, number, rotarySpec, type SpecOptions, withSpec } from './options.ts';
import { PRESETS, type Preset } from './presets.ts';
import { CliError, EXIT, type Shell } from './shell.ts';
import { checkSuite, onlyForSuite, type SuiteOptions, several } from './suite.ts';
import { printable } from './text.ts';
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
type CheckOptions = SpecOptions &
  SuiteOptions & {
    name?: string;
    tolerance?: number;
    suite?: boolean;
    /** --strict was given. */
    byPosition?: boolean;
  };
const OUTPUTS = ['inv_freq', 'cos', 'sin', 'rotated', 'table', 'bias'] as const;
/** What a file may say besides: all that `posenc vectors` prints, and `config`. */
const KEYS = [
  ...['schema', 'name', 'about', 'kind', 'spec', 'options', 'config', 'context', 'positions', 'inputs', 'outputs'],
  ...['tolerance', 'tolerance_by_position'],
];

export function checkCommand(shell: Shell): Command {
  return withSpec(
    new Command('check').description('compares your numbers with the expected ones: what is different, and why'),
  )
    .argument('<file>', 'JSON: what `posenc vectors` prints, with your outputs in place of ours; - is standard input')
    .option('--name <name>', 'the vectors it belongs to (default: its "name")')
    .option('--tolerance <abs>', 'largest difference allowed (default: what float32 angles need)', number)
    .option('--suite', 'the file holds results of the conformance suite, { "case id": numbers }: docs/conformance.md')
    .option('--group <name>', 'suite: only cases of this group (may be repeated)', several)
    .option('--flag <name>', 'suite: only cases with this flag (may be repeated)', several)
    .option('--vectors <dir>', 'suite: where posenc-vectors is (default: as it is installed here)')
    .option('--tight', 'suite: what is allowed to code that repeats the float32 operations of the source')
    .option('--badge', 'suite: one line, such as posenc-vectors 1.0: 467 / 512')
    .option('--strict', 'a tolerance for each position, as float32 needs it: 16-bit outputs do not pass')
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
    .action(async (file: string, given: CheckOptions, command: Command) => {
      if (given.suite) return checkSuite(file, given, shell);
      onlyForSuite(given);
      // --no-strict of the readers shares the name: only what was typed counts
      const byPosition = given.strict === true && command.getOptionValueSource('strict') === 'cli';
      const options = { ...given, byPosition };
      const mine = await readJson(file, shell);
      if (typeof mine !== 'object' || mine === null || Array.isArray(mine)) {
        throw new CliError(EXIT.input, `${file}: expected an object with "outputs"`);
      }
      const findings = await check(mine as Fields, options, shell);
      if (findings.some(({ ok }) => !ok)) shell.exitCode = EXIT.difference;
      await shell.write(options.json ? toJson(findings) : findings.map(words).join(''));
    });
}

function words({ output, ok, maxError, tolerance, messages }: Finding): string {
  const error = `largest difference ${maxError.toPrecision(3)}, allowed ${tolerance.toPrecision(3)}`;
  const first = ok ? `ok      ${output}: ${error}\n` : `differs ${output}: ${error}\n`;
  return first + messages.map((message) => `        ${message}\n`).join('');
}

async function check(given: Fields, options: CheckOptions, shell: Shell): Promise<Finding[]> {
  if (options.tolerance !== undefined && options.tolerance < 0)
    throw new CliError(EXIT.usage, `--tolerance ${options.tolerance}: expected a number from 0`);
  if (options.tolerance !== undefined && options.byPosition)
    throw new CliError(EXIT.usage, '--tolerance: --strict has one for each position; give one of the two');
  const preset = await presetFor(given, options, shell);
  const inputs = fieldsOf('inputs', given.inputs ?? given);
  const outputs = fieldsOf('outputs', given.outputs ?? given);
  // a key that nothing reads is a misspelt one: what it holds would pass unseen
  onlyKnown('', given, [...KEYS, ...(given.inputs === undefined ? ['x'] : []), ...(outputs === given ? OUTPUTS : [])]);
  if (inputs !== given) onlyKnown('inputs.', inputs, ['x']);
  if (preset.kind !== 'rotary' && given.positions !== undefined)
    throw new CliError(EXIT.input, `positions: ${preset.kind} vectors have none; its options say which rows`);
  const positions =
    given.positions === undefined ? undefined : Array.from(numbersOf('positions', given.positions, 'float64').data);
  const x = inputs.x === undefined ? undefined : numbersOf('x', inputs.x);
  const vector = vectorOf(String(given.name ?? 'own'), preset, { positions, x });
  const known = Object.keys(vector.outputs);
  onlyKnown('outputs.', outputs, outputs === given ? [...KEYS, 'x', ...known] : known);
  const names = OUTPUTS.filter((name) => outputs[name] !== undefined && vector.outputs[name] !== undefined);
  if (names.length === 0) {
    throw new CliError(EXIT.input, `outputs: none of ${known.join(', ')} is there`);
  }
  const got = Object.fromEntries(names.map((name) => [name, numbersOf(name, outputs[name])]));
  return names.map((name) =>
    compare(name, got, vector, {
      tolerance: options.tolerance ?? vector.tolerance[name],
      strict: options.byPosition,
    }),
  );
}

function fieldsOf(name: string, value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new CliError(EXIT.input, `${name}: expected an object of arrays by name`);
}

function onlyKnown(path: string, fields: Fields, known: readonly string[]): void {
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new CliError(
    EXIT.input,
    `${path}${printable(unknown)}: is not read, so nothing would be checked by it; known are ${known.join(', ')}`,
  );
}

async function presetFor(given: Fields, options: SpecOptions & { name?: string }, shell: Shell): Promise<Preset> {
  const context = options.context ?? (typeof given.context === 'number' ? given.context : undefined);
  if (options.config !== undefined || options.spec !== undefined || options.headDim !== undefined) {
    return ownPreset(await rotarySpec(options, shell, context ?? 4096), context);
  }
  if (options.name !== undefined) return presetOf(options.name);
  if (given.options !== undefined) return presetOfOptions(given);
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

/** Options of the file over those of the vector it names: what was computed with other ones is judged by those. */
function presetOfOptions(given: Fields): Preset {
  const { options, name } = given;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new CliError(EXIT.input, 'options: expected an object, as `posenc vectors` prints it');
  }
  const base = typeof name === 'string' && Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined;
  const kind = given.kind ?? base?.kind ?? ('heads' in options ? 'alibi' : 'dim' in options ? 'sinusoidal' : 'rotary');
  const own = base?.kind === kind ? base : undefined;
  const about = 'the options that were given';
  if (kind === 'rotary')
    return { ...ownPreset({ ...(own as { spec?: object })?.spec, ...options } as RotarySpec), about };
  if (kind !== 'sinusoidal' && kind !== 'alibi') {
    throw new CliError(
      EXIT.input,
      `kind: expected rotary, sinusoidal or alibi, got ${JSON.stringify(kind)?.slice(0, 60)}`,
    );
  }
  const before = own && 'options' in own ? own.options : {};
  return { kind, about, options: { ...before, ...options } } as Preset;
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
  if (bad >= 0)
    throw new CliError(
      EXIT.input,
      `${name}[${bad}]: expected a number, got ${Number.isNaN(data[bad]) ? 'NaN' : JSON.stringify(data[bad])}`,
    );
  if (size.reduce((product, n) => product * n, 1) !== data.length) {
    throw new CliError(EXIT.input, `${name}: ${data.length} numbers for shape [${size.join(', ')}]`);
  }
  const make = dtype === 'float64' ? Float64Array : Float32Array;
  return { shape: size, data: make.from(data as number[]) as Float32Array };
}

function compare(
  name: string,
  got: Readonly<Record<string, Numbers>>,
  vector: Vector,
  { tolerance, strict }: { readonly tolerance: number; readonly strict: boolean | undefined },
): Finding {
  const want = vector.outputs[name];
  const { data } = got[name];
  const { preset } = vector;
  const expected = widened(name, want, data.length, preset);
  const maxError = name === 'inv_freq' ? relativeDifference(data, expected) : largestDifference(data, expected);
  const wanted = expected === want.data ? want.shape : [...want.shape.slice(0, -1), 2 * want.shape[1]];
  if (data.length === expected.length && !sameOrder(got[name].shape, wanted)) {
    const messages = [`your output has shape [${got[name].shape.join(', ')}], expected [${wanted.join(', ')}]`];
    return { output: name, ok: false, maxError, tolerance, messages };
  }
  const loose = maxError <= tolerance;
  const worst = strict && loose ? worstByPosition(name, data, expected, vector) : undefined;
  if (loose && worst === undefined) return { output: name, ok: true, maxError, tolerance, messages: [] };
  if (worst !== undefined) {
    const stored = storedIn(data);
    const why = stored ? [`every number is a ${stored} value: your output was rounded to 16 bits`] : [];
    return {
      output: name,
      ok: false,
      maxError: worst.error,
      tolerance: worst.allowed,
      messages: [...why, worst.where],
    };
  }
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

/** Whether two shapes of as many numbers lay them in one order: axes may be joined, split off or of length 1. */
function sameOrder(a: readonly number[], b: readonly number[]): boolean {
  const ends = (shape: readonly number[]) => {
    let product = 1;
    return shape.map((n) => (product *= n));
  };
  const [fine, coarse] = [ends(a), ends(b)].map((list) => new Set(list.filter((n) => n > 1)));
  return [...coarse].every((n) => fine.has(n)) || [...fine].every((n) => coarse.has(n));
}

/** The element furthest beyond what float32 needs at its position; undefined when there is none. */
function worstByPosition(
  name: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  vector: Vector,
): { readonly error: number; readonly allowed: number; readonly where: string } | undefined {
  const [a, b] = vector.byPosition[name];
  const relative = name === 'inv_freq' || name === 'bias';
  const rows = relative ? [] : rowPositions(vector);
  const width = relative ? 1 : want.length / Math.max(1, rows.length);
  let worst: { error: number; allowed: number; where: string } | undefined;
  for (let i = 0; i < want.length; i++) {
    if (got[i] === want[i]) continue;
    const position = relative ? 0 : rows[Math.floor(i / width)];
    const allowed = relative ? a * Math.abs(want[i]) : a + b * position;
    const error = Math.abs(got[i] - want[i]);
    if (error <= allowed || (worst !== undefined && error / allowed <= worst.error / worst.allowed)) continue;
    const where = relative ? `at number ${i}` : `at position ${position}`;
    worst = {
      error,
      allowed,
      where: `${where}: off by ${error.toPrecision(2)}, float32 is off by ${allowed.toPrecision(2)} at most`,
    };
  }
  return worst;
}

/** The largest position of each row. */
function rowPositions({ preset, positions = [], outputs }: Vector): number[] {
  if (preset.kind === 'sinusoidal') {
    const { offset = 0, scale = 1 } = preset.options;
    return Array.from({ length: outputs.table.shape[0] }, (_, row) => Math.abs((row + offset) * scale));
  }
  const streams = preset.kind === 'rotary' ? (preset.spec.mropeSection?.length ?? 1) : 1;
  const tokens = positions.length / streams;
  return Array.from({ length: tokens }, (_, t) =>
    Math.max(...Array.from({ length: streams }, (__, s) => Math.abs(positions[s * tokens + t]))),
  );
}

/** 16-bit numbers have few digits: of all of them float32 would have more. */
function storedIn(data: ArrayLike<number>): 'float16' | 'bfloat16' | undefined {
  const fits = (bits: number, least: number): boolean =>
    Array.from(data).every((value) => {
      if (value === 0 || !Number.isFinite(value)) return true;
      const unit = 2 ** (Math.max(least, Math.floor(Math.log2(Math.abs(value)))) + 1 - bits);
      return Number.isInteger(value / unit);
    });
  return fits(8, -126) ? 'bfloat16' : fits(11, -14) ? 'float16' : undefined;
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
