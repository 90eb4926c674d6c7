/** What the source maps of the package leave out: what no stack trace leads to, and what the package holds beside them. */

/** Sources that are named without their text: data and lists, a third of what a map of models would hold. */
export const DATA_SOURCES = /models\/records\/|runtime\/kernels\.ts$|rotary\/axialPresets\.ts$|(^|\/)index\.ts$/;

const DOCSTRING = /[ \t]*\/\*\*.*?\*\//gs;
/** A comment whatever its indentation. */
const flat = (comment: string) => comment.trimStart().replace(/\n\s*/g, '\n');

/** The docstrings of a text. */
export const comments = (text: string): string[] => (text.match(DOCSTRING) ?? []).map(flat);

/** A source whose docstrings are blank lines where the declarations hold them word for word: line numbers stay as they are. */
export const withoutComments = (text: string, published: ReadonlySet<string>): string =>
  text.replace(DOCSTRING, (comment) => (published.has(flat(comment)) ? comment.replace(/[^\n]/g, '') : comment));
