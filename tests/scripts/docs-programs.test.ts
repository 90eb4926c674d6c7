/** Programs of the documentation (scripts/docs-programs.ts): what does not run as printed is found, by its place. */
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { blocksOf, examplesOf, failuresOf } from '../../scripts/docs-programs.ts';
import { type PublicValue, ROOT } from '../../scripts/docs-values.ts';
import { test } from '../support/test.ts';

const PAGE = `# A page

\`\`\`ts
import { sinusoidal } from 'posenc';
console.log(sinusoidal({ length: 2, dim: 4 }).shape); // [ 2, 4 ]
\`\`\`

\`\`\`ts
import { sinusoidal } from 'posenc';
sinusoidal({ length: 2, dim: 5 });
\`\`\`

\`\`\`js
console.log(1 + 1); // 3
\`\`\`

\`\`\`ts
const n: number = 'one';
\`\`\`

\`\`\`ts
if (Number('0') > 1) console.log(1);
else console.log('long', 'text'); // long ...
for (const x of []) {
  console.log(x); // 5
}
\`\`\`

\`\`\`ts
const = 4;
\`\`\`

\`\`\`ts
const list = [1];
list.length; // 2
\`\`\`

\`\`\`sh
false
\`\`\`
`;

const value = (name: string, doc: string): PublicValue => ({
  name,
  doc,
  door: 'absolute',
  file: 'src/absolute/x.ts',
  kind: 'function',
  params: [],
  types: [],
  result: '',
  returns: true,
});

test('a block that throws, prints something else, or does not compile is found', () => {
  const blocks = blocksOf('page.md', PAGE);
  assert.equal(
    blocks.map(({ place }) => place),
    [4, 9, 14, 18, 22, 30, 34].map((line) => `page.md:${line}`),
  );
  const examples = examplesOf([
    value('sinusoidal', 'A table.\n@example\nconsole.log(sinusoidal({ length: 2, dim: 4 }).shape); // [ 2, 4 ]'),
    value('alibi', 'A bias.\n@example\nconsole.log(alibi({ heads: 8, keyLength: 2 }).shape); // [ 9 ]\n@see here'),
  ]);
  const failures = failuresOf([...blocks, ...examples], join(ROOT, 'build', 'docs-check-test'));
  const said = Object.fromEntries([...failures].map(([{ place }, messages]) => [place, messages.join('; ')]));
  assert.equal(Object.keys(said).sort(), [
    'alibi',
    'page.md:14',
    'page.md:18',
    'page.md:22',
    'page.md:30',
    'page.md:34',
    'page.md:9',
  ]);
  assert.match(said['page.md:9'], /ERR_OPTION|oddRule/);
  assert.match(said['page.md:14'], /says 3\s+prints 2/);
  assert.match(said['page.md:18'], /line 1: error TS2322/);
  assert.match(said['page.md:22'], /^never reaches what prints 5$/);
  assert.match(said['page.md:30'], /Unexpected token/);
  assert.match(said['page.md:34'], /put console.log around it: list.length;/);
  assert.match(said.alibi, /says \[ 9 \]\s+prints \[ 8, 1, 2 \]|says \[ 9 \]\s+prints/);
});

test.run();
