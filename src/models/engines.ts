/**
 * What an engine needs for a model and a context, as a line or a block to paste, and what it ignores or overwrites. transformers:
 * docs of rope_utils; vLLM: docs/features/context_extension (--hf-overrides, --max-model-len); SGLang: docs/advanced_features/
 * server_arguments (--json-model-override-args, --context-length); llama.cpp: common/arg.cpp, src/llama-context.cpp; ONNX:
 * operators RotaryEmbedding (opset 23) and com.microsoft.RotaryEmbedding.
 */

import { wordsOf } from '../rotary/rules/words.ts';
import type { RopeType } from '../rotary/spec.ts';
import { oneOf, take } from '../runtime/arguments.ts';
import { show } from '../runtime/errors.ts';
import { changedForm, type Extension, extendForm } from './extension.ts';
import { isGGUF, toLlamaCpp } from './llamaCpp.ts';
import type { NormalForm, RotaryLayer } from './normalForm.ts';
import { readingForm } from './normalForm.ts';
import { type Json, refuse } from './read.ts';
import { recordOf } from './records/index.ts';
import { grouped } from './words.ts';

/**
 * The engines that forEngine has a line for.
 * @example
 * console.log(ENGINES.join(' ')); // llama.cpp vllm sglang transformers onnx
 */
export const ENGINES = ['llama.cpp', 'vllm', 'sglang', 'transformers', 'onnx'] as const;
export type Engine = (typeof ENGINES)[number];

export interface EngineLine {
  /** To paste: a command line, or a block of JSON. */
  readonly line: string;
  /** What the engine ignores, overwrites or does by itself. */
  readonly notes: readonly string[];
}

export type EngineLines = Partial<Readonly<Record<Engine, EngineLine>>>;

export interface EngineChoice {
  /** Positions that the line is for. */
  readonly context?: number;
  /**
   * A key of `layerTypes`: the table of the onnx block. Default: one that sees far. Lines of other engines are for all layers.
   */
  readonly layerType?: string;
}

/**
 * What one engine needs for a model and, with `context`, for so many positions; a form of a config.json or of a GGUF file.
 * @param form from fromHF or fromGGUF
 * @param engine one of ENGINES
 * @param choice `context`, `layerType`
 * @returns the line, and notes on what the engine ignores or overwrites
 * @throws ERR_OPTION for an unknown engine or context; ERR_CONFIG for a form that was read `as` another type and must change:
 *   extend(config, { context, as }).forEngines has it
 * @example
 * const form = fromHF({ model_type: 'qwen2', hidden_size: 3584, num_attention_heads: 28, max_position_embeddings: 32768 });
 * console.log(forEngine(form, 'llama.cpp', { context: 131072 }).line); // llama-server -m MODEL.gguf -c 131072 --rope-scaling yarn --rope-scale 4 --yarn-orig-ctx 32768
 */
export function forEngine(form: NormalForm, engine: Engine, choice: EngineChoice = {}): EngineLine {
  oneOf('engine', engine, ENGINES);
  const { context, layerType } = take('forEngine', choice, ['context', 'layerType']);
  return readingForm('forEngine', form, () => {
    if (context === undefined) return engineLine(engine, form, undefined, { layerType });
    const extension = extendForm(form, { context });
    const changed = extension.changes === undefined ? form : changedForm(form, extension, context);
    return engineLine(engine, changed, extension, { context, layerType });
  });
}

/** @internal Every engine; `form` is the model with the changes of `extension` in place. */
export function engineLines(form: NormalForm, extension: Extension | undefined, choice: EngineChoice): EngineLines {
  return Object.fromEntries(ENGINES.map((engine) => [engine, engineLine(engine, form, extension, choice)]));
}

