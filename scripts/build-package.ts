/**
 * After tsc, which compiles src/ to build/package: makes of it what dist/ ships.
 *
 * - A file a door and a chunk a wing, because Node takes about a millisecond for every module it loads, and the package has 150.
 *   Neither minified nor renamed: a stack trace and a debugger show the code as it was written, and bundlers minify anyway.
 * - Declarations, file by file (scripts/declarations.ts).
 * - posenc.min.js: everything in one file with nothing to resolve, for `<script type="module">` and CDNs.
 *
 * At the end every file that package.json names must exist.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { decode, encode } from '@jridgewell/sourcemap-codec';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import { widened } from './declarations.ts';
import { comments, DATA_SOURCES, withoutComments } from './maps.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
const compiled = resolve('build/package');

/** The wings, each a folder with a door. */
const WINGS = readdirSync(compiled).filter(
  (name) => existsSync(join(compiled, name, 'index.js')) && name !== 'runtime',
);
const at = (path: string) => join(compiled, path);
/** tsc's pointer to its own map. */
const MAP_URL = /\/\/# sourceMappingURL=.*\n?$/;
const input = {
  ...Object.fromEntries(WINGS.map((wing) => [wing, at(`${wing}/index.js`)])),
  ...Object.fromEntries(['index', 'kernels', 'init', 'init.workerd'].map((name) => [name, at(`${name}.js`)])),
};

/** What conditions of package.json choose, and what is installed beside the package, stays outside. */
const external = [/^#wasm$/, /^@assemblyscript\/loader$/, /\.wasm$/];

const bundle = await rollup({
  input,
  external,
  preserveEntrySignatures: 'strict',
  onwarn: ({ message }) => {
    throw new Error(message);
  },
  plugins: [
    {
      name: 'tsc',
      load: (id) => ({
        code: readFileSync(id, 'utf8').replace(MAP_URL, ''),
        map: readFileSync(`${id}.map`, 'utf8'),
      }),
      // Nothing happens at import: a call that makes a constant may be dropped with the constant. Bundlers drop unused files by
      // themselves, but not unused statements of a file, and a wing is one file here.
      transform(code) {
        const starts = this.parse(code).body.flatMap((statement) => {
          const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
          if (declaration?.type !== 'VariableDeclaration') return [];
          const values = declaration.declarations.flatMap(({ init }) => (init ? [init] : []));
          return values.filter(({ type }) => type === 'CallExpression' || type === 'NewExpression');
        }) as unknown as { start: number }[];
        const marked = starts.reduceRight(
          (so, { start }) => `${so.slice(0, start)}/* @__PURE__ */ ${so.slice(start)}`,
          code,
        );
        return { code: marked, map: null };
      },
    },
  ],
});
await bundle.write({
  dir: 'dist',
  format: 'es',
  sourcemap: true,
  // what a map shows as its source: src/rotary/table.ts, wherever the package lies
  sourcemapPathTransform: (path) => path.slice(path.indexOf('src/')),
  generatedCode: 'es2015',
  minifyInternalExports: false,
  hoistTransitiveImports: false,
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name].js',
  manualChunks: (id) => {
    const path = relative(compiled, id);
    const [folder] = path.split('/');
    // of two tables that one reader each needs, a bundler can drop the whole file of the other
    if (path.startsWith('models/records/gguf/')) return 'ggufRecords';
    if (WINGS.includes(folder)) return folder;
    return folder === 'runtime' || folder === 'phase' ? 'runtime' : undefined;
  },
});
await bundle.close();

/** Conditions name these by themselves; they import a compiled module and nothing else. */
for (const name of readdirSync(compiled).filter((file) => /^wasm\..*\.js$/.test(file))) {
  writeFileSync(join('dist', name), readFileSync(at(name), 'utf8').replace(MAP_URL, ''));
}

const walk = (dir: string): string[] =>
  readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
// the reference is its source without the types: a map would be 60 kB of the same
rmSync('dist/reference.js.map');
writeFileSync('dist/reference.js', readFileSync('dist/reference.js', 'utf8').replace(MAP_URL, ''));

