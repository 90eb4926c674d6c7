/** A table knows its heads, and a length-dependent specification its length. DeepSeek: docs/rotary.md. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import {
  applyRotary,
  axialTable,
  fromHF,
  invFreq,
  prepareDecode,
  type RotarySpec,
  retable,
  rotaryFrequencies,
  rotaryTable,
  shiftKeys,
  Tensor,
  unrotate,
  xposTable,
} from '../../src/index.ts';
import { test } from '../support/test.ts';
import { noise, same } from './specs.ts';

const fails = (code: string, message: RegExp, run: () => unknown): void => {
  assert.throws(run, (e: { code: string; message: string }) => e.code === code && message.test(e.message));
};

test('heads of another width than headDim are refused everywhere, before anything is changed', () => {
  const table = rotaryTable({ headDim: 8, rotaryDim: 4 }, { length: 4 });
  const axial = axialTable({ headDim: 8, preset: 'pixtral' }, { grid: [2, 2] });
  const decay = xposTable({ headDim: 8 }, { length: 4, side: 'key', center: 2 });
  for (const D of [6, 10]) {
    const x = noise(4 * D);
    const copy = x.slice();
    const shape = { layout: 'THD', shape: [4, 1, D] } as const;
    const said = new RegExp(`has ${D} channels per head, but headDim is 8`);
    fails('ERR_SHAPE', said, () => applyRotary(x, table, shape));
    fails('ERR_SHAPE', said, () => unrotate(x, table, shape));
    fails('ERR_SHAPE', said, () => retable(x, table, table, shape));
    fails('ERR_SHAPE', said, () => shiftKeys(x, 1, { headDim: 8, rotaryDim: 4 }, shape));
    fails('ERR_SHAPE', /per head/, () => applyRotary(x, axial, shape));
    fails('ERR_SHAPE', /per head/, () => applyRotary(x, decay, shape));
    fails('ERR_SHAPE', said, () => prepareDecode({ q: Tensor.zeros([1, 1, 2, D]), table }));
    assert.equal(x, copy);
  }
});

test('without headDim a table rotates heads of any width that hold its channels', () => {
  const spec: RotarySpec = { rotaryDim: 4, rotaryOffset: 2 };
  const table = rotaryTable(spec, { length: 3 });
  assert.is(table.headDim, undefined);
  for (const D of [6, 9]) {
    const x = noise(3 * D);
    const shape = { layout: 'THD', shape: [3, 1, D] } as const;
    const want = applyRotary(x.slice(), rotaryTable({ ...spec, headDim: D }, { length: 3 }), shape);
    same(applyRotary(x.slice(), table, shape), want, `D = ${D}`);
  }
  fails('ERR_SHAPE', /has 5 channels per head, but channels 2 to 6 are rotated/, () =>
    applyRotary(noise(15), table, { layout: 'THD', shape: [3, 1, 5] }),
  );
  for (const wrong of [{ ropeTheta: 1e4 }, { rotaryDim: 4, partialRotaryFactor: 0.5 }, { ropeType: 'proportional' }]) {
    fails('ERR_SHAPE', /^headDim: expected the channels of a head/, () =>
      rotaryTable(wrong as RotarySpec, { length: 3 }),
    );
  }
});

test('DeepSeek: k_pe alone, and the whole kv_a row', () => {
  const spec = {
    headDim: 192,
    rotaryDim: 64,
    rotaryOffset: 128,
    pairing: 'interleaved',
    outputPairing: 'half',
  } as const;
  const table = rotaryTable(spec, { length: 3 });
  const pe = noise(3 * 64);
  const rows = { layout: 'THD', shape: [3, 1, 64] } as const;
  fails('ERR_SHAPE', /k_pe.*\{ \.\.\.spec, headDim: 64, rotaryOffset: 0 \}/, () => applyRotary(pe, table, rows));
  const alone = rotaryTable({ ...spec, headDim: 64, rotaryOffset: 0 }, { length: 3 });
  const turned = applyRotary(pe.slice(), alone, rows);
  // kv_a is 512 latent channels, then k_pe
  const kv = noise(3 * 576);
  for (let t = 0; t < 3; t++) kv.set(pe.subarray(64 * t, 64 * t + 64), 576 * t + 512);
  const wide = { layout: 'THD', shape: [3, 1, 576] } as const;
  fails('ERR_SHAPE', /has 576 channels.*headDim is 192.*headDim: 576/, () => applyRotary(kv, table, wide));
  applyRotary(kv, rotaryTable({ ...spec, headDim: 576, rotaryOffset: 512 }, { length: 3 }), wide);
  for (let t = 0; t < 3; t++) {
    same(kv.subarray(576 * t + 512, 576 * t + 576), turned.subarray(64 * t, 64 * t + 64), `row ${t}`);
  }
});

const PHI: RotarySpec = {
  headDim: 8,
  ropeType: 'longrope',
  shortFactor: [1, 1.1, 1.2, 1.5],
  longFactor: [1, 2, 8, 40],
  originalMaxPositionEmbeddings: 16,
  maxPositionEmbeddings: 64,
};
const GROWING: RotarySpec = { headDim: 8, ropeType: 'dynamic', factor: 2, maxPositionEmbeddings: 16 };

test('a specification that says its context has the frequencies of that context, whatever the table', () => {
  for (const spec of [PHI, GROWING]) {
    const fixed = { ...spec, context: 60 };
    const want = rotaryTable(spec, { length: 10, context: 60 });
    same(rotaryTable(fixed, { length: 10 }).cos.data, want.cos.data, 'cos');
    same(invFreq(fixed).invFreq, rotaryFrequencies(spec, { context: 60 }).ladder.hi, 'invFreq');
    fails('ERR_OPTION', /context: 30, but the specification is for 60/, () =>
      rotaryTable(fixed, { length: 10, context: 30 }),
    );
    assert.is(rotaryTable(fixed, { length: 10, context: 60 }).length, 10);
  }
  fails('ERR_OPTION', /^context: has no effect with ropeType 'default'/, () =>
    rotaryTable({ headDim: 8, context: 4 } as RotarySpec, { length: 4 }),
  );
});

test('a table of more positions than the context is refused where the frequencies would be others', () => {
  const short = { ...PHI, context: 10 };
  assert.is(rotaryTable(short, { length: 16 }).length, 16);
  fails('ERR_OPTION', /is for 10 positions and the table reaches 17.*fromHF\(config, \{ context: 17 \}\)/, () =>
    rotaryTable(short, { length: 17 }),
  );
  assert.is(rotaryTable({ ...PHI, context: 17 }, { length: 90 }).length, 90);
  fails('ERR_OPTION', /reaches 62/, () => rotaryTable({ ...GROWING, context: 61 }, { positions: [3, 61] }));
});

test('extend keeps its guard when the context is part of the specification', () => {
  const table = rotaryTable({ ...PHI, context: 12 }, { length: 8 });
  table.extend(16);
  fails('ERR_OPTION', /^extend: at 17 rows/, () => table.extend(17));
  rotaryTable({ ...PHI, context: 64 }, { length: 8 }).extend(100);
  const growing = rotaryTable({ ...GROWING, context: 40 }, { length: 8 });
  growing.extend(40);
  fails('ERR_OPTION', /^extend: at 41 rows/, () => growing.extend(41));
});

test('invFreq: frequencies and amplitude by precision', () => {
  const spec: RotarySpec = { headDim: 32, ropeType: 'yarn', factor: 4, originalMaxPositionEmbeddings: 64 };
  const exact = rotaryFrequencies(spec);
  assert.equal(invFreq(spec), { invFreq: exact.ladder.hi, attentionFactor: exact.attentionFactor });
  const torch = invFreq({ ...spec, precision: 'torch' }).invFreq;
  assert.equal(torch, Float64Array.from(rotaryFrequencies({ ...spec, precision: 'torch' }).float32!));
  assert.is.not(torch[3], exact.ladder.hi[3]);
  const scaled = { ...spec, precision: 'torch', positionScale: 0.5 } as const;
  same(
    invFreq(scaled).invFreq,
    exact.ladder.hi.map((w) => w / 2),
    'positionScale is in them',
  );
  fails('ERR_OPTION', /^precision: 'ggml'/, () => invFreq({ ...spec, precision: 'ggml' }));
  fails('ERR_OPTION', /'longrope'.*pass context/, () => invFreq(PHI));
  fails('ERR_OPTION', /unknown option 'length'/, () => invFreq(PHI, { length: 3 } as object));
});

/** Base and divisors in float64, typed from the papers. */
function worst(
  table: { cos: { data: Float32Array }; start: number | undefined; length: number },
  w: number[],
  a: number,
) {
  let most = 0;
  for (let t = 0; t < table.length; t++) {
    for (let i = 0; i < w.length; i++) {
      most = Math.max(most, Math.abs(table.cos.data[t * w.length + i] - a * Math.cos((table.start! + t) * w[i])));
    }
  }
  return most;
}

