/** A configuration in the words of llama.cpp: toLlamaCpp against what its sources compute. Schema: tests/golden/README.md. */

import type { Api } from '../api.ts';
import { type CheckingAdapter, type Finding, type GoldenRecord, Unsupported } from '../types.ts';

// biome-ignore lint/suspicious/noExplicitAny: the records are read, not written
type Loose = any;

const ROPE: Readonly<Record<string, string>> = {
  n_dims: 'nDims',
  n_ctx_orig: 'nCtxOrig',
  freq_base: 'freqBase',
  freq_scale: 'freqScale',
  ext_factor: 'extFactor',
  attn_factor: 'attnFactor',
  beta_fast: 'betaFast',
  beta_slow: 'betaSlow',
};

/** Where each expected field stands in the result; undefined: prose. */
const FIELDS: Readonly<Record<string, ((got: Loose, layer: Loose) => unknown) | undefined>> = {
  architecture: (got) => got.architecture,
  mode_model: (got) => got.rope.mode ?? null,
  mode_file: (got) => got.fileMode,
  permuted: (got) => got.permuted,
  sections: (got) => got.rope.sections,
  rotary_offset: (_, layer) => layer.rotaryOffset,
  amplitude: (got) => got.amplitude,
  amplitude_by_flags: (got) => got.amplitudeByFlags,
  flags: (got) => got.flags,
  flags_with_file: (got) => got.flagsWithFile,
  flags_without_effect: (got) => got.flagsWithoutEffect,
  kq_scale: (got) => got.kqScale,
  layers_without_rotation: (got) => got.layersWithoutRotation,
  ramp: undefined,
};

function same(got: unknown, want: unknown): boolean {
  if (typeof want === 'number') return typeof got === 'number' && Math.abs(got - want) <= 1e-6 * Math.abs(want);
  if (Array.isArray(want))
    return Array.isArray(got) && got.length === want.length && want.every((value, i) => same(got[i], value));
  return got === want;
}

function problemsOf(record: GoldenRecord, api: Api): string[] {
  const { config, layer_type: layerType, ...others } = record.params as Loose;
  if (Object.keys(others).length > 0) throw new Unsupported(`unknown parameter ${Object.keys(others)[0]}`);
  const form = api.fromHF(config);
  const labels = Object.keys(form.layerTypes);
  const label = layerType ?? labels[0];
  const layer = form.layerTypes[label];
  // the lists of LongRoPE are stored both: flags are asked for the long one
  const context = layer.lengthDependent === undefined ? undefined : form.maxPositionEmbeddings;
  const got = api.toLlamaCpp(form, { layerType: label, context });
  const problems: string[] = [];
  const compare = (what: string, value: unknown, want: unknown): void => {
    if (!same(value, want)) problems.push(`${what}: ${JSON.stringify(value)}, expected ${JSON.stringify(want)}`);
  };
  for (const [key, want] of Object.entries(record.raw.expected as Loose)) {
    if (key === 'rope') {
      for (const [name, value] of Object.entries(want as Loose)) {
        if (ROPE[name] === undefined) throw new Unsupported(`unknown argument '${name}' of ggml_rope_ext`);
        compare(`rope.${name}`, got.rope[ROPE[name]], value);
      }
    } else if (key === 'notes_about') {
      for (const words of want as string[]) {
        if (!got.notes.some((note: string) => new RegExp(words, 'i').test(note)))
          problems.push(`no note about ${words}: ${JSON.stringify(got.notes)}`);
      }
    } else {
      if (!Object.hasOwn(FIELDS, key)) throw new Unsupported(`unknown field '${key}'`);
      const read = FIELDS[key];
      if (read) compare(key, read(got, layer), want);
    }
  }
  return problems;
}

export const llamaCpp: readonly CheckingAdapter[] = [
  {
    when: { op: ['llama_cpp_flags'] },
    check(record, { api }): Finding[] {
      const [first] = problemsOf(record, api);
      return [
        first === undefined
          ? { output: 'llama.cpp', ok: true, maxAbs: 0, allowed: 0 }
          : { output: 'llama.cpp', ok: false, maxAbs: Number.POSITIVE_INFINITY, allowed: 0, message: first },
      ];
    },
  },
];
