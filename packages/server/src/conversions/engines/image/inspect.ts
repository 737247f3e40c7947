import sharp, { type Metadata, type SharpOptions } from 'sharp';
import { EngineError } from '../engine.ts';
import { pixelsMax } from '../bounds.ts';
import { framesMax, keepsAllFrames } from './options.ts';
import type { ImageOptions, ImageSource, Raster } from './options.ts';

/** A path, or bytes where they had to be read anyway. */
export type ImageInput = string | Buffer;

export interface Inspected {
  readonly metadata: Metadata;
  /** Frames that are converted, from `page` on. */
  readonly page: number;
  readonly pages: number;
  /** Frames in the file. */
  readonly pagesInFile: number;
  /** As seen: with the camera's orientation applied, and a drawing at its resolution. */
  readonly width: number;
  readonly height: number;
  /** From what is decoded to that. */
  readonly scale: number;
}

/** What becomes what. */
export interface ImagePair {
  readonly from: ImageSource;
  readonly to: Raster;
  readonly scale: number;
}

/** Damaged files fail; oddities that every viewer overlooks do not. */
export const tolerance = { failOn: 'error', limitInputPixels: pixelsMax } as const;

// A file may be something else than its first bytes say; only these decoders exist for it.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['Png', 'Jpeg', 'Webp', 'Heif', 'Tiff', 'Nsgif', 'Svg'].map(
    (name) => `VipsForeignLoad${name}`,
  ),
});
sharp.cache(false);
sharp.concurrency(2);

/**
 * Reads the header and checks it against the bounds, before a pixel is decoded.
 *
 * @throws EngineError `document_invalid`, `document_too_complex`; `invalid_request` for a frame that
 * is not there
 */
export async function inspect(
  input: ImageInput,
  more: SharpOptions,
  { from, to, scale }: ImagePair,
  options: ImageOptions,
): Promise<Inspected> {
  // The header alone: the bound is ours to check, with a better message.
  const metadata = await sharp(input, { ...tolerance, ...more, limitInputPixels: false })
    .metadata()
    .catch((error: unknown) => {
      throw explainFailure(error);
    });
  if (metadata.format !== (from === 'avif' ? 'heif' : from)) throw damaged(metadata.format);
  const width = Math.max(1, Math.round(metadata.autoOrient.width * scale));
  const height = Math.max(1, Math.round(metadata.autoOrient.height * scale));
  const pagesInFile = metadata.pages ?? 1;
  const all = (options.frame ?? (keepsAllFrames(from, to) ? 'all' : 0)) === 'all';
  const page = typeof options.frame === 'number' ? options.frame : 0;
  if (page >= pagesInFile) throw noSuchFrame(pagesInFile);
  const pages = all && from !== 'avif' ? pagesInFile : 1;
  if (pages > framesMax) {
    const message = `The file has ${pages} frames; at most ${framesMax} are converted together.`;
    throw new EngineError('document_too_complex', message);
  }
  checkPixels(width, height, pages, 'The image has');
  return { metadata, page, pages, pagesInFile, width, height, scale };
}

/** @throws EngineError `document_too_complex` beyond the bound */
export function checkPixels(width: number, height: number, pages: number, subject: string): void {
  const pixels = width * height * pages;
  if (pixels <= pixelsMax) return;
  const frames = pages === 1 ? '' : ` in ${pages} frames`;
  const message =
    `${subject} ${width} × ${height} pixels${frames}; ` +
    `at most ${pixelsMax / 1_000_000} million are converted.`;
  throw new EngineError('document_too_complex', message);
}

function noSuchFrame(pages: number): EngineError {
  const allowed = pages === 1 ? 'one frame, so it must be 0' : `${pages}, from 0 to ${pages - 1}`;
  return new EngineError('invalid_request', `options.frame: the file has ${allowed}.`);
}

function damaged(cause: unknown): EngineError {
  return new EngineError('document_invalid', 'The image is damaged and cannot be read.', cause);
}

/** What the decoder's or encoder's message means for the caller. */
export function explainFailure(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const text = String(error);
  if (/pixel limit|too large|dimensions|exceeds? .*limit/iu.test(text)) {
    const message = `The image is over a safety bound of its format or of ${pixelsMax / 1_000_000} million pixels.`;
    return new EngineError('document_too_complex', message, error);
  }
  if (/out of memory|allocat/iu.test(text)) {
    const message = 'The image needs more memory than one conversion may use.';
    return new EngineError('document_too_complex', message, error);
  }
  return damaged(error);
}
