/**
 * What a wrong output of the conformance suite is: the mistakes that people make, computed plainly, one after another, until
 * one of them is what came back. Engine functions (Math.sin) are good enough here: nothing of this is a result.
 */
import type { Expected, SuiteCase } from './suiteCase.ts';

// biome-ignore lint/suspicious/noExplicitAny: parameters of cases are of every kind
type Loose = any;
type List = ArrayLike<number>;

/** Numbers rounded to a mantissa of so many bits. */
function rounded(value: number, bits: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const step = 2 ** (Math.floor(Math.log2(Math.abs(value))) - bits);
  return Math.round(value / step) * step;
}

/** All numbers are the expected ones after rounding to 16 bits. */
function sixteenBits(got: List, want: readonly number[]): string | undefined {
  for (const [name, bits] of [
    ['float16', 10],
    ['bfloat16', 7],
  ] as const) {
    const half = 2 ** -(bits + 1);
    if (want.every((w, i) => Math.abs(got[i] - w) <= half * 1.01 * Math.abs(w) + 2 ** -24)) {
      return `your numbers went through ${name}`;
    }
  }
  return undefined;
}

/** How a rotation or a table may be made. */
interface Way {
  readonly half: boolean;
  readonly base: number;
  /** Channels that turn. */
  readonly turned: number;
  /** Channels that the exponent is divided by. */
  readonly ladder: number;
  readonly sign: number;
  readonly shift: number;
  readonly amplitude: number;
  readonly index: boolean;
  readonly plain: boolean;
  readonly swapped: boolean;
  readonly doubled: boolean;
}

function numbersIn(one: SuiteCase, ...names: readonly string[]): readonly number[] | undefined {
  const name = names.find((key) => one.inputs[key] !== undefined);
  return name === undefined ? undefined : (one.inputs[name].data as readonly number[]);
}

function rightWay({ params, flags }: SuiteCase): Way | undefined {
  const p = params as Loose;
  const head = p.head_dim ?? p.head_size ?? p.rotary_dim ?? p.dim;
  const turned = p.rotary_dim ?? p.dim ?? head;
  if (typeof turned !== 'number') return undefined;
  return {
    half: !flags.includes('PairingInterleaved'),
    base: p.rope_theta ?? p.base ?? 10000,
    turned,
    ladder: turned,
    sign: p.rotation_sign ?? 1,
    shift: 0,
    amplitude: p.attention_scaling ?? p.attention_factor ?? 1,
    index: false,
    plain: false,
    swapped: false,
    doubled: false,
  };
}

/** The mistakes, most common first. */
function mistakes(way: Way, one: SuiteCase): [string, Way][] {
  const p = one.params as Loose;
  const head = p.head_dim ?? p.head_size ?? way.turned;
  const list: [string, Way][] = [];
  const theirs = way.half ? ['interleaved', 'half'] : ['half', 'interleaved'];
  list.push([`your output pairs channels ${theirs[0]}, expected ${theirs[1]}`, { ...way, half: !way.half }]);
  list.push(['the sign of your rotation is the other one', { ...way, sign: -way.sign }]);
  list.push(['your positions begin one too late (position p + 1)', { ...way, shift: 1 }]);
  list.push(['your positions begin one too early (position p - 1)', { ...way, shift: -1 }]);
  if (way.base !== 10000) list.push([`your base is 10000, expected ${way.base}`, { ...way, base: 10000, plain: true }]);
  else list.push([`your base is 500000, expected 10000`, { ...way, base: 500000, plain: true }]);
  if (one.flags.includes('Scaling')) {
    list.push(['your frequencies are not scaled: the scaling is missing', { ...way, plain: true }]);
    list.push(['neither scaling nor attention factor is applied', { ...way, plain: true, amplitude: 1 }]);
  }
  if (way.amplitude !== 1) list.push(['the attention factor is missing', { ...way, amplitude: 1 }]);
  if (head !== way.turned) {
    list.push([
      'all channels of a head are turned, expected a part',
      { ...way, turned: head, ladder: head, plain: true },
    ]);
    list.push(['your frequencies are made from head_dim instead of rotary_dim', { ...way, ladder: head, plain: true }]);
  }
  list.push(['the row index is used instead of the positions that are given', { ...way, index: true }]);
  list.push(['cos and sin are exchanged', { ...way, swapped: true }]);
  list.push(['your exponent is j / d where 2 j / d is meant', { ...way, ladder: 2 * way.ladder, plain: true }]);
  return list;
}

