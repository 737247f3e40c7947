import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { fastestOf } from '../../../test/fastest.ts';
import { descendantsOf, readProcessTable, startTimeOf } from '../../runner/process-group.ts';
import type { Format } from '../engine.ts';
import { startConverter, type Converter } from '../test-convert.ts';
import { programFolder } from '../../../test/programs.ts';
import { mediaRunner } from './runner-engines.ts';
import { makeMedia } from './test-media.ts';

// Each refusal costs a child process.
vi.setConfig({ testTimeout: 90_000 });

let converter: Converter;
let canary: Server;
let secrets: string;
let requests = 0;

beforeAll(async () => {
  converter = await startConverter(mediaRunner(programFolder));
  secrets = await mkdtemp(join(tmpdir(), 'mutate-secrets-'));
  await chmod(secrets, 0o755);
  await writeFile(join(secrets, 'secret.wav'), makeMedia('wav'), { mode: 0o644 });
  canary = createServer((_, response) => {
    requests += 1;
    response.end(makeMedia('wav'));
  }).listen(0, '127.0.0.1');
  await once(canary, 'listening');
});

afterAll(async () => {
  canary.close();
  await converter.close();
  await rm(secrets, { recursive: true });
});

function codeOf(input: Buffer, from: Format, to: Format = 'wav'): Promise<string> {
  return converter.convert(input, { from, to }).then(
    () => 'converted',
    (error: { code: string }) => error.code,
  );
}

test('what is cut off or something else is document_invalid', async () => {
  const cutOff: Format[] = ['mp4', 'mov', 'mkv', 'wav'];
  for (const format of cutOff) {
    const whole = makeMedia(format, '-t', '6', '-af', 'apad');
    expect(await codeOf(whole.subarray(0, whole.length / 3), format)).toBe('document_invalid');
  }
  const text = Buffer.from('This is no film. '.repeat(100));
  for (const format of ['mp4', 'mp3'] as const) {
    expect(await codeOf(text, format)).toBe('document_invalid');
  }
  expect(await codeOf(Buffer.alloc(0), 'mp4')).toBe('document_invalid');
  expect(await codeOf(makeMedia('mp4'), 'avi')).toBe('document_invalid');
});

test('a film without sound has no MP3, and sound has no picture', async () => {
  const silent = makeMedia('mp4', '-an');
  const refused = converter.convert(silent, { from: 'mp4', to: 'mp3' });
  await expect(refused).rejects.toMatchObject({ message: 'The file has no sound.' });
  const soundOnly = makeMedia('m4a');
  expect(await codeOf(soundOnly, 'mp4', 'mp4')).toBe('document_invalid');
  expect(await codeOf(silent, 'mp4', 'mp4')).toBe('converted');
});

test('playlists that pose as media reach neither an address nor a file', async () => {
  const { port } = canary.address() as AddressInfo;
  const places = [`http://127.0.0.1:${port}/a.wav`, `${secrets}/secret.wav`];
  const playlists = places.flatMap((place) => [
    `#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\n${place}\n#EXT-X-ENDLIST\n`,
    `ffconcat version 1.0\nfile '${place}'\n`,
    `#EXTM3U\n#EXTINF:10.0,\nconcat:${place}|subfile,,start,0,end,9,,:${place}\n#EXT-X-ENDLIST\n`,
  ]);
  for (const [index, playlist] of playlists.entries()) {
    const from = (['mp4', 'avi', 'mkv', 'mp3', 'ogg'] as const)[index % 5] ?? 'mp4';
    expect(await codeOf(Buffer.from(playlist), from)).toBe('document_invalid');
  }
  expect(requests).toBe(0);
});

test('a result larger than one may be is document_too_complex, not damage', async () => {
  const narrow = await startConverter({ ...mediaRunner(programFolder), fileBytesMax: 100_000 });
  try {
    const input = makeMedia('flac', '-t', '6', '-af', 'apad');
    const refused = narrow.convert(input, { from: 'flac', to: 'wav' });
    await expect(refused).rejects.toMatchObject({ code: 'document_too_complex' });
  } finally {
    await narrow.close();
  }
});

test('a film of absurd size or length is document_too_complex before it is decoded', async () => {
  const film = makeMedia('avi', '-c:v', 'rawvideo');
  const header = film.indexOf('strf');
  film.writeUInt32LE(10_000, header + 12);
  film.writeUInt32LE(10_000, header + 16);
  expect(await codeOf(film, 'avi', 'mp4')).toBe('document_too_complex');
  const slow = makeMedia('flac');
  // STREAMINFO: 36 bits of the number of samples, after 20 + 3 + 5 bits of rate and form.
  slow.fill(0xff, 22, 26);
  expect(await codeOf(slow, 'flac')).toBe('document_too_complex');
  const options = { width: 7680 };
  const large = converter.convert(makeMedia('mp4'), { from: 'mp4', to: 'mp4', options });
  await expect(large).rejects.toMatchObject({ code: 'document_too_complex' });
});

test('any mutation of a file is converted or has a clear code', async () => {
  const codes = new Set<string>();
  for (const [round, format] of (['mp4', 'avi', 'ogg'] as const).entries()) {
    const mutant = makeMedia(format);
    for (let at = 7 + round; at < mutant.length; at += 211) mutant[at] = (at * 31) % 256;
    codes.add(await codeOf(mutant, format));
  }
  const clear = ['converted', 'document_invalid', 'document_too_complex'];
  expect([...codes].filter((code) => !clear.includes(code))).toEqual([]);
});

test('cancelling ends ffmpeg within a second', async () => {
  const film = makeMedia('mp4');
  const members = () => {
    const pid = converter.runner.stats().children.find(({ state }) => state === 'busy')?.pid;
    return pid ? descendantsOf(pid, readProcessTable()) : [];
  };
  const isFfmpeg = (pid: number) => commandOf(pid).includes('ffmpeg');
  const endedMs = await fastestOf(10, 1000, async () => {
    const cancel = new AbortController();
    const options = { width: 4000 };
    const running = converter
      .convert(film, { from: 'mp4', to: 'webm', options, signal: cancel.signal })
      .catch((error: unknown) => error);
    await expect.poll(() => members().some(isFfmpeg), { timeout: 30_000 }).toBe(true);
    const family = members();
    const startedMs = performance.now();
    cancel.abort(new Error('the caller has gone'));
    expect(await running).toMatchObject({ message: 'the caller has gone' });
    const tookMs = performance.now() - startedMs;
    await expect.poll(() => family.filter((pid) => startTimeOf(pid) !== null)).toEqual([]);
    await expect.poll(() => converter.filesLeft()).toEqual([]);
    return tookMs;
  });
  expect(endedMs).toBeLessThan(1000);
});

function commandOf(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
