/**
 * Every public function with one of its numbers at a limit: sizes, counts, positions of 2^16 to 2^53. Each call ends within two
 * seconds with a result or a PosencError, whatever it was asked for: sizes are checked before anything is built from them.
 */
import { createEngine, PosencError } from '../../src/index.ts';
import { randomOf } from '../support/random.ts';
import { GENERATORS } from './generators.ts';
import { disposeAll, isPlain, List, plainForm, realise } from './material.ts';
import { callPublic, Fault, withinTime, withOptions } from './modes.ts';

/** Powers of two, most of them what some option is limited to, and their neighbours that are not. */
const LIMITS = [16, 20, 22, 23, 24, 26, 28, 30].map((k) => 2 ** k).concat([2 ** 31 - 1, 2 ** 31, 2 ** 53]);

/** The arguments again and again, each time with another number at `limit`, and what was changed. */
function* enlarged(value: unknown, limit: number, path = ''): Generator<readonly [unknown, string]> {
  if (typeof value === 'number') yield [limit, `${path} = ${limit}`];
  else if (value instanceof List) {
    const last = value.values.length - 1;
    if (last < 0) return;
    const values = value.values.map((number, i) => (i === last ? limit : number));
    yield [new List(values, value.shape, 'number'), `${path}[${last}] = ${limit}`];
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      for (const [changed, what] of enlarged(item, limit, `${path}[${i}]`)) {
        yield [value.map((old, j) => (i === j ? changed : old)), what];
      }
    }
  } else if (isPlain(value)) {
    for (const key of Object.keys(value)) {
      for (const [changed, what] of enlarged(value[key], limit, `${path}.${key}`))
        yield [{ ...value, [key]: changed }, what];
    }
  }
}

/** Every row follows from the one before in a small network: what they may make takes microseconds a row. */
const RECURRENT = ['gruPositions', 'floaterPositions'];

/** Calls one function with each of its numbers at each limit. Returns how many calls it made. @throws Fault */
export function runLarge(name: string, seed: number): number {
  const surface = GENERATORS[name](randomOf(seed));
  const maximumBytes = RECURRENT.includes(name) ? 3 << 20 : 64 << 20;
  const engine = createEngine({ initialBytes: 2 << 20, maximumBytes });
  let calls = 0;
  try {
    for (const limit of LIMITS) {
      for (const [args, what] of enlarged(surface.args, limit)) {
        const kept: object[] = [];
        const given = withOptions(surface, realise(args as unknown[], plainForm(engine, kept)), { engine });
        let result: unknown;
        try {
          result = withinTime(`${name}${what}`, () => callPublic(name, given));
        } catch (error) {
          if (error instanceof Fault) throw error;
          if (!(error instanceof PosencError)) throw new Fault(`${name}${what}: threw ${(error as Error).stack}`);
        }
        disposeAll([result, kept]);
        calls++;
      }
    }
    const { blocks } = engine.usage();
    if (blocks > 0) throw new Fault(`${name}: ${blocks} blocks are left over`);
  } finally {
    engine.dispose();
  }
  return calls;
}
