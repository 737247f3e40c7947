import { EngineError, type Pair } from '../engine.ts';
import { officeFormats, officeKinds } from './kinds.ts';
import { documentOptions, sheetOptions } from './options.ts';

/** What LibreOffice converts here, natively or as WebAssembly. */
export const officePairs: readonly Pair[] = officeFormats.map((from) => ({
  from,
  to: 'pdf',
  options: officeKinds[from].program === 'calc' ? sheetOptions : documentOptions,
}));

/** Its filter refuses what it cannot read, and says nothing about it. */
export function unreadable(cause?: unknown): EngineError {
  const message = 'The document is damaged: LibreOffice cannot read it.';
  return new EngineError('document_invalid', message, cause);
}

/**
 * LibreOffice reports success where it wrote nothing or something else.
 *
 * @throws EngineError `document_invalid` where the bytes are not a complete PDF
 */
export function checkPdf(pdf: Buffer): void {
  const complete = pdf.subarray(-1024).includes('%%EOF');
  if (!pdf.subarray(0, 5).equals(Buffer.from('%PDF-')) || !complete) throw unreadable();
}
