import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { programFolder } from '../../../test/programs.ts';
import type { Format } from '../engine.ts';
import { startConverter, type Converter } from '../test-convert.ts';
import { mediaRunner } from './runner-engines.ts';
import { describeMedia, listen, lookAt } from './test-media.ts';

let converter: Converter;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mutate-unusual-'));
  converter = await startConverter(mediaRunner(programFolder));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await converter.close();
});

/** A file by ffmpeg itself. */
function make(format: Format, ...args: string[]): Buffer {
  const path = join(folder, `made.${format}`);
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args, path]);
  return readFileSync(path);
}
const film = (seconds: number, size = '64x48') =>
  `-f lavfi -i testsrc2=s=${size}:r=25:d=${seconds}`.split(' ');
const tone = (seconds: number, hertz = 44_100) =>
  `-f lavfi -i sine=frequency=440:sample_rate=${hertz}:duration=${seconds}`.split(' ');

const convert = (file: Buffer, from: Format, to: Format, options: Record<string, unknown> = {}) =>
  converter.convert(file, { from, to, options });

describe('a film whose tracks are of different lengths', () => {
  const both = ['-c:v', 'libx264', '-c:a', 'aac'];

  test.each(['mp4', 'mkv'] as const)(
    'is whole: the picture or the sound alone, %s',
    async (from) => {
      const longSound = make(from, ...film(0.8), ...tone(6), ...both);
      const gif = describeMedia((await convert(longSound, from, 'gif')).bytes, 'gif');
      expect(gif.codecs).toEqual(['gif']);
      const muted = await convert(longSound, from, 'mp4', { mute: true });
      expect(describeMedia(muted.bytes, 'mp4').codecs).toEqual(['h264']);
      const longPicture = make(from, ...film(6), ...tone(0.8), ...both);
      const heard = listen((await convert(longPicture, from, 'wav')).bytes, 'wav');
      expect(heard.seconds).toBeCloseTo(0.8, 1);
    },
  );

  test('says which of them is over where a part begins', async () => {
    const file = make('mp4', ...film(2), ...tone(1), ...both);
    await expect(convert(file, 'mp4', 'mp3', { start: 1.5 })).rejects.toMatchObject({
      code: 'invalid_request',
      message: 'options.start: the sound lasts 1.0 seconds.',
    });
    await expect(convert(file, 'mp4', 'gif', { start: 1.99 })).rejects.toMatchObject({
      code: 'invalid_request',
      message: 'options.start: from second 1.99 to the end there is nothing to convert.',
    });
    const alone = convert(make('mp4', ...film(1), ...tone(2), ...both), 'mp4', 'mp4', {
      start: 1.5,
    });
    await expect(alone).rejects.toMatchObject({
      message: 'options.start: the picture lasts 1.0 seconds.',
    });
  });
});

test('pixels that are not square become so: nothing is squeezed', async () => {
  const tape = make('mp4', ...film(0.2, '180x144'), '-vf', 'setsar=64/45', '-c:v', 'libx264');
  const sizeOf = async (to: Format, options: Record<string, unknown> = {}) => {
    const { width, height } = describeMedia((await convert(tape, 'mp4', to, options)).bytes, to);
    return [width, height];
  };
  expect(await sizeOf('mp4')).toEqual([256, 144]);
  expect(await sizeOf('gif')).toEqual([256, 144]);
  expect(await sizeOf('webm', { width: 128 })).toEqual([128, 72]);
  expect(await sizeOf('mp4', { height: 72 })).toEqual([128, 72]);
  expect(await sizeOf('mp4', { width: 100, height: 100 })).toEqual([100, 56]);
});

test('a film that was turned by its camera stands upright, at the size that was asked for', async () => {
  const lying = make('mp4', ...film(0.2), '-c:v', 'libx264');
  const path = join(folder, 'lying.mp4');
  execFileSync('ffmpeg', [
    '-v',
    'error',
    '-y',
    '-i',
    join(folder, 'made.mp4'),
    '-c',
    'copy',
    '-metadata:s:v',
    'rotate=90',
    path,
  ]);
  expect(lying.length).toBeGreaterThan(0);
  const turned = await convert(readFileSync(path), 'mp4', 'mp4', { width: 24 });
  expect(describeMedia(turned.bytes, 'mp4')).toMatchObject({ width: 24, height: 32 });
});

test('a film of one frame is a GIF of one frame', async () => {
  const still = make('mp4', ...film(1), '-frames:v', '1', '-c:v', 'libx264');
  const { bytes } = await convert(still, 'mp4', 'gif');
  expect(lookAt(bytes, 'gif', 0)(3)).toHaveLength(3);
  expect(describeMedia(bytes, 'gif')).toMatchObject({ width: 64, height: 48 });
});

