import type { Sharp } from 'sharp';
import { EngineError } from '../engine.ts';
import type { ImageOptions, Raster } from './options.ts';

/** The longest side that a format can store. */
const sideMax: Readonly<Record<Raster, number>> = {
  png: 65_535,
  jpeg: 65_535,
  webp: 16_383,
  avif: 16_384,
  tiff: 65_535,
  gif: 65_535,
};

/** @throws EngineError `document_too_complex`, saying which option helps */
export function checkSides(to: Raster, width: number, height: number): void {
  if (Math.max(width, height) <= sideMax[to]) return;
  const name = to.toUpperCase();
  const message =
    `${name} stores at most ${sideMax[to]} pixels a side; the image has ${width} × ${height}. ` +
    'Set options.width or options.height.';
  throw new EngineError('document_too_complex', message);
}

/** Where the chroma of text and lines would be blurred, at high quality, it is kept whole. */
const fullChromaQuality = 90;

/** Sets the format that is written, with its options. */
export function encode(image: Sharp, to: Raster, options: ImageOptions): Sharp {
  const quality = options.quality ?? 80;
  const { lossless, effort, compression, colours } = options;
  const whole = quality >= fullChromaQuality;
  switch (to) {
    case 'png':
      return image.png(colours === undefined ? {} : { palette: true, colours });
    case 'jpeg':
      return image.jpeg({
        quality,
        progressive: options.progressive,
        chromaSubsampling: whole ? '4:4:4' : '4:2:0',
      });
    case 'webp':
      return image.webp({ quality, lossless, effort: effort ?? 4, smartSubsample: whole });
    case 'avif':
      return image.avif({ quality, lossless, effort: effort ?? 2, chromaSubsampling: '4:4:4' });
    case 'tiff':
      return image.tiff({ quality, compression, predictor: 'horizontal' });
    case 'gif':
      return image.gif({ colours: colours ?? 256, effort: effort ?? 7 });
    default:
      return to satisfies never;
  }
}
