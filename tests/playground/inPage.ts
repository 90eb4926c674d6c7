/**
 * What runs inside the page, in whichever browser: it goes from address to address, and reads the pixels of sampled cells of
 * every map, and whatever went wrong. Self-contained: it is sent as text.
 */
export interface Sample {
  readonly row: number;
  readonly col: number;
  readonly rgb: readonly [number, number, number];
}
export interface SeenMap {
  readonly view: string;
  readonly rows: number;
  readonly cols: number;
  readonly samples: readonly Sample[];
}
export interface Seen {
  readonly hash: string;
  readonly maps: readonly SeenMap[];
  readonly heading: string;
  /** Messages in place of figures. */
  readonly errors: readonly string[];
}

export async function tour(hashes: readonly string[]): Promise<Seen[]> {
  const settle = () => new Promise<void>((resolve) => setTimeout(() => requestAnimationFrame(() => resolve()), 40));
  const seen: Seen[] = [];
  for (const hash of hashes) {
    location.hash = hash;
    await settle();
    const maps = [...document.querySelectorAll<HTMLCanvasElement>('.map canvas')].map((canvas) => {
      const { width: cols, height: rows } = canvas;
      const pixels = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(0, 0, cols, rows).data;
      const samples = Array.from({ length: 24 }, (_, i): Sample => {
        // corners, then cells spread by the golden ratio
        const row = i < 4 ? (i & 1) * (rows - 1) : Math.floor(((i * 0.618034) % 1) * rows);
        const col = i < 4 ? (i >> 1) * (cols - 1) : Math.floor(((i * 0.381966 + 0.5 * (i % 2)) % 1) * cols);
        const at = 4 * (row * cols + col);
        return { row, col, rgb: [pixels[at], pixels[at + 1], pixels[at + 2]] };
      });
      const view = canvas.closest<HTMLElement>('[data-view]')?.dataset.view ?? '';
      return { view, rows, cols, samples };
    });
    const errors = [...document.querySelectorAll('.error')].map((element) => element.textContent ?? '');
    seen.push({ hash, maps, heading: document.querySelector('main h2')?.textContent ?? '', errors });
  }
  return seen;
}

/** Sentences that are English though the page is Chinese: at least four Latin words in a row, outside of names and code. */
export function english(): string[] {
  const found: string[] = [];
  const walker = document.createTreeWalker(document.getElementById('app') as HTMLElement, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement as Element;
    if (parent.closest('[lang=en], [translate=no], math, textarea, option[value=""]')) continue;
    const text = node.textContent ?? '';
    if (/(?:[A-Za-z]{2,}[ ,]+){3}[A-Za-z]{2,}/.test(text)) found.push(text);
  }
  for (const element of document.querySelectorAll('[aria-label]')) {
    const label = element.getAttribute('aria-label') ?? '';
    if (!/[\u4e00-\u9fff]/.test(label) && /[A-Za-z]{3,} [a-z]{3,}/.test(label)) found.push(label);
  }
  return found;
}
