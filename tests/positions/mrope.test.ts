/** M-RoPE positions: properties that hold for every class, both rules for text after a block, and what is refused. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { type MropeIndexOptions, mropeIndex } from '../../src/positions/mrope.ts';
import { MROPE_CLASSES, type MropeClass, type MropeModel } from '../../src/positions/mropeClasses.ts';
import { mropeDecode } from '../../src/positions/mropeDecode.ts';
import { visionPositions } from '../../src/positions/visionPositions.ts';
import { PosencError } from '../../src/runtime/errors.ts';
import { test } from '../support/test.ts';

const [TEXT, IMAGE, VIDEO, AUDIO] = [0, 1, 2, 3];
const MODELS = Object.keys(MROPE_CLASSES) as MropeModel[];
const classOf = (model: MropeModel): MropeClass => MROPE_CLASSES[model];
const repeat = (n: number, type: number): number[] => new Array(n).fill(type);
const grid = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }));

/** A prompt of one row: token types, and the options that go with them. */
interface Prompt {
  readonly types: number[];
  readonly images: number[][];
  readonly videos: number[][];
  readonly sounds: number[];
}

/** Feature frames of a sound that takes so many tokens. */
const SOUND: Readonly<Record<string, (tokens: number) => number>> = {
  qwen2_5_omni: (tokens) => 4 * tokens,
  qwen3_omni: (tokens) => 100 * Math.floor(tokens / 13) + 8 * (tokens % 13),
};

/** Prompts that a class takes: text, pictures, videos and sounds in any order, text between them. */
function promptOf(model: MropeModel): fc.Arbitrary<Prompt> {
  const cls = classOf(model);
  const parts = ['image', ...(cls.frames === 'none' ? [] : ['video']), ...(cls.audio ? ['audio'] : [])];
  const part = fc.record({ kind: fc.constantFrom(...parts), grid, text: fc.integer({ min: 4, max: 6 }) });
  return fc.array(part, { minLength: 0, maxLength: 4 }).map((list) => {
    const prompt: Prompt = { types: [TEXT, TEXT], images: [], videos: [], sounds: [] };
    for (const { kind, grid: size, text } of list) {
      const [t, h, w] = size;
      if (kind === 'image') {
        prompt.types.push(...repeat(cls.plain ? h * (w + 1) : h * w, IMAGE));
        prompt.images.push([1, 2 * h, 2 * w]);
      } else if (kind === 'video' && cls.frames !== 'run') {
        for (let frame = 0; frame < t; frame++) prompt.types.push(...repeat(h * w, VIDEO), TEXT, TEXT);
        prompt.videos.push([t, 2 * h, 2 * w]);
      } else if (kind === 'video') {
        prompt.types.push(...repeat(t * h * w, VIDEO));
        prompt.videos.push([t * (cls.temporalMerge ?? 1), 2 * h, 2 * w]);
      } else {
        prompt.types.push(...repeat(5 * t, AUDIO));
        prompt.sounds.push(SOUND[cls.audio as string](5 * t));
      }
      prompt.types.push(...repeat(text, TEXT));
    }
    return prompt;
  });
}

function ask(model: MropeModel, { types, images, videos, sounds }: Prompt, more: Partial<MropeIndexOptions> = {}) {
  const { tokensPerSecond, audio } = classOf(model);
  return mropeIndex({
    model,
    tokenTypes: [types],
    ...(images.length ? { imageGridThw: images } : {}),
    ...(videos.length ? { videoGridThw: videos } : {}),
    ...(videos.length && tokensPerSecond ? { secondPerGrid: videos.map(() => 0.5) } : {}),
    ...(audio ? { audioSeqlens: sounds } : {}),
    ...more,
  });
}

/** [axes][tokens] of one row. */
function streams({ positionIds }: ReturnType<typeof ask>, row = 0): number[][] {
  const [axes, rows, columns] = positionIds.shape;
  const data = Array.from(positionIds.data, Number);
  return Array.from({ length: axes }, (_, a) => data.slice((a * rows + row) * columns, (a * rows + row + 1) * columns));
}

