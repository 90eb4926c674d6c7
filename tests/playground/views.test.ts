/**
 * The views without a page: every one computes with its defaults and at the ends of its controls, its code says what it does,
 * its formulas are MathML, and every string exists in both languages.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { colours, type Palette, STEPS, step } from '../../playground/colour.ts';
import { math } from '../../playground/mathml.ts';
import { views } from '../../playground/route.ts';
import { meaning } from '../../playground/symbols.ts';
import type { Text } from '../../playground/text.ts';
import { type Control, defaults, type Panel, type Params, parse, spell, Workspace } from '../../playground/view.ts';
import * as posenc from '../../src/index.ts';
import * as reference from '../../src/reference/index.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The values at the ends of a control, and a middle one. */
function ends(control: Control): (number | string | boolean)[] {
  if (control.kind === 'choice') return control.options.map(({ value }) => value);
  if (control.kind === 'toggle') return [true, false];
  if (control.kind === 'button') return [0, 3];
  if (control.values) return [control.values[0], control.values[control.values.length - 1]];
  return [control.min, control.max];
}

function check(view: string, panel: Panel): void {
  if (panel.kind === 'map') {
    const { rows, cols, start = 0, rowStride = cols, colStride = 1 } = panel;
    const data = panel.data();
    const last = start + (rows - 1) * rowStride + (cols - 1) * colStride;
    assert.ok(last < data.length, `${view}: the last cell ${last} is outside of ${data.length} values`);
    assert.ok(Number.isFinite(panel.range[0]) && Number.isFinite(panel.range[1]), `${view}: range ${panel.range}`);
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < cols; c++) {
        const value = data[start + r * rowStride + c * colStride];
        assert.ok(!Number.isNaN(value), `${view}: NaN at ${r}, ${c}`);
      }
  }
  if (panel.kind === 'curves') {
    for (const { x, y, name } of panel.series) assert.is(x.length, y.length, `${view}: ${name.en}`);
  }
}

for (const view of views) {
  test(`${view.id} computes with its defaults and at the ends of its controls`, () => {
    const work = new Workspace();
    try {
      const start = defaults(view.controls);
      const tries: Params[] = [start];
      for (const control of view.controls)
        for (const value of ends(control)) tries.push({ ...start, [control.key]: value });
      for (const params of tries) {
        work.next();
        const panels = view.compute(params, work);
        assert.ok(panels.length > 0);
        for (const panel of panels) check(view.id, panel);
      }
    } finally {
      work.dispose();
    }
  });

  test(`${view.id} allocates nothing more when computed again`, () => {
    const work = new Workspace();
    const params = defaults(view.controls);
    view.compute(params, work);
    work.next();
    view.compute(params, work);
    const bytes = work.engine.memory.buffer.byteLength;
    for (let i = 0; i < 20; i++) {
      work.next();
      view.compute(params, work);
    }
    assert.is(work.engine.memory.buffer.byteLength, bytes);
    work.dispose();
  });
}

/** Of the wings, what is no encoding of its own: it makes, moves or stores what a view shows already. */
const NO_VIEW = new Set([
  ...['axialAngles', 'pixelBands', 'rotaryTableAs', 'rotaryTableFrom', 'rotaryTableFromAngles', 'mropeTableFrom'],
  ...['retable', 'shiftKeys', 'unrotate', 'prepareDecode', 'mropeDecode', 'dynamicState', 'ggmlRotaryTable', 'invFreq'],
  ...[
    'queryScale',
    'softmaxScale',
    'yarnMscale',
    'sinusoidalFrequencies',
    'xposCachedTables',
    'xposCenter',
    'applyRotaryQKV',
  ],
  ...['axialPositions', 'visionPositions', 'tupeBuckets', 'expandDiagonal'],
  ...['rmtEncoderIds', 'rmtInput', 'rmtOutput', 'rmtReadMemory', 'rmtWriteMemory'],
]);

test('every encoding of the package has a view that computes it', () => {
  const used = ['absolute', 'bias', 'rotary', 'rows', 'scores', 'positions'].flatMap((wing) => {
    const source = readFileSync(join(root, 'src', wing, 'index.ts'), 'utf8');
    return [...source.matchAll(/\b([a-z]\w*)\b(?=,|\s*\})/g)].map(([, name]) => name);
  });
  const names = used.filter((name) => typeof (posenc as Record<string, unknown>)[name] === 'function');
  assert.ok(names.length > 60, `${names.length}`);
  const folder = join(root, 'playground', 'views');
  const text = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
  const called = (name: string) => new RegExp(`${name}[()]`).test(text);
  const missing = names.filter((name) => !NO_VIEW.has(name) && !called(name));
  assert.equal(missing, []);
  const stale = [...NO_VIEW].filter((name) => !names.includes(name) || called(name));
  assert.equal(stale, []);
});

test('every letter of a formula is explained', () => {
  for (const { id, formula, symbols } of views) {
    const letters = new Set(
      formula.flatMap((line) => {
        const found = math(typeof line === 'string' ? line : line.en).matchAll(/<mi>([^<])<\/mi>/gu);
        return [...found].map(([, letter]) => letter);
      }),
    );
    for (const letter of letters)
      if (letter !== '∞') assert.ok(meaning(letter, letters, symbols), `${id}: what is ${letter}?`);
    for (const own of Object.keys(symbols ?? {}))
      assert.ok(letters.has(own), `${id} explains ${own}, which is nowhere`);
  }
});

