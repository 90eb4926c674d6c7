/** The table of every model type that fromHF reads by a record: what `posenc models` prints and docs/models.md holds. */
import { modelRecords } from './records/index.ts';
import type { ChoiceFacts, ConfigFacts, ModelRecord } from './records/record.ts';

/** One record in words. */
export interface KnownModel {
  /** Values of `model_type`, the canonical one first. */
  readonly types: readonly string[];
  /** As in the normal form; 'composite' leads to the record of a part. */
  readonly family: string;
  /** What is particular about its positions. */
  readonly about: string;
  /** `general.architecture` of a converted GGUF file. */
  readonly llamaCpp?: string;
  /** A folder of transformers, src/transformers/models, or owner/repository path. */
  readonly source: string;
}

/**
 * Every model type that fromHF knows, by family and name.
 * @returns one row a record, sorted
 * @throws nothing
 * @example
 * knownModels().find(({ types }) => types.includes('deepseek_v3'));
 */
export function knownModels(): KnownModel[] {
  return modelRecords()
    .map(rowOf)
    .sort((a, b) => compare(a.family, b.family) || compare(a.types[0], b.types[0]));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function rowOf({ types, config, gguf, source: given }: ModelRecord): KnownModel {
  const source = given ?? types[0].replaceAll('-', '_');
  const row = { types, family: familyOf(config), about: about(config).filter(Boolean).join(', '), source };
  return gguf === null ? row : { ...row, llamaCpp: gguf };
}

function familyOf(facts: ConfigFacts): string {
  if (facts.family === 'choice') return [...new Set(allOf(facts).map(familyOf))].join(' or ');
  if (facts.family === 'sides') return facts.encoder.family;
  const names = { wrapper: 'composite', tower: 'rotary' } as const;
  return names[facts.family as 'tower'] ?? facts.family;
}

const allOf = ({ choices, otherwise }: ChoiceFacts): ConfigFacts[] => [...choices.map(({ facts }) => facts), otherwise];

function about(facts: ConfigFacts): string[] {
  switch (facts.family) {
    case 'choice':
      return [`by ${[...new Set(facts.choices.map(({ when }) => when.key))].join(', ')}`];
    case 'wrapper':
      return [facts.text, facts.vision].filter((type) => type !== null);
    case 'rotary': {
      const { rotated, pairing, tables, base, mrope } = facts;
      const width = rotated === 'head' ? 1 : 'latent' in rotated ? 'latent' : rotated.partial;
      const bases = tables ? tables.map((table) => table.base.value) : [base.value];
      return [`base ${bases.join(' and ')}`, pairing.input, width === 1 ? '' : `${width} head`, mrope?.layout ?? ''];
    }
    case 'tower':
      return ['axial', facts.preset];
    case 'learned':
      return [facts.grid ? 'patches' : `${facts.length.fallback} positions`];
    default:
      return [facts.family === 'none' ? facts.reason : (facts.note ?? '')];
  }
}
