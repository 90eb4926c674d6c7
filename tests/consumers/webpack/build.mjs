import { resolve } from 'node:path';
import webpack from 'webpack';

for (const target of ['web', 'node']) {
  const stats = await new Promise((done, fail) => {
    webpack(
      {
        mode: 'production',
        entry: './app.mjs',
        target: [target, 'es2022'],
        performance: false,
        output: { path: resolve('out', target), filename: 'app.mjs', module: true, chunkFormat: 'module' },
        experiments: { outputModule: true },
      },
      (error, result) => (error ? fail(error) : done(result)),
    );
  });
  if (stats.hasErrors() || stats.hasWarnings())
    throw new Error(stats.toString({ all: false, errors: true, warnings: true }));
}
