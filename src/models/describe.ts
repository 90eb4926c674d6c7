/**
 * A normal form and an explanation in words: plain text, one fact a line.
 */
import { object } from '../runtime/arguments.ts';
import { show } from '../runtime/errors.ts';
import { printable } from '../runtime/printable.ts';
import { type Explanation, type PairGroup, round, type TableExplanation } from './explain.ts';
import { type NormalForm, type RotaryLayer, readingForm } from './normalForm.ts';
import type { QueryScale } from './softmaxScale.ts';
import { grouped } from './words.ts';

/**
 * What a model does with positions, in words.
 * @param form from fromHF or fromGGUF
 * @returns lines of text
 * @throws PosencError ERR_CONFIG when it is no normal form
 * @example
 * const form = fromHF({ model_type: 'gpt2', n_positions: 1024, n_embd: 768 });
 * console.log(describe(form).split('\n')[0]); // gpt2: learned
 */
export function describe(form: NormalForm): string {
  return readingForm('describe', form, () => formText(form));
}

function formText(form: NormalForm): string {
  const lines = [`${form.modelType}: ${familyWords(form)}`];
  for (const [label, layer] of Object.entries(form.layerTypes ?? {})) {
    if (label !== 'default') lines.push(`${label}:`);
    lines.push(...layerLines(layer));
  }
  lines.push(...layoutLines(form));
  return textOf(lines);
}

/**
 * The text of an explanation, as `posenc explain` prints it.
 * @param explanation from explain or explainForm
 * @returns lines of text
 * @throws nothing of its own
 * @example
 * const config = { model_type: 'llama', hidden_size: 4096, num_attention_heads: 32, max_position_embeddings: 4096 };
 * console.log(describeExplanation(explain(config)).split('\n')[0]); // model llama
 */
export function describeExplanation(explanation: Explanation): string {
  const { form } = object('describeExplanation', explanation);
  return readingForm('describeExplanation', form, () => explanationText(explanation));
}

function explanationText(explanation: Explanation): string {
  const { form, supported, trained, requested, tables, assumed, warnings } = explanation;
  const lines = [`model      ${form.modelType}`, `family     ${familyWords(form)}`];
  const context = [
    ...(trained === undefined || trained === supported ? [] : [`trained on ${grouped(trained)} positions`]),
    supported === undefined ? 'any length' : `made for ${grouped(supported)}`,
    ...(requested === undefined ? [] : [`${grouped(requested)} requested`]),
  ];
  lines.push(`context    ${context.join(', ')}`);
  for (const table of tables) lines.push(...tableLines(table));
  lines.push(...layoutLines(form));
  for (const { key, value, because } of assumed) {
    lines.push(`assumed    ${key} = ${JSON.stringify(value)} (${because})`);
  }
  const idle = form.warnings.filter(({ code }) => code === 'no-effect');
  if (idle.length > 0) lines.push(`no effect  ${idle.map(({ key }) => key).join(', ')}`);
  for (const { message, fix } of warnings) {
    lines.push(`warning    ${message}`);
    if (fix !== undefined) lines.push(`       fix ${fix}`);
  }
  return textOf(lines);
}

/** What a file calls its things stays on its own line. */
const textOf = (lines: readonly string[]): string => `${lines.map((line) => printable(line)).join('\n')}\n`;

function familyWords(form: NormalForm): string {
  const count = Object.keys(form.layerTypes ?? {}).length;
  switch (form.family) {
    case 'rotary':
      if (form.axial) return 'rotary, by the axes of a grid';
      return count === 1 ? 'rotary, one table' : `rotary, ${count} tables by layer type`;
    case 'none':
      return `none: ${form.note ?? 'no encoding of positions'}`;
    default: {
      if (form.encoder && form.decoder && form.encoder.family !== form.decoder.family)
        return `${form.encoder.family} in the encoder, ${form.decoder.family} in the decoder`;
      return form.note ? `${form.family}: ${form.note}` : form.family;
    }
  }
}

