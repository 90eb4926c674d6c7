/** Numbers that pages say (scripts/docs-facts.ts): one that is no longer true is found, and one that is gone. */
import * as assert from 'uvu/assert';
import { type Fact, wrongFacts } from '../../scripts/docs-facts.ts';
import { test } from '../support/test.ts';

const size: Fact = { what: 'kB of x', pages: ['a.md', 'b.md'], pattern: /x is (\d+) kB/g, now: 100, slack: 0.04 };
const pages: Record<string, string> = { 'a.md': 'x is 97 kB; and here x is 90 kB', 'b.md': 'nothing' };

test('a number that is off, and a page that has lost it', () => {
  assert.equal(
    wrongFacts([size], (page) => pages[page]),
    ['a.md: says 90 for kB of x; it is 100', 'b.md: does not say kB of x; it is 100'],
  );
  assert.equal(
    wrongFacts([{ ...size, pages: ['a.md'], now: 93 }], (page) => pages[page]),
    ['a.md: says 97 for kB of x; it is 93'],
  );
  assert.equal(
    wrongFacts([{ ...size, pages: ['a.md'], now: 93, slack: 0.05 }], (page) => pages[page]),
    [],
  );
});

test.run();
