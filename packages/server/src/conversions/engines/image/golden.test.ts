import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startConverter, type Converter } from '../test-convert.ts';
import type { Raster } from './options.ts';
import { imageRunner } from './runner-engines.ts';
import { svg } from './test-files.ts';
import { distance, pixelsOf, type Rgba } from './test-pixels.ts';

let converter: Converter;
beforeAll(async () => {
  converter = await startConverter(imageRunner);
});
afterAll(() => converter.close());

/** A slope, a half transparent disc, a rounded frame, a blurred spot, a turned star. */
const scene = svg(
  `<defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="#0a3d62"/><stop offset="1"
stop-color="#f6b93b"/></linearGradient><filter id="b"><feGaussianBlur stdDeviation="3"/></filter></defs>
<rect x="6" y="6" width="84" height="52" rx="10" fill="url(#g)" stroke="#222" stroke-width="2"/>
<circle cx="34" cy="32" r="18" fill="#e55039" fill-opacity="0.6"/>
<circle cx="70" cy="20" r="7" fill="white" filter="url(#b)"/>
<path transform="rotate(20 66 40)" fill="#78e08f" d="M66 26l4 9 10 1-7 7 2 10-9-5-9 5 2-10-7-7 10-1z"/>`,
  'width="96" height="64"',
);

const outputs: [string, Raster, Record<string, unknown>][] = [
  ['plain', 'png', {}],
  ['over-colour', 'jpeg', { background: '#dfe6e9', quality: 90 }],
  ['turned-and-padded', 'webp', { rotate: 90, width: 96, height: 96, fit: 'contain' }],
  ['cropped-palette', 'gif', { width: 64, height: 64, fit: 'cover', colours: 32 }],
];

/** Looked at by a person when they were made; encoders may differ by a little. */
const meanMax = 4;

test.each(outputs)('%s looks as it did when it was approved', async (name, to, options) => {
  const { bytes } = await converter.convert(scene, { from: 'svg', to, options });
  const [actual, approved] = await Promise.all([
    pixelsOf(bytes),
    pixelsOf(await readFile(new URL(`./fixtures/golden/${name}.${to}`, import.meta.url))),
  ]);
  expect([actual.width, actual.height]).toEqual([approved.width, approved.height]);
  let sum = 0;
  for (let y = 0; y < approved.height; y++) {
    for (let x = 0; x < approved.width; x++) {
      sum += distance(actual.at(x, y), approved.at(x, y) as unknown as Rgba);
    }
  }
  expect(sum / (approved.width * approved.height)).toBeLessThan(meanMax);
});
