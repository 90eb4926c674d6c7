/** Section 6: this browser, now. */

import { simd } from '#wasm';
import { fingerprint } from '../../src/fingerprint.ts';
import { h } from '../dom.ts';
import { alibi, applyRotary, createEngine, rotaryTable, sinusoidal, Tensor } from '../library.ts';
import { grouped, show, T, type Text, tr } from '../text.ts';
import { noise } from '../view.ts';
import type { Shown } from './section.ts';

/** Written in at build time by running the package in Node. */
declare const PUBLISHED_FINGERPRINT: string;

interface Job {
  readonly name: Text;
  readonly bytes: number;
  readonly ours: () => void;
  readonly plain: () => void;
}

/** Kernels against plain JavaScript as one would write it with care: typed arrays, tables and frequencies hoisted. */
function jobs(): { list: Job[]; dispose(): void } {
  const engine = createEngine();
  const [length, dim] = [512, 384];
  const table = Tensor.zeros([length, dim], { engine });
  const other = new Float32Array(length * dim);
  const frequencies = Float64Array.from({ length: dim / 2 }, (_, k) => 10000 ** ((-2 * k) / dim));

  const rope = rotaryTable({ headDim: 128, ropeTheta: 500000 }, { length: 512, engine });
  const [tokens, heads, width] = [512, 32, 128];
  const numbers = noise(tokens * heads * width);
  const q = Tensor.from(numbers, [1, tokens, heads, width], { engine });
  const cos = rope.cos.toFloat32Array();
  const sin = rope.sin.toFloat32Array();
  const plain = Float32Array.from(numbers);

  const bias = alibi({ heads: 16, keyLength: 512, engine });
  const slopes = Float32Array.from({ length: 16 }, (_, i) => 2 ** (-(i + 1) / 2));
  const biasOther = new Float32Array(bias.length);

  const list: Job[] = [
    {
      name: T('Sinusoidal table, 512 × 384', '正弦表，512 × 384'),
      bytes: 4 * table.length,
      ours: () => sinusoidal({ length, dim, out: table }),
      plain: () => {
        for (let p = 0, at = 0; p < length; p++)
          for (let k = 0; k < dim / 2; k++) {
            const angle = p * frequencies[k];
            other[at++] = Math.sin(angle);
            other[at++] = Math.cos(angle);
          }
      },
    },
    {
      name: T('Rotate queries, 512 × 32 × 128, in place', '旋转查询，512 × 32 × 128，就地'),
      bytes: 8 * q.length,
      ours: () => applyRotary(q, rope),
      plain: () => {
        const pairs = width / 2;
        for (let t = 0; t < tokens; t++) {
          for (let head = 0; head < heads; head++) {
            let at = (t * heads + head) * width;
            for (let k = t * pairs; k < (t + 1) * pairs; k++, at++) {
              const [a, b] = [plain[at], plain[at + pairs]];
              plain[at] = a * cos[k] - b * sin[k];
              plain[at + pairs] = b * cos[k] + a * sin[k];
            }
          }
        }
      },
    },
    {
      name: T('ALiBi matrix, 16 × 512 × 512', 'ALiBi 矩阵，16 × 512 × 512'),
      bytes: 4 * bias.length,
      ours: () => alibi({ heads: 16, keyLength: 512, out: bias }),
      plain: () => {
        for (let head = 0, at = 0; head < 16; head++) {
          const slope = -slopes[head];
          for (let i = 0; i < 512; i++) for (let j = 0; j < 512; j++) biasOther[at++] = slope * Math.abs(i - j);
        }
      },
    },
  ];
  return { list, dispose: () => engine.dispose() };
}

/** Best time of one run in milliseconds; runs are repeated until the clock of a browser can see them. */
function best(run: () => void): number {
  let shortest = Number.POSITIVE_INFINITY;
  let times = 1;
  for (let round = 0; round < 12; round++) {
    const start = performance.now();
    for (let i = 0; i < times; i++) run();
    const each = (performance.now() - start) / times;
    if (each * times < 4) {
      times *= 2;
      round--;
      if (times > 4096) break;
    } else shortest = Math.min(shortest, each);
  }
  return shortest;
}

