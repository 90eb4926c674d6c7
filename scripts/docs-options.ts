/**
 * The options of public functions, with what stands before each and with the default that the code gives it: what
 * docs-check.ts holds against each other. An option is a member of a type that a parameter of a public function names,
 * however far away the type is declared.
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { declarationsOf, type Node, type PublicValue, plain, statements } from './docs-values.ts';

export interface PublicOption {
  readonly name: string;
  /** The type that declares it, or the function when its parameter is written out. */
  readonly owner: string;
  /** Where, from the root of the repository. */
  readonly file: string;
  readonly line: number;
  readonly optional: boolean;
  /** Its docstring without stars, or the text around it when that names it; else empty. */
  readonly doc: string;
  /** What the code takes when the option is left out, as it is written there; empty when it takes nothing. */
  readonly defaults: readonly string[];
}

/** Functions of src/runtime/arguments.ts that take a default, and which argument it is. */
const FALLBACK: Readonly<Record<string, number>> = { integer: 4, size: 4, finite: 3, oneOf: 3, boolean: 2 };

/** platform.ts declares what hosts have (WebAssembly.Memory, URL); the members of Calls are functions and their options. */
const ELSEWHERE = /[\\/](runtime[\\/]platform|models[\\/]calls)\.ts$/;

/** Every node of a tree, parents first. */
function* nodes(tree: unknown): Generator<Node> {
  if (tree === null || typeof tree !== 'object') return;
  if (!Array.isArray(tree)) yield tree as Node;
  for (const [key, value] of Object.entries(tree)) if (!key.endsWith('omments') && key !== 'loc') yield* nodes(value);
}

const literal = (node: Node): string[] => {
  if (/^(Numeric|String|Boolean)Literal$/.test(node.type)) return [String(node.value)];
  if (node.type === 'LogicalExpression') return literal(node.right as Node);
  if (node.type === 'UnaryExpression')
    return literal(node.argument as Node).map((text) => `${node.operator as string}${text}`);
  return [];
};

/** The defaults that a file gives to options, by name. */
function defaultsOf(file: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const node of nodes(statements(file))) {
    if (node.type !== 'CallExpression') continue;
    const given = node.arguments as Node[];
    const fallback = given[FALLBACK[(node.callee as { name?: string }).name ?? ''] ?? Number.NaN];
    const [name] = given;
    if (!fallback || name.type !== 'StringLiteral') continue;
    const key = String(name.value);
    found.set(key, [...(found.get(key) ?? []), ...literal(fallback)]);
  }
  return found;
}

/** Where a name of a type leads, from a file. */
function resolved(file: string, name: string): { file: string; statement: Node; node: Node } | undefined {
  const own = declarationsOf(file).find(
    ({ node }) => /^TS(Interface|TypeAlias)Declaration$/.test(node.type) && (node.id as { name: string }).name === name,
  );
  if (own) return { file, ...own };
  for (const statement of statements(file)) {
    const source = (statement.source as { value: string } | null | undefined)?.value;
    if (!source?.startsWith('.')) continue;
    for (const specifier of (statement.specifiers ?? []) as Node[]) {
      const local = (specifier.type.startsWith('Export') ? specifier.exported : specifier.local) as { name: string };
      const there = (specifier.imported ?? specifier.local) as { name: string };
      const target = join(dirname(file), source);
      if (local.name === name && existsSync(target)) return resolved(target, there.name);
    }
  }
  return undefined;
}

const docOf = (node: Node): string => {
  const comments = (node.leadingComments as { value: string }[] | undefined) ?? [];
  return comments
    .filter(({ value }) => value.startsWith('*'))
    .slice(-1)
    .map(({ value }) => plain(value))
    .join('');
};

/** What follows one tag of a docstring, or all of that name. */
const tagged = (doc: string, tag: string): string =>
  doc
    .split(/^@(?=[a-z])/m)
    .filter((part) => part.startsWith(tag))
    .join('\n');