/**
 * What `using` needs to know of the classes that hold memory, for consumers whose library has it not: esnext.disposable came with
 * TypeScript 5.2. Where the library has it, these declarations merge with its own. Every door leads to the engine.
 */
const DISPOSABLE = `declare global {
    interface SymbolConstructor {
        readonly dispose: unique symbol;
    }
    interface Disposable {
        [Symbol.dispose](): void;
    }
}
`;

/** The declarations that an entry leads to. */
const declare = (path: string, seen: Set<string>): void => {
  if (seen.has(path)) return;
  seen.add(path);
  const { text, imports } = widened(readFileSync(at(path), 'utf8'));
  mkdirSync(dirname(join('dist', path)), { recursive: true });
  writeFileSync(join('dist', path), path === join('runtime/engine.d.ts') ? text + DISPOSABLE : text);
  for (const other of imports) declare(join(dirname(path), other.replace(/\.ts$/, '.d.ts')), seen);
};
const files = (value: unknown): string[] =>
  typeof value === 'string' ? [value] : Object.values(value as object).flatMap(files);
const { exports, imports, jsdelivr, unpkg, version } = JSON.parse(readFileSync('package.json', 'utf8'));
const declared = new Set<string>();
for (const file of files(exports).filter((path) => path.endsWith('.d.ts') && existsSync(at(relative('dist', path)))))
  declare(relative('dist', file), declared);

const published = new Set(
  walk('dist')
    .filter((path) => path.endsWith('.d.ts'))
    .flatMap((path) => comments(readFileSync(path, 'utf8'))),
);
// a segment a line is all that a stack trace needs; every token would weigh as much as the sources
for (const file of walk('dist').filter((path) => path.endsWith('.map'))) {
  const map = JSON.parse(readFileSync(file, 'utf8')) as {
    mappings: string;
    names: string[];
    sources: string[];
    sourcesContent: (string | null)[];
  };
  const mappings = encode(
    decode(map.mappings).map((line) =>
      line.slice(0, 1).map((part) => part.slice(0, 4) as [number, number, number, number]),
    ),
  );
  const sourcesContent = map.sourcesContent.map((text, i) =>
    DATA_SOURCES.test(map.sources[i]) || text === null ? null : withoutComments(text, published),
  );
  writeFileSync(file, JSON.stringify({ ...map, sourcesContent, mappings, names: [] }));
}

writeFileSync(
  'dist/posenc.simd.wasm.d.ts',
  "/** The kernels, as a bundler or `import source` gives them: compiled, for init() or createEngine({ wasm }). */\nimport type { WasmModule } from './runtime/platform.ts';\n\ndeclare const module: WasmModule;\nexport default module;\n",
);
const of = (file: string) => readFileSync(join('node_modules/assemblyscript', file), 'utf8').trim();
writeFileSync(
  'dist/LICENSES.txt',
  `posenc.heap.wasm (and wasm.js) contains the memory runtime of AssemblyScript, posenc.min.js its loader as well.\ncli.js has its own list in cli.LICENSES.txt. Everything else is posenc's own, under the licence in ../LICENSE.\n\nAssemblyScript, Apache-2.0\n\n${of('LICENSE')}\n\n${of('NOTICE')}\n`,
);

await build({
  entryPoints: ['dist/index.js'],
  outfile: 'dist/posenc.min.js',
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
  banner: {
    js: `/*! posenc ${version}, MIT; holds parts of AssemblyScript, Apache-2.0: LICENSES.txt beside this file */`,
  },
  logLevel: 'warning',
});

const missing = files({ exports, imports, jsdelivr, unpkg }).filter((file) => !existsSync(file));
if (missing.length > 0) {
  console.error(`missing after the build: ${missing.join(', ')}`);
  process.exit(1);
}
const size = (file: string) => `${statSync(file).size} B, ${gzipSync(readFileSync(file), { level: 9 }).length} B gzip`;
for (const file of ['dist/posenc.simd.wasm', 'dist/posenc.min.js']) console.log(`${file}  ${size(file)}`);
