/**
 * Functions and constants of src/ and vectors/make that are exported and that no other file names, kernels that nothing calls:
 * what nothing uses is deleted, what only its own file uses is not exported. A part of `npm run lint`; prints them and exits with
 * 1. A name that another file has for something else hides one; a finding is never wrong.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const EXPORTED = /^export (?:async )?(?:function\*?|const|let|class) (\w+)/gm;
/** A member of the interface Kernels. */
const KERNEL = /^ {2}readonly (\w+): \($/gm;
const WORD = /[A-Za-z_$][\w$]*/g;

/** `sources`: text by path. What no other file names, as 'path: name'. */
export function unusedExports(sources: ReadonlyMap<string, string>): string[] {
  const files = new Map<string, Set<string>>();
  for (const [file, text] of sources) {
    for (const [word] of text.matchAll(WORD)) {
      const named = files.get(word) ?? new Set();
      files.set(word, named.add(file));
    }
  }
  const unused: string[] = [];
  for (const [file, text] of sources) {
    const kernels = file === 'src/runtime/kernels.ts';
    if (!kernels && !/^(src|vectors\/make)\//.test(file)) continue;
    for (const [, name] of text.matchAll(kernels ? KERNEL : EXPORTED)) {
      const others = [...(files.get(name) ?? [])].filter((other) => other !== file && !other.startsWith('assembly/'));
      if (others.length === 0) unused.push(`${file}: ${name}`);
    }
  }
  return unused;
}

const self = fileURLToPath(import.meta.url);
if (process.argv[1] === self) {
  const root = join(self, '../..');
  const kinds = ['*.ts', '*.mts', '*.mjs', '*.js', '*.cjs'];
  const list = execFileSync('git', ['ls-files', '-co', '--exclude-standard', ...kinds], {
    cwd: root,
    encoding: 'utf8',
  });
  const files = list.split('\n').filter((file) => file !== '' && existsSync(join(root, file)));
  const sources = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
  const unused = unusedExports(sources);
  for (const one of unused) console.error(`${one}: no other file names it`);
  if (unused.length > 0) process.exitCode = 1;
}
