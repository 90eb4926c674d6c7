/**
 * npm run accuracy -- [--values N] [--api MODULE]
 *
 * Errors of every kernel and precision against an independent high-precision reference, at least N (default 10^6; for the
 * elementary functions N / 10) seeded values for each range of arguments. Exit 1 on a breach of a limit.
 */
import { parseArgs } from 'node:util';
import { loadApi } from '../golden-runner/api.ts';
import { angles } from './angles.ts';
import { drift } from './drift.ts';
import { elementary } from './elementary.ts';
import { breaches, formatTable, type Gauge } from './gauge.ts';
import { phase } from './phase.ts';

const GAUGES: readonly Gauge[] = [phase, angles, elementary];

const { values } = parseArgs({ options: { values: { type: 'string', default: '1000000' }, api: { type: 'string' } } });
const count = Number(values.values);
if (!(count >= 1)) throw new RangeError(`--values: expected a positive number, got '${values.values}'`);

const api = await loadApi(values.api);
const rows = GAUGES.flatMap((gauge) => gauge(api, count));
const keys = drift(api);
const found = [...rows.flatMap(breaches), ...keys.breaches];
const total = rows.reduce((sum, row) => sum + row.statistics.count, 0);
process.stdout.write(formatTable(rows));
process.stdout.write(keys.text);
for (const text of found) process.stdout.write(`breach: ${text}\n`);
process.stdout.write(`${total} values in ${rows.length} rows, ${found.length} breaches\n`);
process.exitCode = found.length > 0 ? 1 : 0;
