/**
 * npm start [config.json]: reads a model's own configuration, says what its positions are, computes them, checks them
 * against the plain TypeScript reference, and prints time and error. Default: Llama 3.1 8B.
 */
import { readFileSync } from 'node:fs';
import {
  alibi,
  alibiSlopes,
  applyRotary,
  fromHF,
  type NormalForm,
  PosencError,
  type RotaryLayer,
  type RotarySpec,
  rotaryTable,
  scope,
  sinusoidal,
  Tensor,
} from 'posenc';
import * as reference from 'posenc/reference';

const file = process.argv[2] ?? new URL('./configs/llama-3.1-8b.json', import.meta.url);
/** Rows of the largest table built here: 2^18 rows of 64 pairs are 128 MiB. */
const MAX_ROWS = 262144;
const PREFILL = 512;
const say = (text = '') => process.stdout.write(`${text}\n`);

/** Deterministic numbers in [-1, 1). */
function noise(count: number): Float32Array {
  let state = 7;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >> 8) / 2 ** 23;
  });
}

/** Best time of each candidate in milliseconds, measured in turns. */
function race(candidates: Record<string, () => void>, rounds = 9): Record<string, number> {
  const best: Record<string, number> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(candidates)) {
      const start = performance.now();
      run();
      best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, performance.now() - start);
    }
  }
  return best;
}

const ms = (x: number) => (x >= 100 ? x.toFixed(0) : x >= 1 ? x.toFixed(2) : x.toPrecision(2));
const difference = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const apart = Math.abs(a[i] - b[i]);
    if (!(apart <= most)) most = a[i] === b[i] ? most : apart;
  }
  return most;
};

/** Fails the whole run when ours is not the reference's. */
function check(what: string, most: number, allowed: number): void {
  if (!(most <= allowed)) throw new Error(`${what}: differs from the reference by ${most}, allowed ${allowed}`);
  say(`  check     ${what} equals the reference (largest difference ${most.toExponential(1)})`);
}

/** Hoisted plain JavaScript: cos and sin tables given, typed arrays, one pass. */
function plainRotate(
  x: Float32Array,
  cos: Float32Array,
  sin: Float32Array,
  heads: number,
  headDim: number,
  layer: RotaryLayer,
): void {
  const pairs = layer.rotaryDim / 2;
  const [step, partner] = layer.pairing === 'half' ? [1, pairs] : [2, 1];
  const tokens = x.length / (heads * headDim);
  for (let t = 0; t < tokens; t++) {
    for (let h = 0; h < heads; h++) {
      let at = (t * heads + h) * headDim + layer.rotaryOffset;
      for (let k = t * pairs; k < (t + 1) * pairs; k++, at += step) {
        const a = x[at];
        const b = x[at + partner];
        x[at] = a * cos[k] - b * sin[k];
        x[at + partner] = b * cos[k] + a * sin[k];
      }
    }
  }
}

function rotary(form: NormalForm, config: Record<string, unknown>, label: string, layer: RotaryLayer): void {
  const heads = Number(config.num_attention_heads ?? config.n_head ?? 32);
  const keyHeads = Number(config.num_key_value_heads ?? heads);
  const trained = form.maxPositionEmbeddings ?? 4096;
  const rows = Math.min(trained, MAX_ROWS);
  say(`  ${label === 'default' ? 'rotary  ' : label} ${words(layer)}`);
  // dynamic and longrope choose their frequencies by the length served
  const spec: RotarySpec = layer.lengthDependent
    ? fromHF(config, { context: trained, layerType: label === 'default' ? undefined : label }).rotary
    : layer.spec;

  const tokens = Math.min(PREFILL, rows);
  scope(() => {
    const started = performance.now();
    const table = rotaryTable(spec, { length: rows, context: trained });
    const built = performance.now() - started;
    const megabytes = (2 * table.cos.length * 4) / 2 ** 20;
    say(
      `  table     ${rows} positions${rows < trained ? ` of ${trained}` : ''} x ${layer.rotaryDim / 2} pairs, ${megabytes.toFixed(0)} MiB, in ${ms(built)} ms`,
    );

    const small = reference.rotaryTable(spec, { length: tokens, context: trained });
    check(
      'table',
      Math.max(
        difference(table.cos.data.subarray(0, small.cos.data.length), small.cos.data),
        difference(table.sin.data.subarray(0, small.sin.data.length), small.sin.data),
      ),
      2 ** -23 * layer.attentionFactor,
    );

    const shape = [1, tokens, heads, layer.headDim];
    const numbers = noise(tokens * heads * layer.headDim);
    const q = Tensor.from(numbers, shape);
    const k = Tensor.from(numbers.subarray(0, tokens * keyHeads * layer.headDim), [1, tokens, keyHeads, layer.headDim]);
    applyRotary(q, table);
    applyRotary(k, table);
    const same = (x: Tensor, count: number) =>
      difference(
        x.data,
        reference.applyRotary(
          { data: numbers.slice(0, tokens * count * layer.headDim), shape: [1, tokens, count, layer.headDim] },
          small,
          {},
        ).data,
      );
    check(
      `q [${shape.join(', ')}] and k with ${keyHeads} heads, rotated in place,`,
      Math.max(same(q, heads), same(k, keyHeads)),
      2 ** -20,
    );

    const plain = Float32Array.from(numbers);
    const cos = small.cos.data as Float32Array;
    const sin = small.sin.data as Float32Array;
    const times = race({
      ours: () => applyRotary(q, table),
      plain: () => plainRotate(plain, cos, sin, heads, layer.headDim, layer),
    });
    say(
      `  speed     q in ${ms(times.ours)} ms; hoisted plain JavaScript ${ms(times.plain)} ms: ${(times.plain / times.ours).toFixed(1)} times as long`,
    );
  });
  errors(spec, trained);
}

