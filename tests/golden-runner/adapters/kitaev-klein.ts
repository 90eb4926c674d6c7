/** Kitaev and Klein's factored attention; the projections around the scores are plain products. */
import type { Adapter, Context, GoldenRecord, Output, Outputs } from '../types.ts';
import { type Shaped, softmax, times } from './attention.ts';
import { defined, input, number } from './shared.ts';

/** One half of z, [B, L, d / 2]. */
function half(z: Output, second: boolean): Output {
  const [batch, length, dim] = z.shape;
  const width = dim / 2;
  const data = Array.from({ length: batch * length * width }, (_, x) => {
    const [row, c] = [Math.floor(x / width), x % width];
    return z.data[row * dim + c + (second ? width : 0)];
  });
  return { shape: [batch, length, width], data };
}

/** x [B, L, c] through the weights [H, c, 3, w] of q, k or v: [B, H, L, w]. */
function project(x: Output, w: Output, which: number): Shaped {
  const [batch, length, inner] = x.shape;
  const [heads, , parts, width] = w.shape;
  const data = new Float32Array(batch * heads * length * width);
  for (let n = 0; n < data.length; n++) {
    const [c, i, h, b] = [
      n % width,
      Math.floor(n / width) % length,
      Math.floor(n / width / length) % heads,
      Math.floor(n / width / length / heads),
    ];
    let sum = 0;
    for (let e = 0; e < inner; e++) {
      sum += x.data[(b * length + i) * inner + e] * w.data[((h * inner + e) * parts + which) * width + c];
    }
    data[n] = sum;
  }
  return { data, shape: [batch, heads, length, width] };
}

/** Heads [B, H, L, w] through [H, w, d / 2], added up: [B, L, d / 2]. */
function merge(o: Output, w: Output): Output {
  const [batch, heads, length] = o.shape;
  const dim = w.shape[2];
  const data = new Float64Array(batch * length * dim);
  for (let b = 0; b < batch; b++) {
    const each = times(
      { shape: [heads, length, o.shape[3]], data: Array.from(o.data).slice(b * heads * length * o.shape[3]) },
      w,
    );
    for (let x = 0; x < each.data.length; x++) data[b * length * dim + (x % (length * dim))] += each.data[x];
  }
  return { shape: [batch, length, dim], data };
}

function run(record: GoldenRecord, { api }: Context): Outputs {
  const z = input(record, 'z');
  const [content, position] = [half(z, false), half(z, true)];
  const [wc, wp] = [input(record, 'w_qkv_c'), input(record, 'w_qkv_p')];
  const parts = [project(content, wc, 0), project(content, wc, 1), project(position, wp, 0), project(position, wp, 1)];
  const scale = number(record.params, 'scale');
  const given = record.inputs.mask;
  const mask = given === undefined ? undefined : { data: given.data, shape: given.shape };
  const logits: Output = api.factoredScores(...parts, defined({ scale, mask }));
  const probs = softmax(logits);
  return {
    logits,
    probs,
    logits_content: api.factoredScores(...parts, defined({ scale, position: false })),
    logits_position: api.factoredScores(...parts, defined({ scale, content: false })),
    out_content: merge(times(probs, project(content, wc, 2)), input(record, 'w_o_c')),
    out_position: merge(times(probs, project(position, wp, 2)), input(record, 'w_o_p')),
  };
}

export const kitaevKlein: Adapter[] = [
  {
    when: { system: ['kitaev-klein'] },
    params: ['d_model', 'n_head', 'd_qkv', 'scale'],
    // content and timing_table made z
    inputs: ['content', 'timing_table', 'z', 'mask', 'w_qkv_c', 'w_qkv_p', 'w_o_c', 'w_o_p'],
    run,
  },
];
