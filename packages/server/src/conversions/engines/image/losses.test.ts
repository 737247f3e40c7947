import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startConverter, type Converter } from '../test-convert.ts';
import type { Raster } from './options.ts';
import { imageRunner } from './runner-engines.ts';
import { svg } from './test-files.ts';
import { draw, type Rgba } from './test-pixels.ts';

let converter: Converter;
beforeAll(async () => {
  converter = await startConverter(imageRunner);
});
afterAll(() => converter.close());

async function codes(
  input: Buffer,
  from: 'png' | 'webp' | 'jpeg' | 'svg' | 'tiff',
  to: Raster,
  options: Record<string, unknown> = {},
): Promise<string[]> {
  const { warnings } = await converter.convert(input, { from, to, options });
  return warnings.map(({ code }) => code);
}

const withAlpha = (alphaAt: (x: number) => number) =>
  draw(16, 16, (x): Rgba => [200, 0, 100, alphaAt(x)], 4);

describe('what an image loses is told', () => {
  const half = withAlpha((x) => x * 16);
  const clear = withAlpha((x) => (x < 8 ? 0 : 255));
  const opaque = withAlpha(() => 255);

  test.each(['png', 'webp'] as const)(
    'half transparent pixels of %s in a GIF, unless a background takes them',
    async (from) => {
      const file = (image: Sharp) => image.clone().toFormat(from, { lossless: true }).toBuffer();
      expect(await codes(await file(half), from, 'gif')).toEqual(['transparency_reduced']);
      expect(await codes(await file(half), from, 'gif', { background: '#fff' })).toEqual([]);
      expect(await codes(await file(clear), from, 'gif')).toEqual([]);
      expect(await codes(await file(half), from, 'png')).toEqual([]);
    },
  );

  test('transparent parts that become white in a JPEG, unless a colour was chosen', async () => {
    for (const image of [half, clear]) {
      const file = await image.clone().png().toBuffer();
      expect(await codes(file, 'png', 'jpeg')).toEqual(['transparency_flattened']);
      expect(await codes(file, 'png', 'jpeg', { background: 'white' })).toEqual([]);
    }
    const whole = await opaque.clone().png().toBuffer();
    expect(await codes(whole, 'png', 'jpeg')).toEqual([]);
    expect(await codes(svg('<circle cx="20" cy="20" r="9"/>'), 'svg', 'jpeg')).toEqual([
      'transparency_flattened',
    ]);
  });

  test('16 bits a channel where the target has 8, with their transparency', async () => {
    const values = Uint16Array.from({ length: 16 * 16 * 4 }, (_, at) => (at * 251) % 65_536);
    const raw = { width: 16, height: 16, channels: 4 } as const;
    const deep = await sharp(values, { raw }).toColourspace('rgb16').png().toBuffer();
    expect(await codes(deep, 'png', 'webp')).toEqual(['depth_reduced']);
    expect(await codes(deep, 'png', 'gif')).toEqual(['depth_reduced', 'transparency_reduced']);
    expect(await codes(deep, 'png', 'tiff')).toEqual([]);
    const opaqueDeep = values.map((value, at) => (at % 4 === 3 ? 65_535 : value));
    const file = await sharp(opaqueDeep, { raw }).toColourspace('rgb16').png().toBuffer();
    expect(await codes(file, 'png', 'jpeg')).toEqual(['depth_reduced']);
  });

  test('inks that become colours of a screen', async () => {
    const inks = await draw(16, 16, () => [0, 150, 200])
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer();
    expect(await codes(inks, 'jpeg', 'png')).toEqual(['colours_converted']);
  });
});
