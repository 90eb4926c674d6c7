/**
 * The six ways in which the suite calls every public function. Each compares bits with the plain call, looks for writes
 * outside the results, counts live blocks afterwards, and lets no error pass that is not a PosencError.
 */
import * as api from '../../src/index.ts';
import { createEngine, type Engine, PosencError, Tensor } from '../../src/index.ts';
import { ARRAYS } from '../../src/runtime/dtypes.ts';
import { type Random, randomOf } from '../support/random.ts';
import { GENERATORS } from './generators.ts';
import {
  contents,
  digest,
  disposeAll,
  Floats,
  type Form,
  isPlain,
  Late,
  List,
  Made,
  mixedForm,
  plainForm,
  realise,
  type SurfaceCall,
} from './material.ts';

export const MODES = ['forms', 'growth', 'arena', 'failing', 'overlap', 'hostile'] as const;
export type Mode = (typeof MODES)[number];

/** A fault, in words that let one repeat it. */
export class Fault extends Error {}

type Api = Record<string, (...args: unknown[]) => unknown>;

export function callPublic(name: string, args: readonly unknown[]): unknown {
  if (name === 'Tensor.zeros') return Tensor.zeros(...(args as [number[]]));
  if (name === 'Tensor.from') return Tensor.from(...(args as [number[], number[]]));
  return (api as unknown as Api)[name](...args);
}

/** The arguments with an engine in their options. */
export function withOptions(surface: SurfaceCall, args: readonly unknown[], more: object): unknown[] {
  const last = args[args.length - 1];
  if (surface.engine === false && Object.keys(more).every((key) => key === 'engine')) return [...args];
  if (!isPlain(last)) return [...args];
  const { engine: _, ...rest } = more as { engine?: unknown };
  return [...args.slice(0, -1), { ...last, ...(surface.engine === false ? rest : more) }];
}

/** What a call leaves: its result, and the arrays that it changed. */
function outcome(surface: SurfaceCall, args: readonly unknown[], result: unknown): string {
  const changed: string[] = [];
  const visit = (token: unknown, value: unknown): void => {
    if (token instanceof Floats) {
      if (token.changed) changed.push(...digest(contents(value), 'changed'));
    } else if (Array.isArray(token)) for (const [i, item] of token.entries()) visit(item, (value as unknown[])[i]);
    else if (isPlain(token)) {
      for (const [key, item] of Object.entries(token)) visit(item, (value as Record<string, unknown>)[key]);
    }
  };
  visit(surface.args, args);
  // what is rotated in place, or into a view, is returned as it was given: a Tensor here, an array there
  const same = (typeof result === 'object' && args.includes(result)) || result instanceof Float32Array;
  const text = digest(same ? contents(result instanceof Float32Array ? { data: result } : result) : normal(result));
  return [...text, ...changed].join('\n');
}

/** Tensors and { data, shape } alike: the caller may have given either as what is returned. */
function normal(value: unknown): unknown {
  if (value instanceof Tensor) return value;
  if (isPlain(value) && value.data instanceof Float32Array && Array.isArray(value.shape)) return contents(value);
  if (Array.isArray(value)) return value.map(normal);
  if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, normal(item)]));
  return value;
}

const engines = new Map<string, { engine: Engine; calls: number }>();

/** An engine that is used for some calls, then made anew: growth and failures wear it out. */
function engineFor(kind: string, options: Parameters<typeof createEngine>[0], most = 400): Engine {
  let known = engines.get(kind);
  if (known === undefined || known.calls >= most || known.engine.disposed) {
    known?.engine.dispose();
    known = { engine: createEngine(options), calls: 0 };
    engines.set(kind, known);
  }
  known.calls++;
  return known.engine;
}

const plainEngine = () => engineFor('plain', { initialBytes: 4 << 20 }, 20000);

/** The expected outcome: the call with arrays of the caller's own. */
function expected(name: string, surface: SurfaceCall): string {
  const engine = plainEngine();
  const kept: object[] = [];
  const before = engine.usage().blocks;
  const args = withOptions(surface, realise(surface.args, plainForm(engine, kept)), { engine });
  const result = callPublic(name, args);
  const text = outcome(surface, args, result);
  disposeAll([result, kept]);
  leaks(name, engine, before);
  return text;
}

function leaks(name: string, engine: Engine, before: number): void {
  const { blocks } = engine.usage();
  if (blocks !== before) throw new Fault(`${name}: ${blocks - before} blocks are left over`);
}