/** @internal One engine. */
function engineLine(
  engine: Engine,
  form: NormalForm,
  extension: Extension | undefined,
  choice: EngineChoice,
): EngineLine {
  const labels = Object.keys(form.layerTypes ?? {});
  if (choice.layerType !== undefined && !labels.includes(choice.layerType)) {
    const known = labels.length > 0 ? `it has ${labels.join(', ')}` : `its family is '${form.family}'`;
    refuse('layerType', `no layer type ${show(choice.layerType)} in this model; ${known}`);
  }
  const notes: string[] = [];
  if (extension?.outcome === 'unsupported')
    notes.push(`${grouped(choice.context ?? 0)} positions: ${extension.reason}`);
  const rescaled = extension?.outcome === 'rescaled' ? extension : undefined;
  // the scaling these engines read stands in a config.json, and a GGUF file is none
  const elsewhere = rescaled !== undefined && engine !== 'llama.cpp' && isGGUF(form);
  if (elsewhere) {
    const asked = `${grouped(choice.context ?? 0)} positions need another scaling than this GGUF file holds`;
    const command = `posenc explain config.json --context ${choice.context} --for ${engine}`;
    notes.push(`${asked}; the model's config.json can be given it: ${command}`);
  }
  const changed = elsewhere ? undefined : rescaled;
  const short = elsewhere || extension?.outcome === 'unsupported';
  const given: Given = {
    form,
    changed,
    context: short ? extension?.supportedLength : choice.context,
    short,
    layerType: choice.layerType,
    notes,
  };
  // llama.cpp has an amplitude of its own, of which its line speaks
  if (engine !== 'llama.cpp') notes.push(...(changed?.notes ?? []));
  switch (engine) {
    case 'llama.cpp':
      return llamaCpp(given);
    case 'vllm':
      return vllm(given);
    case 'sglang':
      return sglang(given);
    case 'transformers':
      return transformers(given);
    default:
      return onnx(given);
  }
}

interface Given {
  readonly form: NormalForm;
  readonly changed: Extension | undefined;
  /** Positions the line is for. */
  readonly context: number | undefined;
  /** Fewer than were asked for. */
  readonly short: boolean;
  readonly layerType: string | undefined;
  readonly notes: string[];
}

/** What a table that gets another rule does to short texts. */
function ofShortTexts(tables: readonly Change[]): string[] {
  const types = tables.flatMap(({ ropeType }) => (ropeType === undefined ? [] : [ropeType]));
  return [...new Set(types)].flatMap((type) => wordsOf(type as RopeType).shortTexts?.engines ?? []);
}

/** The table that was asked for; else those that see long distances come first. */
function mainLayer(form: NormalForm, layerType?: string): { label: string; layer: RotaryLayer } | undefined {
  const all = Object.entries(form.layerTypes ?? {});
  const entries = layerType === undefined ? all : all.filter(([label]) => label === layerType);
  const [found] = [...entries.filter(([label]) => !/sliding|local|chunked|window/.test(label)), ...entries];
  return found && { label: found[0], layer: found[1] };
}

function llamaCpp({ form, changed, context, notes }: Given): EngineLine {
  const size = context === undefined ? '' : ` -c ${context}`;
  const main = mainLayer(form);
  const lines: string[] = [];
  if (!main) {
    return {
      line: `llama-server -m MODEL.gguf${size}`,
      notes: [...notes, `positions: ${form.family}; no flag changes them`],
    };
  }
  const words = toLlamaCpp(form, { layerType: main.label, ...(context !== undefined && { context }) });
  const asked = changed?.tables?.[main.label];
  const yarn =
    words.flags.length === 0 && asked?.ropeType === undefined ? inPlace(form, main.layer, context) : undefined;
  if (yarn !== undefined) {
    notes.push(
      `llama.cpp has no flags for rope type '${main.layer.ropeType}': these put YaRN in its place, with other angles than the model's own rule`,
    );
  }
  const own = yarn ?? asked;
  const flags = own === undefined ? [] : flagsOf(words.flags, own);
  lines.push(['llama-server', '-m MODEL.gguf', ...(size ? [size.trim()] : []), ...flags].join(' '));
  if (own === undefined && words.flags.length > 0) {
    notes.push(
      `a converted file holds the scaling itself; a file that says nothing about it needs ${words.flags.join(' ')}`,
    );
  }
  if (words.architecture === undefined) notes.push('this library knows no architecture of llama.cpp for the model');
  if (own !== undefined && Object.keys(form.layerTypes ?? {}).length > 1)
    notes.push(
      `flags scale the table of ${main.label}; whether local layers follow is fixed in the graph of the architecture`,
    );
  if (own !== undefined) notes.push(...ofShortTexts([own]));
  return { line: lines.join('\n'), notes: [...notes, ...words.notes] };
}

/**
 * What people run where llama.cpp has no flags for a rule that grows with the sequence, and its files hold the plain table: YaRN
 * from the same length. undefined: it has flags or tensors for it, or the plain table serves.
 */
function inPlace(form: NormalForm, layer: RotaryLayer, context: number | undefined): Change | undefined {
  const { spec, lengthDependent } = layer;
  const rule = lengthDependent?.rule ?? layer.ropeType;
  if (wordsOf(rule).llamaCpp !== 'divisors' || wordsOf(rule).gguf?.tensors !== undefined) return undefined;
  const trained = lengthDependent?.threshold ?? form.maxPositionEmbeddings;
  if (trained === undefined || context === undefined || context <= trained) return undefined;
  const { headDim, rotaryDim, ropeTheta } = spec;
  return wordsOf('default').extend({ headDim, rotaryDim, ropeTheta } as never, trained, context).options;
}

