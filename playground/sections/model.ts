/** Section 3: a model's own configuration, in words and on one axis of wavelengths. */
import deepseek from '../../examples/configs/deepseek-v3.json' with { type: 'json' };
import gemma from '../../examples/configs/gemma-3-27b.json' with { type: 'json' };
import gptOss from '../../examples/configs/gpt-oss-20b.json' with { type: 'json' };
import llama from '../../examples/configs/llama-3.1-8b.json' with { type: 'json' };
import mpt from '../../examples/configs/mpt-7b.json' with { type: 'json' };
import phi from '../../examples/configs/phi-3.5-mini.json' with { type: 'json' };
import qwen from '../../examples/configs/qwen2.5-7b-yarn.json' with { type: 'json' };
import t5 from '../../examples/configs/t5-base.json' with { type: 'json' };
import { type Explanation, explain, fromGGUF, fromHF, type NormalForm, toHF } from '../../src/index.ts';
import { h } from '../dom.ts';
import { type GGUFHeader, readGGUF } from '../gguf.ts';
import { Curves } from '../panels/curves.ts';
import { get, put } from '../state.ts';
import { grouped, T, type Text, tr } from '../text.ts';
import { comparison, factsOf, tableWords, wavelengthPanel } from './modelWords.ts';
import type { Section } from './section.ts';

const EXAMPLES: Record<string, { title: string; config: unknown }> = {
  'llama-3.1-8b': { title: 'Llama 3.1 8B', config: llama },
  'qwen2.5-7b-yarn': { title: 'Qwen2.5 7B (YaRN)', config: qwen },
  'gemma-3-27b': { title: 'Gemma 3 27B', config: gemma },
  'deepseek-v3': { title: 'DeepSeek-V3', config: deepseek },
  'gpt-oss-20b': { title: 'gpt-oss 20B', config: gptOss },
  'phi-3.5-mini': { title: 'Phi-3.5 mini', config: phi },
  'mpt-7b': { title: 'MPT 7B', config: mpt },
  't5-base': { title: 'T5 base', config: t5 },
};
const CONTEXTS = [2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576];
/** Addresses longer than this are refused by some places they are pasted into. */
const MAX_ADDRESS = 6000;

type Loaded =
  | { readonly kind: 'config'; readonly text: string; readonly example?: string }
  | { readonly kind: 'gguf'; readonly name: string; readonly header: GGUFHeader };

/** The last file read: it survives a change of language, and is not in the address. */
let dropped: Loaded | undefined;

function fromAddress(): Loaded {
  const config = get('config');
  if (config !== undefined) return { kind: 'config', text: config };
  if (dropped && get('model') === undefined) return dropped;
  const example = EXAMPLES[get('model') ?? ''] ? (get('model') as string) : 'llama-3.1-8b';
  return { kind: 'config', text: JSON.stringify(EXAMPLES[example].config, null, 2), example };
}

export const modelSection: Section = {
  id: 'model',
  title: T('Your model', '你的模型'),
  render(main) {
    let loaded = fromAddress();
    const result = h('div', { class: 'result', 'aria-live': 'polite' });
    const area = h('textarea', {
      id: 'config',
      spellcheck: 'false',
      autocomplete: 'off',
      translate: 'no',
      input: () => {
        dropped = undefined;
        load({ kind: 'config', text: area.value });
      },
    });
    const contexts = h('select', {
      id: 'context',
      change: () => {
        put({ context: contexts.value || undefined });
        show();
      },
    });
    contexts.append(h('option', { value: '' }, tr(T('what the model says', '以模型为准'))));
    for (const context of CONTEXTS)
      contexts.append(h('option', { value: context, selected: get('context') === String(context) }, grouped(context)));

    const load = (next: Loaded) => {
      loaded = next;
      const example = next.kind === 'config' ? next.example : undefined;
      put({ model: example, config: undefined });
      if (next.kind === 'gguf') {
        dropped = next;
        area.value = '';
      } else if (example) area.value = next.text;
      show();
    };
    const show = () => {
      const context = get('context') === undefined ? undefined : Number(get('context'));
      try {
        const [form, explanation] = read(loaded, context);
        result.replaceChildren(...report(form, explanation, context));
        // a pasted configuration goes into the address as the keys that were read
        if (loaded.kind === 'config' && !loaded.example) {
          const text = JSON.stringify(toHF(form));
          put({ config: text.length <= MAX_ADDRESS ? text : undefined });
        }
      } catch (error) {
        result.replaceChildren(
          h(
            'div',
            { class: 'error', role: 'alert' },
            h('strong', {}, tr(T('This cannot be read.', '无法读取。'))),
            h('p', { lang: 'en', translate: 'no' }, (error as Error).message),
          ),
        );
      }
    };
    const take = async (file: File) => {
      try {
        if (/\.gguf$/i.test(file.name)) load({ kind: 'gguf', name: file.name, header: await readGGUF(file) });
        else {
          area.value = await file.text();
          load({ kind: 'config', text: area.value });
        }
      } catch (error) {
        result.replaceChildren(h('p', { class: 'error', role: 'alert', lang: 'en' }, (error as Error).message));
      }
    };
    const picker = h('input', {
      type: 'file',
      id: 'file',
      class: 'away',
      tabindex: -1,
      'aria-label': tr(T('A config.json or .gguf file', 'config.json 或 .gguf 文件')),
      accept: '.json,.gguf',
      change: () => picker.files?.[0] && void take(picker.files[0]),
    });
    const drop = h(
      'div',
      {
        class: 'drop',
        dragover: (event) => {
          event.preventDefault();
          drop.classList.add('over');
        },
        dragleave: () => drop.classList.remove('over'),
        drop: (event) => {
          event.preventDefault();
          drop.classList.remove('over');
          const file = (event as DragEvent).dataTransfer?.files[0];
          if (file) void take(file);
        },
      },
      h(
        'div',
        { class: 'row' },
        h('span', {}, tr(T('Examples:', '示例：'))),
        ...Object.entries(EXAMPLES).map(([id, { title, config }]) =>
          h(
            'button',
            {
              type: 'button',
              class: 'quiet',
              id: `example-${id}`,
              translate: 'no',
              click: () => load({ kind: 'config', text: JSON.stringify(config, null, 2), example: id }),
            },
            title,
          ),
        ),
      ),
      h(
        'div',
        { class: 'row' },
        h(
          'label',
          { for: 'config' },
          tr(T('Paste a config.json, or drop a file here:', '粘贴 config.json，或把文件拖到这里：')),
        ),
      ),
      area,
      h(
        'div',
        { class: 'row' },
        h('button', { type: 'button', id: 'open', click: () => picker.click() }, tr(T('Open a file …', '打开文件…'))),
        h(
          'span',
          {},
          tr(T('config.json or .gguf; of a .gguf only the header is read', 'config.json 或 .gguf；.gguf 只读取文件头')),
        ),
        picker,
      ),
      h('div', { class: 'row' }, h('label', { for: 'context' }, tr(T('Context wanted', '所需上下文长度'))), contexts),
    );
    main.append(
      h('h2', {}, tr(modelSection.title)),
      h(
        'p',
        { class: 'lead' },
        tr(
          T(
            'What does a model do with positions, and how far can it go? Give it the file the model came with. It stays in this page.',
            '一个模型如何处理位置？能走多远？把模型自带的配置文件放进来。文件不会离开本页面。',
          ),
        ),
      ),
      drop,
      result,
    );
    if (loaded.kind === 'config') area.value = loaded.text;
    show();
    return { dispose: () => {} };
  },
};

