import { EngineError } from '../engine.ts';
import { pageIndices } from './measures.ts';

/**
 * The pages that the option `pages` names, or all, as indices from 0.
 *
 * @throws EngineError `invalid_request` for pages that are not there, `document_too_complex`
 */
export function selectedPages(
  pages: string | undefined,
  pageCount: number,
  pagesMax: number,
): number[] {
  const indices =
    pages === undefined
      ? Array.from({ length: pageCount }, (_, index) => index)
      : pageIndices(pages, pageCount);
  if (indices === null) {
    const message = `"pages" is ${pages}, but the document has the pages 1 to ${pageCount}.`;
    throw new EngineError('invalid_request', message);
  }
  if (indices.length > pagesMax) {
    throw new EngineError(
      'document_too_complex',
      `${indices.length} pages are asked for; ${pagesMax} are converted at once. Use "pages".`,
    );
  }
  return indices;
}
