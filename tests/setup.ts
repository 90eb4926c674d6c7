/** Property tests draw the same values in every run; FC_SEED=12345 draws others, FC_SEED=random new ones each time. */
import * as fc from 'fast-check';

const given = process.env.FC_SEED ?? '20240607';
if (given !== 'random') fc.configureGlobal({ seed: Number(given) });
