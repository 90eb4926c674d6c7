import { build } from 'esbuild';

const common = { entryPoints: ['app.mjs'], bundle: true, minify: true, logLevel: 'error' };
await build({ ...common, format: 'esm', outfile: 'out/esm/app.mjs' });
await build({ ...common, format: 'iife', outfile: 'out/iife/app.js' });
await build({ ...common, format: 'cjs', platform: 'node', outfile: 'out/cjs/app.cjs' });
