import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startConverter, type Converter } from '../test-convert.ts';
import { imageRunner } from './runner-engines.ts';
import { distance, draw, expectQuarters, pixelsOf, quarters } from './test-pixels.ts';
import type { Rgba } from './test-pixels.ts';

let converter: Converter;
beforeAll(async () => {
  converter = await startConverter(imageRunner);
});
afterAll(() => converter.close());

describe('colour', () => {
  const linear = (value: number) =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const encoded = (value: number) =>
    value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055;
  /** sRGB to Display P3: both D65, the same curve (CSS Color 4, section 10). */
  const toP3 = ([r, g, b]: Rgba): Rgba => {
    const [x, y, z] = [r, g, b].map((value) => linear(value / 255)) as [number, number, number];
    const rows = [
      0.822462 * x + 0.177538 * y,
      0.033194 * x + 0.966806 * y,
      0.017083 * x + 0.072397 * y + 0.91052 * z,
    ] as const;
    return rows.map((value) => Math.round(encoded(value) * 255)) as unknown as Rgba;
  };

  test.each(['png', 'jpeg', 'webp', 'tiff'] as const)(
    'Display P3 in %s becomes sRGB by its profile',
    async (from) => {
      const own: Rgba = [200, 90, 40];
      const file = await draw(16, 16, () => own)
        .withIccProfile('p3')
        .toFormat(from, { quality: 100, lossless: true })
        .toBuffer();
      const stored = await sharp(file, { ignoreIcc: true }).raw().toBuffer();
      expect(distance([...stored.subarray(0, 3)], toP3(own))).toBeLessThanOrEqual(2);
      const { bytes } = await converter.convert(file, { from, to: 'png' });
      expect(distance((await pixelsOf(bytes)).at(8, 8), own)).toBeLessThanOrEqual(2);
      expect((await sharp(bytes).metadata()).hasProfile).toBe(false);
    },
  );

  test('a CMYK JPEG becomes RGB, as its inks look', async () => {
    const inks: [Rgba, number][] = [
      [[255, 255, 255], 2],
      [[150, 120, 90], 14],
      [[0, 150, 200], 14],
    ];
    for (const [own, tolerance] of inks) {
      const image = draw(16, 16, () => own).toColourspace('cmyk');
      const file = await image.jpeg({ quality: 100 }).toBuffer();
      expect((await sharp(file).metadata()).space).toBe('cmyk');
      for (const to of ['png', 'jpeg', 'webp', 'tiff'] as const) {
        const { bytes } = await converter.convert(file, { from: 'jpeg', to });
        expect((await sharp(bytes).metadata()).space).toBe('srgb');
        expect(distance((await pixelsOf(bytes)).at(8, 8), own)).toBeLessThanOrEqual(tolerance);
      }
    }
  });

  test('16 bits stay 16 bits in PNG and TIFF, and are rounded elsewhere', async () => {
    const values = Uint16Array.from({ length: 32 * 8 * 3 }, (_, index) => (index * 83) % 65_536);
    const raw = { width: 32, height: 8, channels: 3 } as const;
    const file = await sharp(values, { raw }).toColourspace('rgb16').png().toBuffer();
    for (const to of ['png', 'tiff'] as const) {
      const { bytes } = await converter.convert(file, { from: 'png', to });
      const deep = await sharp(bytes).toColourspace('rgb16').raw({ depth: 'ushort' }).toBuffer();
      expect(new Uint16Array(deep.buffer, deep.byteOffset, deep.length / 2)).toEqual(values);
    }
    const { bytes } = await converter.convert(file, {
      from: 'png',
      to: 'webp',
      options: { lossless: true },
    });
    const { at } = await pixelsOf(bytes);
    expect(
      distance(
        at(5, 3),
        [101 * 3, 1, 2].map((_, index) => ((303 + index) * 83) >> 8) as unknown as Rgba,
      ),
    ).toBeLessThanOrEqual(1);
  });

  test('grey stays grey, a palette keeps its transparency', async () => {
    const grey = await sharp(Buffer.alloc(256, 77), { raw: { width: 16, height: 16, channels: 1 } })
      .toColourspace('b-w')
      .png({ progressive: true })
      .toBuffer();
    const same = await converter.convert(grey, { from: 'png', to: 'png' });
    expect(await sharp(same.bytes).metadata()).toMatchObject({ space: 'b-w', channels: 1 });
    const colourful = await converter.convert(grey, { from: 'png', to: 'jpeg' });
    expect(distance((await pixelsOf(colourful.bytes)).at(3, 3), [77, 77, 77])).toBeLessThan(3);

    const clear = (x: number): Rgba => (x < 8 ? [10, 200, 30, 255] : [0, 0, 0, 0]);
    const palette = await draw(16, 16, clear, 4).png({ palette: true }).toBuffer();
    expect((await sharp(palette).metadata()).isPalette).toBe(true);
    const webp = await converter.convert(palette, { from: 'png', to: 'webp' });
    expect((await pixelsOf(webp.bytes)).at(12, 8)[3]).toBe(0);
    const gif = await converter.convert(palette, { from: 'png', to: 'gif' });
    expect((await pixelsOf(gif.bytes)).at(12, 8)[3]).toBe(0);
  });

  test('half transparent pixels are laid over white in a JPEG, or over the background', async () => {
    const file = await draw(16, 16, () => [200, 0, 100, 128], 4)
      .png()
      .toBuffer();
    const over = async (background: Rgba, options: Record<string, unknown>) => {
      const { bytes } = await converter.convert(file, { from: 'png', to: 'jpeg', options });
      const share = 128 / 255;
      const mixed = [200, 0, 100].map((value, index) =>
        Math.round(value * share + (background[index] ?? 0) * (1 - share)),
      );
      expect(distance((await pixelsOf(bytes)).at(8, 8), mixed as unknown as Rgba)).toBeLessThan(4);
    };
    await over([255, 255, 255], { quality: 100 });
    await over([0, 0, 255], { quality: 100, background: '#00f' });
  });
});

