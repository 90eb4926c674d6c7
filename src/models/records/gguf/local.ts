/** Layers that differ: windows with a table of their own, layers that do not rotate, layers without attention. */
import type { GgufCase, GgufRecord, GgufStep } from './facts.ts';
import {
  ALIKE,
  ALL,
  DIM_SWA,
  FLAGS,
  FREQS,
  FREQS_AND_LISTS,
  FULL,
  fullEvery,
  LOCAL,
  LOCAL_FLAGS,
  localOnly,
  mostlyLinear,
  NEOX,
  NEOX_WHOLE,
  NO_HEADS,
  NORM,
  NORM_WHOLE,
  nopeEvery,
  records,
  TABLE,
  UNSCALED,
  WINDOW,
} from './words.ts';

const KEY = { root: ['attention.key_length'] };
/** 27B models are known by their number of blocks. */
const ratioAt = (blocks: number) => ({ ratioWhen: { key: 'block_count', is: [blocks] } });
const NOT_0 = { key: 'attention.sliding_window', isNot: [0] } as const;
const IS_0 = { key: 'attention.sliding_window', is: [0] } as const;
const GRANITE = { softmax: { key: 'attention.scale', fallback: 'head' }, permuted: true } as const;
/** rope.scaling.finetuned switches the rotation. */
const graniteNope = (...after: readonly GgufStep[]): GgufCase => ({
  when: { key: 'rope.scaling.finetuned', is: [false] },
  positions: {
    family: 'none',
    reason: 'rope.scaling.finetuned is false: attention without positions',
    attention: {
      head: ['attention.key_length'],
      softmax: GRANITE.softmax,
      layers: [{ layers: 'all', use: 'nope' }, ...after],
    },
  },
});

