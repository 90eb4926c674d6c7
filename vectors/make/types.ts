/** The words of the suite. What each means to its user is written in docs/conformance.md. */

export interface Numbers {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'float64' | 'int32' | 'bool' | 'text';
  readonly data: readonly (number | string)[];
}

/** An expected output. An element passes if |got - want| <= abs + rel |want|; abs has one number, or one a row (last axis). */
export interface Expected extends Numbers {
  readonly abs: readonly number[];
  readonly rel: number;
  /** A table on the way, that an implementation need not show. */
  readonly optional?: boolean;
}

export type Result = 'valid' | 'acceptable' | 'invalid';

// biome-ignore lint/suspicious/noExplicitAny: records are read as they are published
export type Loose = any;

/** A golden record with the place it comes from. */
export interface Source {
  /** Directory in tests/golden. */
  readonly group: string;
  /** File without its ending. */
  readonly topic: string;
  readonly record: Loose;
}

/** A case before ids, flags and comments: a record, or one output of a record that holds several questions. */
export interface Draft {
  readonly source: Source;
  /** Added to the id; a record that is one case has none. */
  readonly part?: string;
  readonly op: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, Numbers>>;
  readonly outputs: Readonly<Record<string, Numbers>>;
  /** Where an output stands in the golden record, if under another name. */
  readonly names?: Readonly<Record<string, string>>;
}

export interface Case {
  readonly id: string;
  readonly op: string;
  readonly result: Result;
  readonly flags: readonly string[];
  readonly comment: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, Numbers>>;
  readonly outputs: Readonly<Record<string, Expected>>;
  /** Why the tolerance is what it is; `strict` is for whoever repeats the float32 operations of the source. */
  readonly tolerance?: { readonly why: string; readonly strict?: { readonly abs: number; readonly rel: number } };
  /** Of `invalid` cases: what must happen, and what the message must name. */
  readonly refuse?: { readonly as: 'error' | 'warning' | 'either'; readonly about: string };
  /** Of `acceptable` cases: the question that public implementations answer differently, and whose answer this is. */
  readonly question?: string;
  readonly answer?: string;
  /** What else is known of a model's file, for authors of readers; not compared. */
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly notes?: string;
  readonly source: string;
}

export interface Group {
  readonly name: string;
  readonly title: string;
  readonly cases: readonly Case[];
}
