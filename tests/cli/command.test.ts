/** The command as a whole: help, exit codes, progress, the bundle as it is installed, plots. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { progress } from '../../src/cli/shell.ts';
import { fingerprint } from '../../src/index.ts';
import { config, file, posenc } from './shell.ts';

const COMMANDS = [
  'explain',
  'table',
  'bias',
  'sinusoidal',
  'plot',
  'vectors',
  'check',
  'identify',
  'bench',
  'fingerprint',
];

test('help of every command has an example; it is asked for, so it is no error', async () => {
  const { code, out, err } = await posenc(['--help']);
  assert.is(`${code} ${err}`, '0 ');
  for (const name of COMMANDS) {
    assert.match(out, new RegExp(`^  ${name} `, 'm'));
    const help = await posenc([name, '--help']);
    assert.is(`${help.code} ${help.err}`, '0 ');
    assert.match(help.out, new RegExp(`Examples?:\\n +.*posenc ${name}`));
  }
  assert.match(out, /^Exit codes:\n {2}0 /m);
  assert.is((await posenc(['--version'])).out, '1.2.3\n');
});

test('a wrong command line is exit code 2, with words on standard error alone', async () => {
  for (const line of [
    [],
    ['tabel'],
    ['table', '--lenght', '3'],
    ['table', '--head-dim', '8'],
    ['table', '--head-dim', 'x', '--length', '2'],
    ['plot', 'pie'],
  ]) {
    const { code, out, err } = await posenc(line);
    assert.is(code, 2, line.join(' '));
    assert.is(out, '');
    assert.ok(err.length > 0);
  }
  const failed = await posenc(['vectors', 'nothing', '--json']);
  assert.is(JSON.parse(failed.err).error.code, 'ERR_CLI');
});

test('fingerprint and bench', async () => {
  assert.is((await posenc(['fingerprint'])).out, `${fingerprint()}\n`);
  const { out } = await posenc(['bench', '--json']);
  const rows = JSON.parse(out) as { name: string; bytes: number; ns: number }[];
  assert.is(rows.length, 4);
  for (const { name, bytes, ns } of rows) assert.ok(bytes / ns > 0.01 && bytes / ns < 1000, `${name}: ${ns} ns`);
});

test('progress: after a second, on a terminal, and it goes away', () => {
  let [time, said] = [0, ''];
  const shell = { interactive: true, note: (text: string) => void (said += text) };
  const bar = progress(shell as never, 'file', () => time);
  for (time of [10, 500, 900]) bar.update(time, 4000);
  bar.end();
  assert.is(said, '');
  for (time of [1200, 1250, 2000]) bar.update(time, 4000);
  assert.match(said, /file 30 %, 3 s left.*file 50 %, 2 s left$/s);
  bar.end();
  assert.ok(said.endsWith('\r\x1b[K'));
  said = '';
  const piped = progress({ ...shell, interactive: false } as never, 'file', () => time);
  piped.update((time = 9000), 10000);
  assert.is(said, '');
});

test('SVG: one path for each shade, curves over decades, text escaped', async () => {
  const heat = await posenc(['plot', 'sinusoidal', '--dim', '16', '--length', '20', '--svg']);
  assert.match(heat.out, /^<svg [^>]*viewBox="0 0 720 440".*<\/svg>\n$/s);
  const cells = [...heat.out.matchAll(/M\d+ \d+h(\d+)v1h-/g)].reduce((sum, [, run]) => sum + Number(run), 0);
  assert.is(cells, 16 * 20, 'every cell is drawn once');
  assert.match(heat.out, /-1 \(blue\) to 1 \(red\)/);
  const path = file('w.svg');
  assert.is((await posenc(['plot', 'wavelengths', '--config', config('llama-3.1-8b'), '--out', path])).code, 0);
  const svg = readFileSync(path, 'utf8');
  assert.match(svg, />unscaled<.*>llama3</s);
  const curves = [...svg.matchAll(/<path d="M([^"]+)" fill="none" stroke="#\w+" stroke-width="2"/g)].map(
    ([, points]) => points.split('L').length,
  );
  assert.equal(curves, [64, 64]);
  const masked = await posenc(['plot', 'bias', '--heads', '4', '--head', '1', '--causal', '--length', '8', '--svg']);
  const grey = [...masked.out.matchAll(/fill="#bbb" d="([^"]+)"/g)][0][1];
  assert.is(
    [...grey.matchAll(/h(\d+)v/g)].reduce((sum, [, run]) => sum + Number(run), 0),
    28,
    'masked cells are grey',
  );
});

test('terminal: braille curves, shades without colours, half blocks with them', async () => {
  const plain = await posenc(['plot', 'wavelengths', '--head-dim', '64'], { columns: 60 });
  assert.match(plain.out, /[\u2801-\u28ff]/);
  assert.match(plain.out, /base 10000: 6.28 to 47100/);
  for (const line of plain.out.split('\n')) assert.ok(line.length <= 60 || line.includes('wavelength'), line);
  const shades = await posenc(['plot', 'bias', '--heads', '2', '--length', '10', '--causal']);
  const rows = shades.out
    .split('\n')
    .slice(1, 11)
    .map((line) => line.slice(line.indexOf('|') + 1));
  rows.forEach((row, i) => {
    assert.is(row.length, i + 1, 'masked keys are blank');
  });
  assert.ok(
    rows.every((row) => row.endsWith('@')),
    'the diagonal is the largest',
  );
  const colours = await posenc(['plot', 'table', '--head-dim', '16', '--length', '8'], { columns: 80, colour: true });
  assert.match(colours.out.replaceAll('\x1b', 'ESC'), /ESC\[38;2;\d+;\d+;\d+mESC\[48;2;\d+;\d+;\d+m\u2580/);
  assert.match((await posenc(['plot', 'bias', '--heads', '2', '--head', '2'])).err, /there are heads 0 to 1/);
  assert.is((await posenc(['plot', 'sinusoidal', '--length', '99999999'])).code, 2);
});

test('biases of every kind, and rules side by side', async () => {
  const drawn = async (line: string[], about: RegExp, cells?: number): Promise<void> => {
    const { code, out, err } = await posenc(['plot', ...line, '--svg']);
    assert.is(`${code} ${err}`, '0 ', line.join(' '));
    assert.match(out, about);
    const runs = [...out.matchAll(/M\d+ \d+h(\d+)v1h-/g)].reduce((sum, [, run]) => sum + Number(run), 0);
    if (cells !== undefined) assert.is(runs, cells, line.join(' '));
  };
  await drawn(['bias', 't5', '--length', '40'], /T5's bucket of each distance.*0 \(blue\) to 2\d \(red\)/s, 1600);
  await drawn(['bias', 'swin'], /Swin's row of the bias table.*0 \(blue\) to 168 \(red\)/s, 49 * 49);
  await drawn(['bias', 'swin', '--options', '{"windowSize": [4, 4]}'], /to 48 \(red\)/, 256);
  await drawn(['bias', 'kerple', '--length', '20'], /KERPLE/, 400);
  await drawn(['bias', 'sandwich', '--length', '20', '--heads', '4', '--head', '2'], /Sandwich, head 2 of 4/, 400);
  await drawn(['bias', '--length', '20'], /ALiBi, head 0 of 8/, 400);
  await drawn(['wavelengths', '--compare', 'linear,yarn,llama3'], />unscaled<.*>linear<.*>yarn<.*>llama3</s);
  assert.match(
    (await posenc(['plot', 'wavelengths', '--compare', 'yran'])).err,
    /--compare yran: expected default, linear/,
  );
  assert.match((await posenc(['plot', 'bias', 'relu'])).err, /expected alibi, kerple, sandwich, t5, swin/);
});

test('the bundle runs alone: shebang, standard streams, a pipe whose reader leaves', () => {
  const root = new URL('../../', import.meta.url).pathname;
  const built = spawnSync(process.execPath, ['scripts/build-cli.mjs'], { cwd: root, encoding: 'utf8' });
  assert.is(built.status, 0, built.stderr);
  const cli = `${root}dist/cli.js`;
  const source = readFileSync(cli, 'utf8');
  assert.ok(source.startsWith('#!/usr/bin/env node\n'));
  const foreign = [...source.matchAll(/^import .* from ["']([^"']+)["'];$/gm)]
    .map(([, from]) => from)
    .filter((from) => !/^node:|^\.\/index\.js$/.test(from));
  assert.equal(
    foreign.filter((from) => !/^(fs|path|url|stream|child_process|process|events)(\/promises)?$/.test(from)),
    [],
  );
  const explained = spawnSync(process.execPath, [cli, 'explain', '-'], {
    input: readFileSync(config('bloom')),
    encoding: 'utf8',
  });
  assert.is(explained.status, 0, explained.stderr);
  assert.match(explained.stdout, /^family {5}alibi/m);
  const left = spawnSync(
    'sh',
    ['-c', `'${process.execPath}' '${cli}' table --head-dim 64 --length 100000 | head -c 10`],
    { encoding: 'utf8' },
  );
  assert.is(left.stderr, '');
  assert.is(left.stdout.length, 10);
  const failed = spawnSync(process.execPath, [cli, 'explain', '/nowhere'], { encoding: 'utf8' });
  assert.is(failed.status, 4);
  assert.match(failed.stderr, /^posenc: ENOENT/);
});

test('what a command line says is read, or refused with the words of the command line', async () => {
  const text = (bytes: string) => Buffer.from(bytes, 'latin1');
  const refused: [code: number, about: RegExp, line: string[], input?: string | Buffer][] = [
    [2, /plot t5: expected .*; it is plot bias t5/, ['plot', 't5']],
    [2, /plot sinusoidal t5: only plot bias takes/, ['plot', 'sinusoidal', 't5']],
    [2, /--head-dim: plot sinusoidal does not read it/, ['plot', 'sinusoidal', '--head-dim', '4']],
    [2, /--factor: plot wavelengths does not read it/, ['plot', 'wavelengths', '--head-dim', '8', '--factor', '3']],
    [2, /--causal: plot bias t5 does not read it/, ['plot', 'bias', 't5', '--causal']],
    [3, /the family of 'bloom' is alibi, not t5/, ['plot', 'bias', 't5', '--config', config('bloom')]],
    [2, /or --odd-rule 'truncate'/, ['sinusoidal', '--dim', '3', '--length', '2']],
    [2, /takes the file itself: posenc explain x\.json/, ['explain', '--config', 'x.json']],
    [2, /takes the file itself/, ['explain']],
    [2, /expected a whole number from 1/, ['explain', '-', '--context', '0']],
    [3, /--layer-type: no layer type 'foo'/, ['explain', config('gemma-3-27b'), '--layer-type', 'foo']],
    [
      3,
      /nearest known, .*: --as 'llama';/,
      ['explain', '-'],
      '{"model_type": "my_llama", "hidden_size": 64, "num_attention_heads": 2}',
    ],
    [3, /not JSON: it is a binary file/, ['explain', '-'], text('\0asm\x01\0\0\0')],
    [3, /it is UTF-16BE text/, ['explain', '-'], text('\0{\0"')],
    [3, /it is a \.safetensors file/, ['explain', '-'], text('\x50\0\0\0\0\0\0\0{"a":1}')],
  ];
  for (const [code, about, line, input] of refused) {
    const got = await posenc(line, { input });
    assert.is(got.code, code, line.join(' '));
    assert.match(got.err, about);
  }
  const path = file('t5.json');
  writeFileSync(
    path,
    JSON.stringify({ ...JSON.parse(readFileSync(config('t5-base'), 'utf8')), relative_attention_num_buckets: 8 }),
  );
  const drawn = await posenc(['plot', 'bias', 't5', '--config', path, '--length', '300']);
  assert.match(drawn.out, /bucket of each distance: .* to 7 /);
});

test.run();
