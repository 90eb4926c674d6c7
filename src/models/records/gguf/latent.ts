/** Latent attention: a head is [other channels | rotated channels], as wide as attention.key_length_mla says. */
import type { GgufRecord, GgufRotary } from './facts.ts';
import { ALL, FLAGS, FULL, HEAD, LISTS, LOCAL, NEOX, NO_HEADS, NORM, records, TABLE, YARN } from './words.ts';

const LATENT: GgufRotary = {
  ...NORM,
  place: 'last',
  head: ['attention.key_length_mla', 'attention.key_length'],
  softmax: 'latent',
  yarn: { ...YARN, multiplier: { unit: 10, numerator: 'one' } },
};
/** Without the log multiplier of DeepSeek. */
const PLAIN_LATENT: GgufRotary = { ...LATENT, softmax: 'head', yarn: YARN };
const TEMPERATURE = {
  appliesTo: 'rotary layers',
  scale: { keys: ['attention.temperature_scale'], fallback: 0 },
  length: { keys: ['attention.temperature_length'], fallback: null },
  shift: 0,
} as const;
const MAIN = { table: 'main' };

export const latentRecords = (): readonly GgufRecord[] => [
  ...records(
    { ...LATENT, yarn: { ...YARN, multiplier: { unit: 10, numerator: 'm' } }, queryScale: TEMPERATURE },
    {
      deepseek2: 'deepseek2',
    },
  ),
  ...records({ ...LATENT, indexer: { pairing: 'half', place: 'first' } }, { deepseek32: 'deepseek32' }),
  ...records({ ...LATENT, queryScale: TEMPERATURE }, { mistral4: 'mistral4' }),
  // the multiplier is not read here
  ...records({ ...LATENT, yarn: YARN, indexer: { pairing: 'interleaved', place: 'first' } }, { 'glm-dsa': 'glm-dsa' }),
  ...records({ ...PLAIN_LATENT, layers: [...ALL, NO_HEADS] }, { bailingmoe3: 'bailingmoe3' }),
  ...records({ ...PLAIN_LATENT, indexer: { pairing: 'interleaved', place: 'last' } }, { hy_v4: 'hy-v4' }),
  // local layers have heads of another width, and the scaling of the others
  ...records(
    {
      ...PLAIN_LATENT,
      tables: [
        FULL,
        {
          ...LOCAL,
          base: { keys: ['rope.freq_base_swa'], fallback: null },
          scaled: true,
          head: ['attention.key_length_mla_swa'],
        },
      ],
      layers: FLAGS,
      indexer: { pairing: 'half', place: 'first' },
    },
    { dots3note: 'dots3note' },
  ),
  // no latent keys: a plain head, and NEOX in the graph although the switch says NORM
  ...records(
    { ...NEOX, head: [], tables: [{ ...TABLE, scaled: false, dim: [] }] },
    { 'deepseek2-ocr': 'deepseek2ocr' },
  ),
  ...records(
    {
      ...NORM,
      place: 'last',
      tables: [
        { ...TABLE, label: 'main', scaled: false },
        { ...TABLE, label: 'compress', base: { keys: ['attention.compress_rope_freq_base'], fallback: null } },
      ],
      layers: [
        { layers: 'all', use: MAIN },
        { layers: 'above zero', key: 'attention.compress_ratios', needed: true, use: { table: 'compress' } },
      ],
      yarn: { ...YARN, amplitude: 'one' },
      indexer: { pairing: 'interleaved', place: 'last' },
    },
    { deepseek4: 'deepseek4' },
  ),
  ...records({ ...NEOX, place: 'last', softmax: { root: HEAD }, factors: LISTS }, { minicpm3: 'minicpm3' }),
  ...records({ ...NORM, place: 'last', softmax: { root: HEAD } }, { plm: 'plm' }),
];
