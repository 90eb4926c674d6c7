/**
 * config.json and GGUF say the same: every rotary configuration of the vectors whose record names an architecture of llama.cpp,
 * converted as llama.cpp's converters do it, has the same tables, layers and scales.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromGGUF } from '../../src/models/gguf.ts';
import { fromHF } from '../../src/models/hf.ts';
import type { NormalForm, RotaryLayer } from '../../src/models/normalForm.ts';
import { ggufRecord } from '../../src/models/records/gguf/index.ts';
import { recordOf } from '../../src/models/records/index.ts';
import { convert, rotaryOf, usesOf } from './convert.ts';
import { readGolden } from './golden.ts';

/** Where llama.cpp computes something else than the model's own code. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'deepseek-v2-lite-eagle3': 'an amplitude of 1 beside YaRN has no key in a llama file',
  'deepseek-v2-use-mla-false': 'a DeepSeek without latent attention has no architecture',
  'gpt-j-6b': 'no loader',
  'gpt-oss-20b': 'the ramp of YaRN is always rounded to whole pairs',
  'kimi-k2-instruct': 'yarn_beta_fast is not read',
  'qwen3-vl-8b-eagle3-mrope': 'a draft head with position streams',
};

const near = (got: number, want: number): boolean => Math.abs(got - want) <= 2e-6 * Math.abs(want) + 1e-30;

function same(got: RotaryLayer, want: RotaryLayer, permuted: boolean, what: string): void {
  for (const key of ['attentionFactor', 'rotaryDim', 'headDim', 'rotaryOffset', 'softmaxScale'] as const) {
    assert.ok(near(got[key] ?? 0, want[key] ?? 0), `${what}.${key}: ${got[key]}, ${want[key]} by the config`);
  }
  // position streams are halves in ggml: GLM-4V's q and k are reordered as well
  const pairing = permuted ? 'interleaved' : want.mropeSection ? 'half' : want.pairing;
  assert.is(got.pairing, pairing, `${what}.pairing`);
  assert.is(got.mropeLayout, want.mropeLayout, `${what}.mropeLayout`);
  assert.equal(got.mropeSection?.slice(0, 3), want.mropeSection?.slice(0, 3), `${what}.mropeSection`);
  assert.is(got.invFreq.length, want.invFreq.length, what);
  want.invFreq.forEach((frequency, i) => {
    assert.ok(near(got.invFreq[i], frequency), `${what}.invFreq[${i}]: ${got.invFreq[i]}, ${frequency} by the config`);
  });
}

let compared = 0;
for (const [file, item] of readGolden('configs')) {
  const { config, strict = true } = item as { config: Record<string, unknown>; strict?: boolean };
  let form: NormalForm;
  try {
    form = fromHF(config, { strict });
  } catch {
    continue;
  }
  const arch = recordOf(form.modelType)?.gguf;
  const record = typeof arch === 'string' ? ggufRecord(arch) : undefined;
  const name = file.replace(/\.json$/, '');
  if (form.family !== 'rotary' || record === undefined || DIFFERENT[name] !== undefined) continue;
  compared++;
  test(`${name} as ${record.arch}`, () => {
    const { metadata, tensors } = convert(form, config, record);
    const twin = fromGGUF(metadata, { tensors });
    const [want, got] = [usesOf(form), usesOf(twin)];
    assert.is(got.length, want.length);
    want.forEach((use, layer) => {
      const [mine, theirs] = [form.layerTypes?.[use], twin.layerTypes?.[got[layer]]];
      if (mine && theirs) same(theirs, mine, rotaryOf(record)?.permuted === true, `layer ${layer}`);
      else assert.is(theirs ? 'rotates' : got[layer], mine ? 'rotates' : use, `layer ${layer}`);
    });
    assert.equal(twin.queryScale?.parameters, form.queryScale?.parameters);
  });
}

test('most of the configurations have a twin', () => {
  assert.ok(compared >= 90, `${compared}`);
});

test.run();
