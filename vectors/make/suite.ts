/** Golden records in, the published suite out: cases with ids, flags, comments and bounds, in groups. */
import { createHash } from 'node:crypto';
import { commentOf } from './comments.ts';
import { completed } from './complete.ts';
import { answerOf, QUESTIONS } from './disagreements.ts';
import { draftsOf, readGolden } from './drafts.ts';
import { FLAGS, type FlagName, flagsOf, float32Distances } from './flags.ts';
import { expectedOf } from './tolerance.ts';
import type { Case, Draft, Group, Loose } from './types.ts';

const TITLES: Readonly<Record<string, string>> = {
  absolute: 'Absolute positions: sinusoidal tables, timesteps, grids, Fourier features, learned tables, merging',
  bias: 'Relative positions in the scores: ALiBi, T5, KERPLE, Shaw, Transformer-XL, DeBERTa, windows, masks',
  configs: 'What config.json of published models means',
  'configs-bad': 'config.json that must be refused or reported',
  extend: 'Running a model at a longer context',
  gguf: 'What the header of a GGUF file means',
  'llama-cpp': 'Flags and rope arguments of llama.cpp',
  'mrope-index': 'Position ids: M-RoPE, from masks, while decoding',
  other: 'Decompositions, decay, factored attention, recurrent memory',
  rotary: 'Rotary embeddings: frequencies, tables, rotations',
};

/** A case and where its numbers stand in the golden records. */
export interface Made {
  readonly case: Case;
  readonly draft: Draft;
}

function idOf({ source: { group, topic, record }, part }: Draft): string {
  const name = String(record.name);
  const clean = (text: string) => text.replaceAll(/[^\w.+=-]+/g, '_');
  return [
    group,
    clean(topic),
    ...(clean(name) === clean(topic) ? [] : [clean(name)]),
    ...(part ? [clean(part)] : []),
  ].join('/');
}

/** What must be refused, and what the message must name. */
function refusalOf({ source: { group, record } }: Draft): Case['refuse'] {
  if (group === 'configs-bad') {
    // "refused, or reported as a model without positions"
    const either = /refused or reported/.test(record.why ?? '');
    return { as: either ? 'either' : record.expect, about: record.about };
  }
  if (record.params?.expect === 'error') return { as: 'error', about: record.params.about };
  if (record.expected?.outcome === 'error') return { as: 'error', about: record.expected.about };
  return undefined;
}

/** Everything known of a file but what is compared. */
function factsOf({ source: { group, record } }: Draft): Case['facts'] {
  if (!['configs', 'gguf', 'extend', 'llama-cpp'].includes(group)) return undefined;
  const { depends_on, present_but_without_effect, dropped_keys, how, kind } = record;
  const tables = Object.entries<Loose>(record.expected?.per_layer_type ?? {}).map(([label, table]) => {
    const { inv_freq, attention_factor, rotary_dim, rotary_offset, pairing, softmax_scale, ...rest } = table;
    return [label, rest];
  });
  const { per_layer_type, layers, family, ...rest } = record.expected ?? {};
  return {
    ...rest,
    ...(tables.length > 0 && { per_layer_type: Object.fromEntries(tables) }),
    ...(kind && { kind }),
    ...(how && { how }),
    ...(depends_on && { depends_on }),
    ...(present_but_without_effect && { present_but_without_effect }),
    ...(dropped_keys && { dropped_keys }),
  };
}

function caseOf(draft: Draft): Case {
  const { record } = draft.source;
  const refuse = refusalOf(draft);
  const answer = refuse ? undefined : answerOf(draft);
  const { why, abs, rel } = record.tolerance ?? {};
  const distances = float32Distances(draft);
  const notes = [
    record.params?.note,
    ...(Array.isArray(record.notes) ? record.notes : [record.notes]),
    distances.length > 0 ? `A float64 logarithm gives another bucket at ${distances.join(', ')}.` : undefined,
  ].filter((text) => typeof text === 'string' && text !== '');
  return {
    id: idOf(draft),
    op: draft.op,
    result: refuse ? 'invalid' : answer ? 'acceptable' : 'valid',
    flags: flagsOf(draft),
    comment: commentOf(draft),
    params: draft.params,
    inputs: draft.inputs,
    outputs: refuse ? {} : expectedOf(draft),
    ...(why && {
      tolerance: { why, ...(['torch', 'ggml'].includes(record.params?.precision) && { strict: { abs, rel } }) },
    }),
    ...(refuse && { refuse }),
    ...answer,
    ...(factsOf(draft) && !refuse && { facts: factsOf(draft) }),
    ...(notes.length > 0 && { notes: notes.join(' ') }),
    source: String(record.source ?? 'written for this purpose: a published file with one value changed'),
  };
}

