/** Every string of the page exists twice: English and simplified Chinese. The language is the page's, and so global. */
export interface Text {
  readonly en: string;
  readonly zh: string;
}
export type Language = keyof Text;

export const T = (en: string, zh: string): Text => ({ en, zh });
/** A name or a number that is the same in both languages. */
export const same = (name: string): Text => ({ en: name, zh: name });

let language: Language = 'en';
export const currentLanguage = (): Language => language;
export function setLanguage(to: Language): void {
  language = to;
}
export const tr = (text: Text): string => text[language];

/** A number as a person reads it: at most `digits` significant ones. */
export function show(value: number, digits = 6): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text =
    size >= 1e7 || size < 1e-4 ? value.toExponential(Math.min(digits, 4) - 1) : `${+value.toPrecision(digits)}`;
  return text.replace('-', '−').replace('e−', 'e−').replace('e+', 'e');
}

/** 131072 as 131 072: narrow spaces between thousands, where no line breaks. */
export const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