function frequencies(way: Way, one: SuiteCase): number[] {
  const given = way.plain ? undefined : numbersIn(one, 'inv_freq_f32');
  const pairs = Math.floor(way.turned / 2);
  if (given !== undefined && given.length === pairs) return [...given];
  return Array.from({ length: pairs }, (_, j) => way.base ** ((-2 * j) / way.ladder));
}

/** Position of each vector of an array in a layout; undefined for a layout that is not known here. */
function rowPositions(one: SuiteCase, shape: readonly number[], layout: unknown, way: Way): number[] | undefined {
  const given = numbersIn(one, 'position_ids', 'positions');
  if (given === undefined) return undefined;
  const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const at = (batch: number, token: number, tokens: number): number =>
    (way.index ? token : given[(batch * tokens + token) % given.length]) + way.shift;
  if (shape.length === 4 && layout === 'BHSD') {
    const [, heads, tokens] = shape;
    return Array.from({ length: rows }, (_, r) => at(Math.floor(r / (heads * tokens)), r % tokens, tokens));
  }
  if (shape.length === 4 && layout === 'BSHD') {
    const [, tokens, heads] = shape;
    return Array.from({ length: rows }, (_, r) =>
      at(Math.floor(r / (heads * tokens)), Math.floor(r / heads) % tokens, tokens),
    );
  }
  const tokens = given.length;
  if (rows % tokens !== 0) return undefined;
  const each = rows / tokens;
  return Array.from(
    { length: rows },
    (_, r) => (way.index ? Math.floor(r / each) : given[Math.floor(r / each)]) + way.shift,
  );
}

/** x turned in the given way. */
function rotate(one: SuiteCase, name: string, output: Expected, way: Way): Float64Array | undefined {
  const x = one.inputs[name]?.data as readonly number[] | undefined;
  const positions = rowPositions(one, output.shape, (one.params as Loose).layout, way);
  if (x === undefined || positions === undefined || x.length !== output.data.length) return undefined;
  const freqs = frequencies(way, one);
  const made = Float64Array.from(x);
  const size = output.shape[output.shape.length - 1];
  if (size < 2 * freqs.length) return undefined;
  positions.forEach((p, row) => {
    freqs.forEach((f, j) => {
      const [a, b] = way.half
        ? [row * size + j, row * size + j + freqs.length]
        : [row * size + 2 * j, row * size + 2 * j + 1];
      let [c, s] = [Math.cos(p * f) * way.amplitude, way.sign * Math.sin(p * f) * way.amplitude];
      if (way.swapped) [c, s] = [s, c];
      made[a] = x[a] * c - x[b] * s;
      made[b] = x[b] * c + x[a] * s;
    });
  });
  return made;
}

/** A table of cos or sin, of half or full width. */
function table(one: SuiteCase, name: string, output: Expected, way: Way): Float64Array | undefined {
  const positions = rowPositions(one, output.shape, undefined, way);
  const freqs = frequencies(way, one);
  const width = output.shape[output.shape.length - 1];
  if (positions === undefined || (width !== freqs.length && width !== 2 * freqs.length)) return undefined;
  const sine = (name === 'sin') !== way.swapped;
  return Float64Array.from(output.data, (_, i) => {
    const j = way.half ? (i % width) % freqs.length : Math.floor((i % width) / (width / freqs.length));
    const angle = positions[Math.floor(i / width)] * freqs[j];
    return way.amplitude * (sine ? way.sign * Math.sin(angle) : Math.cos(angle));
  });
}