function layerLines(layer: RotaryLayer): string[] {
  const { headDim, rotaryDim, rotaryOffset } = layer;
  const rotated =
    rotaryDim === headDim
      ? `all ${headDim} channels of a head`
      : `channels ${rotaryOffset} to ${rotaryOffset + rotaryDim - 1} of ${headDim}`;
  const pairs =
    layer.outputPairing === layer.pairing ? layer.pairing : `${layer.pairing} in, ${layer.outputPairing} out`;
  const lines = [
    `rotates    ${rotated}, pairing ${pairs}${layer.rotationSign === -1 ? ', turning backwards' : ''}`,
    `base       ${layer.spec.ropeTheta}, scaling ${layer.ropeType}${scalingWords(layer)}`,
    `amplitude  attention factor ${round(layer.attentionFactor)}, in the table`,
    `softmax    scale ${round(layer.softmaxScale)}${layer.softmaxScaleFactor === undefined ? '' : `, of which mscale correction ${round(layer.softmaxScaleFactor)}`}`,
  ];
  if (layer.queryScale) lines.push(queryWords(layer.queryScale));
  if (layer.mropeStreams) {
    lines.push(`sections   [${layer.mropeSection?.join(', ')}] ${layer.mropeLayout}: position stream of each pair`);
    for (let i = 0; i < layer.mropeStreams.length; i += 32) {
      lines.push(`  ${String(i).padStart(7)}  ${layer.mropeStreams.slice(i, i + 32)}`);
    }
  }
  return lines;
}

function scalingWords({ spec, lengthDependent }: RotaryLayer): string {
  const words: string[] = [];
  if (spec.factor !== undefined) words.push(`factor ${round(spec.factor)}`);
  if (spec.alpha !== undefined) words.push(`alpha ${spec.alpha}`);
  if (spec.originalMaxPositionEmbeddings !== undefined)
    words.push(`from ${grouped(spec.originalMaxPositionEmbeddings)} positions`);
  if (spec.lowFreqFactor !== undefined) words.push(`low ${spec.lowFreqFactor}, high ${spec.highFreqFactor}`);
  if (spec.betaFast !== undefined) words.push(`beta fast ${spec.betaFast}, slow ${spec.betaSlow ?? 1}`);
  if (spec.truncate === false) words.push('not truncated');
  if (lengthDependent) words.push(`changes beyond ${grouped(lengthDependent.threshold)} positions`);
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

const CHANGES: Readonly<Record<PairGroup['change'], string>> = {
  kept: 'kept',
  blended: 'blended',
  divided: 'divided',
  own: 'divided each by its own',
  still: 'not turning',
};

function tableLines({ label, layer, pairs, length, groups, angleError }: TableExplanation): string[] {
  const lines = label === 'default' ? [] : [`table      ${label}`];
  lines.push(...layerLines(layer));
  const summary = groups.map((group) => {
    const by = group.change === 'divided' ? ` by ${round(group.divisor[1])}` : '';
    return `${group.count} ${CHANGES[group.change]}${by}`;
  });
  lines.push(`pairs      ${pairs}: ${summary.join(', ')}`);
  for (const group of groups) lines.push(`  ${groupLine(group)}`);
  const { exact, torch, ggml } = angleError;
  lines.push(
    `angle off  exact ${round(exact)}, torch ${round(torch)}, ggml ${round(ggml)} rad at ${grouped(length)} positions`,
  );
  return lines;
}

function span([low, high]: readonly number[]): string {
  return round(low) === round(high) ? round(low) : `${round(low)} to ${round(high)}`;
}

function groupLine(group: PairGroup): string {
  const where = group.first === group.last ? `pair ${group.first}` : `pairs ${group.first} to ${group.last}`;
  const parts = [`${group.change.padEnd(7)}  ${where}`];
  if (group.change === 'blended' || group.change === 'own') parts.push(`divisor ${span(group.divisor)}`);
  if (group.wavelength.length > 0) parts.push(`wavelength ${span(group.wavelength)} positions`);
  const turns = [
    ...(group.turnsTrained.length > 0 ? [`${span(group.turnsTrained)} in training`] : []),
    ...(group.turnsRequested.length > 0 ? [`${span(group.turnsRequested)} requested`] : []),
  ];
  if (turns.length > 0) parts.push(`turns ${turns.join(', ')}`);
  return parts.join(', ');
}

function queryWords({ appliesTo, formula, parameters }: QueryScale): string {
  const values = Object.entries(parameters).map(([key, value]) => `${key} = ${value}`);
  return `queries    of ${appliesTo} times ${formula}; ${values.join(', ')}`;
}

/** Indices as runs: 3, 7, 11 to 14. */
function runs(indices: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < indices.length; ) {
    let end = i;
    while (indices[end + 1] === indices[end] + 1) end++;
    parts.push(end > i + 1 ? `${indices[i]} to ${indices[end]}` : indices.slice(i, end + 1).join(', '));
    i = end + 1;
  }
  return parts.length > 12 ? `${parts.slice(0, 12).join(', ')} ...` : parts.join(', ');
}

