/** npm run playground:site -- [BASE]: build/site with its preview images. BASE is where it will stand: https://example.org/posenc/. */
import { buildSite } from './site.ts';
import { makeImages } from './siteImages.ts';

const base = process.argv[2] ?? 'http://127.0.0.1:8080/';
const count = await buildSite(base.endsWith('/') ? base : `${base}/`);
console.log(`build/site: ${count} pages, ${await makeImages()} preview images`);
