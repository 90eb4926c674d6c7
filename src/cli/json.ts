/** JSON as Python's json module writes it (NaN, Infinity), read in linear time; keys that stand there twice are named. */
import { CliError, EXIT } from './shell.ts';
import { printable } from './text.ts';

/** @throws CliError with the exit code of broken input */
export function parseJson(text: string, where: string): unknown {
  // JSON itself comes first: the numbers below are rare, and JSON.parse is the fastest reader there is
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text;
  try {
    return JSON.parse(plain);
  } catch (error) {
    const { message } = error as Error;
    const found = scan(plain).numbers;
    if (found.length === 0) throw new CliError(EXIT.input, `${where}: not JSON: ${message}`);
    return parsePython(plain, found, where);
  }
}

/** NaN is written as a text that is nowhere else; 1e999 is Infinity to JSON.parse. */
function parsePython(text: string, found: readonly number[], where: string): unknown {
  let mark = 'NaN';
  while (text.includes(`"${mark}"`)) mark += '_';
  const parts: string[] = [];
  let end = 0;
  for (const at of found) {
    const name = text.startsWith('NaN', at) ? 'NaN' : 'Infinity';
    parts.push(text.slice(end, at), name === 'NaN' ? `"${mark}"` : '1e999');
    end = at + name.length;
  }
  parts.push(text.slice(end));
  try {
    return JSON.parse(parts.join(''), (_, value) => (value === mark ? Number.NaN : value));
  } catch (error) {
    throw new CliError(EXIT.input, `${where}: not JSON: ${(error as Error).message}`);
  }
}

/** Keys that an object has twice, with the line of the second; JSON.parse takes the last one in silence. */
export function keysTwice(text: string): string[] {
  return scan(text).twice.map(({ key, at }) => {
    const shown = key.length > 60 ? `${key.slice(0, 57)}...` : key;
    return `"${printable(shown)}" (line ${text.slice(0, at).split('\n').length})`;
  });
}

/** Most keys that are reported: a file of nothing but one key would be long to read. */
const MOST_TWICE = 3;

/** One walk over the text: where NaN and Infinity stand outside of strings, and which keys come again. */
function scan(text: string): { numbers: number[]; twice: { key: string; at: number }[] } {
  const numbers: number[] = [];
  const twice: { key: string; at: number }[] = [];
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(undefined);
    else if (character === '}' || character === ']') open.pop();
    else if ((character === 'N' || character === 'I') && /^(NaN|Infinity)(?!\w)/.test(text.slice(at, at + 9)))
      numbers.push(at);
    else if (character === '"') {
      const start = at++;
      while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
      const keys = open[open.length - 1];
      if (keys === undefined || !followedByColon(text, at + 1)) continue;
      const key = text.slice(start + 1, at);
      if (keys.has(key) && twice.length < MOST_TWICE) twice.push({ key, at });
      keys.add(key);
    }
  }
  return { numbers, twice };
}

function followedByColon(text: string, at: number): boolean {
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++;
  return text[at] === ':';
}
