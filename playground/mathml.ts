/** A small piece of TeX to MathML: letters, numbers, ^ _ { }, \frac, \sqrt, \text, \mathrm, Greek letters and operators. */
const LETTERS: Record<string, string> = {
  alpha: 'α',
  beta: 'β',
  gamma: 'γ',
  delta: 'δ',
  theta: 'θ',
  lambda: 'λ',
  phi: 'φ',
  omega: 'ω',
  pi: 'π',
  psi: 'ψ',
  sigma: 'σ',
  tau: 'τ',
  zeta: 'ζ',
  Delta: 'Δ',
  Omega: 'Ω',
  ell: 'ℓ',
  infty: '∞',
};
const OPERATORS: Record<string, string> = {
  cdot: '⋅',
  times: '×',
  le: '≤',
  ge: '≥',
  ne: '≠',
  to: '→',
  in: '∈',
  sum: '∑',
  int: '∫',
  odot: '⊙',
  lfloor: '⌊',
  rfloor: '⌋',
  lceil: '⌈',
  rceil: '⌉',
  pm: '±',
  mapsto: '↦',
  quad: '\u2003',
  approx: '≈',
  mid: '|',
  dots: '…',
  top: '⊤',
  oplus: '⊕',
  circ: '∘',
  lbrace: '{',
  rbrace: '}',
  leftarrow: '←',
};
const FENCES = new Set(['lbrace', 'rbrace', 'lfloor', 'rfloor', 'lceil', 'rceil', 'mid']);
const FUNCTIONS = new Set([
  'sin',
  'cos',
  'exp',
  'ln',
  'log',
  'max',
  'min',
  'clip',
  'softmax',
  'tanh',
  'sign',
  'mod',
  'Re',
  'Im',
]);

const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/** @param source the formula; @param block whether it stands on a line of its own */
export function math(source: string, block = true): string {
  const found = [...source.matchAll(/\\[a-zA-Z]+|\\.|[a-zA-Z]|\d+(?:\.\d+)?|[^\s]/g)];
  const tokens = found.map(([token]) => token);
  let at = 0;

  const group = (): string => {
    if (tokens[at] !== '{') return atom();
    at++;
    const inside = row('}');
    at++;
    return `<mrow>${inside}</mrow>`;
  };
  /** The characters of a braced group as they stand. */
  const raw = (): string => {
    const from = found[at].index + 1;
    while (tokens[at] !== '}') at++;
    return source.slice(from, found[at++].index);
  };
  const atom = (): string => {
    const token = tokens[at++];
    if (token.startsWith('\\')) {
      const name = token.slice(1);
      if (name === 'frac') return `<mfrac>${group()}${group()}</mfrac>`;
      if (name === 'sqrt') return `<msqrt>${group()}</msqrt>`;
      if (name === 'text') return `<mtext>${escaped(raw()).replaceAll(' ', '\u00a0')}</mtext>`;
      if (name === 'mathrm') return `<mi mathvariant="normal">${escaped(raw())}</mi>`;
      if (LETTERS[name]) return `<mi>${LETTERS[name]}</mi>`;
      if (OPERATORS[name]) return `<mo${FENCES.has(name) ? ' stretchy="false"' : ''}>${OPERATORS[name]}</mo>`;
      if (FUNCTIONS.has(name)) {
        const apart = tokens[at] === '(' || tokens[at] === '_' || tokens[at] === '^' ? '' : '<mspace width="0.17em"/>';
        return `<mi>${name}</mi><mo>&#x2061;</mo>${apart}`;
      }
      if (name.length === 1) return `<mo stretchy="false">${escaped(name)}</mo>`;
      throw new Error(`formula: unknown \\${name} in ${source}`);
    }
    if (/\d/.test(token)) return `<mn>${token}</mn>`;
    if (/[a-zA-Z]/.test(token)) return `<mi>${token}</mi>`;
    if (token === '-') return '<mo>−</mo>';
    if (token === '|' || token === '(' || token === ')' || token === '[' || token === ']')
      return `<mo stretchy="false">${token}</mo>`;
    return `<mo>${escaped(token)}</mo>`;
  };
  const row = (end?: string): string => {
    let out = '';
    while (at < tokens.length && tokens[at] !== end) {
      const big = tokens[at] === '\\sum' || tokens[at] === '\\int';
      const base = group();
      let below = '';
      let above = '';
      while (tokens[at] === '_' || tokens[at] === '^') {
        if (tokens[at++] === '_') below = group();
        else above = group();
      }
      const kind = big && block ? ['munder', 'mover', 'munderover'] : ['msub', 'msup', 'msubsup'];
      // a function name carries an invisible operator that must not be raised
      const core =
        base.startsWith('<mi>') && base.includes('&#x2061;') && (below || above) ? base.split('<mo>')[0] : base;
      if (below && above) out += `<${kind[2]}>${core}${below}${above}</${kind[2]}>`;
      else if (below) out += `<${kind[0]}>${core}${below}</${kind[0]}>`;
      else if (above) out += `<${kind[1]}>${core}${above}</${kind[1]}>`;
      else out += base;
    }
    return out;
  };
  return `<math xmlns="http://www.w3.org/1998/Math/MathML"${block ? ' display="block"' : ''}><mrow>${row()}</mrow></math>`;
}
