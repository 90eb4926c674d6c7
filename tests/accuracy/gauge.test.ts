/** The accuracy gauge must see errors of a fraction of an ulp, and must not be wrong itself. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Api } from '../golden-runner/api.ts';
import { breaches, formatTable } from './gauge.ts';
import * as hp from './highPrecision.ts';
import { phase } from './phase.ts';
import { reference } from './phaseReference.ts';
import { ErrorStatistics, REFERENCE_ERROR, ulp32 } from './statistics.ts';

test('the fast reference keeps its bound against BigInt', () => {
  const truth = reference(500000, 8, 8);
  const position = fc.oneof(
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
    fc.integer({ min: -(2 ** 40), max: 2 ** 40 }).map((n) => n / 2 ** 18),
  );
  fc.assert(
    fc.property(position, (p) => {
      const fast = truth.byDigits([p]);
      const slow = truth.exactly([p]);
      for (let i = 0; i < slow.length; i += 2) {
        assert.ok(Math.abs(fast[i] - slow[i] + (fast[i + 1] - slow[i + 1])) <= REFERENCE_ERROR, `${p}, ${i}`);
      }
    }),
    { numRuns: 60, seed: 1 },
  );
  assert.throws(() => truth.byDigits([0.1]), /multiple of 2\^-18/);
});

test('the frequencies are base^(-k/den)', () => {
  const pairs = reference(10000, 4, 4).exactly([1]);
  // Frequencies 1, 1/10, 1/100, 1/1000.
  for (let k = 0; k < 4; k++) {
    const [sin, cos] = hp.sincos(hp.ONE / 10n ** BigInt(k));
    assert.is(pairs[4 * k], hp.toNumber(cos));
    assert.is(pairs[4 * k + 2], hp.toNumber(sin));
  }
});

test('statistics: ulp, correct rounding, ties that only the low part decides', () => {
  assert.equal([ulp32(1), ulp32(-1.5), ulp32(0.75), ulp32(2 ** -130)], [2 ** -23, 2 ** -23, 2 ** -24, 2 ** -149]);
  const next = 1 + 2 ** -23;
  const one = (got: number, hi: number, lo: number): ErrorStatistics => {
    const s = new ErrorStatistics();
    s.add(got, hi, lo);
    return s;
  };
  const s = one(next, 1, 0);
  assert.equal([s.maxUlp, s.correctlyRounded, s.maxAbs], [1, 0, 2 ** -23]);
  assert.is(one(1, 1 + 2 ** -25, 0).correctlyRounded, 1);
  assert.is(one(1, 1 + 2 ** -24, 2 ** -80).correctlyRounded, 0);
  assert.is(one(next, 1 + 2 ** -24, 2 ** -80).correctlyRounded, 1);
  assert.is(one(1, 1 + 2 ** -24, -(2 ** -80)).correctlyRounded, 1);
  assert.is(one(1, 1 + 2 ** -24, 2 ** -100).undecided, 1);
  assert.is(one(2 ** -50, 2 ** -50, 0).undecided, 1);
  assert.is(one(0, 0, 0).correctlyRounded, 1);
  assert.is(one(2 ** -60, 0, 0).maxUlp, Infinity);
  assert.is(one(NaN, 1, 0).maxUlp, Infinity);
});

interface Rows {
  readonly positions?: ArrayLike<number>;
  readonly length: number;
  readonly offset: number;
}

/** Tables rounded from the BigInt authority; `spoil` may change a value on its way out. */
function fakeApi(spoil: (value: number, index: number) => number): Api {
  const tables = (base: number, pairs: number, rows: Rows) => {
    const positions = rows.positions ?? Array.from({ length: rows.length }, (_, i) => rows.offset + i);
    const truth = reference(base, pairs, pairs).exactly(positions);
    const cos: number[] = [];
    const sin: number[] = [];
    for (let at = 0; at < truth.length; at += 4) {
      cos.push(spoil(Math.fround(truth[at]), at / 4));
      sin.push(Math.fround(truth[at + 2]));
    }
    return { cos, sin };
  };
  return {
    rotaryTable(spec: { ropeTheta: number; headDim: number }, rows: Rows) {
      const { cos, sin } = tables(spec.ropeTheta, spec.headDim / 2, rows);
      return { cos: { data: cos }, sin: { data: sin } };
    },
    sinusoidal({ base, dim, ...rows }: Rows & { base: number; dim: number }) {
      const { cos, sin } = tables(base, dim / 2, rows);
      return { data: cos.flatMap((c, i) => [sin[i], c]) };
    },
  };
}

test('a table rounded once keeps every limit; one ulp, a bad position 0 or a short table does not', () => {
  const rows = (spoil: (value: number, index: number) => number) =>
    // One block for each of the two low decades is enough, so that BigInt stays affordable.
    phase(fakeApi(spoil), 1, ['0 .. 10', '10 .. 100']);
  const good = rows((v) => v);
  assert.equal(good.flatMap(breaches), []);
  assert.is(good.length, 8);
  for (const row of good) {
    assert.ok(row.statistics.count >= 640);
    assert.is(row.statistics.correctlyRounded, row.statistics.count);
    assert.ok(row.statistics.maxUlp > 0.3 && row.statistics.maxUlp <= 0.5);
  }

  const off = rows((v, i) => (i === 33 ? v + ulp32(v) : v)).flatMap(breaches);
  assert.match(off.join('\n'), /rotary table, exact, 0 .. 10: max error 1\.\d+ ulp is above 0.501/);
  assert.match(off.join('\n'), /sinusoidal, exact, 10 .. 100: .* % correctly rounded is below 99.99 %/);
  assert.not.match(off.join('\n'), /torch/);

  const zero = rows((v, i) => (i === 0 ? 1 - 2 ** -24 : v)).flatMap(breaches);
  assert.match(zero.join('\n'), /position 0 gives \(cos 0\.99/);

  const short: Api = { ...fakeApi((v) => v), rotaryTable: () => ({ cos: { data: [1] }, sin: { data: [0] } }) };
  assert.throws(() => phase(short, 1, ['0 .. 10']), /1 cosines/);
  assert.match(formatTable(good), /^kernel +precision +positions +values/);
});

test('the command exits 1 on a breach and says so last', () => {
  const dir = mkdtempSync(join(tmpdir(), 'accuracy-'));
  const api = join(dir, 'api.mjs');
  writeFileSync(
    api,
    `const zeros = (n) => ({ data: new Float32Array(n) });
     const rows = (o) => o.positions?.length ?? o.length;
     export const rotaryTable = (s, o) => ({ cos: zeros(rows(o) * s.headDim / 2), sin: zeros(rows(o) * s.headDim / 2) });
     export const ggmlRotaryTable = (s, o) => rotaryTable({ headDim: s.nDims }, o);
     export const invFreq = (s) => ({ invFreq: new Float64Array(s.headDim / 2).fill(1) });
     export const sinusoidal = (o) => zeros(rows(o) * o.dim);
     export const shiftKeys = (k) => k;
     export const retable = (k) => k;`,
  );
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const args = ['--import', 'tsx', main, '--api', api, '--values', '1'];
  const child = spawnSync(process.execPath, args, { encoding: 'utf8' });
  rmSync(dir, { recursive: true });
  assert.is(child.status, 1);
  assert.match(child.stdout.trimEnd().split('\n').pop() ?? '', /^\d+ values in 128 rows, [1-9]\d* breaches$/);
});

test.run();
