/**
 * What the page shows is a list of views. A view is plain data and pure functions of its parameters, without the DOM: the
 * page draws it, the tests compute it in Node and compare.
 */
import type { Tensor } from '../src/index.ts';
import { createEngine, type Engine, Tensor as TensorClass } from '../src/index.ts';
import type { Palette } from './colour.ts';
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
  /** 'line' (default), 'points'. */
  readonly as?: 'line' | 'points';
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
  readonly marks?: readonly { readonly x: number; readonly label: Text }[];
  /** Height in pixels. Default 240. */
  readonly height?: number;
}
export interface NotePanel {
  readonly kind: 'note';
  readonly text: Text;
}
export type Panel = MapPanel | CurvePanel | NotePanel;

export interface Source {
  readonly label: string;
  readonly href: string;
}
export interface Code {
  /** Runs as it stands, given `import * from 'posenc'`. */
  readonly ts: string;
  readonly torch: string;
  /** Flags of llama.cpp, or in words why there are none. */
  readonly llama: string | Text;
}
export interface View {
  readonly id: string;
  readonly title: Text;
  readonly sources: readonly Source[];
  readonly what: Text;
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