export const localRecords = (): readonly GgufRecord[] => [
  // windows
  ...records(
    { ...NEOX, tables: [FULL, LOCAL], layers: fullEvery(3, { at: 'first', when: WINDOW }) },
    {
      'modern-bert': 'modern-bert',
    },
  ),
  ...records(
    { ...NEOX, tables: [FULL, LOCAL], softmax: KEY, layers: fullEvery(8, { when: WINDOW }) },
    { plamo3: 'plamo3' },
  ),
  ...records({ ...NEOX, tables: [FULL, ALIKE], softmax: ratioAt(46), layers: fullEvery(2) }, { gemma2: 'gemma2' }),
  ...records(
    { ...NEOX, tables: [FULL, LOCAL], softmax: ratioAt(62), layers: fullEvery(6, { when: WINDOW }) },
    {
      gemma3: 'gemma3',
    },
  ),
  ...records({ ...NEOX, tables: [FULL, LOCAL], softmax: { scale: 1 }, layers: fullEvery(5) }, { gemma3n: 'gemma3n' }),
  ...records(
    { ...NEOX, tables: [FULL, LOCAL], softmax: KEY, layers: fullEvery(6) },
    {
      'gemma-embedding': 'gemma-embedding',
    },
  ),
  ...records(
    {
      ...NEOX,
      tables: [
        FULL,
        {
          ...LOCAL,
          divided: false,
          dim: DIM_SWA,
          head: ['attention.key_length_swa'],
        },
      ],
      softmax: { scale: 1 },
      factors: { freqs: 'required', lists: 'none' },
      layers: FLAGS,
    },
    { gemma4: 'gemma4', 'gemma4-assistant': 'gemma4-assistant' },
  ),
  ...records({ ...NEOX_WHOLE, tables: [FULL, UNSCALED], layers: fullEvery(4, { when: WINDOW }) }, { olmo2: 'olmo2' }),
  ...records(
    { ...NEOX_WHOLE, tables: [FULL, UNSCALED], layers: fullEvery(4, { when: WINDOW, arrays: true }) },
    {
      mellum: 'mellum',
    },
  ),
  ...records({ ...NEOX, tables: [FULL, ALIKE], softmax: 'rotated', layers: fullEvery(2) }, { 'gpt-oss': 'openai-moe' }),
  ...records(
    {
      ...NEOX,
      tables: [FULL, { ...ALIKE, scaled: false, dim: DIM_SWA }],
      layers: fullEvery(4, { at: 'first', when: WINDOW }),
    },
    { laguna: 'laguna' },
  ),
  ...records({ ...NEOX, tables: [FULL, LOCAL], softmax: KEY, layers: FLAGS }, { mimo2: 'mimo2' }),
  ...records({ ...NEOX, tables: [FULL, { ...ALIKE, dim: DIM_SWA }], layers: FLAGS }, { spark2_5: 'spark2-5' }),
  ...records(
    {
      ...NEOX,
      tables: [
        { ...FULL, part: 0.5 },
        { ...LOCAL, divided: false, dim: DIM_SWA },
      ],
      softmax: KEY,
      factors: FREQS_AND_LISTS,
      layers: FLAGS,
    },
    { step35: 'step35' },
  ),
  // layers without rotation
  ...records(
    {
      ...NORM_WHOLE,
      tables: [FULL, { ...ALIKE, label: 'chunked_attention' }],
      factors: FREQS,
      layers: [
        { layers: 'all', use: { table: 'full_attention' } },
        {
          layers: 'between',
          n: 4,
          at: 'last',
          key: 'attention.sliding_window_pattern',
          use: { table: 'chunked_attention' },
          when: NOT_0,
        },
        nopeEvery(4, { when: NOT_0 }),
        { layers: 'every', n: 'block_count', at: 'last', use: 'nope', when: IS_0 },
      ],
      queryScale: {
        appliesTo: 'nope layers',
        scale: { keys: [], fallback: 0.1 },
        length: { keys: [], fallback: 8192 },
        shift: 1,
        when: NOT_0,
      },
    },
    { llama4: 'llama4' },
  ),
  ...records({ ...NORM_WHOLE, permuted: true, layers: [...ALL, nopeEvery(4)] }, { smollm3: 'smollm3' }),
  ...records({ ...NORM, layers: [...ALL, localOnly()] }, { cohere2: 'cohere2' }),
  ...records(
    {
      ...NORM,
      permuted: true,
      tables: [{ ...ALIKE, scaled: false }],
      layers: [{ layers: 'all', use: { table: ALIKE.label } }, localOnly({ arrays: true, needed: true })],
    },
    { 'muse-glimmer': 'muse-glimmer' },
  ),
  ...records({ ...NEOX, tables: [{ ...ALIKE, dim: DIM_SWA }], layers: LOCAL_FLAGS }, { maple: 'maple' }),
  ...records(
    {
      ...NORM_WHOLE,
      ...GRANITE,
      factors: FREQS_AND_LISTS,
      layers: [...ALL, { layers: 'flags', key: 'attention.rope_pattern', is: false, needed: false, use: 'nope' }],
    },
    { granite_swa: 'granite-swa' },
  ),
  ...records(
    {
      ...NORM_WHOLE,
      layers: [
        ...ALL,
        localOnly({ at: 'first', arrays: true, needed: true }),
        { layers: 'leading', key: 'leading_dense_block_count', use: { table: 'default' } },
      ],
    },
    { cohere2moe: 'cohere2moe' },
  ),
  ...records(
    { ...NEOX_WHOLE, factors: FREQS, layers: [...ALL, localOnly({ when: { key: 'block_count', is: [64] } })] },
    { exaone4: 'exaone4' },
  ),
  ...records({ ...NEOX_WHOLE, factors: FREQS, layers: [...ALL, localOnly()] }, { 'exaone-moe': 'exaone-moe' }),
  ...records(
    { ...NEOX, tables: [FULL, ALIKE], layers: [...fullEvery(4, { when: WINDOW }), nopeEvery(4)] },
    {
      afmoe: 'afmoe',
    },
  ),
  ...records(
    {
      ...NEOX_WHOLE,
      tables: [FULL, ALIKE],
      layers: [...fullEvery(4, { at: 'first', when: WINDOW }), nopeEvery(4, { at: 'first', when: WINDOW })],
    },
    { smallthinker: 'smallthinker' },
  ),
  {
    arch: 'dflash',
    source: 'models/dflash.cpp',
    positions: [
      {
        when: { key: 'hyper_connection.count', above: 0 },
        positions: { ...NORM, place: 'last', tables: [{ ...TABLE, scaled: false }] },
      },
      { when: null, positions: NEOX },
    ],
  },
  // layers without attention
  ...records({ ...NEOX, layers: [...ALL, NO_HEADS] }, { lfm2: 'lfm2', lfm2moe: 'lfm2moe', barbet: 'barbet' }),
  ...records(
    { ...NEOX, softmax: { root: ['attention.value_length', 'attention.key_length'] }, layers: [...ALL, NO_HEADS] },
    { plamo2: 'plamo2' },
  ),
  ...records({ ...NEOX, layers: mostlyLinear(4) }, { qwen3next: 'qwen3next' }),
  ...records({ ...NEOX, layers: mostlyLinear(8) }, { 'minimax-01': 'minimax-01' }),
  ...['granite', 'granitemoe', 'graniteswitch'].map(
    (arch, i): GgufRecord => ({
      arch,
      source: `models/${['granite', 'granite-moe', 'granite-switch'][i]}.cpp`,
      positions: [graniteNope(), { when: null, positions: { ...NORM_WHOLE, ...GRANITE, factors: FREQS_AND_LISTS } }],
    }),
  ),
  {
    arch: 'granitehybrid',
    source: 'models/granite-hybrid.cpp',
    positions: [
      graniteNope(NO_HEADS),
      { when: null, positions: { ...NORM, ...GRANITE, factors: FREQS, layers: [...ALL, NO_HEADS] } },
    ],
  },
];
