/**
 * The pictures, frames and sounds of a prompt, handed out in their order: sizes after merging, and where frames stand
 * in time.
 */
import { finite, integer, size } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import { integerList, type NumberList, numberList } from '../runtime/lists.ts';
import { matrix } from './mask.ts';
import type { MropeClass, MropeModel } from './mropeClasses.ts';
import { OMNI } from './mropeOmni.ts';

/** Tokens of a picture, a video or a frame: t x h x w after merging. */
export interface Block {
  /** Where it comes from, for messages. */
  readonly name: string;
  readonly t: number;
  readonly h: number;
  readonly w: number;
  /** How many frames a video has that lie apart; 1 for every other block. */
  readonly frames: number;
  /** Temporal position of a frame, counted from the start of the block. */
  readonly time: (frame: number) => number;
}

/** A video: as a block, and the temporal positions before any rounding, by which processors order its tokens and its sound's. */
export interface VideoBlock extends Block {
  readonly exactTime: (frame: number) => number;
}

export interface Grid {
  readonly t: number;
  readonly h: number;
  readonly w: number;
}

export interface MediaOptions {
  readonly imageGridThw?: NumberList;
  readonly videoGridThw?: NumberList;
  readonly secondPerGrid?: NumberList;
  readonly tokensPerSecond?: number;
  readonly spatialMergeSize?: number;
  readonly temporalMergeSize?: number;
  readonly audioSeqlens?: NumberList;
}

/** Hands out what a prompt holds, one after the other. */
export class Media {
  readonly #images: readonly Grid[];
  readonly #videos: readonly Grid[];
  readonly #apart: boolean;
  /** Tokens of every sound. */
  readonly #sounds: readonly number[];
  readonly #imageTime: Block['time'];
  readonly #videoTime: (video: number) => Pick<VideoBlock, 'time' | 'exactTime'>;
  #image = 0;
  #video = 0;
  #frame = 0;
  #sound = 0;

