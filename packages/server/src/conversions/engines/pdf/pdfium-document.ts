import { readFile, stat } from 'node:fs/promises';
import { PDFiumLibrary, type PDFiumDocument, type PDFiumPage } from '@hyzyla/pdfium';
import { EngineError, type EngineTask } from '../engine.ts';
import { PdfiumCalls } from './pdfium-calls.ts';

const sizeBytesMax = 400 * 2 ** 20;

let next: Promise<PDFiumLibrary> | null = null;

/** Makes the instance for the next document: 40 to 80 ms that nobody has to wait for. */
export async function preparePdfium(): Promise<void> {
  next ??= PDFiumLibrary.init();
  await next;
}

/**
 * Opens the task's PDF in an instance of PDFium of its own, whose memory nothing survives.
 *
 * @throws EngineError `document_encrypted`, `document_invalid`, `document_too_complex`
 */
export async function withPdf<T>(
  task: EngineTask,
  use: (pdf: PDFiumDocument) => Promise<T>,
): Promise<T> {
  const { size } = await stat(task.inputPath);
  if (size > sizeBytesMax) {
    throw new EngineError('document_too_complex', `A PDF may have at most ${sizeBytesMax} bytes.`);
  }
  const bytes = await readFile(task.inputPath);
  await preparePdfium();
  const library = (await next) as PDFiumLibrary;
  next = null;
  try {
    const pdf = await library.loadDocument(bytes).catch((error: unknown) => {
      throw explain(error);
    });
    if (pdf.getPageCount() < 1) throw damaged('it has no pages');
    return await use(pdf);
  } catch (error) {
    // The machine code stops itself where a document leads it astray.
    if (error instanceof Error && error.name === 'RuntimeError') throw damaged(error);
    throw error;
  } finally {
    // Without awaiting it: the reply goes out first.
    setImmediate(() => void preparePdfium().catch(() => {}));
  }
}

/** @throws EngineError `document_invalid` */
export function openPage(pdf: PDFiumDocument, index: number): PDFiumPage {
  try {
    const page = pdf.getPage(index);
    if (new PdfiumCalls(page).page !== 0) return page;
  } catch (error) {
    throw damaged(error);
  }
  throw damaged(`page ${index + 1} cannot be read`);
}

/** Rendering closes a page by itself, reading its text does not. */
export function closePage(page: PDFiumPage): void {
  const pdfium = new PdfiumCalls(page);
  pdfium.call('FPDF_ClosePage', pdfium.page);
}

function explain(error: unknown): EngineError {
  if (/password|security/iu.test(String(error))) {
    const message = 'The PDF is password-protected; remove the password and try again.';
    return new EngineError('document_encrypted', message, error);
  }
  return damaged(error);
}

function damaged(cause: unknown): EngineError {
  return new EngineError('document_invalid', 'The PDF is damaged and cannot be read.', cause);
}
