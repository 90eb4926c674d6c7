/** Walks through the tokens of one sequence, run by run, and gives each its positions. */
import { PosencError } from '../runtime/errors.ts';
import type { MropeClass, MropeModel } from './mropeClasses.ts';
import type { Block, Media } from './mropeMedia.ts';
import { OMNI, type Piece } from './mropeOmni.ts';

export const TEXT = 0;
export const IMAGE = 1;
export const VIDEO = 2;
export const AUDIO = 3;
const NAMES = ['text', 'image', 'video', 'audio'];

export interface Placing {
  readonly model: MropeModel;
  readonly cls: MropeClass;
  readonly media: Media;
  /** Where text goes on after a block. */
  readonly advance: 'spatial' | 'maximum';
  /** Temporal positions in a chunk of sound and video. */
  readonly chunk: number;
  readonly axes: number;
  /** Packed sequences: pictures are numbered from 0 in each, not through the batch. */
  readonly packed: boolean;
}

/** A run of tokens of one kind; `mixed`: frames and sound of one video, in turns. */
interface Run {
  readonly type: number;
  readonly from: number;
  readonly to: number;
  readonly mixed: boolean;
}

/**
 * @param types kind of every token
 * @param where the words for this sequence in messages
 * @returns [axes, tokens] and the highest position (-1 for no tokens)
 */
export function place(
  types: Uint8Array,
  where: string,
  placing: Placing,
): { readonly positions: Float64Array; readonly highest: number } {
  const runs = runsOf(types, placing.cls.audio !== undefined);
  return placing.cls.plain ? plainIndex(types, runs, where, placing) : threeStreams(types, runs, where, placing);
}

function threeStreams(types: Uint8Array, runs: readonly Run[], where: string, placing: Placing) {
  const { cls, media, model } = placing;
  const positions = new Float64Array(3 * types.length);
  // a class with float32 positions rounds after every addition
  const round = cls.float ? Math.fround : (x: number) => x;
  const omni = cls.audio && OMNI[cls.audio];
  const shared = omni?.sharedMarks === true;
  let current = 0;
  let highest = -1;
  let at = 0;
  const write = (t: number, h: number, w: number): number => {
    positions[at] = t;
    positions[types.length + at] = h;
    positions[2 * types.length + at] = w;
    at++;
    const top = Math.max(t, h, w);
    if (top > highest) highest = top;
    return top;
  };

  const text = (tokens: number): void => {
    for (let i = 0; i < tokens; i++, current = round(current + 1)) write(current, current, current);
  };
  /** Two tokens at one position. */
  const marks = (): void => {
    write(current, current, current);
    text(1);
  };
  const token = ({ h, w, time }: Block, start: number, i: number): number => {
    const frame = Math.floor(i / (h * w));
    const y = Math.floor(i / w) % h;
    return write(round(start + time(frame)), round(start + y), round(start + (i % w)));
  };

  const block = (run: Run): void => {
    const length = run.to - run.from;
    const found = run.type === IMAGE ? media.image(where) : media.video(where);
    const tokens = found.t * found.h * found.w;
    if (tokens !== length) throw wrongLength(found, tokens, run, where, model);
    const start = current;
    let top = start;
    for (let i = 0; i < tokens; i++) top = Math.max(top, token(found, start, i));
    current = placing.advance === 'spatial' ? start + Math.max(found.h, found.w) : round(top + 1);
  };

  const sound = (run: Run): void => {
    const { name, tokens } = media.sound(where);
    if (tokens !== run.to - run.from) {
      throw new PosencError(
        'ERR_SHAPE',
        `${name}: a sound of ${tokens} tokens, but the run of audio tokens in ${where} has ${run.to - run.from}`,
      );
    }
    text(tokens);
  };

  const videoWithSound = (run: Run): void => {
    if (!omni) return;
    const video = media.video(where);
    const audio = media.sound(where);
    const videos = video.t * video.h * video.w;
    if (videos + audio.tokens !== run.to - run.from) {
      throw new PosencError(
        'ERR_SHAPE',
        `${video.name} and ${audio.name}: ${videos} + ${audio.tokens} tokens, but the run of video and audio tokens in ${where} has ${run.to - run.from}`,
      );
    }
    const start = current;
    const frame = video.h * video.w;
    // an offset from the float32 start, as the code compares positions, not offsets
    const videoTime = (i: number) => round(start + video.time(Math.floor(i / frame))) - start;
    const order = (time: (i: number) => number) => omni.interleave(videos, audio.tokens, time, placing.chunk);
    const pieces = order(videoTime);
    const wrong = deviation(types, at, pieces);
    // the prompt was put in order by times without these roundings: where two agree, either may come first
    const rounded = (by: number) => order((i) => video.exactTime(Math.floor(i / frame)) * by);
    if (wrong !== undefined && ROUNDINGS.every((by) => deviation(types, at, rounded(by)) !== undefined)) {
      const [got, want] = types[wrong] === VIDEO ? ['video', 'audio'] : ['audio', 'video'];
      throw new PosencError(
        'ERR_SHAPE',
        `${video.name} and ${audio.name}: token ${wrong} of ${where} is ${got} where their times put ${want}; check secondPerGrid and tokensPerSecond`,
      );
    }
    for (const piece of pieces) {
      let top = start;
      for (let i = piece.from; i < piece.to; i++) {
        const time = round(start + i);
        top = Math.max(top, piece.video ? token(video, start, i) : write(time, time, time));
      }
      // text goes on behind the piece written last, even if an earlier one reached higher
      current = round(top + 1);
    }
  };

  for (const [i, run] of runs.entries()) {
    if (run.type === TEXT) {
      const before = shared && runs[i - 1]?.mixed === true;
      const after = shared && runs[i + 1]?.mixed === true;
      const between = run.to - run.from - (before ? 2 : 0) - (after ? 2 : 0);
      if (between < 0) throw noMarks(where, model);
      if (before) marks();
      text(between);
      if (after) marks();
    } else if (run.mixed) {
      if (shared && (runs[i - 1]?.type !== TEXT || runs[i + 1]?.type !== TEXT)) throw noMarks(where, model);
      videoWithSound(run);
    } else if (run.type === AUDIO) sound(run);
    else block(run);
  }
  return { positions, highest };
}

