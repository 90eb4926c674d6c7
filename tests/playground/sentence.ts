/** The first screen: three gestures on every strip; what is said is what the package's numbers say, computed again here. */
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { strips } from '../../playground/strips/index.ts';
import {
  alike,
  type Place,
  slideVerdict,
  stretchVerdict,
  swapVerdict,
  type Verdict,
  weights,
  worded,
} from '../../playground/strips/strip.ts';
import { Workspace } from '../../playground/view.ts';
import { open, press } from './harness.ts';

const WORDS = ['the', 'dog', 'bites', 'the', 'old', 'man'];
const QUERY = 2;
const base = 10000;
type Said = Record<string, string>;

/** The verdicts on the page, by strip. */
const SAID =
  "Object.fromEntries([...document.querySelectorAll('.strip')].map((strip) => [strip.dataset.strip, strip.querySelector('.verdict').textContent]))";

function judged(judge: (strip: (typeof strips)[number], work: Workspace) => Verdict): { en: Said; zh: Said } {
  const en: Said = {};
  const zh: Said = {};
  for (const strip of strips) {
    const work = new Workspace();
    const { text } = judge(strip, work);
    en[strip.id] = text.en;
    zh[strip.id] = text.zh;
    work.dispose();
  }
  return { en, zh };
}

const EXPECTED = {
  'swap=1.5': judged((strip, work) => {
    const order = [0, 5, 2, 3, 4, 1];
    const place = (words: readonly string[]): Place => ({ ...worded(words), count: 6, query: QUERY, offset: 0, base });
    const before = weights(strip, place(WORDS), work);
    const now = weights(strip, place(order.map((i) => WORDS[i])), work);
    return swapVerdict(now, before && Float64Array.from(order, (i) => before[i]));
  }),
  'gesture=slide&slide=11': judged((strip, work) => {
    const place = (offset: number): Place => ({ content: alike(6), count: 6, query: QUERY, offset, base });
    const seen = strip.causal ? QUERY + 1 : 6;
    return slideVerdict(weights(strip, place(11), work), weights(strip, place(0), work), seen);
  }),
  'gesture=stretch&length=72': judged((strip, work) =>
    stretchVerdict(strip, { content: alike(72), count: 72, query: 71, offset: 0, base }, work),
  ),
};

export function sentenceTests(test: Test): void {
  for (const [query, expected] of Object.entries(EXPECTED)) {
    test(`the gesture ${query} on every strip: the verdicts are those of the package's numbers, in both languages`, async () => {
      const { page, troubles } = await open(`#?${query}&all=1&lang=en`);
      assert.equal(await page.evaluate<Said>(SAID), expected.en);
      assert.is(Object.keys(expected.en).length, strips.length);
      await page.close();
      // the same words in the other language
      const text = encodeURIComponent(WORDS.join(' '));
      const chinese = await open(`#?${query}&all=1&lang=zh&text=${text}`);
      assert.equal(await chinese.page.evaluate<Said>(SAID), expected.zh);
      assert.equal([...troubles, ...chinese.troubles], []);
      await chinese.page.close();
    });
  }

  test('what the three gestures are known to show', () => {
    const [swap, slide, stretch] = Object.values(EXPECTED).map(({ en }) => en);
    assert.match(swap.none, /does not know order/);
    for (const id of strips.map(({ id }) => id)) if (id !== 'none') assert.match(swap[id], /^knows order/, id);
    for (const id of ['rope', 'yarn', 'xpos', 'alibi', 't5', 'kerple', 'sandwich', 'shaw', 'nezha', 'xlnet', 'deberta'])
      assert.match(slide[id], /relative/, id);
    for (const id of ['sinusoidal', 'learned', 'hierarchical', 'recursive', 'cnn', 'fire'])
      assert.match(slide[id], /absolute/, id);
    assert.match(slide.none, /knows no position/);
    for (const id of ['learned', 'naive', 'tupe']) assert.match(stretch[id], /cannot go there/, id);
    for (const id of ['rope', 'sinusoidal']) assert.match(stretch[id], /pairs meet new angles/, id);
    for (const id of ['linear', 'yarn']) assert.match(stretch[id], /no new angle/, id);
    assert.match(stretch.alibi, /fade/);
    for (const id of ['t5', 'shaw', 'deberta']) assert.match(stretch[id], /nothing new/, id);
  });

  test('played by hand: swap, slide, stretch fill the three columns of the table', async () => {
    const { page, troubles } = await open('#?lang=en');
    const filled = () =>
      page.evaluate<number>(
        "[...document.querySelectorAll('#found tbody tr:nth-child(2) td')].slice(0, 3).filter((td) => td.textContent !== '–').length",
      );
    assert.is(await filled(), 0);
    await page.click('#do-swap');
    assert.is(await filled(), 1);
    await page.click('#gesture-slide');
    await press(page, '#slide', 'ArrowRight', 3);
    await page.waitForTimeout(80);
    assert.match(await page.textContent('[data-strip=rope] .verdict'), /relative/);
    assert.is(await filled(), 2);
    await page.click('#gesture-stretch');
    await press(page, '#stretch', 'ArrowRight', 8);
    await page.waitForTimeout(80);
    assert.is(await filled(), 3);
    assert.match(await page.textContent('.block'), /earned/);
    await page.waitForTimeout(250);
    assert.match(page.url(), /gesture=stretch/);
    assert.equal(troubles, []);
    await page.close();
  });

  test('the reader’s own sentence, in English and in Chinese; any word can be picked and read', async () => {
    const { page } = await open('#?lang=en');
    await page.fill('#text', 'my cat, alas, ate your fish');
    assert.is(await page.evaluate("document.querySelectorAll('.token').length"), 6);
    await page.click('#token-3');
    assert.is(await page.evaluate("document.getElementById('token-3').getAttribute('aria-pressed')"), 'true');
    await press(page, '#strips', 'ArrowRight', 2);
    assert.match(
      await page.textContent('.sentence > .readout'),
      /^No encoding: “ate” gives “cat” [\d.]+% of its attention/,
    );
    await page.fill('#text', '猫 吃了 鱼');
    assert.is(await page.evaluate("document.querySelectorAll('.token').length"), 3);
    await page.waitForTimeout(250);
    const again = await open(new URL(page.url()).hash);
    assert.match(await again.page.textContent('.tokens'), /猫.*吃了.*鱼/);
    await again.page.close();
    await page.close();
  });

  test('the first figure is wholly in sight: 1440 x 900 and 390 x 844', async () => {
    for (const [width, height] of [
      [1440, 900],
      [390, 844],
    ]) {
      for (const query of ['', ...Object.keys(EXPECTED)])
        for (const lang of ['en', 'zh']) {
          const { page } = await open(`#?${query}&lang=${lang}`, { width });
          await page.setViewportSize({ width, height });
          await page.waitForTimeout(60);
          const bottom = await page.evaluate<number>(
            "document.getElementById('strips').getBoundingClientRect().bottom",
          );
          assert.ok(bottom <= height, `${width} x ${height}, ${query}, ${lang}: ends at ${bottom}`);
          await page.close();
        }
    }
  });
}
