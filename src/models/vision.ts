/**
 * Rotary tables of vision towers, as far as a configuration determines them: the frequencies that both axes use. How
 * rows and columns share the channels differs by tower and is named, not computed, here.
 */
import { rotaryFrequencies } from '../rotary/frequencies.ts';
import { checkNumber, isFields, type Notes, refuse, Section } from './read.ts';

export interface VisionRotary {
  readonly modelType: string;
  readonly ropeTheta: number;
  /** float32 values, radians per patch. */
  readonly invFreq: readonly number[];
  readonly headDim: number;
  /** 'axis-blocks': one ladder of headDim / 4 for each axis. 'even-odd': one ladder of headDim / 2, even entries for rows, then odd ones for columns. */
  readonly arrangement: 'axis-blocks' | 'even-odd';
}

/** Model type of the tower (the file often repeats the parent's), its base, and whether it is Pixtral's ladder. */
const TOWERS: Readonly<Record<string, readonly [type: string, theta: number]>> = {
  qwen2_vl: ['qwen2_vl_vision', 1e4],
  qwen2_5_vl: ['qwen2_5_vl_vision', 1e4],
  qwen3_vl: ['qwen3_vl_vision', 1e4],
  qwen3_vl_moe: ['qwen3_vl_moe_vision', 1e4],
  qwen3_5: ['qwen3_5_vision', 1e4],
  qwen3_5_moe: ['qwen3_5_moe_vision', 1e4],
  qwen2_5_omni: ['qwen2_5_omni_vision_encoder', 1e4],
  qwen2_5_omni_thinker: ['qwen2_5_omni_vision_encoder', 1e4],
  qwen3_omni_moe: ['qwen3_omni_moe_vision_encoder', 1e4],
  qwen3_omni_moe_thinker: ['qwen3_omni_moe_vision_encoder', 1e4],
  glm4v: ['glm4v_vision', 1e4],
  glm4v_moe: ['glm4v_moe_vision', 1e4],
  glm_ocr: ['glm_ocr_vision', 1e4],
  ernie4_5_vl_moe: ['ernie4_5_vl_moe_vision', 1e4],
  paddleocr_vl: ['paddleocr_vl_vision', 1e4],
  video_llama_3: ['video_llama_3_vision', 1e4],
  exaone4_5: ['exaone4_5_vision', 1e4],
  kimi_k25: ['kimi_k25_vision', 1e4],
  llama4: ['llama4_vision_model', 1e4],
  gemma4: ['gemma4_vision', 100],
  pixtral: ['pixtral', 1e4],
};

/** The tower of `parent`, when it has a rotary one and the file gives its size. */
export function readVision(parent: Section, parentType: string): VisionRotary | undefined {
  if (!parent.has('vision_config') || !isFields(parent.fields.vision_config)) return undefined;
  const notes: Notes = parent.notes;
  const fields = parent.fields.vision_config;
  const tower = new Section(fields, parent.at('vision_config'), notes);
  const own = typeof fields.model_type === 'string' ? fields.model_type.replace(/_vision(_model)?$/, '') : '';
  const known = [own, parentType].find((type) => Object.hasOwn(TOWERS, type));
  if (known === undefined) return undefined;
  const [modelType, defaultTheta] = TOWERS[known];
  tower.string('model_type');

  const heads = tower.integerOf(['num_heads', 'num_attention_heads'], 1, 65536)?.value;
  const width = tower.integer('embed_dim', 1, 2 ** 20) ?? tower.integer('hidden_size', 1, 2 ** 20);
  const given = tower.integer('head_dim', 4, 8192);
  parent.kept.vision_config = tower.kept;
  if (given === undefined && (heads === undefined || width === undefined)) return undefined;
  const headDim = given ?? (width as number) / (heads as number);
  if (!Number.isInteger(headDim) || headDim % 4 !== 0 || headDim > 8192) {
    refuse(
      tower.at('hidden_size'),
      `${width} over ${heads} heads is ${headDim} channels; two axes need a multiple of 4`,
    );
  }
  let theta = tower.number('rope_theta', { above: 0 });
  if (tower.has('rope_parameters')) {
    const block = tower.get('rope_parameters');
    const path = tower.at('rope_parameters');
    if (!isFields(block)) refuse(path, 'expected an object');
    for (const key of Object.keys(block)) {
      notes.consumed.add(`${path}.${key}`);
      if (!['rope_type', 'type', 'rope_theta'].includes(key))
        notes.complain(`${path}.${key}`, 'not a key of a vision tower');
    }
    const type = block.rope_type ?? block.type ?? 'axial';
    if (type !== 'axial' && type !== 'default') refuse(`${path}.rope_type`, `expected 'axial' or 'default'`);
    if (Object.hasOwn(block, 'rope_theta')) theta = checkNumber(`${path}.rope_theta`, block.rope_theta, { above: 0 });
  }
  const ropeTheta = theta ?? defaultTheta;
  const evenOdd = modelType === 'pixtral';
  const ladder = rotaryFrequencies({ headDim: evenOdd ? headDim : headDim / 2, ropeTheta, precision: 'torch' });
  const values = Array.from(ladder.float32 as Float32Array);
  const invFreq = evenOdd ? [...values.filter((_, i) => i % 2 === 0), ...values.filter((_, i) => i % 2 === 1)] : values;
  return { modelType, ropeTheta, invFreq, headDim, arrangement: evenOdd ? 'even-odd' : 'axis-blocks' };
}
