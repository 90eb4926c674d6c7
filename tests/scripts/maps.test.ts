import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { comments, withoutComments } from '../../scripts/maps.ts';

const SOURCE = `/** Ours. */
/**
 * Published:
 * two lines.
 */
export function f() {
  /** Published too. */
  return 1; // said here
}
`;

test('docstrings that the declarations hold are blank lines, all else stays where it was', () => {
  const published = new Set(
    comments(
      'declare class A {\n    /**\n     * Published:\n     * two lines.\n     */\n    f(): 1;\n    /** Published too. */\n}',
    ),
  );
  const text = withoutComments(SOURCE, published);
  assert.is(text, '/** Ours. */\n\n\n\n\nexport function f() {\n\n  return 1; // said here\n}\n');
  assert.is(withoutComments(SOURCE, new Set()), SOURCE);
});

test.run();
