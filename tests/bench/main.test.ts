// The commands: filters, the files they write, and benchmarks that fail.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runMicros } from '../../bench/micro.ts';

const bench = ['--import', 'tsx', 'bench/main.ts', '--quick'];

test('--filter measures what begins with it, --json and --svg write it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const json = join(folder, 'rows.json');
    const svg = join(folder, 'rows.svg');
    const filter = 'absolute.sinusoidal.concat.64';
    const text = execFileSync(process.execPath, [...bench, '--filter', filter, '--json', json, '--svg', svg], {
      encoding: 'utf8',
    });
    const { rows, node } = JSON.parse(readFileSync(json, 'utf8'));
    assert.is(node, process.version);
    assert.equal(
      rows.map((row: { id: string }) => row.id),
      ['absolute.sinusoidal.concat.64x64'],
    );
    assert.ok(text.includes('\nabsolute.sinusoidal.concat.64x64'));
    assert.not.ok(text.includes('\x1b'), 'progress is for terminals');
    assert.match(readFileSync(svg, 'utf8'), /^<svg .*absolute\.sinusoidal\.concat\.64x64/s);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a filter that nothing begins with is an error', () => {
  const { status, stderr } = spawnSync(process.execPath, [...bench, '--filter', 'sinusoidal.concat'], {
    encoding: 'utf8',
  });
  assert.is(status, 2);
  assert.match(stderr, /nothing begins with 'sinusoidal.concat'/);
});

test('microbenchmarks report calls a second, and what they throw', () => {
  const [result] = runMicros([{ name: 'nothing much', prepare: () => () => Math.sqrt(2) }], 0.02);
  assert.is(result.name, 'nothing much');
  assert.ok(result.hz > 1000);
  const broken = () => {
    throw new RangeError('spoilt');
  };
  assert.throws(() => runMicros([{ name: 'broken', prepare: () => broken }], 0.02), /broken: .*spoilt/);
});

test.run();