function read(loaded: Loaded, context: number | undefined): [NormalForm, Explanation | undefined] {
  if (loaded.kind === 'gguf') {
    const { metadata, tensors } = loaded.header;
    return [fromGGUF(metadata, { tensors, context }), undefined];
  }
  const config = JSON.parse(loaded.text);
  const explanation = explain(config, { context });
  return [context === undefined ? explanation.form : fromHF(config, { context }), explanation];
}

function report(form: NormalForm, explanation: Explanation | undefined, context: number | undefined): HTMLElement[] {
  const facts = h('dl', { class: 'facts' });
  for (const [name, value] of factsOf(form, explanation))
    facts.append(h('div', {}, h('dt', {}, tr(name)), h('dd', {}, tr(value))));
  const block = (title: Text, ...inside: (HTMLElement | false)[]) =>
    h('section', { class: 'block' }, h('h3', {}, tr(title)), ...inside);
  const parts: HTMLElement[] = [facts];
  for (const [label, layer] of Object.entries(form.layerTypes ?? {})) {
    const table = explanation?.tables.find((t) => t.label === label);
    const list = h('ul', { class: 'said' }, ...tableWords(layer, table, context).map((line) => h('li', {}, tr(line))));
    parts.push(
      block(label === 'default' ? T('In words', '用文字说') : T(`Layers of type ${label}`, `${label} 类型的层`), list),
    );
  }
  if (!form.layerTypes) parts.push(otherFamily(form));
  const findings = [...(explanation?.warnings ?? []).map(({ message, fix }) => `${message}${fix ? `. ${fix}` : ''}`)];
  if (!explanation) findings.push(...form.warnings.map(({ message }) => message));
  if (findings.length > 0) {
    const items = findings.map((message) => h('li', { lang: 'en', translate: 'no' }, message));
    parts.push(block(T('Take care', '请注意'), h('ul', { class: 'said' }, ...items)));
  }
  if (form.assumed.length > 0) {
    const items = form.assumed.map(({ key, value, because }) =>
      h('li', { lang: 'en', translate: 'no' }, `${key} = ${JSON.stringify(value)} (${because})`),
    );
    parts.push(
      block(T('Not in the file, and assumed', '文件中没有、按默认推定'), h('ul', { class: 'said' }, ...items)),
    );
  }
  if (form.layerTypes) {
    const { panel, table } = comparison(form, context);
    const plots = h(
      'div',
      { class: 'figures' },
      new Curves(wavelengthPanel(form, context)).element,
      new Curves(panel).element,
    );
    parts.push(
      block(
        T('Wavelengths, and the other scalings on this model', '波长，以及其他缩放方式用在此模型上'),
        h(
          'p',
          { class: 'what' },
          tr(
            T(
              'A pair whose wavelength is longer than the trained context never completed a turn in training: beyond that context its angles are new to the model. Scalings move such pairs to the right.',
              '波长超过训练长度的通道对在训练中从未转满一圈：超出训练长度后，它的角度对模型来说是陌生的。各种缩放把这些通道对向右移。',
            ),
          ),
        ),
        plots,
        table,
      ),
    );
  }
  return parts;
}

function otherFamily(form: NormalForm): HTMLElement {
  const body = h('tbody');
  for (const [key, value] of Object.entries(form.parameters ?? {}))
    body.append(
      h('tr', {}, h('th', { scope: 'row' }, h('code', { translate: 'no' }, key)), h('td', {}, JSON.stringify(value))),
    );
  return h(
    'section',
    { class: 'block' },
    h('h3', {}, tr(T('Options of its encoder', '编码器选项'))),
    form.note !== undefined && h('p', { lang: 'en' }, form.note),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': tr(T('Options', '选项')) },
      h('table', {}, body),
    ),
  );
}
