/**
 * What memory costs besides the kernels: that an engine with much of it is made at once and takes none of the machine's until
 * it is written, and that a reused output saves more than any detail of a kernel.
 */
import { performance } from 'node:perf_hooks';
import { alibi, createEngine, type Engine } from 'posenc';
import { duration, size, times } from './table.ts';

export interface MemoryReport {
  /** Bytes asked for with initialBytes, nanoseconds to make the engine, growth of the resident set. */
  readonly reserved: number;
  readonly create: number;
  readonly resident: number;
  /** Bytes of an ALiBi matrix, and nanoseconds to make it. */
  readonly bytes: number;
  /** The same output again: best. */
  readonly reused: number;
  /** A new output in memory that was in use before: allocated, written, disposed; best. */
  readonly allocated: number;
  /** The first time the memory is written: best of fresh engines. */
  readonly touched: number;
}

const ROUNDS = 5;

/** Defaults: 1 GiB reserved, a matrix of 128 MiB. */
export function measureMemory(reserved = 2 ** 30, heads = 32, length = 1024): MemoryReport {
  const time = <T>(run: () => T): [number, T] => {
    const start = performance.now();
    const result = run();
    return [(performance.now() - start) * 1e6, result];
  };
  const best = (run: () => unknown) => Math.min(...Array.from({ length: ROUNDS }, () => time(run)[0]));
  const make = (engine: Engine) => alibi({ heads, queryLength: length, keyLength: length, engine });
  // code that runs for the first time is not what this is about
  const warm = createEngine();
  for (let i = 0; i < 200; i++) alibi({ heads, queryLength: 32, keyLength: 32, engine: warm }).dispose();
  warm.dispose();

  const before = process.memoryUsage().rss;
  const [create, engine] = time(() => createEngine({ initialBytes: reserved }));
  const resident = process.memoryUsage().rss - before;
  const [first, out] = time(() => make(engine));
  const reused = best(() => alibi({ heads, queryLength: length, keyLength: length, out }));
  out.dispose();
  const allocated = best(() => make(engine).dispose());
  const firsts = [first];
  for (let i = 1; i < ROUNDS; i++) {
    const fresh = createEngine({ initialBytes: reserved });
    firsts.push(time(() => make(fresh))[0]);
    fresh.dispose();
  }
  return {
    reserved,
    create,
    resident,
    bytes: 4 * heads * length ** 2,
    reused,
    allocated,
    touched: Math.min(...firsts),
  };
}

export function formatMemory(report: MemoryReport): string {
  const { reserved, create, resident, bytes, reused, allocated, touched } = report;
  const against = (ns: number) => `${duration(ns)}, ${times(ns / reused)} x the reused output`;
  return `createEngine({ initialBytes }) of ${size(reserved)}: ${duration(create)}, ${size(Math.max(0, resident))} of it resident
ALiBi, ${size(bytes)}
  reused output                     ${duration(reused)}
  new output, memory used before    ${against(allocated)}
  new output, memory never touched  ${against(touched)}
`;
}
