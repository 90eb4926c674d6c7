/** What plots draw: in a file of its own, because the drawers and the command that calls them both need it. */

/** Rows of numbers with what its axes are. */
export interface Picture {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}
