/** Towers that turn by the axes of a grid: what fromHF gives is what axialTable takes, with the frequencies that it shows. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { describe } from '../../src/models/describe.ts';
import { fromHF, toHF } from '../../src/models/hf.ts';
import { modelRecords } from '../../src/models/records/index.ts';
import type { VisionRotary } from '../../src/models/vision.ts';
import { visionPositions } from '../../src/positions/visionPositions.ts';
import { axialAngles, axialTable } from '../../src/rotary/axial.ts';
import { AXIAL_PRESETS, type AxialSpec } from '../../src/rotary/axialPresets.ts';
import { scope } from '../../src/runtime/tensor.ts';
import { readGolden } from './golden.ts';

const presetOf = ({ spec }: VisionRotary): Omit<AxialSpec, 'headDim'> => AXIAL_PRESETS[spec.preset];
const axesOf = (tower: VisionRotary): number => presetOf(tower).axes ?? 2;

/** The coordinates of some picture, as the form says that they are made. */
function placesOf(tower: VisionRotary): { grid: readonly number[] } | { positions: readonly number[] } {
  const axes = axesOf(tower);
  if (tower.rows.grid) return { grid: tower.rows.grid.map((n) => Math.min(n, 4)) };
  const { spatialMergeSize } = tower;
  if (spatialMergeSize === undefined) return { grid: [2, 3, 4].slice(3 - axes) };
  const side = 2 * spatialMergeSize;
  const { data } = visionPositions({ gridThw: [[1, side, side]], spatialMergeSize });
  return { positions: Array.from(data).filter((_, i) => i % 3 > 0) };
}

/** Every table of a tower: one, or one an axis where each axis rotates a block of its own. */
function check(tower: VisionRotary, name: string): void {
  scope(() => {
    const places = placesOf(tower);
    const { grid: _, ...rows } = tower.rows;
    const cells = 'grid' in places ? places.grid.reduce((a, b) => a * b, 1) : places.positions.length / axesOf(tower);
    const tokens = cells + (rows.prefixTokens ?? 0) + (rows.suffixTokens ?? 0);
    const blocks = presetOf(tower).pairingBlocks === 'axis' ? [{ axis: 0 }, { axis: 1 }] : [{}];
    for (const block of blocks) {
      const table = axialTable(tower.spec, { ...places, ...rows, ...block });
      assert.is(table.cos.shape[0], tokens, name);
      assert.is(table.headDim, tower.headDim, name);
      assert.is(table.pairing, tower.pairing, name);
    }
    if (presetOf(tower).tiled) return;
    // at coordinates of 1 every angle is a frequency, times the scale of the coordinates
    const angles = axialAngles(tower.spec, { positions: new Array(axesOf(tower)).fill(1) });
    const scale = presetOf(tower).coordinateScale ?? 1;
    const got = [...new Set(Array.from(angles.data, (angle) => angle / scale))].sort((a, b) => b - a);
    const want = [...new Set(tower.invFreq)].sort((a, b) => b - a);
    assert.is(got.length, want.length, name);
    want.forEach((frequency, i) => {
      assert.ok(Math.abs(got[i] - frequency) <= 1e-6 * frequency, `${name}: ${got[i]}, said to be ${frequency}`);
    });
  });
}

let towers = 0;
for (const [name, item] of readGolden('configs')) {
  const { axial, vision } = fromHF((item as { config: object }).config);
  const tower = axial ?? vision;
  if (tower === undefined) continue;
  towers++;
  test(`configs/${name}: axialTable takes the tower`, () => check(tower, name));
}

test('towers were found', () => assert.ok(towers >= 18, `${towers}`));

for (const { types, config } of modelRecords()) {
  if (config.family !== 'tower') continue;
  for (const type of types) {
    test(`${type}, as its class makes it`, () => {
      const { axial } = fromHF({ model_type: type });
      if (axial === undefined) throw new Error(`${type}: no table`);
      check(axial, type);
    });
  }
}

