/** Dark or light: what the system asks for, or what the reader chose. */
import type { Theme } from './colour.ts';

let chosen: Theme | undefined;
/** A theme that holds for one drawing only: pictures for print are light. */
let forced: Theme | undefined;
const dark = globalThis.matchMedia?.('(prefers-color-scheme: dark)');

export const theme = (): Theme => forced ?? chosen ?? (dark?.matches ? 'dark' : 'light');

export function setTheme(to: Theme | undefined): void {
  chosen = to;
  document.documentElement.dataset.theme = theme();
}

/** Paper is light, whatever the screen is. */
export function forceTheme(to: Theme | undefined): void {
  forced = to;
  document.documentElement.dataset.theme = theme();
}

export function onSystemTheme(tell: () => void): void {
  dark?.addEventListener('change', () => {
    if (chosen === undefined) tell();
  });
}
