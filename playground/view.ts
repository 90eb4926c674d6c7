/**
 * What the page shows is a list of views. A view is plain data and pure functions of its parameters, without the DOM: the
 * page draws it, the tests compute it in Node and compare.
 */

import type { Palette } from './colour.ts';
import type { Tensor } from './library.ts';
import { createEngine, type Engine, Tensor as TensorClass } from './library.ts';
import type { Text } from './text.ts';

interface ControlBase {
  readonly key: string;
  readonly label: Text;
}
export interface Slider extends ControlBase {
  readonly kind: 'slider';
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  /** The slider moves over the values of this list instead of min, max and step. */
  readonly values?: readonly number[];
  readonly value: number;
  /** The largest value that means something beside the other parameters. */
  readonly limit?: (params: Params) => number;
}
export interface Choice extends ControlBase {
  readonly kind: 'choice';
  readonly options: readonly { readonly value: string; readonly label: Text }[];
  readonly value: string;
}
export interface Toggle extends ControlBase {
  readonly kind: 'toggle';
  readonly value: boolean;
}
export interface Button extends ControlBase {
  readonly kind: 'button';
  /** Counts the presses. */
  readonly value: number;
}
export type Control = Slider | Choice | Toggle | Button;
export type Params = Readonly<Record<string, number | string | boolean>>;

/** A matrix drawn cell by cell straight from a tensor's view. */
export interface MapPanel {
  readonly kind: 'map';
  readonly label: Text;
  /** Called at painting time: a view of wasm memory may be renewed by growth. */
  readonly data: () => ArrayLike<number>;
  readonly start?: number;
  readonly rows: number;
  readonly cols: number;
  /** In elements. Default: cols. */
  readonly rowStride?: number;
  /** Default 1. */
  readonly colStride?: number;
  readonly palette: Palette;
  readonly range: readonly [number, number];
  readonly rowTitle: Text;
  readonly colTitle: Text;
  /** What row r and column c stand for. Default: r and c. */
  readonly rowAt?: (r: number) => number | string;
  readonly colAt?: (c: number) => number | string;
  /** More about a cell: who attends where. */
  readonly cell?: (r: number, c: number, value: number) => Text;
  /** Legend of a map of categories. */
  readonly legend?: readonly Text[];
  /** Cells are squares. Default: the map fills a fixed height. */
  readonly square?: boolean;
  /** Height in pixels, when neither square nor the usual one. */
  readonly height?: number;
  /** Curve through the selected cell: along the row or the column. */
  readonly through?: 'row' | 'column';
}
export interface Series {
  readonly name: Text;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** 'line' (default), 'points', 'steps' for a function of whole numbers. */
  readonly as?: 'line' | 'points' | 'steps';
  /** Least and most at each x, drawn as a band behind the line. */
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
  readonly dashed?: boolean;
}
export interface Axis {
  readonly title: Text;
  readonly log?: boolean;
  readonly min?: number;
  readonly max?: number;
}
export interface CurvePanel {
  readonly kind: 'curves';
  readonly label: Text;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Lines across the plot, at a place of one of the axes. */
  readonly marks?: readonly { readonly x?: number; readonly y?: number; readonly label: Text }[];
  /** Height in pixels. Default 240. */
  readonly height?: number;
}
export interface NotePanel {
  readonly kind: 'note';
  readonly text: Text;
}
/** A pair of channels as a clock: where its hands stand for one or two words. Angles in radians, clockwise from the top. */
export interface Dial {
  readonly name: Text;
  readonly a: number;
  readonly b?: number;
  /** Lengths of the hands, as parts of the radius. Default 1. */
  readonly lengths?: readonly [number, number];
  /** The largest angle that training showed to this pair; a full turn or more is everything. */
  readonly seen?: number;
  /** The angle that training is asked about. Default: of a. */
  readonly asked?: number;
  /** Radians per position: how far a dragged hand moves its word. */
  readonly speed?: number;
}
export interface DialsPanel {
  readonly kind: 'dials';
  readonly label: Text;
  readonly dials: readonly Dial[];
  /** Whose hands they are. */
  readonly words: readonly Text[];
  /** Keys of the controls that dragging each hand moves. */
  readonly drag?: readonly string[];
}
/** Distances from a query as a ruler: what each distance gets, and which distances share a mark. */
export interface RulerPanel {
  readonly kind: 'ruler';
  readonly label: Text;
  /** The first distance; the others follow one by one. */
  readonly from: number;
  /** What each distance gets. */
  readonly values: ArrayLike<number>;
  /** Distances of one group share a mark of the ruler. Default: every distance has its own. */
  readonly groups?: ArrayLike<number>;
  readonly unit: Text;
  readonly others?: readonly { readonly name: Text; readonly values: ArrayLike<number> }[];
  readonly name?: Text;
  /** The longest distance seen in training. */
  readonly trained?: number;
}
export type TermKey = 'cc' | 'cp' | 'pc' | 'pp';
/** The four terms of a score as a grid, and their sum. */
export interface TermsPanel {
  readonly kind: 'terms';
  readonly label: Text;
  /** Words of the queries and of the keys. */
  readonly rows: readonly string[];
  readonly cols: readonly string[];
  /** A term without `data` does not exist in this encoding. */
  readonly terms: Readonly<
    Record<TermKey, { readonly name: string; readonly on: boolean; readonly data?: ArrayLike<number> }>
  >;
  readonly total: ArrayLike<number>;
}
/** A way through a plane, with a bead at every whole position. */
export interface PathPanel {
  readonly kind: 'path';
  readonly label: Text;
  readonly ways: readonly {
    readonly name: Text;
    readonly x: ArrayLike<number>;
    readonly y: ArrayLike<number>;
    readonly dashed?: boolean;
  }[];
  /** Positions of the first way, one by one. */
  readonly beads: readonly { readonly at: number; readonly x: number; readonly y: number }[];
  readonly axes: readonly [x: Text, y: Text];
}
/** Short vectors as bars, one below the other. */
export interface BarsPanel {
  readonly kind: 'bars';
  readonly label: Text;
  readonly rows: readonly { readonly name: Text; readonly values: ArrayLike<number>; readonly strong?: boolean }[];
}
/** Segments of a text as a train: memory in front and behind is handed over. */
export interface TrainPanel {
  readonly kind: 'train';
  readonly label: Text;
  readonly segments: readonly { readonly start: number; readonly length: number }[];
  readonly memory: number;
  readonly shown: number;
}
export type DrawnPanel = DialsPanel | RulerPanel | TermsPanel | PathPanel | BarsPanel | TrainPanel;
export type Panel = MapPanel | CurvePanel | NotePanel | DrawnPanel;