test('exact stays exact through fromHF, with and without context, at 131064 to 131071', () => {
  const config = (name: string) =>
    JSON.parse(readFileSync(new URL(`../golden/configs/${name}.json`, import.meta.url), 'utf8')).config;
  const rows = { offset: 131064, length: 8 };
  const phi = config('phi-3.5-mini');
  const list: number[] = phi.rope_scaling.long_factor;
  const phiWaves = list.map((divisor, i) => 10000 ** (-i / 48) / divisor);
  const amplitude = Math.sqrt(1 + Math.log(32) / Math.log(4096));
  const lm = config('internlm2.5-7b');
  const { factor } = lm.rope_scaling;
  const base = lm.rope_theta * ((factor * 131072) / lm.max_position_embeddings - (factor - 1)) ** (128 / 126);
  const lmWaves = Array.from({ length: 64 }, (_, i) => base ** (-i / 64));
  for (const [model, waves, a] of [
    [phi, phiWaves, amplitude],
    [lm, lmWaves, 1],
  ] as const) {
    const pinned = fromHF(model, { context: 131072 });
    const loose = fromHF(model).layerTypes!.default.spec;
    const tables = [
      rotaryTable({ ...pinned.rotary, precision: 'exact' }, rows),
      rotaryTable({ ...loose, precision: 'exact' }, { ...rows, context: 131072 }),
      rotaryTable({ ...loose, precision: 'exact' }, rows),
    ];
    for (const table of tables) assert.ok(worst(table, waves, a) <= 1e-6, String(worst(table, waves, a)));
    assert.ok(worst(rotaryTable(pinned.rotary, rows), waves, a) > 1e-4, 'torch is what PyTorch computes');
  }
});

test.run();
