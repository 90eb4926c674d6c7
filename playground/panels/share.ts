/** The four buttons under a figure: its address, its picture as SVG and PNG, and the line that embeds it. */
import { copyText, h } from '../dom.ts';
import { embedding, here } from '../state.ts';
import { T, type Text, tr } from '../text.ts';

const NAMES = {
  link: T('Copy link', '复制链接'),
  svg: T('SVG', 'SVG'),
  png: T('PNG', 'PNG'),
  embed: T('Embed', '嵌入'),
};
/** Styles that a picture needs when it stands alone. */
const KEPT = [
  'fill',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linecap',
  'stroke-linejoin',
  'opacity',
  'fill-opacity',
  'font-size',
  'font-family',
  'font-weight',
  'text-anchor',
  'paint-order',
  'visibility',
];

/** @param picture the figure as an SVG element that is, or was, in the page */
export function shareButtons(title: () => string, picture: () => SVGElement): HTMLElement {
  const status = h('span', { class: 'copied', role: 'status' });
  const say = (text: Text) => {
    status.textContent = tr(text);
    setTimeout(() => (status.textContent = ''), 2500);
  };
  const copied = (text: string) =>
    void copyText(text).then((done) => say(done ? T('Copied', '已复制') : T('Copying was refused', '无法复制')));
  const button = (kind: keyof typeof NAMES, click: () => void) =>
    h(
      'button',
      { type: 'button', class: 'share', 'data-share': kind, 'aria-label': `${tr(NAMES[kind])}: ${title()}`, click },
      tr(NAMES[kind]),
    );
  return h(
    'div',
    { class: 'shares' },
    button('link', () => copied(here())),
    button('svg', () => download(svgUrl(alone(picture())), `${fileName(title())}.svg`)),
    button('png', () => void png(alone(picture())).then((url) => download(url, `${fileName(title())}.png`))),
    embedding('') !== undefined && button('embed', () => copied(embedding(title()) as string)),
    status,
  );
}

const fileName = (title: string) =>
  title
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60) || 'posenc';

function download(href: string, name: string): void {
  const link = h('a', { href, download: name, class: 'away' });
  document.body.append(link);
  link.click();
  link.remove();
}

const svgUrl = (svg: SVGElement) =>
  `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;

/** A copy whose colours and letters do not depend on the style sheet. */
export function alone(source: SVGElement): SVGElement {
  const copy = source.cloneNode(true) as SVGElement;
  const [from, to] = [
    [source, ...source.querySelectorAll('*')],
    [copy, ...copy.querySelectorAll('*')],
  ];
  from.forEach((element, i) => {
    if (!source.isConnected) return;
    const style = getComputedStyle(element);
    for (const name of KEPT) {
      const value = style.getPropertyValue(name);
      if (value) to[i].setAttribute(name, value);
    }
    to[i].removeAttribute('class');
  });
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const paper = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  paper.setAttribute('width', '100%');
  paper.setAttribute('height', '100%');
  paper.setAttribute('fill', getComputedStyle(document.documentElement).getPropertyValue('--paper').trim());
  copy.prepend(paper);
  return copy;
}

/** Twice as large as on the screen, for printing and for dense displays. */
async function png(svg: SVGElement): Promise<string> {
  const [width, height] = ['width', 'height'].map((name) => Number(svg.getAttribute(name)));
  const image = new Image();
  image.src = svgUrl(svg);
  await image.decode();
  const canvas = h('canvas', { width: 2 * width, height: 2 * height });
  (canvas.getContext('2d') as CanvasRenderingContext2D).drawImage(image, 0, 0, 2 * width, 2 * height);
  return canvas.toDataURL('image/png');
}
