/**
 * Writes docs/models.md, the table of every known model type, from the records. With --check it only says whether the page is the
 * one that the records make. node --import tsx scripts/models-doc.ts [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type KnownModel, knownModels } from '../src/models/known.ts';
import { ggufRecords } from '../src/models/records/gguf/index.ts';

const page = new URL('../docs/models.md', import.meta.url);

const cell = (text: string): string => text.replaceAll('|', '\\|');
const code = (text: string): string => `\`${text}\``;

function table(rows: readonly KnownModel[]): string {
  const lines = rows.map(({ types, about, llamaCpp, source }) => {
    const cells = [types.map(code).join(' '), cell(about), llamaCpp === undefined ? '' : code(llamaCpp), cell(source)];
    return `| ${cells.join(' | ')} |`;
  });
  return ['| `model_type` | positions | llama.cpp | source |', '|---|---|---|---|', ...lines].join('\n');
}

/** The page. */
export function modelsPage(): string {
  const rows = knownModels();
  const families = [...new Set(rows.map(({ family }) => family))];
  const count = rows.reduce((sum, { types }) => sum + types.length, 0);
  const parts = families.map((family) => {
    const own = rows.filter((row) => row.family === family);
    return `## ${family}\n\n${table(own)}\n`;
  });
  const archs = ggufRecords()
    .map(({ arch }) => code(arch))
    .sort();
  return `# Known models

${count} values of \`model_type\` in ${rows.length} records: what \`fromHF\` reads a \`config.json\` with, and what \`posenc models\`
prints. The numbers are defaults of the class; a key in the file always wins. \`source\` is a folder of
[transformers](https://github.com/huggingface/transformers) below \`src/transformers/models\`, or a repository. This page is made
from the records by \`scripts/models-doc.ts\`.

A type that is not here is refused with the nearest that the file fits; \`fromHF(config, { as: '<model type>' })\` says that its
code computes the same. Image encoders stand one by one, with the call of each, in [vision.md](vision.md).

${parts.join('\n')}
## GGUF

${archs.length} architectures of llama.cpp that \`fromGGUF\` reads: ${archs.join(' ')}
`;
}

const invoked = process.argv[1]?.endsWith('models-doc.ts');
if (invoked) {
  const text = modelsPage();
  const current = ((): string => {
    try {
      return readFileSync(page, 'utf8');
    } catch {
      return '';
    }
  })();
  if (process.argv.includes('--check')) {
    if (current !== text) {
      console.error('docs/models.md is not what the records make: node --import tsx scripts/models-doc.ts');
      process.exitCode = 1;
    }
  } else writeFileSync(page, text);
}
