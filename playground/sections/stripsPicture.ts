/** The strips as one drawing, for the buttons that save a picture. */
import { s } from '../dom.ts';

const [LEFT, MIDDLE, RIGHT, LINE] = [180, 560, 330, 46];

export function stripsPicture(strips: HTMLElement, tokens: HTMLElement): SVGElement {
  const rows = [...strips.querySelectorAll<HTMLElement>('.strip')];
  const width = LEFT + MIDDLE + RIGHT;
  const height = 60 + rows.length * LINE;
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue('--ink').trim();
  const font = { 'font-family': 'sans-serif', 'font-size': 14, fill: ink };
  const svg = s('svg', { width, height, viewBox: `0 0 ${width} ${height}` });
  const words = [...tokens.children];
  words.forEach((word, i) => {
    const text = (word.lastChild?.textContent ?? '').trim();
    svg.append(
      s('text', { ...font, x: LEFT + ((i + 0.5) * MIDDLE) / words.length, y: 34, 'text-anchor': 'middle' }, text),
    );
  });
  rows.forEach((row, i) => {
    const y = 54 + i * LINE;
    const lines = [...(row.querySelector('.strip-name')?.children ?? [])];
    lines.forEach((line, n) => {
      const size = n === 0 ? 14 : 11;
      const place = { x: LEFT - 14, y: y + 26 + 13 * n, 'text-anchor': 'end' };
      svg.append(s('text', { ...font, 'font-size': size, ...place }, line.textContent ?? ''));
    });
    const verdict = row.querySelector('.verdict');
    svg.append(
      s(
        'text',
        { ...font, x: LEFT + MIDDLE + 14, y: y + 26, fill: verdict ? getComputedStyle(verdict).color : ink },
        verdict?.textContent ?? '',
      ),
    );
    const bars = row.querySelector('svg');
    if (!bars) return;
    const group = s('g', { transform: `translate(${LEFT} ${y}) scale(${MIDDLE / 700} 1)` });
    for (const element of bars.children) {
      const own = getComputedStyle(element);
      const copy = element.cloneNode(true) as SVGElement;
      for (const name of ['fill', 'stroke', 'stroke-dasharray', 'stroke-width', 'fill-opacity'])
        copy.setAttribute(name, own.getPropertyValue(name));
      copy.removeAttribute('class');
      group.append(copy);
    }
    svg.append(group);
  });
  return svg;
}
