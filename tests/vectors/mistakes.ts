/**
 * Deliberately wrong implementations: one line of a runner changed. Each is a mistake that people make, and the report must
 * call it by its name.
 */

export type Language = 'python' | 'javascript' | 'go' | 'rust' | 'cpp';

export interface Mistake {
  readonly name: string;
  /** What the report must say. */
  readonly said: RegExp;
  /** In each language: what stands in the runner, and what is put there. */
  readonly edits: Readonly<Partial<Record<Language, readonly [from: string, to: string]>>>;
}

export const MISTAKES: readonly Mistake[] = [
  {
    name: 'pairing',
    said: /pairs channels interleaved, expected half/,
    edits: {
      python: ['if pairing == "half"', 'if pairing != "half"'],
      javascript: ["pairing === 'half' ?", "pairing !== 'half' ?"],
      go: ['if pairing == "half"', 'if pairing != "half"'],
      rust: ['= if half {', '= if !half {'],
      cpp: ['a = half ? j : 2 * j, b = half ?', 'a = !half ? j : 2 * j, b = !half ?'],
    },
  },
  {
    name: 'base',
    said: /your base is 10000, expected/,
    edits: {
      python: ['freqs = [base **', 'freqs = [10000.0 **'],
      javascript: ['=> base ** ((-2 * j) / dim) / (p', '=> 10000 ** ((-2 * j) / dim) / (p'],
    },
  },
  {
    name: 'sign',
    said: /the sign of your rotation is the other one/,
    edits: {
      python: ['math.cos(angle), sign * math.sin(angle)', 'math.cos(angle), -sign * math.sin(angle)'],
      javascript: ['[Math.cos(angle), Math.sin(angle)]', '[Math.cos(angle), -Math.sin(angle)]'],
    },
  },
  {
    name: 'offset',
    said: /your positions begin one too late/,
    edits: {
      python: ['angle = position * f\n', 'angle = (position + 1) * f\n'],
      javascript: ['const angle = position * f;', 'const angle = (position + 1) * f;'],
      cpp: ['double angle = position * freqs[j];', 'double angle = (position + 1) * freqs[j];'],
    },
  },
  {
    name: 'missing scaling',
    said: /the scaling is missing/,
    edits: {
      python: ['p.get("rope_type") == "linear"', 'p.get("rope_type") == "none"'],
      javascript: ["p.rope_type === 'linear' ?", "p.rope_type === 'none' ?"],
      go: ['if p["rope_type"] == "linear" {\n\t\t\tfreqs', 'if p["rope_type"] == "none" {\n\t\t\tfreqs'],
    },
  },
  {
    name: 'float16 angles',
    said: /angles lose precision as positions grow: they were rounded to float16/,
    edits: {
      python: [
        'angle = position * f\n',
        'angle = (lambda m, e: math.ldexp(round(m * 2048), e - 11))(*math.frexp(position * f))\n',
      ],
      javascript: [
        'const angle = position * f;',
        'const step = 2 ** (Math.floor(Math.log2(position * f || 1)) - 10);\n    const angle = Math.round((position * f) / step) * step;',
      ],
    },
  },
  {
    name: 'bucket off by one',
    said: /buckets are off by one \(one too high\)/,
    edits: {
      python: ['min(exact + int(', 'min(exact + 1 + int('],
      javascript: ['Math.min(exact + Math.floor(', 'Math.min(exact + 1 + Math.floor('],
      go: ['large := exact + int(', 'large := exact + 1 + int('],
      rust: ['offset + (exact + (log', 'offset + (exact + 1 + (log'],
      cpp: ['std::min(exact + int(', 'std::min(exact + 1 + int('],
    },
  },
  {
    name: 'padding',
    said: /padding is ignored: your positions are the columns/,
    edits: {
      python: ['ids.append(seen - 1 if real else 0)', 'ids.append(len(ids))'],
      javascript: ['row.map((real) => (real ? seen++ : 0))', 'row.map(() => seen++)'],
      rust: ['seen += real;', 'seen += 1.0 + 0.0 * real;'],
    },
  },
];
