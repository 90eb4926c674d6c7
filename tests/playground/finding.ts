/** Names, addresses and the way around: what people call an encoding leads to it. */
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { entries } from '../../playground/route.ts';
import { open } from './harness.ts';

/** Words that surveys and readers use, and the entry that must come first. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  sinusoidal: ['三角式', '三角函数', '绝对位置编码', 'sinusoidal', 'sin cos'],
  learned: ['训练式', '可学习', 'learned', 'BERT'],
  shaw: ['相对位置编码', 'RPR', '经典式', 'Shaw', 'relative position representations'],
  rope: ['旋转位置编码', '旋转式', 'RoPE', 'rotary'],
  peg: ['CNN 式', 'CNN', '零填充', 'zero padding'],
  rmt: ['RMT', '循环记忆', 'recurrent memory'],
  'complex-order': ['复数式', '复数', 'complex'],
  linear: ['位置插值', 'position interpolation', 'PI'],
  stretch: ['外推', '长度外推', 'extrapolation'],
  decay: ['远程衰减', 'base', '底数', 'long-range decay'],
  recursive: ['递归式', 'RNN', 'recursive'],
  merge: ['相乘式', '融合', 'multiplicative'],
  hierarchical: ['层次分解', 'hierarchical'],
  deberta: ['EMD', 'DeBERTa', '解耦注意力', 'disentangled'],
  t5: ['相对位置偏置', 'T5', 'relative position bias'],
  terms: ['四项', '内积', 'four terms'],
  permutation: ['打乱', '置换', 'bag of words'].filter((name) => name !== '置换'),
  swap: ['词序', '置换', 'word order'],
  alibi: ['ALiBi', '线性偏置'],
  yarn: ['YaRN'],
  ntk: ['NTK-aware', 'NTK'],
  dynamic: ['动态 NTK', 'dynamic NTK'],
  xpos: ['xPos'],
  kerple: ['KERPLE'],
  sandwich: ['Sandwich'],
  tupe: ['TUPE'],
  'transformer-xl': ['Transformer-XL'],
  xlnet: ['XLNet'],
  floater: ['FLOATER', 'ODE'],
  factored: ['Kitaev'],
  hybrid: ['复合', '混合', 'Hybrid'],
  taylor: ['泰勒', 'Taylor'],
  nezha: ['NEZHA', '哪吒'],
  conformer: ['Conformer', 'Parakeet'],
  'local-scores': ['Gemma 3n', 'Gemma 4 audio', 'USM', '局部注意力'],
  gated: ['WavLM', 'gated relative position bias', '门控'],
  'clipped-bias': ['AlphaFold', 'Phi-4 multimodal', '截断偏置'],
  zipformer: ['Zipformer', '压缩距离'],
  packed: ['packed sequences', 'cuSeqlens', 'varlen', '打包'],
  'golden-gate': ['golden gate', 'RoPE-Mixed', 'Falcon-Perception', '混合轴向'],
  'p-rope': ['p-RoPE', 'proportional', '部分旋转'],
  'query-temperature': ['Llama 4', 'temperature tuning', '温度'],
  axial: ['axial', 'Flux', 'Wan', 'HunyuanVideo', 'Qwen-Image', 'SAM 2', 'DINOv3', '轴向'],
  decomposed: ['decomposed relative positions', 'SAM', 'MViTv2', 'ViTDet'],
  'shifted-window': ['shifted window', '移位窗口'],
  'offset-bias': ['LeViT', 'EfficientFormer', 'TinyViT'],
  'video-swin': ['Video Swin', '3-D window', '三维窗口'],
  'resize-bias': ['resize_rel_pos_bias_table', '缩放偏置表'],
  sincos3d: ['3D sinusoidal', 'V-JEPA', '三维正弦'],
  'learned-2d': ['learned 2D', 'Conditional DETR', '二维可学习'],
  'coarse-grid': ['NaViT', 'Idefics2', 'SmolVLM', '任意分辨率'],
  timestep: ['timestep embedding', '时间步', 'Stable Diffusion', 'DiffWave', 'SmolVLA'],
  fourier: ['NeRF', 'Perceiver', 'random features', '随机傅里叶'],
};

/** Short, old and badly written addresses, and the view they open. */
const ADDRESSES: Readonly<Record<string, string>> = {
  '#alibi': 'alibi',
  '#ALiBi': 'alibi',
  '#/alibi': 'alibi',
  '#rope': 'rope',
  '#decay': 'decay',
  '#/encodings/ALiBi': 'alibi',
  '#/encodings/yarn?factor=16': 'yarn',
  '#/relative': 'scores',
  '#/relative/decay': 'decay',
  '#/relative?decay.dim=64': 'decay',
  '#/images': 'mrope',
  '#/images/swin': 'swin',
  '#/precision': 'precision',
  '#%E6%97%8B%E8%BD%AC%E4%BD%8D%E7%BD%AE%E7%BC%96%E7%A0%81': 'rope',
};

