/** What people really give to the command: pipes, addresses, Python's JSON, other encodings, hostile text. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { keysTwice, parseJson } from '../../src/cli/json.ts';
import { numberOf, printable, sizeWords } from '../../src/cli/text.ts';
import { ggufFile } from './gguf.ts';
import { config, file, posenc } from './shell.ts';

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const llama = readFileSync(config('llama-3.1-8b'), 'utf8');
const shell = (script: string) =>
  spawnSync('bash', ['-c', script.replaceAll('POSENC', `'${process.execPath}' --import tsx '${main}'`)], {
    encoding: 'utf8',
    timeout: 60_000,
  });

test('pipes: <(...), a GGUF file through standard input, a stream without end', async () => {
  const path = config('llama-3.1-8b');
  const plain = shell(`POSENC explain <(cat '${path}')`);
  assert.is(`${plain.status} ${plain.stderr}`, '0 ');
  assert.is(plain.stdout, shell(`POSENC explain '${path}'`).stdout);
  writeFileSync(
    file('p.gguf'),
    ggufFile(
      {
        'general.architecture': 'llama',
        'llama.context_length': 4096,
        'llama.embedding_length': 512,
        'llama.attention.head_count': 4,
        'llama.rope.dimension_count': 128,
      },
      { 'rope_freqs.weight': new Array(64).fill(2) },
    ),
  );
  const [piped, read] = [`cat '${file('p.gguf')}' | POSENC explain -`, `POSENC explain '${file('p.gguf')}'`].map(shell);
  assert.is(`${piped.status} ${piped.stderr}`, '0 ');
  assert.is(piped.stdout, read.stdout);
  const endless = shell('POSENC explain /dev/zero');
  assert.is(endless.status, 3);
  assert.match(endless.stderr, /not JSON|longer than/);
  const forever = async function* (): AsyncGenerator<Uint8Array> {
    const piece = Buffer.alloc(16 << 20, '[1,');
    for (;;) yield piece;
  };
  const text = await posenc(['explain', '-'], { readInput: forever });
  assert.is(text.code, 3);
  assert.match(text.err, /longer than 268 MB/);
});

test('numbers as people write them', async () => {
  const cases: [string, number][] = [
    ['128k', 131072],
    ['1M', 1048576],
    ['1.5K', 1536],
    ['131 072', 131072],
    ['131_072', 131072],
    ['5e5', 500000],
    ['-3', -3],
    ['.5', 0.5],
  ];
  for (const [text, value] of cases) assert.is(numberOf(text), value, text);
  for (const text of ['', ' ', 'k', '1kb', '0x10', '1,000', '12 34', 'Infinity', 'NaN', '1e', '--1'])
    assert.ok(Number.isNaN(numberOf(text)), text);
  const { code, out } = await posenc(['explain', config('llama-3.1-8b'), '--context', '128k', '--json']);
  assert.is(`${code} ${JSON.parse(out).requested}`, '0 131072');
  assert.match((await posenc(['explain', '-', '--context', 'many'])).err, /expected a number, as 131072 or 128k/);
  assert.equal([999, 15.36e9, 512e12].map(sizeWords), ['999 B', '15.4 GB', '512 TB']);
});

test('JSON as Python writes it, of any length, in linear time', () => {
  const read = parseJson('{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN, Infinity \\" NaN", "NaN": "NaN"}', 'x');
  assert.equal(JSON.stringify(read), '{"a":null,"b":[null,null],"c":"NaN, Infinity \\" NaN","NaN":"NaN"}');
  const { a, b } = read as { a: number; b: number[] };
  assert.ok(Number.isNaN(a));
  assert.equal(b, [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  for (const bad of ['NaNs', '[NaN', '{"a": Nan}', '{"a": Infinity1}', '"\\'])
    assert.throws(() => parseJson(bad, 'x'), /x: not JSON/, bad);
  // with a number that only Python writes, so that the slow way is taken
  const start = performance.now();
  const long = parseJson(`{"x": NaN, "s": "${'a'.repeat(16 << 20)}", "t": "${'\\"'.repeat(1 << 20)}"}`, 'x');
  assert.is((long as { s: string }).s.length, 16 << 20);
  assert.throws(() => parseJson(`"${'\\"'.repeat(4 << 20)}`, 'x'), /not JSON/);
  assert.throws(() => parseJson(`${'"NaN'.repeat(1 << 20)}`, 'x'), /not JSON/);
  assert.throws(() => parseJson('[NaN,'.repeat(1 << 20), 'x'), /not JSON/);
  assert.ok(performance.now() - start < 10_000, 'time grows with the length alone');
});

test('a key that stands twice is said', async () => {
  assert.equal(keysTwice('{"a": 1, "b": {"a": 2},\n "a": 3, "c": ["a", "a"]}'), ['"a" (line 2)']);
  assert.equal(keysTwice('[{"a": 1}, {"a": ":"}]'), []);
  const text = llama.replace('{', '{"rope_theta": 3, ');
  const { code, err } = await posenc(['explain', '-'], { input: text });
  assert.is(code, 0);
  assert.match(err, /^posenc: standard input: has a key twice, the last one counts: "rope_theta" \(line \d+\)\n$/);
});

test('other encodings and other files are called by their name', async () => {
  const expect = async (input: Buffer, about: RegExp): Promise<void> => {
    const { code, err } = await posenc(['explain', '-'], { input });
    assert.is(code, 3, err);
    assert.match(err, about);
  };
  await expect(Buffer.from(`\ufeff${llama}`, 'utf16le'), /it is UTF-16 text; convert it: iconv -f UTF-16/);
  await expect(Buffer.from(llama, 'utf16le'), /it is UTF-16LE text/);
  await expect(Buffer.from(llama.replace('llama', 'l\xe4ma'), 'latin1'), /not UTF-8 \(line \d+\); if it is Latin-1/);
  await expect(Buffer.from([0x1f, 0x8b, 8, 0]), /compressed/);
  await expect(Buffer.from('PK\x03\x04'), /zip archive or a PyTorch/);
  await expect(Buffer.from('<!DOCTYPE html><html>'), /web page.*resolve/);
  const marked = await posenc(['explain', '-'], { input: `\ufeff${llama}` });
  assert.is(marked.code, 0);
});

test('an address or a model is answered with the command that fetches it', async () => {
  const expect = async (path: string, about: RegExp): Promise<void> => {
    const { code, err } = await posenc(['explain', path]);
    assert.is(code, 4, err);
    assert.match(err, about);
  };
  const hub = 'https://huggingface.co/org/name';
  await expect(
    'org/name',
    /curl -sSfL https:\/\/huggingface.co\/org\/name\/resolve\/main\/config.json \| posenc explain -/,
  );
  const config = /curl -sSfL https:\/\/huggingface.co\/org\/name\/resolve\/main\/config.json \| posenc explain -/;
  // the page of a model is no file of it
  for (const page of [hub, `${hub}/`, `${hub}/tree/main`, 'hf://org/name', 'huggingface.co/org/name'])
    await expect(page, config);
  await expect(`${hub}/blob/main/config.json`, /curl -sSfL \S+\/org\/name\/resolve\/main\/config.json \| posenc/);
  await expect(`${hub}/resolve/main/m.gguf`, /curl -sSfL -r 0-67108863 \S+m.gguf \| posenc/);
  await expect('https://x.org/a;rm -rf ~', /'https:\/\/x.org\/a;rm -rf ~'/);
  await expect('folder/config.json', /^posenc: ENOENT: no such file: folder\/config.json\n$/);
  await expect('/usr', /is a directory; give the file, \/usr\/config.json/);
});

test('control characters of a file never reach the terminal', async () => {
  const evil = '\x1b[31mred\r\nposenc: all is well\u202e\x9b2J';
  const raw = (text: string): boolean =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(text) || /^posenc: all is well/m.test(text);
  const said = async (input: string | Buffer, ...more: string[]): Promise<string> => {
    const { out, err } = await posenc(['explain', '-', ...more], { input });
    assert.not.ok(raw(out), JSON.stringify(out));
    assert.not.ok(raw(err), JSON.stringify(err));
    return out + err;
  };
  const base = JSON.parse(llama);
  assert.match(
    await said(JSON.stringify({ ...base, model_type: evil, architectures: undefined })),
    /\\x1b\[31mred\\x0d\\x0a/,
  );
  await said(JSON.stringify({ ...base, rope_scaling: { ...base.rope_scaling, [evil]: 1 } }));
  await said(JSON.stringify({ ...base, [evil]: 1, rope_theta: evil }));
  await said(JSON.stringify({ ...base, rope_scaling: { rope_type: evil } }), '--json');
  await said(JSON.stringify({ ...base, model_type: evil, layer_types: [evil] }), '--no-strict');
  await said(JSON.stringify({ ...base, model_type: evil, architectures: ['LlamaForCausalLM'] }));
  await said(`{"${evil}`);
  await said(ggufFile({ 'general.architecture': evil, [`${evil}.context_length`]: 4 }, {}));
  const named = await posenc(['explain', `\x1b[2J${evil}`]);
  assert.not.ok(raw(named.err), JSON.stringify(named.err));
  const option = await posenc(['explain', `--${evil.replace(/[\r\n]/g, '')}`]);
  assert.not.ok(raw(option.err), JSON.stringify(option.err));
  assert.is(printable('a\u2028b\x07\ud800'), 'a\\u2028b\\x07\\ud800');
});

test('a rope tensor that lies far outside is the input, not a mistake of ours', async () => {
  const bytes = ggufFile({ 'general.architecture': 'llama' }, { 'rope_freqs.weight': [1, 1] });
  const at = bytes.indexOf('rope_freqs.weight') + 'rope_freqs.weight'.length + 4 + 8 + 4;
  bytes.writeBigUInt64LE(2n ** 60n, at);
  writeFileSync(file('far.gguf'), bytes);
  const { code, err } = await posenc(['explain', file('far.gguf')]);
  assert.is(code, 3, err);
  assert.match(err, /ends inside its rope factors/);
});

test.run();
