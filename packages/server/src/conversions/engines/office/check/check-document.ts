import { officeKinds, type OfficeFormat } from '../kinds.ts';
import { checkOffice97 } from './check-office97.ts';
import { checkPackage, type Parts } from './check-package.ts';
import { checkRtf } from './check-rtf.ts';

/** The parts that name fonts. */
const fontParts = new RegExp(
  '^(?:word/(?:document|styles|theme/theme1)|ppt/(?:slides/slide\\d{1,3}|theme/theme1)' +
    '|xl/styles|content|styles)\\.xml$',
  'u',
);

/**
 * Whatever can be said about a document before LibreOffice opens it.
 *
 * @returns the text of parts that name fonts
 * @throws EngineError `document_encrypted`, `document_invalid`, `document_too_complex`
 */
export async function checkDocument(path: string, format: OfficeFormat): Promise<Parts> {
  const { container } = officeKinds[format];
  if (container === 'rtf') return new Map([['rtf', await checkRtf(path)]]);
  if (container !== 'office97') return checkPackage(path, { format, container, keep: fontParts });
  if (format === 'doc' || format === 'xls' || format === 'ppt') await checkOffice97(path, format);
  return new Map();
}
