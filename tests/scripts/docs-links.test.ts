/** Links and lists of pages (scripts/docs-links.ts). */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { linksOf, strayLists } from '../../scripts/docs-links.ts';
import { test } from '../support/test.ts';

const PAGE = `# Top of it

[good](docs/b.md) [its heading](docs/b.md#second-part-of-it) [here](#top-of-it) [a folder](docs/) [far](https://example.com/none)
[gone](docs/c.md) [no heading](docs/b.md#third) [left out](docs/a.md) ![a picture](none.png) \`[code](none.md)\`

\`\`\`md
[an example](none.md)
\`\`\`
`;

test('a link that leads nowhere, to no heading or out of the package is dead', () => {
  const root = mkdtempSync(join(tmpdir(), 'posenc-links-'));
  try {
    mkdirSync(join(root, 'docs'));
    writeFileSync(join(root, 'README.md'), PAGE);
    writeFileSync(join(root, 'docs', 'a.md'), '# A\n');
    writeFileSync(join(root, 'docs', 'b.md'), '# B\n\n## Second part, of `it`\n\n[up](../README.md) [beside](c.md)\n');
    const shipped = ['README.md', 'docs/b.md'];
    const links = linksOf('README.md', root, shipped);
    assert.is(links.length, 7);
    assert.equal(
      links.filter(({ broken }) => broken !== undefined),
      [
        { target: 'docs/c.md', broken: 'is not there' },
        { target: 'docs/b.md#third', broken: 'has no such heading' },
        { target: 'docs/a.md', broken: 'is not in the published package' },
      ],
    );
    // a page that is not published may link to what is not
    const own = linksOf('README.md', root, ['docs/b.md']).filter(({ broken }) => broken !== undefined);
    assert.equal(
      own.map(({ target }) => target),
      ['docs/c.md', 'docs/b.md#third'],
    );
    assert.equal(linksOf('docs/b.md', root, shipped), [
      { target: '../README.md' },
      { target: 'c.md', broken: 'is not there' },
    ]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('a paragraph that goes on with a sign is found, a list is not', () => {
  assert.equal(strayLists('the last position\n+ 1, as before\n'), ['+ 1, as before']);
  assert.equal(strayLists('a list:\n\n- one\n- two\n\n```\na\n- b\n```\n\n| a |\n- b\n'), []);
});

test.run();
