import sharp from 'sharp';
import type { SharpOptions } from 'sharp';
import type { Warning } from '../engine.ts';
import { tolerance, type ImageInput, type Inspected } from './inspect.ts';
import type { ImageOptions, Raster } from './options.ts';

/** What the target cannot hold of this image, where nobody asked for that. */
export async function lossesOf(
  input: ImageInput,
  more: SharpOptions,
  to: Raster,
  found: Inspected,
  options: ImageOptions,
): Promise<Warning[]> {
  const warnings: Warning[] = [];
  const name = to.toUpperCase();
  const { metadata } = found;
  if (metadata.space === 'cmyk') {
    const detail =
      'The inks (CMYK) were converted to the screen colours (sRGB) that they look like.';
    warnings.push({ code: 'colours_converted', detail });
  }
  if (metadata.depth === 'ushort' && metadata.space !== 'cmyk' && to !== 'png' && to !== 'tiff') {
    const detail = `The 16 bits a channel were rounded to the 8 of ${name}; PNG and TIFF keep them.`;
    warnings.push({ code: 'depth_reduced', detail });
  }
  const cannotHold = to === 'jpeg' || to === 'gif';
  const isCovered = options.background !== undefined && options.background !== 'transparent';
  if (!metadata.hasAlpha || !cannotHold || isCovered) return warnings;
  const alpha = await alphaOf(input, more, found);
  if (to === 'jpeg' && alpha !== 'opaque') {
    const detail = 'Transparent parts became white; options.background chooses another colour.';
    warnings.push({ code: 'transparency_flattened', detail });
  } else if (to === 'gif' && alpha === 'half') {
    const detail =
      'GIF has pixels that are seen or not: half transparent ones became one of both. ' +
      'options.background lays the image over a colour; WebP and PNG keep them.';
    warnings.push({ code: 'transparency_reduced', detail });
  }
  return warnings;
}

/** `half`: some pixels are neither seen nor not; `clear`: some are not. */
async function alphaOf(
  input: ImageInput,
  more: SharpOptions,
  found: Inspected,
): Promise<'opaque' | 'clear' | 'half'> {
  const frames = found.pagesInFile > 1 ? { page: found.page, pages: found.pages } : {};
  const image = sharp(input, { ...tolerance, ...more, ...frames });
  const alpha = await image.ensureAlpha().extractChannel('alpha').raw().toBuffer();
  if (alpha.some((value) => value !== 0 && value !== 255)) return 'half';
  return alpha.includes(0) ? 'clear' : 'opaque';
}
