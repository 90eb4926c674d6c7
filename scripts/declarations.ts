/**
 * The package's declarations, made fit for more compilers than ours. Two things the sources say too narrowly for a reader:
 *
 * - `x?: T` refuses an explicit undefined under `exactOptionalPropertyTypes`, though every call accepts it: it becomes
 *   `x?: T | undefined`.
 * - `Float32Array<ArrayBuffer>` is an error before TypeScript 5.7, where typed arrays have no parameter. What `Float32Array.of`
 *   gives is the same type from 5.7 on, and the plain one before.
 */
import { parse } from '@babel/parser';

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}
/** `x?: T` of an interface, a type literal or a class. */
interface Member extends Node {
  readonly optional?: boolean;
  readonly typeAnnotation?: { readonly typeAnnotation: Node & { readonly types?: readonly Node[] } };
}
interface Reference extends Node {
  readonly typeName: { readonly name: string };
  readonly typeArguments?: unknown;
}

/** Text to put in place of what stands between two offsets. */
type Edit = readonly [start: number, end: number, text: string];

/** Types that would swallow a `| undefined` written behind them. */
const OPEN = ['TSFunctionType', 'TSConstructorType', 'TSConditionalType'];

function withUndefined({ optional, typeAnnotation }: Member): Edit[] {
  const type = typeAnnotation?.typeAnnotation;
  if (!optional || !type || type.types?.some((part) => part.type === 'TSUndefinedKeyword')) return [];
  const { start, end } = type;
  return OPEN.includes(type.type)
    ? [
        [start, start, '('],
        [end, end, ') | undefined'],
      ]
    : [[end, end, ' | undefined']];
}

function plain({ start, end, typeName: { name }, typeArguments }: Reference): Edit[] {
  if (!typeArguments) return [];
  if (name === 'ArrayBufferView') return [[start, end, '(ArrayBufferView & { readonly buffer: ArrayBuffer })']];
  return /^(Big)?(Int|Uint|Float)\d+Array$/.test(name) ? [[start, end, `ReturnType<typeof ${name}.of>`]] : [];
}

/** One declaration file, rewritten, and the relative paths it imports. */
export function widened(text: string): { readonly text: string; readonly imports: readonly string[] } {
  const edits: Edit[] = [];
  const imports: string[] = [];
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    const { type } = value as Node;
    const { source } = value as { source?: { value?: string } | null };
    if (source?.value?.startsWith('.')) imports.push(source.value);
    if (type === 'TSPropertySignature' || type === 'ClassProperty') edits.push(...withUndefined(value as Member));
    if (type === 'TSTypeReference') edits.push(...plain(value as Reference));
    Object.values(value).forEach(visit);
  };
  visit(parse(text, { sourceType: 'module', plugins: [['typescript', { dts: true }]] }).program.body);
  // from the end to the start, so that no offset moves before it is used
  const last = edits.sort((a, b) => b[0] - a[0] || b[1] - a[1]);
  const result = last.reduce((so, [start, end, put]) => so.slice(0, start) + put + so.slice(end), text);
  return { text: result, imports };
}
