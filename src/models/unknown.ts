/**
 * A model type that no record has: the known ones that its name contains, or that alone read the keys it has. What is advised
 * is what the file fits; when several fit and would give different positions, none is.
 */
import { scheduleKeys } from './layers.ts';
import { listKeys, positionKeys } from './positionKeys.ts';
import { type ConfigNode, refuse, shorten } from './read.ts';
import { modelRecords } from './records/index.ts';
import type { ConfigFacts, Softmax } from './records/record.ts';

const squash = (name: string): string =>
  name
    .slice(0, 80)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
/** Shorter names are in too many words. */
const SHORTEST = 4;

function softmaxKeys(softmax: Softmax): readonly string[] {
  if (typeof softmax !== 'object') return [];
  if ('root' in softmax) return softmax.root;
  if ('key' in softmax) return [softmax.key];
  if ('when' in softmax) return [...softmaxKeys(softmax.holds), ...softmaxKeys(softmax.fails)];
  return 'over' in softmax ? [softmax.over] : [];
}

/** Keys that a record reads and most do not. */
function ownKeys(facts: ConfigFacts): readonly string[] {
  if (facts.family === 'choice')
    return [...facts.choices.map((choice) => choice.facts), facts.otherwise].flatMap(ownKeys);
  if (facts.family !== 'rotary') return [];
  const { rotated } = facts;
  const width =
    rotated === 'head'
      ? []
      : 'latent' in rotated
        ? ['qk_rope_head_dim', 'qk_nope_head_dim']
        : [...(rotated.keys ?? []), ...(rotated.dim?.keys ?? [])];
  return [
    ...facts.base.keys,
    ...(facts.base.times ? [facts.base.times] : []),
    ...facts.head.keys,
    ...width,
    ...(facts.tables ?? []).flatMap(({ base, head }) => [...base.keys, ...(head?.keys ?? [])]),
    ...scheduleKeys(facts.layers ?? []),
    ...Object.values(facts.perLayer ?? {}),
    ...softmaxKeys(facts.softmax),
    ...(facts.queryScale ? [...facts.queryScale.scale.keys, ...facts.queryScale.length.keys] : []),
    ...(facts.dynamic ? [facts.dynamic.flag] : []),
    ...(facts.scale ? [facts.scale] : []),
  ].filter((key) => !USUAL.has(key));
}
const USUAL = new Set(['rope_theta', 'rotary_emb_base', 'head_dim', 'layer_types', 'sliding_window', 'rotary_dim']);

let all: ReadonlySet<string> | undefined;
/** Keys of the file that change positions for some record: whoever reads the file must read them. */
export function tellingKeys(node: ConfigNode): readonly string[] {
  all ??= new Set(modelRecords().flatMap(({ config }) => ownKeys(config).map((key) => key.split('.')[0])));
  return Object.keys(node.fields).filter((key) => all?.has(key) && node.has(key) && node.fields[key] !== false);
}

/** The types that the names contain; of those inside each other the longest. */
function named(names: readonly string[]): readonly string[] {
  const squashed = names.map(squash);
  const found = modelRecords()
    .flatMap(({ types }) => types)
    .filter((type) => {
      const plain = squash(type);
      return plain.length >= SHORTEST && squashed.some((name) => name.includes(plain));
    });
  const longest = Math.max(0, ...found.map((type) => squash(type).length));
  return found.filter((type) => squash(type).length === longest);
}

/** The types that read most of the keys which few read. */
function byKeys(node: ConfigNode): readonly string[] {
  const scored = modelRecords().map(({ types, config }) => ({
    type: types[0],
    score: new Set(ownKeys(config).filter((key) => node.has(key.split('.')[0]))).size,
  }));
  const best = Math.max(...scored.map(({ score }) => score));
  return best === 0 ? [] : scored.filter(({ score }) => score === best).map(({ type }) => type);
}

/**
 * @param probe what the file says when it is read as that type, with every key about positions read; undefined when it does
 * not fit
 */
export function refuseUnknown(
  node: ConfigNode,
  type: string | undefined,
  architecture: string | undefined,
  probe: (type: string) => string | undefined,
): never {
  const names = [type, architecture].filter((name) => name !== undefined);
  const groups = [named(names), byKeys(node)].map((types) => fitting(types, probe));
  const near = groups.find((fits) => new Set(fits.map(({ form }) => form)).size === 1)?.[0].type;
  const several = groups.find((fits) => fits.length > 1)?.map((fit) => `'${fit.type}'`) ?? [];
  const keys = [...new Set([...positionKeys(node.fields), ...tellingKeys(node)])];
  const shown = type === undefined ? `architectures '${shorten(architecture ?? '')}'` : `'${shorten(type)}'`;
  const also = type !== undefined && architecture !== undefined ? ` (architectures '${shorten(architecture)}')` : '';
  const unread = keys.length > 0 ? `; not read: ${listKeys(keys)}` : '; no key says how positions enter';
  const advice =
    near === undefined
      ? `${several.length > 1 ? `the file fits ${several.slice(0, 4).join(', ')}, whose positions differ` : 'no known type is near enough to be named'}; if one computes the same, say which: as: '<model type>'`
      : `nearest known, if its code computes the same: as: '${near}'`;
  return refuse(
    node.at('model_type'),
    `${shown}${also} is not a known model type, so its defaults and pairing cannot be known${unread}; ${advice}; or write a RotarySpec by hand`,
  );
}

/** The types that the file fits, and what it says read as each; only when all give the same is one advised. */
function fitting(
  types: readonly string[],
  probe: (type: string) => string | undefined,
): readonly { readonly type: string; readonly form: string }[] {
  return types.slice(0, 24).flatMap((type) => {
    const form = probe(type);
    return form === undefined ? [] : [{ type, form }];
  });
}
