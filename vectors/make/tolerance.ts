/**
 * How far an output may be off, row by row. A float32 angle is off by up to an ulp of itself, so the error of a table grows with
 * the position: one number for a whole table would have to be as wide as its last row, and then a table in float16 passes
 * in the first ones. The golden records say what is allowed at position 0 and at the largest; between them it is a line.
 */
import type { Draft, Expected, Loose, Numbers } from './types.ts';

const integers = (dtype: Numbers['dtype']) => dtype === 'int32' || dtype === 'bool' || dtype === 'text';
/** Short enough to read, never smaller than the number itself. */
const upwards = (value: number): number => Number((value * 1.0005).toPrecision(3));

interface Line {
  readonly abs: number;
  readonly slope: number;
}

/** An ulp grows in steps, by the powers of two: a line through its value at the largest angle is below it in places. */
const STEPS = 1.5;
/** Nine digits are not the float32 itself. */
const DIGITS = 5e-9;

/** The bound at position 0 and its growth with the position. */
function lineOf(record: Loose, largest: number): Line | undefined {
  const { abs, why } = record.tolerance;
  const exact = record.tolerance_exact_mode?.abs;
  if (exact !== undefined && largest > 0) return { abs, slope: Math.max(0, exact - abs) / largest };
  // sinusoidal tables: 2e-6 and 1.5e-7 a radian, the largest angle is named
  const angle = /max\|angle\|=(\d+(?:\.\d+)?)/.exec(String(why))?.[1];
  if (angle === undefined || Number(angle) === 0) return undefined;
  const most = 1.5e-7 * Number(angle);
  return abs > most && largest > 0 ? { abs: abs - most, slope: most / largest } : undefined;
}

const POSITIONS = ['position_ids', 'positions', 'timesteps'];

/** The position of each row of an output, or undefined when it cannot be said. */
function rowPositions(draft: Draft, output: Numbers): number[] | undefined {
  const { params, inputs } = draft;
  const name = POSITIONS.find((key) => inputs[key] !== undefined);
  const { shape } = output;
  const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  if (name === undefined) {
    // a table from its first row on
    return shape.length === 2 && draft.op.startsWith('sinusoidal')
      ? Array.from({ length: rows }, (_, i) => i + 1)
      : undefined;
  }
  const given = inputs[name];
  let positions = given.data.map((value) => Math.abs(Number(value)));
  let size = [...given.shape];
  if (draft.op.startsWith('mrope') || draft.op.startsWith('axial')) {
    // several streams: the largest decides
    const streams = draft.op.startsWith('mrope') ? size[0] : (size.at(-1) ?? 1);
    const count = positions.length / streams;
    const at = (i: number, s: number) => (draft.op.startsWith('mrope') ? s * count + i : i * streams + s);
    positions = Array.from({ length: count }, (_, i) =>
      Array.from({ length: streams }, (_, s) => positions[at(i, s)]).reduce((a, b) => Math.max(a, b), 0),
    );
    size = draft.op.startsWith('mrope') ? size.slice(1) : size.slice(0, -1);
  }
  const count = positions.length;
  const heads = ['q', 'k', 'x', 'y'].includes(nameOf(draft, output)) && params.layout === 'BHSD';
  if (heads && shape.length === 4) {
    const [B, H, S] = shape;
    if (count !== S && count !== B * S) return undefined;
    return Array.from({ length: B * H * S }, (_, r) => positions[(Math.floor(r / (H * S)) * S + (r % S)) % count]);
  }
  // tables, and layouts whose tokens come before the heads
  const tokens = size.reduce((a, b) => a * b, 1);
  if (shape.length < 2 || rows % tokens !== 0) return undefined;
  const batched = shape[0] > 1 && tokens === shape[1] && shape.length > 2;
  const each = batched ? rows / shape[0] / tokens : rows / tokens;
  return Array.from({ length: rows }, (_, r) => positions[Math.floor(r / each) % tokens]);
}

function nameOf(draft: Draft, output: Numbers): string {
  return Object.entries(draft.outputs).find(([, value]) => value === output)?.[0] ?? '';
}

/** From here on a float32 angle is off by more than can be told from any other angle. */
const HUGE = 2 ** 20;

/** A case of float32 angles whose positions are 0 or huge: only who repeats the same operations gets its numbers. */
export function onlyHuge(draft: Draft): boolean {
  const name = POSITIONS.find((key) => draft.inputs[key] !== undefined);
  if (name === undefined || draft.params.precision !== 'torch') return false;
  const positions = draft.inputs[name].data.map((value) => Math.abs(Number(value)));
  return positions.some((p) => p > HUGE) && positions.every((p) => p === 0 || p > HUGE);
}

/** Outputs that are no function of a position within a record whose other outputs are. */
const WITHOUT_POSITION = /^(inv_freq|attention_factor|mscale)/;
/** An allowance that says nothing any more. */
const MEANINGLESS = 0.05;

/** Tables on the way to a rotation: whoever fuses the two has none to show. */
const ON_THE_WAY = /^(cos|sin|cos_k|sin_k|sincos|cos_sin|freqs|freqs_ci|freqs_cis|emb|scale|inv_freq)$/;
const ROTATED = ['q', 'k', 'x', 'y'];

/** The outputs of a case with what is allowed. */
export function expectedOf(draft: Draft): Record<string, Expected> {
  const fused = ROTATED.some((name) => draft.outputs[name] !== undefined);
  return Object.fromEntries(
    Object.entries(bounded(draft)).map(([name, output]) => [
      name,
      fused && ON_THE_WAY.test(name) ? { ...output, optional: true } : output,
    ]),
  );
}

function bounded(draft: Draft): Record<string, Expected> {
  const { record, group } = draft.source;
  return Object.fromEntries(
    Object.entries(draft.outputs).map(([name, output]): [string, Expected] => {
      if (integers(output.dtype)) return [name, { ...output, abs: [0], rel: 0 }];
      if (['configs', 'gguf', 'extend', 'llama-cpp'].includes(group)) {
        const { tolerance = {} } = record;
        const key = name.split('.').at(-1);
        return [name, { ...output, abs: [0], rel: tolerance[`${key}_rel`] ?? tolerance.rel ?? 1e-6 }];
      }
      const { abs } = record.tolerance;
      const rel =
        output.dtype === 'float32' && record.tolerance.abs === 0
          ? Math.max(record.tolerance.rel, DIGITS)
          : record.tolerance.rel;
      const exact = record.tolerance_exact_mode?.abs ?? 0;
      const plain = { ...output, abs: [exact <= MEANINGLESS ? Math.max(abs, exact) : abs], rel };
      if (WITHOUT_POSITION.test(name)) {
        // a power in float32 is off by a few ulp, by another few in every library; float64 sources say what they allow
        const loose = output.dtype === 'float32' && draft.params.precision !== 'exact';
        return [name, { ...output, abs: [abs], rel: loose ? Math.max(rel, 1e-6) : rel }];
      }
      const positions = onlyHuge(draft) ? undefined : rowPositions(draft, output);
      if (positions === undefined) return [name, plain];
      const largest = positions.reduce((a, b) => Math.max(a, b), 0);
      const line = lineOf(record, largest);
      if (line === undefined) return [name, plain];
      const bounds = positions.map((p) => upwards(line.abs + STEPS * line.slope * p));
      return [name, { ...output, abs: bounds.every((b) => b === bounds[0]) ? [bounds[0]] : bounds, rel }];
    }),
  );
}
