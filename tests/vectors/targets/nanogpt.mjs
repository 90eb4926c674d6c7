// Rope of @genai-fi/nanogpt (TensorFlow.js, CPU): node nanogpt.mjs PACKAGE SUITE RESULTS.
// A process of its own: the package is a bundle for browsers, and asks for a window before it starts.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [home, suite, out] = process.argv.slice(2);
const own = globalThis.process;
Object.assign(globalThis, { process: { ...own, versions: {} }, window: globalThis, document: {} });
const { layers } = await import(pathToFileURL(join(home, 'dist/main.js')).href);
globalThis.process = own;
const engine = globalThis._tfengine;
await engine.setBackend('cpu');

const LONGEST = 2 ** 17;
const caches = new Map();
/** Its table for a width: base 10000, all channels. */
function cacheOf(width) {
  if (!caches.has(width)) caches.set(width, new layers.RoPECache({ nEmbed: width, nHead: 1, blockSize: 64 }));
  return caches.get(width);
}

/** One vector a time, at its position. */
function rotate(data, width, position) {
  const cache = cacheOf(width);
  cache.ensureRopeCache(position + 1);
  const x = engine.makeTensor(Float32Array.from(data, Number), [1, data.length / width, 1, width], 'float32');
  const y = engine.runKernel('Rope', { x }, { pastLen: position, negSin: false, ropeCache: cache });
  return Array.from(y.dataSync());
}

const range = (n) => Array.from({ length: n }, (_, i) => i);

/** Rows of positions [batch][token], or nothing if this is not what the package computes: interleaved, base 10000, all channels. */
function positionsOf({ op, params: p, inputs, result }) {
  if (result !== 'valid') return;
  const base = p.rope_theta ?? p.freq_base ?? p.theta;
  const plain = base === 10000 && (p.rope_type ?? 'default') === 'default' && (p.rotation_sign ?? 1) === 1;
  if (!plain || (p.output_layout ?? 'interleaved') !== 'interleaved') return;
  const ids = inputs.position_ids ?? inputs.positions;
  const rows = (n) => range(ids.data.length / n).map((b) => ids.data.slice(b * n, b * n + n).map(Number));
  if (op === 'cos_sin_table') return p.table_layout === 'half' ? rows(ids.data.length) : undefined;
  if (op === 'ggml_rope') {
    const all = p.n_dims === inputs.x.shape.at(-1) && p.freq_scale === 1 && p.ext_factor === 0 && p.attn_factor === 1;
    return p.mode === 'NORMAL' && all && !p.back && !inputs.freq_factors ? rows(ids.data.length) : undefined;
  }
  if (op === 'ret_rotate') {
    const all = p.dim === inputs.t.shape.at(-1) && p.interpolate_factor === 1 && p.theta_rescale_factor === 1;
    const tokens = inputs.t.shape[p.layout.indexOf('S')];
    return p.pairing === 'interleaved' && all ? [range(tokens).map((i) => p.offset + i)] : undefined;
  }
  if (!['rope_end_to_end', 'rope_apply_complex', 'rope_qkv'].includes(op) || p.pairing !== 'interleaved') return;
  return (p.rotary_dim ?? p.head_dim) === p.head_dim ? rows(ids.shape.at(-1)) : undefined;
}

function answer({ op, params: p, inputs, outputs }, positions) {
  if (op === 'cos_sin_table') {
    const half = outputs.cos.shape.at(-1);
    const cache = cacheOf(half * 2);
    cache.ensureRopeCache(Math.max(...positions[0]) + 1);
    const pick = (table) => positions[0].flatMap((at) => Array.from(table.subarray(at * half, at * half + half)));
    return { cos: pick(cache.getCos().dataSync()), sin: pick(cache.getSin().dataSync()) };
  }
  const result = {};
  for (const name of ['q', 'k', 'v', 'x', 't']) {
    if (!inputs[name]) continue;
    const [shape, layout] = op === 'ggml_rope' ? [[1, ...inputs.x.shape], 'BSHD'] : [inputs[name].shape, p.layout];
    const [tokens, heads] = [shape[layout.indexOf('S')], shape[layout.indexOf('H')]];
    const width = shape[3];
    const y = new Array(inputs[name].data.length);
    for (let b = 0; b < shape[0]; b++)
      for (let h = 0; h < heads; h++)
        for (let s = 0; s < tokens; s++) {
          const at = ((b * shape[1] + (layout === 'BHSD' ? h : s)) * shape[2] + (layout === 'BHSD' ? s : h)) * width;
          const row = positions[positions.length > 1 ? b : 0][s];
          rotate(inputs[name].data.slice(at, at + width), width, row).forEach((value, i) => {
            y[at + i] = value;
          });
        }
    result[name === 'x' ? 'y' : name] = y;
  }
  return result;
}

const results = {};
for (const one of JSON.parse(readFileSync(join(suite, 'rotary.json'), 'utf8')).cases) {
  const positions = positionsOf(one);
  if (!positions) continue;
  const listed = positions.flat();
  if (listed.some((at) => at < 0 || !Number.isInteger(at))) results[one.id] = { skipped: 'its rows start at 0' };
  else if (Math.max(...listed) >= LONGEST) results[one.id] = { skipped: 'a table of so many rows' };
  else results[one.id] = answer(one, positions);
}
writeFileSync(out, JSON.stringify(results));
