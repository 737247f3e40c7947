import type { Format } from '../engine.ts';
import type { MediaFile } from './media-file.ts';
import {
  isAudio,
  pixelShapeMax,
  type Audio,
  type MediaOptions,
  type MediaTarget,
} from './options.ts';

/** The one reader that a format gets: no guessing, so no playlist can pose as a film. */
const demuxers: Partial<Record<Format, string>> = {
  mp4: 'mov',
  mov: 'mov',
  m4a: 'mov',
  webm: 'matroska',
  mkv: 'matroska',
  avi: 'avi',
  mp3: 'mp3',
  wav: 'wav',
  flac: 'flac',
  ogg: 'ogg',
  aac: 'aac',
};

/** What stands before and for the input, in `ffmpeg` and `ffprobe` alike. */
export function inputArguments(from: Format, path: string): string[] {
  const demuxer = demuxers[from] ?? from;
  return [
    ...words(`-protocol_whitelist file -format_whitelist ${demuxer} -f ${demuxer}`),
    '-i',
    `file:${path}`,
  ];
}

/** Arguments without spaces in them. */
function words(line: string): string[] {
  return line.split(' ');
}

const threads = '2';
const gifWidthMax = 480;

/** All arguments of one conversion; progress goes to standard output. */
export function conversionArguments(
  task: { from: Format; to: MediaTarget; inputPath: string; outputPath: string },
  options: MediaOptions,
  file: MediaFile,
  expectedSeconds: number | null,
): string[] {
  const { from, to, inputPath, outputPath } = task;
  const { start, duration } = options;
  const channels = file.sound === null ? 0 : (options.channels ?? Math.min(2, file.sound.channels));
  return [
    ...words('-nostdin -hide_banner -loglevel warning -y'),
    ...words('-progress pipe:1 -stats_period 0.5 -nostats'),
    ...words(`-filter_threads 1 -threads ${threads}`),
    ...(start > 0 ? ['-ss', String(start)] : []),
    ...inputArguments(from, inputPath),
    ...(duration === undefined ? [] : ['-t', String(duration)]),
    ...words('-sn -dn -map_chapters -1'),
    ...metadata(from, options, file),
    ...(isAudio(to)
      ? audioOnly(to, options, channels, file)
      : pictureAndSound(to, options, channels, expectedSeconds)),
    ...words('-fflags +bitexact -flags:v +bitexact -flags:a +bitexact'),
    '-threads',
    threads,
    `file:${outputPath}`,
  ];
}

/** Of the file that was read: which sort of MP4 it is. */
const containerTags = ['major_brand', 'minor_version', 'compatible_brands'];

/** What of the tags goes into the result. */
function metadata(from: Format, options: MediaOptions, { created }: MediaFile): string[] {
  if (options.strip_metadata) return ['-map_metadata', '-1'];
  return [
    // Ogg has its tags in the track, where other formats do not look for them.
    ...(from === 'ogg' ? words('-map_metadata 0:s:a:0') : []),
    ...containerTags.flatMap((name) => ['-metadata', `${name}=`]),
    // ffmpeg itself leaves it out.
    ...(created === null ? [] : ['-metadata', `creation_time=${created}`]),
  ];
}

/** Without "bitrate": what listeners do not tell from the source. */
const audioCodecs: Record<Audio, readonly string[]> = {
  mp3: ['-c:a', 'libmp3lame', '-id3v2_version', '3', '-f', 'mp3'],
  m4a: ['-c:a', 'aac', '-movflags', '+faststart', '-f', 'ipod'],
  aac: ['-c:a', 'aac', '-f', 'adts'],
  ogg: ['-c:a', 'libvorbis', '-f', 'ogg'],
  wav: ['-c:a', 'pcm_s16le', '-rf64', 'auto', '-f', 'wav'],
  flac: ['-c:a', 'flac', '-f', 'flac'],
};

/** Vorbis by its quality, 160 kilobits in stereo: a bitrate it refuses at many sample rates. */
const defaultRates: Partial<Record<Audio, readonly string[]>> = {
  mp3: ['-b:a', '192k'],
  m4a: ['-b:a', '160k'],
  aac: ['-b:a', '160k'],
  ogg: ['-q:a', '5'],
};

