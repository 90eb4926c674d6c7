/** Mutated configurations: whatever a file holds, only a PosencError comes out, quickly, and no engine is involved. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHF } from '../../src/models/hf.ts';
import { PosencError } from '../../src/runtime/errors.ts';
import { readGolden } from './golden.ts';

const CASES = 500;
const LIMIT_MS = 50;

/** A seeded generator (mulberry32): the same cases on every machine. */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Node = Record<string, unknown> | unknown[];

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { text_config: value };
  return value;
}

const JUNK: readonly (() => unknown)[] = [
  () => null,
  () => undefined,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => -1,
  () => 0,
  () => 0.5,
  () => 3,
  () => 1e300,
  () => 2 ** 53,
  () => 2 ** 31,
  () => 4096.5,
  () => '',
  () => 'yarn',
  () => '128',
  () => 'x'.repeat(10000),
  () => true,
  () => false,
  () => [],
  () => {
    return {};
  },
  () => [1, 2, 3],
  () => new Array(100000).fill(1),
  () => new Array(64).fill('full_attention'),
  () => deep(40),
  () => JSON.parse('{"__proto__":{"polluted":true}}'),
  () => ({ constructor: { prototype: { polluted: true } } }),
  () => 10n,
  () => Symbol('x'),
  () => () => 1,
  () => new Float32Array(4),
  () => new Date(0),
];
const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'rope_scaling',
  'rope_parameters',
  'rope_type',
  'type',
  'factor',
  'text_config',
  'vision_config',
  'layer_types',
  'head_dim',
  'rotary_dim',
  'partial_rotary_factor',
  'original_max_position_embeddings',
  'mrope_section',
  'long_factor',
  'position_embedding_type',
  'x'.repeat(5000),
];
const TYPES = [
  'llama',
  'gemma3_text',
  'deepseek_v3',
  'deepseek_v4',
  'phi3',
  'qwen2_vl',
  'qwen3_vl_text',
  'mpt',
  'bert',
  't5',
  'whisper',
  'gemma4_text',
  'gptj',
  'zamba2',
  'mimo_v2_flash',
  'constructor',
  '__proto__',
  'toString',
];

function timed(config: unknown, options: { strict?: boolean }): number {
  const start = performance.now();
  try {
    fromHF(config as object, options);
  } catch {
    // Judged where it happened first.
  }
  return performance.now() - start;
}

/** Every object and array inside, the root included. */
function nodes(value: unknown, found: Node[] = []): Node[] {
  if (typeof value === 'object' && value !== null && found.length < 200) {
    if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) found.push(value as Node);
    for (const inner of Object.values(value)) nodes(inner, found);
  }
  return found;
}

function define(node: Node, key: string, value: unknown): void {
  Object.defineProperty(node, key, { value, enumerable: true, configurable: true, writable: true });
}

function mutate(config: unknown, next: () => number): void {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)];
  const node = pick(nodes(config));
  const keys = Object.keys(node);
  const key = keys.length ? pick(keys) : 'rope_scaling';
  switch (Math.floor(next() * 6)) {
    case 0:
      delete (node as Record<string, unknown>)[key];
      break;
    case 1:
      define(node, key, pick(JUNK)());
      break;
    case 2:
      define(node, pick(NAMES), pick(JUNK)());
      break;
    case 3:
      define(node, pick(NAMES), structuredClone(Object.hasOwn(node, key) ? (node as Record<string, unknown>)[key] : 1));
      break;
    case 4:
      define(config as Node, 'model_type', pick(TYPES));
      break;
    default:
      if (typeof (node as Record<string, unknown>)[key] === 'number') {
        define(node, key, ((node as Record<string, number>)[key] as number) * pick([-1, 0, 0.5, 2, 1000, 1e6]));
      } else define(node, key, pick(JUNK)());
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the records are read, not written
const configs = readGolden<any>('configs').map(([, record]) => record.config);

test(`${CASES} mutated configurations`, () => {
  for (const config of configs) fromHF(config);
  const next = random(20240117);
  const outcomes = { read: 0, refused: 0 };
  for (let i = 0; i < CASES; i++) {
    const config = structuredClone(configs[Math.floor(next() * configs.length)]);
    // A clone can hold every kind of junk only while no further structuredClone meets it: mutate in one go.
    const times = 1 + Math.floor(next() * 4);
    for (let k = 0; k < times; k++) {
      try {
        mutate(config, next);
      } catch (error) {
        if (!(error instanceof DOMException)) throw error;
      }
    }
    const options = next() < 0.3 ? { strict: false } : {};
    const start = performance.now();
    let elapsed: number;
    try {
      const form = fromHF(config, options);
      elapsed = performance.now() - start;
      assert.ok(isDeepStrictEqual(JSON.parse(JSON.stringify(form)), { ...form }), `case ${i}`);
      outcomes.read++;
    } catch (error) {
      elapsed = performance.now() - start;
      if (!(error instanceof PosencError)) throw new Error(`case ${i}: ${String((error as Error).stack)}`);
      assert.ok(['ERR_CONFIG', 'ERR_OPTION'].includes(error.code), error.message);
      assert.ok(error.message.length < 2000, `case ${i}: a message of ${error.message.length} characters`);
      outcomes.refused++;
    }
    // A pause of the machine is not the reader's: the best of three counts.
    for (let again = 0; again < 2 && elapsed >= LIMIT_MS; again++) elapsed = Math.min(elapsed, timed(config, options));
    assert.ok(elapsed < LIMIT_MS, `case ${i} took ${elapsed} ms`);
    assert.is(({} as Record<string, unknown>).polluted, undefined);
  }
  assert.ok(outcomes.read > CASES / 5 && outcomes.refused > CASES / 5, JSON.stringify(outcomes));
});

test('values that are no configuration', () => {
  for (const make of JUNK) {
    assert.throws(
      () => fromHF(make() as object),
      (error: unknown) => error instanceof PosencError && error.code === 'ERR_CONFIG',
    );
  }
});

test('reading a configuration needs no engine: nothing it imports can make a Tensor', () => {
  const seen = new Set<string>();
  const visit = (url: URL): void => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    const text = readFileSync(url, 'utf8');
    for (const [statement, target] of text.matchAll(/^(?:import|export)[^;]*? from '(\.[^']+)';/gms)) {
      if (!/^(import|export) type /.test(statement)) visit(new URL(target, url));
    }
  };
  visit(new URL('../../src/models/hf.ts', import.meta.url));
  assert.ok(seen.size > 10);
  for (const href of seen) assert.not.match(href, /runtime\/(engine|tensor|scratch)/);
});

test.run();
