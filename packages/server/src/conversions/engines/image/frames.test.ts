import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startConverter, type Converter } from '../test-convert.ts';
import { imageRunner } from './runner-engines.ts';
import { blue, distance, draw, green, pixelsOf, red } from './test-pixels.ts';

let converter: Converter;
beforeAll(async () => {
  converter = await startConverter(imageRunner);
});
afterAll(() => converter.close());

describe('frames', () => {
  const animation = async (format: 'gif' | 'webp' | 'tiff') => {
    const pages = await Promise.all(
      [red, green, blue].map((colour) =>
        draw(20, 20, () => colour)
          .png()
          .toBuffer(),
      ),
    );
    const joined = sharp(pages, { join: { animated: true } });
    if (format === 'tiff') return joined.tiff({ compression: 'deflate' }).toBuffer();
    return joined.toFormat(format, { delay: [100, 200, 300], loop: 2 }).toBuffer();
  };

  test.each([
    ['gif', 'webp'],
    ['webp', 'gif'],
    ['gif', 'gif'],
  ] as const)('an animated %s stays animated as %s, at its speed', async (from, to) => {
    const options = { width: 10 };
    const { bytes, warnings } = await converter.convert(await animation(from), {
      from,
      to,
      options,
    });
    const { pages, delay, loop, width } = await sharp(bytes).metadata();
    expect({ pages, delay, loop, width, warnings }).toEqual({
      pages: 3,
      delay: [100, 200, 300],
      loop: 2,
      width: 10,
      warnings: [],
    });
    expect(distance((await pixelsOf(bytes, 2)).at(5, 5), blue)).toBeLessThan(12);
  });

  test('a TIFF keeps its pages as a TIFF, and gives the one that is asked for', async () => {
    const file = await animation('tiff');
    const all = await converter.convert(file, { from: 'tiff', to: 'tiff' });
    expect((await sharp(all.bytes).metadata()).pages).toBe(3);
    const options = { frame: 1 };
    const one = await converter.convert(file, { from: 'tiff', to: 'png', options });
    expect(distance((await pixelsOf(one.bytes)).at(5, 5), green)).toBeLessThan(3);
    expect(one.warnings).toEqual([]);
    const first = await converter.convert(file, { from: 'tiff', to: 'jpeg' });
    expect(distance((await pixelsOf(first.bytes)).at(5, 5), red)).toBeLessThan(6);
    expect(first.warnings).toEqual([
      { code: 'frames_skipped', detail: expect.stringContaining('2 more frames') as string },
    ]);
  });

  test('a frame that is not there, and turning several, are refused with the way out', async () => {
    const file = await animation('gif');
    const ask = (options: Record<string, unknown>) =>
      converter.convert(file, { from: 'gif', to: 'gif', options });
    await expect(ask({ frame: 3 })).rejects.toMatchObject({
      code: 'invalid_request',
      message: 'options.frame: the file has 3, from 0 to 2.',
    });
    await expect(ask({ rotate: 90 })).rejects.toMatchObject({ code: 'invalid_request' });
    const { bytes } = await ask({ rotate: 90, frame: 0 });
    expect((await sharp(bytes).metadata()).pages ?? 1).toBe(1);
  });
});
