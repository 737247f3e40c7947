import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startConverter, type Converter } from '../test-convert.ts';
import { heicPairs } from './options.ts';
import { heicRunner } from './runner-engines.ts';
import { expectQuarters } from './test-pixels.ts';

// Each refusal costs a child process.
vi.setConfig({ testTimeout: 90_000 });

let converter: Converter;
beforeAll(async () => {
  converter = await startConverter(heicRunner);
});
afterAll(() => converter.close());

/** `quarters` at 64 × 48, written by libheif's `heif-enc`; the second one in Display P3. */
const sample = (name: 'quarters' | 'quarters-p3') =>
  readFile(new URL(`./fixtures/${name}.heic`, import.meta.url));

test.each(heicPairs.map(({ to }) => to))('HEIC to %s shows the picture', async (to) => {
  const { bytes, format } = await converter.convert(await sample('quarters'), { from: 'heic', to });
  const { width, height, hasAlpha } = await sharp(bytes).metadata();
  expect([format, width, height, hasAlpha]).toEqual([to, 64, 48, false]);
  await expectQuarters(bytes, 12);
});

test('colours follow the profile, and options count as for any image', async () => {
  const options = { width: 32, rotate: 180 };
  const file = await sample('quarters-p3');
  const turned = await converter.convert(file, { from: 'heic', to: 'png', options });
  const { width, height } = await sharp(turned.bytes).metadata();
  expect([width, height]).toEqual([32, 24]);
  const { bytes } = await converter.convert(file, { from: 'heic', to: 'png' });
  await expectQuarters(bytes, 6);
});

test('damaged and oversized files have their code', async () => {
  const file = await sample('quarters');
  const codeOf = (input: Buffer) =>
    converter.convert(input, { from: 'heic', to: 'jpeg' }).then(
      () => 'converted',
      (error: { code: string }) => error.code,
    );
  expect(await codeOf(Buffer.alloc(0))).toBe('document_invalid');
  expect(await codeOf(file.subarray(0, 600))).toBe('document_invalid');
  expect(await codeOf(Buffer.from('no picture at all'))).toBe('document_invalid');
  const huge = Buffer.from(file);
  const size = huge.lastIndexOf('ispe');
  huge.writeUInt32BE(10_000, size + 8);
  huge.writeUInt32BE(10_000, size + 12);
  expect(await codeOf(huge)).toBe('document_too_complex');
});