describe('orientation', () => {
  /** Where a displayed point lies in the stored image of w × h (EXIF 2.32, tag 0x0112). */
  const stored: Record<number, (x: number, y: number, w: number, h: number) => [number, number]> = {
    1: (x, y) => [x, y],
    2: (x, y, w) => [w - 1 - x, y],
    3: (x, y, w, h) => [w - 1 - x, h - 1 - y],
    4: (x, y, _, h) => [x, h - 1 - y],
    5: (x, y) => [y, x],
    6: (x, y, _, h) => [y, h - 1 - x],
    7: (x, y, w, h) => [w - 1 - y, h - 1 - x],
    8: (x, y, w) => [w - 1 - y, x],
  };

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    '%i is applied once, also where EXIF is kept',
    async (tag) => {
      const [w, h] = tag > 4 ? [48, 64] : [64, 48];
      const shown = quarters(64, 48);
      const bySource = new Map<string, Rgba>();
      for (let y = 0; y < 48; y++) {
        for (let x = 0; x < 64; x++) {
          bySource.set(String(stored[tag]?.(x, y, w, h)), shown(x, y));
        }
      }
      const file = await draw(w, h, (x, y) => bySource.get(`${x},${y}`) ?? [0, 0, 0])
        .jpeg({ quality: 95 })
        .withExif({ IFD0: { Artist: 'somebody' } })
        .withMetadata({ orientation: tag })
        .toBuffer();
      for (const strip_metadata of [true, false]) {
        const pair = {
          from: 'jpeg',
          to: 'jpeg',
          options: { strip_metadata, quality: 95 },
        } as const;
        const { bytes } = await converter.convert(file, pair);
        const metadata = await sharp(bytes).metadata();
        expect([metadata.width, metadata.height, metadata.orientation ?? 1]).toEqual([64, 48, 1]);
        expect(bytes.includes('somebody')).toBe(!strip_metadata);
        await expectQuarters(bytes, 12);
      }
    },
  );
});
