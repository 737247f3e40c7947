import type { Format } from '../engine.ts';
import { isAudio, type Audio, type MediaOptions, type MediaTarget } from './options.ts';

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
  channelsInFile: number,
): string[] {
  const { from, to, inputPath, outputPath } = task;
  const { start, duration } = options;
  const channels = channelsInFile === 0 ? 0 : (options.channels ?? Math.min(2, channelsInFile));
  return [
    ...words('-nostdin -hide_banner -loglevel warning -y'),
    ...words('-progress pipe:1 -stats_period 0.5 -nostats'),
    ...words(`-filter_threads 1 -threads ${threads}`),
    ...(start > 0 ? ['-ss', String(start)] : []),
    ...inputArguments(from, inputPath),
    ...(duration === undefined ? [] : ['-t', String(duration)]),
    ...words('-sn -dn -map_chapters -1'),
    ...(options.strip_metadata ? ['-map_metadata', '-1'] : []),
    ...(isAudio(to) ? audioOnly(to, options, channels) : pictureAndSound(to, options, channels)),
    ...words('-fflags +bitexact -flags:v +bitexact -flags:a +bitexact'),
    '-threads',
    threads,
    `file:${outputPath}`,
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

const defaultKilobits: Partial<Record<Audio, number>> = { mp3: 192, m4a: 160, aac: 160, ogg: 160 };

function audioOnly(to: Audio, options: MediaOptions, channels: number): string[] {
  const kilobits = options.bitrate ?? defaultKilobits[to];
  return [
    ...words('-map 0:a:0 -vn'),
    ...audioCodecs[to],
    ...(kilobits === undefined ? [] : ['-b:a', `${kilobits}k`]),
    ...(options.sample_rate === undefined ? [] : ['-ar', String(options.sample_rate)]),
    '-ac',
    String(channels),
  ];
}

function pictureAndSound(
  to: 'mp4' | 'webm' | 'gif',
  options: MediaOptions,
  channels: number,
): string[] {
  // V leaves out cover pictures.
  const picture = ['-map', '0:V:0', '-vf', filters(to, options)];
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

function filters(to: 'mp4' | 'webm' | 'gif', options: MediaOptions): string {
  const { fps } = options;
  const rate = fps === undefined ? [] : [`fps=${fps}`];
  if (to !== 'gif') return [...rate, scale(options), 'setsar=1', 'format=yuv420p'].join(',');
  // A palette a frame: nothing has to wait in memory until the end is seen.
  const palette = 'split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1';
  return [...rate, scale(options, gifWidthMax), palette].join(',');
}

/** H.264 and VP9 with colour at half the resolution need even sides. */
function scale({ width, height }: MediaOptions, widthMax?: number): string {
  const even = (value: number) => value - (value % 2);
  if (width !== undefined && height !== undefined) {
    const within = 'force_original_aspect_ratio=decrease:force_divisible_by=2';
    return `scale=${even(width)}:${even(height)}:${within}`;
  }
  if (width !== undefined) return `scale=${even(width)}:-2`;
  if (height !== undefined) return `scale=-2:${even(height)}`;
  if (widthMax !== undefined) return `scale='min(${widthMax},trunc(iw/2)*2)':-2`;
  return 'scale=trunc(iw/2)*2:trunc(ih/2)*2';
}
