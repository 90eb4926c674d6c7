/**
 * The package as the pages take it, wing by wing. What it knows about models is a third of all of it and stands apart
 * (src/models/index.ts): on the site only the page that asks for it loads it.
 */
export * from '../src/absolute/index.ts';
export * from '../src/analysis/index.ts';
export * from '../src/bias/index.ts';
export * from '../src/positions/index.ts';
export * from '../src/rotary/index.ts';
export * from '../src/rows/index.ts';
export * from '../src/scores/index.ts';

import { initFrom } from '../src/runtime/init.ts';

/** Makes the default engine from the kernels inside the page. */
export const init = (): Promise<void> => initFrom(undefined);
