// posenc-vectors, an implementation in JavaScript: node runner.mjs SUITE_DIR [results.json]. Copy it and put your code in.
import { readFileSync, writeFileSync } from 'node:fs';

// -- the implementation: replace these by calls of yours --------------------------------------------------------------

const invFreq = (dim, base, p) =>
  Array.from({ length: dim / 2 }, (_, j) => base ** ((-2 * j) / dim) / (p.rope_type === 'linear' ? p.factor : 1));

function rotate(row, position, freqs, pairing) {
  const out = [...row];
  freqs.forEach((f, j) => {
    const [a, b] = pairing === 'half' ? [j, j + freqs.length] : [2 * j, 2 * j + 1];
    const angle = position * f;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    out[a] = row[a] * c - row[b] * s;
    out[b] = row[b] * c + row[a] * s;
  });
  return out;
}

function bucket(relative, bidirectional, buckets, longest) {
  let [offset, n] = [0, Math.max(-relative, 0)];
  if (bidirectional) {
    buckets = Math.floor(buckets / 2);
    [offset, n] = [relative > 0 ? buckets : 0, Math.abs(relative)];
  }
  const exact = Math.floor(buckets / 2);
  if (n < exact) return offset + n;
  const log = Math.fround(Math.fround(Math.log(Math.fround(n / exact))) / Math.fround(Math.log(longest / exact)));
  return offset + Math.min(exact + Math.floor(Math.fround(log * (buckets - exact))), buckets - 1);
}

function slopes(heads) {
  const below = 2 ** Math.floor(Math.log2(heads));
  if (below === heads) return Array.from({ length: heads }, (_, h) => 2 ** ((-8 * (h + 1)) / heads));
  return [
    ...slopes(below),
    ...slopes(2 * below)
      .filter((_, h) => h % 2 === 0)
      .slice(0, heads - below),
  ];
}

function sinusoid(position, dim, base, layout) {
  const angles = Array.from({ length: dim / 2 }, (_, j) => position * base ** ((-2 * j) / dim));
  if (layout === 'concat') return [...angles.map(Math.sin), ...angles.map(Math.cos)];
  return angles.flatMap((a) => [Math.sin(a), Math.cos(a)]);
}

function idsFromMask(row) {
  let seen = 0;
  return row.map((real) => (real ? seen++ : 0));
}

// -- from cases to calls; undefined is "not implemented" --------------------------------------------------------------

function answer({ op, params: p, inputs }) {
  if (op === 'inv_freq' && ['default', 'linear'].includes(p.rope_type) && p.head_dim && p.partial_rotary_factor === 1)
    return { inv_freq: invFreq(p.head_dim, p.rope_theta, p), attention_factor: [1] };
  if (op === 'cos_sin_table' && /hf_llama_half|exact_tables/.test(p.system)) {
    const freqs = invFreq(p.rotary_dim, p.rope_theta, p);
    const angles = inputs.position_ids.data.flatMap((position) => freqs.map((f) => position * f));
    return { cos: angles.map(Math.cos), sin: angles.map(Math.sin) };
  }
  if (op === 'rope_end_to_end' && p.rope_type === 'default' && /hf_llama_half|hf_gptj_interleaved/.test(p.system)) {
    const freqs = invFreq(p.rotary_dim, p.rope_theta, p);
    const ids = inputs.position_ids.data;
    const rotated = ({ shape: [, u, v, size], data }) =>
      Array.from({ length: data.length / size }).flatMap((_, r) => {
        const [tokens, token] = p.layout === 'BHSD' ? [v, r % v] : [u, Math.floor(r / v) % u];
        const position = ids[(Math.floor(r / (u * v)) * tokens + token) % ids.length];
        return rotate(data.slice(r * size, (r + 1) * size), position, freqs, p.pairing);
      });
    return { q: rotated(inputs.q), k: rotated(inputs.k) };
  }
  if (op === 't5_buckets')
    return {
      buckets: inputs.relative_position.data.map((d) => bucket(d, p.bidirectional, p.num_buckets, p.max_distance)),
    };
  if (op === 'alibi_slopes') return { slopes: slopes(p.heads) };
  if (op === 'sinusoidal_rows' && ['d', 'half'].includes(p.exponent_denominator))
    return { rows: inputs.position_ids.data.flatMap((position) => sinusoid(position, p.d_model, p.base, p.layout)) };
  if (op === 'position_ids_from_mask' && p.rule.endsWith('masked -> 0')) {
    const { shape, data } = inputs.attention_mask;
    const rows = Array.from({ length: shape[0] }, (_, r) => data.slice(r * shape[1], (r + 1) * shape[1]));
    return { position_ids: rows.flatMap(idsFromMask) };
  }
}

// |got - want| <= abs + rel |want|; abs has one number, or one for each row
const passes = ({ shape, data, abs, rel }, got) =>
  got.length === data.length &&
  data.every(
    (w, i) => Math.abs(got[i] - w) <= abs[abs.length === 1 ? 0 : Math.floor(i / shape.at(-1))] + rel * Math.abs(w),
  );

const [suite, file] = process.argv.slice(2);
const read = (name) => JSON.parse(readFileSync(`${suite}/${name}`, 'utf8'));
const [results, flags] = [{}, {}];
for (const one of read('index.json').groups.flatMap((group) => read(group.file).cases)) {
  const got = one.refuse ? undefined : answer(one);
  if (got === undefined) continue;
  results[one.id] = got;
  const ok = Object.entries(got).every(([name, numbers]) => passes(one.outputs[name], numbers));
  if (one.result !== 'valid') continue;
  for (const flag of ['all', ...one.flags]) {
    flags[flag] ??= [0, 0];
    flags[flag][0] += ok ? 1 : 0;
    flags[flag][1]++;
  }
}
for (const [flag, [ok, count]] of Object.entries(flags)) console.log(`${flag}: ${ok} / ${count}`);
if (file) writeFileSync(file, JSON.stringify(results));
process.exitCode = flags.all[0] === flags.all[1] ? 0 : 1;
