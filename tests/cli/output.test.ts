/** What is on the disk afterwards: the old file or the new one, whole, and nothing else. KILLS=50 for 50 kills and 200 MB. */
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { config, file, posenc } from './shell.ts';

const KILLS = Number(process.env.KILLS ?? 6);
const ROWS = KILLS > 10 ? 400000 : 200000;
const main = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const node = [process.execPath, '--import', 'tsx', main];
const folder = (name: string): string => {
  mkdirSync(file(name));
  return file(name);
};
const small = ['table', '--head-dim', '8', '--length', '4', '--out'];
const ok = async (...line: string[]): Promise<void> => {
  const { code, err } = await posenc(line);
  assert.is(`${code} ${err}`, '0 ');
};

test('killed at any moment: the old file or the new one, whole, and nothing else', async () => {
  const where = folder('kill');
  const path = `${where}/table.npy`;
  const old = 'what was there before\n';
  const line = ['table', '--head-dim', '128', '--length', String(ROWS), '--offset', '3', '--out', path];
  const started = performance.now();
  assert.is(spawnSync(node[0], [...node.slice(1), ...line]).status, 0);
  const [whole, took] = [readFileSync(path), performance.now() - started];
  assert.is(whole.length, 128 + ROWS * 128 * 4);
  const seen = { old: 0, new: 0, parts: 0, left: 0 };
  for (let n = 0; n < KILLS; n++) {
    writeFileSync(path, old);
    const signal = (['SIGTERM', 'SIGINT', 'SIGKILL'] as const)[n % 3];
    const child = spawn(node[0], [...node.slice(1), ...line]);
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_, by) => resolve(by)));
    if (n % 2 === 0 || n === 5) {
      // from the moment the part is there, so that writing itself is hit
      while (readdirSync(where).length < 2 && child.exitCode === null) await wait(1);
      if (readdirSync(where).length > 1) seen.parts++;
      await wait((Math.random() * ROWS) / 4000);
    } else await wait(Math.random() * took);
    child.kill(signal);
    const by = await ended;
    const left = readdirSync(where).filter((name) => name !== 'table.npy');
    if (signal === 'SIGKILL') {
      // nobody hears of it: at most the part of that process is there, until the next run for the same target
      assert.ok(left.length <= 1 && left.every((name) => name.endsWith(`.${child.pid}.tmp`)), `${left}`);
      seen.left += left.length;
    } else assert.equal(left, [], `after ${signal}`);
    const now = readFileSync(path);
    if (now.toString('latin1', 0, 64) === old) seen.old++;
    else {
      assert.ok(now.equals(whole), 'neither the old file nor the new one');
      seen.new++;
    }
    if (by !== null) assert.is(by, signal, 'the signal is seen by whoever waits');
    if (left.length > 0) {
      await ok(...small, path);
      assert.equal(readdirSync(where), ['table.npy'], 'the next run clears away what SIGKILL left');
    }
  }
  assert.ok(seen.parts > 0 && seen.left > 0, `no kill hit the writing itself: ${JSON.stringify(seen)}`);
  if (KILLS > 10) console.log(JSON.stringify(seen));
  assert.is(seen.old + seen.new, KILLS);
});

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('a failure half-way leaves the old file and nothing else', () => {
  const where = folder('limit');
  writeFileSync(`${where}/keep.npy`, 'precious');
  const run = `ulimit -f 2000; trap '' XFSZ; exec ${node.map((word) => `'${word}'`).join(' ')}`;
  const out = `--out '${where}/keep.npy'`;
  const got = spawnSync('bash', ['-c', `${run} table --head-dim 128 --length 30000 ${out}`], { encoding: 'utf8' });
  assert.is(got.status, 4, got.stderr);
  assert.match(got.stderr, /^posenc: EFBIG/);
  assert.equal(readdirSync(where), ['keep.npy']);
  assert.is(readFileSync(`${where}/keep.npy`, 'utf8'), 'precious');
  const json = spawnSync('bash', ['-c', `${run} table --head-dim 128 --length 30000 ${out} --format json`]);
  assert.is(json.status, 4);
  assert.is(readFileSync(`${where}/keep.npy`, 'utf8'), 'precious');
});

test('links are followed, modes are kept, a new file has the usual mode', async () => {
  const where = folder('links');
  mkdirSync(`${where}/far`);
  writeFileSync(`${where}/far/target.npy`, 'old');
  chmodSync(`${where}/far/target.npy`, 0o640);
  symlinkSync('far/target.npy', `${where}/link.npy`);
  symlinkSync('link.npy', `${where}/second.npy`);
  await ok(...small, `${where}/second.npy`);
  assert.ok(lstatSync(`${where}/second.npy`).isSymbolicLink());
  assert.ok(lstatSync(`${where}/link.npy`).isSymbolicLink());
  assert.is(readFileSync(`${where}/far/target.npy`).length, 128 + 4 * 8 * 4);
  assert.is(statSync(`${where}/far/target.npy`).mode & 0o777, 0o640);
  // a link that leads nowhere yet makes the file it names
  symlinkSync('far/new.npy', `${where}/dangling.npy`);
  await ok(...small, `${where}/dangling.npy`);
  assert.ok(lstatSync(`${where}/dangling.npy`).isSymbolicLink());
  assert.ok(statSync(`${where}/far/new.npy`).isFile());
  assert.is(statSync(`${where}/far/new.npy`).mode & 0o777, 0o666 & ~process.umask());
  assert.equal(readdirSync(`${where}/far`).sort(), ['new.npy', 'target.npy']);
  const long = `${'x'.repeat(250)}.npy`;
  await ok(...small, `${where}/${long}`);
  assert.ok(existsSync(`${where}/${long}`));
});