type Change = NonNullable<Extension['tables']>[string];

/** Flags of the scaling as it is to be; a GGUF form still has the old one. */
function flagsOf(
  flags: readonly string[],
  { ropeType, factor, originalMaxPositionEmbeddings }: Change,
): readonly string[] {
  const at = flags.indexOf('--rope-scale');
  if (at >= 0) return flags.map((flag, i) => (i === at + 1 ? String(factor) : flag));
  const original =
    originalMaxPositionEmbeddings === undefined ? [] : ['--yarn-orig-ctx', String(originalMaxPositionEmbeddings)];
  return ['--rope-scaling', String(ropeType), '--rope-scale', String(factor), ...original];
}

/** JSON inside single quotes of a shell. */
const quoted = (value: Json): string => `'${JSON.stringify(value).replaceAll("'", "'\\''")}'`;

/** The changes as an object of their own, nested like the file. */
function nested(changes: Readonly<Record<string, Json>>, rename: (key: string) => string): Record<string, Json> {
  const top: Record<string, Json> = {};
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.').map(rename);
    let at = top;
    for (const key of keys.slice(0, -1)) {
      at[key] ??= {};
      at = at[key] as Record<string, Json>;
    }
    at[keys[keys.length - 1]] = value;
  }
  return top;
}

/** vLLM reads one block with the base in it. */
function withBase(changes: Readonly<Record<string, Json>>, form: NormalForm): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(changes)
      .filter(
        ([path]) => !/(^|\.)rope_scaling$/.test(path) || !(path.replace(/rope_scaling$/, 'rope_parameters') in changes),
      )
      .map(([path, value]) => {
        if (
          !/(^|\.)rope_(scaling|parameters)(\.|$)/.test(path) ||
          typeof value !== 'object' ||
          value === null ||
          Array.isArray(value)
        )
          return [path, value];
        const { type, rope_type, ...rest } = value as Record<string, Json>;
        const theta = mainLayer(form)?.layer.spec.ropeTheta;
        return [
          path,
          { rope_type: rope_type ?? type, ...(theta !== undefined && { rope_theta: theta }), ...rest } as Json,
        ];
      }),
  );
}

function vllm({ form, changed, context, notes }: Given): EngineLine {
  const size = context === undefined ? '' : ` --max-model-len ${context}`;
  if (isGGUF(form)) notes.push('vLLM reads the config.json of a model; of a GGUF file only some architectures');
  if (changed?.changes === undefined) return { line: `vllm serve MODEL${size}`, notes };
  // one block holds all that vLLM reads; of several tables the file's own spelling says which is which
  const single = Object.keys(form.layerTypes ?? {}).length === 1;
  const said = single
    ? nested(withBase(changed.changes, form), (key) => (key === 'rope_scaling' ? 'rope_parameters' : key))
    : nested(changed.changes, (key) => key);
  // a flat file of a composite class (Qwen2-VL): transformers moves its text into text_config, and vLLM reads it there
  const inside = recordOf(form.modelType)?.config?.family === 'wrapper' && !('text_config' in said);
  const overrides = inside ? { text_config: said } : said;
  if (inside)
    notes.push(
      'the class keeps its text in text_config, also where the file is flat: beside it the block would be set and never read',
    );

  notes.push('--rope-scaling and --rope-theta are gone; the block replaces the one in the file, so it holds all keys');
  notes.push(...ofShortTexts(Object.values(changed.tables ?? {})));
  return { line: `vllm serve MODEL --hf-overrides ${quoted(overrides)}${size}`, notes };
}

function sglang({ form, changed, context, notes }: Given): EngineLine {
  const size = context === undefined ? '' : ` --context-length ${context}`;
  const launch = 'python -m sglang.launch_server --model-path MODEL';
  if (isGGUF(form)) notes.push('SGLang reads the config.json of a model');
  if (changed?.changes === undefined) return { line: `${launch}${size}`, notes };
  notes.push(...ofShortTexts(Object.values(changed.tables ?? {})));
  // config.update() of utils/hf_transformers_utils.py: a nested object would become a plain object of these keys alone
  const inside = Object.keys(changed.changes).some((path) => path.includes('.'));
  notes.push(
    inside
      ? 'first write the keys of `--for transformers` into config.json: --json-model-override-args would replace the whole object they are in'
      : 'the block replaces the one in the file, so it holds all keys',
  );
  const max = form.maxPositionEmbeddings;
  const longer = context !== undefined && max !== undefined && context > max;
  // it takes max_position_embeddings for the limit where the block says its original length
  if (longer) notes.push('without the variable a context above max_position_embeddings is refused');
  const start = longer ? `SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN=1 ${launch}` : launch;
  const override = inside ? '' : ` --json-model-override-args ${quoted(nested(changed.changes, (key) => key))}`;
  return { line: `${start}${override}${size}`, notes };
}