for (const model of MODELS) {
  test(`${model}: text counts up on every stream; its delta is what decoding needs`, () => {
    fc.assert(
      fc.property(promptOf(model), (prompt) => {
        const result = ask(model, prompt);
        const got = streams(result);
        const n = prompt.types.length;
        assert.equal(
          got.map((stream) => stream.slice(0, 2)),
          got.map(() => [0, 1]),
        );
        prompt.types.forEach((type, i) => {
          if (type === TEXT) assert.is(new Set(got.map((stream) => stream[i])).size, 1, 'text differs between streams');
        });
        const highest = Math.max(...got.flat());
        assert.is(Number(result.ropeDeltas.data[0]), Math.fround(highest + 1 - n));
        const dtype = classOf(model).float ? 'float32' : 'int32';
        const axes = result.positionIds.shape[0];
        const next = mropeDecode({ ropeDeltas: result.ropeDeltas, cacheLength: n, axes, dtype });
        assert.equal(Array.from(next.data, Number), new Array(axes).fill(Math.fround(highest + 1)));
      }),
    );
  });

  test(`${model}: padding moves tokens, packing restarts them, and neither changes a position`, () => {
    fc.assert(
      fc.property(promptOf(model), promptOf(model), fc.integer({ min: 1, max: 3 }), (first, second, pad) => {
        const alone = [first, second].map((prompt) => ask(model, prompt));
        const longest = Math.max(first.types.length, second.types.length) + pad;
        const joined = {
          images: [...first.images, ...second.images],
          videos: [...first.videos, ...second.videos],
          sounds: [...first.sounds, ...second.sounds],
        };
        const left = [...repeat(longest - first.types.length, TEXT), ...first.types];
        const right = [...second.types, ...repeat(longest - second.types.length, TEXT)];
        const mask = [
          [...repeat(longest - first.types.length, 0), ...repeat(first.types.length, 1)],
          [...repeat(second.types.length, 1), ...repeat(longest - second.types.length, 0)],
        ];
        const batch = ask(model, { types: [], ...joined }, { tokenTypes: [left, right], mask });
        const ends = [0, first.types.length, first.types.length + second.types.length];
        const packed = ask(model, { types: [...first.types, ...second.types], ...joined }, { cuSeqlens: ends });
        // HunYuan numbers the pictures through the batch
        const plain = classOf(model).plain === true;
        const images = first.images.length;
        const shifted = (stream: number[], axis: number, axes: number) =>
          plain && axis === axes - 1 ? stream.map((p, i) => (second.types[i] === IMAGE ? p + images : p)) : stream;
        alone.forEach((result, row) => {
          const want = streams(result);
          const from = row === 0 ? longest - first.types.length : 0;
          const length = want[0].length;
          const inBatch = streams(batch, row).map((stream) => stream.slice(from, from + length));
          const inPack = streams(packed).map((stream) => stream.slice(ends[row], ends[row + 1]));
          const numbered = row === 1 ? want.map((stream, axis) => shifted(stream, axis, want.length)) : want;
          assert.equal(inBatch, numbered);
          assert.equal(inPack, want);
          assert.is(batch.ropeDeltas.data[row], result.ropeDeltas.data[0]);
          assert.is(packed.ropeDeltas.data[row], result.ropeDeltas.data[0]);
          const padded = streams(batch, row).flatMap((stream) => stream.filter((_, i) => mask[row][i] === 0));
          const [vision, none] = classOf(model).padding ?? [0, 0];
          assert.equal(new Set(padded), new Set([joined.images.length + joined.videos.length ? vision : none]));
        });
        assert.equal(packed.ropeDeltas.shape, [2, 1]);
      }),
      { numRuns: 40 },
    );
  });
}

test('a block covers its grid once; both rules for the text behind it', () => {
  fc.assert(
    fc.property(grid, fc.integer({ min: 0, max: 5 }), ([t, h, w], before) => {
      const types = [...repeat(before, TEXT), ...repeat(t * h * w, VIDEO), TEXT];
      const prompt = { types, images: [], videos: [[t, 2 * h, 2 * w]], sounds: [] };
      const [maximum, spatial] = (['maximum', 'spatial'] as const).map((advance) =>
        ask('qwen2_vl', prompt, { advance }),
      );
      const [ts, hs, ws] = streams(maximum);
      const cells = types.flatMap((type, i) => (type === VIDEO ? [[ts[i], hs[i], ws[i]].join()] : []));
      assert.is(new Set(cells).size, t * h * w);
      assert.is(ts[types.length - 1], before + Math.max(t, h, w));
      assert.is(streams(spatial)[0][types.length - 1], before + Math.max(h, w));
      assert.equal(streams(ask('qwen2_vl', prompt)), streams(maximum));
      // the block itself is the same
      assert.equal(
        streams(spatial).map((s) => s.slice(0, -1)),
        streams(maximum).map((s) => s.slice(0, -1)),
      );
    }),
  );
});

