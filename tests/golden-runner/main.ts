/**
 * npm run golden -- [DIR or FILE...] [--json FILE] [--allow-unsupported] [--api MODULE]
 *
 * Runs every golden record at or below the paths (default tests/golden) through the public API. `--api` names another
 * entry point of the library, such as the built package. Exit 0: nothing failed and (without `--allow-unsupported`)
 * nothing was unsupported; 1: otherwise, or there was nothing to run; 2: the command line is wrong.
 */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { adapters } from './adapters/index.ts';
import { loadApi } from './api.ts';
import { goldenFiles, loadFile } from './load.ts';
import { format, summarize } from './report.ts';
import { runRecord } from './run.ts';
import type { GoldenRecord, Result } from './types.ts';

const DEFAULT_GOLDEN = fileURLToPath(new URL('../golden', import.meta.url));

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      'allow-unsupported': { type: 'boolean', default: false },
      api: { type: 'string' },
    },
  });
  const paths = positionals.length > 0 ? positionals : [relative(process.cwd(), DEFAULT_GOLDEN) || '.'];
  const files = goldenFiles(paths);
  const api = await loadApi(values.api);

  const results: Result[] = [];
  for (const file of files) {
    let records: GoldenRecord[];
    try {
      records = loadFile(file);
    } catch (error) {
      results.push(unreadable(file, String(error instanceof Error ? error.message : error)));
      continue;
    }
    for (const record of records) results.push(runRecord(record, api, adapters));
  }
  const summary = summarize(results);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(summary, null, 2)}\n`);
  process.stdout.write(format(summary));
  if (results.length === 0) {
    process.stderr.write(`golden: no records below ${paths.join(', ')}\n`);
    return 1;
  }
  return summary.failed > 0 || (summary.unsupported > 0 && !values['allow-unsupported']) ? 1 : 0;
}

/** A file that is no golden file counts as one failed record: it must not disappear silently. */
function unreadable(path: string, message: string): Result {
  const nothing = { maxAbs: null, allowed: null, output: null };
  return { path, name: path, system: 'unknown', op: null, status: 'failed', ...nothing, messages: [message] };
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`golden: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  },
);