test('ids are unique, and every view has a source on the web', () => {
  assert.is(new Set(views.map(({ id }) => id)).size, views.length);
  for (const { id, sources } of views) {
    assert.ok(sources.length > 0, id);
    for (const { href } of sources) assert.is(new URL(href).protocol, 'https:', id);
  }
});

test('a parameter keeps its value through the address; a foreign spelling gives the default', () => {
  for (const view of views)
    for (const control of view.controls) {
      for (const value of ends(control))
        assert.is(parse(control, spell(control, value)), value, `${view.id}.${control.key}`);
      if (control.kind !== 'toggle')
        assert.is(parse(control, 'nonsense'), control.kind === 'button' ? 0 : control.value);
    }
});

/** Every Text inside a value. */
function texts(value: unknown, found: Text[] = []): Text[] {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value) || value instanceof posenc.Tensor)
    return found;
  if ('en' in value && 'zh' in value) found.push(value as Text);
  else for (const inner of Object.values(value)) texts(inner, found);
  return found;
}

const CHINESE = /[\u3001\u3002\u4e00-\u9fff\uff00-\uffef]/;
/** Names, symbols and numbers are the same in both languages. */
const isName = (text: string) => !/[a-z]{2,}.* [a-z]{2,}/.test(text) && text.length < 24;

test('every string exists in English and in Chinese', () => {
  let count = 0;
  for (const view of views) {
    const work = new Workspace();
    const panels = view.compute(defaults(view.controls), work);
    for (const { en, zh } of texts([view, panels, view.code?.(defaults(view.controls))])) {
      count++;
      assert.ok(en.length > 0 && zh.length > 0, `${view.id}: an empty string`);
      assert.not.match(en, CHINESE, `${view.id}: Chinese in the English text '${en}'`);
      if (en === zh) assert.ok(isName(en), `${view.id}: '${en}' is not translated`);
      else if (!/^\\/.test(zh)) assert.match(zh, CHINESE, `${view.id}: '${zh}'`);
    }
    work.dispose();
  }
  assert.ok(count > 500, `only ${count} strings were found`);
});

test('formulas become well-formed MathML without a letter of TeX left over', () => {
  for (const { id, formula } of views) {
    assert.ok(formula.length > 0, id);
    for (const line of formula)
      for (const source of typeof line === 'string' ? [line] : [line.en, line.zh]) {
        const out = math(source);
        const open = [...out.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)];
        const stack: string[] = [];
        for (const [, end, tag, empty] of open) {
          if (empty) continue;
          if (end) assert.is(stack.pop(), tag, `${id}: ${out}`);
          else stack.push(tag);
        }
        assert.is(stack.length, 0, `${id}: ${out}`);
        assert.not.match(out, /\\/, `${id}: ${out}`);
      }
  }
});

test('what sinusoidal, RoPE and ALiBi draw is what the plain reference computes', () => {
  const drawn = (id: string) => {
    const view = views.find((v) => v.id === id)!;
    const work = new Workspace();
    const map = view.compute(defaults(view.controls), work).find(({ kind }) => kind === 'map') as Extract<
      Panel,
      { kind: 'map' }
    >;
    const values = Array.from(map.data());
    work.dispose();
    return values;
  };
  const close = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    assert.is(a.length, b.length);
    for (let i = 0; i < a.length; i++)
      assert.ok(a[i] === b[i] || Math.abs(a[i] - b[i]) <= 2 ** -24, `${i}: ${a[i]} ${b[i]}`);
  };
  close(drawn('sinusoidal'), reference.sinusoidal({ length: 128, dim: 128 }).data);
  close(drawn('rope'), reference.rotaryTable({ headDim: 128, ropeTheta: 10000 }, { length: 128 }).cos.data);
  close(drawn('alibi'), reference.alibi({ heads: 8, queryLength: 64, keyLength: 64, causal: true }).data);
});

const luminance = ([r, g, b]: readonly number[]) => {
  const linear = (c: number) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
};

test('colour maps are read without hue: lightness rises steadily, away from the middle for diverging ones', () => {
  for (const theme of ['light', 'dark'] as const) {
    const sequential = colours('sequential', theme).slice(0, STEPS).map(luminance);
    for (let i = 8; i < STEPS; i += 8) assert.ok(sequential[i] > sequential[i - 8], `${theme} ${i}`);
    const diverging = colours('diverging', theme).slice(0, STEPS).map(luminance);
    const sign = theme === 'light' ? -1 : 1;
    for (let i = 136; i < STEPS; i += 8) assert.ok(sign * (diverging[i] - diverging[i - 8]) > 0, `${theme} ${i}`);
    for (let i = 120; i > 8; i -= 8) assert.ok(sign * (diverging[i - 8] - diverging[i]) > 0, `${theme} ${i}`);
  }
});

test('a value takes the colour of its step; masked cells have one of their own', () => {
  const at = (value: number, palette: Palette = 'diverging') => step(value, palette, [-1, 1]);
  assert.equal([at(-1), at(0), at(1), at(-2), at(2)], [0, STEPS / 2, STEPS - 1, 0, STEPS - 1]);
  assert.equal([at(Number.NEGATIVE_INFINITY), at(Number.NaN)], [STEPS, STEPS]);
  assert.is(at(3, 'categories'), 3);
});

test.run();