test('a long video in time: text behind its last second, or behind its picture', () => {
  const prompt = {
    model: 'qwen2_5_vl',
    tokenTypes: [[0, 0, 2, 2, 2, 2, 2, 2, 0]],
    videoGridThw: [[6, 2, 2]],
    secondPerGrid: [2],
    tokensPerSecond: 2,
  } as const;
  assert.is(mropeIndex(prompt).positionIds.data[8], 23);
  assert.is(mropeIndex({ ...prompt, advance: 'spatial' }).positionIds.data[8], 3);
});

test('a video with sound: the tokens of both, in the order of their times', () => {
  const size = fc.record({
    t: fc.integer({ min: 1, max: 6 }),
    h: fc.integer({ min: 1, max: 3 }),
    w: fc.integer({ min: 1, max: 3 }),
    seconds: fc.constantFrom(0.25, 0.5, 1, 1.3, 3, 5),
    sound: fc.integer({ min: 1, max: 90 }),
  });
  for (const model of ['qwen2_5_omni', 'qwen3_omni_moe'] as const) {
    const { audio, tokensPerSecond: rate = 0 } = classOf(model);
    fc.assert(
      fc.property(size, ({ t, h, w, seconds, sound }) => {
        const time = (frame: number) => {
          const exact = Math.fround(Math.fround(frame * Math.fround(seconds)) * rate);
          return model === 'qwen2_5_omni' ? Math.trunc(exact) : exact;
        };
        // the kinds of the tokens, built from the rule of each class in words
        const frames = Array.from({ length: t * h * w }, (_, i) => time(Math.floor(i / (h * w))));
        const kinds: number[] = [];
        if (model === 'qwen3_omni_moe') {
          let a = 0;
          for (const p of frames) {
            while (a < sound && a < p) a = kinds.push(AUDIO) && a + 1;
            kinds.push(VIDEO);
          }
          while (a++ < sound) kinds.push(AUDIO);
        } else {
          const cut = (times: number[]) => {
            const chunks: number[] = [0];
            for (const p of times) {
              if (p >= chunks.length * 50) chunks.push(0);
              chunks[chunks.length - 1]++;
            }
            return chunks;
          };
          const [v, a] = [cut(frames), cut(Array.from({ length: sound }, (_, i) => i))];
          for (let i = 0; i < Math.max(v.length, a.length); i++) {
            kinds.push(...repeat(v[i] ?? 0, VIDEO), ...repeat(a[i] ?? 0, AUDIO));
          }
        }
        const types = [TEXT, TEXT, TEXT, ...kinds, TEXT, TEXT, TEXT];
        const options = { audioSeqlens: [SOUND[audio as string](sound)], secondPerGrid: [seconds] };
        const prompt = { types, images: [], videos: [[t, 2 * h, 2 * w]], sounds: [] };
        const got = streams(ask(model, prompt, options));
        const start = model === 'qwen2_5_omni' ? 2 : 3;
        assert.equal(got[0].slice(0, 3), model === 'qwen2_5_omni' ? [0, 1, 1] : [0, 1, 2]);
        const audios = types.flatMap((type, i) => (type === AUDIO ? [got.map((s) => s[i])] : []));
        assert.equal(
          audios,
          Array.from({ length: sound }, (_, i) => [start + i, start + i, start + i]),
        );
        const videos = types.flatMap((type, i) => (type === VIDEO ? [got.map((s) => s[i])] : []));
        const want = frames.map((p, i) => [Math.fround(start + p), start + (Math.floor(i / w) % h), start + (i % w)]);
        assert.equal(videos, want);
        const ends = got[0].slice(-3);
        const step = model === 'qwen2_5_omni' ? [0, 0, 1] : [0, 1, 2];
        assert.equal(
          ends,
          step.map((k) => Math.fround(ends[0] + k)),
        );
        // a token of the wrong kind is seen
        const swap = kinds.findIndex((kind, i) => i > 0 && kind !== kinds[i - 1]);
        const wrong = [...types];
        [wrong[swap + 2], wrong[swap + 3]] = [wrong[swap + 3], wrong[swap + 2]];
        if (swap > 0) assert.throws(() => ask(model, { ...prompt, types: wrong }, options), /check secondPerGrid/);
      }),
    );
  }
});

