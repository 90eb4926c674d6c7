/**
 * npm run size [-- --update]: what a user downloads: raw, gzip and brotli bytes of the binaries, of minified bundles that import
 * one encoder, one rotation, one door, everything, of the file for CDNs; and the packed package. Exit 1 when one is more than a
 * tenth above what scripts/size.json records, or above its limit (LIMITS), which does not grow; --update records what is
 * measured now.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const HEADROOM = 1.1;
/**
 * Of these 200 kB are posenc.min.js, 330 kB source maps, 270 kB code that is not minified, 190 kB declarations with the sentences an
 * editor shows, 95 kB documentation.
 */
const MAX_PACKED = 1_192_000;
/**
 * Gzip bytes that are promised, whatever is recorded. One encoder carries all kernels, 20 kB of text, and the loader, 2 kB: what
 * is left is its own code with the checks and their sentences. fromHF carries the records of every model type, 18 kB, and its
 * reader. posenc.min.js holds the records of all models, some 60 kB of it.
 */
const LIMITS: Readonly<Record<string, number>> = {
  'only sinusoidal': 40_000,
  'fromHF and rotaryTable': 90_000,
  'posenc.min.js': 215_000,
};
const record = new URL('./size.json', import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));

const IMPORTS = {
  'only sinusoidal': "export { sinusoidal } from 'posenc';",
  'only applyRotary': "export { applyRotary } from 'posenc';",
  'fromHF and rotaryTable': "export { fromHF, rotaryTable } from 'posenc';",
  'rotary from a config': "export { applyRotary, fromHF, rotaryTable } from 'posenc';",
  'the rotary door': "export * from 'posenc/rotary';",
  'only the reference': "export * from 'posenc/reference';",
  everything: "export * from 'posenc';",
};

interface Size {
  readonly raw: number;
  readonly gzip: number;
  readonly brotli: number;
}
const KINDS = ['raw', 'gzip', 'brotli'] as const;

const sizeOf = (bytes: Uint8Array): Size => ({
  raw: bytes.length,
  gzip: gzipSync(bytes, { level: 9 }).length,
  brotli: brotliCompressSync(bytes).length,
});

async function bundle(contents: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
  });
  return outputFiles[0].contents;
}

const measured: Record<string, Size> = {};
for (const name of ['posenc.simd.wasm', 'posenc.heap.wasm', 'posenc.min.js']) {
  measured[name] = sizeOf(readFileSync(new URL(`../dist/${name}`, import.meta.url)));
}
for (const [name, contents] of Object.entries(IMPORTS)) measured[name] = sizeOf(await bundle(contents));

if (process.argv.includes('--update')) writeFileSync(record, `${JSON.stringify(measured, null, 2)}\n`);
const recorded = JSON.parse(readFileSync(record, 'utf8')) as Record<string, Size>;
let [passed, failed] = [0, 0];
console.log(`${''.padEnd(24)}${KINDS.map((kind) => kind.padStart(10)).join('')}   bytes`);
for (const [name, size] of Object.entries(measured)) {
  const over = KINDS.filter((kind) => !(size[kind] <= HEADROOM * (recorded[name]?.[kind] ?? 0)));
  const tooLarge = size.gzip > LIMITS[name];
  if (over.length > 0 || tooLarge) failed++;
  else passed++;
  const verdict = [
    ...over.map((kind) => `${kind}: recorded ${recorded[name]?.[kind] ?? 'nothing'}`),
    ...(tooLarge ? [`gzip: at most ${LIMITS[name]}`] : []),
  ].join(', ');
  console.log(
    `${name.padEnd(24)}${KINDS.map((kind) => String(size[kind]).padStart(10)).join('')}   ${verdict}`.trimEnd(),
  );
}
if (failed > 0) console.log('smaller is the fix; if the growth is worth it: npm run size -- --update');

// npm on Windows is a batch file, which only a shell runs
const [packed] = JSON.parse(
  execFileSync('npm pack --dry-run --json --silent --ignore-scripts', { cwd: root, encoding: 'utf8', shell: true }),
) as { size: number; unpackedSize: number; entryCount: number }[];
const fits = packed.size <= MAX_PACKED;
if (fits) passed++;
else failed++;
console.log(
  `packed: ${packed.size} B in ${packed.entryCount} files, ${packed.unpackedSize} B unpacked${fits ? '' : `: more than ${MAX_PACKED} B; what grew shows \`npm pack --dry-run\``}`,
);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
