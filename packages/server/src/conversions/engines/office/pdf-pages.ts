import { EngineError } from '../engine.ts';
import type { PdfOptions } from './options.ts';

/**
 * Converts the pages that are asked for. LibreOffice fails on a range without any page of the
 * document just as it does on a damaged document, so the two are told apart by a second try.
 *
 * @throws EngineError `invalid_request` where the document has none of the pages
 */
export async function convertPages(
  options: PdfOptions,
  convert: (options: PdfOptions) => Promise<Buffer>,
): Promise<Buffer> {
  const { pages, ...all } = options;
  try {
    return await convert(options);
  } catch (error) {
    const mayBeRange = error instanceof EngineError && error.code === 'document_invalid';
    if (pages === undefined || !mayBeRange) throw error;
    await convert(all);
    const message = `The document has none of the pages that "options.pages" names (${pages}).`;
    throw new EngineError('invalid_request', message, error);
  }
}
