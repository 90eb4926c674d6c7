/**
 * Writes docs/reference.md: where posenc/reference differs from the package, by name. A test holds the page to the doors.
 * node --import tsx scripts/reference-doc.ts
 */
import { writeFileSync } from 'node:fs';
import * as reference from '../src/reference/index.ts';

const DOORS = ['absolute', 'rotary', 'bias', 'scores', 'rows', 'positions', 'models', 'analysis'] as const;
/** What every door carries: engines and what lies in their memory. */
const ENGINE = new Set(Object.keys(await import('../src/runtime/index.ts')));

/** Names of a door that have no twin, or one. */
async function doorOf(door: string): Promise<{ twins: string[]; rest: string[] }> {
  const names = Object.keys(await import(`../src/${door}/index.ts`)).filter((name) => !ENGINE.has(name));
  return { twins: names.filter((name) => name in reference), rest: names.filter((name) => !(name in reference)) };
}

const list = (names: readonly string[]) => (names.length > 0 ? names.map((name) => `\`${name}\``).join(', ') : '');

/** The page. */
export async function referencePage(): Promise<string> {
  const rows: string[] = [];
  const known = new Set<string>();
  let twinned = 0;
  for (const door of DOORS) {
    const { twins, rest } = await doorOf(door);
    for (const name of twins) known.add(name);
    twinned += twins.length;
    rows.push(`| \`posenc/${door}\` | ${twins.length} | ${list(rest)} |`);
  }
  const extra = Object.keys(reference).filter((name) => !known.has(name) && !ENGINE.has(name));
  return `# posenc/reference: where it differs

\`posenc/reference\` is the package's formulas once more, in plain TypeScript without WebAssembly: the oracle of the tests, and a
door for places that refuse to compile. It shares no code with the rest, so a mistake in one shows in the other.

- The same name takes the same options and gives the same numbers within 1 ulp, ${twinned} functions of the doors below. Results are
  \`{ shape, dtype, data }\` with an array of their own: there is no engine, \`out\`, \`scope\` or \`dispose\`.
- Bad input is a \`RangeError\` or \`TypeError\` that names the option, not a \`PosencError\`.
- It is tens to hundreds of times slower.
- Names without a twin that only read or count need none: \`posenc/models\` and \`posenc/positions\` compile nothing until a table is
  asked for, and run where WebAssembly is refused (a test takes it away).

| door | twins | without a twin |
| --- | --- | --- |
${rows.join('\n')}

Only here: ${list(extra)}. They are pieces that the tests compare with.

This page is made by \`scripts/reference-doc.ts\`.
`;
}

if (process.argv[1]?.endsWith('reference-doc.ts')) {
  writeFileSync(new URL('../docs/reference.md', import.meta.url), await referencePage());
}
