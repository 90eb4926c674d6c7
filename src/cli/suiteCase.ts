/** The files of posenc-vectors, as far as the report reads them. What the fields mean: docs/conformance.md. */

export interface Expected {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly (number | string)[];
  /** One bound, or one for each row (last axis). */
  readonly abs: readonly number[];
  readonly rel: number;
  /** A table on the way: compared when it is given. */
  readonly optional?: boolean;
}

export interface SuiteCase {
  readonly id: string;
  readonly op: string;
  readonly result: 'valid' | 'acceptable' | 'invalid';
  readonly flags: readonly string[];
  readonly comment: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: readonly (number | string)[] }>
  >;
  readonly outputs: Readonly<Record<string, Expected>>;
  readonly tolerance?: { readonly strict?: { readonly abs: number; readonly rel: number } };
  readonly refuse?: { readonly as: string; readonly about: string };
  readonly question?: string;
  readonly answer?: string;
}

export interface Suite {
  readonly version: string;
  readonly fingerprint: string;
  readonly cases: readonly SuiteCase[];
  /** flags.json */
  readonly flags: Readonly<Record<string, { readonly about: string; readonly usually: string }>>;
}
