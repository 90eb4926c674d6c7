import { build } from 'vite';

const common = { configFile: false, logLevel: 'warn' };
const output = { entryFileNames: 'app.mjs', format: 'es' };
await build({
  ...common,
  build: { outDir: 'out/web', modulePreload: { polyfill: false }, rollupOptions: { input: 'app.mjs', output } },
});
await build({
  ...common,
  build: { outDir: 'out/ssr', ssr: 'app.mjs', rollupOptions: { output } },
  ssr: { noExternal: true },
});
