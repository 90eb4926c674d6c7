/**
 * Sound in M-RoPE (TMRoPE): how many tokens it takes, and how it lies between the frames of its own video.
 * Qwen2.5-Omni, arXiv 2503.20215, section 2; transformers 5 get_rope_index and get_chunked_index of qwen2_5_omni,
 * get_rope_index and _get_feat_extract_output_lengths of qwen3_omni_moe.
 */

/** A stretch of tokens of one kind, [from, to) in its own stream. */
export interface Piece {
  readonly video: boolean;
  readonly from: number;
  readonly to: number;
}

interface OmniRules {
  /** Tokens of a sound of so many feature frames. */
  readonly audioTokens: (frames: number) => number;
  /**
   * The order of the tokens of a video with sound. `videoTime(i)` is the temporal position of video token i counted from
   * the common start; audio token i stands at i. `chunk`: temporal positions in a chunk.
   */
  readonly interleave: (videos: number, audios: number, videoTime: (token: number) => number, chunk: number) => Piece[];
  /** The two start tokens share one position, and so do the two end tokens. */
  readonly sharedMarks: boolean;
  /** Whether the class cuts into chunks. */
  readonly chunked: boolean;
}

const half = (x: number): number => Math.floor(x / 2);

export const OMNI: Readonly<Record<'qwen2_5_omni' | 'qwen3_omni', OmniRules>> = {
  qwen2_5_omni: {
    audioTokens: (frames) => half(half(frames - 1) + 1 - 2) + 1,
    interleave(videos, audios, videoTime, chunk) {
      const video = chunks(videos, videoTime, chunk);
      const audio = chunks(audios, (token) => token, chunk);
      const pieces: Piece[] = [];
      for (let i = 0; i < Math.max(video.length, audio.length); i++) {
        if (i < video.length) pieces.push({ video: true, from: video[i][0], to: video[i][1] });
        if (i < audio.length) pieces.push({ video: false, from: audio[i][0], to: audio[i][1] });
      }
      return pieces;
    },
    sharedMarks: true,
    chunked: true,
  },
  qwen3_omni: {
    // three convolutions of stride 2 over windows of 100 frames, 13 tokens each
    audioTokens: (frames) => {
      const rest = half((frames % 100) - 1) + 1;
      return half(half(rest - 1) + 1 - 1) + 1 + Math.floor(frames / 100) * 13;
    },
    interleave(videos, audios, videoTime) {
      const pieces: Piece[] = [];
      let [v, a] = [0, 0];
      while (v < videos && a < audios) {
        const video = videoTime(v) <= a;
        pieces.push(video ? { video, from: v, to: ++v } : { video, from: a, to: ++a });
      }
      pieces.push(v < videos ? { video: true, from: v, to: videos } : { video: false, from: a, to: audios });
      return pieces;
    },
    sharedMarks: false,
    chunked: false,
  },
};

/** Cuts before the first token at or behind chunk, then 2 chunk, ...: at most one cut a token, so a jump cuts once. */
function chunks(tokens: number, time: (token: number) => number, chunk: number): [from: number, to: number][] {
  const cuts: [number, number][] = [];
  let from = 0;
  for (let i = 0; i < tokens; i++) {
    if (time(i) < (cuts.length + 1) * chunk) continue;
    cuts.push([from, i]);
    from = i;
  }
  cuts.push([from, tokens]);
  return cuts;
}