/** Runs a call that should succeed and compares it with what is expected. */
function same(
  name: string,
  surface: SurfaceCall,
  engine: Engine,
  random: Random,
  want: string,
  around?: () => () => void,
) {
  const kept: object[] = [];
  const before = engine.usage().blocks;
  const args = withOptions(surface, realise(surface.args, mixedForm(engine, kept, random)), { engine });
  const undo = around?.();
  let result: unknown;
  try {
    result = callPublic(name, args);
  } finally {
    undo?.();
  }
  const got = outcome(surface, args, result);
  disposeAll([result, kept]);
  leaks(name, engine, before);
  if (got !== want) throw new Fault(`${name}: other bits\nwant ${want.slice(0, 400)}\ngot  ${got.slice(0, 400)}`);
}

/** Grows the memory before every reservation: every view taken before it is stale afterwards. */
function growing(engine: Engine): () => void {
  const { allocate } = engine;
  engine.allocate = (bytes: number) => {
    engine.memory.grow(1);
    return allocate.call(engine, bytes);
  };
  return () => {
    engine.allocate = allocate;
  };
}

class Injected extends PosencError {
  constructor() {
    super('ERR_OUT_OF_MEMORY', 'no room: on purpose');
  }
}

/** Every reservation of the call fails once; what was there stays, and nothing is left over. */
function failing(name: string, surface: SurfaceCall, random: Random, want: string): void {
  const engine = engineFor('failing', { initialBytes: 4 << 20 }, 5000);
  for (let k = 0; k < 64; k++) {
    const kept: object[] = [];
    const start = engine.usage().blocks;
    const args = withOptions(surface, realise(surface.args, mixedForm(engine, kept, random)), { engine });
    const before = engine.usage().blocks;
    const inputs = outcome({ ...surface, args: allChanged(surface.args) as unknown[] }, args, undefined);
    const { allocate } = engine;
    let made = 0;
    engine.allocate = (bytes: number) => {
      if (made++ === k) throw new Injected();
      return allocate.call(engine, bytes);
    };
    let error: unknown;
    let result: unknown;
    try {
      result = callPublic(name, args);
    } catch (thrown) {
      error = thrown;
    } finally {
      engine.allocate = allocate;
    }
    if (error === undefined) {
      const got = outcome(surface, args, result);
      disposeAll([result, kept]);
      leaks(name, engine, start);
      if (got !== want) throw new Fault(`${name}: other bits after a failure`);
      return;
    }
    if (!(error instanceof Injected)) throw new Fault(`${name}: reservation ${k} failed, and the call threw ${error}`);
    if (engine.usage().blocks !== before) {
      throw new Fault(`${name}: reservation ${k} failed and ${engine.usage().blocks - before} blocks are left over`);
    }
    const after = outcome({ ...surface, args: allChanged(surface.args) as unknown[] }, args, undefined);
    if (after !== inputs) throw new Fault(`${name}: reservation ${k} failed and an input has changed`);
    disposeAll(kept);
    leaks(name, engine, start);
  }
  throw new Fault(`${name}: more than 64 reservations in one call`);
}

function allChanged(value: unknown): unknown {
  if (value instanceof Floats) return new Floats(value.data, value.shape, true, value.tensorOnly);
  if (Array.isArray(value)) return value.map(allChanged);
  if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, allChanged(item)]));
  return value;
}

type Shaped = { readonly data: Float32Array };