export interface Source {
  readonly label: string;
  readonly href: string;
}
export interface Code {
  /** The calls; the last one is the result. */
  readonly ts: string;
  /** What a reader would have at hand, name by name: stand-ins that the calls run with (see snippet.ts). */
  readonly given?: Readonly<Record<string, string>>;
  readonly torch: string;
  /** Flags of llama.cpp, or in words why there are none. */
  readonly llama: string | Text;
}
export interface View {
  readonly id: string;
  readonly title: Text;
  /** Other names that people search by, in any language: the filter and short addresses find them. */
  readonly names?: readonly string[];
  readonly sources: readonly Source[];
  readonly what: Text;
  /** What trips those who port models; a quieter paragraph of its own. */
  readonly porters?: Text;
  /** Letters of the formula that mean something else here than in symbols.ts; the key of the control that sets them. */
  readonly symbols?: Readonly<Record<string, readonly [meaning: Text, control?: string]>>;
  /** TeX, see mathml.ts; one or more lines. */
  readonly formula: readonly (string | Text)[];
  readonly controls: readonly Control[];
  compute(params: Params, work: Workspace): readonly Panel[];
  code?(params: Params): Code;
}

export const slider = (key: string, label: Text, value: number, min: number, max: number, step = 1): Slider => ({
  kind: 'slider',
  key,
  label,
  value,
  min,
  max,
  step,
});
export const steps = (key: string, label: Text, value: number, values: readonly number[]): Slider => ({
  kind: 'slider',
  key,
  label,
  value,
  values,
  min: 0,
  max: values.length - 1,
});
export const choice = (
  key: string,
  label: Text,
  value: string,
  options: readonly (readonly [string, Text])[],
): Choice => ({
  kind: 'choice',
  key,
  label,
  value,
  options: options.map(([v, l]) => ({ value: v, label: l })),
});
export const toggle = (key: string, label: Text, value = false): Toggle => ({ kind: 'toggle', key, label, value });
export const button = (key: string, label: Text): Button => ({ kind: 'button', key, label, value: 0 });

