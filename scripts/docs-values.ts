/**
 * The public values of the package with their docstrings, read from the sources: what docs-check.ts examines and api.ts prints. A value is what
 * a door (src/<wing>/index.ts) exports without `type`; its docstring is the block comment before its declaration, of overloads
 * the first.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from '@babel/parser';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

export interface PublicValue {
  readonly name: string;
  /** The doors it comes through: 'rotary', or '.' alone. */
  readonly door: string;
  /** Where it is declared, from the root of the repository. */
  readonly file: string;
  readonly kind: 'function' | 'class' | 'constant';
  /** Names of parameters, of overloads the longest list. */
  readonly params: readonly string[];
  /** Names of parameters, of every overload, with the type as it is written. */
  readonly types: readonly (readonly [string, string])[];
  /** The declared result, of every overload, as it is written. */
  readonly result: string;
  /** False when the declared result is void, or there is none. */
  readonly returns: boolean;
  /** The docstring without its stars; empty when there is none. */
  readonly doc: string;
}

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}
interface Comment {
  readonly type: string;
  readonly value: string;
}

const parsed = new Map<string, Node[]>();
export function statements(file: string): Node[] {
  const known = parsed.get(file);
  if (known) return known;
  const { program } = parse(readFileSync(file, 'utf8'), { sourceType: 'module', plugins: ['typescript'] });
  parsed.set(file, program.body as unknown as Node[]);
  return program.body as unknown as Node[];
}

/** A block comment without its frame. */
export const plain = (comment: string): string =>
  comment
    .replace(/^\*/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .trim();

const nameOf = (node: unknown): string => {
  const { type, name, left, argument } = node as { type: string; name?: string; left?: unknown; argument?: unknown };
  if (type === 'AssignmentPattern') return nameOf(left);
  if (type === 'RestElement') return nameOf(argument);
  return type === 'Identifier' ? (name as string) : 'options';
};

/** The declarations of a file: each with the statement that it is part of. */
export const declarationsOf = (file: string): { statement: Node; node: Node }[] =>
  statements(file).flatMap((statement) => {
    const node = (statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement) as Node | null;
    return node ? [{ statement, node }] : [];
  });

/** The declaration of a name in a file, with what stands before it. */
function declared(file: string, name: string): Omit<PublicValue, 'name' | 'door' | 'file'> | undefined {
  const found = declarationsOf(file).filter(({ node }) => {
    const ids =
      node.type === 'VariableDeclaration'
        ? (node.declarations as { id: { name: string } }[]).map(({ id }) => id)
        : [node.id];
    return ids.some((id) => (id as { name?: string } | undefined)?.name === name);
  });
  // a type may share the name of a value
  const values = found.filter(
    ({ node }) => !node.type.startsWith('TSInterface') && !node.type.startsWith('TSTypeAlias'),
  );
  if (values.length === 0) return undefined;
  const comment = values.flatMap(({ statement }) =>
    ((statement.leadingComments as Comment[] | undefined) ?? []).filter((c) => c.value.startsWith('*')).slice(-1),
  )[0];
  const { type } = values[0].node;
  const isFunction = type.includes('Function');
  const params = isFunction
    ? values.map(({ node }) => (node.params as unknown[]).map(nameOf)).sort((a, b) => b.length - a.length)[0]
    : [];
  const source = readFileSync(file, 'utf8');
  const written = (node: unknown) => {
    const annotation = (node as { typeAnnotation?: Node & { end: number } } | null | undefined)?.typeAnnotation;
    return annotation ? source.slice(annotation.start, annotation.end) : '';
  };
  const result = (values[0].node.returnType as { typeAnnotation?: { type: string } } | undefined)?.typeAnnotation?.type;
  return {
    kind: isFunction ? 'function' : type.includes('Class') ? 'class' : 'constant',
    params,
    types: isFunction
      ? values.flatMap(({ node }) =>
          (node.params as Node[]).map(
            (p) => [nameOf(p), written(p.typeAnnotation ?? (p.left as Node)?.typeAnnotation)] as const,
          ),
        )
      : [],
    result: isFunction ? values.map(({ node }) => written(node.returnType)).join(' | ') : '',
    returns: isFunction && result !== undefined && result !== 'TSVoidKeyword',
    doc: comment ? plain(comment.value) : '',
  };
}

/** What a module exports as values: [name, file that declares it, its name there]. */
function exported(file: string): [string, string, string][] {
  return statements(file).flatMap((statement): [string, string, string][] => {
    const source = (statement.source as { value: string } | null | undefined)?.value;
    const target = source ? join(dirname(file), source) : file;
    if (statement.type === 'ExportAllDeclaration') return exported(target);
    if (statement.type !== 'ExportNamedDeclaration' || statement.exportKind === 'type') return [];
    const own = statement.declaration as { id?: { name: string }; declarations?: { id: { name: string } }[] } | null;
    if (own) {
      const ids = own.declarations?.map(({ id }) => id.name) ?? (own.id ? [own.id.name] : []);
      return ids.map((id) => [id, file, id]);
    }
    const specifiers = statement.specifiers as {
      exportKind?: string;
      local: { name: string };
      exported: { name: string };
    }[];
    return specifiers
      .filter(({ exportKind }) => exportKind !== 'type')
      .map(({ local, exported: { name } }) => [name, target, local.name]);
  });
}

/** Every public value of `posenc`, in the order of the doors. */
export function publicValues(root = ROOT): PublicValue[] {
  const doors = readdirSync(join(root, 'src')).filter(
    (name) => existsSync(join(root, 'src', name, 'index.ts')) && name !== 'reference' && name !== 'cli',
  );
  const seen = new Map<string, PublicValue>();
  const add = (door: string, index: string) => {
    for (const [name, file, local] of exported(join(root, index))) {
      if (seen.has(name)) continue;
      const value = declared(file, local);
      if (!value) throw new Error(`${index} exports ${name}, which ${relative(root, file)} does not declare`);
      seen.set(name, { name, door, file: relative(root, file), ...value });
    }
  };
  if (doors.includes('runtime')) add('runtime', 'src/runtime/index.ts');
  for (const door of doors.filter((name) => name !== 'runtime')) add(door, `src/${door}/index.ts`);
  add('.', 'src/index.ts');
  return [...seen.values()];
}