test('tokens without a place: DINOv3 has them in front, Llama 4 behind', () => {
  const dino = fromHF({ model_type: 'dinov3_vit', image_size: 512, num_register_tokens: 4 }).axial;
  assert.equal(dino?.rows, { prefixTokens: 5, grid: [32, 32] });
  const llama = fromHF({ model_type: 'llama4_vision_model', image_size: 336, patch_size: 14 }).axial;
  assert.equal(llama?.rows, { suffixTokens: 1, grid: [24, 24] });
  const clip = { frames_per_clip: 16, tubelet_size: 2, crop_size: 384, patch_size: 16 };
  assert.equal(fromHF({ model_type: 'vjepa2', ...clip }).axial?.rows, { grid: [8, 24, 24] });
});

test('precision is asked for where the model is read', () => {
  const precision = (of: 'exact' | 'torch' | 'ggml') =>
    fromHF({ model_type: 'pixtral' }, { precision: of }).axial?.spec.precision;
  assert.is(precision('exact'), 'exact');
  assert.is(precision('torch'), 'torch');
  assert.throws(() => precision('ggml'), /precision: 'ggml' is of text/);
});

test('a tower that no record describes is said, and not read as what the model around it usually has', () => {
  const text_config = { model_type: 'llama', hidden_size: 64, num_attention_heads: 4 };
  const read = (vision_config: object) => fromHF({ model_type: 'llava', text_config, vision_config });
  const sizes = { hidden_size: 1024, image_size: 224, patch_size: 14 };
  assert.is(read(sizes).visionEncoder?.modelType, 'clip_vision_model');
  assert.is(read({ ...sizes, model_type: 'llava' }).visionEncoder?.modelType, 'clip_vision_model');
  assert.is(read({ ...sizes, model_type: 'siglip' }).visionEncoder?.modelType, 'siglip_vision_model');
  const unknown = read({ ...sizes, model_type: 'zzvit' });
  assert.is(unknown.visionEncoder, undefined);
  assert.match(
    unknown.warnings.map(({ message }) => message).join(),
    /vision_config: 'zzvit' is not a known model type/,
  );
  assert.equal({ ...fromHF(toHF(unknown)), consumed: [] }, { ...unknown, consumed: [] });
  const rotary = read({ model_type: 'voxtral_realtime_encoder' });
  assert.match(rotary.warnings.map(({ message }) => message).join(), /fromHF\(config\.vision_config\)/);
});

test('the rows of an audio encoder are its encoder, whatever their family', () => {
  const text_config = { model_type: 'llama', hidden_size: 64, num_attention_heads: 4 };
  const audio_config = { model_type: 'qwen2_audio_encoder', d_model: 1280, max_source_positions: 1500 };
  const { audioEncoder, visionEncoder } = fromHF({ model_type: 'qwen2_audio', text_config, audio_config });
  assert.equal([audioEncoder?.family, audioEncoder?.calls?.learnedPositions?.shape], ['learned', [1500, 1280]]);
  assert.is(visionEncoder, undefined);
});

test('keys of a tower that look like positions and that nothing reads are said', () => {
  const text_config = { model_type: 'llama', hidden_size: 64, num_attention_heads: 4 };
  const vision_config = { model_type: 'siglip_vision_model', hidden_size: 1152, image_size: 384, patch_size: 14 };
  const said = (more: object) =>
    fromHF({ model_type: 'llava', text_config, vision_config: { ...vision_config, ...more } }).warnings.map(
      ({ key }) => key,
    );
  assert.equal(said({}), []);
  assert.equal(said({ rope_theta: 10000 }), ['vision_config.rope_theta']);
  assert.equal(said({ disable_rope: false }), ['vision_config.disable_rope']);
  assert.equal(said({ disable_rope: true, use_rope: false }), []);
});

test('in words: a tower leads to its preset, rows to the function that reads them', () => {
  const dino = describe(fromHF({ model_type: 'dinov3_vit', image_size: 224, num_register_tokens: 4 }));
  assert.match(dino, /^dinov3_vit: rotary, by the axes of a grid$/m);
  assert.match(dino, /axialTable preset dinov3, .* a grid of 14 x 14, before it tokens without a place: 5$/m);
  assert.match(describe(fromHF({ model_type: 'vit' })), /^computed {3}by learnedPositions$/m);
});

test.run();
