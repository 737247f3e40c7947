import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { EngineError, type EngineTask, type Warning } from '../engine.ts';
import { checkSides, encode } from './encode.ts';
import { checkPixels, explainFailure, inspect, tolerance } from './inspect.ts';
import type { ImageInput, ImagePair, Inspected } from './inspect.ts';
import { lossesOf } from './losses.ts';
import { imageOptions } from './options.ts';
import type { ImageOptions, Raster } from './options.ts';

/**
 * Decodes, turns upright, converts to sRGB, sizes and writes one image.
 *
 * @throws EngineError `document_invalid`, `document_too_complex`, `invalid_request`
 */
export async function convertImage(
  task: Pick<EngineTask, 'options' | 'outputPath' | 'progress'>,
  input: ImageInput,
  more: SharpOptions,
  pair: ImagePair,
): Promise<Warning[]> {
  const options = imageOptions.parse(task.options);
  const found = await inspect(input, more, pair, options);
  const size = outputSize(found, options);
  checkPixels(size.width, size.height, found.pages, 'The result would have');
  checkSides(pair.to, size.width, size.height);
  if (options.rotate !== 0 && found.pages > 1) {
    const message =
      'options.rotate: several frames cannot be rotated; choose one by options.frame.';
    throw new EngineError('invalid_request', message);
  }
  task.progress(20, 'converting');
  const image = sharp(input, {
    ...tolerance,
    ...more,
    ...(found.pagesInFile > 1 ? { page: found.page, pages: found.pages } : {}),
  });
  await encode(transform(image, pair.to, found, options), pair.to, options)
    .toFile(task.outputPath)
    .catch((error: unknown) => {
      throw explainFailure(error);
    });
  const losses = await lossesOf(input, more, pair.to, found, options);
  task.progress(100, 'converting');
  return [...skippedFrames(found, options), ...losses];
}

function transform(image: Sharp, to: Raster, found: Inspected, options: ImageOptions): Sharp {
  const { width, height, fit, rotate, background } = options;
  const behind = background ?? (to === 'jpeg' ? 'white' : undefined);
  let result = image;
  if (found.pages === 1) result = result.autoOrient();
  if (rotate !== 0) result = result.rotate(rotate);
  if (width !== undefined || height !== undefined) {
    const padding = behind ?? 'transparent';
    result = result.resize({
      ...(width === undefined ? {} : { width }),
      ...(height === undefined ? {} : { height }),
      fit: width === undefined || height === undefined ? 'inside' : fit,
      background: padding,
    });
    if (fit === 'contain' && padding === 'transparent') result = result.ensureAlpha();
  } else if (found.scale !== 1) {
    result = result.resize({ width: found.width, height: found.height, fit: 'fill' });
  }
  if (behind !== undefined && behind !== 'transparent') {
    result = result.flatten({ background: behind });
  }
  if (!options.strip_metadata) result = result.keepExif().keepXmp();
  return keepDepth(result, to, found);
}

/** PNG and TIFF can hold 16 bits, and grey without colour; others get 8 bits. */
function keepDepth(image: Sharp, to: Raster, { metadata }: Inspected): Sharp {
  if (to !== 'png' && to !== 'tiff') return image;
  const grey = metadata.space === 'b-w' || metadata.space === 'grey16';
  const deep = metadata.depth === 'ushort' && metadata.space !== 'cmyk';
  if (deep) return image.toColourspace(grey ? 'grey16' : 'rgb16');
  return grey ? image.toColourspace('b-w') : image;
}

/** What the image will measure, as sharp computes it. */
function outputSize(found: Inspected, options: ImageOptions): { width: number; height: number } {
  const turned = options.rotate === 90 || options.rotate === 270;
  const own = turned ? [found.height, found.width] : [found.width, found.height];
  const [ownWidth = 1, ownHeight = 1] = own;
  const { width, height, fit } = options;
  if (width === undefined && height === undefined) return { width: ownWidth, height: ownHeight };
  const scales = [
    width === undefined ? [] : width / ownWidth,
    height === undefined ? [] : height / ownHeight,
  ].flat();
  const both = width !== undefined && height !== undefined;
  if (both && fit !== 'inside' && fit !== 'outside') return { width, height };
  const scale = both && fit === 'outside' ? Math.max(...scales) : Math.min(...scales);
  return {
    width: Math.max(1, Math.round(ownWidth * scale)),
    height: Math.max(1, Math.round(ownHeight * scale)),
  };
}

function skippedFrames(found: Inspected, options: ImageOptions): Warning[] {
  const skipped = found.pagesInFile - found.pages;
  if (skipped === 0 || options.frame !== undefined) return [];
  const detail = `${skipped} more frames were not converted; options.frame chooses one.`;
  return [{ code: 'frames_skipped', detail }];
}