function layoutLines(form: NormalForm): string[] {
  const lines: string[] = [];
  const { layers, vision, encoder, decoder } = form;
  if (layers) {
    const labels = Object.entries(layers.rotary).map(
      ([label, list]) => `${list.length} ${label === 'default' ? 'rotary' : label}`,
    );
    if (layers.nope.length > 0) labels.push(`${layers.nope.length} without positions (${runs(layers.nope)})`);
    const counted = Object.values(layers.rotary).reduce((sum, list) => sum + list.length, layers.nope.length);
    if (counted < layers.count) labels.push(`${layers.count - counted} without attention`);
    lines.push(`layers     ${layers.count}: ${labels.join(', ')}`);
  }
  if (form.attentionChunk !== undefined) {
    lines.push(
      `chunks     rotary layers attend within chunks of ${grouped(form.attentionChunk)} positions: no distance is longer there`,
    );
  }
  if (form.queryScale) lines.push(queryWords(form.queryScale));
  if (form.indexer) {
    const { headDim, rotaryDim, rotaryOffset, pairing } = form.indexer;
    lines.push(
      `indexer    of sparse attention rotates channels ${rotaryOffset} to ${rotaryOffset + rotaryDim - 1} of ${headDim}, pairing ${pairing}`,
    );
  }
  const tower = form.axial ?? vision;
  if (tower) {
    const { modelType, spec, rows, invFreq } = tower;
    const beside = [
      ...(rows.grid ? [`a grid of ${rows.grid.join(' x ')}`] : []),
      ...(rows.prefixTokens ? [`before it tokens without a place: ${rows.prefixTokens}`] : []),
      ...(rows.suffixTokens ? [`behind it tokens without a place: ${rows.suffixTokens}`] : []),
    ];
    lines.push(
      `vision     ${[`${modelType}: axialTable preset ${spec.preset}`, `base ${spec.ropeTheta}`, `head ${spec.headDim}`, `${invFreq.length} frequencies`, ...beside].join(', ')}`,
    );
    if (tower.note !== undefined) lines.push(`           ${tower.note}`);
  }
  for (const [name, other] of [
    ['vision', form.visionEncoder],
    ['audio', form.audioEncoder],
  ] as const) {
    if (!other) continue;
    const by = other.calls ? `, computed by ${Object.keys(other.calls).join(', ')}` : '';
    lines.push(`${name.padEnd(10)} ${other.modelType}: ${other.family}${by}`);
  }
  const sides: [string, Pick<NormalForm, 'parameters' | 'calls'>][] =
    encoder && decoder
      ? [
          ['encoder', encoder],
          ['decoder', decoder],
        ]
      : [['facts', form]];
  for (const [name, { parameters, calls }] of sides) {
    const words = Object.entries(parameters ?? {}).map(([key, value]) => `${key} ${word(value)}`);
    if (words.length > 0) lines.push(`${name.padEnd(10)} ${words.join(', ')}`);
    if (calls) lines.push(`${form.layerTypes ? 'positions ' : 'computed  '} by ${Object.keys(calls).join(', ')}`);
  }
  return lines;
}

/** A parameter as text: a list in full where it is short. */
function word(value: unknown): string {
  return Array.isArray(value) && value.length > 64 ? show(value) : JSON.stringify(value);
}
