/** Text that came from a file, as a terminal and a message may hold it. */

/**
 * Characters that move the cursor, end the line, turn the direction of writing or cannot be seen. A terminal obeys them
 * wherever they come from.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSEEN = /[\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|\p{Cs}/gu;

/** The text on one line, with such characters as \xNN or \uNNNN; the latter alone for JSON, which has no other. */
export function printable(text: string, json = false): string {
  return text.replace(UNSEEN, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return json || code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
  });
}