/** `out` is laid over the inputs: the call refuses, or its result is right; nothing else changes. */
function overlap(name: string, surface: SurfaceCall, random: Random, want: string): void {
  if (surface.out === undefined) return;
  const engine = engineFor('overlap', { initialBytes: 4 << 20, fixed: true }, 5000);
  const probe: object[] = [];
  const start = engine.usage().blocks;
  const sample = callPublic(name, withOptions(surface, realise(surface.args, plainForm(engine, probe)), { engine }));
  const shapes = (surface.out === 'pair' ? ['cos', 'sin'] : ['']).map((key) => {
    const made = key === '' ? sample : (sample as Record<string, unknown>)[key];
    // without out, what rotates in place returns the array it was given
    if (!(made instanceof Tensor)) return { key, dtype: 'float32' as const, length: (made as Shaped).data.length };
    return { key, dtype: made.dtype as keyof typeof ARRAYS, length: made.length };
  });
  disposeAll([sample, probe]);
  // everything lies in one block: inputs side by side, the outputs anywhere over them
  const block = Tensor.zeros([1 << 16], { engine, dtype: 'uint8' });
  const { buffer } = engine.memory;
  let used = 0;
  const place = (bytes: number) => {
    const at = block.byteOffset + used;
    used = 16 * Math.ceil((used + bytes) / 16);
    return at;
  };
  const kept: object[] = [];
  const form: Form = {
    floats(token) {
      if (token.tensorOnly) return plainForm(engine, kept).floats(token);
      const view = new Float32Array(buffer as ArrayBuffer, place(4 * token.data.length), token.data.length);
      view.set(token.data);
      return { data: view, shape: [...token.shape] };
    },
    list(token) {
      const Kind = token.kind === 'number' || random.chance(0.5) ? Float64Array : Int32Array;
      const fits = Kind === Float64Array || token.values.every((v) => Math.abs(v) < 2 ** 31);
      const view = new (fits ? Kind : Float64Array)(
        buffer as ArrayBuffer,
        place(8 * token.values.length),
        token.values.length,
      );
      view.set(token.values);
      return token.shape.length === 1 ? view : { data: view, shape: [...token.shape] };
    },
    made: (token) => plainForm(engine, kept).made(token),
  };
  try {
    const args = realise(surface.args, form);
    if (used > 1 << 15) return;
    const outs = shapes.map(({ key, dtype, length }) => {
      const at = block.byteOffset + 8 * random.int(0, Math.max(1, used >> 3));
      return { key, at, view: new ARRAYS[dtype](buffer as ArrayBuffer, at, length) };
    });
    const out = surface.out === 'one' ? outs[0].view : { cos: outs[0].view, sin: outs[1].view };
    const memory = new Uint8Array(buffer as ArrayBuffer, block.byteOffset, block.length);
    const before = memory.slice();
    let error: unknown;
    let result: unknown;
    try {
      result = callPublic(name, withOptions(surface, args, { engine, out }));
    } catch (thrown) {
      error = thrown;
    }
    if (error !== undefined && !(error instanceof PosencError)) throw new Fault(`${name}: over an input: ${error}`);
    for (let i = 0; i < memory.length; i++) {
      if (memory[i] === before[i]) continue;
      const address = block.byteOffset + i;
      const inside = outs.some(({ at, view }) => address >= at && address < at + view.byteLength);
      if (error !== undefined || !inside) {
        const when = error === undefined ? 'wrote outside its result' : 'refused the overlap and wrote all the same';
        throw new Fault(`${name}: ${when}, at byte ${i}`);
      }
    }
    if (error === undefined) {
      const got = outcome(surface, args, result);
      if (got !== want) throw new Fault(`${name}: accepted an overlap and computed other bits`);
      disposeAll(result);
    }
  } finally {
    disposeAll([kept, block]);
  }
  leaks(name, engine, start);
}

const NASTY: readonly ((random: Random) => unknown)[] = [
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => -1,
  () => 0,
  () => 0.5,
  () => 2 ** 31,
  () => 2 ** 31 - 1,
  () => 2 ** 53,
  () => -(2 ** 31),
  () => 1e308,
  () => '',
  () => 'constructor',
  () => 'x'.repeat(1000),
  () => null,
  () => undefined,
  () => true,
  () => 5n,
  () => Symbol('s'),
  () => () => 0,
  () => ({}),
  () => [],
  () => [[]],
  () => [Number.NaN],
  () => new Array(5),
  () => Object.assign([], { length: 2 ** 32 - 1 }),
  () => new Float32Array(0),
  () => new Float32Array(7),
  () => new Float64Array(3),
  () => new BigInt64Array(2),
  () => new Uint8Array(4),
  () => ({ data: [], shape: [2 ** 53, 0] }),
  () => ({ data: new Float32Array(4), shape: [2.5, 2] }),
  () => ({ data: new Float32Array(4), shape: [2 ** 31 - 1, 2 ** 31 - 1] }),
  () => ({ data: new Float32Array(6), shape: [2, 3] }),
  () => disposed(),
  () => foreign(),
  (random) => random.int(-3, 70000),
  (random) => 2 ** random.int(20, 34),
];

function disposed(): Tensor {
  const tensor = Tensor.zeros([2, 2], { engine: plainEngine() });
  tensor.dispose();
  return tensor;
}

