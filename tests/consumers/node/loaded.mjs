/** Registers a hook that prints every module of posenc that is loaded. */
import { register } from 'node:module';

register(
  `data:text/javascript,${encodeURIComponent(`
    import { writeSync } from 'node:fs';
    export function load(url, context, next) {
      const [, file] = url.split('/node_modules/posenc/dist/');
      if (file) writeSync(1, file + '\\n');
      return next(url, context);
    }`)}`,
);