export function findingTests(test: Test): void {
  test('the filter finds each name first, in both languages', async () => {
    for (const lang of ['en', 'zh']) {
      const { page } = await open(`#sinusoidal?lang=${lang}`);
      for (const [id, names] of Object.entries(NAMES))
        for (const name of names) {
          await page.fill('#filter', name);
          const first = await page.evaluate<string>("document.querySelector('.found a')?.id ?? 'nothing'");
          assert.is(first, `found-${id}`, `${name} (${lang})`);
        }
      await page.fill('#filter', 'qqqqq');
      assert.is(await page.evaluate("document.querySelectorAll('.found a').length"), 0);
      await page.fill('#filter', 'ALiBi');
      await page.focus('#filter');
      await page.keyboard.press('Enter');
      await page.waitForTimeout(60);
      assert.is(await page.evaluate("document.querySelector('article').dataset.view"), 'alibi');
      await page.close();
    }
  });

  test('every name of the list belongs to one entry', () => {
    const owner = new Map<string, string>();
    for (const { id, names } of entries)
      for (const name of names) {
        assert.not.ok(owner.has(name) && !['RoPE-2D', 'NoPE'].includes(name), `${name}: ${owner.get(name)} and ${id}`);
        owner.set(name, id);
      }
    assert.ok(owner.size > 150);
  });

  test('short and old addresses open their view, under its own address', async () => {
    const { page } = await open('#?lang=en');
    for (const [hash, id] of Object.entries(ADDRESSES)) {
      await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
      await page.waitForTimeout(60);
      assert.is(await page.evaluate("document.querySelector('article')?.dataset.view"), id, hash);
      assert.is(new URL(page.url()).hash.split('?')[0], `#${id}`, hash);
      assert.match(await page.evaluate<string>('document.title'), / · posenc$/);
    }
    assert.is(
      await page.evaluate("new Set([...document.querySelectorAll('.groups a')].map((a) => a.href)).size"),
      entries.length,
    );
    await page.close();
    const old = await open('#/relative?decay.dim=64');
    assert.match(old.page.url(), /#decay\?dim=64/);
    await old.page.close();
  });

  test('an unknown address says so, and what comes near', async () => {
    const { page } = await open('#alibbi?lang=en');
    assert.match(await page.textContent('#unknown'), /alibbi/);
    assert.is(await page.evaluate("document.querySelector('main li a').textContent"), 'ALiBi');
    assert.match(page.url(), /#alibbi/);
    await page.close();
  });

  test('the list keeps its place, shows where one is, and Back returns to the scroll position', async () => {
    const { page } = await open('#sinusoidal?lang=en');
    const inSight = () =>
      page.evaluate<boolean>(`(() => {
        const link = document.querySelector('.groups [aria-current]').getBoundingClientRect();
        return link.top > 40 && link.bottom < innerHeight;
      })()`);
    assert.ok(await inSight());
    await page.evaluate("document.querySelector('.list').scrollTop = 600");
    const before = await page.evaluate<number>("document.querySelector('.list').scrollTop");
    await page.evaluate("document.getElementById('to-alibi').click()");
    await page.waitForTimeout(60);
    assert.is(await page.evaluate<number>("document.querySelector('.list').scrollTop"), before);
    assert.ok(await inSight());
    await page.evaluate('scrollTo(0, 500)');
    await page.evaluate("document.getElementById('to-deberta').click()");
    await page.waitForTimeout(60);
    assert.is(await page.evaluate('scrollY'), 0);
    await page.evaluate('history.back()');
    await page.waitForTimeout(150);
    assert.is(await page.evaluate("document.querySelector('article').dataset.view"), 'alibi');
    assert.is(await page.evaluate('scrollY'), 500);
    await page.close();
    const deep = await open('#deberta?lang=en');
    assert.ok(
      await deep.page.evaluate(`(() => {
        const link = document.querySelector('.groups [aria-current]').getBoundingClientRect();
        return link.top > 40 && link.bottom < innerHeight;
      })()`),
    );
    await deep.page.close();
  });
}
