/** Dark or light: what the system asks for, or what the reader chose. */
import type { Theme } from './colour.ts';

let chosen: Theme | undefined;
const dark = globalThis.matchMedia?.('(prefers-color-scheme: dark)');

export const theme = (): Theme => chosen ?? (dark?.matches ? 'dark' : 'light');

export function setTheme(to: Theme | undefined): void {
  chosen = to;
  document.documentElement.dataset.theme = theme();
}

export function onSystemTheme(tell: () => void): void {
  dark?.addEventListener('change', () => {
    if (chosen === undefined) tell();
  });
}
