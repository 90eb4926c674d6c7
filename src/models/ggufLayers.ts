/** Which layers use which table, rotate at all, or have attention: the steps of a record over the blocks of a file. */
import { show } from '../runtime/errors.ts';
import type { Header } from './ggufHeader.ts';
import { MAX_LAYERS } from './layers.ts';
import { checkNumber, refuse, shorten } from './read.ts';
import type { GgufStep, GgufUse } from './records/gguf/facts.ts';

/** The use of every layer of the main model; undefined when the file does not say how many there are. */
export function usesOf(header: Header, steps: readonly GgufStep[]): GgufUse[] | undefined {
  const blocks = header.number('block_count', { integer: true, min: 0, max: MAX_LAYERS });
  // blocks that predict further tokens stand behind the model itself; a draft model has no others
  const extra = header.number('nextn_predict_layers', { integer: true, min: 0, max: MAX_LAYERS }) ?? 0;
  if (blocks === undefined) {
    const plain = steps.length === 1 && steps[0].layers === 'all';
    if (!plain) {
      header.notes.warn('risk', header.key('block_count'), 'missing: which layers rotate, and how, cannot be said');
    }
    return undefined;
  }
  const lost = steps.find((step) => 'needed' in step && step.needed && !header.has(step.key as string));
  if (lost && 'key' in lost) {
    header.notes.warn(
      'risk',
      header.key(lost.key as string),
      'missing: llama.cpp does not load such a file, and which layers are which cannot be said',
    );
    return undefined;
  }
  const count = extra < blocks ? blocks - extra : blocks;
  const uses = new Array<GgufUse>(count);
  for (const step of steps) {
    if (step.when !== undefined && !header.holds(step.when)) continue;
    const takes = selection(header, step, count);
    for (let layer = 0; layer < count; layer++) if (takes(layer)) uses[layer] = step.use;
  }
  withoutHeads(header, steps, uses);
  return uses;
}

/** A layer of 0 heads has no attention, whatever the steps say of it. */
function withoutHeads(header: Header, steps: readonly GgufStep[], uses: GgufUse[]): void {
  const list = header.list('attention.head_count');
  if (list === undefined || list.scalar) return;
  const idle = uses.flatMap((use, layer) => (list.values[layer] === 0 && use !== 'no attention' ? [layer] : []));
  for (const layer of idle) uses[layer] = 'no attention';
  const expected = steps.some((step) => 'key' in step && step.key?.startsWith('attention.head_count'));
  if (idle.length === 0 || expected) return;
  header.notes.warn(
    'risk',
    header.key('attention.head_count'),
    `0 heads in ${idle.length} layers, the first of them ${idle[0]}: read as layers without attention, which the graph of '${shorten(header.arch)}' does not have`,
  );
}

type Selection = (layer: number) => boolean;
const NONE: Selection = () => false;

function selection(header: Header, step: GgufStep, count: number): Selection {
  switch (step.layers) {
    case 'all':
      return () => true;
    case 'leading': {
      const leading = header.number(step.key, { integer: true, min: 0 }) ?? 0;
      return (layer) => layer < leading;
    }
    case 'flags': {
      const list = listOf(header, step.key, count);
      return list === undefined ? NONE : (layer) => (list(layer) !== 0) === step.is;
    }
    case 'zero':
    case 'above zero': {
      const list = listOf(header, step.key, count);
      return list === undefined ? NONE : (layer) => (list(layer) === 0) === (step.layers === 'zero');
    }
    default:
      return periodic(header, step, count);
  }
}

function periodic(
  header: Header,
  step: Extract<GgufStep, { readonly layers: 'every' | 'between' }>,
  count: number,
): Selection {
  const { n, at, key } = step;
  const between = step.layers === 'between';
  let period = typeof n === 'number' ? n : (header.whole(n, MAX_LAYERS) ?? 1);
  const found = key === undefined ? undefined : header.value(key);
  if (key !== undefined && found !== undefined) {
    if (Array.isArray(found) || ArrayBuffer.isView(found)) {
      if (step.arrays) {
        const list = listOf(header, key, count) as Selector;
        return (layer) => (list(layer) !== 0) === between;
      }
      saidAgainst(header, key, period, at, count);
    } else {
      period = checkNumber(shorten(header.key(key)), found, { integer: true, min: 0, max: MAX_LAYERS });
    }
  }
  // period 0: every layer is 'between'
  const last = (layer: number): boolean => period > 0 && (layer + 1) % period === 0;
  const first = (layer: number): boolean => period > 0 && layer % period === 0;
  const every = at === 'last' ? last : first;
  return between ? (layer) => !every(layer) : every;
}

/** llama.cpp passes over an array where it expects a number: said, if the array says something else. */
function saidAgainst(header: Header, key: string, period: number, at: 'last' | 'first', count: number): void {
  const list = listOf(header, key, count);
  const rest = at === 'last' ? period - 1 : 0;
  for (let layer = 0; layer < count; layer++) {
    if (list === undefined || (list(layer) === 0) === (layer % period === rest)) continue;
    header.notes.warn(
      'contradiction',
      header.key(key),
      `a list is not read for '${shorten(header.arch)}' before llama.cpp 0.4, nor here, and this one differs from every ${period} layers at layer ${layer}`,
    );
    return;
  }
}

type Selector = (layer: number) => number;

/** Entries of a list by layer; one number stands for all layers. */
function listOf(header: Header, name: string, count: number): Selector | undefined {
  const list = header.list(name);
  const path = shorten(header.key(name));
  if (list === undefined) return undefined;
  const { values, scalar } = list;
  if (scalar) return () => values[0];
  if (values.length < count) refuse(path, `${values.length} entries for ${count} layers, got ${show(values)}`);
  return (layer) => values[layer];
}
