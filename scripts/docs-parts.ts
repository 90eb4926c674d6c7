/** What the docstring of a public value must say. */
import type { PublicValue } from './docs-values.ts';

/** Values that are no numbers of an encoding: ids, texts, memory. Of the rest a reader wants to know how exact they are. */
const WITHOUT_NUMBERS = /^(runtime|positions|models|\.)$/;

/** The tags of a docstring, by name: what follows each. */
function tags(doc: string): { readonly sentence: string; readonly parts: readonly (readonly [string, string])[] } {
  const [sentence, ...rest] = doc.split(/^@(?=[a-z])/m);
  return {
    sentence: sentence.trim(),
    parts: rest.map((part) => [/^[a-z]+/.exec(part)![0], part.replace(/^[a-z]+\s*/, '').trim()] as const),
  };
}

/** The parts that are missing, in words; none when the docstring is whole. */
export function lacks({ name, doc, kind, params, returns, door }: PublicValue): string[] {
  const { sentence, parts } = tags(doc);
  const has = (tag: string) => parts.some(([name, text]) => name === tag && text.length > 0);
  const missing: string[] = [];
  if (!/[.:)]$/m.test(sentence)) missing.push('a sentence');
  if (!parts.some(([tag, text]) => tag === 'example' && new RegExp(`\\b${name}\\b`).test(text)))
    missing.push('@example');
  if (kind !== 'function') return missing;
  for (const param of params) {
    if (!parts.some(([tag, text]) => tag === 'param' && new RegExp(`^${param}\\b.* \\S`, 's').test(text)))
      missing.push(`@param ${param}`);
  }
  if (returns && !has('returns')) missing.push('@returns');
  if (!has('throws')) missing.push('@throws');
  if (WITHOUT_NUMBERS.test(door)) return missing;
  if (!has('see')) missing.push('@see (its source)');
  if (!/\b(exact|rounded|ulp|bit for bit|integers?|copied|float64|bits?)\b/i.test(doc)) missing.push('how exact it is');
  return missing;
}
