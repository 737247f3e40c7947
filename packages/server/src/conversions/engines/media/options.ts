import { z } from 'zod';
import type { Format, Pair } from '../engine.ts';

const videos = ['mp4', 'webm', 'mov', 'mkv', 'avi'] as const;
const audios = ['mp3', 'wav', 'flac', 'ogg', 'm4a', 'aac'] as const;

export type Audio = (typeof audios)[number];
export type Video = 'mp4' | 'webm' | 'gif';
export type MediaTarget = Audio | Video;

export const isAudio = (format: Format): format is Audio =>
  (audios as readonly Format[]).includes(format);

export const secondsMax = 6 * 3600;
/** 8K: what a camera records at most. */
export const framePixelsMax = 8192 * 4352;
/** How many times as wide as high, or the other way, a pixel may be: what is on tape has up to 2. */
export const pixelShapeMax = 4;

const seconds = z.number().min(0).max(secondsMax);
const cut = {
  start: seconds.default(0).describe('Seconds from the beginning that are left out.'),
  duration: seconds
    .min(0.01)
    .optional()
    .describe('Seconds that are converted. Default: to the end.'),
};

const sampleRates = [8000, 16_000, 22_050, 32_000, 44_100, 48_000] as const;
const sound = {
  channels: z.literal([1, 2]).optional().describe("Default: the file's, two at most."),
};
const kilobits = (min: number, max: number) =>
  z.int().min(min).max(max).optional().describe('Kilobits a second.');
const sampleRate = z.literal(sampleRates).optional().describe("Hertz. Default: the file's.");

const byAudio = {
  mp3: { bitrate: kilobits(32, 320), sample_rate: sampleRate },
  m4a: { bitrate: kilobits(32, 320), sample_rate: sampleRate },
  aac: { bitrate: kilobits(32, 320), sample_rate: sampleRate },
  ogg: { bitrate: kilobits(48, 320), sample_rate: sampleRate },
  wav: { sample_rate: sampleRate },
  flac: { sample_rate: sampleRate },
} satisfies Record<Audio, z.ZodRawShape>;

const side = z.int().min(16).max(7680).optional();
const picture = {
  width: side.describe('Pixels, rounded down to an even number. The other side follows.'),
  height: side.describe('Pixels. With both, the picture fits within them.'),
  fps: z.number().min(1).max(60).optional().describe("Frames a second. Default: the file's."),
};

const byVideo = {
  mp4: { ...picture, bitrate: kilobits(50, 50_000), mute: z.boolean().default(false), ...sound },
  webm: { ...picture, bitrate: kilobits(50, 50_000), mute: z.boolean().default(false), ...sound },
  gif: {
    ...picture,
    width: side.describe('Pixels. Default: at most 480.'),
    fps: z.number().min(1).max(50).default(10),
  },
} satisfies Record<Video, z.ZodRawShape>;

const stripMetadata = (byDefault: boolean) =>
  z.boolean().default(byDefault).describe('False keeps title, artist, date and the like.');

const toAudio = (to: Audio, strips: boolean) =>
  z.strictObject({ ...cut, ...byAudio[to], ...sound, strip_metadata: stripMetadata(strips) });

/** Films into films, animations and sound; sound into sound, also the same one at another rate. */
export const mediaPairs: readonly Pair[] = [
  ...videos.flatMap((from) => [
    ...(['mp4', 'webm'] as const).map((to) => ({
      from,
      to,
      options: z.strictObject({ ...cut, ...byVideo[to], strip_metadata: stripMetadata(true) }),
    })),
    { from, to: 'gif' as const, options: z.strictObject({ ...cut, ...byVideo.gif }) },
    ...audios.map((to) => ({ from, to, options: toAudio(to, true) })),
  ]),
  ...audios.flatMap((from) => audios.map((to) => ({ from, to, options: toAudio(to, false) }))),
];

/** The options of all pairs together, as they become arguments. */
export const mediaOptions = z.object({
  ...cut,
  ...picture,
  ...sound,
  sample_rate: sampleRate,
  bitrate: z.int().optional(),
  mute: z.boolean().default(false),
  strip_metadata: z.boolean().default(true),
});

export type MediaOptions = z.infer<typeof mediaOptions>;