  constructor(given: MediaOptions, model: MropeModel, cls: MropeClass) {
    const merge = size('spatialMergeSize', given.spatialMergeSize, 1, 1024, 2);
    if (cls.temporalMerge === undefined) foreign(given, 'temporalMergeSize', model, 'merges no frames along time');
    const temporal = size('temporalMergeSize', given.temporalMergeSize, 1, 1024, cls.temporalMerge ?? 1);
    this.#images = grids('imageGridThw', given.imageGridThw, merge, 1);
    if (cls.frames === 'none') foreign(given, 'videoGridThw', model, 'takes no videos');
    this.#videos = grids('videoGridThw', given.videoGridThw, merge, temporal);
    this.#apart = cls.frames === 'apart' || cls.frames === 'image';
    if (!cls.audio) foreign(given, 'audioSeqlens', model, 'takes no sound');
    this.#sounds = sounds(given, cls);
    if (cls.tokensPerSecond === undefined) {
      for (const option of ['secondPerGrid', 'tokensPerSecond'] as const) {
        foreign(given, option, model, 'does not space frames by time');
      }
    }
    const rate = finite('tokensPerSecond', given.tokensPerSecond, { min: 0 }, cls.tokensPerSecond ?? 1);
    const seconds = this.#seconds(given, cls);
    this.#imageTime = cls.timedImages ? (frame) => frame * rate : (frame) => frame;
    this.#videoTime = (video) => {
      if (cls.tokensPerSecond === undefined) return { time: (frame) => frame, exactTime: (frame) => frame };
      const exactTime = (frame: number): number => frame * seconds[video] * rate;
      const second = Math.fround(seconds[video]);
      const step = Math.fround(rate * second);
      // float32, as torch multiplies its range of integers
      const time = (frame: number): number =>
        cls.timeOrder === 'rate' ? Math.fround(frame * step) : Math.fround(Math.fround(frame * second) * rate);
      return { exactTime, time: cls.float ? time : (frame) => Math.trunc(time(frame)) };
    };
  }

  /** Pictures handed out so far. */
  get images(): number {
    return this.#image;
  }

  image(where: string): Block {
    if (this.#image === this.#images.length) throw tooMany('imageGridThw', this.#images.length, 'image', where);
    const name = `imageGridThw[${this.#image}]`;
    return { ...this.#images[this.#image++], name, frames: 1, time: this.#imageTime };
  }

  /** A whole video, or the next frame of one whose frames lie apart. */
  video(where: string): VideoBlock {
    if (this.#video === this.#videos.length) throw tooMany('videoGridThw', this.#videos.length, 'video', where);
    const grid = this.#videos[this.#video];
    const times = this.#videoTime(this.#video);
    if (!this.#apart) return { ...grid, name: `videoGridThw[${this.#video++}]`, frames: 1, ...times };
    const name = `videoGridThw[${this.#video}], frame ${this.#frame++}`;
    if (this.#frame === grid.t) {
      this.#video++;
      this.#frame = 0;
    }
    return { ...grid, t: 1, name, frames: grid.t, ...times };
  }

  /** The tokens of the next sound. */
  sound(where: string): { readonly name: string; readonly tokens: number } {
    if (this.#sound === this.#sounds.length) throw tooMany('audioSeqlens', this.#sounds.length, 'audio', where);
    return { name: `audioSeqlens[${this.#sound}]`, tokens: this.#sounds[this.#sound++] };
  }

  /** After the last token: nothing may be left over. */
  end(): void {
    const left = (option: string, kind: string, used: number, all: number): void => {
      if (used === all) return;
      throw new PosencError('ERR_SHAPE', `${option}: ${all} given, but the tokens hold ${used} ${kind}`);
    };
    left('imageGridThw', 'image runs', this.#image, this.#images.length);
    if (this.#frame > 0) {
      const { t } = this.#videos[this.#video];
      throw new PosencError(
        'ERR_SHAPE',
        `videoGridThw[${this.#video}]: ${t} frames, but the tokens hold ${this.#frame} video runs of it`,
      );
    }
    left('videoGridThw', 'videos', this.#video, this.#videos.length);
    left('audioSeqlens', 'audio runs', this.#sound, this.#sounds.length);
  }

  #seconds(given: MediaOptions, cls: MropeClass): ArrayLike<number> {
    const videos = this.#videos.length;
    if (given.secondPerGrid === undefined) {
      if (videos > 0 && cls.tokensPerSecond !== undefined && cls.secondPerGrid === undefined) {
        throw new PosencError(
          'ERR_OPTION',
          'secondPerGrid: required with videos: the seconds between the frames of each (second_per_grid of the processor)',
        );
      }
      return new Array<number>(videos).fill(cls.secondPerGrid ?? 1);
    }
    const seconds = numberList('secondPerGrid', given.secondPerGrid, videos).data;
    for (let i = 0; i < videos; i++) finite(`secondPerGrid[${i}]`, seconds[i], { min: 0 });
    return seconds;
  }
}

function tooMany(option: string, count: number, kind: string, where: string): PosencError {
  return new PosencError('ERR_SHAPE', `${option}: ${count} given, but ${where} has another run of ${kind} tokens`);
}

function foreign(given: MediaOptions, option: keyof MediaOptions, model: MropeModel, why: string): void {
  if (given[option] !== undefined) throw new PosencError('ERR_OPTION', `${option}: model '${model}' ${why}`);
}

function sounds(given: MediaOptions, cls: MropeClass): number[] {
  if (given.audioSeqlens === undefined || !cls.audio) return [];
  const { audioTokens } = OMNI[cls.audio];
  const lengths = integerList('audioSeqlens', given.audioSeqlens, 1, 2 ** 31 - 1).data;
  return Array.from(lengths, (length, i) => {
    const tokens = audioTokens(length);
    if (tokens > 0) return tokens;
    throw new PosencError('ERR_SHAPE', `audioSeqlens[${i}]: ${length} frames are too short for a token`);
  });
}

/** [n, 3] grids in patches, merged. */
export function grids(option: string, value: NumberList | undefined, merge: number, temporal: number): Grid[] {
  if (value === undefined) return [];
  const { rows, columns, values } = matrix(option, value);
  if (rows > 0 && columns !== 3)
    throw new PosencError('ERR_SHAPE', `${option}: expected [n, 3], got [${rows}, ${columns}]`);
  return Array.from({ length: rows }, (_, i) => {
    const [t, h, w] = values.subarray(3 * i, 3 * i + 3);
    integer(`${option}[${i}][0]`, t, temporal, 2 ** 24);
    for (const [axis, patches] of [h, w].entries()) {
      integer(`${option}[${i}][${axis + 1}]`, patches, merge, 2 ** 24);
      if (patches % merge !== 0) {
        throw new PosencError(
          'ERR_SHAPE',
          `${option}[${i}][${axis + 1}]: ${patches} patches are no multiple of spatialMergeSize ${merge}`,
        );
      }
    }
    // the class divides along time without a remainder: the last odd frame has no tokens
    return { t: Math.floor(t / temporal), h: h / merge, w: w / merge };
  });
}
