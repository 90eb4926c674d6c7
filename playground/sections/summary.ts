/** What the three gestures found, as the summary table of the surveys; it fills while one plays. */
import { h } from '../dom.ts';
import { address } from '../state.ts';
import { GESTURES, type Strip, type Verdict } from '../strips/strip.ts';
import { grouped, T, tr } from '../text.ts';

/** Verdicts by strip and gesture: 'rope slide'. */
export type Found = Map<string, Verdict>;

const HEADS = {
  swap: T('Knows order? (swap)', '知道顺序？（交换）'),
  slide: T('Relative or absolute? (slide)', '相对还是绝对？（平移）'),
  stretch: T('Past training? (stretch)', '超出训练长度？（拉长）'),
};

export function summary(strips: readonly Strip[], found: Found): HTMLElement[] {
  const played = GESTURES.filter((gesture) => strips.some(({ id }) => found.has(`${id} ${gesture}`)));
  const body = h('tbody');
  for (const { id, view, title, learned } of strips) {
    const cells = GESTURES.map((gesture) => {
      const verdict = found.get(`${id} ${gesture}`);
      return h('td', { class: verdict?.kind ?? 'soft' }, verdict ? tr(verdict.short) : '–');
    });
    body.append(
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, view ? h('a', { href: address(view), 'data-page': view }, tr(title)) : tr(title)),
        ...cells,
        h('td', { class: 'number' }, learned === 0 ? tr(T('none', '无')) : grouped(learned)),
      ),
    );
  }
  const head = (text: string) => h('th', { scope: 'col' }, text);
  return [
    h('h3', {}, tr(T('What you have found', '你的发现'))),
    h(
      'p',
      { class: 'what' },
      played.length < GESTURES.length
        ? tr(
            T(
              `Each gesture fills its column, from the numbers: ${played.length} of 3 made so far.`,
              `每个动作由数字填满一列：目前做了 3 个中的 ${played.length} 个。`,
            ),
          )
        : tr(
            T(
              'All three gestures made: this is the table of the surveys, earned.',
              '三个动作都做完了：这就是综述里的那张表，由你亲手得到。',
            ),
          ),
    ),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': tr(T('What you have found', '你的发现')) },
      h(
        'table',
        { id: 'found' },
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            head(tr(T('Encoding', '编码'))),
            ...GESTURES.map((g) => head(tr(HEADS[g]))),
            h('th', { scope: 'col', class: 'number' }, tr(T('Numbers to learn', '可学习的数'))),
          ),
        ),
        body,
      ),
    ),
  ];
}
