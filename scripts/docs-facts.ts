/** Numbers that pages say about the package itself, and what they are now. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from './docs-values.ts';

export interface Fact {
  readonly what: string;
  readonly pages: readonly string[];
  /** Finds the number, once or more in every page. */
  readonly pattern: RegExp;
  readonly now: number;
  /** How far a page may be off, as a share: sizes move a little with every change. */
  readonly slack: number;
}

/** What is wrong in the pages, which `read` gives. */
export function wrongFacts(facts: readonly Fact[], read: (page: string) => string): string[] {
  return facts.flatMap(({ what, pages, pattern, now, slack }) =>
    pages.flatMap((page) => {
      const said = [...read(page).matchAll(pattern)].map(([, number]) => Number(number));
      if (said.length === 0) return [`${page}: does not say ${what}; it is ${now}`];
      const off = said.filter((number) => Math.abs(number - now) > slack * now);
      return off.map((number) => `${page}: says ${number} for ${what}; it is ${now}`);
    }),
  );
}

/** The facts of the repository as it stands, built. */
export function facts(): Fact[] {
  const bytes = (path: string) => readFileSync(join(ROOT, path));
  const kilo = (size: number) => Math.round(size / 100) / 10;
  const kilobytes = (path: string) => kilo(bytes(path).length);
  const gzipped = (path: string) => kilo(gzipSync(bytes(path), { level: 9 }).length);
  const sizes = JSON.parse(bytes('scripts/size.json').toString()) as Record<string, { gzip: number }>;
  const { engines } = JSON.parse(bytes('package.json').toString()) as { engines: { node: string } };
  const README = ['README.md', 'README.zh-CN.md'];
  const simd = 'dist/posenc.simd.wasm';
  const cases = bytes('vectors/ids.txt').toString().trim().split('\n').length;
  const slack = 0.05;
  return [
    {
      what: 'kB of all kernels',
      pages: README,
      pattern: /(?:kernels are|全部内核) (\d+) kB/g,
      now: kilobytes(simd),
      slack,
    },
    {
      what: 'kB of all kernels, gzip',
      pages: README,
      pattern: /kB[ （(]+(?:gzip )?(\d+) kB/g,
      now: gzipped(simd),
      slack,
    },
    {
      what: 'kB of a bundle with one encoder, gzip',
      pages: [...README, 'docs/when-not.md', 'docs/recipes/script-tag.md'],
      pattern: /(?:one encoder|只导入一个编码)[^.。]*? (\d+) kB gzip/g,
      now: kilo(sizes['only sinusoidal'].gzip),
      slack,
    },
    {
      what: 'kB of posenc.min.js, gzip',
      pages: ['docs/recipes/script-tag.md'],
      pattern: /\((\d+) kB gzip\)/g,
      now: gzipped('dist/posenc.min.js'),
      slack,
    },
    {
      what: 'cases of the conformance suite',
      pages: ['docs/conformance.md', 'docs/conformance.zh-CN.md'],
      pattern: /31 \/ (\d+)/g,
      now: cases,
      slack: 0,
    },
    {
      what: 'the oldest Node',
      pages: README,
      pattern: /Node (\d+\.\d+) /g,
      now: Number(/\d+\.\d+/.exec(engines.node)),
      slack: 0,
    },
  ];
}
