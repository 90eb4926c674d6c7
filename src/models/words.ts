/** Numbers as people read them. */

/** Groups of three, with a space: 131 072. */
export function grouped(value: number): string {
  const [whole, part] = String(value).split('.');
  if (!/^-?\d+$/.test(whole)) return String(value);
  const spaced = whole.length < 5 ? whole : whole.replace(/\B(?=(\d{3})+$)/g, ' ');
  return part === undefined ? spaced : `${spaced}.${part}`;
}
