/** The check of directions: what it reads, what it refuses, and that its list of exceptions can only shrink. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { circleIn, importsOf, problemsOf, wrong } from '../../scripts/check-imports.ts';

test('imports of every form are read', () => {
  const source = `/** from './no.ts'; */
import type { A } from './a.ts';
import {
  type B,
  b,
} from '../runtime/b.ts';
export * from './c.ts';
import './d.ts';
import { test } from 'uvu';
const later = await import('./e.ts');
`;
  assert.equal(importsOf('src/bias/x.ts', source), [
    { from: 'src/bias/x.ts', to: 'src/bias/a.ts', typeOnly: true },
    { from: 'src/bias/x.ts', to: 'src/runtime/b.ts', typeOnly: false },
    { from: 'src/bias/x.ts', to: 'src/bias/c.ts', typeOnly: false },
    { from: 'src/bias/x.ts', to: 'src/bias/d.ts', typeOnly: false },
    { from: 'src/bias/x.ts', to: 'src/bias/e.ts', typeOnly: false },
  ]);
});

test('directions', () => {
  const of = (from: string, to: string, typeOnly = false) => wrong({ from, to, typeOnly });
  assert.is(of('src/bias/distance/t5.ts', 'src/phase/buckets.ts'), undefined);
  assert.is(of('src/models/hf.ts', 'src/rotary/spec.ts'), undefined);
  assert.is(of('src/runtime/init.ts', 'src/wasm.workerd.ts'), undefined);
  assert.is(of('playground/main.ts', 'src/index.ts'), undefined);
  assert.match(of('src/scores/tupe.ts', 'src/bias/distance/t5.ts', true)!, /wings/);
  assert.match(of('src/phase/plan.ts', 'src/absolute/sincos.ts')!, /upwards/);
  assert.match(of('src/rotary/table.ts', 'src/index.ts')!, /upwards/);
  assert.match(of('src/runtime/gate.ts', 'src/phase/dd.ts')!, /upwards/);
  assert.is(of('src/reference/t5.ts', 'src/bias/distance/t5.ts', true), undefined);
  assert.match(of('src/reference/t5.ts', 'src/phase/buckets.ts')!, /only types/);
  assert.match(of('src/rotary/table.ts', 'src/reference/table.ts')!, /only tests/);
  assert.match(of('src/news/x.ts', 'src/runtime/gate.ts')!, /no folder/);
});

test('circles, of types too, and everything that is wrong', () => {
  const one = { from: 'src/bias/a.ts', to: 'src/bias/b.ts', typeOnly: true };
  const two = { from: 'src/bias/b.ts', to: 'src/bias/c.ts', typeOnly: false };
  const back = { from: 'src/bias/c.ts', to: 'src/bias/a.ts', typeOnly: true };
  assert.is(circleIn([one, two]), undefined);
  assert.equal(circleIn([one, two, back]), ['src/bias/a.ts', 'src/bias/b.ts', 'src/bias/c.ts', 'src/bias/a.ts']);
  const across = { from: 'src/bias/a.ts', to: 'src/rows/b.ts', typeOnly: true };
  assert.equal(problemsOf([one, two]), []);
  const [wing, circle] = problemsOf([across, one, two, back]);
  assert.match(wing, /^src\/bias\/a\.ts -> src\/rows\/b\.ts: wings/);
  assert.match(circle, /^a circle: src\/bias\/a/);
});

test.run();
