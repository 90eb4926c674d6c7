/**
 * True cosines and sines of position * base^(-k/den), two ways.
 *
 * `exactly` asks the BigInt authority for each value (about 20 us a pair). `byDigits` is what makes millions possible:
 * a position is written in digits of radix 64 (up to three of them below the point), the rotations by digit * 64^level *
 * frequency come from the authority as double-doubles, and a position's rotation is their complex product.
 *
 * Bound for `byDigits`: an entry is within 2^-106 of the truth; a Dekker product without its lo * lo term is within
 * 2^-102, a sum within 2^-104 (magnitudes up to 1), so a complex product adds at most 4 * 2^-102 + 2 * 2^-104 to each
 * component, and scales what came in by at most sqrt 2 in a component (the other factor has modulus 1, errors of a pair add
 * in quadrature). Ten levels are nine products: below 2^-96. The gauge states 2^-95 and checks it against `exactly` on a
 * sample of every range (`REFERENCE_ERROR`).
 */
import * as hp from './highPrecision.ts';

/** Interleaved double-doubles: for pair i, cos hi, cos lo, sin hi, sin lo at 4i. Row-major [positions, pairs]. */
export type Pairs = Float64Array;

const RADIX_BITS = 6;
const RADIX = 2 ** RADIX_BITS;
/** Positions may be multiples of 64^-3 = 2^-18. */
export const FRACTION_LEVELS = 3;
const LEVELS = 10;
const SPLITTER = 2 ** 27 + 1;

export interface Reference {
  readonly pairs: number;
  /** Positions: multiples of 2^-18 with |position| < 2^42. */
  byDigits(positions: ArrayLike<number>): Pairs;
  /** Any double with |position| < 2^42, by BigInt. */
  exactly(positions: ArrayLike<number>): Pairs;
}

/** Frequencies base^(-k/den), k = 0..pairs-1. */
export function reference(base: number, den: number, pairs: number): Reference {
  const ratio = hp.exp(-hp.div(hp.ln(hp.fromNumber(base)), hp.fromNumber(den)));
  const frequencies: hp.Fixed[] = [];
  for (let k = 0, f = hp.ONE; k < pairs; k++, f = hp.mul(f, ratio)) frequencies.push(f);

  /** levels[l] holds rows of rotations by digit * 64^(l - FRACTION_LEVELS), grown as far as a digit has asked for. */
  const levels = Array.from({ length: LEVELS }, (_, level) => new Level(frequencies, level));

  return {
    pairs,
    byDigits(positions) {
      const result = new Float64Array(positions.length * pairs * 4);
      for (let r = 0; r < positions.length; r++) {
        const position = positions[r];
        let rest = Math.abs(position) * RADIX ** FRACTION_LEVELS;
        if (!Number.isSafeInteger(rest)) throw new RangeError(`position ${position} is not a multiple of 2^-18`);
        const row = result.subarray(r * pairs * 4, (r + 1) * pairs * 4);
        for (let i = 0; i < pairs; i++) row[4 * i] = 1;
        for (let level = 0; rest > 0; level++) {
          const digit = rest % RADIX;
          rest = (rest - digit) / RADIX;
          if (digit > 0) rotate(row, levels[level].row(digit));
        }
        if (position < 0) for (let i = 0; i < pairs; i++) negateSin(row, 4 * i);
      }
      return result;
    },
    exactly(positions) {
      const result = new Float64Array(positions.length * pairs * 4);
      for (let r = 0; r < positions.length; r++) {
        const position = hp.fromNumber(positions[r]);
        for (let i = 0; i < pairs; i++) store(result, 4 * (r * pairs + i), hp.sincos(hp.mul(position, frequencies[i])));
      }
      return result;
    },
  };
}

/** Rotations by 1..63 times one unit, made by repeated rotation in fixed point. */
class Level {
  private readonly rows: Pairs[] = [];
  private readonly steps: [sin: hp.Fixed, cos: hp.Fixed][] = [];
  private current: [sin: hp.Fixed, cos: hp.Fixed][] = [];
  private readonly frequencies: readonly hp.Fixed[];
  private readonly level: number;

  constructor(frequencies: readonly hp.Fixed[], level: number) {
    this.frequencies = frequencies;
    this.level = level;
  }

  row(digit: number): Pairs {
    while (this.rows.length < digit) this.grow();
    return this.rows[digit - 1];
  }

  private grow(): void {
    if (this.steps.length === 0) {
      const unit = hp.fromNumber(RADIX ** (this.level - FRACTION_LEVELS));
      for (const f of this.frequencies) this.steps.push(hp.sincos(hp.mul(unit, f)));
      this.current = this.steps.slice();
    } else {
      this.current = this.current.map(([s, c], i) => {
        const [stepSin, stepCos] = this.steps[i];
        return [hp.mul(s, stepCos) + hp.mul(c, stepSin), hp.mul(c, stepCos) - hp.mul(s, stepSin)];
      });
    }
    const row = new Float64Array(this.frequencies.length * 4);
    for (let i = 0; i < this.current.length; i++) store(row, 4 * i, this.current[i]);
    this.rows.push(row);
  }
}

function store(pairs: Pairs, at: number, [sin, cos]: readonly [hp.Fixed, hp.Fixed]): void {
  [pairs[at], pairs[at + 1]] = hp.toDoubleDouble(cos);
  [pairs[at + 2], pairs[at + 3]] = hp.toDoubleDouble(sin);
}

function negateSin(row: Pairs, at: number): void {
  // 0 - x keeps a zero positive.
  row[at + 2] = 0 - row[at + 2];
  row[at + 3] = 0 - row[at + 3];
}

// Results of the double-double primitives: returning objects would cost more than the arithmetic.
let hi = 0;
let lo = 0;

/** (ah + al) * (bh + bl), Dekker 1971, without the product of the low parts. */
function multiply(ah: number, al: number, bh: number, bl: number): void {
  const p = ah * bh;
  const ta = SPLITTER * ah;
  const a1 = ta - (ta - ah);
  const a2 = ah - a1;
  const tb = SPLITTER * bh;
  const b1 = tb - (tb - bh);
  const b2 = bh - b1;
  const e = a1 * b1 - p + a1 * b2 + a2 * b1 + a2 * b2 + (ah * bl + al * bh);
  hi = p + e;
  lo = e - (hi - p);
}

/** (ah + al) + (bh + bl), Knuth's two-sum on the high parts. */
function add(ah: number, al: number, bh: number, bl: number): void {
  const s = ah + bh;
  const v = s - ah;
  const e = ah - (s - v) + (bh - v) + (al + bl);
  hi = s + e;
  lo = e - (hi - s);
}

/** row <- row * by, pair by pair, as complex numbers. */
function rotate(row: Pairs, by: Pairs): void {
  for (let at = 0; at < row.length; at += 4) {
    const ch = row[at];
    const cl = row[at + 1];
    const sh = row[at + 2];
    const sl = row[at + 3];
    const dh = by[at];
    const dl = by[at + 1];
    const th = by[at + 2];
    const tl = by[at + 3];
    multiply(ch, cl, dh, dl);
    const h1 = hi;
    const l1 = lo;
    multiply(sh, sl, th, tl);
    add(h1, l1, -hi, -lo);
    row[at] = hi;
    row[at + 1] = lo;
    multiply(sh, sl, dh, dl);
    const h2 = hi;
    const l2 = lo;
    multiply(ch, cl, th, tl);
    add(h2, l2, hi, lo);
    row[at + 2] = hi;
    row[at + 3] = lo;
  }
}
