/** Segments of a long text as a train: what the rear wagon of one holds is carried to the front of the next. */
import { css, lineColours } from '../colour.ts';
import { s } from '../dom.ts';
import { T, tr } from '../text.ts';
import { theme } from '../theme.ts';
import type { TrainPanel } from '../view.ts';

const LINE = 66;
const BOX = 34;

export function train(panel: TrainPanel, width: number): SVGElement {
  const shown = panel.segments.slice(0, 6);
  const height = shown.length * LINE + 26;
  const svg = s('svg', { width, height, viewBox: `0 0 ${width} ${height}` });
  const colours = lineColours(theme());
  const [memory, text] = [css(colours[5]), css(colours[0])];
  const longest = Math.max(...shown.map(({ length }) => length));
  const wagon = Math.min(90, width * 0.16);
  const inner = width - 2 * wagon - 24;
  const front = T('front memory', '前部记忆');
  const rear = T('rear memory', '尾部记忆');
  shown.forEach(({ start, length }, i) => {
    const y = 6 + i * LINE;
    const body = Math.max(60, (inner * length) / longest);
    const box = (x: number, wide: number, colour: string, label: string, say: string) => {
      const group = s('g', { 'data-say': say });
      group.append(
        s('rect', {
          class: 'wagon',
          x,
          y,
          width: wide,
          height: BOX,
          rx: 5,
          fill: colour,
          opacity: i <= panel.shown ? 1 : 0.3,
        }),
      );
      group.append(s('text', { class: 'inside', x: x + wide / 2, y: y + BOX / 2 + 4, 'text-anchor': 'middle' }, label));
      svg.append(group);
    };
    const step = T(`step ${i + 1}`, `第 ${i + 1} 步`);
    box(
      0,
      wagon,
      memory,
      i === 0 ? tr(T('learned', '可学习')) : tr(T(`memory ${i}`, `记忆 ${i}`)),
      `${tr(step)}: ${tr(front)}`,
    );
    box(
      wagon + 8,
      body,
      text,
      tr(T(`words ${start}–${start + length - 1}`, `词 ${start}–${start + length - 1}`)),
      tr(T(`Segment ${i + 1}: ${length} words`, `第 ${i + 1} 段：${length} 个词`)),
    );
    box(
      wagon + 16 + body,
      wagon,
      memory,
      tr(T(`memory ${i + 1}`, `记忆 ${i + 1}`)),
      tr(
        T(
          `Rear memory: ${panel.memory} tokens, written after reading the segment`,
          `尾部记忆：${panel.memory} 个词元，读完本段后写入`,
        ),
      ),
    );
    if (i + 1 < shown.length) {
      const [x, below] = [wagon * 1.5 + 16 + body, y + BOX];
      svg.append(
        s('path', {
          class: 'carry',
          d: `M${x} ${below}v12H${wagon / 2}v${LINE - BOX - 14}`,
          stroke: memory,
          opacity: i < panel.shown ? 1 : 0.3,
        }),
      );
      svg.append(s('path', { class: 'arrow', d: `M${wagon / 2 - 5} ${y + LINE - 9}l5 8l5 -8z`, fill: memory }));
    }
  });
  const rest = panel.segments.length - shown.length;
  if (rest > 0)
    svg.append(
      s('text', { class: 'tick', x: 0, y: height - 6 }, tr(T(`and ${rest} more segments`, `以及另外 ${rest} 段`))),
    );
  svg.append(
    s(
      'text',
      { class: 'tick', x: width - 4, y: height - 6, 'text-anchor': 'end' },
      tr(T(`${front.en} → text → ${rear.en}`, `${front.zh} → 文本 → ${rear.zh}`)),
    ),
  );
  return svg;
}