function audioOnly(
  to: Audio,
  options: MediaOptions,
  channels: number,
  { sound }: MediaFile,
): string[] {
  const rate = options.bitrate === undefined ? defaultRates[to] : ['-b:a', `${options.bitrate}k`];
  return [
    ...words('-map 0:a:0 -vn'),
    ...audioCodecs[to],
    ...(rate ?? []),
    // What was never stored with more than 16 bits has none to keep: half the size.
    ...(to === 'flac' && (sound?.bits ?? 16) <= 16 ? ['-sample_fmt', 's16'] : []),
    ...(options.sample_rate === undefined ? [] : ['-ar', String(options.sample_rate)]),
    '-ac',
    String(channels),
  ];
}

function pictureAndSound(
  to: 'mp4' | 'webm' | 'gif',
  options: MediaOptions,
  channels: number,
  expectedSeconds: number | null,
): string[] {
  // V leaves out cover pictures.
  const picture = ['-map', '0:V:0', '-vf', filters(to, options, expectedSeconds)];
  if (to === 'gif') return [...picture, '-an', '-loop', '0', '-f', 'gif'];
  const rate = options.bitrate === undefined ? null : `${options.bitrate}k`;
  const codec =
    to === 'mp4'
      ? [
          ...words('-c:v libx264 -preset veryfast -movflags +faststart -f mp4'),
          ...(rate === null ? ['-crf', '23'] : ['-b:v', rate, '-maxrate', rate, '-bufsize', rate]),
        ]
      : [
          ...words('-c:v libvpx-vp9 -deadline realtime -cpu-used 6 -row-mt 1'),
          ...(rate === null ? ['-crf', '33', '-b:v', '0'] : ['-b:v', rate]),
          ...words('-f webm'),
        ];
  if (options.mute || channels === 0) return [...picture, ...codec, '-an'];
  const soundCodec = to === 'mp4' ? ['aac', '-b:a', '160k'] : ['libopus', '-b:a', '128k'];
  return [...picture, ...codec, '-map', '0:a:0', '-c:a', ...soundCodec, '-ac', String(channels)];
}

function filters(
  to: 'mp4' | 'webm' | 'gif',
  options: MediaOptions,
  expectedSeconds: number | null,
): string {
  const { fps } = options;
  // Where not one frame is due, the one there is.
  const keep = expectedSeconds !== null && expectedSeconds * (fps ?? 1) < 1;
  const rate = fps === undefined ? [] : [`fps=${fps}${keep ? ':eof_action=pass' : ''}`];
  if (to !== 'gif') return [...rate, scale(options), 'setsar=1', 'format=yuv420p'].join(',');
  // A palette a frame: nothing has to wait in memory until the end is seen.
  const palette = 'split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1';
  return [...rate, scale(options, gifWidthMax), 'setsar=1', palette].join(',');
}

/** The width in square pixels: films on tape and disc have wider ones, or narrower. */
const shown = `iw*if(between(sar,1/${pixelShapeMax},${pixelShapeMax}),sar,1)`;

/**
 * Both sides, even: H.264 and VP9 with colour at half the resolution need that. With one given, the
 * other follows to the nearest even number.
 */
function scale({ width, height }: MediaOptions, widthMax?: number): string {
  const even = (value: string, how: 'trunc' | 'round') => `max(2,${how}((${value})/2)*2)`;
  const within = widthMax === undefined ? shown : `min(${widthMax},${shown})`;
  const sides = (across: string, down: string) => `scale=w='${across}':h='${down}'`;
  if (width !== undefined && height !== undefined) {
    const [wide, high] = [width - (width % 2), height - (height % 2)];
    const across = even(`min(${wide},${high}*(${shown})/ih)`, 'trunc');
    return sides(across, even(`min(${high},${wide}*ih/(${shown}))`, 'trunc'));
  }
  if (width !== undefined) {
    const wide = width - (width % 2);
    return sides(`${wide}`, even(`${wide}*ih/(${shown})`, 'round'));
  }
  if (height !== undefined) {
    const high = height - (height % 2);
    return sides(even(`${high}*(${shown})/ih`, 'round'), `${high}`);
  }
  if (widthMax === undefined) return sides(even(shown, 'trunc'), even('ih', 'trunc'));
  const across = even(within, 'trunc');
  return sides(across, even(`${across}*ih/(${shown})`, 'round'));
}
