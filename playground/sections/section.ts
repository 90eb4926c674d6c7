/** What a page of the playground gives to the shell. */
export interface Shown {
  /** Draws again in other colours; nothing the reader typed is lost. */
  repaint(): void;
  dispose(): void;
}