function transformers({ form, changed, context, short, notes }: Given): EngineLine {
  if (isGGUF(form)) notes.push('transformers reads the config.json of a model; this is a GGUF file');
  if (changed?.changes === undefined) {
    if (!short) return { line: 'no change: config.json serves as it is', notes };
    const most = context === undefined ? 'is as long as it gets' : `serves ${grouped(context)} positions, not more`;
    return { line: `no change: config.json ${most}`, notes };
  }
  notes.push(...ofShortTexts(Object.values(changed.tables ?? {})));
  notes.push('these keys take the places of those of config.json; all others stay, also inside sections');
  return {
    line: JSON.stringify(
      nested(changed.changes, (key) => key),
      null,
      2,
    ),
    notes,
  };
}

function onnx({ form, changed, context, layerType, notes }: Given): EngineLine {
  const main = mainLayer(form, layerType);
  if (form.axial) {
    const table = 'axialTable(form.axial.spec, { ...form.axial.rows, grid }) makes one row a patch, [tokens, pairs]';
    return { line: 'no cache by position: the tower turns by the axes of a grid', notes: [...notes, table] };
  }
  if (!main) {
    return {
      line: 'no RotaryEmbedding: positions enter as rows or biases',
      notes: [...notes, `positions: ${form.family}`],
    };
  }
  const { layer, label } = main;
  const length = context ?? form.maxPositionEmbeddings ?? layer.spec.originalMaxPositionEmbeddings ?? 1;
  const several = Object.keys(form.layerTypes ?? {}).length > 1;
  const table = `posenc table --config ${isGGUF(form) ? 'model.gguf' : 'config.json'} --length ${length} --context ${length}${several ? ` --layer-type ${label}` : ''} --out caches.safetensors`;
  const part = layer.rotaryDim === layer.headDim ? '' : `, rotary_embedding_dim=${layer.rotaryDim}`;
  const attributes = `interleaved=${layer.pairing === 'interleaved' ? 1 : 0}${part}`;
  const layout = ['chunked', 'interleaved'].indexOf(layer.mropeLayout ?? '');
  const node =
    layer.mropeSection && layout >= 0
      ? `MRotaryEmbedding(x, position_ids, cos_cache, sin_cache; mrope_section=[${layer.mropeSection.join(', ')}], mrope_layout=${layout}, ${attributes})`
      : `RotaryEmbedding(x, cos_cache, sin_cache, position_ids; ${attributes})`;
  const others = Object.keys(form.layerTypes ?? {}).filter((name) => name !== label);
  if (others.length > 0)
    notes.push(`layers of ${others.join(', ')} take caches of their own: the same command with that --layer-type`);
  const still = form.layers?.nope ?? [];
  if (still.length > 0) notes.push(`layers without rotation, which take no node: ${still.join(', ')}`);
  if (changed?.changes)
    notes.push('first put the keys of `--for transformers` into config.json: the caches are those of the file');
  if (layer.attentionFactor !== 1) notes.push('the caches hold the attention factor: multiply nothing else');
  if (layer.rotaryOffset > 0)
    notes.push(`the node rotates from channel 0: split the head at channel ${layer.rotaryOffset} first`);
  if (layer.rotationSign === -1) notes.push('angles are negated: negate sin_cache');
  if (layer.mropeLayout)
    notes.push(
      layout >= 0
        ? 'of com.microsoft; position_ids [3, batch, sequence] are those of mropeIndex'
        : `several position streams, ${layer.mropeLayout}: no operator has them; one cache a token (rotaryTable with mropeSection)`,
    );
  if (layer.outputPairing !== layer.pairing)
    notes.push(
      `the model leaves channels in ${layer.outputPairing} order, the node keeps ${layer.pairing}: scores are equal`,
    );
  if (layer.softmaxScaleFactor !== undefined && layer.softmaxScaleFactor !== 1)
    notes.push(`scale of the attention: ${layer.softmaxScale}`);
  return { line: `${table}\n${node}`, notes };
}