/** Every member of types that public functions name: of their parameters the options, of their results what comes out. */
function membersOf(values: readonly PublicValue[], root: string, side: 'params' | 'returnType'): PublicOption[] {
  const functions = values.flatMap((value) =>
    declarationsOf(join(root, value.file)).flatMap(({ node }) =>
      (node.id as { name?: string } | null)?.name === value.name && node.type.includes('Function')
        ? [{ value, node }]
        : [],
    ),
  );
  // what a public function returned, and takes again, is explained where it is returned
  const results = new Set(
    functions.flatMap(({ node }) =>
      [...nodes(node.returnType)].flatMap(({ type, typeName }) =>
        type === 'TSTypeReference' ? [(typeName as { name: string }).name] : [],
      ),
    ),
  );
  const seen = new Set<Node>();
  const found: PublicOption[] = [];

  /** `around` is the text beside the type: a member that it names needs none of its own. */
  const visit = (tree: unknown, file: string, owner: string, around: string): void => {
    if (tree === null || typeof tree !== 'object') return;
    const node = tree as Node;
    if (/^TS(TypeReference|InterfaceHeritage|ExpressionWithTypeArguments)$/.test(node.type)) {
      const { name } = (node.typeName ?? node.expression) as { name?: string };
      const elsewhere = side === 'params' && results.has(name ?? '');
      const to = name === undefined || elsewhere ? undefined : resolved(file, name);
      if (to && !seen.has(to.statement) && !ELSEWHERE.test(to.file)) {
        seen.add(to.statement);
        visit([to.node.extends, to.node.body, to.node.typeAnnotation], to.file, name!, docOf(to.statement));
      }
    }
    // what a type is compared with is no option
    if (node.type === 'TSConditionalType') {
      visit([node.trueType, node.falseType], file, owner, around);
      return;
    }
    if (node.type === 'TSPropertySignature') {
      const type = (node.typeAnnotation as { typeAnnotation?: Node } | undefined)?.typeAnnotation;
      // a literal is the word that chooses a member of a union: its type says everything
      if (seen.has(node) || /^TS(NeverKeyword|UndefinedKeyword|LiteralType)$/.test(type?.type ?? '')) return;
      seen.add(node);
      const name = (node.key as { name?: string; value?: string }).name ?? String((node.key as Node).value);
      const doc = docOf(node) || (new RegExp(`\\b${name}\\b`).test(around) ? around : '');
      found.push({
        name,
        owner,
        file: relative(root, file),
        line: (node.loc as { start: { line: number } }).start.line,
        optional: node.optional === true,
        doc,
        defaults: defaultsOf(file).get(name) ?? [],
      });
      visit(type, file, owner, doc);
      return;
    }
    for (const [key, value] of Object.entries(node))
      if (!key.endsWith('omments') && key !== 'loc') visit(value, file, owner, around);
  };
  for (const { value, node } of functions)
    visit(node[side], join(root, value.file), value.name, tagged(value.doc, side === 'params' ? 'param' : 'returns'));
  return found;
}

/** The options of public functions, once each. */
export const publicOptions = (values: readonly PublicValue[], root: string): PublicOption[] =>
  membersOf(values, root, 'params');

/** The members of what public functions return, and of public classes, once each. */
export const publicResults = (values: readonly PublicValue[], root: string): PublicOption[] => [
  ...membersOf(values, root, 'returnType'),
  ...values.filter(({ kind }) => kind === 'class').flatMap((value) => classMembers(value, root)),
];

function classMembers({ name: owner, file }: PublicValue, root: string): PublicOption[] {
  const declared = declarationsOf(join(root, file)).find(
    ({ node }) => node.type.startsWith('Class') && (node.id as { name: string }).name === owner,
  );
  return ((declared?.node.body as { body: Node[] } | undefined)?.body ?? []).flatMap((node) => {
    const { key, computed, kind, accessibility } = node as Node & { key?: { name?: string } };
    if (!/^Class(Method|Property)$/.test(node.type) || computed || kind === 'constructor' || accessibility) return [];
    const { line } = (node.loc as { start: { line: number } }).start;
    return [{ name: key?.name ?? '', owner, file, line, optional: false, doc: docOf(node), defaults: [] }];
  });
}
