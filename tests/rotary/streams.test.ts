/** Tables whose pairs take different position streams: every pair has the bits of a plain table at the positions of its stream. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createEngine, type RotarySpec, rotaryTable } from '../../src/index.ts';
import { mropeStreams } from '../../src/rotary/sections.ts';

/** Text, images, jumps and fractions, one after another: positions [3][n]. */
const pieces = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('text'), length: fc.integer({ min: 1, max: 80 }) }),
    fc.record({
      kind: fc.constant('image'),
      width: fc.integer({ min: 1, max: 9 }),
      height: fc.integer({ min: 1, max: 9 }),
    }),
    fc.record({
      kind: fc.constant('anywhere'),
      at: fc.array(fc.integer({ min: -5000, max: 300000 }), { maxLength: 9 }),
    }),
    fc.record({ kind: fc.constant('fractions'), length: fc.integer({ min: 1, max: 40 }) }),
  ),
  { minLength: 1, maxLength: 5 },
);

function streamsOf(given: readonly Record<string, unknown>[]): number[][] {
  const streams: number[][] = [[], [], []];
  const push = (t: number, h: number, w: number) => [t, h, w].forEach((p, s) => void streams[s].push(p));
  let next = 0;
  for (const piece of given) {
    const { kind, length, width, height, at } = piece as {
      kind: string;
      length: number;
      width: number;
      height: number;
      at: number[];
    };
    if (kind === 'text') for (let i = 0; i < length; i++, next++) push(next, next, next);
    else if (kind === 'fractions') for (let i = 0; i < length; i++, next++) push(next + 0.5, next + 0.5, next + 0.5);
    else if (kind === 'anywhere') at.forEach((p, i) => void push(p, at[(i + 1) % at.length], p + 7));
    else {
      for (let i = 0; i < width * height; i++) push(next, next + Math.floor(i / width), next + (i % width));
      next += Math.max(width, height);
    }
  }
  return streams;
}

const specs: readonly (RotarySpec & { mropeSection: readonly number[] })[] = [
  { headDim: 128, mropeSection: [16, 24, 24], mropeLayout: 'chunked' },
  { headDim: 128, mropeSection: [24, 20, 20], mropeLayout: 'interleaved', precision: 'torch', attentionFactor: 1.25 },
  { headDim: 44, mropeSection: [8, 7, 7], mropeLayout: 'interleaved' },
  { headDim: 6, mropeSection: [1, 1, 1], mropeLayout: 'chunked', precision: 'torch' },
  { headDim: 14, mropeSection: [3, 2, 1, 1], mropeLayout: 'chunked' },
  { headDim: 600, mropeSection: [100, 100, 100], mropeLayout: 'interleaved' },
];

for (const spec of specs) {
  const { mropeSection, mropeLayout, ...plain } = spec;
  for (const scratchBytes of [65536, 1 << 20]) {
    test(`headDim ${spec.headDim}, ${mropeLayout}, an arena of ${scratchBytes} bytes`, () => {
      const engine = createEngine({ scratchBytes });
      const takes = mropeStreams(mropeSection, mropeLayout!, plain.headDim! / 2);
      fc.assert(
        fc.property(pieces, (given) => {
          const streams = streamsOf(given);
          if (mropeSection.length === 4) streams.push(streams[2].map((p) => p + 3));
          const n = streams[0].length;
          fc.pre(n > 0);
          const mixed = rotaryTable(spec, { positions: streams.flat(), engine });
          const tables = streams.map((positions) => rotaryTable(plain as RotarySpec, { positions, engine }));
          const pairs = takes.length;
          for (const part of ['cos', 'sin'] as const) {
            const got = mixed[part].data;
            const rows = tables.map((table) => table[part].data);
            for (let i = 0; i < n * pairs; i++) assert.ok(Object.is(got[i], rows[takes[i % pairs]][i]), `${part} ${i}`);
          }
          for (const table of [mixed, ...tables]) table.dispose();
        }),
        { numRuns: 25 },
      );
    });
  }
}

test.run();