test('parts of processes that are gone are cleared away, and nothing else', async () => {
  const where = folder('stale');
  const host = hostname()
    .replace(/[^A-Za-z0-9-]/g, '-')
    .slice(0, 32);
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  const kept = [
    `.t.npy.${host}.${process.ppid}.tmp`,
    `.t.npy.other${host}.${gone}.tmp`,
    `.t.npy.${host}.${gone}.tmp2`,
    `.u.npy.${host}.${gone}.tmp`,
    `.t.npy.${host}.x${gone}.tmp`,
  ];
  for (const name of [`.t.npy.${host}.${process.pid}.tmp`, `.t.npy.${host}.${gone}.tmp`, ...kept])
    writeFileSync(`${where}/${name}`, 'half');
  await ok(...small, `${where}/t.npy`);
  assert.equal(readdirSync(where).sort(), [...kept, 't.npy'].sort());
});

test('the input is never the output', async () => {
  const where = folder('input');
  const text = readFileSync(config('llama-3.1-8b'));
  const path = `${where}/c.json`;
  writeFileSync(path, text);
  symlinkSync('c.json', `${where}/link.json`);
  linkSync(path, `${where}/hard.json`);
  for (const name of ['c.json', 'link.json', 'hard.json']) {
    for (const line of [
      ['table', '--length', '4'],
      ['bias', '--length', '4'],
    ]) {
      const got = await posenc([...line, '--config', path, '--out', `${where}/${name}`]);
      // bias refuses a llama first
      assert.is(got.code, line[0] === 'table' ? 2 : 3, got.err);
    }
    assert.ok(readFileSync(path).equals(text));
  }
  assert.match((await posenc(['table', '--length', '4', '--config', path, '--out', path])).err, /is the input/);
});

test('devices and pipes get their bytes in order; /dev/stdout is standard output', async () => {
  await ok(...small, '/dev/null', '--format', 'npy');
  const full = await posenc(['table', '--head-dim', '8', '--length', '4', '--format', 'npy', '--out', '/dev/full']);
  assert.is(full.code, 4);
  assert.match(full.err, /ENOSPC/);
  assert.ok(statSync('/dev/full').isCharacterDevice());
  const piped = await posenc([...small, '/dev/stdout', '--format', 'raw']);
  assert.is(piped.bytes.length, 4 * 8 * 4);
  const fifo = `${file('fifo')}`;
  assert.is(spawnSync('mkfifo', [fifo]).status, 0);
  const reader = spawn('cat', [fifo]);
  const chunks: Buffer[] = [];
  reader.stdout.on('data', (chunk) => chunks.push(chunk));
  const line = ['table', '--head-dim', '64', '--length', '9000', '--format', 'npy', '--out', fifo];
  const writer = spawn(node[0], [...node.slice(1), ...line]);
  await new Promise((resolve) => reader.on('close', resolve));
  assert.is(writer.exitCode ?? (await new Promise((resolve) => writer.on('exit', resolve))), 0);
  await ok('table', '--head-dim', '64', '--length', '9000', '--out', file('regular.npy'));
  assert.ok(Buffer.concat(chunks).equals(readFileSync(file('regular.npy'))));
  assert.ok(lstatSync(fifo).isFIFO());
});

test('names that cannot be written say why', async () => {
  const where = folder('bad');
  const refused = async (path: string, about: RegExp): Promise<void> => {
    const got = await posenc([...small, path, '--format', 'raw']);
    assert.is(got.code, 4, got.err);
    assert.match(got.err, about);
  };
  await refused(where, /is a directory/);
  await refused(`${where}/no/x.npy`, /ENOENT: cannot write into the directory/);
  assert.equal(readdirSync(where), []);
  assert.is(basename(dirname(where)), basename(dirname(file('x'))));
});

test('an estimate before hours of work, and before a disk that is too small', async () => {
  const long = ['table', '--head-dim', '128', '--length'];
  const far = await posenc([...long, '1e12', '--out', '/dev/null', '--format', 'npy']);
  assert.is(far.code, 2);
  assert.match(far.err, /would be 512 TB, about 12 days of work; give --yes/);
  const full = await posenc([...long, '1e12', '--out', file('huge.npy')]);
  assert.is(full.code, 4);
  assert.match(full.err, /would be 512 TB, and the disk has [\d.]+ \wB left/);
  assert.not.ok(existsSync(file('huge.npy')));
});

test('plots are SVG, and are written the same way', async () => {
  const line = ['plot', 'wavelengths', '--config', config('llama-3.1-8b'), '--out'];
  const got = await posenc([...line, file('x.png')]);
  assert.is(got.code, 2);
  assert.match(got.err, /plots are SVG; end the name in \.svg/);
  assert.not.ok(existsSync(file('x.png')));
  const to = await posenc([...line, '-']);
  assert.match(to.out, /^<svg/);
});

test.run();
