/** The links of a page, and its lines that a wrapped paragraph has turned into a list. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Headings as GitHub names them. */
const anchors = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /^#+ /.test(line))
    .map((line) =>
      line
        .replace(/^#+ /, '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    );
/** Code is no prose. */
const proseOf = (text: string) => text.replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, '');

/**
 * The relative links of a page; of a dead one what is wrong. What a page of the published package links to must be in it, but
 * for pictures: they are shown from the repository, and weigh more than the code.
 * @param file the page, from `root`
 * @param shipped the files of the published package, from `root`
 */
export function linksOf(file: string, root: string, shipped: readonly string[]): { target: string; broken?: string }[] {
  const text = proseOf(readFileSync(join(root, file), 'utf8'));
  return [...text.matchAll(/(?<!!\[[^\]]*)\]\(([^)\s]+)\)/g)].flatMap(([, target]) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path, anchor] = target.split('#');
    const to = path === '' ? join(root, file) : join(root, dirname(file), path);
    const inside = relative(root, to).replaceAll('\\', '/'); // as npm lists files, on Windows too
    if (!existsSync(to)) return [{ target, broken: 'is not there' }];
    if (
      shipped.includes(file) &&
      !shipped.some((name) => name === inside || name.startsWith(`${inside.replace(/\/$/, '')}/`))
    )
      return [{ target, broken: 'is not in the published package' }];
    if (anchor !== undefined && !anchors(to).includes(anchor)) return [{ target, broken: 'has no such heading' }];
    return [{ target }];
  });
}

/** Lines that begin with + or - by accident of wrapping: they become a list. */
export const strayLists = (text: string): string[] =>
  [...proseOf(text).matchAll(/^[^\n|#>-][^\n]*\n([+-] [^\n]*)\n/gm)].flatMap(([whole, line]) =>
    /^\s/.test(whole) ? [] : [line],
  );
