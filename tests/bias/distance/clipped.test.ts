/** Clipped scalar biases with groups of residues (AlphaFold); what they share with all biases of the distance: toeplitz.test.ts. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { clippedRelativeBias, createEngine, naiveRelativeBias, Tensor } from '../../../src/index.ts';
import * as reference from '../../../src/reference/clipped.ts';
import { test } from '../../support/test.ts';
import { floats, rejects, sameBits } from '../common.ts';

const small = createEngine({ scratchBytes: 65536 });

test('groups: equal to the reference in both layouts; rows are slices; addTo is S + matrix', () => {
  const numbers = (n: number, most: number) =>
    fc.array(fc.integer({ min: -most, max: most }), { minLength: n, maxLength: n });
  const cases = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 2, max: 8 }))
    .chain(([q, k, rows]) =>
      fc.record({
        rows: fc.constant(rows),
        heads: fc.integer({ min: 1, max: 3 }),
        queryPositions: numbers(q, 12),
        keyPositions: numbers(k, 12),
        queryGroups: numbers(q, 1),
        keyGroups: numbers(k, 1),
        direction: fc.constantFrom('key-query' as const, 'query-key' as const),
        layout: fc.constantFrom('hqk' as const, 'qkh' as const),
        cut: fc.tuple(fc.nat(q), fc.nat(q)),
      }),
    );
  fc.assert(
    fc.property(cases, ({ rows, heads, cut, ...o }) => {
      const table = { data: floats(rows * heads, 3), shape: [rows, heads] };
      const whole = clippedRelativeBias(table, o);
      const want = reference.clippedRelativeBias(table, o);
      assert.equal([...whole.shape], [...want.shape]);
      sameBits(whole.data, want.data, 'reference');
      const [from, to] = [...cut].sort((x, y) => x - y);
      const part = clippedRelativeBias(table, { ...o, rows: [from, to], engine: small });
      sameBits(part.data, reference.clippedRelativeBias(table, { ...o, rows: [from, to] }).data, 'rows');
      if (from === to) return;
      const scores = floats(2 * part.length, 4);
      const sum = scores.map((v, t) => v + part.data[t % part.length]);
      const tensor = Tensor.from(scores, [2, ...part.shape], { engine: small });
      assert.is(clippedRelativeBias(table, { ...o, rows: [from, to], addTo: tensor }), tensor);
      sameBits(tensor.data, sum, 'addTo');
    }),
    { seed: 41, numRuns: 150 },
  );
});

test('groups: many columns and wide rows go through the arena in parts; consecutive positions', () => {
  const n = 700;
  const queryGroups = Array.from({ length: n }, (_, i) => Math.floor(i / 200));
  for (const layout of ['hqk', 'qkh'] as const) {
    const heads = layout === 'qkh' ? 300 : 2;
    const table = { data: floats(12 * heads, 5), shape: [12, heads] };
    const o = { keyLength: n, queryGroups, layout, rows: [190, 193] } as const;
    const want = reference.clippedRelativeBias(table, o);
    sameBits(clippedRelativeBias(table, { ...o, engine: small }).data, want.data, layout);
    const scores = Tensor.from(new Float32Array(want.data.length), [...want.shape], { engine: small });
    clippedRelativeBias(table, { ...o, addTo: scores });
    sameBits(scores.data, want.data, `${layout}, addTo`);
  }
});

test('one residue list of one chain is the bias without groups', () => {
  const near = floats(5 * 2, 6);
  const table = { data: Float32Array.from([...near, 9, 9]), shape: [6, 2] };
  const a = clippedRelativeBias(table, { keyLength: 6, queryGroups: [3, 3, 3, 3, 3, 3], direction: 'query-key' });
  const b = clippedRelativeBias(near, { keyLength: 6, direction: 'query-key', shape: [5, 2] });
  sameBits(a.data, b.data, 'one chain');
});

test('one head: heads last is a dimension of its own', () => {
  const table = { data: floats(5, 7), shape: [5, 1] };
  assert.equal([...clippedRelativeBias(table, { keyLength: 3, layout: 'qkh' }).shape], [3, 3, 1]);
  assert.equal([...naiveRelativeBias(table, { keyLength: 3, layout: 'qkh' }).shape], [3, 3, 1]);
});

test('what is refused', () => {
  const table = { data: floats(8, 7), shape: [4, 2] };
  const groups = [0, 0, 1];
  rejects(() => clippedRelativeBias(table, { keyLength: 4, queryGroups: groups }), 'ERR_SHAPE', 'queryGroups');
  rejects(
    () => clippedRelativeBias(table, { queryLength: 3, keyLength: 4, queryGroups: groups }),
    'ERR_SHAPE',
    'keyGroups',
  );
  rejects(() => clippedRelativeBias(table, { keyLength: 3, keyGroups: groups }), 'ERR_OPTION', 'keyGroups');
  rejects(
    () => clippedRelativeBias(table, { keyLength: 3, queryGroups: groups, causal: true }),
    'ERR_OPTION',
    'causal',
  );
  rejects(() => clippedRelativeBias(table, { keyLength: 3, symmetric: true, centre: 1 }), 'ERR_OPTION', 'centre');
  rejects(() => clippedRelativeBias(table, { keyLength: 3, centre: 4 }), 'ERR_OPTION', 'centre');
  rejects(() => clippedRelativeBias(floats(8, 1), { keyLength: 3, shape: [8] }), 'ERR_SHAPE', 'table');
});

test('symmetric: keys far before their query have no row; later ones take the last, as in the published code', () => {
  const table = { data: floats(4, 7), shape: [4, 1] };
  rejects(() => clippedRelativeBias(table, { keyLength: 5, symmetric: true }), 'ERR_POSITION', 'table');
  const ahead = clippedRelativeBias(table, { queryLength: 1, keyLength: 9, queryOffset: 0, symmetric: true });
  assert.is(ahead.data[8], table.data[3]);
  const grouped = { data: floats(5, 7), shape: [5, 1] };
  const o = { keyLength: 5, symmetric: true } as const;
  rejects(() => clippedRelativeBias(grouped, { ...o, queryGroups: [0, 0, 0, 0, 0] }), 'ERR_POSITION', 'table');
  const far = { ...o, queryGroups: [0, 1, 1, 1, 1] };
  sameBits(
    clippedRelativeBias(grouped, far).data,
    reference.clippedRelativeBias(grouped, far).data,
    'far ones are of another group',
  );
});

test.run();