test('token ids: placeholders of the class, frames of GLM by their place', () => {
  const glm = {
    model: 'glm4v',
    inputIds: [[7, 50, 1, 9, 1, 51, 1, 7]],
    imageTokenId: 1,
    videoStartTokenId: 50,
    videoEndTokenId: 51,
    imageGridThw: [[1, 2, 2]],
    videoGridThw: [[2, 2, 2]],
  } as const;
  const { inputIds: _, imageTokenId: __, videoStartTokenId: ___, videoEndTokenId: ____, ...rest } = glm;
  assert.equal(
    mropeIndex(glm).positionIds,
    mropeIndex({ ...rest, tokenTypes: [[0, 0, 2, 0, 2, 0, 1, 0]] }).positionIds,
  );
  const qwen = { model: 'qwen2_vl', inputIds: [[3, 151655, 151656, 3]] } as const;
  const both = { ...qwen, imageGridThw: [[1, 2, 2]], videoGridThw: [[1, 2, 2]] };
  assert.equal(Array.from(mropeIndex(both).positionIds.data.slice(0, 4)), [0, 1, 2, 3]);
});

test('fractions need float32', () => {
  const prompt = {
    model: 'qwen3_omni_moe',
    tokenTypes: [[0, 2, 2, 0]],
    videoGridThw: [[2, 2, 2]],
    secondPerGrid: [0.5],
  } as const;
  const { positionIds, ropeDeltas } = mropeIndex(prompt);
  assert.equal(positionIds.data, Float32Array.of(0, 1, 7.5, 8.5, 0, 1, 1, 8.5, 0, 1, 1, 8.5));
  assert.equal(ropeDeltas.data, Float32Array.of(5.5));
  assert.throws(() => mropeIndex({ ...prompt, dtype: 'int32' }), /float32/);
  assert.throws(() => mropeDecode({ ropeDeltas, cacheLength: 4 }), /float32/);
  assert.is(mropeDecode({ ropeDeltas, cacheLength: 4, dtype: 'float32' }).data[0], 9.5);
  assert.is(mropeDecode({ rule: 'last', positionIds, dtype: 'float32' }).data[0], 9.5);
});

test('time is multiplied in float32, in the order of the code', () => {
  const frames = (model: MropeModel, count: number, seconds: number): number[] => {
    const prompt = { types: repeat(count, VIDEO), images: [], videos: [[count, 2, 2]], sounds: [] };
    return streams(ask(model, prompt, { secondPerGrid: [seconds] }))[0];
  };
  // 6 * float32(0.7) rounds below 4.2, so 25 of it stay below 105; 5 * float32(0.041) * 13 is 2.665 by one rounding
  assert.is(frames('qwen2_5_omni', 7, 0.7)[6], 104);
  assert.is(frames('qwen3_omni_moe', 6, 0.041)[5], 2.6650002002716064);
});

test('the last position of a prompt, behind padding too', () => {
  const mask = [[0, 1, 1, 1, 1]];
  const prompt = { model: 'qwen3_vl', tokenTypes: [[0, 0, 1, 1, 0]], imageGridThw: [[1, 2, 4]], mask } as const;
  const { positionIds, ropeDeltas } = mropeIndex(prompt);
  assert.is(mropeDecode({ ropeDeltas, mask: [[...mask[0], 1]] }).data[0], 4);
  assert.is(mropeDecode({ rule: 'last', positionIds, mask, decoded: 2 }).data[0], 6);
  const right = mropeDecode({
    rule: 'last',
    positionIds: { data: [5, 6, 0, 5, 6, 0, 5, 6, 0], shape: [3, 1, 3] },
    mask: [[1, 1, 0]],
  });
  assert.equal(Array.from(right.data), [7, 7, 7]);
});

