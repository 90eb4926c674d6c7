/** Softmax and query scales against the golden vectors. */
import * as assert from 'uvu/assert';
import { scaleQuery } from '../../src/rotary/queryTemperature.ts';
import { queryScale, softmaxScale } from '../../src/rotary/softmaxScale.ts';
import type { RopeType } from '../../src/rotary/spec.ts';
import { test } from '../support/test.ts';
import { close, golden } from './golden.ts';
import { noise } from './specs.ts';

const records = golden('complex_and_mla');
const of = (op: string) => records.filter((record) => record.op === op);

test('softmax scale of DeepSeek', () => {
  const found = of('softmax_scale');
  assert.ok(found.length > 0);
  for (const { params, outputs, tolerance } of found) {
    type Entry = { rope_type: RopeType; factor?: number; mscale_all_dim?: number };
    const got = params.rope_parameters.map(
      (entry: Entry) =>
        params.scaling_in *
        softmaxScale({ ropeType: entry.rope_type, factor: entry.factor, mscaleAllDim: entry.mscale_all_dim }),
    );
    close(got, outputs.scaling.data, tolerance.abs, tolerance.rel, 'scaling');
  }
  assert.is(softmaxScale({ ropeType: 'yarn', factor: 40 }), 1);
  assert.is(
    softmaxScale({
      ropeType: 'yarn',
      mscaleAllDim: 1,
      maxPositionEmbeddings: 163840,
      originalMaxPositionEmbeddings: 4096,
    }),
    softmaxScale({ ropeType: 'yarn', factor: 40, mscaleAllDim: 1 }),
  );
});

test('query temperature of Llama 4', () => {
  const found = of('query_scale');
  assert.ok(found.length > 0);
  for (const { params, inputs, outputs, tolerance } of found) {
    const options = { floorScale: params.floor_scale, attnScale: params.attn_scale };
    const got = inputs.positions.data.map((position) => queryScale(position, options));
    close(got, outputs.scale.data, tolerance.abs, tolerance.rel, 'scale');
  }
  assert.is(queryScale(8190), 1);
  assert.ok(Math.abs(queryScale(8191) - (1 + 0.1 * Math.log(2))) < 1e-15);
});

test('rejects', () => {
  assert.throws(() => queryScale(-1), /^position/);
  assert.throws(() => queryScale(1, { floorScale: 0 }), /^floorScale/);
  assert.throws(() => softmaxScale({ ropeType: 'yarn', mscaleAllDim: 1 }), /^factor/);
});

test('scaleQuery multiplies every vector by the temperature of its position, in every layout', () => {
  const shapes = { BSHD: [2, 3, 2, 5], BHSD: [2, 2, 3, 5], BSD: [2, 3, 10], THD: [6, 2, 5], TD: [6, 10] } as const;
  for (const [layout, shape] of Object.entries(shapes)) {
    const packed = layout.startsWith('T');
    const positions = [0, 8191, 100000, 5, 16383, 1e6];
    const shared = packed ? positions : [70000, 8191, 0];
    for (const list of [positions, shared]) {
      const x = noise(60);
      const options = { layout: layout as 'BSHD', shape, positions: list };
      const heads = layout === 'BSD' || layout === 'TD' ? { heads: 2 } : {};
      const got = scaleQuery(x.slice(), { ...options, ...heads });
      for (let i = 0; i < 60; i++) {
        const token = layout === 'BHSD' ? Math.floor(i / 30) * 3 + (Math.floor(i / 5) % 3) : Math.floor(i / 10);
        const scale = Math.fround(queryScale(list[token % list.length]));
        assert.is(got[i], Math.fround(x[i] * scale), `${layout} ${i}`);
      }
    }
  }
  assert.throws(() => scaleQuery(noise(8), { shape: [1, 2, 1, 4], positions: [-1, 0] }), /position/);
  assert.throws(() => scaleQuery(noise(8), { shape: [1, 2, 1, 4], positions: [1, 2, 3] }), /positions/);
});

test.run();
