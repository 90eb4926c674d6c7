// What the package's declarations keep: the statements an entry leads to, with their docstrings. The comment at the head of a
// file tells readers of the source where they are; no editor shows it, so that goes, except in the entries.

/** One statement: its comment, its text, the name it declares. tsc indents or closes every line but the first. */
const STATEMENT = /((?:\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)*)(^(?![ \t})\]]).*\n?(?:^[ \t})\]].*\n?)*)/gm;
const DECLARATION =
  /^(?:export )?(?:declare )?(?:abstract )?(?:const|let|function|class|interface|type|namespace) ([\w$]+)/;
const COMMENT = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n/g;

const wordsOf = (text: string): string[] => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '').match(/[\w$]+/g) ?? [];

interface Statement {
  /** The comment that belongs to it, and all that stand before it. */
  readonly doc: string;
  readonly comments: string;
  readonly code: string;
  readonly name: string | undefined;
  readonly isImport: boolean;
  readonly words: readonly string[];
}

function statementsOf(text: string): Statement[] {
  return Array.from(text.matchAll(STATEMENT), ([, comments, code]) => ({
    doc: comments.match(COMMENT)?.at(-1) ?? '',
    comments,
    code,
    name: DECLARATION.exec(code)?.[1],
    isImport: /^import\b/.test(code),
    words: wordsOf(code),
  }));
}

/** An import with only the names in `used`; nothing when none is. */
function narrowed(code: string, used: ReadonlySet<string>): string {
  const [, head, list, tail] = /^(import (?:type )?\{)([^}]*)(\}[\s\S]*)$/.exec(code) ?? [];
  if (list === undefined) return code;
  const names = list.split(',').map((name) => name.trim());
  const kept = names.filter((name) => used.has(name.split(/\s+/).at(-1) ?? ''));
  return kept.length === 0 ? '' : `${head} ${kept.join(', ')} ${tail}`;
}

/**
 * The declaration files with nothing in them that no entry leads to. A name is led to when a statement that is kept mentions
 * it, in whichever file: rather one too many than one too few. @param texts path to text @param entries paths
 */
export function pruned(texts: ReadonlyMap<string, string>, entries: readonly string[]): Map<string, string> {
  const parsed = new Map(Array.from(texts, ([file, text]) => [file, statementsOf(text)]));
  const kept = new Set<Statement>();
  const words = new Set<string | undefined>();
  const keep = (statement: Statement) => {
    kept.add(statement);
    for (const word of statement.words) words.add(word);
  };
  for (const [file, statements] of parsed) {
    for (const statement of statements) {
      if (!statement.isImport && (entries.includes(file) || statement.name === undefined)) keep(statement);
    }
  }
  for (let before = -1; before < kept.size; ) {
    before = kept.size;
    for (const statement of Array.from(parsed.values()).flat()) {
      if (!kept.has(statement) && !statement.isImport && words.has(statement.name)) keep(statement);
    }
  }
  return new Map(
    Array.from(parsed, ([file, statements]) => {
      const used = new Set(statements.flatMap((statement) => (kept.has(statement) ? statement.words : [])));
      const text = statements.map((statement) => {
        const { doc, comments, code, isImport } = statement;
        if (entries.includes(file)) return comments + code;
        if (isImport) return narrowed(code, used);
        return kept.has(statement) ? (code.startsWith('///') ? '' : doc) + code : '';
      });
      return [file, text.join('')];
    }),
  );
}