/** A sinusoidal table in another way than the expected one. */
function sinusoids(one: SuiteCase, output: Expected, got: List): string | undefined {
  const p = one.params as Loose;
  const [rows, dim] = output.shape.slice(-2);
  if (output.shape.length !== 2 || dim % 2 === 1) return undefined;
  const given = numbersIn(one, 'position_ids');
  const half = dim / 2;
  const start = given === undefined ? Math.round(p.offset ?? p.start_index ?? 0) : 0;
  const base = typeof p.base === 'number' ? p.base : 10000;
  const ladders: Record<string, number> = { d: half, 'half-1': half - 1 };
  const wanted = /half-1/.test(p.exponent_denominator ?? 'd') ? 'half-1' : 'd';
  const concat = p.layout === 'concat';
  const make = (way: { concat?: boolean; shift?: number; ladder?: string; order?: boolean; base?: number }) =>
    Float64Array.from(output.data, (_, i) => {
      const [row, column] = [Math.floor(i / dim), i % dim];
      const together = way.concat ?? concat;
      const j = together ? column % half : column >> 1;
      const first = together ? column < half : column % 2 === 0;
      const position = (given === undefined ? row + start : given[row]) + (way.shift ?? 0);
      const angle = position * (way.base ?? base) ** (-j / ladders[way.ladder ?? wanted]);
      return first !== (way.order ?? false) ? Math.sin(angle) : Math.cos(angle);
    });
  if (rows * dim !== got.length) return undefined;
  const other = wanted === 'd' ? 'half-1' : 'd';
  const names = { d: 'd', 'half-1': 'd / 2 - 1' };
  return closest(got, output, [
    [
      `your table is ${concat ? 'interleaved, expected all sines first' : 'concatenated, expected interleaved'}`,
      make({ concat: !concat }),
    ],
    ['your positions begin one too late (position p + 1)', make({ shift: 1 })],
    ['your positions begin one too early (position p - 1)', make({ shift: -1 })],
    [`your exponent is divided by ${names[other]}, expected ${names[wanted as 'd']}`, make({ ladder: other })],
    ['sine and cosine are exchanged', make({ order: true })],
    [`your base is not ${base}`, make({ base: base === 10000 ? 500000 : 10000 })],
  ]);
}

/** The one of several that came back, if one is near. */
function closest(
  got: List,
  output: Expected,
  ways: readonly [string, ArrayLike<number> | undefined][],
): string | undefined {
  const width = output.shape[output.shape.length - 1] || 1;
  const largest = output.data.reduce<number>((a, w) => Math.max(a, Math.abs(Number(w))), 0);
  let found: string | undefined;
  let best = 1;
  for (const [message, made] of ways) {
    if (made === undefined) continue;
    let worst = 0;
    for (let i = 0; i < got.length && worst < best; i++) {
      const allowed = 2e-3 * Math.max(1, largest) + 4 * output.abs[output.abs.length === 1 ? 0 : Math.floor(i / width)];
      worst = Math.max(worst, Math.abs(got[i] - made[i]) / allowed);
      if (Number.isNaN(worst)) worst = Number.POSITIVE_INFINITY;
    }
    if (worst < best) [found, best] = [message, worst];
  }
  return found;
}

/** Errors that grow with the position and are small in the first rows: the angles were rounded to 16 bits. */
function roundedAngles(one: SuiteCase, name: string, output: Expected, got: List): string | undefined {
  const way = rightWay(one);
  if (way === undefined) return undefined;
  const right = output.data as readonly number[];
  const positions = rowPositions(
    one,
    output.shape,
    name === 'cos' || name === 'sin' ? undefined : (one.params as Loose).layout,
    way,
  );
  const width = output.shape[output.shape.length - 1];
  const size = right.reduce((a, w) => Math.max(a, Math.abs(w)), 1);
  const near = right
    .map((_, i) => i)
    .filter((i) => positions !== undefined && Math.abs(positions[Math.floor(i / width)]) <= 64);
  if (positions === undefined || !near.some((i) => Math.abs(positions[Math.floor(i / width)]) >= 1)) return undefined;
  for (const [kind, bits] of [
    ['float16', 10],
    ['bfloat16', 7],
  ] as const) {
    const fits = near.every((i) => {
      const p = Math.abs(positions[Math.floor(i / width)]);
      return Math.abs(got[i] - right[i]) <= (4e-4 + 3 * rounded(p, 0) * 2 ** -(bits + 1)) * size;
    });
    if (fits) return `your angles lose precision as positions grow: they were rounded to ${kind}`;
  }
  return undefined;
}

