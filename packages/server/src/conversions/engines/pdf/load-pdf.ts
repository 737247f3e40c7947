import { ParseSpeeds, PDFDocument } from 'pdf-lib';
import { EngineError } from '../engine.ts';

/**
 * Reads a PDF with pdf-lib, which takes much that is not one: only a file with pages passes.
 *
 * @param name of the file in an archive, for the message
 * @throws EngineError `document_encrypted`, `document_invalid`
 */
export async function loadPdf(bytes: Uint8Array, name?: string): Promise<PDFDocument> {
  const which = name === undefined ? 'The PDF' : `The PDF ${JSON.stringify(name)}`;
  try {
    const pdf = await PDFDocument.load(bytes, {
      parseSpeed: ParseSpeeds.Fastest,
      updateMetadata: false,
    });
    if (pdf.getPageCount() > 0) return pdf;
  } catch (error) {
    if (isMemory(error)) throw error;
    // Its class is no help: compiled for old engines, it is a plain Error.
    if (/is encrypted/u.test(String(error))) {
      const message = `${which} is password-protected; remove the password and try again.`;
      throw new EngineError('document_encrypted', message, error);
    }
    throw new EngineError('document_invalid', `${which} is damaged and cannot be read.`, error);
  }
  throw new EngineError('document_invalid', `${which} is damaged: it has no pages.`);
}

/** @throws EngineError `document_invalid` where the document's objects lead nowhere or in circles */
export async function savePdf(pdf: PDFDocument): Promise<Uint8Array> {
  try {
    return await pdf.save({ addDefaultPage: false, objectsPerTick: Infinity });
  } catch (error) {
    throw asDamage(error);
  }
}

/** What pdf-lib throws over a document, as the document's fault. */
export function asDamage(error: unknown): unknown {
  if (error instanceof EngineError || isMemory(error)) return error;
  return new EngineError('document_invalid', 'The PDF is damaged and cannot be read.', error);
}

function isMemory(error: unknown): boolean {
  return /allocation failed|out of memory|invalid (?:array|string)/iu.test(String(error));
}