test('vision patches: every patch once, merged blocks together', () => {
  const { data, shape } = visionPositions({ gridThw: [[2, 4, 6]] });
  assert.equal(shape, [48, 3]);
  assert.is(new Set(Array.from({ length: 48 }, (_, i) => Array.from(data.slice(3 * i, 3 * i + 3)).join())).size, 48);
  for (let i = 0; i < 48; i += 4) {
    const blocks = [0, 1, 2, 3].map((k) => [data[3 * (i + k) + 1] >> 1, data[3 * (i + k) + 2] >> 1].join());
    assert.is(new Set(blocks).size, 1);
  }
});

test('refused', () => {
  const refused = (body: () => unknown, code: string, about: RegExp): void => {
    assert.throws(
      body,
      (error: unknown) => error instanceof PosencError && error.code === code && about.test(error.message),
      String(about),
    );
  };
  const index = (options: object) => () => mropeIndex(options as MropeIndexOptions);
  const image = { model: 'qwen2_vl', tokenTypes: [[0, 1, 1]] };
  const small = [
    [1, 2, 4],
    [1, 2, 2],
  ];
  refused(index(image), 'ERR_SHAPE', /imageGridThw: 0 given, but row 0 has another run of image tokens/);
  refused(index({ ...image, imageGridThw: [[1, 4, 4]] }), 'ERR_SHAPE', /= 4 tokens .* image tokens in row 0 has 2/);
  refused(index({ ...image, imageGridThw: [[1, 2, 2]] }), 'ERR_SHAPE', /= 1 tokens .* has 2/);
  refused(index({ ...image, imageGridThw: [[1, 3, 4]] }), 'ERR_SHAPE', /multiple/);
  refused(index({ ...image, imageGridThw: small }), 'ERR_SHAPE', /2 given, but the tokens hold 1/);
  refused(index({ ...image, secondPerGrid: [1] }), 'ERR_OPTION', /secondPerGrid.*space frames by time/);
  refused(index({ ...image, audioSeqlens: [1] }), 'ERR_OPTION', /audioSeqlens.*no sound/);
  refused(index({ ...image, axes: 4 }), 'ERR_OPTION', /axes.*hunyuan_vl/);
  refused(index({ ...image, temporalMergeSize: 2 }), 'ERR_OPTION', /temporalMergeSize/);
  refused(index({ ...image, secondsPerChunk: 2 }), 'ERR_OPTION', /secondsPerChunk.*qwen2_5_omni/);
  refused(index({ ...image, imageTokenId: 5 }), 'ERR_OPTION', /imageTokenId.*inputIds/);
  refused(index({ ...image, model: 'qwen4' }), 'ERR_OPTION', /model/);
  refused(index({ model: 'qwen2_vl' }), 'ERR_OPTION', /inputIds or tokenTypes/);
  refused(index({ ...image, mask: [[1, 1]] }), 'ERR_SHAPE', /mask/);
  refused(index({ ...image, tokenTypes: [[0, 3]] }), 'ERR_OPTION', /audio token.*no sound/);
  refused(index({ model: 'paddleocr_vl', tokenTypes: [[0, 2]] }), 'ERR_OPTION', /no videos/);
  refused(index({ model: 'hunyuan_vl', tokenTypes: [[1, 1]], imageGridThw: [[1, 2, 4]] }), 'ERR_SHAPE', /= 3, or 5/);
  refused(index({ model: 'hunyuan_vl', tokenTypes: [[0]], advance: 'spatial' }), 'ERR_OPTION', /one rule/);
  refused(index({ model: 'qwen2_5_omni', tokenTypes: [[0]], advance: 'spatial' }), 'ERR_OPTION', /one rule/);
  refused(index({ model: 'glm4v', inputIds: [[0]] }), 'ERR_OPTION', /imageTokenId: required.*image_token_id/);
  refused(index({ model: 'qwen3_5', inputIds: [[0]], imageTokenId: 1 }), 'ERR_OPTION', /videoTokenId: required/);
  const packed = { model: 'qwen2_vl', tokenTypes: [[0, 0, 0]], cuSeqlens: [0, 2] };
  refused(index(packed), 'ERR_SHAPE', /cuSeqlens: ends at 2/);
  refused(index({ ...packed, cuSeqlens: [0, 3], mask: [[1, 1, 1]] }), 'ERR_OPTION', /no padding/);
  // a block may not cross the end of its sequence
  const crossing = { model: 'qwen2_vl', tokenTypes: [[0, 1, 1, 0]], cuSeqlens: [0, 2, 4], imageGridThw: [[1, 2, 4]] };
  refused(index(crossing), 'ERR_SHAPE', /image tokens in sequence 0 has 1/);
  const frames = { tokenTypes: [[0, 2, 2, 2, 2, 0]], videoGridThw: [[2, 2, 4]] };
  for (const model of ['qwen3_vl', 'qwen3_5', 'glm4v', 'cosmos3_edge']) {
    refused(index({ model, ...frames }), 'ERR_SHAPE', /video tokens in row 0 has 4; .*timestamp between the 2 frames/);
  }
  refused(
    index({ model: 'qwen3_vl', ...frames, tokenTypes: [[2, 2, 0]] }),
    'ERR_SHAPE',
    /2 frames, but the tokens hold 1/,
  );
  const omni = { model: 'qwen2_5_omni', videoGridThw: [[1, 2, 2]] };
  refused(index({ ...omni, tokenTypes: [[0, 2]] }), 'ERR_OPTION', /secondPerGrid: required/);
  const mixed = { ...omni, secondPerGrid: [1], audioSeqlens: [4] };
  refused(index({ ...mixed, tokenTypes: [[0, 2, 3, 0, 0]] }), 'ERR_SHAPE', /two start tokens/);
  refused(index({ ...mixed, tokenTypes: [[0, 0, 2, 3, 3, 0, 0]] }), 'ERR_SHAPE', /1 \+ 1 tokens/);
  refused(
    index({ model: 'qwen2_5_omni', tokenTypes: [[0, 3, 3, 0]], audioSeqlens: [4] }),
    'ERR_SHAPE',
    /sound of 1 tokens/,
  );
  refused(() => mropeDecode({ rule: 'last' }), 'ERR_OPTION', /positionIds/);
  refused(() => mropeDecode({ ropeDeltas: [[0]] }), 'ERR_SHAPE', /cacheLength/);
  refused(() => mropeDecode({ ropeDeltas: [[0]], cacheLength: 3, decoded: 1 }), 'ERR_OPTION', /decoded/);
  refused(() => mropeDecode({ cacheLength: 3 }), 'ERR_OPTION', /ropeDeltas/);
  refused(
    () => mropeDecode({ ropeDeltas: { data: [0], shape: [2, 1] }, cacheLength: 3 }),
    'ERR_SHAPE',
    /does not hold the 1 numbers/,
  );
});