/** Lists of integers: what every element is off by, or what stands there instead. */
function integers(one: SuiteCase, name: string, output: Expected, got: List): string | undefined {
  const want = output.data as readonly number[];
  const p = one.params as Loose;
  const differs = want.map((w, i) => got[i] - w).filter((d) => d !== 0);
  if (one.op === 't5_buckets') {
    const distances = one.inputs.relative_position.data as readonly number[];
    const bad = distances.filter((_, i) => got[i] !== want[i]);
    const mirrored = new Map(distances.map((d, i) => [-d, want[i]]));
    const both = distances.filter((d, i) => mirrored.has(d) && mirrored.get(d) !== want[i]);
    if (both.length > 0 && distances.every((d, i) => !mirrored.has(d) || got[i] === mirrored.get(d))) {
      return 'the sign of the distance is the other one: relative position is key minus query';
    }
    if (new Set(differs).size === 1 && Math.abs(differs[0]) === 1) {
      return bad.length <= distances.length / 8
        ? `your bucket is off by one at ${bad.slice(0, 8).join(', ')}: a logarithm in another precision, or < where <= is meant`
        : `your buckets are off by one (${differs[0] > 0 ? 'one too high' : 'one too low'}) at ${bad.length} of ${distances.length} distances`;
    }
    if (differs.every((d) => Math.abs(d) === 1)) return 'your buckets are off by one in both directions';
    return `your buckets differ at ${bad.length} of ${distances.length} distances; check bidirectional (${p.bidirectional}) and max_distance (${p.max_distance})`;
  }
  if (one.op === 'position_ids_from_mask' || one.flags.includes('LeftPadding') || one.flags.includes('RightPadding')) {
    const length = output.shape[output.shape.length - 1];
    const real = numbersIn(one, 'attention_mask');
    const column = want.every((_, i) => got[i] === i % length || real?.[i] === 0);
    if (column) return 'padding is ignored: your positions are the columns';
    const padding = want.flatMap((_, i) => (got[i] !== want[i] ? [real?.[i]] : []));
    if (real?.length === want.length && padding.every((kept) => kept === 0)) {
      return `only masked tokens differ, at ${padding.length} places: yours have another position than the rule says`;
    }
  }
  if (differs.length === want.length && new Set(differs).size === 1) return `every ${name} is off by ${differs[0]}`;
  return undefined;
}

/** What a wrong output is, in words; undefined when it is none of the known mistakes. */
export function explain(one: SuiteCase, name: string, output: Expected, got: List): string | undefined {
  if (got.length !== output.data.length) return undefined;
  if (output.dtype === 'text') return undefined;
  if (output.dtype === 'int32' || output.dtype === 'bool') return integers(one, name, output, got);
  const want = output.data.map(Number);
  if (one.op.startsWith('sinusoidal')) return sixteenBits(got, want) ?? sinusoids(one, output, got);
  if (one.op === 'alibi_slopes') return slopes(one, want, got);
  const way = rightWay(one);
  if (way === undefined) return sixteenBits(got, want);
  if (name === 'inv_freq') {
    const right = want.length * 2;
    const ladder = (base: number, dim: number) => want.map((_, j) => base ** ((-2 * j) / dim));
    const near = (list: readonly number[]) => list.every((f, j) => Math.abs(got[j] - f) <= 1e-3 * f);
    if (one.flags.includes('Scaling') && near(ladder(way.base, right)))
      return 'your frequencies are not scaled: the scaling is missing';
    if (way.base !== 10000 && near(ladder(10000, right))) return `your base is 10000, expected ${way.base}`;
    return sixteenBits(got, want);
  }
  const made = (other: Way) =>
    name === 'cos' || name === 'sin' ? table(one, name, output, other) : rotate(one, name, output, other);
  return (
    sixteenBits(got, want) ??
    closest(
      got,
      output,
      mistakes(way, one).map(([message, other]): [string, ArrayLike<number> | undefined] => [message, made(other)]),
    ) ??
    roundedAngles(one, name, output, got)
  );
}

function slopes(one: SuiteCase, want: readonly number[], got: List): string | undefined {
  const heads = want.length;
  const geometric = (shift: number, scale = 8) => want.map((_, h) => 2 ** ((-scale * (h + shift)) / heads));
  const near = (list: readonly number[]) => list.every((s, h) => Math.abs(got[h] - s) <= 1e-4 * s);
  if (near(geometric(0))) return 'your exponent begins at 0, expected 1: the slope of head h is 2^(-8 (h + 1) / heads)';
  if (near(geometric(1)))
    return `your slopes are one geometric sequence, expected the rule '${(one.params as Loose).rule}'`;
  if (near([...want].sort((a, b) => b - a))) return 'your slopes are the right ones in another order';
  if (near(want.map((s) => -s))) return 'your slopes are negative: the sign belongs to the distance';
  return sixteenBits(got, want);
}
