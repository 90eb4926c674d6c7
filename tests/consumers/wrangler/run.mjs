/** Runs a built Worker in workerd and prints what it answers, as text or as the number of bytes and a hash of them. */
import { createHash } from 'node:crypto';

const [miniflare, dir, script, form] = process.argv.slice(2);
const { Miniflare } = await import(miniflare);
const worker = new Miniflare({
  modules: true,
  modulesRoot: dir,
  scriptPath: `${dir}/${script}`,
  modulesRules: [
    { type: 'ESModule', include: ['**/*.js'] },
    { type: 'CompiledWasm', include: ['**/*.wasm'] },
  ],
  compatibilityDate: '2025-01-01',
});
const body = Buffer.from(await (await worker.dispatchFetch('http://localhost/')).arrayBuffer());
console.log(form === 'hash' ? `${body.length} ${createHash('sha256').update(body).digest('hex')}` : body.toString());
await worker.dispose();
