import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Format } from '../engine.ts';
import { startConverter, type Converter } from '../test-convert.ts';
import { programFolder } from '../../../test/programs.ts';
import { mediaRunner } from './runner-engines.ts';
import { describeMedia, listen, lookAt, makeMedia } from './test-media.ts';

let converter: Converter;
beforeAll(async () => {
  converter = await startConverter(mediaRunner(programFolder));
});
afterAll(() => converter.close());

const films = ['mp4', 'webm', 'mov', 'mkv', 'avi'] as const;
const sounds = ['mp3', 'wav', 'flac', 'ogg', 'm4a', 'aac'] as const;

const toFilm: (readonly [Format, Format])[] = [
  ...films.map((from) => [from, 'mp4'] as const),
  ['avi', 'webm'],
  ['mkv', 'gif'],
];
const toSound: (readonly [Format, Format])[] = [
  ['webm', 'wav'],
  ['mov', 'wav'],
  ...sounds.map((from) => [from, 'wav'] as const),
  ...(['mp3', 'ogg', 'm4a', 'aac'] as const).map((to) => ['flac', to] as const),
  ['mp4', 'mp3'],
];

test.each(toFilm)('%s to %s: the same picture, as long', async (from, to) => {
  const { bytes, format, warnings } = await converter.convert(makeMedia(from), { from, to });
  expect([format, warnings]).toEqual([to, []]);
  const { codecs, width, height } = describeMedia(bytes, to);
  const expected = { mp4: ['h264', 'aac'], webm: ['vp9', 'opus'], gif: ['gif'] };
  expect(codecs).toEqual(expected[to as 'mp4']);
  expect([width, height]).toEqual([64, 48]);
  for (const second of [0, 1.7]) {
    const at = lookAt(bytes, to, second);
    const [red, blue] = [at(10), at(54)] as const;
    expect(red[0]).toBeGreaterThan(200);
    expect(red[2]).toBeLessThan(60);
    expect(blue[2]).toBeGreaterThan(200);
    expect(blue[0]).toBeLessThan(60);
  }
  const hertz = to === 'gif' ? 440 : listen(bytes, to).hertz;
  expect(hertz).toBeCloseTo(440, 0);
});

test.each(toSound)('%s to %s: the same tone, as long', async (from, to) => {
  const { bytes, format, warnings } = await converter.convert(makeMedia(from), { from, to });
  expect([format, warnings]).toEqual([to, []]);
  const { seconds, hertz } = listen(bytes, to);
  expect(Math.abs(seconds - 2)).toBeLessThan(0.15);
  expect(hertz).toBeCloseTo(440, 0);
  expect(describeMedia(bytes, to)).toMatchObject({ sampleRate: 44_100, channels: 1 });
});

describe('options', () => {
  const convert = async (from: Format, to: Format, options: Record<string, unknown>) =>
    (await converter.convert(makeMedia(from), { from, to, options })).bytes;

  test('start and duration choose a part', async () => {
    const part = { start: 0.5, duration: 0.75 };
    expect(listen(await convert('wav', 'flac', part), 'flac').seconds).toBeCloseTo(0.75, 2);
    expect(listen(await convert('mp4', 'wav', part), 'wav').seconds).toBeCloseTo(0.75, 1);
    await expect(convert('wav', 'mp3', { start: 3 })).rejects.toMatchObject({
      code: 'invalid_request',
      message: 'options.start: the file lasts 2.0 seconds.',
    });
  });

  test('bitrate, sample rate and channels are what is written', async () => {
    const low = await convert('wav', 'mp3', { bitrate: 32 });
    const high = await convert('wav', 'mp3', { bitrate: 256 });
    expect(high.length / low.length).toBeGreaterThan(6);
    const options = { sample_rate: 22_050, channels: 2 };
    const written = describeMedia(await convert('mp3', 'wav', options), 'wav');
    expect(written).toMatchObject({ sampleRate: 22_050, channels: 2 });
  });

  test('size, frames a second and mute; odd sides become even', async () => {
    const of = async (options: Record<string, unknown>) =>
      describeMedia(await convert('mkv', 'mp4', options), 'mp4');
    expect(await of({ width: 33, fps: 10, mute: true })).toMatchObject({
      codecs: ['h264'],
      width: 32,
      height: 24,
      fps: '10/1',
    });
    expect(await of({ width: 100, height: 96 })).toMatchObject({ width: 100, height: 74 });
  });

  test('tags of music stay, those of films go unless asked for', async () => {
    const tag = ['-metadata', 'title=A song'];
    const song = makeMedia('mp3', ...tag);
    const film = makeMedia('mp4', ...tag);
    const titleOf = async (file: Buffer, from: Format, to: Format, options = {}) => {
      const { bytes } = await converter.convert(file, { from, to, options });
      return describeMedia(bytes, to).tags.title;
    };
    expect(await titleOf(song, 'mp3', 'm4a')).toBe('A song');
    expect(await titleOf(song, 'mp3', 'm4a', { strip_metadata: true })).toBeUndefined();
    expect(await titleOf(film, 'mp4', 'mp4')).toBeUndefined();
    expect(await titleOf(film, 'mp4', 'mp4', { strip_metadata: false })).toBe('A song');
  });
});

test('progress is told in percent on the way', async () => {
  const long = makeMedia('flac', '-af', 'aloop=loop=400:size=88200', '-t', '300');
  const seen: number[] = [];
  const onProgress = (percent: number) => seen.push(percent);
  await converter.convert(long, { from: 'flac', to: 'mp3', onProgress });
  expect(seen.filter((percent) => percent > 1 && percent < 99).length).toBeGreaterThan(0);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
});