/** Largest error of cos and sin near a position, in the precision checkpoints were trained in, against the exact value. */
function errors(spec: RotarySpec, trained: number): void {
  const at = [4095, 32767, 131071, 1048575].filter((p) => p < Math.max(trained, 131072));
  const near = (precision: 'exact' | 'torch') =>
    at.map((p) => rotaryTable({ ...spec, precision }, { length: 16, offset: p - 15, context: trained }));
  scope(() => {
    const exact = near('exact');
    const torch = near('torch');
    const row = at.map((p, i) => `${difference(torch[i].sin.data, exact[i].sin.data).toExponential(1)} at ${p}`);
    say(`  error     float32 as trained ('torch') against 'exact': ${row.join(', ')}`);
  });
}

function words(layer: RotaryLayer): string {
  const { spec } = layer;
  const parts = [
    `${layer.ropeType} frequencies, base ${spec.ropeTheta ?? 10000}`,
    spec.factor ? `factor ${spec.factor}` : '',
    layer.rotaryDim < layer.headDim ? `${layer.rotaryDim} of ${layer.headDim} channels` : `${layer.headDim} channels`,
    `pairing '${layer.pairing}'`,
    layer.attentionFactor !== 1 ? `attention factor ${layer.attentionFactor.toPrecision(6)}` : '',
    `softmax scale ${layer.softmaxScale.toPrecision(6)}`,
  ];
  return parts.filter(Boolean).join(', ');
}

function biasJob(options: NonNullable<NonNullable<NormalForm['calls']>['alibi']>): void {
  const sizes = { ...options, queryLength: PREFILL, keyLength: PREFILL } as const;
  scope(() => {
    const bias = alibi(sizes);
    say(
      `  alibi     ${options.heads} heads, slopes ${Array.from(alibiSlopes({ heads: options.heads }).data.slice(0, 4), (m) => m.toPrecision(4)).join(', ')} ..., form '${options.form ?? 'distance'}'`,
    );
    check(`bias [${bias.shape.join(', ')}]`, difference(bias.data, reference.alibi(sizes).data), 0);
    const slopes = alibiSlopes({ heads: options.heads }).toFloat32Array();
    const plain = new Float32Array(bias.length);
    const write = () => {
      for (let h = 0, at = 0; h < options.heads; h++)
        for (let i = 0; i < PREFILL; i++) for (let j = 0; j < PREFILL; j++) plain[at++] = -slopes[h] * Math.abs(i - j);
    };
    const times = race({ ours: () => alibi({ ...sizes, out: bias }), plain: write });
    say(
      `  speed     ${ms(times.ours)} ms; plain JavaScript ${ms(times.plain)} ms: ${(times.plain / times.ours).toFixed(1)} times as long`,
    );
  });
}

function sinusoidalJob(options: { length: number; dim: number }): void {
  scope(() => {
    const table = sinusoidal(options);
    say(`  table     sinusoidal [${table.shape.join(', ')}]`);
    check('table', difference(table.data, reference.sinusoidal(options).data), 2 ** -24);
    const plain = new Float32Array(table.length);
    const write = () => {
      for (let p = 0, at = 0; p < options.length; p++)
        for (let c = 0; c < options.dim; c++) plain[at++] = Math.sin(p / 10000 ** (c / options.dim));
    };
    const times = race({ ours: () => sinusoidal({ ...options, out: table }), plain: write });
    say(
      `  speed     ${ms(times.ours)} ms; plain JavaScript ${ms(times.plain)} ms: ${(times.plain / times.ours).toFixed(1)} times as long`,
    );
  });
}

try {
  const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const form = fromHF(config);
  say(
    `${form.modelType}: positions are ${form.family}${form.maxPositionEmbeddings ? `, trained for ${form.maxPositionEmbeddings}` : ''}`,
  );
  for (const warning of form.warnings) say(`  note      ${warning.message}`);
  for (const [label, layer] of Object.entries(form.layerTypes ?? {})) rotary(form, config, label, layer);
  const { calls } = form;
  if (calls?.alibi) biasJob(calls.alibi);
  else if (calls?.sinusoidal) sinusoidalJob({ length: PREFILL, ...calls.sinusoidal });
  else if (form.family !== 'rotary') say(`  options   ${JSON.stringify(form.parameters ?? {})}`);
} catch (error) {
  if (!(error instanceof PosencError) && !(error instanceof SyntaxError)) throw error;
  process.stderr.write(`${String(file)}: ${error.message}\n`);
  process.exitCode = 1;
}
