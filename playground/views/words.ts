/**
 * A sentence whose words mean something to attention: verbs and adjectives ask for nouns, nouns for verbs, articles for what follows.
 * Queries and keys are made up from that; views that use them say so.
 */
import type { Tensor } from '../library.ts';
import { currentLanguage } from '../text.ts';
import { direction } from '../trained.ts';
import type { Workspace } from '../view.ts';

export const WIDTH = 32;

const EN = ['the', 'dog', 'bites', 'the', 'old', 'man', 'with', 'a', 'big', 'hat'];
const ZH = ['那', '狗', '咬', '那', '老', '人', '用', '一', '大', '帽'];
type Kind = 'article' | 'noun' | 'verb' | 'adjective' | 'preposition';
const KINDS: readonly Kind[] = [
  'article',
  'noun',
  'verb',
  'article',
  'adjective',
  'noun',
  'preposition',
  'article',
  'adjective',
  'noun',
];
const ASKS: Readonly<Record<Kind, Kind>> = {
  article: 'noun',
  noun: 'verb',
  verb: 'noun',
  adjective: 'noun',
  preposition: 'noun',
};
const AXES: Readonly<Record<Kind, Float32Array>> = {
  article: direction(WIDTH, 301),
  noun: direction(WIDTH, 302),
  verb: direction(WIDTH, 303),
  adjective: direction(WIDTH, 304),
  preposition: direction(WIDTH, 305),
};
/** What every word has in common: tables of distances point along it. */
export const COMMON: Float32Array = direction(WIDTH, 306, 0.8);

/** Words of a text of n; a longer text says the sentence again. */
export const wordsOf = (n: number): string[] =>
  Array.from({ length: n }, (_, i) => (currentLanguage() === 'zh' ? ZH : EN)[i % EN.length]);

function fill(tensor: Tensor, kind: (i: number) => Kind, size: number): Tensor {
  const { data } = tensor;
  const n = data.length / WIDTH;
  for (let i = 0; i < n; i++) {
    const axis = AXES[kind(i)];
    for (let c = 0; c < WIDTH; c++) data[i * WIDTH + c] = size * axis[c] + COMMON[c];
  }
  return tensor;
}

/** Queries [1, 1, n, WIDTH]: what each word asks for. */
export const queries = (work: Workspace, n: number, from = 0): Tensor =>
  fill(work.out('q', [1, 1, n, WIDTH]), (i) => ASKS[KINDS[(from + i) % KINDS.length]], 0.75);

/** Keys [1, 1, n, WIDTH]: what each word is. */
export const keysOf = (work: Workspace, n: number): Tensor =>
  fill(work.out('k', [1, 1, n, WIDTH]), (i) => KINDS[i % KINDS.length], 0.75);
