/** Position streams (M-RoPE): blocks of pairs (mrope) or pairs in turns (imrope). */
import type { GgufRecord } from './facts.ts';
import { mostlyLinear, NEOX, NEOX_WHOLE, NORM, records, TABLE } from './words.ts';

export const streamRecords = (): readonly GgufRecord[] => [
  ...records({ ...NEOX_WHOLE, mode: 'mrope', sections: 'required' }, { qwen2vl: 'qwen2vl', paddleocr: 'paddleocr' }),
  ...records(
    { ...NEOX_WHOLE, mode: 'imrope', sections: 'required' },
    { qwen3vl: 'qwen3vl', qwen3vlmoe: 'qwen3vlmoe', qwen3tts: 'qwen3tts' },
  ),
  ...records(
    { ...NEOX, mode: 'imrope', sections: 'required', layers: mostlyLinear(4) },
    {
      qwen35: 'qwen35',
      qwen35moe: 'qwen35moe',
    },
  ),
  ...records(
    {
      ...NEOX,
      mode: 'imrope',
      sections: 'required',
      layers: mostlyLinear(4),
      indexer: { pairing: 'half', place: 'first' },
    },
    { qwen4exp: 'qwen4exp' },
  ),
  ...records({ ...NORM, sections: 'optional' }, { glm4: 'glm4' }),
  ...records({ ...NEOX, sections: 'optional' }, { glm4moe: 'glm4-moe' }),
  ...records(
    { ...NEOX_WHOLE, sections: 'optional', tables: [{ ...TABLE, alpha: 'rope.scaling.alpha' }] },
    {
      hunyuan_vl: 'hunyuan-vl',
    },
  ),
];