/** Times before rounding, and a little more and less for seconds that are float32 already. */
const ROUNDINGS = [1, 1 + 1e-6, 1 - 1e-6];

/** The first token that is not of the kind the pieces put there. */
function deviation(types: Uint8Array, from: number, pieces: readonly Piece[]): number | undefined {
  let at = from;
  for (const piece of pieces) {
    for (let i = piece.from; i < piece.to; i++, at++) if ((types[at] === VIDEO) !== piece.video) return at;
  }
  return undefined;
}

/** HunYuan: the plain index on every axis; in a picture the last three axes are width, height and its number. */
function plainIndex(types: Uint8Array, runs: readonly Run[], where: string, { media, axes, model, packed }: Placing) {
  const n = types.length;
  const first = packed ? media.images : 0;
  const positions = Float64Array.from({ length: axes * n }, (_, i) => i % n);
  const [width, height, number] = [axes - 3, axes - 2, axes - 1].map((axis) => positions.subarray(axis * n));
  for (const { type, from, to } of runs) {
    if (type !== IMAGE) continue;
    const image = media.images - first;
    const block = media.image(where);
    // a newline token ends each row; a begin and an end token may carry the same id
    const [rows, columns] = [block.h, block.w + 1];
    const grid = rows * columns;
    const margin = to - from === grid + 2 ? 1 : 0;
    if (to - from !== grid + 2 * margin) {
      throw new PosencError(
        'ERR_SHAPE',
        `${block.name}: ${rows} rows of ${block.w} + 1 tokens = ${grid}, or ${grid + 2} with begin and end, but the run of image tokens in ${where} has ${to - from} (model '${model}')`,
      );
    }
    for (let i = 0; i < grid; i++) {
      const at = from + margin + i;
      width[at] = i % columns;
      height[at] = Math.floor(i / columns);
      number[at] = image;
    }
  }
  let highest = -1;
  for (const position of positions) if (position > highest) highest = position;
  return { positions, highest };
}

function runsOf(types: Uint8Array, sound: boolean): Run[] {
  const timed = (type: number) => sound && (type === VIDEO || type === AUDIO);
  const runs: Run[] = [];
  for (let from = 0, to = 0; from < types.length; from = to) {
    let mixed = false;
    for (to = from + 1; to < types.length; to++) {
      if (types[to] === types[from]) continue;
      if (!timed(types[to]) || !timed(types[from])) break;
      mixed = true;
    }
    runs.push({ type: types[from], from, to, mixed });
  }
  return runs;
}

function wrongLength(block: Block, tokens: number, run: Run, where: string, model: MropeModel): PosencError {
  const kind = NAMES[run.type];
  const length = run.to - run.from;
  const text = `${block.name}: ${block.t} x ${block.h} x ${block.w} = ${tokens} tokens after merging, but the run of ${kind} tokens in ${where} has ${length}`;
  const together = block.frames > 1 && length % tokens === 0 && length > tokens;
  const fix = `; model '${model}' writes a timestamp between the ${block.frames} frames of a video, so each must be a run of its own`;
  return new PosencError('ERR_SHAPE', together ? text + fix : text);
}

function noMarks(where: string, model: MropeModel): PosencError {
  return new PosencError(
    'ERR_SHAPE',
    `${where}: model '${model}' puts two start tokens before a video with sound and two end tokens behind it`,
  );
}
