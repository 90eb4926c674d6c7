/** What the files of rope types say besides numbers: examples, names, what a longer context asks, the table of docs/rotary.md. */
import { readdirSync, readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { rotaryFrequencies } from '../../src/rotary/frequencies.ts';
import { CONFIG_WORDS, configWordsOf } from '../../src/rotary/rules/configWords.ts';
import { RULES } from '../../src/rotary/rules/index.ts';
import type { Extension } from '../../src/rotary/rules/rule.ts';
import { ROPE_TYPES, WORDS, wordsOf } from '../../src/rotary/rules/words.ts';
import type { LooseSpec, RopeType, RotarySpec } from '../../src/rotary/spec.ts';
import { test } from '../support/test.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const extend = (spec: LooseSpec, length: number, target: number): Extension =>
  wordsOf(spec.ropeType ?? 'default').extend(spec as never, length, target);

test('every example is a specification of its own type, at its own context', () => {
  for (const type of ROPE_TYPES) {
    const { example, exampleContext } = WORDS[type];
    const spec: LooseSpec = example;
    assert.is(spec.ropeType ?? 'default', type);
    const made = rotaryFrequencies(spec as RotarySpec, { context: exampleContext });
    assert.is(made.ropeType, type);
    assert.is(exampleContext !== undefined, RULES[type].dependsOnLength !== undefined, type);
  }
});

test('stretched: a specification of the same type, whose slowest pair is no faster than the plain one', () => {
  const frequencies = (spec: object) =>
    rotaryFrequencies({ headDim: 64, ropeTheta: 10000, ...spec } as RotarySpec, { context: 32768 }).ladder.hi;
  const plain = frequencies({});
  const without = ROPE_TYPES.filter((type) => WORDS[type].stretched === undefined);
  assert.equal(without, ['longrope', 'proportional']);
  for (const type of ROPE_TYPES) {
    const made: LooseSpec | undefined = WORDS[type].stretched?.(4, 8192);
    if (made === undefined) continue;
    assert.is(made.ropeType ?? 'default', type);
    const ratio = plain[31] / frequencies(made)[31];
    // dynamic grows its base by the length: 4 (32768 / 8192) - 3 = 13
    assert.ok(type === 'default' ? ratio === 1 : ratio > 3.9 && ratio < 13.1, `${type} ${ratio}`);
  }
});

test('names of config.json and of GGUF belong to one type each', () => {
  const names = ROPE_TYPES.flatMap((type) => CONFIG_WORDS[type]?.names ?? []);
  assert.is(new Set(names).size, names.length);
  for (const name of ['default', 'mrope', 'linear', 'dynamic', 'yarn', 'deepseek_yarn', 'longrope', 'su', 'llama3'])
    assert.ok(names.includes(name), name);
  assert.ok(names.includes('proportional') && names.includes('xdrope'));
  const types = ROPE_TYPES.flatMap((type) => (WORDS[type].gguf?.read ? WORDS[type].gguf.type : []));
  assert.is(new Set(types).size, types.length);
});

test('every key of a block becomes an option of its rule, or of every specification', () => {
  for (const type of ROPE_TYPES) {
    for (const option of Object.values(configWordsOf(type)?.keys ?? {})) {
      const common = ['attentionFactor', 'originalMaxPositionEmbeddings', 'maxPositionEmbeddings'];
      if (option !== null) assert.ok(option in RULES[type].options || common.includes(option), `${type} ${option}`);
    }
  }
});

/** The specification after the advice. */
const after = (spec: LooseSpec, { options }: Extension): LooseSpec => ({ ...spec, ...options }) as LooseSpec;

test('extend: a larger context is covered, rescaled without a faster pair, or unsupported with a reason', () => {
  for (const type of ROPE_TYPES) {
    const { example, exampleContext = 1 } = WORDS[type];
    const spec: LooseSpec = example;
    const length = spec.maxPositionEmbeddings ?? spec.originalMaxPositionEmbeddings ?? 2048;
    for (const target of [1, length, 3 * length, 7.3 * length, 64 * length, 1e7].map(Math.floor)) {
      const advice = extend(spec, length, target);
      const { outcome, supported, reason } = advice;
      assert.ok(reason.length > 10, type);
      assert.is(outcome === 'covered', target <= supported, `${type} ${target}`);
      if (outcome !== 'rescaled') continue;
      const longer = after(spec, advice);
      const again = extend(longer, length, target);
      assert.is(again.outcome, 'covered', `${type} ${target}`);
      for (const [key, value] of Object.entries(spec)) {
        if (!(key in advice.options)) assert.is((longer as Record<string, unknown>)[key], value);
      }
      for (const context of new Set([exampleContext, target])) {
        const [old, slow] = [spec, longer].map((s) => rotaryFrequencies(s as RotarySpec, { context }).ladder.hi);
        slow.forEach((w, i) => {
          assert.ok(w <= old[i] * (1 + 1e-12), `${type} ${target} pair ${i}`);
        });
      }
    }
  }
});

test('extend: the factor counts from the length of pre-training', () => {
  const of = (type: RopeType, more: LooseSpec, length: number, target: number) =>
    extend({ ...WORDS[type].example, ...more }, length, target);
  assert.equal(of('default', {}, 32768, 131072).options, {
    ropeType: 'yarn',
    factor: 4,
    originalMaxPositionEmbeddings: 32768,
  });
  const deepseek = { factor: 40, originalMaxPositionEmbeddings: 4096, mscale: 1, mscaleAllDim: 1 };
  assert.equal(of('yarn', deepseek, 163840, 262144).options, { factor: 64 });
  assert.is(of('yarn', deepseek, 163840, 163840).outcome, 'covered');
  assert.equal(of('yarn', { factor: undefined, maxPositionEmbeddings: 131072 }, 131072, 262144).options, { factor: 8 });
  assert.equal(of('linear', { factor: 8 }, 4096, 65536).options, { factor: 16 });
  assert.is(of('linear', { factor: 8 }, 4096, 32768).outcome, 'covered');
  assert.is(of('dynamic', { maxPositionEmbeddings: 32768 }, 32768, 65536).outcome, 'covered');
  assert.is(of('llama3', {}, 131072, 131072).supported, 131072);
  for (const type of ['llama3', 'longrope', 'proportional', 'ntk'] as const) {
    assert.is(of(type, {}, 131072, 262144).outcome, 'unsupported', type);
  }
  assert.is(of('ntk', { alpha: undefined, factor: 4 }, 4096, 32768).options?.factor, 8);
  assert.is(of('default', { headDim: 20, partialRotaryFactor: 0.25 }, 4096, 8192).outcome, 'unsupported');
  assert.is(of('default', { invFreq: [1] }, 4096, 8192).outcome, 'unsupported');
});

/** Rows of a table of a page, without the spaces that only line columns up. */
const rows = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .join(' | ')
        .trim(),
    );

test('docs/rotary.md lists every rope type as its file describes it', () => {
  const page = rows(read('../../docs/rotary.md'));
  for (const type of ROPE_TYPES) {
    const { frequencies, options, source } = WORDS[type].docs;
    const row = `| \`${type}\` | ${frequencies} | ${options} | ${source} |`;
    assert.ok(page.includes(rows(row)[0]), `the page lacks the row\n${row}`);
    for (const option of Object.keys(RULES[type].options)) {
      const said =
        options.includes(`\`${option}`) || (type === 'dynamic-yarn' && WORDS.yarn.docs.options.includes(option));
      assert.ok(said, `${type}: ${option} is not in its row`);
    }
  }
});

test('a file of rules/ is a rope type of the table, or named as what rules share', () => {
  const shared = ['configWords', 'extend', 'index', 'ladder', 'options', 'ramp', 'rule', 'words'];
  const camel = (type: string) => type.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const files = readdirSync(new URL('../../src/rotary/rules', import.meta.url)).map((file) => file.slice(0, -3));
  assert.equal(files.sort(), [...shared, ...ROPE_TYPES.map(camel)].sort());
});

test.run();
