/** What the letters of the formulas mean, where a view does not say otherwise; the usual key of the control that sets them. */
import { T, type Text } from './text.ts';

const SYMBOLS: Readonly<Record<string, readonly [meaning: Text, control?: string]>> = {
  n: [T('position', '位置'), 'offset'],
  k: [T('number of the pair (of two channels)', '第几组（每两维一组）')],
  b: [T('base', '底数（base）'), 'base'],
  d: [T('width: number of channels', '维度'), 'dim'],
  p: [T('position vector', '位置向量')],
  x: [T('word vector', '词向量')],
  θ: [T('radians per position: speed of a pair', '每个位置转过的弧度：一组的转速')],
  ω: [T('radians per step', '每步弧度')],
  s: [T('factor: wanted length over trained length', '扩展倍数：所需长度 ÷ 训练长度'), 'factor'],
  α: [T('factor of the base', '底数的倍数'), 'alpha'],
  L: [T('length', '长度'), 'length'],
  γ: [T('share of a pair that is kept', '保持不变的比例')],
  S: [T('score, before the softmax', '分数（softmax 之前）')],
  q: [T('query: the word that looks', '查询：看的词')],
  i: [T('position of the query', '查询的位置')],
  j: [T('position of the key', '键的位置')],
  h: [T('head', '头'), 'head'],
  H: [T('number of heads', '头数'), 'heads'],
  m: [T('slope of a head', '头的斜率'), 'slopes'],
  c: [T('clip distance', '截断距离'), 'clip'],
  R: [T('learned vector of a distance', '距离对应的可学习向量')],
  W: [T('learned numbers', '可学习的数')],
  N: [T('number of buckets', '桶数'), 'buckets'],
  M: [T('largest distance', '最大距离'), 'far'],
  u: [T('learned vector in place of the query’s position', '代替查询位置的可学习向量')],
  v: [T('learned vector in place of the query’s position', '代替查询位置的可学习向量')],
  r: [T('vector of a distance', '距离的向量')],
  e: [T('Euler’s number', '自然常数')],
  λ: [T('divisor of a pair', '一组的除数')],
  β: [T('turns within the trained length', '训练长度内的圈数')],
  π: [T('half a turn, 3.14159…', '半圈，3.14159…')],
  σ: [T('sigmoid: any number becomes one from 0 to 1', 'sigmoid：把任意数变为 0 到 1')],
};

/** In a formula about a query at i and a key at j. */
const OF_PAIRS: typeof SYMBOLS = {
  k: [T('key: the word that is looked at', '键：被看的词')],
  b: [T('bias: added to the score', '偏置：加到分数上的数')],
};

/** What a letter of a view's formula means, and the control that sets it. */
export function meaning(
  letter: string,
  letters: ReadonlySet<string>,
  own: typeof SYMBOLS = {},
): (typeof SYMBOLS)[string] | undefined {
  return own[letter] ?? (letters.has('i') && letters.has('j') ? OF_PAIRS[letter] : undefined) ?? SYMBOLS[letter];
}
