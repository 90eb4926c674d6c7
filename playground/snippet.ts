/** The TypeScript of a view as a program that runs as printed: its imports, stand-ins for what a reader has, the calls. */
import type { Code } from './view.ts';

const NOT_OURS = new Set([
  'for',
  'if',
  'of',
  'const',
  'let',
  'new',
  'return',
  'Array',
  'Float32Array',
  'Int32Array',
  'Float64Array',
  'Math',
]);

/** Functions that a piece of code calls and does not define. */
function called(code: string): string[] {
  const found = new Set<string>();
  for (const [, before, name] of code.matchAll(/(\.|new )?\b([A-Za-z]\w*)(?=\()/g))
    if (!before && !NOT_OURS.has(name)) found.add(name);
  if (/\bTensor\./.test(code)) found.add('Tensor');
  return [...found].sort((a, b) => a.toLowerCase().localeCompare(b.toLowerCase(), 'en'));
}

export function program({ ts, given = {} }: Pick<Code, 'ts' | 'given'>): string {
  const lines = Object.entries(given).map(([name, value]) => `const ${name} = ${value};`);
  const statements = ts.split(/;?\n/);
  const last = statements.length - 1;
  if (!/^(const|for|\s|}|\))/.test(statements[last])) statements[last] = `const result = ${statements[last]}`;
  const body = statements.map((line) => (/[;{,([]$/.test(line) ? line : `${line};`));
  const code = [...lines, ...(lines.length > 0 ? [''] : []), ...body].join('\n').replace(/;+/g, ';');
  return `import { ${called(code).join(', ')} } from 'posenc';\n\n${code}\n`;
}
