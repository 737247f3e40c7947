import { z } from 'zod';
import { EngineError, type Pair } from '../engine.ts';

/** What LibreOffice converts here, natively or as WebAssembly. */
export const officePairs: readonly Pair[] = [
  { from: 'docx', to: 'pdf', options: z.strictObject({}) },
];

/**
 * LibreOffice reports success where it wrote nothing or something else.
 *
 * @throws EngineError `document_invalid` where the bytes are not a complete PDF
 */
export function checkPdf(pdf: Buffer): void {
  const complete = pdf.subarray(-1024).includes('%%EOF');
  if (pdf.subarray(0, 5).equals(Buffer.from('%PDF-')) && complete) return;
  throw new EngineError('document_invalid', 'The document is damaged: LibreOffice cannot read it.');
}