let other: Tensor | undefined;
function foreign(): Tensor {
  if (other === undefined || other.disposed)
    other = Tensor.zeros([2, 2], { engine: createEngine({ initialBytes: 2 << 20 }) });
  return other;
}

/** Replaces values anywhere in the arguments; some calls get an option that does not exist. */
function spoil(value: unknown, random: Random): unknown {
  // handed over as it is: nothing of the suite looks into it
  const nasty = () => {
    const value = random.pick(NASTY)(random);
    return new Late(() => value);
  };
  if (value instanceof Floats || value instanceof List || value instanceof Made || value instanceof Late)
    return nasty();
  if (Array.isArray(value) && value.length > 0) {
    if (random.chance(0.2)) return nasty();
    const i = random.int(0, value.length - 1);
    return value.map((item, j) => (i === j ? spoil(item, random) : item));
  }
  if (isPlain(value)) {
    const keys = Object.keys(value);
    const dice = random();
    if (keys.length === 0 || dice < 0.1)
      return { ...value, [random.pick(['lenght', 'out', 'engine', 'positions'])]: nasty() };
    const key = random.pick(keys);
    if (dice < 0.2) {
      const { [key]: _, ...rest } = value;
      return rest;
    }
    return { ...value, [key]: spoil(value[key], random) };
  }
  return nasty();
}

/** The longest that a call may keep the processor busy, whatever it is given, in milliseconds. */
const LIMIT_MS = 2000;

/** Time of the processor, not of the clock: other programs of the machine do not count. @throws Fault when it took too long */
export function withinTime<T>(what: string, run: () => T): T {
  const began = process.cpuUsage();
  try {
    return run();
  } finally {
    const { user, system } = process.cpuUsage(began);
    const took = Math.round((user + system) / 1000);
    // biome-ignore lint/correctness/noUnsafeFinally: a call that took too long is a fault whatever came of it
    if (took > LIMIT_MS) throw new Fault(`${what}: took ${took} ms`);
  }
}

function hostile(name: string, surface: SurfaceCall, random: Random): void {
  const engine = engineFor('hostile', { initialBytes: 2 << 20, maximumBytes: 8 << 20 }, 3000);
  let spoilt: unknown = surface.args;
  for (let n = random.int(1, 2); n > 0; n--) spoilt = spoil(spoilt, random);
  const args = Array.isArray(spoilt) ? spoilt : [spoilt];
  const kept: object[] = [];
  const start = engine.usage().blocks;
  const real = withOptions(surface, realise(args, mixedForm(engine, kept, random)), {});
  const last = real[real.length - 1];
  const given =
    isPlain(last) && surface.engine !== false && !('engine' in last)
      ? [...real.slice(0, -1), { ...last, engine }]
      : real;
  let result: unknown;
  try {
    result = withinTime(name, () => callPublic(name, given));
  } catch (error) {
    if (error instanceof Fault) throw error;
    if (!(error instanceof PosencError)) {
      throw new Fault(`${name}: threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
    if (error.message.length > 2000) throw new Fault(`${name}: a message of ${error.message.length} characters`);
  }
  if (result !== other) disposeAll(result);
  disposeAll(kept);
  leaks(name, engine, start);
}

/** One call of `name` in a mode. @throws Fault */
export function runOne(name: string, mode: Mode, seed: number): void {
  const random = randomOf(seed);
  const surface = GENERATORS[name](random);
  const choices = randomOf(seed ^ 0x5bd1e995);
  if (mode === 'hostile') {
    hostile(name, surface, choices);
    return;
  }
  const want = expected(name, surface);
  switch (mode) {
    case 'forms':
      same(name, surface, engineFor('forms', { initialBytes: 4 << 20 }, 5000), choices, want);
      return;
    case 'growth': {
      const engine = engineFor('growth', { initialBytes: 1 << 20, scratchBytes: 65536 }, 300);
      same(name, surface, engine, choices, want, () => growing(engine));
      return;
    }
    case 'arena': {
      const bytes = 65536 + choices.int(0, 80);
      try {
        same(name, surface, engineFor(`arena ${bytes}`, { scratchBytes: bytes, initialBytes: 1 << 20 }), choices, want);
      } catch (error) {
        if (!(error instanceof PosencError && /scratch/.test(error.message))) throw error;
      }
      return;
    }
    case 'failing':
      failing(name, surface, choices, want);
      return;
    case 'overlap':
      overlap(name, surface, choices, want);
      return;
    default:
      mode satisfies never;
  }
}
