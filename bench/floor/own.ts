/**
 * The second floor: a kernel's own operations, perfectly scheduled. A loop with as many vector operations of each kind a stored
 * vector as the kernel's innermost loop has, none of which waits long for another, over the same bytes. What a kernel takes beyond
 * it is waiting, addressing and control; what this takes beyond the bare store is arithmetic that no schedule can save.
 *
 * The numbers are those of the shipped binary: tests/bench/own.test.ts looks the loops up in it.
 */
import type { Engine } from 'posenc';
import type { Kernels } from '../../src/runtime/kernels.ts';

/** How many of each instruction one turn of the loop has. */
export type Operations = Readonly<Record<string, number>>;

export interface Own {
  /** Beginning of the ids of the rows. */
  readonly prefix: string;
  /** The exported kernel that makes them: the loop is its own, or of a function that it calls. */
  readonly kernel: keyof Kernels;
  /** Bytes a call writes, at most; default any. */
  readonly most?: number;
  readonly operations: Operations;
  /** The loop loads what it then overwrites. */
  readonly inPlace?: boolean;
}

const MIB = 2 ** 20;

const EXACT: Operations = {
  'v128.load': 8,
  'f64x2.mul': 8,
  'f64x2.add': 4,
  'f64x2.sub': 4,
  'f32x4.demote_f64x2_zero': 8,
  'i8x16.shuffle': 4,
  'v128.store': 4,
};
/** Where rows are written one after the other: the products of two mirrored rows are not shared. */
const EXACT_ROWS: Operations = {
  'v128.load': 8,
  'f64x2.mul': 8,
  'f64x2.add': 2,
  'f64x2.sub': 2,
  'f32x4.demote_f64x2_zero': 4,
  'i8x16.shuffle': 2,
  'v128.store': 2,
};
/** Angles below 512; all_true, the branch that leaves others to a reduction, is control. */
const TORCH: Operations = {
  'v128.load': 11,
  'f64x2.mul': 14,
  'f64x2.add': 4,
  'f64x2.sub': 6,
  'f64x2.promote_low_f32x4': 2,
  'f32x4.demote_f64x2_zero': 4,
  'f32x4.mul': 3,
  'f32x4.abs': 1,
  'f32x4.lt': 1,
  'i8x16.shuffle': 3,
  'v128.store': 2,
};
const COPY: Operations = { 'v128.load': 4, 'v128.store': 4 };

export const OWN: readonly Own[] = [
  { prefix: 'bias.alibi.', kernel: 'alibiRows', operations: { 'f32x4.mul': 4, 'f32x4.add': 4, 'v128.store': 4 } },
  { prefix: 'bias.expand.', kernel: 'expandRows', operations: { ...COPY, 'i8x16.shuffle': 4 } },
  { prefix: 'bias.t5.matrix.', kernel: 'expandRows', operations: { ...COPY, 'i8x16.shuffle': 4 } },
  { prefix: 'bias.t5.decode.', kernel: 'expandRows', operations: COPY },
  { prefix: 'absolute.sinusoidal.interleaved.', kernel: 'phaseRows', most: 4 * MIB, operations: EXACT },
  { prefix: 'absolute.sinusoidal.interleaved.', kernel: 'phaseRows', operations: EXACT_ROWS },
  { prefix: 'absolute.sinusoidal.concat.', kernel: 'phaseRows', most: 4 * MIB, operations: EXACT },
  { prefix: 'absolute.sinusoidal.concat.', kernel: 'phaseRows', operations: EXACT_ROWS },
  { prefix: 'rotary.table.exact.', kernel: 'phaseRows', most: 4 * MIB, operations: EXACT },
  { prefix: 'rotary.table.exact.', kernel: 'phaseRows', operations: EXACT_ROWS },
  { prefix: 'absolute.sinusoidal.interleaved-torch.', kernel: 'torchRows', most: MIB / 4, operations: TORCH },
  { prefix: 'absolute.sinusoidal.concat-torch.', kernel: 'torchRows', most: MIB / 4, operations: TORCH },
  { prefix: 'rotary.table.torch.', kernel: 'torchRows', most: MIB / 4, operations: TORCH },
  {
    prefix: 'rotary.half.inplace.',
    kernel: 'rotate',
    operations: { 'v128.load': 8, 'f32x4.mul': 16, 'f32x4.add': 4, 'f32x4.sub': 4, 'v128.store': 8 },
    inPlace: true,
  },
  {
    prefix: 'rotary.interleaved.inplace.',
    kernel: 'rotate',
    operations: { 'v128.load': 4, 'f32x4.mul': 8, 'f32x4.add': 4, 'i8x16.shuffle': 4, 'v128.store': 4 },
    inPlace: true,
  },
];

