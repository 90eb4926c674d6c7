/** The header of the GGUF file that llama.cpp's converters would write for a config.json: sizes, bases, scalings, schedules. */
import type { NormalForm, RotaryLayer } from '../../src/models/normalForm.ts';
import type { GgufRecord, GgufRotary } from '../../src/models/records/gguf/facts.ts';

// biome-ignore lint/suspicious/noExplicitAny: configurations are read, not written
type Config = any;

export interface Converted {
  readonly metadata: Record<string, unknown>;
  readonly tensors: Record<string, readonly number[]>;
}

/** What the graph of an architecture does when nothing switches its rotation off. */
export function rotaryOf({ positions }: GgufRecord): GgufRotary | undefined {
  const cases = [positions].flat();
  return cases
    .map((item) => ('positions' in item ? item.positions : item))
    .filter((facts): facts is GgufRotary => facts.family === 'rotary')
    .at(-1);
}

/** What each layer uses: the label of a table, 'nope' or 'no attention'. */
export function usesOf({ layers }: NormalForm): string[] {
  const uses = new Array<string>(layers?.count ?? 0).fill('no attention');
  for (const [label, indices] of Object.entries(layers?.rotary ?? {})) {
    for (const layer of indices) uses[layer] = label;
  }
  for (const layer of layers?.nope ?? []) uses[layer] = 'nope';
  return uses;
}

/** Divisors that make the frequencies of a rule out of those of its base. */
function divisors(invFreq: readonly number[], base: number, width: number): number[] {
  return invFreq.map((frequency, i) => (frequency === 0 ? 1e30 : base ** ((-2 * i) / width) / frequency));
}

export function convert(form: NormalForm, config: Config, record: GgufRecord): Converted {
  const cfg = { ...config, ...(config.text_config ?? config.llm_config ?? config.language_config) };
  const facts = rotaryOf(record);
  const tables = form.layerTypes as Readonly<Record<string, RotaryLayer>>;
  const labels = Object.keys(tables);
  const main = labels.find((label) => label === 'full_attention' || label === 'main') ?? labels[0];
  const local = labels.find((label) => label !== main);
  const table = tables[main];
  const width = table.rotaryDim;
  const base = table.spec.ropeTheta ?? 1e4;
  const scaled = Object.values(tables).find(({ ropeType }) => ropeType !== 'default') ?? table;
  const uses = usesOf(form);

  const metadata: Record<string, unknown> = { 'general.architecture': record.arch };
  const tensors: Record<string, readonly number[]> = {};
  const set = (key: string, value: unknown): void => {
    if (value !== undefined && value !== null) metadata[`${record.arch}.${key}`] = value;
  };

  const heads = cfg.num_attention_heads ?? cfg.n_head ?? cfg.n_heads ?? 8;
  const kv = cfg.num_key_value_heads ?? heads;
  set('block_count', uses.length);
  set('embedding_length', cfg.hidden_size ?? heads * table.headDim);
  set('context_length', form.maxPositionEmbeddings ?? 4096);
  set('attention.head_count', heads);
  set(
    'attention.head_count_kv',
    uses.includes('no attention') ? uses.map((use) => (use === 'no attention' ? 0 : kv)) : kv,
  );

  const latent = table.rotaryOffset > 0 && local === undefined;
  set('attention.key_length', latent ? 576 : table.headDim);
  set('attention.value_length', latent ? 512 : table.headDim);
  if (latent) set('attention.key_length_mla', table.headDim);
  set('rope.dimension_count', width / (facts?.tables[0].part ?? 1));
  // HunYuan's converter writes the base that alpha makes
  set('rope.freq_base', table.spec.alpha ? table.invFreq[1] ** (-width / 2) : base);
  if (table.mropeSection) set('rope.dimension_sections', [...table.mropeSection, 0, 0].slice(0, 4));
  set('attention.sliding_window', cfg.sliding_window ?? undefined);
  if (local === 'compress') {
    set('attention.compress_rope_freq_base', tables[local].spec.ropeTheta);
    set(
      'attention.compress_ratios',
      uses.map((use) => (use === local ? 4 : 0)),
    );
  } else if (local !== undefined) {
    set('attention.sliding_window', cfg.sliding_window ?? 512);
    set(
      'attention.sliding_window_pattern',
      uses.map((use) => use === local),
    );
    set('rope.freq_base_swa', tables[local].spec.ropeTheta);
    set('rope.dimension_count_swa', tables[local].rotaryDim);
    set('attention.key_length_swa', tables[local].headDim);
  }

  if (typeof facts?.softmax === 'object' && 'key' in facts.softmax) set(facts.softmax.key, table.softmaxScale);
  for (const step of facts?.layers ?? []) {
    if (step.use !== 'nope' || !('key' in step)) continue;
    if (step.layers === 'flags') {
      set(
        step.key,
        uses.map((use) => (use === 'nope') === step.is),
      );
    } else if (step.layers === 'every' && step.arrays && step.key !== undefined) {
      set(
        step.key,
        uses.map((use) => use !== 'nope'),
      );
    }
  }

  const { spec, ropeType } = scaled;
  if (ropeType === 'linear' || ropeType === 'yarn') {
    set('rope.scaling.type', ropeType);
    set('rope.scaling.factor', spec.factor);
  }
  if (ropeType === 'yarn') {
    set('rope.scaling.original_context_length', spec.originalMaxPositionEmbeddings);
    set('rope.scaling.yarn_log_multiplier', latent ? 0.1 * (spec.mscaleAllDim ?? 0) : spec.mscaleAllDim);
    set('rope.scaling.yarn_beta_fast', spec.betaFast);
    set('rope.scaling.yarn_beta_slow', spec.betaSlow);
  }
  if (table.ropeType === 'llama3' || table.ropeType === 'proportional') {
    tensors.ropeFreqs = divisors(table.invFreq, base, width);
  }
  if (table.ropeType === 'longrope') {
    tensors.ropeFactorsShort = divisors(table.invFreq, base, width);
    tensors.ropeFactorsLong = divisors(table.invFreqLong ?? [], base, width);
    set('rope.scaling.original_context_length', table.spec.originalMaxPositionEmbeddings);
    set('rope.scaling.attn_factor', table.attentionFactor);
    if (facts?.factors.lists === 'longrope') set('rope.scaling.type', 'longrope');
  }
  return { metadata, tensors };
}
