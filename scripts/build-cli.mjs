// Bundles the posenc command into dist/cli.js: the argument parser and the GGUF reader go in, the library itself stays where
// it is (./index.js), so that there is one copy of its code. Run after tsc.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'src');

/**
 * `../index.ts` becomes the built library; anything else outside src/cli is not public and must not be bundled twice, but for
 * one small function without imports.
 */
const library = {
  name: 'library',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, importer, resolveDir }) => {
      if (!importer.startsWith(join(source, 'cli'))) return undefined;
      const target = join(resolveDir, path);
      if (target.startsWith(join(source, 'cli'))) return undefined;
      if (target === join(source, 'runtime/printable.ts')) return undefined;
      if (target === join(source, 'index.ts')) return { path: './index.js', external: true };
      return { errors: [{ text: `${path}: the command uses the public surface (../index.ts) alone` }] };
    });
  },
};

/** The GGUF reader takes a few names from a large package that is nothing but tables: the rest of it is left out. */
const tables = {
  name: 'tables',
  setup(builder) {
    builder.onResolve({ filter: /^@huggingface\/tasks$/ }, async ({ path, pluginData, ...where }) => {
      if (pluginData === 'tables') return undefined;
      const found = await builder.resolve(path, { ...where, pluginData: 'tables' });
      return { ...found, sideEffects: false };
    });
    builder.onResolve({ filter: /^\./ }, async ({ path, importer, pluginData, ...where }) => {
      if (pluginData === 'tables' || !importer.includes(join('@huggingface', 'tasks'))) return undefined;
      const found = await builder.resolve(path, { ...where, importer, pluginData: 'tables' });
      return { ...found, sideEffects: false };
    });
  },
};

const outfile = join(root, 'dist/cli.js');
const { metafile } = await build({
  entryPoints: [join(source, 'cli/main.ts')],
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  outfile,
  metafile: true,
  minify: true,
  legalComments: 'eof',
  logLevel: 'warning',
  plugins: [library, tables],
  banner: {
    // commander is CommonJS and asks for node's own modules with require
    js: "#!/usr/bin/env node\nimport { createRequire as posencRequire } from 'node:module';\nconst require = posencRequire(import.meta.url);",
  },
});
chmodSync(outfile, 0o755);

// what is bundled keeps its licence
const packages = Object.keys(metafile.inputs).flatMap(
  (path) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
);
const notices = [...new Set(packages)].sort().map((name) => {
  const { version, license } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'));
  return `${name} ${version}, ${license}\n\n${readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8').trim()}\n`;
});
writeFileSync(join(root, 'dist/cli.LICENSES.txt'), `dist/cli.js contains:\n\n${notices.join('\n')}`);
const bytes = readFileSync(outfile);
console.log(`dist/cli.js  ${bytes.length} B, ${gzipSync(bytes, { level: 9 }).length} B gzip`);
