/** Every door gives the same classes and the same engine; what is made behind one is used behind another. */
import * as posenc from 'posenc';
import * as absolute from 'posenc/absolute';
import * as analysis from 'posenc/analysis';
import * as bias from 'posenc/bias';
import * as models from 'posenc/models';
import * as positions from 'posenc/positions';
import * as rotary from 'posenc/rotary';
import * as rows from 'posenc/rows';
import * as scores from 'posenc/scores';

const all = { ...posenc };
const doors = { absolute, analysis, bias, models, positions, rotary, rows, scores };
const seen = new Set(['fingerprint', 'init']);
for (const [door, values] of Object.entries(doors)) {
  for (const [name, value] of Object.entries(values)) {
    if (all[name] !== value) throw new Error(`posenc/${door} has another ${name} than posenc`);
    seen.add(name);
  }
  for (const name of ['Tensor', 'PosencError', 'scope', 'createEngine', 'attach'])
    if (!(name in values)) throw new Error(`posenc/${door} has no ${name}`);
}
const behindNone = Object.keys(all).filter((name) => !seen.has(name));
if (behindNone.length > 0) throw new Error(`behind no door: ${behindNone}`);

const table = rotary.rotaryTable({ headDim: 8 }, { length: 4 });
const x = absolute.sinusoidal({ length: 4, dim: 8 });
if (!(x instanceof all.Tensor) || x.engine !== table.cos.engine) throw new Error('another engine behind another door');
all.applyRotary(rows.merge(x, x, { mode: 'add' }), table, { layout: 'TD', heads: 1 });
console.log(all.fingerprint());