/** All cases below a directory of golden files, in the order of their ids' groups. */
export function makeCases(golden: string): Made[] {
  const drafts = completed(readGolden(golden).flatMap(draftsOf));
  const made = drafts.map((draft) => ({ case: caseOf(draft), draft }));
  const seen = new Set<string>();
  for (const { case: one } of made) {
    if (seen.has(one.id)) throw new Error(`two cases are called ${one.id}`);
    seen.add(one.id);
  }
  return made;
}

/** What a case asks and expects, as eight hexadecimal digits: words around it may be mended without changing it. */
export function hashOf({ id, op, params, inputs, outputs, refuse }: Case): string {
  const text = JSON.stringify({ id, op, params, inputs, outputs, refuse });
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/** The fingerprint of a set of cases. */
function fingerprintOf(cases: readonly Case[]): string {
  const lines = cases.map((one) => `${one.id} ${hashOf(one)}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex').slice(0, 16);
}

export function groupsOf(cases: readonly Case[]): Group[] {
  const names = [...new Set(cases.map(({ id }) => id.split('/')[0]))].sort();
  return names.map((name) => {
    const title = TITLES[name];
    if (title === undefined) throw new Error(`group ${name}: no title in vectors/make/suite.ts, no schema`);
    return { name, title, cases: cases.filter(({ id }) => id.startsWith(`${name}/`)) };
  });
}

const count = (names: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

/** index.json: what there is, and how much of it. */
export function indexOf(version: string, groups: readonly Group[]) {
  const cases = groups.flatMap((group) => group.cases);
  return {
    schema: 'posenc-vectors/1',
    version,
    fingerprint: fingerprintOf(cases),
    cases: cases.length,
    results: count(cases.map(({ result }) => result)),
    groups: groups.map(({ name, title, cases: of }) => ({
      name,
      title,
      file: `${name}.json`,
      schema: `schema/${name}.schema.json`,
      cases: of.length,
      ops: count(of.map(({ op }) => op)),
    })),
    flags: count(cases.flatMap(({ flags }) => flags)),
    questions: count(cases.flatMap(({ question }) => question ?? [])),
  };
}

/** flags.json: what each flag is about, and what it usually means when its cases fail. */
export function flagsFile() {
  return Object.fromEntries(
    (Object.keys(FLAGS) as FlagName[]).map((name) => [
      name,
      { about: FLAGS[name].about, usually: FLAGS[name].usually },
    ]),
  );
}

/** questions.json: where public implementations differ, and who does what. */
export function questionsFile(cases: readonly Case[]) {
  return QUESTIONS.map(({ key, title, why, answers }) => ({
    key,
    title,
    why,
    answers: answers.map(({ answer, who, what }) => ({
      answer,
      who,
      what,
      cases: cases.filter((one) => one.question === key && one.answer === answer).map(({ id }) => id),
    })),
  }));
}

/** The schema of a group as it is published: what was written, and the ops that there are. */
export function schemaFile(written: Loose, { cases }: Group): Loose {
  const schema = structuredClone(written);
  const ops = [...new Set(cases.map(({ op }) => op))].sort();
  schema.properties.cases.items.allOf[1].properties.op = { enum: ops };
  return schema;
}

/** A group as it is published: one case a line. */
export function groupFile(version: string, fingerprint: string, { name, title, cases }: Group): string {
  const head = {
    $schema: `./schema/${name}.schema.json`,
    schema: 'posenc-vectors/1',
    version,
    fingerprint,
    group: name,
    title,
  };
  return `${JSON.stringify(head).slice(0, -1)},"cases":[\n${cases.map((one) => JSON.stringify(one)).join(',\n')}\n]}\n`;
}
