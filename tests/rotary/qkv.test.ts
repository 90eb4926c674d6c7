/** Packed qkv: the heads it rotates are rotated as they would be alone, the values stay. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { applyRotary, applyRotaryQKV, PosencError, rotaryTable, scope, Tensor } from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { noise, same, specs } from './specs.ts';

test('packed equals unpacked, bit for bit, values untouched; in place, into out, on the reference', () => {
  fc.assert(
    fc.property(
      specs(['torch']),
      fc.boolean(),
      fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 5 })),
      fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 3 })),
      fc.boolean(),
      (spec, packed, [batches, sequence], [queryHeads, keyHeads], inverse) => {
        const D = spec.headDim;
        const heads = queryHeads + 2 * keyHeads;
        const batch = packed ? 1 : batches;
        const shape = packed ? [sequence, heads, D] : [batch, sequence, heads, D];
        const layout = packed ? 'THD' : 'BSHD';
        // every sequence starts where its own cache ends
        const each = packed ? [1, 4] : Array.from({ length: batch }, (_, b) => (3 * b + 1) % 4);
        const offset = inverse || each.length === 0 ? 1 : each;
        const rows = packed ? { cuSeqlens: [0, Math.floor(sequence / 2), sequence], offset } : { offset };
        scope(() => {
          const table = rotaryTable(spec, { length: 9, context: 99 });
          const qkv = noise(batch * sequence * heads * D);
          const options = { layout, shape, queryHeads, keyHeads, inverse, ...rows } as const;
          const got = applyRotaryQKV(qkv.slice(), table, options) as Float32Array;
          const from = (head: number, n: number, x: Float32Array) =>
            Float32Array.from({ length: batch * sequence * n * D }, (_, i) => {
              const token = Math.floor(i / (n * D));
              return x[(token * heads + head) * D + (i % (n * D))];
            });
          for (const [first, n] of [
            [0, queryHeads],
            [queryHeads, keyHeads],
          ]) {
            const alone = [...shape.slice(0, -2), n, D];
            const want = applyRotary(from(first, n, qkv), table, { layout, shape: alone, inverse, ...rows });
            same(from(first, n, got), want, `heads from ${first}`);
          }
          same(from(queryHeads + keyHeads, keyHeads, got), from(queryHeads + keyHeads, keyHeads, qkv), 'values');
          const out = Tensor.zeros(shape);
          const x = Tensor.from(qkv, shape);
          assert.is(applyRotaryQKV(x, table, { ...options, out }), out);
          same(out.data, got, 'out');
          same(x.data, qkv, 'qkv beside out');
          const twin = reference.rotaryTableFrom({
            cos: table.cos.data.slice(),
            sin: table.sin.data.slice(),
            shape: table.cos.shape,
            pairing: spec.pairing,
            outputPairing: spec.outputPairing,
            rotaryOffset: spec.rotaryOffset,
          });
          same(reference.applyRotaryQKV(qkv.slice(), twin, options).data, got, 'reference');
        });
      },
    ),
    { numRuns: 120 },
  );
});

test('a packed piece, rotated alone from its own offset, is the slice of the whole, bit for bit', () => {
  const table = rotaryTable({ headDim: 12, precision: 'torch' }, { length: 40 });
  const cuSeqlens = [0, 3, 3, 10, 14];
  const offset = [5, 0, 29, 11];
  const token = 4 * 12;
  const qkv = noise(14 * token);
  const heads = { queryHeads: 2, keyHeads: 1, layout: 'THD' } as const;
  const whole = applyRotaryQKV(qkv.slice(), table, { ...heads, shape: [14, 4, 12], cuSeqlens, offset }) as Float32Array;
  offset.forEach((start, i) => {
    const [from, to] = [cuSeqlens[i], cuSeqlens[i + 1]];
    const piece = qkv.slice(from * token, to * token);
    const alone = applyRotaryQKV(piece, table, { ...heads, shape: [to - from, 4, 12], offset: start });
    same(alone as Float32Array, whole.slice(from * token, to * token), `sequence ${i}`);
  });
});

test('a shape that is not Hq + 2 Hk heads, or a position outside, changes nothing', () => {
  const table = rotaryTable({ headDim: 4 }, { length: 2 });
  const qkv = noise(3 * 4 * 4);
  const before = qkv.slice();
  const options = { shape: [1, 3, 4, 4], queryHeads: 2 } as const;
  assert.throws(() => applyRotaryQKV(qkv, table, { ...options, keyHeads: 2 }), /heads/);
  const outside = (error: unknown) => error instanceof PosencError && error.code === 'ERR_POSITION';
  assert.throws(() => applyRotaryQKV(qkv, table, { ...options, keyHeads: 1 }), outside);
  const out = Tensor.from(new Float32Array(48).fill(7), [1, 3, 4, 4]);
  assert.throws(() => applyRotaryQKV(qkv, table, { ...options, keyHeads: 1, out }), outside);
  assert.ok(out.data.every((x) => x === 7));
  same(qkv, before, 'qkv');
});

test.run();