export const speedPage = {
  title: T('Speed', '速度'),
  render(main: HTMLElement): Shown {
    let gone = false;
    const body = h('tbody');
    const status = h('p', { role: 'status', class: 'note' }, tr(T('Not measured yet.', '尚未测量。')));
    const run = h(
      'button',
      { type: 'button', id: 'measure', click: () => void measure() },
      tr(T('Measure', '开始测量')),
    );
    const measure = async () => {
      run.disabled = true;
      body.replaceChildren();
      const work = jobs();
      for (const job of work.list) {
        status.textContent = tr(T(`Measuring: ${job.name.en} …`, `正在测量：${job.name.zh} …`));
        // a turn of the event loop, so that the words are seen before the page is busy
        await new Promise((resolve) => setTimeout(resolve, 30));
        if (gone) break;
        const ours = best(job.ours);
        const plain = best(job.plain);
        body.append(
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, tr(job.name)),
            h('td', { class: 'number' }, `${show(ours, 3)} ms`),
            h('td', { class: 'number' }, `${show(plain, 3)} ms`),
            h('td', { class: 'number' }, `${show(plain / ours, 2)}×`),
            h('td', { class: 'number' }, `${show(job.bytes / ours / 1e6, 3)} GB/s`),
          ),
        );
      }
      work.dispose();
      run.disabled = false;
      status.textContent = tr(
        T(
          'Done. Best of twelve rounds each; other pages and the battery change the numbers.',
          '完成。各取十二轮中的最好成绩；其他页面和电池状态会影响数字。',
        ),
      );
    };
    const print = fingerprint();
    const equal = print === PUBLISHED_FINGERPRINT;
    const wasmBytes = typeof simd === 'string' ? simd.length / 2 : 0;
    const fact = (name: Text, ...value: (Node | string)[]) =>
      h('div', {}, h('dt', {}, tr(name)), h('dd', {}, ...value));
    main.append(
      h('h2', {}, tr(speedPage.title)),
      h(
        'p',
        { class: 'lead' },
        tr(
          T(
            'The same kernels the package ships, in your browser, on your machine, against plain JavaScript written with care.',
            '与发布的软件包相同的内核，在你的浏览器、你的机器上，与精心编写的纯 JavaScript 对比。',
          ),
        ),
      ),
      h(
        'dl',
        { class: 'facts' },
        fact(T('Computed by', '计算方式'), 'WebAssembly SIMD'),
        fact(T('Size of the kernels', '内核大小'), tr(T(`${grouped(wasmBytes)} bytes`, `${grouped(wasmBytes)} 字节`))),
        fact(
          T('Fingerprint of this browser', '本浏览器的指纹'),
          h('code', { id: 'fingerprint', translate: 'no' }, print),
        ),
        fact(
          T('Published fingerprint', '发布的指纹'),
          h(
            'span',
            { class: equal ? 'good' : 'bad', id: 'equal' },
            equal
              ? tr(T('✓ equal, bit for bit', '✓ 逐位相同'))
              : tr(T(`✗ differs: ${PUBLISHED_FINGERPRINT}`, `✗ 不同：${PUBLISHED_FINGERPRINT}`)),
          ),
        ),
      ),
      h(
        'p',
        { class: 'what' },
        tr(
          T(
            'The fingerprint is a hash over the bits of a fixed battery of outputs. It is the same on every engine and machine, or something is wrong.',
            '指纹是对一组固定输出的全部比特求得的散列值。它在任何引擎和机器上都相同，否则就是出了问题。',
          ),
        ),
      ),
      h('div', { class: 'row' }, run),
      status,
      h(
        'div',
        { class: 'scroll block', tabindex: 0, role: 'group', 'aria-label': tr(T('Results', '结果')) },
        h(
          'table',
          {},
          h(
            'thead',
            {},
            h(
              'tr',
              {},
              h('th', { scope: 'col' }, tr(T('Task', '任务'))),
              h('th', { scope: 'col', class: 'number' }, 'posenc'),
              h('th', { scope: 'col', class: 'number' }, 'JavaScript'),
              h('th', { scope: 'col', class: 'number' }, tr(T('times as fast', '快几倍'))),
              h('th', { scope: 'col', class: 'number' }, tr(T('memory moved', '访存带宽'))),
            ),
          ),
          body,
        ),
      ),
    );
    return {
      repaint: () => {},
      dispose: () => {
        gone = true;
      },
    };
  },
};