test('odd sides, 4:4:4, 10 bits and full range become what every browser plays', async () => {
  const odd = make('mkv', ...film(0.2, '65x49'), '-c:v', 'ffv1', '-pix_fmt', 'yuv444p10le');
  for (const to of ['mp4', 'webm'] as const) {
    const { bytes } = await convert(odd, 'mkv', to);
    expect(describeMedia(bytes, to)).toMatchObject({ width: 64, height: 48, pixels: 'yuv420p' });
  }
});

test('5.1 becomes stereo, and an MP4 says what is in it before the data', async () => {
  const channels = Array.from({ length: 6 }, () => 'sin(880*PI*t)').join('|');
  const surround = [...film(0.4), '-f', 'lavfi', '-i', `aevalsrc=${channels}:c=5.1:d=0.4`];
  const { bytes } = await convert(make('mkv', ...surround, '-c:v', 'libx264'), 'mkv', 'mp4');
  expect(describeMedia(bytes, 'mp4').channels).toBe(2);
  expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
});

describe('sound', () => {
  test.each([8000, 96_000])('of %i Hz becomes Ogg without a bitrate', async (hertz) => {
    const { bytes } = await convert(make('wav', ...tone(0.5, hertz)), 'wav', 'ogg');
    expect(describeMedia(bytes, 'ogg')).toMatchObject({ sampleRate: hertz, channels: 1 });
  });

  test('in Ogg keeps its tags in formats that have them for the file', async () => {
    const song = make('ogg', ...tone(0.5), '-c:a', 'libvorbis', '-metadata', 'title=A song');
    for (const to of ['mp3', 'flac', 'm4a'] as const) {
      const { bytes } = await convert(song, 'ogg', to);
      const { title, TITLE } = describeMedia(bytes, to).tags;
      expect(title ?? TITLE).toBe('A song');
    }
  });

  test('of 16 bits or of none stays 16 bits in FLAC, of 24 keeps them', async () => {
    const bitsOf = async (file: Buffer, from: Format) =>
      describeMedia((await convert(file, from, 'flac')).bytes, 'flac').bits;
    expect(await bitsOf(make('mp3', ...tone(0.5)), 'mp3')).toBe(16);
    expect(await bitsOf(make('wav', ...tone(0.5)), 'wav')).toBe(16);
    expect(await bitsOf(make('wav', ...tone(0.5), '-c:a', 'pcm_s24le'), 'wav')).toBe(24);
  });

  test('says where the format has less than the bitrate that was asked for', async () => {
    const phone = make('wav', ...tone(0.5, 8000));
    const low = await convert(phone, 'wav', 'mp3', { bitrate: 64 });
    expect(low.warnings).toEqual([]);
    for (const [to, detail] of [
      ['mp3', 'options.bitrate: at 8000 Hz there are fewer kilobits a second, at most 64.'],
      ['aac', 'options.bitrate: at 8000 Hz there are fewer kilobits a second.'],
    ] as const) {
      const { warnings } = await convert(phone, 'wav', to, { bitrate: 320 });
      expect(warnings).toEqual([{ code: 'bitrate_lowered', detail }]);
    }
  });
});

test('tags that are kept are those of the work, with its date, and not of the container', async () => {
  const tags = ['-metadata', 'title=A film', '-metadata', 'creation_time=2020-01-02T03:04:05Z'];
  const camera = make('mov', ...film(0.2), ...tone(0.2), ...tags);
  for (const to of ['mp3', 'webm', 'mp4'] as const) {
    const kept = describeMedia(
      (await convert(camera, 'mov', to, { strip_metadata: false })).bytes,
      to,
    );
    expect(kept.tags).toMatchObject({ title: 'A film' });
    expect(kept.tags.creation_time).toMatch(/^2020-01-02T03:04:05/);
    // MP4 has brands of its own.
    expect(Object.values(kept.tags).join()).not.toContain('qt  ');
    const { tags: none } = describeMedia((await convert(camera, 'mov', to)).bytes, to);
    expect([none.title, none.creation_time]).toEqual([undefined, undefined]);
  }
});

describe('what a file says of itself', () => {
  test('a text of its own that is called its length is not believed', async () => {
    const tag = (value: string) => ['-c:a', 'libvorbis', '-metadata:s:a:0', `DURATION=${value}`];
    for (const value of ['00:03:20.000000000', '00:00:00.000', '00:00:1.2.3']) {
      const wav = await convert(make('ogg', ...tone(1), ...tag(value)), 'ogg', 'wav');
      expect(listen(wav.bytes, 'wav').seconds).toBeCloseTo(1, 1);
    }
  });

  test('a bitrate that is the picture’s says nothing about the sound', async () => {
    const file = make('mkv', ...film(1), ...tone(1, 8_000), '-c:v', 'libx264', '-c:a', 'aac');
    expect((await convert(file, 'mkv', 'mp4', { bitrate: 500 })).warnings).toEqual([]);
  });
});
