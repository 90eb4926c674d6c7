/** What people get wrong with the position streams of M-RoPE: how sections lie over the pairs, and which stream is which. */
import type { Preset } from './presets.ts';
import { largestDifference, type Vector, vectorOf } from './vectors.ts';

type RotaryPreset = Extract<Preset, { kind: 'rotary' }>;

/** The mistake that gives these numbers, in words; undefined when none does. */
export function streamMistake(vector: Vector, name: string, got: Float32Array, tolerance: number): string | undefined {
  const preset = vector.preset as RotaryPreset;
  const positions = vector.positions as readonly number[];
  const { mropeLayout, mropeSection = [] } = preset.spec;
  const count = mropeSection.length;
  const tokens = positions.length / count;
  const stream = (i: number): readonly number[] => positions.slice(i * tokens, (i + 1) * tokens);
  const names = ['t', 'h', 'w', 'e'];
  const tries: { words: string; spec: RotaryPreset['spec']; positions: readonly number[] }[] = [];
  for (const layout of ['chunked', 'interleaved'] as const) {
    if (layout === mropeLayout) continue;
    const words = `your sections are laid out ${layout}, expected ${mropeLayout}`;
    tries.push({ words, spec: { ...preset.spec, mropeLayout: layout } as RotaryPreset['spec'], positions });
  }
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count; b++) {
      const order = Array.from({ length: count }, (_, i) => (i === a ? b : i === b ? a : i));
      const words = `your streams ${names[a]} and ${names[b]} are exchanged`;
      tries.push({ words, spec: preset.spec, positions: order.flatMap(stream) });
    }
  }
  const flat = (one: readonly number[]): number[] => Array.from({ length: count }, () => one).flat();
  for (let i = 0; i < count; i++) {
    const words = `your positions are flat: every pair takes stream ${names[i]}, expected ${count} streams`;
    tries.push({ words, spec: preset.spec, positions: flat(stream(i)) });
  }
  const running = Array.from({ length: tokens }, (_, i) => i);
  const words = `your positions are flat: 0, 1, 2 ... for every pair, expected ${count} streams`;
  tries.push({ words, spec: preset.spec, positions: flat(running) });
  for (const { words, spec, positions: other } of tries) {
    const made = vectorOf(vector.name, { ...preset, spec }, { positions: other, x: vector.x });
    if (largestDifference(made.outputs[name].data, got) <= tolerance) return words;
  }
  return undefined;
}
