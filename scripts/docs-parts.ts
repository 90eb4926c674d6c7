/** What the docstring of a public value, and of every option that it takes, must say. */
import type { PublicOption } from './docs-options.ts';
import type { PublicValue } from './docs-values.ts';

/** Values that are no numbers of an encoding: ids, texts, memory. Of the rest a reader wants to know how exact they are. */
const WITHOUT_NUMBERS = /^(runtime|positions|models|\.)$/;

/** Types of arrays: of one that is given or made a reader wants to know the shape. */
const ARRAY = /\b(Tensor|Floats)\b/;
/** A shape as it is written here, or a word that says whose shape it is. */
const SHAPE = /\[[^\]]*\]|\bshapes?\b|\blayout/;

/** Names of angles, frequencies, periods and times; what they are measured in is not to be guessed. */
const MEASURED = /^(invFreq\w*|(min|max|base)?(frequency|period)|angles?|phase|dt)$/i;
const UNIT = /\bradians?\b|\bper (position|unit|step|cell)\b|\bsteps\b|\bpositions\b|\bunit\b/i;

/** The tags of a docstring, by name: what follows each. */
function tags(doc: string): { readonly sentence: string; readonly parts: readonly (readonly [string, string])[] } {
  const [sentence, ...rest] = doc.split(/^@(?=[a-z])/m);
  return {
    sentence: sentence.trim(),
    parts: rest.map((part) => [/^[a-z]+/.exec(part)![0], part.replace(/^[a-z]+\s*/, '').trim()] as const),
  };
}

/** The parts that are missing, in words; none when the docstring is whole. */
export function lacks({ name, doc, kind, params, types, result, returns, door }: PublicValue): string[] {
  const { sentence, parts } = tags(doc);
  const all = (tag: string) => parts.flatMap(([known, text]) => (known === tag && text.length > 0 ? [text] : []));
  const missing: string[] = [];
  if (!/[.:)]$/m.test(sentence)) missing.push('a sentence');
  if (!all('example').some((text) => new RegExp(`\\b${name}\\b`).test(text))) missing.push('@example');
  if (kind !== 'function') return missing;
  for (const param of params) {
    const text = all('param').find((line) => new RegExp(`^${param}\\b.* \\S`, 's').test(line));
    // options are looked at one by one
    const type = types.filter(([of]) => of === param).map(([, written]) => written.replace(/\{[^}]*\}/g, ''));
    if (text === undefined) missing.push(`@param ${param}`);
    else if (type.some((written) => ARRAY.test(written)) && !SHAPE.test(text))
      missing.push(`the shape in @param ${param}, such as [rows, dim]`);
  }
  if (returns && all('returns').length === 0) missing.push('@returns');
  else if (/\bTensor\b/.test(result) && !all('returns').some((text) => SHAPE.test(text)))
    missing.push('the shape in @returns, such as [rows, dim]');
  // someAngles, theirFrequencies: what comes out is measured in something
  const measured = /(?<!From)(Angles|Frequenc(y|ies))$/.test(name) || MEASURED.test(name);
  if (measured && ![sentence, ...all('returns')].some((text) => UNIT.test(text)))
    missing.push('the unit, such as radians per position');
  if (all('throws').length === 0) missing.push('@throws');
  if (WITHOUT_NUMBERS.test(door)) return missing;
  if (all('see').length === 0) missing.push('@see (its source)');
  if (!/\b(exact|rounded|ulp|bit for bit|integers?|copied|float64|bits?)\b/i.test(doc)) missing.push('how exact it is');
  return missing;
}

const same = (a: string, b: string) => a === b || (a !== '' && b !== '' && Number(a) === Number(b));

/** The same of an option. */
export function optionLacks({ name, doc, optional, defaults }: PublicOption): string[] {
  if (doc === '') return ['a sentence'];
  const missing: string[] = [];
  if (MEASURED.test(name) && !UNIT.test(doc)) missing.push('the unit, such as radians per position');
  if (!optional || defaults.length === 0) return missing;
  const said = /\bdefaults?:? (?:'([^']*)'|(\S+?)[.,;:)]?(?:\s|$))/i.exec(doc);
  const value = said?.[1] ?? said?.[2];
  if (value === undefined) missing.push(`its default, which is ${defaults.join(' or ')}`);
  else if (/^(-?[\d.]+(e-?\d+)?|true|false)$|'/.test(said![1] === undefined ? value : `'${value}'`)) {
    if (!defaults.some((known) => same(known, value)))
      missing.push(`its true default: it says ${value}, the code takes ${defaults.join(' or ')}`);
  }
  return missing;
}
