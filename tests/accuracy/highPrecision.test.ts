/** The authority is checked against published digits (OEIS constants, A&S tables) and against identities. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as hp from './highPrecision.ts';

/** Decimal digits of x, cut off, not rounded. */
function digits(x: hp.Fixed, places: number): string {
  const sign = x < 0n ? '-' : '';
  const scaled = ((x < 0n ? -x : x) * 10n ** BigInt(places)) >> hp.BITS;
  const text = scaled.toString().padStart(places + 1, '0');
  return `${sign}${text.slice(0, -places)}.${text.slice(-places)}`;
}

/** |x| < 2^-260: right to 60 bits less than the format holds. */
function negligible(x: hp.Fixed, what: string): void {
  assert.ok((x < 0n ? -x : x) < 1n << (hp.BITS - 260n), what);
}

const n = hp.fromNumber;

test('known digits', () => {
  assert.is(digits(hp.PI, 60), '3.141592653589793238462643383279502884197169399375105820974944');
  assert.is(digits(hp.LN2, 60), '0.693147180559945309417232121458176568075500134360255254120680');
  assert.is(digits(hp.exp(hp.ONE), 60), '2.718281828459045235360287471352662497757247093699959574966967');
  assert.is(digits(hp.sqrt(2n * hp.ONE), 60), '1.414213562373095048801688724209698078569671875376948073176679');
  assert.is(digits(hp.sincos(hp.ONE)[0], 60), '0.841470984807896506652502321630298999622563060798371065672751');
  assert.is(digits(hp.sincos(hp.ONE)[1], 60), '0.540302305868139717400936607442976603732310420617922227670097');
  assert.is(digits(hp.ln(10n * hp.ONE), 60), '2.302585092994045684017991454684364207601101488628772976033327');
  assert.is(digits(hp.erf(hp.ONE), 30), '0.842700792949714869341220635082');
  assert.is(digits(hp.tanh(hp.ONE), 30), '0.761594155955764888119458282604');
});

test('identities hold to 260 bits', () => {
  for (const x of [0.001, 0.5, -1.25, 3, 100.125, -8191, 16777215, 2 ** 31 - 1]) {
    const [s, c] = hp.sincos(n(x));
    negligible(hp.mul(s, s) + hp.mul(c, c) - hp.ONE, `sin^2 + cos^2 at ${x}`);
    const [s2, c2] = hp.sincos(2n * n(x));
    negligible(s2 - 2n * hp.mul(s, c), `sin 2x at ${x}`);
    negligible(c2 - hp.mul(c, c) + hp.mul(s, s), `cos 2x at ${x}`);
    const [t] = hp.sincos(n(x) + 2n * hp.PI);
    negligible(t - s, `period at ${x}`);
  }
  for (const x of [2 ** -40, 0.7, 1, 1.5, 10000, 2 ** 31]) {
    const back = hp.exp(hp.ln(n(x)));
    negligible(hp.div(back, n(x)) - hp.ONE, `exp(ln ${x})`);
    negligible(hp.pow(n(x), n(-0.5)) - hp.div(hp.ONE, hp.sqrt(n(x))), `${x}^-1/2`);
  }
  for (const x of [0.01, 0.8, -2.5, 9]) {
    negligible(hp.mul(hp.exp(n(x)), hp.exp(n(-x))) - hp.ONE, `e^x e^-x at ${x}`);
    const t = hp.tanh(n(x));
    const t2 = hp.tanh(2n * n(x));
    negligible(hp.mul(t2, hp.ONE + hp.mul(t, t)) - 2n * t, `tanh 2x at ${x}`);
    assert.is(hp.erf(n(-x)), -hp.erf(n(x)));
  }
  // erf's slope at x is 2/sqrt(pi) e^(-x^2): central difference with h = 2^-60, error h^2.
  const h = 1n << (hp.BITS - 60n);
  const slope = ((hp.erf(n(1.5) + h) - hp.erf(n(1.5) - h)) << 60n) / 2n;
  const want = hp.div(2n * hp.exp(n(-2.25)), hp.sqrt(hp.PI));
  assert.ok(slope - want < 1n << (hp.BITS - 110n) && want - slope < 1n << (hp.BITS - 110n));
});

test('conversions', () => {
  for (const x of [0, 1, -1, 0.1, -123.456, 2 ** -200, 2 ** 40 + 0.5]) assert.is(hp.toNumber(n(x)), x);
  const third = hp.ONE / 3n;
  const [hi, lo] = hp.toDoubleDouble(third);
  assert.is(hi, 1 / 3);
  const rest = third - n(hi) - n(lo);
  assert.ok((rest < 0n ? -rest : rest) < 1n << (hp.BITS - 107n));
  assert.is(hp.toFloat32(n(0.1)), Math.fround(0.1));
  // Halfway between 1 and the next float32, and a breath to either side, far below a double's last bit.
  const half = hp.ONE + (hp.ONE >> 24n);
  assert.is(hp.toFloat32(half), 1);
  assert.is(hp.toFloat32(half + 1n), 1 + 2 ** -23);
  assert.is(hp.toFloat32(half - 1n), 1);
  assert.is(hp.toFloat32(-(half + 1n)), -1 - 2 ** -23);
});

test.run();
