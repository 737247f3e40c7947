import { z } from 'zod';
import { EngineError, type EngineTask, type Pair } from '../engine.ts';
import { officeFormats, officeKinds } from './kinds.ts';
import { documentOptions, sheetOptions } from './options.ts';

const packageMagic = Buffer.from('PK\x03\x04', 'latin1');
const noOptions = z.strictObject({});

/** Formats that no reader of ours knows, or knows only up to a size, in the one that ours know best. */
const newerFormats = [
  ...(['doc', 'odt', 'rtf'] as const).map((from) => ({ from, to: 'docx' as const })),
  ...(['xls', 'xlsb', 'ods'] as const).map((from) => ({ from, to: 'xlsx' as const })),
];

/** What LibreOffice converts here, natively or as WebAssembly. */
export const officePairs: readonly Pair[] = [
  ...officeFormats.map((from) => ({
    from,
    to: 'pdf' as const,
    options: officeKinds[from].program === 'calc' ? sheetOptions : documentOptions,
  })),
  ...newerFormats.map((pair) => ({ ...pair, options: noOptions })),
];

/** The format other than PDF that a task asks for. @throws Error for one that no pair offers */
export function newerFormat({ to }: Pick<EngineTask, 'to'>): 'docx' | 'xlsx' {
  if (to === 'docx' || to === 'xlsx') return to;
  throw new Error(`LibreOffice is not asked to write ${to}`);
}

/** @throws EngineError `document_invalid` where the bytes are not a package */
export function checkPackageWritten(head: Buffer): void {
  if (!head.subarray(0, 4).equals(packageMagic)) throw unreadable();
}

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
