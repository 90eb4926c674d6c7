/** The words the golden runner's parts share. The record schema itself is described in tests/golden/README.md. */
import type { Api } from './api.ts';

export type Dtype = 'float32' | 'float64' | 'int32' | 'bool';

/** A golden array: row-major, already revived into the typed array of its dtype. */
export interface Golden {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
}

export interface Tolerance {
  readonly abs: number;
  readonly rel: number;
}

export type Params = Readonly<Record<string, unknown>>;

export interface GoldenRecord {
  /** The file the record came from, as given on the command line. */
  readonly path: string;
  readonly name: string;
  /** `params.system`, else the file's family (mrope-index), else 'configs' | 'configs-bad' by the record's form. */
  readonly system: string;
  readonly op: string | undefined;
  readonly params: Params;
  readonly inputs: Readonly<Record<string, Golden>>;
  readonly outputs: Readonly<Record<string, Golden>>;
  readonly tolerance: Tolerance;
  readonly toleranceExactMode: Tolerance | undefined;
  /** The record as parsed, for families with a schema of their own (configs). */
  readonly raw: Readonly<Record<string, unknown>>;
}

export type Precision = 'exact' | 'torch' | 'ggml';

export interface Context {
  readonly api: Api;
  /** The precision this run is to be made with. */
  readonly precision: Precision;
}

/** What an adapter hands back for one output; compared element by element. */
export interface Output {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export type Outputs = Record<string, Output>;

interface Discriminated {
  /**
   * Which records are this adapter's: every key must have one of the listed values (`undefined` = absent).
   * `system` and `op` are the record's, every other key is a parameter. Never the name, the file, `source` or a note.
   */
  readonly when: Readonly<Record<string, readonly unknown[]>>;
}

/** An adapter for records with inputs and outputs: it only computes, the runner compares. */
export interface ComputingAdapter extends Discriminated {
  /** Parameters it understands, beyond those in `when`. Any other parameter makes the record unsupported. */
  readonly params: readonly string[];
  /** Inputs it understands. Any other input makes the record unsupported. */
  readonly inputs: readonly string[];
  run(record: GoldenRecord, context: Context): Outputs;
}

/** An adapter for a family with a schema of its own: it compares by itself and returns its findings. */
export interface CheckingAdapter extends Discriminated {
  check(record: GoldenRecord, context: Context): Finding[];
}

export type Adapter = ComputingAdapter | CheckingAdapter;

/** The outcome of one comparison: the worst element of one output. */
export interface Finding {
  readonly output: string;
  readonly ok: boolean;
  /** |got - want| at the worst element; Infinity when the two are not comparable. */
  readonly maxAbs: number;
  /** What the tolerance allows at that element. */
  readonly allowed: number;
  /** For a failure: what is wrong, in one line. */
  readonly message?: string;
}

export type Status = 'passed' | 'failed' | 'unsupported';

export interface Result {
  readonly path: string;
  readonly name: string;
  readonly system: string;
  readonly op: string | null;
  readonly status: Status;
  /** The worst element over all outputs, relative to what is allowed there. */
  readonly maxAbs: number | null;
  readonly allowed: number | null;
  readonly output: string | null;
  /** Failures, or why the record is unsupported. */
  readonly messages?: readonly string[];
}

/** Thrown by an adapter for a parameter value that it does not know. */
export class Unsupported extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Unsupported';
  }
}