export const defaults = (controls: readonly Control[]): Record<string, number | string | boolean> =>
  Object.fromEntries(controls.map((control) => [control.key, control.value]));

/** Reads a parameter from its spelling in the address; a foreign spelling gives the default. */
export function parse(control: Control, text: string | undefined): number | string | boolean {
  if (text === undefined) return control.value;
  switch (control.kind) {
    case 'toggle':
      return text === '1';
    case 'choice':
      return control.options.some(({ value }) => value === text) ? text : control.value;
    case 'button':
      return Number.isSafeInteger(Number(text)) ? Number(text) : 0;
    case 'slider': {
      const value = Number(text);
      if (control.values) return control.values.includes(value) ? value : control.value;
      return value >= control.min && value <= control.max ? value : control.value;
    }
  }
}

export function spell(control: Control, value: number | string | boolean): string | undefined {
  if (value === control.value) return undefined;
  return control.kind === 'toggle' ? (value ? '1' : '0') : String(value);
}

/**
 * Tensors that live as long as a view: `out` gives the same block again while its shape stays, so that dragging a slider
 * allocates nothing; what is made by `take` lives until the next computation.
 */
export class Workspace {
  readonly engine: Engine = createEngine();
  #outs = new Map<string, Tensor>();
  #taken: { dispose(): void }[] = [];

  /** A tensor of this shape to write into. */
  out(key: string, shape: readonly number[]): Tensor {
    const known = this.#outs.get(key);
    if (known && known.shape.length === shape.length && known.shape.every((n, i) => n === shape[i])) return known;
    known?.dispose();
    const made = TensorClass.zeros(shape, { engine: this.engine });
    this.#outs.set(key, made);
    return made;
  }

  /** Keeps what a producer without `out` made until the next computation. */
  take<T extends { dispose(): void }>(made: T): T {
    this.#taken.push(made);
    return made;
  }

  /** Called before every computation. */
  next(): void {
    for (const made of this.#taken.splice(0)) made.dispose();
  }

  dispose(): void {
    this.engine.dispose();
  }
}

/** Deterministic numbers, uniform in [-1, 1): stand-ins for trained weights. */
export function noise(count: number, seed = 7): Float32Array {
  let state = Math.imul(seed, 2654435761) | 1;
  return Float32Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >> 8) / 2 ** 23;
  });
}

/** Smallest and largest finite value. */
export function extent(data: ArrayLike<number>): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (value < low && value > Number.NEGATIVE_INFINITY) low = value;
    if (value > high && value < Number.POSITIVE_INFINITY) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

/** A range that puts zero in the middle. */
export function around(data: ArrayLike<number>): [number, number] {
  const [low, high] = extent(data);
  const most = Math.max(-low, high) || 1;
  return [-most, most];
}

/** A call as a person would write it: options equal to their defaults are left out. */
export function call(
  name: string,
  options: Readonly<Record<string, unknown>>,
  leave: Readonly<Record<string, unknown>> = {},
  ...before: readonly string[]
): string {
  const parts = Object.entries(options)
    .filter(([key, value]) => value !== undefined && leave[key] !== value)
    .map(([key, value]) => (value === `=${key}` ? key : `${key}: ${literal(value)}`));
  return `${name}(${[...before, `{ ${parts.join(', ')} }`].join(', ')})`;
}

/** Text that begins with = stands for an expression. */
export function literal(value: unknown): string {
  if (typeof value === 'string') return value.startsWith('=') ? value.slice(1) : `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  return String(value);
}
