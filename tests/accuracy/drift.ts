/**
 * Drift of cached keys: how far shiftKeys and retable take random keys from where one exact turn takes them, by round, in
 * units of the length of each pair. A key is float32 between rounds, so a round rounds it once: the column 'storage' is a
 * float64 rotation of the same keys by the same angles that is stored as float32, the least any implementation can reach.
 */
import type { Api } from '../golden-runner/api.ts';
import { random } from './random.ts';

const ROUNDS = [1, 2, 5, 10, 20, 50, 100];
const TOKENS = 256;
const DIM = 128;
const SPEC = { headDim: DIM, ropeTheta: 5e5 };
/** Root mean square over all pairs after the last round. */
const LIMIT = 2 ** -21;

type Deltas = (round: number) => number;

interface Law {
  readonly name: string;
  /** Position deltas of a round, or undefined for retable. */
  readonly deltas?: readonly Deltas[];
}

export function drift(api: Api): { readonly text: string; readonly breaches: readonly string[] } {
  const source = random(20260401);
  const drawn = Array.from({ length: 100 }, () => source.integer(-8192, 8193));
  const laws: Law[] = [
    { name: 'shift -512 again and again = one shift', deltas: [() => -512] },
    { name: 'random shifts = their sum', deltas: [(round) => drawn[round]] },
    { name: 'random shift and back', deltas: [(round) => drawn[round], (round) => -drawn[round]] },
    { name: 'shift 100 and back', deltas: [() => 100, () => -100] },
    { name: 'retable there and back (theta, amplitude)' },
  ];
  const keys = Float32Array.from({ length: TOKENS * DIM }, () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += source.integer(0, 2 ** 24) / 2 ** 24;
    return sum;
  });
  const lines = ['drift of cached keys, in pair lengths'.padEnd(62) + ROUNDS.map((r) => `${r}`.padStart(10)).join('')];
  const breaches: string[] = [];
  for (const law of laws) {
    const rows = law.deltas ? shifts(api, keys, law.deltas) : retables(api, keys);
    for (const [name, cells] of Object.entries(rows)) {
      lines.push(`  ${law.name}, ${name}`.padEnd(62) + cells.map((v) => power(v).padStart(10)).join(''));
    }
    const last = rows.rms[ROUNDS.length - 1];
    if (!(last <= LIMIT)) breaches.push(`${law.name}: rms ${power(last)} after 100 rounds is above ${power(LIMIT)}`);
  }
  return { text: `${lines.join('\n')}\n`, breaches };
}

function power(value: number): string {
  return value === 0 ? '0' : `2^${Math.log2(value).toFixed(2)}`;
}

function shifts(api: Api, keys: Float32Array, deltas: readonly Deltas[]): Record<string, number[]> {
  const options = { layout: 'THD', shape: [TOKENS, 1, DIM] };
  const moved = keys.slice();
  const stored = keys.slice();
  const errors: number[][] = [];
  const floors: number[][] = [];
  let total = 0;
  for (let round = 0; round < 100; round++) {
    for (const delta of deltas) {
      const by = delta(round);
      api.shiftKeys(moved, by, SPEC, options);
      rotated(stored, by, (v) => Math.fround(v)).forEach((v, i) => {
        stored[i] = v;
      });
      total += by;
    }
    if (!ROUNDS.includes(round + 1)) continue;
    const want = rotated(keys, total, (v) => v);
    errors.push(distances(moved, want));
    floors.push(distances(stored, want));
  }
  return {
    rms: errors.map(rms),
    max: errors.map(max),
    'rms of storage': floors.map(rms),
    'max of storage': floors.map(max),
  };
}

function retables(api: Api, keys: Float32Array): Record<string, number[]> {
  const rows = { length: TOKENS, offset: 4096 };
  const from = api.rotaryTable(SPEC, rows);
  const to = api.rotaryTable({ ...SPEC, ropeTheta: 8e6, attentionFactor: 1.2 }, rows);
  const options = { layout: 'THD', shape: [TOKENS, 1, DIM], offset: 4096 };
  const moved = keys.slice();
  const errors: number[][] = [];
  for (let round = 1; round <= 100; round++) {
    api.retable(moved, from, to, options);
    api.retable(moved, to, from, options);
    if (ROUNDS.includes(round)) errors.push(distances(moved, Float64Array.from(keys)));
  }
  return { rms: errors.map(rms), max: errors.map(max) };
}

/** A float64 rotation by delta; what it lacks is far below a float32. */
function rotated(keys: Float32Array, delta: number, store: (v: number) => number): Float64Array {
  const out = new Float64Array(keys.length);
  const half = DIM / 2;
  for (let i = 0; i < half; i++) {
    const angle = delta * SPEC.ropeTheta ** (-i / half);
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    for (let at = i; at < keys.length; at += DIM) {
      out[at] = store(keys[at] * c - keys[at + half] * s);
      out[at + half] = store(keys[at + half] * c + keys[at] * s);
    }
  }
  return out;
}

function distances(got: Float32Array, want: Float64Array): number[] {
  const found: number[] = [];
  const half = DIM / 2;
  for (let row = 0; row < got.length; row += DIM) {
    for (let p = row; p < row + half; p++) {
      const q = p + half;
      found.push(Math.hypot(got[p] - want[p], got[q] - want[q]) / Math.hypot(want[p], want[q]));
    }
  }
  return found;
}

const rms = (errors: readonly number[]): number => Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
const max = (errors: readonly number[]): number => errors.reduce((a, b) => Math.max(a, b), 0);
