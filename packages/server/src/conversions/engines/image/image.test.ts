import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startConverter, type Converter } from '../test-convert.ts';
import { imagePairs } from './options.ts';
import { imageRunner } from './runner-engines.ts';
import {
  blue,
  distance,
  draw,
  expectQuarters,
  green,
  pixelsOf,
  quarters,
  red,
  yellow,
} from './test-pixels.ts';
import type { Rgba } from './test-pixels.ts';

let converter: Converter;
beforeAll(async () => {
  converter = await startConverter(imageRunner);
});
afterAll(() => converter.close());

const picture = draw(64, 48, quarters(64, 48));
const hex = ([r, g, b]: Rgba) => `rgb(${r},${g},${b})`;
const drawing = Buffer.from(
  `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48">
<rect width="32" height="24" fill="${hex(red)}"/><rect x="32" width="32" height="24" fill="${hex(green)}"/>
<rect y="24" width="32" height="24" fill="${hex(blue)}"/>
<rect x="32" y="24" width="32" height="24" fill="${hex(yellow)}"/></svg>`,
);

const sample = (format: string) =>
  format === 'svg'
    ? Promise.resolve(drawing)
    : picture
        .clone()
        .toFormat(format as 'png', { quality: 95 })
        .toBuffer();

describe('every pair', () => {
  test.each(imagePairs.map(({ from, to }) => [from, to] as const))(
    '%s to %s gives that format with the picture unchanged',
    async (from, to) => {
      const { bytes, format, warnings } = await converter.convert(await sample(from), { from, to });
      expect([format, warnings]).toEqual([to, []]);
      const metadata = await sharp(bytes).metadata();
      expect(metadata.format).toBe(to === 'avif' ? 'heif' : to);
      expect([metadata.width, metadata.height]).toEqual([64, 48]);
      await expectQuarters(bytes, 12);
    },
  );
});

describe('size', () => {
  const sizes = [
    [{ width: 32 }, [32, 24]],
    [{ height: 96 }, [128, 96]],
    [{ width: 30, height: 30 }, [30, 23]],
    [{ width: 30, height: 30, fit: 'outside' }, [40, 30]],
    [{ width: 30, height: 30, fit: 'cover' }, [30, 30]],
    [{ width: 30, height: 30, fit: 'contain' }, [30, 30]],
    [{ width: 30, height: 30, fit: 'fill' }, [30, 30]],
    [{ rotate: 90 }, [48, 64]],
    [{ rotate: 270, width: 24 }, [24, 32]],
  ] as const;
  test.each(sizes)('%j gives %j', async (options, expected) => {
    const pair = { from: 'png', to: 'png', options } as const;
    const { bytes } = await converter.convert(await sample('png'), pair);
    const { width, height } = await pixelsOf(bytes);
    expect([width, height]).toEqual(expected);
  });

  test('what is padded is transparent, white in a JPEG, or the background', async () => {
    const contain = { width: 60, height: 60, fit: 'contain' };
    const corner = async (to: 'png' | 'jpeg', options: Record<string, unknown>) => {
      const { bytes } = await converter.convert(await sample('png'), { from: 'png', to, options });
      return (await pixelsOf(bytes)).at(1, 1);
    };
    expect((await corner('png', contain))[3]).toBe(0);
    expect(distance(await corner('jpeg', contain), [255, 255, 255])).toBeLessThan(3);
    const background = '#102030';
    expect(await corner('png', { ...contain, background })).toEqual([16, 32, 48]);
  });

  test('a drawing is rendered at the size that is asked for, not enlarged from pixels', async () => {
    const small = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="4" height="8"/></svg>',
    );
    const options = { width: 800, background: 'white' };
    const { bytes } = await converter.convert(small, { from: 'svg', to: 'png', options });
    const { at } = await pixelsOf(bytes);
    expect([at(398, 400), at(402, 400)]).toEqual([
      [0, 0, 0],
      [255, 255, 255],
    ]);
  });

  test('dpi: 96 is one pixel a CSS pixel; an inch is as many pixels', async () => {
    const svg = (width: string) =>
      Buffer.from(
        `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${width}" viewBox="0 0 10 10"/>`,
      );
    const widthOf = async (width: string, dpi?: number) => {
      const options = dpi === undefined ? {} : { dpi };
      const { bytes } = await converter.convert(svg(width), { from: 'svg', to: 'png', options });
      return (await pixelsOf(bytes)).width;
    };
    expect(await widthOf('100')).toBe(100);
    expect(await widthOf('100px', 192)).toBe(200);
    expect(await widthOf('1in')).toBe(96);
    expect(await widthOf('25.4mm', 300)).toBe(300);
    expect(await widthOf('75pt')).toBe(100);
  });
});

test('quality, palette and lossless do what they say', async () => {
  const photo = await draw(200, 200, (x, y) => [
    (x * 7 + y * 3) % 256,
    (x * y) % 256,
    (x ^ y) % 256,
  ])
    .png()
    .toBuffer();
  const size = async (to: 'jpeg' | 'webp' | 'avif' | 'png', options: Record<string, unknown>) =>
    (await converter.convert(photo, { from: 'png', to, options })).bytes;
  for (const to of ['jpeg', 'webp', 'avif'] as const) {
    const [low, high] = [await size(to, { quality: 20 }), await size(to, { quality: 95 })];
    expect(low.length).toBeLessThan(high.length / 2);
  }
  const exact = await pixelsOf(await size('webp', { lossless: true }));
  expect(exact.at(123, 45)).toEqual([(123 * 7 + 135) % 256, (123 * 45) % 256, (123 ^ 45) % 256]);
  expect((await sharp(await size('png', { colours: 16 })).metadata()).isPalette).toBe(true);
});