export function ownOf(row: { readonly id: string; readonly bytes: number }): Own | undefined {
  return OWN.find(({ prefix, most = Number.POSITIVE_INFINITY }) => row.id.startsWith(prefix) && row.bytes <= most);
}

/** Instructions of one operand; those of the rest take two. */
const UNARY = /(promote|demote|abs|neg|extend)/;
const LOAD = 'v128.load';
const STORE = 'v128.store';
/** A shuffle that takes lanes of both operands. */
const SHUFFLE = 'i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23';

/**
 * The body of one turn. Every operation takes the value that has waited longest and, until only as many are left as are stored, a
 * second one: chains stay short, and every result is used, so that no compiler can leave one out.
 */
function turn({ [LOAD]: loads = 0, [STORE]: stores, ...rest }: Operations, inPlace: boolean): string[] {
  const lines: string[] = [];
  const at = (i: number) => `(v128.load offset=${16 * i} (local.get ${inPlace ? '$to' : '$from'}))`;
  const leaves = loads > 0 ? loads : stores;
  for (let i = 0; i < leaves; i++) lines.push(`(local.set $l${i} ${loads > 0 ? at(i) : '(local.get $value)'})`);
  const list = interleaved(rest);
  const binary = list.filter((name) => !UNARY.test(name)).length;
  const queue = Array.from({ length: leaves }, (_, i) => `$l${i}`);
  let surplus = leaves - stores;
  const seen = new Set<string>();
  for (const [k, name] of list.entries()) {
    const x = queue.shift()!;
    const to = `$t${k}`;
    const word = name === 'i8x16.shuffle' ? SHUFFLE : name;
    if (UNARY.test(name)) lines.push(`(local.set ${to} (${word} (local.get ${x})))`);
    else {
      let y = surplus > 0 ? queue.shift()! : '$value';
      if (surplus > 0) surplus--;
      else if (seen.has(`${name} ${x} ${y}`)) y = `$l${k % leaves}`;
      seen.add(`${name} ${x} ${y}`);
      lines.push(`(local.set ${to} (${word} (local.get ${x}) (local.get ${y})))`);
    }
    queue.push(to);
  }
  if (surplus > 0) throw new Error(`${surplus} values of ${binary} operations of two are never used`);
  for (let i = 0; i < stores; i++) {
    lines.push(`(v128.store offset=${16 * i} (local.get $to) (local.get ${queue[i % queue.length]}))`);
  }
  return lines;
}

/** The operations in turns of kinds, as a good schedule has them. */
function interleaved(counts: Operations): string[] {
  const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
  return Object.entries(counts)
    .flatMap(([name, n]) => Array.from({ length: n }, (_, i) => ({ name, when: ((i + 0.5) * total) / n })))
    .sort((a, b) => a.when - b.when)
    .map(({ name }) => name);
}

