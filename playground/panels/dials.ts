/** Pairs of channels as clocks: two words are two hands; the shaded arc is what training showed to the pair. */
import { css, lineColours } from '../colour.ts';
import { s } from '../dom.ts';
import { show, T, tr } from '../text.ts';
import { theme } from '../theme.ts';
import type { Dial, DialsPanel } from '../view.ts';

const SIZE = 82;
const TURN = 2 * Math.PI;

export function dials(panel: DialsPanel, width: number): SVGElement {
  const columns = Math.max(2, Math.min(panel.dials.length, Math.floor(width / SIZE)));
  const cell = Math.min(128, width / columns);
  const rows = Math.ceil(panel.dials.length / columns);
  const legend = 24;
  const height = rows * (cell + 22) + legend;
  const svg = s('svg', { width, height, viewBox: `0 0 ${width} ${height}` });
  const colours = lineColours(theme());
  const [first, second] = [css(colours[0]), css(colours[5])];
  let x = 4;
  panel.words.forEach((word, i) => {
    const text = tr(word);
    svg.append(s('line', { x1: x, x2: x + 18, y1: 11, y2: 11, stroke: i ? second : first, 'stroke-width': 3.5 }));
    svg.append(s('text', { class: 'label', x: x + 24, y: 15 }, text));
    x += 44 + [...text].reduce((sum, c) => sum + (c > '\u2e80' ? 13 : 7.2), 0);
  });
  panel.dials.forEach((dial, i) => {
    const [cx, cy] = [(i % columns) * cell + cell / 2, legend + Math.floor(i / columns) * (cell + 22) + cell / 2];
    const group = one(dial, cx, cy, cell / 2 - 8, first, second);
    if (panel.drag && dial.speed) group.dataset.dial = String(i);
    svg.append(group);
  });
  return svg;
}

/** How many positions a hand moves its word when it is dragged from one point to another, and which hand is nearer to the first. */
export class HandDrag {
  readonly hand: 0 | 1;
  #centre: DOMPoint;
  #angle: number;
  #speed: number;
  #turned = 0;

  constructor(dial: Dial, face: Element, event: PointerEvent) {
    const box = face.getBoundingClientRect();
    this.#centre = new DOMPoint(box.left + box.width / 2, box.top + box.height / 2);
    this.#angle = this.#at(event);
    this.#speed = dial.speed as number;
    const off = (hand: number) => Math.acos(Math.cos(hand - this.#angle));
    this.hand = dial.b !== undefined && off(dial.b) < off(dial.a) ? 1 : 0;
  }

  moved(event: PointerEvent): number {
    const to = this.#at(event);
    // the shorter way round
    this.#turned += Math.atan2(Math.sin(to - this.#angle), Math.cos(to - this.#angle));
    this.#angle = to;
    return this.#turned / this.#speed;
  }

  #at = ({ clientX, clientY }: PointerEvent) => Math.atan2(clientX - this.#centre.x, this.#centre.y - clientY);
}

const at = (cx: number, cy: number, r: number, angle: number) =>
  `${(cx + r * Math.sin(angle)).toFixed(1)} ${(cy - r * Math.cos(angle)).toFixed(1)}`;

/** Part of a disc, from one angle to another, clockwise. */
function slice(cx: number, cy: number, r: number, from: number, to: number): string {
  const large = to - from > Math.PI ? 1 : 0;
  return `M${cx} ${cy}L${at(cx, cy, r, from)}A${r} ${r} 0 ${large} 1 ${at(cx, cy, r, to)}Z`;
}

function one(dial: Dial, cx: number, cy: number, r: number, first: string, second: string): SVGElement {
  const { a, b, seen, lengths = [1, 1], name } = dial;
  const fresh = seen !== undefined && seen < TURN && (dial.asked ?? a) > seen * (1 + 1e-9);
  const between = b === undefined ? undefined : Math.acos(Math.cos(a - b));
  const said = T(
    `${name.en}: ${turns(a).en}${b === undefined ? '' : `, the other ${turns(b).en}; between them ${show((between as number) * (360 / TURN), 3)}°, cosine ${show(Math.cos(a - b), 3)}`}${seen === undefined ? '' : seen >= TURN ? '; training showed every angle' : fresh ? '; beyond what training showed' : '; within what training showed'}`,
    `${name.zh}：${turns(a).zh}${b === undefined ? '' : `，另一根 ${turns(b).zh}；夹角 ${show((between as number) * (360 / TURN), 3)}°，余弦 ${show(Math.cos(a - b), 3)}`}${seen === undefined ? '' : seen >= TURN ? '；训练见过所有角度' : fresh ? '；超出训练见过的范围' : '；在训练见过的范围内'}`,
  );
  const group = s('g', { class: `dial${fresh ? ' fresh' : ''}`, 'data-say': tr(said) });
  group.append(s('circle', { class: 'face', cx, cy, r }));
  if (seen !== undefined) {
    if (seen >= TURN) group.append(s('circle', { class: 'seen', cx, cy, r: r - 1 }));
    else if (seen > 0) group.append(s('path', { class: 'seen', d: slice(cx, cy, r - 1, 0, seen) }));
  }
  if (b !== undefined) {
    // the shorter way from one hand to the other
    let turn = (((b - a) % TURN) + TURN) % TURN;
    if (turn > Math.PI) turn -= TURN;
    const [from, to] = turn < 0 ? [a + turn, a] : [a, a + turn];
    group.append(
      s('path', {
        class: 'between',
        d: `M${at(cx, cy, r * 0.42, from)}A${r * 0.42} ${r * 0.42} 0 0 1 ${at(cx, cy, r * 0.42, to)}`,
      }),
    );
    const [x2, y2] = at(cx, cy, r * 0.94 * lengths[1], b).split(' ');
    group.append(s('line', { class: 'hand', x1: cx, y1: cy, x2, y2, stroke: second }));
  }
  const [x2, y2] = at(cx, cy, r * 0.94 * lengths[0], a).split(' ');
  group.append(s('line', { class: 'hand', x1: cx, y1: cy, x2, y2, stroke: first }));
  group.append(s('circle', { class: 'pin', cx, cy, r: 2.5 }));
  group.append(s('text', { class: 'label', x: cx, y: cy + r + 16, 'text-anchor': 'middle' }, tr(name)));
  return group;
}

const turns = (angle: number) => T(`${show(angle / TURN, 3)} turns`, `转了 ${show(angle / TURN, 3)} 圈`);
