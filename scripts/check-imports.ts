/**
 * The directions of imports, types included: cli and playground import models, models the wings, the wings phase, phase
 * runtime, and nothing the other way. Wings do not import each other; the reference imports only types; there are no circles.
 * A part of `npm run lint`; prints what is wrong and exits with 1.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** From the ground up: a folder imports its own and those before it. The files of src/ itself, such as its doors, import all. */
const FLOORS = [
  ['wasm'],
  ['runtime'],
  ['phase'],
  ['absolute', 'rotary', 'bias', 'scores', 'rows', 'positions', 'analysis'],
  ['models'],
  ['src', 'cli', 'playground'],
];

export interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const STATEMENT = /^(import|export)( type)?\b[^;'"]*?\bfrom '(\.[^']+)';$/gm;
const BARE = /^import '(\.[^']+)';$/gm;
/** import('./x.ts') as a value, and inside a type */
const CALL = /\bimport\('(\.[^']+)'\)/g;

/** The imports of a source file, by paths from the root. */
export function importsOf(file: string, source: string): Import[] {
  const at = (path: string, typeOnly: boolean) => ({ from: file, to: join(dirname(file), path), typeOnly });
  return [
    ...Array.from(source.matchAll(STATEMENT), ([, , type, path]) => at(path, type !== undefined)),
    ...Array.from(source.matchAll(BARE), ([, path]) => at(path, false)),
    ...Array.from(source.matchAll(CALL), ([, path]) => at(path, false)),
  ];
}

/** The folder of the house that a file belongs to. */
function roomOf(file: string): string {
  const [top, folder, rest] = file.split('/');
  if (top !== 'src') return top;
  if (rest !== undefined) return folder;
  return folder.startsWith('wasm.') || folder.includes('.wasm') ? 'wasm' : 'src';
}

function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}

/** What is wrong with one import, or undefined. */
export function wrong({ from, to, typeOnly }: Import): string | undefined {
  const [room, other] = [roomOf(from), roomOf(to)];
  if (room === other) return undefined;
  if (room === 'reference') return typeOnly ? undefined : 'the reference imports only types of the rest';
  if (other === 'reference') return 'only tests import the reference';
  const [floor, below] = [floorOf(room), floorOf(other)];
  if (floor < 0 || below < 0) return `${floor < 0 ? room : other} is no folder of the house: add it to the floors`;
  if (floor === 3 && below === 3) return 'wings do not import each other';
  return below > floor || (below === floor && room !== 'src' && other !== 'src') ? 'an import upwards' : undefined;
}

/** A circle of files, or undefined: depth first, a file that is met while it is being followed closes one. */
export function circleIn(imports: readonly Import[]): readonly string[] | undefined {
  const targets = new Map<string, string[]>();
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to]);
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): readonly string[] | undefined => {
    const start = path.indexOf(file);
    if (start >= 0) return [...path.slice(start), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const next of targets.get(file) ?? []) {
      const circle = visit(next);
      if (circle !== undefined) return circle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of targets.keys()) {
    const circle = visit(file);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** Everything that is wrong, one sentence each. */
export function problemsOf(imports: readonly Import[]): string[] {
  const problems = imports.flatMap((one) => {
    const problem = wrong(one);
    return problem === undefined ? [] : [`${one.from} -> ${one.to}: ${problem}`];
  });
  const circle = circleIn(imports);
  return circle === undefined ? problems : [...problems, `a circle: ${circle.join(' -> ')}`];
}

function allImports(root: string): Import[] {
  return ['src', 'playground'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
      .flatMap((name) => {
        const file = join(root, folder, name);
        return importsOf(relative(root, file), readFileSync(file, 'utf8'));
      }),
  );
}

const self = fileURLToPath(import.meta.url);
if (process.argv[1] === self) {
  const problems = problemsOf(allImports(join(self, '../..')));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
