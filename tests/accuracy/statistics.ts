/** Errors of float32 results against a true value given as hi + lo, collected in units in the last place. */

/** Largest |hi + lo - true value| that the collected numbers assume. See phaseReference.ts for why it holds there. */
export const REFERENCE_ERROR = 2 ** -95;

/** Below this a reference good to `REFERENCE_ERROR` no longer decides a rounding to float32. */
export const SMALLEST_SURE = 2 ** -40;

const float64 = new Float64Array(1);
const words = new Uint32Array(float64.buffer);
const highWord = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** The distance of float32 neighbours at |x|, x normal in float32. */
export function ulp32(x: number): number {
  float64[0] = x;
  const exponent = ((words[highWord] >>> 20) & 0x7ff) - 1023;
  return 2 ** (Math.max(exponent, -126) - 23);
}

/** The distance of float64 neighbours at |x|, x normal. */
export function ulp64(x: number): number {
  float64[0] = x;
  return 2 ** (((words[highWord] >>> 20) & 0x7ff) - 1075);
}

export class ErrorStatistics {
  count = 0;
  maxUlp = 0;
  maxAbs = 0;
  maxRadians = 0;
  correctlyRounded = 0;
  /** Values whose rounding the reference does not decide; counted as not correctly rounded. */
  undecided = 0;
  private sumUlp = 0;
  private sumAbs = 0;

  get meanUlp(): number {
    return this.sumUlp / this.count;
  }

  get meanAbs(): number {
    return this.sumAbs / this.count;
  }

  /** One result against the true value hi + lo. */
  add(got: number, hi: number, lo: number): void {
    this.count++;
    if (hi === 0 && lo === 0) {
      this.record(got, got === 0 ? 0 : Infinity);
      if (got === 0) this.correctlyRounded++;
      return;
    }
    // got and hi are close, so their difference is exact.
    const error = Math.abs(got - hi - lo);
    this.record(error, error / ulp32(hi));
    const near = Math.fround(hi);
    const other = hi + (hi - near);
    if (other !== near && Math.fround(other) === other) {
      // hi lies exactly between two float32 values and only lo can tell.
      if (Math.abs(lo) <= REFERENCE_ERROR) this.undecided++;
      else if (got === (lo > 0 ? Math.max(near, other) : Math.min(near, other))) this.correctlyRounded++;
    } else if (Math.abs(hi) < SMALLEST_SURE) {
      this.undecided++;
    } else if (got === near) {
      this.correctlyRounded++;
    }
  }

  /** One float64 result against the true value hi + lo, hi the double nearest to it; counted in ulps of float64. */
  addDouble(got: number, hi: number, lo: number): void {
    this.count++;
    const error = Math.abs(got - hi - lo);
    this.record(error, error / ulp64(hi));
    if (got === hi) this.correctlyRounded++;
  }

  /** The angle between the direction of a (cos, sin) pair and the true one. */
  addDirection(cos: number, sin: number, trueCos: number, trueSin: number): void {
    const cross = Math.abs(sin * trueCos - cos * trueSin);
    const dot = cos * trueCos + sin * trueSin;
    const angle = cross > 1e-3 || dot < 0 ? Math.atan2(cross, dot) : cross;
    if (!(angle <= this.maxRadians)) this.maxRadians = angle;
  }

  private record(abs: number, ulp: number): void {
    // A NaN result is an infinite error.
    if (!(ulp >= 0)) ulp = abs = Infinity;
    this.sumUlp += ulp;
    this.sumAbs += abs;
    if (ulp > this.maxUlp) this.maxUlp = ulp;
    if (abs > this.maxAbs) this.maxAbs = abs;
  }
}
