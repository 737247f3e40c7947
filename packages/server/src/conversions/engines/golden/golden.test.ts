import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { differenceOf, makeSamples } from './samples.ts';

let samples: Map<string, Buffer>;
beforeAll(async () => {
  samples = await makeSamples();
}, 120_000);

const golden = (name: string) => readFile(new URL(`${name}.png`, import.meta.url));

const blankLike = async (image: Buffer) => {
  const { width, height } = await sharp(image).metadata();
  return sharp({ create: { width, height, channels: 3, background: '#fff' } })
    .png()
    .toBuffer();
};

// Browsers and fonts differ from machine to machine: letters may, what stands where may not.
test.each(['markdown-to-pdf', 'html-to-png', 'pdf-to-png', 'png-to-pdf'])(
  '%s looks as it did (scripts/pages-golden.ts makes the images anew)',
  async (name) => {
    const image = await golden(name);
    const blank = await differenceOf(await blankLike(image), image);
    const found = await differenceOf(samples.get(name) ?? Buffer.alloc(0), image);
    expect(found.mean).toBeLessThan(blank.mean / 2);
    expect(found.worst).toBeLessThan(Math.max(60, blank.worst / 2));
  },
);

test('the comparison sees a picture that is turned or moved', async () => {
  const image = await golden('png-to-pdf');
  const blank = await differenceOf(await blankLike(image), image);
  for (const changed of [sharp(image).rotate(180), sharp(image).flop(), sharp(image).negate()]) {
    const { mean } = await differenceOf(await changed.png().toBuffer(), image);
    expect(mean).toBeGreaterThan(blank.mean / 2);
  }
});