function source(operations: Operations, inPlace: boolean): string {
  const body = turn(operations, inPlace);
  const locals = [
    ...new Set(body.flatMap((line) => [...line.matchAll(/local\.set (\$\S+)/g)].map(([, name]) => name))),
  ];
  const bytes = 16 * operations[STORE];
  return `(module
  (import "env" "memory" (memory 1 65536))
  (func (export "run") (param $to i32) (param $bytes i32) (param $from i32) (param $number f32)
    (local $end i32) (local $value v128) ${locals.map((name) => `(local ${name} v128)`).join(' ')}
    (local.set $value (f32x4.splat (local.get $number)))
    (local.set $end (i32.add (local.get $to) (local.get $bytes)))
    (loop $turn
      ${body.join('\n      ')}
      (br_if $turn (i32.lt_u (local.tee $to (i32.add (local.get $to) (i32.const ${bytes}))) (local.get $end))))))`;
}

/** Runs the loop over `bytes` from `to` on; `from`: 256 bytes that it loads where it does not work in place. */
export type OwnFloor = (to: number, bytes: number, from: number) => void;

const made = new Map<Operations, Promise<WebAssembly.Module>>();

/** The loop of these operations on the memory of `engine`. The bytes are rounded down to whole turns. */
export async function ownFloor(
  engine: Pick<Engine, 'memory'>,
  { operations, inPlace = false }: Own,
): Promise<OwnFloor> {
  let module = made.get(operations);
  if (!module) {
    module = compile(source(operations, inPlace));
    made.set(operations, module);
  }
  const { exports } = await WebAssembly.instantiate(await module, { env: { memory: engine.memory } });
  const run = exports.run as (to: number, bytes: number, from: number, number: number) => void;
  const step = 16 * operations[STORE];
  return (to, bytes, from) => run(to, bytes - (bytes % step), from, 1);
}

async function compile(text: string): Promise<WebAssembly.Module> {
  const { default: binaryen } = await import('assemblyscript/binaryen');
  const module = binaryen.parseText(text);
  module.setFeatures(binaryen.Features.All);
  const binary = module.emitBinary();
  module.dispose();
  return WebAssembly.compile(binary.slice() as Uint8Array<ArrayBuffer>);
}

/** Of an exported function of a binary, and of what it calls: the operations of every innermost loop that stores. */
export async function loopsOf(binary: Uint8Array): Promise<(kernel: string) => Operations[]> {
  const { default: binaryen } = await import('assemblyscript/binaryen');
  const module = binaryen.readBinary(binary);
  module.setFeatures(binaryen.Features.All);
  const text = module.emitText();
  module.dispose();
  const functions = new Map(
    text
      .split(/^ (?=\(func )/m)
      .slice(1)
      .map((body) => [body.match(/^\(func (\S+)/)?.[1], body.split('\n')]),
  );
  return (kernel) => {
    const exported = text.match(new RegExp(`\\(export "${kernel}" \\(func (\\S+)\\)\\)`))?.[1];
    const reached = new Set([exported]);
    for (const name of reached)
      for (const line of functions.get(name) ?? []) {
        const called = line.match(/\(call (\$\S+)/)?.[1];
        if (called) reached.add(called);
      }
    return [...reached].flatMap((name) => innermost(functions.get(name) ?? []));
  };
}

function innermost(lines: readonly string[]): Operations[] {
  const loops: Operations[] = [];
  for (const [i, line] of lines.entries()) {
    const indent = line.match(/^( *)\(loop/)?.[1];
    if (indent === undefined) continue;
    let end = i + 1;
    while (!lines[end].startsWith(`${indent})`)) end++;
    const body = lines.slice(i + 1, end);
    if (body.some((other) => other.includes('(loop'))) continue;
    const counts: Record<string, number> = {};
    for (const [, name] of body.join('\n').matchAll(/\(((?:[fi]\d+x\d+|v128)\.\w+)/g)) {
      if (!/const|all_true|any_true|bitmask/.test(name)) counts[name] = (counts[name] ?? 0) + 1;
    }
    if (counts[STORE]) loops.push(counts);
  }
  return loops;
}
