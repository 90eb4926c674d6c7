/** Pages that are made of the cases: sources, and where implementations disagree. */
import { QUESTIONS } from './disagreements.ts';
import { FLAGS, type FlagName } from './flags.ts';
import type { Case } from './types.ts';

/** SOURCES.md of the package: which public code each number comes from. */
export function sourcesFile(cases: readonly Case[]): string {
  const sources = new Map<string, string[]>();
  for (const { id, source } of cases) sources.set(source, [...(sources.get(source) ?? []), id]);
  const lines = [...sources]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([source, ids]) => {
      const shown = ids.length > 4 ? `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more` : ids.join(', ');
      return `- ${source}\n  - ${shown}`;
    });
  return `# Sources

The numbers were made by running public code, or are published values, or (where that is said) an evaluation in high precision.
Parameters and numbers are facts; no code of these projects is in this package. Every case has its own \`source\`.

${lines.join('\n')}
`;
}

const numbers = (one: Case): string => {
  const named = Object.entries(one.outputs);
  const [name, output] = named.find(([key]) => one.question?.endsWith('mul') && /(^|_)mul$/.test(key)) ?? named[0];
  const size = output.data.length;
  const from = size > 8 && name !== 'slopes' ? size - 6 : 0;
  const shown = output.data
    .slice(from, from + 6)
    .map((value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value));
  return `\`${name}\` ${from > 0 ? 'ends with ' : ''}${shown.join(', ')}${size > 6 && from === 0 ? ', ...' : ''}`;
};

/** docs/disagreements.md. */
export function disagreementsPage(cases: readonly Case[]): string {
  const parts = QUESTIONS.map(({ key, title, why, answers }) => {
    const rows = answers.flatMap(({ answer, who, what }) => {
      const of = cases.filter((one) => one.question === key && one.answer === answer);
      if (of.length === 0) return [];
      const cell = (text: string) => text.replaceAll('|', '\\|');
      return [
        `| ${cell(answer)} | ${cell(who)} | ${cell(what)} | ${of.length}, such as \`${of[0].id}\`: ${numbers(of[0])} |`,
      ];
    });
    return `## ${title}\n\n${why}\n\n| answer | who | what | cases |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  const buckets = cases
    .filter(({ flags }) => flags.includes('Float32Bucket'))
    .map(({ id, notes }) => `- \`${id}\`: ${/at ([-\d, ]+)\.$/.exec(notes ?? '')?.[1]}`);
  return `# Where implementations disagree

Made from the \`acceptable\` cases of the [conformance suite](conformance.md) by \`npm run vectors -- --pages\`; do not edit. Each
answer below is what public code computes. Giving another public answer is no mistake by itself; mixing two of them in one model is.

${parts.join('\n')}
## Buckets that hang on the precision of a logarithm

T5's buckets are the floor of a logarithm. PyTorch takes it in float32; in float64 the bucket is another one at these relative
positions. The cases hold what the models were trained with.

${buckets.join('\n')}
`;
}

/** The table of flags in docs/conformance.md. */
export function flagsTable(cases: readonly Case[]): string {
  const rows = (Object.keys(FLAGS) as FlagName[]).map((name) => {
    const { about, usually } = FLAGS[name];
    return `| \`${name}\` | ${about} | ${usually} |`;
  });
  const unused = (Object.keys(FLAGS) as FlagName[]).filter((name) => !cases.some(({ flags }) => flags.includes(name)));
  if (unused.length > 0) throw new Error(`no case has ${unused.join(', ')}`);
  return `| flag | cases about | if these fail and others pass, usually |\n|---|---|---|\n${rows.join('\n')}`;
}

/** A page with what stands between `<!-- name -->` and `<!-- /name -->` replaced. */
export function withPart(page: string, name: string, text: string): string {
  const [before, after] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(before), page.indexOf(after)];
  if (from < 0 || to < from) throw new Error(`the page has no part ${name}`);
  return `${page.slice(0, from + before.length)}\n${text}\n${page.slice(to)}`;
}