test('Qwen3-Omni: where a frame and a sound token fall on one time, either may come first', () => {
  // frame 1 at 0.4 * 25 = 10, as audio token 10; float32 behind a text of 3 puts it after, the processor before
  const [sound, seconds, rate] = [20, 0.4, 25];
  const at = (first: boolean): number[] => {
    const types = [...repeat(3, TEXT), VIDEO, ...repeat(10, AUDIO)];
    return [...types, ...(first ? [VIDEO, AUDIO] : [AUDIO, VIDEO]), ...repeat(sound - 11, AUDIO), TEXT];
  };
  const frames = SOUND.qwen3_omni(sound);
  const ids = (types: number[], secondPerGrid: number) =>
    mropeIndex({
      model: 'qwen3_omni_moe',
      tokenTypes: [types],
      videoGridThw: [[2, 2, 2]],
      audioSeqlens: [frames],
      secondPerGrid: [secondPerGrid],
      tokensPerSecond: rate,
    });
  const [before, after] = [true, false].map((first) => ids(at(first), seconds));
  assert.equal(before.positionIds.data, after.positionIds.data);
  // a difference that no rounding explains is refused
  assert.throws(() => ids(at(true), 0.5), /secondPerGrid/);
});

test('Qwen3-Omni: the delta is rounded to float32 as the positions are', () => {
  const types = [...repeat(4, TEXT), ...repeat(3, VIDEO), TEXT];
  const { ropeDeltas, positionIds } = mropeIndex({
    model: 'qwen3_omni_moe',
    tokenTypes: [types],
    videoGridThw: [[3, 2, 2]],
    secondPerGrid: [0.7],
    tokensPerSecond: 2,
  });
  const highest = Math.max(...positionIds.data);
  assert.is(ropeDeltas.data[0], Math.fround(Math.fround(highest + 1) - types.length));
});

test.run();
