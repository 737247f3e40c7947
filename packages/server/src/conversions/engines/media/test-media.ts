import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Format } from '../engine.ts';

/** What of a source is described to ffmpeg, and how it is written. */
const containers: Partial<Record<Format, readonly string[]>> = {
  mp4: ['-c:v', 'libx264', '-c:a', 'aac', '-movflags', '+faststart'],
  mov: ['-c:v', 'libx264', '-c:a', 'aac'],
  mkv: ['-c:v', 'libx264', '-c:a', 'aac', '-f', 'matroska'],
  webm: ['-c:v', 'libvpx', '-c:a', 'libvorbis'],
  avi: ['-c:v', 'mpeg4', '-q:v', '2', '-c:a', 'libmp3lame'],
};

/** Red left, blue right, with a tone of 440 Hz. */
const picture = 'color=red:s=32x48:r=25[l];color=blue:s=32x48:r=25[r];[l][r]hstack,format=yuv420p';

const made = new Map<string, Buffer>();

/** A file of two seconds, made by ffmpeg itself; the caller may change it. */
export function makeMedia(format: Format, ...more: string[]): Buffer {
  const key = [format, ...more].join(' ');
  const file = made.get(key) ?? encode(format, more);
  made.set(key, file);
  return Buffer.from(file);
}

function encode(format: Format, more: readonly string[]): Buffer {
  const codecs = containers[format];
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=44100:duration=2'];
  const film = codecs === undefined ? [] : ['-filter_complex', `${picture}[v]`, '-map', '[v]'];
  return withFile(format, (path) => {
    const args = [...sound, ...film, '-map', '0:a', ...(codecs ?? []), '-t', '2', ...more, path];
    execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);
    return readFileSync(path);
  });
}

function withFile<T>(format: string, use: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'mutate-media-'));
  try {
    return use(join(folder, `file.${format}`));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface Heard {
  readonly seconds: number;
  /** Rising passages through zero a second, in the middle half: encoders pad the ends. */
  readonly hertz: number;
}

/** Decodes the sound to one channel of 16 bits and measures it. */
export function listen(file: Buffer, format: Format): Heard {
  const args = ['-map', '0:a:0', '-ac', '1', '-ar', '44100', '-f', 's16le', '-'];
  const pcm = decode(file, format, args);
  let rises = 0;
  const samples = pcm.length / 2;
  const quarter = Math.floor(samples / 4);
  for (let index = quarter; index < 3 * quarter; index++) {
    if (pcm.readInt16LE(index * 2 - 2) < 0 && pcm.readInt16LE(index * 2) >= 0) rises += 1;
  }
  const seconds = samples / 44_100;
  return { seconds, hertz: rises / ((2 * quarter) / 44_100) };
}

/** The frame at a second, as RGB, scaled to 64 × 48. */
export function lookAt(file: Buffer, format: Format, second: number): (x: number) => number[] {
  const args = ['-ss', String(second), '-frames:v', '1', '-s', '64x48', '-pix_fmt', 'rgb24'];
  const rgb = decode(file, format, [...args, '-f', 'rawvideo', '-']);
  return (x) => [...rgb.subarray((24 * 64 + x) * 3, (24 * 64 + x) * 3 + 3)];
}

function decode(file: Buffer, format: Format, args: readonly string[]): Buffer {
  return withFile(format, (path) => {
    writeFileSync(path, file);
    return execFileSync('ffmpeg', ['-v', 'error', '-i', path, ...args], { maxBuffer: 2 ** 28 });
  });
}

export interface Streams {
  readonly codecs: string[];
  readonly width?: number;
  readonly height?: number;
  readonly sampleRate?: number;
  readonly channels?: number;
  readonly fps?: string;
  readonly pixels?: string;
  /** Of a sample of sound. */
  readonly bits?: number;
  readonly tags: Record<string, string>;
}

/** What ffprobe says of a file. */
export function describeMedia(file: Buffer, format: Format): Streams {
  return withFile(format, (path) => {
    writeFileSync(path, file);
    const show = ['-v', 'error', '-print_format', 'json', '-show_streams', '-show_format', path];
    const { streams, format: container } = JSON.parse(
      spawnSync('ffprobe', show, { encoding: 'utf8' }).stdout,
    ) as { streams: Record<string, string>[]; format: { tags?: Record<string, string> } };
    const video = streams.find(({ codec_type: type }) => type === 'video');
    const audio = streams.find(({ codec_type: type }) => type === 'audio');
    return {
      codecs: streams.map(({ codec_name: name = '' }) => name),
      tags: container.tags ?? {},
      ...(video && {
        width: Number(video.width),
        height: Number(video.height),
        fps: video.avg_frame_rate ?? '',
        pixels: video.pix_fmt ?? '',
      }),
      ...(audio && {
        sampleRate: Number(audio.sample_rate),
        channels: Number(audio.channels),
        bits: Number(audio.bits_per_raw_sample ?? audio.bits_per_sample),
      }),
    };
  });
}
